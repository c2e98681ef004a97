"""Pairs that no clustering made: nearest by words, nearest by vectors, and the ceiling.

Recall, the share of related pairs that a system puts together, needs pairs from outside the system; precision
alone rewards a system that assigns little. The ceiling, the nearest sentence of another firm, is the best
that any theme could offer.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from earnings_themes.errors import InputError
from earnings_themes.quality.ruler.inputs import JudgedCorpus, need, read_table
from earnings_themes.quality.ruler.items import Item, generator
from earnings_themes.quality.ruler.pairs import Pair, Pairs, fresh

# A pair is near when the second sentence is one of the first's five nearest of other firms.
NEAR: Final = 5
# Sentences whose neighbours are looked up at once: 256 × 200,000 cosines are 200 MB.
_AT_ONCE: Final = 256
# Sentences looked up for the ceiling: the surest share of a sample stands for the surest share of all.
_CEILING_SAMPLE: Final = 3_000


def words(corpus: JudgedCorpus) -> Any:
    """Return tf-idf vectors of the modelled sentences (scikit-learn; sparse, (sentences, words), rows of length 1)."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(sublinear_tf=True, stop_words="english", min_df=2, dtype=np.float32).fit_transform(
        corpus.table.loc[corpus.table["modelled"], "text"].tolist()
    )


def read_unit_vectors(path: Path, corpus: JudgedCorpus) -> NDArray[np.float32]:
    """Return unit vectors of the modelled sentences, float32 (sentences, dimensions).

    path: a Parquet file with sentence_id and vector (a list of numbers, or a run's own bytes, int8), or a folder of
    them such as a run's `embeddings/`. Raises InputError if there is none or a sentence has no vector.
    """
    from sklearn.preprocessing import normalize

    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    if not files or not files[0].exists():
        raise InputError(
            f"{path} holds no vectors. Expected a Parquet file with sentence_id and vector, or a folder of such."
        )
    tables = [read_table(file) for file in files]
    for table, file in zip(tables, files, strict=True):
        need(table, ("sentence_id", "vector"), file)
    rows = pd.concat(tables).set_index("sentence_id")["vector"].reindex(corpus.ids)
    missing = rows.index[rows.isna()]
    if len(missing):
        raise InputError(
            f"{path} has no vector for {len(missing):,} of {len(corpus.ids):,} modelled sentences, "
            f"the first {missing[0]!r}."
        )
    found = np.stack([np.frombuffer(row, np.int8) if isinstance(row, bytes) else row for row in rows])
    unit: NDArray[np.float32] = normalize(found.astype(np.float32))
    return unit


def near(arm: str, matrix: Any, corpus: JudgedCorpus, n: int, seed: int, not_again: Pairs) -> list[Item]:
    """Draw n pairs of a random sentence and one of its five nearest of other firms.

    matrix: one vector per modelled sentence, dense or sparse. A sentence similar to none has no neighbours. Each
    pair stands for (number of such pairs) / n; a pair near in two ways counts in both.
    """
    rng = generator(seed, arm)
    rows = rng.choice(len(corpus.ids), size=min(2 * n + 50, len(corpus.ids)), replace=False)
    found, likeness = nearest_of_others(matrix, rows, corpus.firms, NEAR)
    order = iter(np.tile(np.arange(len(rows)), 50))

    def draw() -> Pair:
        for place in order:
            column = rng.integers(found.shape[1])
            if likeness[place, column] > 0:
                return corpus.ids[rows[place]], corpus.ids[found[place, column]]
        raise InputError(f"{arm}: too few sentences have neighbours in other firms. Lower --recall.")

    pairs = fresh(draw, n, corpus, arm, not_again)
    population = len(corpus.ids) * NEAR * float((likeness > 0).mean())
    return [Item(arm, pair, weight=population / n) for pair in pairs]


def ceiling(
    matrix: Any, corpus: JudgedCorpus, coverage: float, n: int, seed: int, not_again: Pairs
) -> list[Item]:
    """Draw n pairs of a sentence and its nearest of another firm, among the surest `coverage` share of such pairs."""
    rng = generator(seed, "ceiling")
    rows = rng.choice(len(corpus.ids), size=min(max(_CEILING_SAMPLE, 3 * n), len(corpus.ids)), replace=False)
    found, likeness = nearest_of_others(matrix, rows, corpus.firms, 1)
    sure = np.argsort(-likeness[:, 0], kind="stable")[: max(1, round(coverage * len(rows)))]
    order = iter(np.tile(rng.permutation(sure), 2))

    def draw() -> Pair:
        for place in order:
            return corpus.ids[rows[place]], corpus.ids[found[place, 0]]
        raise InputError(
            f"ceiling: fewer than {n} sentences have a neighbour that was not judged before. Lower --n."
        )

    return [Item("ceiling", pair) for pair in fresh(draw, n, corpus, "ceiling", not_again)]


def nearest_of_others(
    matrix: Any, rows: NDArray[np.intp], firms: NDArray[np.object_], k: int
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return each row's k nearest sentences of other firms and their cosines, both (rows, k), nearest first.

    Raises InputError if fewer than k sentences are of other firms.
    """
    codes = np.unique(firms, return_inverse=True)[1]
    if len(firms) - np.bincount(codes).max() < k:
        raise InputError(
            f"Fewer than {k} sentences are of other firms than the largest one. Give more firms."
        )
    places, cosines = [], []
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        product = matrix[some] @ matrix.T
        like = product.toarray() if hasattr(product, "toarray") else product
        like[codes[some][:, None] == codes[None]] = -2
        top = np.argpartition(-like, k - 1, axis=1)[:, :k]
        value = np.take_along_axis(like, top, axis=1)
        # Equal cosines in the order of the sentences, whatever the partition made of them.
        order = np.lexsort((top, -value), axis=1)
        places.append(np.take_along_axis(top, order, axis=1))
        cosines.append(np.take_along_axis(value, order, axis=1))
    return np.concatenate(places), np.concatenate(cosines)
