"""UMAP and HDBSCAN as the prototype used them, for any number of rows; only its preset comes here.

Rows are put into an order of their own first: UMAP's sampling follows the rows, and the same sentences in
another order gave other topics (ARI .39 to .54 over row orders, docs/validation.md).
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Embeddings of one text differ by 1e-7 between batch sizes: what is closer than this counts as equal.
_DECIMALS = 6


def density_clusters(
    vectors: NDArray[np.float32],
    umap: Mapping[str, Any] | None,
    hdbscan: Mapping[str, Any],
    seed: int,
) -> NDArray[np.int64]:
    """Return the cluster of each row (n,), -1 for none.

    vectors: (n, dim). umap, hdbscan: keyword arguments of either, umap None for no reduction (McInnes, Healy &
    Melville 2018, arXiv:1802.03426; Campello, Moulavi & Sander 2013, doi:10.1007/978-3-642-37456-2_14).
    Too few rows for two clusters are no cluster at all.
    """
    from hdbscan import HDBSCAN

    n = len(vectors)
    if n < 2 * hdbscan.get("min_cluster_size", 5):
        return np.full(n, -1, dtype=np.int64)
    order = np.lexsort(np.round(vectors[:, ::-1], _DECIMALS).T)
    points = vectors[order]
    # Below four rows there is nothing to reduce; of equal rows UMAP's spectral start makes NaN.
    if umap is not None and n > 3 and np.ptp(points, axis=0).max() > 10**-_DECIMALS:
        points = _reduced(points, umap, seed)
    labels = np.empty(n, dtype=np.int64)
    labels[order] = HDBSCAN(**{**hdbscan, "core_dist_n_jobs": 1}).fit(points).labels_
    return labels


def _reduced(points: NDArray[np.float32], umap: Mapping[str, Any], seed: int) -> NDArray[np.float32]:
    with _compiled_once():
        from umap import UMAP

    # UMAP needs fewer neighbours than points, and fewer components than points less one.
    params = dict(umap)
    params["n_neighbors"] = min(params.get("n_neighbors", 15), len(points) - 1)
    params["n_components"] = min(params.get("n_components", 2), len(points) - 2)
    reduced = UMAP(random_state=seed, n_jobs=1, **params).fit_transform(points)
    return np.asarray(reduced, dtype=np.float32)


@contextmanager
def _compiled_once() -> Iterator[None]:
    """Have numba keep what it compiles while UMAP is imported: 10.8 → 2.5 s of CPU a firm, same output.

    UMAP does not ask for it. Where it is kept follows NUMBA_CACHE_DIR, else numba's own rule.
    """
    import numba

    if "umap" in sys.modules:
        yield
        return

    def keeping(compiler: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **options: compiler(*args, **({"cache": True} | options))

    originals = numba.jit, numba.njit
    numba.jit, numba.njit = keeping(numba.jit), keeping(numba.njit)
    try:
        yield
    finally:
        numba.jit, numba.njit = originals
