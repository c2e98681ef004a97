"""What LDA and the neural model share: a sentence is a mixture of topics, a topic a weighing of words.

Both are made for documents longer than a sentence. What follows from that, the same for both, measured on four
samples of 400 sentences of banking77 and on six real calls:

* The number of topics is the square root of the number of distinct sentences, a common upper bound on the
  number of clusters (Pal & Bezdek 1995, doi:10.1109/91.413225). √(n/2) (Mardia, Kent & Bibby 1979) was .01 to
  .04 AMI worse for either model, 30 and 40 topics for 400 sentences .02 to .04 for LDA.
* A sentence goes to the topic with the largest share. It is an outlier (-1) when that share is below
  `min_share` (0.25: 3 % of the sentences of real calls with LDA, 9 % with the neural model; 0.4: 18 and 28 %),
  or when its topic is the first choice of fewer than `min_topic_size` sentences, as with the communities.
* A topic's words are what its shares of the sentences say, ranked by relevance (Sievert & Shirley 2014,
  doi:10.3115/v1/W14-3110), so that a word common to all topics does not name each of them. NPMI of the top
  ten words is .03 to .05 above that of LDA's own word probabilities and .2 above that of the neural model's.
"""

from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence
from math import sqrt
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from earnings_themes.abstractions import Topic, TopicModelResult
from earnings_themes.abstractions.records import Keywords
from earnings_themes.config.parameters import MixtureParameters
from earnings_themes.text.words import is_stop_word, words_of
from earnings_themes.topics.inputs import BuiltInModel

Floats = NDArray[np.float32]

# A word of one sentence says nothing about which sentences belong together.
_MIN_DF: Final = 2
# The weight of a word's probability against its lift: Sievert & Shirley's subjects did best at 0.6.
_RELEVANCE: Final = 0.6
# Added to every count, as η is in LDA, so that no word is impossible.
_SMOOTHING: Final = 0.01
# Three times the ten words that are shown, so that names and numbers can be left out later.
_N_CANDIDATES: Final = 30


class MixtureModel(BuiltInModel):
    """A topic model that gives every sentence shares of k topics.

    Distinct documents are fitted once, sorted, so neither their order nor their repetition changes a result.
    """

    parameters: ClassVar[type[MixtureParameters]]
    needs_embeddings: ClassVar = False
    _given: MixtureParameters

    def fit(self, documents: list[str], embeddings: Floats | None = None) -> TopicModelResult:
        """Fit the mixture and give each document its largest share's topic.

        documents: n texts. embeddings: (n, dim) float32, one a document; see the model for whether it needs
        them. Texts without a word to model make no topic: everything is an outlier. Raises ModelError for
        embeddings that are missing where they are needed, of another length, NaN or zero.
        """
        self._check(documents, embeddings)
        texts, first, back = np.unique(
            np.asarray(documents, dtype=object), return_index=True, return_inverse=True
        )
        bags = bags_of_words(texts.tolist(), _MIN_DF)
        vocabulary = sorted({word for bag in bags for word in bag})
        shares = np.zeros((len(texts), 0), dtype=np.float32)
        words = shares
        if vocabulary and len(texts) >= self._given.min_topic_size:
            k = self._given.n_topics or max(1, round(sqrt(len(texts))))
            counts = count_words(bags, vocabulary)
            shares = self._shares(bags, counts, None if embeddings is None else embeddings[first], k)
            words = relevance(shares, counts)
        assignments, order = self._assign(shares)
        assignments, shares = assignments[back], shares[back]
        self._topics = []
        for number, topic in enumerate(order):
            keywords = _heaviest(words[topic], vocabulary)
            label = ", ".join(word for word, _ in keywords[:3])
            self._topics.append(Topic(number, label, keywords, int((assignments == number).sum())))
        largest = shares.max(axis=1, initial=0.0)
        probabilities = np.where(assignments >= 0, np.clip(largest, 0, 1), 0).astype(np.float32)
        # Centroids are compared across firms, so they need a space that firms share: given vectors are it.
        self._embeddings = shares if embeddings is None else embeddings
        return TopicModelResult(tuple(self._topics), assignments, probabilities)

    @abstractmethod
    def _shares(self, bags: list[list[str]], counts: csr_array, embeddings: Floats | None, k: int) -> Floats:
        """Return the shares (n, ≤ k) of the topics in each document; rows have sum 1, or 0 without a word.

        bags: the words of n documents, some empty. counts: the same as (n, v). embeddings: (n, dim).
        """

    def _assign(self, shares: Floats) -> tuple[NDArray[np.int64], list[int]]:
        """Return the topic of each document (n,), numbered from 0 by size, and each number's column."""
        if not shares.shape[1]:
            return np.full(len(shares), -1, dtype=np.int64), []
        largest = shares.max(axis=1)
        chosen = np.where((largest > 0) & (largest >= self._given.min_share), shares.argmax(axis=1), -1)
        sizes = np.bincount(chosen[chosen >= 0], minlength=shares.shape[1])
        order = np.argsort(-sizes, kind="stable")
        order = order[sizes[order] >= self._given.min_topic_size]
        number = np.full(shares.shape[1] + 1, -1, dtype=np.int64)  # its last place answers for -1
        number[order] = np.arange(len(order))
        return number[chosen], order.tolist()


def bags_of_words(documents: Sequence[str], min_df: int) -> list[list[str]]:
    """Return each document's words, lower case, in order, as often as they are said.

    Left out are stop words, single letters, and words that fewer than `min_df` documents hold. Words of any
    script count; one written without spaces makes a sentence one word.
    """
    bags = [[w for w in words_of(text) if len(w) > 1 and not is_stop_word(w)] for text in documents]
    df = Counter(word for bag in bags for word in set(bag))
    return [[word for word in bag if df[word] >= min_df] for bag in bags]


def count_words(bags: list[list[str]], vocabulary: list[str]) -> csr_array:
    """Return how often each document says each word (n, v), float32."""
    place = {word: column for column, word in enumerate(vocabulary)}
    columns = [place[word] for bag in bags for word in bag]
    ends = np.cumsum([0, *map(len, bags)])
    ones = np.ones(len(columns), dtype=np.float32)
    counts = csr_array((ones, columns, ends), shape=(len(bags), len(vocabulary)))
    counts.sum_duplicates()
    return counts


def relevance(shares: Floats, counts: csr_array) -> Floats:
    """Return φ^λ · (φ/p)^(1-λ) (k, v): Sievert and Shirley's relevance, before the logarithm, so from 0.

    φ (k, v): each topic's probabilities of words, counted by the shares (n, k) of the documents that say them,
    `counts` (n, v). p (v,): each word's share of the corpus, every word being said.
    """
    said = (counts.T @ shares).T + _SMOOTHING
    phi = said / said.sum(axis=1, keepdims=True)
    overall = counts.sum(axis=0) / counts.sum()
    return np.asarray(phi**_RELEVANCE * (phi / overall) ** (1 - _RELEVANCE), dtype=np.float32)


def _heaviest(weights: NDArray[np.floating[Any]], vocabulary: list[str]) -> Keywords:
    places = np.argsort(-weights, kind="stable")[:_N_CANDIDATES].tolist()
    return tuple((vocabulary[place], float(weights[place])) for place in places if weights[place] > 0)
