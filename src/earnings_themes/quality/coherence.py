"""How well the words of a topic belong together, and how much topics repeat each other's words.

Coherence is reported, never used as a gate: it does not tell a good model from a damaged one (Hoyle et
al. 2021, "Is automated topic model evaluation broken?").
"""

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from earnings_themes.abstractions import FirmTopic, Theme
from earnings_themes.quality.metric import Metric, guarded, mean, missing
from earnings_themes.text.words import words_of

# The papers' choice for diversity's words is 25; topics here carry ten keywords, and METHOD's figures use ten.
TOP_WORDS = 10
# gensim's time for c_v grows with the square of the topics given at once: 200 take 2.9 s at once and 1.7 s
# in fours of 50, with the same result, because a topic's coherence depends on its own words and the texts.
_CHUNK = 50


def keywords_of(topic: FirmTopic | Theme) -> list[str]:
    """The topic's first ten keywords, heaviest first; a phrase is one keyword."""
    return [word for word, _ in topic.keywords[:TOP_WORDS]]


def topic_diversity(topics: Sequence[Sequence[str]]) -> float | None:
    """Share of distinct words among the top words of all topics: |union| / sum of lengths.

    Dieng, Ruiz and Blei 2020, "Topic modeling in embedding spaces". 1 when no word is in two topics.
    None when no topic has a word.
    """
    words = [word for topic in topics for word in topic[:TOP_WORDS]]
    return len(set(words)) / len(words) if words else None


def coherence(
    topics: Sequence[Sequence[str]],
    texts: Sequence[Sequence[str]],
    measure: Literal["c_npmi", "c_v"],
) -> Metric:
    """Mean coherence of the topics over the texts (gensim's CoherenceModel).

    Röder, Both and Hinneburg 2015, "Exploring the space of topic coherence measures". c_npmi: mean
    normalised PMI, log(p(a,b) / (p(a) p(b))) / −log p(a,b), of each pair of words within a window of 10;
    −1 to 1. c_v: mean cosine of the words' NPMI vectors within a window of 110; 0 to 1. A text is one
    sentence, so no window reaches over a sentence's end. Phrases count as their single words, and words
    that the texts lack are left out; a topic with fewer than two words left is not counted.
    """
    known = {word for text in texts for word in text}
    usable = [words for words in (_single_words(topic, known) for topic in topics) if len(words) > 1]
    if not usable:
        return missing("topics", "no topic has two keywords that the sentences hold")
    return guarded(lambda: mean(_by_gensim(usable, texts, measure), "topics", "not defined"), "topics")


def tokens(sentences: Iterable[str]) -> list[list[str]]:
    """The words of each sentence, as coherence counts them."""
    return [words_of(sentence) for sentence in sentences]


def _single_words(topic: Sequence[str], known: set[str]) -> list[str]:
    words = (word for phrase in topic for word in words_of(phrase))
    return [word for word in dict.fromkeys(words) if word in known][:TOP_WORDS]


def _by_gensim(topics: list[list[str]], texts: Sequence[Sequence[str]], measure: str) -> list[float]:
    # Imported here: it takes a second, and most users of this module need only the diversity.
    from gensim.corpora import Dictionary
    from gensim.models import CoherenceModel

    # Only the topics' own words are counted: the others change no probability, and cost most of the time.
    # A text keeps its length, because the length is what makes the windows.
    wanted = {word for topic in topics for word in topic}
    padded = [[word if word in wanted else "" for word in text] for text in texts if text]
    model = CoherenceModel(
        topics=topics,
        texts=padded,
        dictionary=Dictionary(padded),
        coherence=measure,
        topn=TOP_WORDS,
        processes=1,
    )
    # The windows are counted once for all topics: a part of them then finds its words counted.
    model.estimate_probabilities()
    values: list[float] = []
    with np.errstate(divide="ignore", invalid="ignore"):
        for start in range(0, len(topics), _CHUNK):
            model.topics = topics[start : start + _CHUNK]
            values += map(float, model.get_coherence_per_topic())
    return values
