"""How well the words of a topic belong together, and how much topics repeat each other's words.

Coherence is reported, never used as a gate: it does not tell a good model from a damaged one (Hoyle et
al. 2021, "Is automated topic model evaluation broken?").
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from earnings_themes.abstractions import FirmTopic, Theme
from earnings_themes.quality.metric import Metric, guarded, mean, missing
from earnings_themes.text.words import words_of

# The papers' choice for diversity's words is 25; topics here carry ten keywords, and METHOD's figures use ten.
TOP_WORDS = 10
# The windows of Röder et al. 2015, in words.
_WINDOW: Final = {"c_npmi": 10, "c_v": 110}
# Added to p(a,b), as gensim does, so that words that never meet have a logarithm.
_EPSILON: Final = 1e-12


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
    """Mean coherence of the topics over the texts, as gensim's CoherenceModel defines it.

    Computed here because gensim looks its counts up pair by pair: the same values take a fraction of the time
    (docs/benchmarks.md, What each lever brings), and the tests hold the two to each other.

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
    return guarded(lambda: mean(_each(usable, texts, measure), "topics", "not defined"), "topics")


def tokens(sentences: Iterable[str]) -> list[list[str]]:
    """The words of each sentence, as coherence counts them."""
    return [words_of(sentence) for sentence in sentences]


def _single_words(topic: Sequence[str], known: set[str]) -> list[str]:
    words = (word for phrase in topic for word in words_of(phrase))
    return [word for word in dict.fromkeys(words) if word in known][:TOP_WORDS]


def _each(
    topics: list[list[str]], texts: Sequence[Sequence[str]], measure: Literal["c_npmi", "c_v"]
) -> list[float]:
    # Only the topics' own words are counted: the others change no probability.
    columns = {word: number for number, word in enumerate(dict.fromkeys(chain.from_iterable(topics)))}
    holds = _windows(texts, columns, _WINDOW[measure])
    together = holds.T @ holds
    values = []
    with np.errstate(divide="ignore", invalid="ignore"):
        for topic in topics:
            places = [columns[word] for word in topic]
            npmi = _npmi(together[places][:, places].toarray() / holds.shape[0])
            values.append(_mean_of_pairs(npmi) if measure == "c_npmi" else _mean_cosine(npmi))
    return values


def _windows(texts: Sequence[Sequence[str]], columns: dict[str, int], size: int) -> Any:
    """Return a sparse (windows, words + 1) array: 1 where a window holds a word, the last for every other word."""
    other = len(columns)
    held: list[int] = []
    ends = [0]
    for text in filter(None, texts):
        for window in _slide([columns.get(word, other) for word in text], size):
            held += window
            ends.append(len(held))
    return csr_array((np.ones(len(held), dtype=np.int64), held, ends), shape=(len(ends) - 1, other + 1))


def _slide(words: list[int], size: int) -> Iterator[set[int]]:
    """Yield what each window holds; a text no longer than a window is one.

    A word that is in a window twice is let go with its first place: so does gensim, whose figures papers
    give. On 56 calls that moves the mean NPMI by .0003.
    """
    window = set(words[:size])
    yield window
    for leaving, entering in zip(words, words[size:], strict=False):
        window.discard(leaving)
        window.add(entering)
        yield window


def _npmi(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Normalised PMI of each pair of a topic's words, from p(a,b), with p(a) on the diagonal."""
    alone = np.diag(p)
    found: NDArray[np.float64] = np.log((p + _EPSILON) / np.outer(alone, alone)) / -np.log(p + _EPSILON)
    return found


def _mean_of_pairs(npmi: NDArray[np.float64]) -> float:
    return float(npmi[~np.eye(len(npmi), dtype=bool)].mean())


def _mean_cosine(npmi: NDArray[np.float64]) -> float:
    """The mean cosine of each word's NPMI with the topic's words to the sum of all of these vectors."""
    whole = npmi.sum(axis=0)
    cosines = npmi @ whole / (np.linalg.norm(npmi, axis=1) * np.linalg.norm(whole))
    return float(cosines.mean())
