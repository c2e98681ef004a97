"""Groups of vectors: a graph of nearest neighbours, and Leiden's communities in it.

Rows come as whole numbers (embedding/space.py), so every dot product is exact and the neighbours do not depend on the
machine. Equal cosines are ordered by row.
"""

import random
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from earnings_themes.clustering.light import light_imports

with light_imports():
    import igraph

# Neighbours a row. 10 to 20 give themes that rate alike on Rev and MAEC.
NEIGHBOURS: Final = 15
# Rows, and products with all others, that are held at once: 256 MB at most.
_STEP: Final = 1024
_PRODUCTS: Final = 2**26
# Columns of which only the largest product is looked at first: of 16 to 128 the fastest at 5,000 to 40,000 rows.
_WIDEST: Final = 64
# Leiden runs that must agree, and what an edge counts that no run keeps: more runs gain nothing, less trust no more stability.
_AGREEING: Final = 10
_LEAST_TRUST: Final = 0.3
_UNTIL_NOTHING_MOVES: Final = -1


# The neighbours (n, k) of n rows, nearest first, as the rows' numbers, and their cosines.
Neighbours = tuple[NDArray[np.int64], NDArray[np.float64]]


def nearest(rows: NDArray[Any], k: int = NEIGHBOURS, asked: NDArray[np.int64] | None = None) -> Neighbours:
    """Return the k rows nearest to each row by cosine, nearest first, the row itself left out; at most n - 1.

    rows: (n, d), whole numbers where the result must not depend on the machine. asked: (m,), the rows that are asked for
    their neighbours among all; None for all.
    """
    n = len(rows)
    asked = np.arange(n) if asked is None else asked
    k = max(min(k, n - 1), 0)
    found = np.zeros((len(asked), k), dtype=np.int64)
    cosines = np.zeros((len(asked), k), dtype=np.float64)
    if k == 0 or not len(asked):
        return found, cosines
    numbers = rows.astype(np.float32)
    # Single precision is enough to tell which are nearest: the products are exact, one rounding follows.
    lengths = np.sqrt(np.maximum((numbers * numbers).sum(axis=1, dtype=np.float32), 1e-12)).astype(np.float32)
    # Columns in groups of `width`, at least 4 k groups: k of them hold a product as large as the k-th largest of their
    # maxima, so nothing below that is among the k nearest, and only the few products above it are sorted.
    width = max(1, min(_WIDEST, n // (4 * k)))
    padded = n + -n % width
    step = min(_STEP, len(asked), max(1, _PRODUCTS // padded))
    blocks = np.full((step, padded), -np.inf, dtype=np.float32)
    for start in range(0, len(asked), step):
        some = asked[start : start + step]
        m = len(some)
        block = blocks[:m]
        np.divide(numbers[some] @ numbers.T, lengths, out=block[:, :n])
        block[np.arange(m), some] = -np.inf
        largest = block.reshape(m, -1, width).max(axis=2)
        least = np.partition(largest, -k, axis=1)[:, -k]
        row, column = np.divmod(np.flatnonzero(block >= least[:, None]), padded)
        value = block[row, column]
        order = np.lexsort((column, -value, row))
        chosen = order[np.searchsorted(row, np.arange(m))[:, None] + np.arange(k)]
        found[start : start + m] = column[chosen]
        cosines[start : start + m] = value[chosen] / lengths[some, None]
    return found, cosines


def nearest_among(rows: NDArray[Any], kept: NDArray[np.bool_], near: Neighbours, k: int) -> Neighbours:
    """Return what nearest(rows[kept], k) returns, mostly without a product.

    kept: (n,), which of the rows (n, d) there are still. near: nearest(rows, more than k); only rows that keep fewer than
    k of these are asked anew.
    """
    some = rows[kept]
    k = max(min(k, len(some) - 1), 0)
    number = np.cumsum(kept) - 1
    there = kept[near[0][kept]]
    order = np.argsort(~there, axis=1, kind="stable")[:, :k]
    found = number[np.take_along_axis(near[0][kept], order, axis=1)]
    cosines = np.take_along_axis(near[1][kept], order, axis=1)
    lacking = np.flatnonzero(there.sum(axis=1) < k)
    found[lacking], cosines[lacking] = nearest(some, k, lacking)
    return found, cosines


def neighbour_graph(found: NDArray[np.int64], cosines: NDArray[np.float64]) -> Any:
    """Return the undirected graph of neighbours, weighted by cosine; a cosine below .001 counts as that.

    Its attribute `ends` has the two rows of each edge, (edges, 2): igraph's own list of them takes as long as half a clustering.

    found : (n, k) rows, -1 for none
    """
    n = len(found)
    a, place = np.nonzero(found >= 0)
    b = found[a, place]
    keys, first = np.unique(np.minimum(a, b) * n + np.maximum(a, b), return_index=True)
    ends = np.column_stack([keys // n, keys % n])
    graph = igraph.Graph(n=n, edges=ends.tolist())
    graph["ends"] = ends
    graph.es["weight"] = np.maximum(cosines[a, place][first], 1e-3).tolist()
    return graph


def communities(graph: Any, resolution: float, seed: int, iterations: int = 3) -> NDArray[np.int64]:
    """Return the community (n,) of each node, by Leiden on weighted modularity (Traag et al. 2019)."""
    random.seed(seed)
    igraph.set_random_number_generator(random)
    found = graph.community_leiden(
        "modularity", weights="weight", resolution=resolution, n_iterations=iterations
    )
    return np.asarray(found.membership, dtype=np.int64)


def unit_rows(rows: NDArray[Any]) -> NDArray[np.float64]:
    """Return rows (n, d) in double precision at length 1; a row of zeros stays one."""
    wide = rows.astype(np.float64)
    found: NDArray[np.float64] = wide / np.linalg.norm(wide, axis=1, keepdims=True).clip(1e-12)
    return found


def numbered_by_size(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the groups numbered from 0 without a gap, the largest first; -1, which is none, stays."""
    sizes = np.bincount(labels[labels >= 0])
    order = np.argsort(-sizes, kind="stable")[: np.count_nonzero(sizes)]
    # One place more, the last, which stays -1: label -1 finds it.
    number = np.full(len(sizes) + 1, -1, dtype=np.int64)
    number[order] = np.arange(len(order))
    return number[labels]


def agreed_communities(graph: Any, resolution: float, seed: int) -> NDArray[np.int64]:
    """Return the community (n,) of each node that several Leiden runs agree on (Poulin & Théberge 2018, ECG).

    One run depends on its seed: repeated on the very same graph, its communities' best Jaccard index is .62, and that of these
    .70 (docs/validation.md, "Stability"). So an edge counts by the share of runs that keep its two ends together.
    """
    ends = graph["ends"]
    together = np.zeros(len(ends))
    for run in range(_AGREEING):
        found = communities(graph, resolution, seed * 1000 + run, 2)
        together += found[ends[:, 0]] == found[ends[:, 1]]
    trusted = graph.copy()
    share = _LEAST_TRUST + (1 - _LEAST_TRUST) * together / _AGREEING
    trusted.es["weight"] = (np.array(graph.es["weight"]) * share).tolist()
    return communities(trusted, resolution, seed, _UNTIL_NOTHING_MOVES)
