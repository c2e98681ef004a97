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

# Neighbours a row. 10 to 20 rate alike on rated pairs (docs/validation.md).
NEIGHBOURS: Final = 15
# Rows whose products with all others are held at once: 64 MB for each 16,000 rows of the whole.
_STEP: Final = 1024


def nearest(rows: NDArray[Any], k: int = NEIGHBOURS) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the k rows nearest to each row by cosine, nearest first, the row itself left out.

    Parameters
    ----------
    rows : (n, d), whole numbers where the result must not depend on the machine
    k : at most n - 1 are returned

    Returns
    -------
    (n, k) int64, the rows' numbers; (n, k) float64, their cosines.
    """
    n = len(rows)
    k = max(min(k, n - 1), 0)
    found = np.zeros((n, k), dtype=np.int64)
    cosines = np.zeros((n, k), dtype=np.float64)
    if k == 0:
        return found, cosines
    numbers = rows.astype(np.float32)
    # Single precision is enough to tell which are nearest: the products are exact, one rounding follows.
    lengths = np.sqrt(np.maximum((numbers * numbers).sum(axis=1, dtype=np.float32), 1e-12)).astype(np.float32)
    for start in range(0, n, _STEP):
        block = numbers[start : start + _STEP] @ numbers.T
        block /= lengths
        block[np.arange(len(block)), np.arange(start, start + len(block))] = -np.inf
        # A few more than k, so that rows as near as the last one are taken in the order of their numbers.
        wide = min(k + 5, n - 1)
        top = np.argpartition(-block, wide - 1, axis=1)[:, :wide]
        top.sort(axis=1)
        values = np.take_along_axis(block, top, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")[:, :k]
        found[start : start + len(block)] = np.take_along_axis(top, order, axis=1)
        cosines[start : start + len(block)] = (
            np.take_along_axis(values, order, axis=1) / lengths[start : start + len(block), None]
        )
    return found, cosines


def neighbour_graph(found: NDArray[np.int64], cosines: NDArray[np.float64]) -> Any:
    """Return the undirected graph of neighbours, weighted by cosine; a cosine below .001 counts as that."""
    n, k = found.shape
    a, b = np.repeat(np.arange(n), k), found.ravel()
    keys, first = np.unique(np.minimum(a, b) * n + np.maximum(a, b), return_index=True)
    graph = igraph.Graph(n=n, edges=np.column_stack([keys // n, keys % n]).tolist())
    graph.es["weight"] = np.maximum(cosines.ravel()[first], 1e-3).tolist()
    return graph


def communities(graph: Any, resolution: float, seed: int, iterations: int = 3) -> NDArray[np.int64]:
    """Return the community (n,) of each node, by Leiden on weighted modularity (Traag et al. 2019)."""
    random.seed(seed)
    igraph.set_random_number_generator(random)
    found = graph.community_leiden(
        "modularity", weights="weight", resolution=resolution, n_iterations=iterations
    )
    return np.asarray(found.membership, dtype=np.int64)


def centroids(rows: NDArray[np.int8], labels: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    """Return (n, d) float64: the mean direction, length 1, of the rows of each label; -1 is no label.

    Sums of whole numbers, so their order changes nothing. A label without a row gets zeros.
    """
    sums = np.zeros((n, rows.shape[1]), dtype=np.int64)
    inside = labels >= 0
    np.add.at(sums, labels[inside], rows[inside].astype(np.int64))
    lengths = np.sqrt((sums * sums).sum(axis=1))
    unit: NDArray[np.float64] = sums / np.maximum(lengths, 1)[:, None]
    return unit
