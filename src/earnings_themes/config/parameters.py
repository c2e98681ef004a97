"""The parameters of the built-in models: what `topics.params` may hold.

They are declared here and not with the models because `snakemake -n` checks them and must not wait for numpy or torch. A
class of your own is imported and its signature read (implementations.py).
"""

from collections.abc import Mapping
from typing import Final

from pydantic.dataclasses import dataclass

from earnings_themes.config.fields import CLOSED, Number, Whole, setting


@dataclass(frozen=True, slots=True, config=CLOSED)
class BERTopicParameters:
    """`topics.params` of `topics.model: bertopic`."""

    neighbours: Whole = setting(
        10, "sentences that a sentence is linked to", why='docs/validation.md, "Topics"', ge=1
    )
    topic_size: Whole = setting(
        10, "sentences a topic has, roughly", why='docs/validation.md, "Topics"', ge=2
    )
    min_topic_size: Whole = setting(3, "a smaller group of sentences is outliers", ge=1)
    ngram_range: tuple[Whole, Whole] = setting(
        (1, 2), "the shortest and the longest phrase, in words", expected="two whole numbers, such as [1, 2]"
    )


@dataclass(frozen=True, slots=True, config=CLOSED)
class MixtureParameters:
    """`topics.params` of `topics.model: lda` and `neural`."""

    n_topics: Whole | None = setting(
        None,
        "topics of a firm; null: the root of its number of distinct sentences",
        why="Pal & Bezdek 1995, doi:10.1109/91.413225",
        expected="a whole number from 1, or null",
        ge=1,
    )
    min_share: Number = setting(
        0.25,
        "a sentence whose largest share is below it is an outlier",
        why="3 % of real calls' sentences with LDA, 9 % with neural",
        ge=0,
        le=1,
    )
    min_topic_size: Whole = setting(4, "sentences that a topic needs", why="as the communities", ge=1)


@dataclass(frozen=True, slots=True, config=CLOSED)
class LDAParameters(MixtureParameters):
    """`topics.params` of `topics.model: lda` alone."""

    alpha: Number = setting(
        0.02, "prior of a sentence's topics: few", why="banking77: AMI .35; with 50/k .17", gt=0
    )
    eta: Number = setting(0.01, "prior of a topic's words", why="banking77, as alpha", gt=0)
    burn_in: Whole = setting(
        500, "iterations before the first sample", why="1,000 gained nothing over 500", ge=0
    )
    n_samples: Whole = setting(
        20, "states of the chain whose mean the shares are", why="AMI .37 with one, .40 with 20", ge=1
    )


@dataclass(frozen=True, slots=True, config=CLOSED)
class NeuralParameters(MixtureParameters):
    """`topics.params` of `topics.model: neural` alone."""

    epochs: Whole = setting(
        100, "steps over all sentences", why="AMI .51 and .75, no less than with the paper's 200", ge=1
    )


# The class of each built-in model.
TOPIC_PARAMETERS: Final[Mapping[str, type]] = {
    "bertopic": BERTopicParameters,
    "lda": LDAParameters,
    "neural": NeuralParameters,
}
