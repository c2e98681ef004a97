"""The static student: a sentence's subject vector as a weighted sum of word vectors, without a network.

It is fitted once by ridge regression on MiniLM's vectors of real calls (fit.py) and then frozen. It encodes some 300 times
faster than MiniLM, and beside MiniLM it adds what no other second view did (docs/validation.md).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_TOKEN: Final = re.compile(r"[^\W_]+(?:['’&\-][^\W_]+)*")
_DIGITS: Final = re.compile(r"\d+")


def unit(rows: NDArray[np.floating]) -> Floats:
    """Rows (n, dim) scaled to length 1; a row of zeros stays one."""
    rows = np.asarray(rows, dtype=np.float32)
    found: Floats = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return found


def tokens(text: str) -> list[str]:
    """Words of a text, lower-cased; figures keep their number of digits only up to four: 2021 → 0000, 37 → 00."""
    words = _TOKEN.findall(text.lower().replace("’", "'"))
    return [_DIGITS.sub(lambda m: "0" * min(len(m[0]), 4), w) for w in words]


def grams(word: str, low: int = 3, high: int = 5) -> set[str]:
    """Character n-grams of <word>, the marks of start and end included (Bojanowski et al. 2017)."""
    marked = f"<{word}>"
    return {marked[i : i + n] for n in range(low, high + 1) for i in range(len(marked) - n + 1)}


@dataclass(frozen=True)
class Student:
    """A static encoder: vector(sentence) = Σ over distinct words of weight · vector, a whole-number sum.

    words, pieces : word or n-gram → row. table (n_words, k), piece_table (n_pieces, k) int8; a word's vector, its
    weight included, is scale · table[row]; of a word unknown the *mean* of its n-grams' rows, piece_scale · …, rounded.
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
        """Subject vectors (n, k), length 1. A text without any known word or piece gets the offset's direction."""
        rare = float(self.weights.max(initial=1.0))
        sums = np.empty((len(texts), self.table.shape[1]), dtype=np.float64)
        cache: dict[str, NDArray[np.float64]] = {}
        for row, text in enumerate(texts):
            said = sorted(set(tokens(text)))
            known = [self.words[w] for w in said if w in self.words]
            total = self.table[known].sum(axis=0, dtype=np.int64) * self.scale
            square = float((self.weights[known].astype(np.float64) ** 2).sum())
            for word in said:
                if word not in self.words:
                    if word not in cache:
                        cache[word] = self.guess(word)
                    total = total + cache[word]
                    square += rare**2
            sums[row] = total / max(square, 1e-12) ** 0.5 + self.offset
        return unit(sums)

    def unknown(self, texts: Iterable[str]) -> tuple[int, int]:
        """Return how many of the words of texts have no vector of their own, and how many words there are."""
        found = [word in self.words for text in texts for word in tokens(text)]
        return len(found) - sum(found), len(found)

    def bag(self, texts: Sequence[str]) -> scipy.sparse.csr_matrix:
        """Return bags of distinct known words (n, n_words), entry = the word's weight, rows of length 1."""
        return bag_of_words(texts, self.words, self.weights)

    def guess(self, word: str) -> NDArray[np.float64]:
        """The vector (k,) of a word never seen, weight included, from its n-grams; zeros where none is known."""
        rows = [self.pieces[g] for g in sorted(grams(word)) if g in self.pieces]
        if not rows:
            return np.zeros(self.table.shape[1])
        scale = self.piece_scale / len(grams(word)) ** 0.5
        found: NDArray[np.float64] = self.piece_table[rows].sum(axis=0, dtype=np.int64) * scale
        return found


def bag_of_words(texts: Iterable[str], index: dict[str, int], weight: Floats) -> scipy.sparse.csr_matrix:
    """Bags of distinct words (n, n_words), entry = the word's weight, rows of length 1."""
    data, where, start = [], [], [0]
    for text in texts:
        rows = sorted({index[w] for w in tokens(text) if w in index})
        values = weight[rows].astype(np.float64)
        data.append(values / max(float(np.sqrt((values**2).sum())), 1e-12))
        where.append(np.asarray(rows, dtype=np.int32))
        start.append(start[-1] + len(rows))
    return scipy.sparse.csr_matrix(
        (np.concatenate(data).astype(np.float32), np.concatenate(where), np.asarray(start)),
        shape=(len(start) - 1, len(index)),
    )
