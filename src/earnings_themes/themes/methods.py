"""The ways to cluster topics into themes, by their name in `themes.params.method`."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from earnings_themes.clustering.communities import cluster_centroids
from earnings_themes.errors import ConfigError

Rows = NDArray[np.int64]
Clusterer = Callable[[Rows], Rows]

DEFAULT: Final = "communities"


def _communities(
    firms: Sequence[str], labels: Sequence[str], centroids: NDArray[np.float32], seed: int, **params: Any
) -> Clusterer:
    # Not a function inside this one: it goes to other processes.
    return partial(_communities_of, firms, centroids, {"random_state": seed, **params})


def _communities_of(
    firms: Sequence[str], centroids: NDArray[np.float32], params: Mapping[str, Any], rows: Rows
) -> Rows:
    if not len(rows):
        return np.empty(0, dtype=np.int64)
    return cluster_centroids(centroids[rows], [firms[row] for row in rows], **params)


def _prototype(
    firms: Sequence[str], labels: Sequence[str], centroids: NDArray[np.float32], seed: int, **params: Any
) -> Clusterer:
    # It brings the encoder, which an image for the reduce alone does not hold.
    from earnings_themes.themes.prototype import label_clusterer

    return label_clusterer(labels, random_state=seed, **params)


METHODS: Final[Mapping[str, Callable[..., Clusterer]]] = {
    "communities": _communities,
    "prototype": _prototype,
}


def theme_clusterer(
    params: Mapping[str, Any],
    firms: Sequence[str],
    labels: Sequence[str],
    centroids: NDArray[np.float32],
    seed: int,
) -> Clusterer:
    """Return a function from rows of topics (m,) to their themes (m,), -1 for none.

    params: `themes.params`, a method and its keyword arguments. firms, labels: of all n topics. centroids:
    (n, dim) float32, L2 norm 1. Raises ConfigError for a method that is not known.
    """
    rest = dict(params)
    method = rest.pop("method", DEFAULT)
    if method not in METHODS:
        close = difflib.get_close_matches(str(method), METHODS, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ConfigError(
            f"themes.params.method: {method!r} is not known. Expected one of {', '.join(sorted(METHODS))}.{hint}"
        )
    return METHODS[method](firms, labels, centroids, seed, **rest)


def sets_procedure_aside(params: Mapping[str, Any]) -> bool:
    """Return whether topics of procedure stay out of the themes; the prototype knew no difference."""
    return bool(params.get("method", DEFAULT) != "prototype")
