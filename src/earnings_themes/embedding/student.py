"""The static student: a sentence's subject vector as a weighted sum of word vectors, without a network.

It is fitted once by ridge regression on MiniLM's vectors of real calls (fit.py) and then frozen. It encodes some 300 times
faster than MiniLM, and beside MiniLM it adds what no other second view did (docs/validation.md).
"""

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Final

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from earnings_themes.text.words import WORD

Floats = NDArray[np.float32]

_DIGITS: Final = re.compile(r"\d+")


def unit(rows: NDArray[np.floating]) -> Floats:
    """Return rows (n, dim) scaled to length 1; a row of zeros stays one."""
    rows = np.asarray(rows, dtype=np.float32)
    found: Floats = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return found


# A firm's sentences are looked at three times, for the vector, the gate and what is unknown.
@lru_cache(maxsize=4096)
def tokens(text: str) -> list[str]:
    """Return the words of a text, lower-cased. Of a figure only the number of digits stays, up to four: 37 → 00."""
    words = WORD.findall(text.lower().replace("’", "'"))
    return [w if w.isalpha() else _DIGITS.sub(lambda m: "0" * min(len(m[0]), 4), w) for w in words]


def grams(word: str) -> set[str]:
    """Return the runs of three to five letters of <word>, its two marks included (Bojanowski et al. 2017)."""
    marked = f"<{word}>"
    return {marked[i : i + n] for n in (3, 4, 5) for i in range(len(marked) - n + 1)}


@dataclass(frozen=True)
class Student:
    """A static encoder: vector(sentence) = Σ over distinct words of weight · vector, a whole-number sum.

    words, pieces: word or n-gram → row. table (n_words, k), piece_table (n_pieces, k): int8. A known word's vector,
    its weight included, is scale · table[row]; `guess` gives that of any other.
    """

    words: dict[str, int]
    table: NDArray[np.int8]
    scale: float
    offset: Floats  # (k,): the intercept, already centred and projected
    pieces: dict[str, int]
    piece_table: NDArray[np.int8]
    piece_scale: float
    weights: Floats  # (n_words,): idf, for the sentence's length; an unknown word counts as the rarest

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return subject vectors (n, k), length 1; of a text without any known word or piece the offset's direction."""
        rare = float(self.weights.max(initial=1.0)) ** 2
        said = distinct_words(texts, self.words)
        sums = (said @ self._wide_table) * self.scale
        squares = said @ self.weights.astype(np.float64) ** 2
        guess = cache(self.guess)
        for row, text in enumerate(texts):
            for word in sorted({word for word in tokens(text) if word not in self.words}):
                sums[row] += guess(word)
                squares[row] += rare
        return unit(sums / np.maximum(squares, 1e-12)[:, None] ** 0.5 + self.offset)

    @cached_property
    def _wide_table(self) -> NDArray[np.int64]:
        return self.table.astype(np.int64)

    def unknown(self, texts: Iterable[str]) -> tuple[int, int]:
        """Return how many of the words of texts have no vector of their own, and how many words there are."""
        found = [word in self.words for text in texts for word in tokens(text)]
        return len(found) - sum(found), len(found)

    def bag(self, texts: Sequence[str]) -> scipy.sparse.csr_matrix:
        """Return bags of distinct known words (n, n_words), entry = the word's weight, rows of length 1."""
        return bag_of_words(texts, self.words, self.weights)

    def guess(self, word: str) -> NDArray[np.float64]:
        """Return the vector (k,) of an unknown word, weight included, from its n-grams; zeros where none is known."""
        rows = [self.pieces[g] for g in sorted(grams(word)) if g in self.pieces]
        if not rows:
            return np.zeros(self.table.shape[1])
        scale = self.piece_scale / len(grams(word)) ** 0.5
        found: NDArray[np.float64] = self.piece_table[rows].sum(axis=0, dtype=np.int64) * scale
        return found


def distinct_words(texts: Iterable[str], index: dict[str, int]) -> scipy.sparse.csr_matrix:
    """Return which words each text says (n, n_words), entry 1."""
    rows = [sorted({index[w] for w in tokens(text) if w in index}) for text in texts]
    start = np.cumsum([0, *map(len, rows)])
    where = np.fromiter(itertools.chain.from_iterable(rows), np.int32, start[-1])
    ones = np.ones(len(where), dtype=np.int64)
    return scipy.sparse.csr_matrix((ones, where, start), shape=(len(rows), len(index)))


def bag_of_words(texts: Iterable[str], index: dict[str, int], weight: Floats) -> scipy.sparse.csr_matrix:
    """Return bags of distinct words (n, n_words), entry = the word's weight, rows of length 1."""
    bags = distinct_words(texts, index)
    squares = bags @ weight.astype(np.float64) ** 2
    lengths = np.repeat(np.maximum(np.sqrt(squares), 1e-12), np.diff(bags.indptr))
    bags.data = (weight[bags.indices] / lengths).astype(np.float32)
    return bags
