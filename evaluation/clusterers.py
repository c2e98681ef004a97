"""The methods that were compared, by name: each is a function of vectors, so that a new one is a line here.

The first of either table is the default, as production runs it.
"""

import random
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Final

import igraph
import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import HDBSCAN, AgglomerativeClustering
from sklearn.manifold import SpectralEmbedding
from sklearn.metrics import silhouette_score

from earnings_themes.clustering.communities import (
    CentroidCommunities,
    GraphCommunities,
    knn_graph,
    leiden,
    reciprocal_graph,
    without_common,
)
from earnings_themes.clustering.density import density_clusters
from earnings_themes.implementations import model_class
from evaluation.data import Sentences

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]
TopicClusterer = Callable[[Floats], Integers]
ThemeClusterer = Callable[[Floats, Sequence[str]], Integers]

DEFAULT: Final = "default"
_SEED: Final = 42
# Above this many rows a method that needs all pairs is left out: 6,000² distances are 288 MB.
MOST_PAIRS: Final = 6_000


class TooManyRowsError(Exception):
    """The method cannot take so many rows."""


def communities(**params: Any) -> TopicClusterer:
    """Topics by `GraphCommunities` with other parameters than the default."""
    return lambda vectors: GraphCommunities(**params).fit(vectors).labels_


def density(n_components: int, **hdbscan: Any) -> TopicClusterer:
    """UMAP, then HDBSCAN."""
    umap = {"n_neighbors": 15, "n_components": n_components, "min_dist": 0.0, "metric": "cosine"}
    return lambda vectors: density_clusters(vectors, umap, hdbscan, _SEED)


def louvain(resolution: float) -> TopicClusterer:
    """Louvain (Blondel et al. 2008) on 15 nearest neighbours weighed by cosine, rows as they come."""

    def cluster(vectors: Floats) -> Integers:
        return _multilevel(vectors @ vectors.T, resolution, 4)

    return cluster


def one_leiden(resolution: float) -> TopicClusterer:
    """One Leiden run on the default's graph, instead of many that have to agree."""
    return lambda vectors: _dropped(leiden(knn_graph(vectors, 10), resolution, _SEED), 4)


def spectral(vectors: Floats) -> Integers:
    """Spectral embedding (Ng, Jordan & Weiss 2002) of the 15 nearest neighbours into 10 dimensions, then HDBSCAN."""
    n = len(vectors)
    if n < 20:  # fewer than the neighbours and dimensions need
        return np.full(n, -1, dtype=np.int64)
    embedding = SpectralEmbedding(
        10, affinity="nearest_neighbors", n_neighbors=15, random_state=_SEED, n_jobs=1
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Graph is not fully connected")
        near = embedding.fit_transform(vectors)
    model = HDBSCAN(min_cluster_size=6, min_samples=2, cluster_selection_method="leaf", copy=True)
    return np.asarray(model.fit_predict(near), dtype=np.int64)


def average(threshold: float) -> TopicClusterer:
    """Average linkage, cut at a cosine distance."""

    def cluster(vectors: Floats) -> Integers:
        _check_pairs(vectors)
        model = AgglomerativeClustering(
            None, metric="cosine", linkage="average", distance_threshold=threshold
        )
        return _dropped(model.fit_predict(vectors), 4)

    return cluster


def ward(vectors: Floats) -> Integers:
    """Ward's linkage with the number of clusters that has the best silhouette, from n/40 to n/8."""
    n = len(vectors)
    counts = sorted({max(2, round(n / size)) for size in (40, 30, 24, 20, 16, 13, 10, 8)})
    tried = [AgglomerativeClustering(count).fit_predict(vectors) for count in counts]
    return _dropped(max(tried, key=lambda labels: float(silhouette_score(vectors, labels))), 4)


def centered(clusterer: TopicClusterer) -> TopicClusterer:
    """The same after the rows' mean is subtracted."""
    return lambda vectors: clusterer(_centered(vectors))


TOPIC_CLUSTERERS: Final[dict[str, TopicClusterer]] = {
    DEFAULT: communities(),
    "default, mean subtracted": centered(communities()),
    "one Leiden run, resolution 1": one_leiden(1.0),
    "one Leiden run, resolution 2": one_leiden(2.0),
    "one Leiden run, resolution 4": one_leiden(4.0),
    "Louvain, kNN-15, resolution 1": louvain(1.0),
    "Louvain, kNN-15, resolution 2": louvain(2.0),
    "UMAP10 + HDBSCAN leaf 6/2 (prototype)": density(
        10, cluster_selection_method="leaf", min_cluster_size=6, min_samples=2
    ),
    "UMAP5 + HDBSCAN eom 10": density(5, cluster_selection_method="eom", min_cluster_size=10),
    "spectral10 + HDBSCAN leaf 6/2": spectral,
    "Ward, k by silhouette": ward,
    "average linkage, cut at .5": average(0.5),
}

TOPIC_SETTINGS: Final[dict[str, dict[str, TopicClusterer]]] = {
    "Neighbours": {f"{k} neighbours": communities(n_neighbors=k) for k in (5, 10, 15, 20)},
    "Agreement of runs": {f"{n} runs": communities(n_runs=n) for n in (5, 10, 20, 40, 80)}
    | {
        f"resolutions {low} to {high}": communities(resolutions=(float(low), float(high)))
        for low, high in ((1, 1), (1, 2), (1, 4), (1, 8), (2, 8), (4, 4), (4, 16))
    },
    "Outliers": {f"at least {n} sentences": communities(min_topic_size=n) for n in (3, 4, 5, 8)},
}


def themes(**params: Any) -> ThemeClusterer:
    """Themes by `CentroidCommunities` with other parameters than the default."""
    return lambda vectors, firms: CentroidCommunities(**params).fit(vectors, firms).labels_


def fixed_resolution(resolution: float) -> ThemeClusterer:
    """Leiden on the default's graph at one resolution, whatever the firms repeat."""

    def cluster(vectors: Floats, firms: Sequence[str]) -> Integers:
        graph = reciprocal_graph(without_common(vectors), _numbers(firms), 5)
        return _dropped(leiden(graph, resolution, _SEED), 2)

    return cluster


def all_neighbours(vectors: Floats, firms: Sequence[str]) -> Integers:
    """Louvain at resolution 1 on 15 nearest neighbours of any firm, the floor that a method has to beat."""
    _check_pairs(vectors)
    return _multilevel(vectors @ vectors.T, 1.0, 2)


def other_firms(vectors: Floats, firms: Sequence[str]) -> Integers:
    """The same with neighbours of other firms only."""
    _check_pairs(vectors)
    numbers = _numbers(firms)
    return _multilevel(np.where(numbers[:, None] == numbers, -1.0, vectors @ vectors.T), 1.0, 2)


def any_firm(clusterer: TopicClusterer) -> ThemeClusterer:
    """A clusterer that does not look at the firms."""
    return lambda vectors, firms: clusterer(vectors)


def density_by_firms(vectors: Floats, firms: Sequence[str]) -> Integers:
    """UMAP + HDBSCAN with a smallest theme of a tenth of the firms, at least 3."""
    size = max(3, len(set(firms)) // 10)
    return density(5, cluster_selection_method="leaf", min_cluster_size=size)(vectors)


def modelled_by(name: str) -> Callable[[Sentences], Integers]:
    """A model of the registry, as a firm's job calls it."""

    def assign(firm: Sentences) -> Integers:
        model = model_class(name)(seed=_SEED)
        return np.asarray(model.fit(list(firm.texts), firm.context).assignments, dtype=np.int64)

    return assign


MODELS: Final = {name: modelled_by(name) for name in ("bertopic", "lda", "neural")}

THEME_CLUSTERERS: Final[dict[str, ThemeClusterer]] = {
    DEFAULT: themes(),
    "Louvain, kNN-15, resolution 1": all_neighbours,
    "Louvain, kNN-15 of other firms": other_firms,
    "UMAP15 + HDBSCAN eom 20/6 (prototype)": any_firm(
        density(15, cluster_selection_method="eom", min_cluster_size=20, min_samples=6)
    ),
    "UMAP5 + HDBSCAN leaf, size by firms": density_by_firms,
    "spectral10 + HDBSCAN leaf 6/2": any_firm(spectral),
    "average linkage, cut at .3": any_firm(average(0.3)),
    "average linkage, cut at .5": any_firm(average(0.5)),
}

THEME_SETTINGS: Final[dict[str, dict[str, ThemeClusterer]]] = {
    "Nearest firms": {f"{k} nearest firms": themes(n_neighbors=k) for k in (3, 5, 7, 10)},
    "Granularity": {f"repeats to {share:.2f}": themes(max_repeat=share) for share in (0.05, 0.10, 0.15, 0.20)}
    | {f"starts at {share:.2f} of the topics a firm": themes(start=share) for share in (0.25, 0.33, 0.5)}
    | {f"resolution {value}": fixed_resolution(float(value)) for value in (1, 2, 4, 8, 16)},
    "Likeness": {f"at least {least:.2f}": themes(likeness=least) for least in (0.0, 0.12, 0.15, 0.18, 0.20)},
    "Left out": {f"at most {share:.0%}": themes(leave_out=share) for share in (0.0, 0.06, 0.08, 0.10, 0.12)},
}


def _multilevel(similarity: Floats, resolution: float, smallest: int) -> Integers:
    n, k = len(similarity), 15
    if n < 2:
        return np.full(n, -1, dtype=np.int64)
    near = np.array(similarity)
    np.fill_diagonal(near, -2.0)
    best = np.argpartition(-near, min(k, n - 1) - 1, axis=1)[:, : min(k, n - 1)]
    pairs = np.unique(
        np.sort(np.column_stack([np.repeat(np.arange(n), best.shape[1]), best.ravel()])), axis=0
    )
    weights = np.maximum(near[pairs[:, 0], pairs[:, 1]], 1e-6)
    graph = igraph.Graph(n=n, edges=pairs)
    igraph.set_random_number_generator(random.Random(_SEED))
    found = graph.community_multilevel(weights=weights.tolist(), resolution=resolution)
    igraph.set_random_number_generator(random)
    return _dropped(np.asarray(found.membership, dtype=np.int64), smallest)


def _dropped(labels: Integers, smallest: int) -> Integers:
    """The labels with groups under `smallest` as −1, which is what a topic or theme needs in any method."""
    _, group, size = np.unique(labels, return_inverse=True, return_counts=True)
    return np.where(size[group] >= smallest, labels, -1)


def _centered(vectors: Floats) -> Floats:
    shifted = vectors - vectors.mean(axis=0)
    length = np.linalg.norm(shifted, axis=1, keepdims=True)
    return np.asarray(shifted / np.maximum(length, np.finfo(np.float32).tiny), dtype=np.float32)


def _numbers(firms: Sequence[str]) -> Integers:
    return np.unique(np.asarray(firms, dtype=str), return_inverse=True)[1].astype(np.int64)


def _check_pairs(vectors: Floats) -> None:
    if len(vectors) > MOST_PAIRS:
        raise TooManyRowsError
