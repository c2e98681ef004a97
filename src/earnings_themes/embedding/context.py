"""Averages a sentence with those around it, because neighbouring sentences usually share its subject.

A row depends on its own call alone, so other firms, order or batches change nothing.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from earnings_themes.embedding.student import Floats, unit

# Neighbours up to four sentences away, weighted 2 · cosine ÷ distance: an AUC of .827 / .815 on 3,597 rated pairs of 56 calls,
# where half of both neighbours gave .810 / .808.
_REACH: Final = 4
_STRENGTH: Final = 2.0


def neighbours(
    calls: Sequence[str], positions: Sequence[int], distance: int = 1
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows (m,), (m,) of sentences of one call whose positions differ by exactly `distance`: earlier, later."""
    call = np.unique(np.asarray(calls, dtype=str), return_inverse=True)[1].astype(np.int64)
    position = np.asarray(positions, dtype=np.int64)
    span = int(position.max(initial=0)) + distance + 1
    place = call * span + position
    order = np.argsort(place, kind="stable")
    ordered = place[order]
    found = np.searchsorted(ordered, ordered + distance)
    hit = found < len(ordered)
    hit[hit] = ordered[found[hit]] == ordered[hit] + distance
    return order[hit], order[found[hit]]


def in_context(vectors: Floats, calls: Sequence[str], positions: Sequence[int]) -> Floats:
    """Average each sentence with nearby ones of the same subject.

        c_i = unit(x_i + Σ_{j: 0 < |p_i − p_j| ≤ 4} w_ij x_j)
        w_ij = 2 · max(0, x_i·x_j) / |p_i − p_j|

    over sentences of the same call (the idea of TextTiling, Hearst 1997; weights as in non-local means,
    Buades, Coll and Morel 2005).

    Parameters
    ----------
    vectors : (n, dim) float32, length 1
    calls, positions : (n,)

    Returns
    -------
    (n, dim) float32, length 1
    """
    out = np.array(vectors, dtype=np.float32)
    for distance in range(1, _REACH + 1):
        before, after = neighbours(calls, positions, distance)
        cosine = (vectors[before] * vectors[after]).sum(axis=1, keepdims=True)
        weight = (_STRENGTH * np.maximum(cosine, 0.0) / distance).astype(np.float32)
        # Within one distance and direction a row occurs once, so plain indexing adds all.
        out[before] += weight * vectors[after]
        out[after] += weight * vectors[before]
    return unit(out)
