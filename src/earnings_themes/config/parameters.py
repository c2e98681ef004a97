"""The parameters of the built-in models: what `topics.params` and `themes.params` may hold.

They stand here and not only in the models, because `snakemake -n` checks them and must not wait for numpy or torch.
A test holds names and defaults to the models' own signatures. A model of your own needs no class here: it is
imported, and its signature is read (implementations.py).
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic.dataclasses import dataclass

from earnings_themes.config.fields import CLOSED, Number, Whole, setting

_MAPPING: Final = "a mapping of its keyword arguments"


@dataclass(frozen=True, slots=True, config=CLOSED)
class SentenceGraph:
    """`topics.params.clusterer_params`: communities of a firm's sentences."""

    n_neighbors: Whole = setting(
        10,
        "sentences that a sentence is linked to; a quarter of the firm's, if that is less",
        why='docs/validation.md, "Finer topics"',
        ge=1,
    )
    min_topic_size: Whole = setting(
        4,
        "sentences a topic has at least",
        why='3, 4, 5, 8 tried: docs/validation.md, "Outliers"',
        ge=1,
    )
    n_runs: Whole = setting(
        40,
        "clusterings, each of 90 % of the sentences, whose agreement is the topics",
        why='5 to 80 tried: docs/validation.md, "Agreement of runs"',
        ge=1,
    )
    resolutions: tuple[Number, Number] = setting(
        (2.0, 8.0),
        "the coarsest and the finest of those clusterings",
        why='(1, 4) merges themes: docs/validation.md, "Finer topics"',
        expected="two numbers, such as [2, 8]",
    )


@dataclass(frozen=True, slots=True, config=CLOSED)
class _Words:
    """What BERTopic's words are made with, whatever the clusterer."""

    umap: Mapping[str, Any] | None = setting(
        None, "keyword arguments of UMAP before HDBSCAN; null: no reduction", expected=f"{_MAPPING}, or null"
    )
    ngram_range: tuple[Whole, Whole] = setting(
        (1, 3), "the shortest and the longest phrase, in words", expected="two whole numbers, such as [1, 3]"
    )
    min_df: Whole = setting(
        1,
        "topics that must hold a word before it can describe one",
        why="above 1, 38 % of the top words on real calls are lost",
        ge=1,
    )


@dataclass(frozen=True, slots=True, config=CLOSED)
class BERTopicParameters(_Words):
    """`topics.params` of `topics.model: bertopic`."""

    clusterer: Literal["communities"] = setting("communities", "or hdbscan, as the prototype has it")
    clusterer_params: SentenceGraph | None = setting(None, "parameters of the clusterer")


@dataclass(frozen=True, slots=True, config=CLOSED)
class BERTopicDensityParameters(_Words):
    """`topics.params` of bertopic with `clusterer: hdbscan`."""

    clusterer: Literal["hdbscan"] = setting("hdbscan", "density instead of communities")
    clusterer_params: Mapping[str, Any] | None = setting(
        None, "keyword arguments of HDBSCAN", expected=f"{_MAPPING}, or null"
    )


@dataclass(frozen=True, slots=True, config=CLOSED)
class _Mixture:
    """What LDA and the neural model share."""

    n_topics: Whole | None = setting(
        None,
        "topics of a firm; null: the square root of the number of its distinct sentences",
        why="Pal & Bezdek 1995, doi:10.1109/91.413225",
        expected="a whole number from 1, or null",
        ge=1,
    )
    min_share: Number = setting(
        0.25,
        "a sentence whose largest share is below it is an outlier",
        why="3 % of the sentences of real calls with LDA, 9 % with the neural model",
        ge=0,
        le=1,
    )
    min_topic_size: Whole = setting(4, "sentences a topic has at least", why="as the communities", ge=1)


@dataclass(frozen=True, slots=True, config=CLOSED)
class LDAParameters(_Mixture):
    """`topics.params` of `topics.model: lda`."""

    alpha: Number = setting(
        0.02, "prior of a sentence's topics: few", why="banking77: AMI .35, .17 with 50/k", gt=0
    )
    eta: Number = setting(0.01, "prior of a topic's words", why="banking77, as alpha", gt=0)
    burn_in: Whole = setting(
        500, "iterations before the first sample", why="1,000 gained nothing over 500", ge=0
    )
    n_samples: Whole = setting(
        20, "states of the chain that the shares are the mean of", why="AMI .37 with one, .40 with 20", ge=1
    )


@dataclass(frozen=True, slots=True, config=CLOSED)
class NeuralParameters(_Mixture):
    """`topics.params` of `topics.model: neural`."""

    epochs: Whole = setting(
        100, "steps over all sentences", why="AMI .51 and .75, no less than with the paper's 200", ge=1
    )


@dataclass(frozen=True, slots=True, config=CLOSED)
class ThemeCommunities:
    """`themes.params`: communities of all firms' topics."""

    method: Literal["communities"] = setting("communities", "or prototype, as the prototype has it")
    n_neighbors: Whole = setting(
        5,
        "firms that a topic looks for its best match in",
        why='3 to 10 tried: docs/validation.md, "Nearest firms"',
        ge=1,
    )
    max_repeat: Number = setting(
        0.20,
        "share of the topics that may be the second of their firm in a theme",
        why='.10 tried: docs/validation.md, "Finer topics"',
        ge=0,
        le=1,
    )
    start: Number = setting(
        1 / 3,
        "themes to begin with, as a share of the topics of an average firm",
        why='docs/validation.md, "Granularity"',
        gt=0,
    )
    likeness: Number = setting(
        0.15,
        "a theme whose topics are less alike is divided",
        why='0 to .20 tried: docs/validation.md, "Likeness"',
        ge=0,
        le=1,
    )
    leave_out: Number = setting(
        0.10,
        "share of the topics that may be left out because they fit another theme better",
        why='0 to .15 tried: docs/validation.md, "Likeness"',
        ge=0,
        le=1,
    )


@dataclass(frozen=True, slots=True, config=CLOSED)
class PrototypeThemes:
    """`themes.params` with `method: prototype`."""

    umap: Mapping[str, Any] = setting(..., "keyword arguments of UMAP", expected=_MAPPING)
    hdbscan: Mapping[str, Any] = setting(..., "keyword arguments of HDBSCAN", expected=_MAPPING)
    method: Literal["prototype"] = setting("prototype", "label strings are clustered instead of centroids")


# The classes of a model; where there are several, the parameter that chooses.
TOPIC_PARAMETERS: Final[Mapping[str, tuple[str, Mapping[str, type]]]] = {
    "bertopic": (
        "clusterer",
        {"communities": BERTopicParameters, "hdbscan": BERTopicDensityParameters},
    ),
    "lda": ("", {"": LDAParameters}),
    "neural": ("", {"": NeuralParameters}),
}
THEME_PARAMETERS: Final[tuple[str, Mapping[str, type]]] = (
    "method",
    {"communities": ThemeCommunities, "prototype": PrototypeThemes},
)
