"""Fits a subject space and a static student on many calls: the arithmetic behind `earnings-themes fit` and what ships.

It is done once, on calls of some provider, and the result is frozen (space.py says why). The same input gives the same
bytes on one machine. own_space.py reads a user's runs for it.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import scipy.linalg
import scipy.sparse
from numpy.typing import NDArray

from earnings_themes.embedding.context import neighbours
from earnings_themes.embedding.space import SCALE, Gate, Projection
from earnings_themes.embedding.student import Floats, Student, bag_of_words, grams, tokens

# 32 to 128 dimensions were no better on rated pairs; 64 make everything after several times faster.
DIM: Final = 64
# Share of the mean within-variance that is added to every direction, so that rare directions are not blown up.
_RIDGE: Final = 1e-3
# Ridge of the student: 1, 3 and 10 give an AUC of .686, .690 and .700 on the other provider's rated pairs.
_ALPHA: Final = 10.0
# Of its vectors of n-grams; and how many words it knows at most.
_PIECE_ALPHA: Final = 3.0
_MOST_WORDS: Final = 18_000
# Whole numbers reach up to this percentile of what they stand for; what lies beyond is cut.
_CLIP: Final = 99.99
# Of the gate on words: how much larger its view is made, and how much weaker its penalty.
_BAG: Final = 3.0


def fit_projection(
    vectors: NDArray[np.floating], calls: Sequence[str], positions: Sequence[int], dim: int = DIM
) -> Projection:
    """Find the directions that stay from one sentence of a call to the next.

    With S_t the covariance of all sentences and S_w that of the differences x_{t+1} − x_t of neighbouring sentences
    of a call (its half estimates what changes within a passage; a factor changes no eigenvector), the columns are
    the `dim` leading generalised eigenvectors of

        S_t v = λ (S_w + .001 · tr(S_w)/d · I) v .

    This is a linear discriminant (Fisher 1936) whose classes are the call's own course: slow features (Wiskott and
    Sejnowski 2002), or within-class covariance normalisation (Hatch, Kajarekar and Stolcke 2006).

    Parameters
    ----------
    vectors : (n, d) float; sentence vectors of many calls
    calls, positions : (n,); the call of each sentence and its place in it

    Returns
    -------
    Projection : mean (d,), matrix (d, dim); columns in descending λ, scaled so that v' (S_w + …) v = 1,
        the largest entry of each positive (eigenvectors have no sign of their own)
    """
    x = np.asarray(vectors, dtype=np.float64)
    mean = x.mean(axis=0)
    x = x - mean
    before, after = neighbours(calls, positions)
    step = x[after] - x[before]
    within = step.T @ step / len(step)
    total = x.T @ x / len(x)
    d = len(mean)
    within[np.diag_indices(d)] += _RIDGE * np.trace(within) / d
    _, v = scipy.linalg.eigh(total, within, subset_by_index=[d - dim, d - 1])
    v = v[:, ::-1]
    v = v * np.sign(v[np.abs(v).argmax(axis=0), np.arange(dim)])
    return Projection(mean.astype(np.float32), v.astype(np.float32))


def ridge(x: scipy.sparse.csr_matrix, y: NDArray[np.floating], alpha: float) -> Floats:
    """Return the B (p, q) that minimises ‖XB − Y‖² + alpha ‖B‖², by Cholesky of X'X + alpha I (Hoerl and Kennard 1970).

    Exact, and with hundreds of columns in Y many times faster than iterating a column at a time: the factor is shared.
    """
    gram = np.asarray((x.T @ x).todense(), dtype=np.float32, order="F")
    gram[np.diag_indices(len(gram))] += alpha
    factor = scipy.linalg.cho_factor(gram, lower=True, overwrite_a=True, check_finite=False)
    return scipy.linalg.cho_solve(factor, np.asarray(x.T @ y.astype(np.float32)), check_finite=False)


def quantised(rows: NDArray[np.floating]) -> tuple[NDArray[np.int8], float]:
    """Return int8 rows and the scale that gives them back."""
    scale = float(np.percentile(np.abs(rows), _CLIP)) / 127
    return np.clip(np.rint(rows / scale), -127, 127).astype(np.int8), scale


def fit_student(
    texts: Sequence[str],
    vectors: NDArray[np.floating],
    calls: Sequence[str],
    positions: Sequence[int],
    min_sentences: int = 2,
    dim: int = DIM,
    n_pieces: int = 12_000,
) -> Student:
    """Fit the static student and its own subject space.

    Y ≈ 1 b' + X B by ridge regression, X (n, n_words) bags of distinct words weighted by idf = log(1 + n/n_w), rows of
    length 1, Y the encoder's vectors centred. The fitted values' subject space is found as the encoder's is
    (fit_projection); only B · P is kept, in whole numbers. Character n-grams learn the word vectors in turn
    (Pinter, Guthrie and Eisenstein 2017, with a ridge instead of a network), for words that were never seen.

    Parameters
    ----------
    texts, calls, positions : (n,)
    vectors : (n, d); the encoder's vectors of the texts
    """
    counts = Counter(w for text in texts for w in set(tokens(text)))
    often = (w for w, c in counts.items() if c >= min_sentences)
    kept = sorted(often, key=lambda w: (-counts[w], w))[:_MOST_WORDS]
    index = {w: i for i, w in enumerate(kept)}
    weight = np.log1p(len(texts) / np.array([counts[w] for w in kept])).astype(np.float32)
    x = bag_of_words(texts, index, weight)
    y = np.asarray(vectors, dtype=np.float32)
    mean = y.mean(axis=0)
    b = ridge(x, y - mean, _ALPHA)
    fitted = x @ b + mean
    space = fit_projection(fitted, calls, positions, dim)
    # The row's length is divided out when a sentence is encoded.
    projected = (b @ space.matrix) * weight[:, None]
    offset = (mean - space.mean) @ space.matrix
    table, scale = quantised(projected)
    pieces, piece_rows = _fit_pieces(kept, np.array([counts[w] for w in kept]), projected, n_pieces)
    piece_table, piece_scale = quantised(piece_rows)
    return Student(index, table, scale, offset.astype(np.float32), pieces, piece_table, piece_scale, weight)


def _fit_pieces(
    words: Sequence[str], counts: NDArray[np.integer], rows: Floats, n_pieces: int
) -> tuple[dict[str, int], Floats]:
    """Return the n-grams of the rarer words, which unknown words resemble, and their vectors, fitted by ridge to the words'."""
    wanted = [i for i, w in enumerate(words) if counts[i] <= 1000 and not w.isdigit()]
    seen = Counter(g for i in wanted for g in grams(words[i]))
    kept = sorted(seen, key=lambda g: (-seen[g], g))[:n_pieces]
    index = {g: i for i, g in enumerate(kept)}
    data, where, start = [], [], [0]
    for i in wanted:
        all_of_it = grams(words[i])
        found = sorted(index[g] for g in all_of_it if g in index)
        data += [1 / len(all_of_it) ** 0.5] * len(found)
        where += found
        start.append(len(where))
    x = scipy.sparse.csr_matrix((np.array(data, np.float32), where, start), shape=(len(wanted), len(index)))
    # A word seen often has a surer vector.
    sure = np.sqrt(counts[wanted] / (counts[wanted] + 5.0)).astype(np.float32)
    weighted = scipy.sparse.csr_matrix(scipy.sparse.diags(sure) @ x)
    return index, ridge(weighted, sure[:, None] * rows[wanted], _PIECE_ALPHA)


def fit_gate(view: Any, rows: NDArray[np.int8], content: NDArray[np.floating], is_bag: bool) -> Gate:
    """Return the content gate: a logistic regression of content on a view of the sentence and its subject vector.

    view: (n, d), the encoder's vectors; or with is_bag, sparse, bags of the student's words. rows: (n, k), whole subject
    vectors. content: (n,), 0 to 1; from .5 on a sentence counts as having a subject.
    """
    from sklearn.linear_model import LogisticRegression

    scale = _BAG if is_bag else 1.0
    whole = rows / SCALE
    x = (
        scipy.sparse.hstack([view * scale, scipy.sparse.csr_array(whole)]).tocsr()
        if is_bag
        else np.concatenate((view, whole), axis=1)
    )
    # A weaker penalty where there are ten thousand words and each says little.
    model = LogisticRegression(C=_BAG if is_bag else 1.0, max_iter=3000).fit(x, content >= 0.5)
    weights, k = model.coef_[0], rows.shape[1]
    return Gate(
        (weights[:-k] * scale).astype(np.float32), weights[-k:].astype(np.float32), float(model.intercept_[0])
    )
