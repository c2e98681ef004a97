"""Communities in embedding space: the one clustering idea behind both stages.

Sentences of a firm become topics, and topics of all firms become themes, in the same way: link each vector to
its nearest neighbours by cosine, then let Leiden (Traag, Waltman & van Eck 2019, doi:10.1038/s41598-019-41695-z)
find the densely linked groups. Compared with UMAP + HDBSCAN, the number of topics follows the data, few
sentences are left over, and the result survives a changed sample; docs/validation.md has the trial that chose
every default below, with what lost and why.

Both stages add what their data gives for nothing:

* the map asks many Leiden runs at several resolutions and keeps what more than half of them agree on (evidence
  accumulation, Fred & Jain 2005, doi:10.1109/TPAMI.2005.113), which is also a stability score a topic;
* the reduce knows that a firm's own topics are already told apart. Two topics are linked only where each is the
  other's best match in that firm (reciprocal best hits, as in orthologous genes: Tatusov, Koonin & Lipman 1997,
  doi:10.1126/science.278.5338.631), and the resolution rises until a firm rarely has two topics in one theme.
  What all topics have in common is taken out first, and the topics that fit their theme worst are left out after.

The same rows in any order give the same communities: rows are put into an order of their own before anything
that depends on it, and every random draw is seeded.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage  # type: ignore[import-untyped, unused-ignore]
from scipy.spatial.distance import squareform  # type: ignore[import-untyped, unused-ignore]

from earnings_themes.clustering.light import light_imports

with light_imports():
    import igraph

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

# Embeddings of one text differ by 1e-7 between batch sizes: what is closer than this counts as equal.
_DECIMALS = 6
# A firm with more unique sentences than this (dozens of calls) is fitted on an even sample: the agreement of
# n sentences needs 12 n² bytes, 300 MB here. The rest join the nearest topic by the rule for outliers.
_MOST_FITTED = 5_000
# Up to here the neighbour search is exact: 30,000 topics (1,000 firms) take half a minute.
_MOST_EXACT = 30_000
# From this many sentences on the resolutions are the full ones, and half of them for half as many or fewer.
_FULL_RESOLUTION_FROM = 120
# A mean and a direction taken from fewer topics would be those topics themselves, not what all have in common.
_FEWEST_FOR_COMMON = 50
# Cosines held at a time, by the search for neighbours: they, their order and their mask take 17 bytes each.
_COSINES_AT_ONCE = 10_000_000
# Beyond, each row looks at the 32 cells around it: how much that finds is in docs/validation.md, "Size".
_CELLS_SEARCHED = 32


@dataclass(frozen=True)
class Graph:
    """An undirected weighted graph: `source[i]`–`target[i]` (m,), source < target, with `weight[i]` > 0."""

    n: int
    source: Integers
    target: Integers
    weight: Floats


def knn_graph(vectors: Floats, k: int) -> Graph:
    """Link every row of `vectors` (n, dim), L2 norm 1, to its k nearest by cosine.

    Weights are UMAP's memberships (McInnes, Healy & Melville 2018, arXiv:1802.03426, section 3.1): a row's nearest
    neighbour counts 1, the others fall off so that all together count log2 k, and an edge counts when either
    end says so. They make a crowded corner and an empty one equally well linked.

    Vectors that have nothing to do with each other stay unlinked.
    """
    n, dim = vectors.shape
    neighbours, cosines = nearest(vectors, k)
    linked = cosines > _unrelated(dim)
    source, target = np.repeat(np.arange(n), neighbours.shape[1])[linked.ravel()], neighbours[linked]
    pairs, pair = np.unique(np.minimum(source, target) * n + np.maximum(source, target), return_inverse=True)
    neither = np.ones(len(pairs), dtype=np.float32)
    np.multiply.at(neither, pair, 1.0 - _memberships(1.0 - cosines)[linked])
    return Graph(n, pairs // max(n, 1), pairs % max(n, 1), np.maximum(1.0 - neither, np.float32(1e-6)))


def reciprocal_graph(vectors: Floats, firms: Integers, k: int) -> Graph:
    """Link topics of different firms that are each other's best match, within each topic's k nearest firms.

    `vectors` (n, dim) have L2 norm 1, `firms` (n,) is the firm's number of each. Weight is the cosine to
    the power of 6, the usual soft threshold of weighted networks (Zhang & Horvath 2005, doi:10.2202/1544-6115.1128):
    docs/validation.md, "Finer topics".
    """
    n, dim = vectors.shape
    # Four candidates for each wanted firm: neighbours often come from one firm, and only its best one counts.
    neighbours, cosines = nearest(vectors, 4 * k, firms)
    linked = cosines > _unrelated(dim)
    source, target = np.repeat(np.arange(n), neighbours.shape[1])[linked.ravel()], neighbours[linked]
    n_firms = int(firms.max(initial=0)) + 1
    # Rows come nearest first, so the first target in a firm is that firm's best.
    best_in_firm = np.sort(np.unique(source * n_firms + firms[target], return_index=True)[1])
    source, target = source[best_in_firm], target[best_in_firm]
    near = np.arange(len(source)) - np.searchsorted(source, source) < k
    source, target = source[near], target[near]
    pairs = np.unique(np.minimum(source, target) * n + np.maximum(source, target))
    source, target = pairs // max(n, 1), pairs % max(n, 1)
    weight = _pair_cosines(vectors, source, target) ** 6
    # An edge stays when no other topic of either firm suits the far end better.
    ends = np.concatenate([target * n_firms + firms[source], source * n_firms + firms[target]])
    groups, group = np.unique(ends, return_inverse=True)
    best = np.zeros(len(groups), dtype=np.float32)
    np.maximum.at(best, group, np.tile(weight, 2))
    keep = (np.tile(weight, 2) >= best[group]).reshape(2, -1).all(axis=0)
    return Graph(n, source[keep], target[keep], weight[keep])


def leiden(graph: Graph, resolution: float, seed: int) -> Integers:
    """Labels (n,) of Leiden's partition for modularity at `resolution`, run until it no longer improves.

    Sets igraph's random source for the call and gives it back: not to be called from two threads at once.
    """
    if not len(graph.source):
        return np.arange(graph.n)
    network = igraph.Graph(n=graph.n, edges=np.column_stack([graph.source, graph.target]))
    igraph.set_random_number_generator(random.Random(seed))
    try:
        partition = network.community_leiden(
            objective_function="modularity",
            weights=graph.weight.tolist(),
            resolution=resolution,
            n_iterations=-1,
        )
    finally:
        igraph.set_random_number_generator(random)
    return np.asarray(partition.membership, dtype=np.int64)


class GraphCommunities:
    """Topics of one firm's sentences, used like a clusterer of scikit-learn, whose import the reduce is spared.

    Each of `n_runs` Leiden runs sees 90 % of the sentences at another resolution. Average linkage on the share
    of runs that put two sentences together, cut at one half, gives the topics. A sentence is an outlier (−1)
    when fewer than `min_topic_size` sentences agree with it, or when its cosine to its topic's centroid is under
    Tukey's lower fence (first quartile − 1.5 interquartile ranges) of all sentences' cosines.

    After `fit`:
        labels_ (n,): topic numbers from 0, largest first; −1 for outliers.
        probabilities_ (n,): cosine to the own topic's centroid, clipped to 0…1; 0 for outliers.
        centroids_ (n_topics, dim): L2 norm 1.
        stability_ (n_topics,): mean share of runs in which two sentences of the topic came together.
    """

    def __init__(
        self,
        n_neighbors: int = 10,  # a quarter of the sentences, if that is less: docs/validation.md, "Finer topics"
        min_topic_size: int = 4,  # 3, 4, 5, 8 tried: docs/validation.md, "Outliers"
        n_runs: int = 40,  # 5 to 80 tried: docs/validation.md, "Agreement of runs"
        resolutions: tuple[float, float] = (
            2.0,
            8.0,
        ),  # (1, 4) merges themes: docs/validation.md, "Finer topics"
        random_state: int = 42,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.min_topic_size = min_topic_size
        self.n_runs = n_runs
        self.resolutions = resolutions
        self.random_state = random_state

    def fit(self, X: NDArray[np.floating[Any]], y: object = None) -> GraphCommunities:  # noqa: N803
        """Find the topics of the rows of `X` (n, dim); rows need no particular length, n may be 0.

        Raises ValueError for values that are not finite and for rows of zeros: their direction is unknown.
        """
        vectors = _unit(X)
        # Equal rows are one row: a sentence that a firm repeats must not become a topic by repetition alone.
        unique, back = np.unique(np.round(vectors, _DECIMALS) + 0.0, axis=0, return_inverse=True)
        back = back.reshape(-1)
        sample = unique[np.linspace(0, len(unique) - 1, min(len(unique), _MOST_FITTED)).astype(int)]
        agreement = self._agreement(sample)
        labels = _numbered(_average_linkage(agreement), self.min_topic_size)
        labels = _without_far(sample, labels, self.min_topic_size)
        n_topics = int(labels.max(initial=-1)) + 1
        self.stability_ = np.array(
            [_mean_off_diagonal(agreement[np.ix_(labels == t, labels == t)]) for t in range(n_topics)],
            dtype=np.float32,
        )
        self.centroids_ = _centroids(sample, labels)
        if len(sample) < len(unique):
            nearest = unique @ self.centroids_.T
            fence = (sample * self.centroids_[labels]).sum(axis=1)[labels >= 0].min(initial=2.0)
            labels = np.where(nearest.max(axis=1, initial=-1.0) >= fence, self.predict(unique), -1)
        self.labels_ = labels[back]
        cosines = (
            (vectors * self.centroids_[self.labels_]).sum(axis=1) if n_topics else np.zeros(len(vectors))
        )
        self.probabilities_ = np.where(self.labels_ >= 0, np.clip(cosines, 0.0, 1.0), 0.0).astype(np.float32)
        return self

    def predict(self, X: NDArray[np.floating[Any]]) -> Integers:  # noqa: N803
        """The nearest topic (n,) of each row of `X` (n, dim), outliers included; −1 where there is no topic.

        Raises ValueError as `fit` does.
        """
        vectors = _unit(X)
        if not len(self.centroids_):
            return np.full(len(vectors), -1, dtype=np.int64)
        return np.asarray((vectors @ self.centroids_.T).argmax(axis=1), dtype=np.int64)

    def _agreement(self, vectors: Floats) -> Floats:
        """Share of runs (n, n) with both sentences in which the two were in one community."""
        n = len(vectors)
        # Few sentences hold few topics, and modularity cuts k clear groups from a resolution of k on.
        low, high = (max(0.5, min(1.0, n / _FULL_RESOLUTION_FROM)) * limit for limit in self.resolutions)
        graph = knn_graph(vectors, min(self.n_neighbors, max(3, n // 4)))
        draw = np.random.default_rng(self.random_state)
        together, seen = np.zeros((n, n), dtype=np.float32), np.zeros((n, n), dtype=np.float32)
        for run, resolution in enumerate(np.geomspace(low, high, self.n_runs)):
            kept = np.zeros(n, dtype=bool)
            kept[draw.permutation(n)[: ceil(0.9 * n)]] = True  # docs/validation.md, "Agreement of runs"
            labels = leiden(_induced(graph, kept), float(resolution), self.random_state + run)
            members = np.zeros((n, labels.max(initial=-1) + 1), dtype=np.float32)
            members[np.flatnonzero(kept), labels] = 1.0
            together += members @ members.T
            seen += np.outer(kept, kept)
        return np.asarray(together / np.maximum(seen, 1.0), dtype=np.float32)


class CentroidCommunities:
    """Themes of all firms' topics: Leiden on reciprocal best matches, as broad as the firms' own topics allow.

    A firm's topics are already told apart, so there are at least as many themes as a firm has topics, and a theme
    should rarely hold two topics of one firm. Both set the resolution, for 12 firms as for 10,000: it starts at
    a third (`start`) of the topics a firm has on average (modularity keeps equal cliques whole up to a
    resolution of their number) and rises by √2 until at most `max_repeat` of the topics repeat a firm within
    their theme. A theme whose topics are hardly alike, two by two less than `likeness` on average, holds what is left
    over from the others, and is divided. A topic without a reciprocal best match in another firm has no theme (−1), nor
    has one that is nearer to another theme than to the rest of its own; of those the worst, up to `leave_out` of all
    topics. Rules on the number of firms are the caller's.

    Memory grows with n and time with n·√n: 280,000 topics of 10,000 firms are in docs/validation.md, "Size".

    After `fit`:
        labels_ (n,): theme numbers from 0, largest first; −1 for topics without a theme.
        resolution_: the one that was chosen.
    """

    def __init__(
        self,
        n_neighbors: int = 5,  # 4, 5, 8: docs/validation.md, "Finer topics"; 3 to 10: "Nearest firms"
        max_repeat: float = 0.20,  # .10 tried: docs/validation.md, "Finer topics"
        start: float = 1 / 3,  # or 1/2: docs/validation.md, "Finer topics"; others: "Granularity"
        likeness: float = 0.15,  # 0, .12, .15, .18, .20: docs/validation.md, "Likeness"
        leave_out: float = 0.10,  # 0 to .15 tried: docs/validation.md, "Finer topics" and "Likeness"
        random_state: int = 42,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.max_repeat = max_repeat
        self.start = start
        self.likeness = likeness
        self.leave_out = leave_out
        self.random_state = random_state

    def fit(self, X: NDArray[np.floating[Any]], firms: Sequence[str]) -> CentroidCommunities:  # noqa: N803
        """Find the themes of the centroids `X` (n, dim) of topics that belong to `firms` (n,); n may be 0.

        Raises ValueError when the lengths differ, for values that are not finite, and for rows of zeros.
        """
        vectors = _unit(X)
        if len(vectors) != len(firms):
            raise ValueError(
                f"{len(vectors)} centroids, but {len(firms)} firms: give one firm for each centroid"
            )
        numbers = np.unique(np.asarray(firms, dtype=str), return_inverse=True)[1]
        order = np.lexsort([numbers, *np.round(vectors[:, ::-1], _DECIMALS).T])
        vectors, numbers = without_common(vectors[order]), numbers[order].astype(np.int64)
        graph = reciprocal_graph(vectors, numbers, self.n_neighbors)
        topics_a_firm = len(vectors) / max(len(set(firms)), 1)
        for resolution in self.start * topics_a_firm * 2.0 ** np.arange(0.0, 5.5, 0.5):
            self.resolution_ = float(resolution)
            labels = _numbered(leiden(graph, self.resolution_, self.random_state), smallest=2)
            if _repeats(labels, numbers) <= self.max_repeat:
                break
        labels = _without_loose(vectors, graph, labels, self.likeness, self.random_state)
        self.labels_ = np.empty(len(vectors), dtype=np.int64)
        self.labels_[order] = _without_worst(vectors, labels, self.leave_out)
        return self


def cluster_centroids(centroids: NDArray[np.floating[Any]], firms: Sequence[str], **params: Any) -> Integers:
    """Theme number (n,) of every topic, −1 for none; params and errors are those of `CentroidCommunities`."""
    return CentroidCommunities(**params).fit(centroids, firms).labels_


def in_context(vectors: Floats, calls: Sequence[str], positions: Sequence[int], share: float = 0.5) -> Floats:
    """Each sentence's vector (n, dim), plus a share of the one just before and the one just after, at norm 1.

    Speech stays on its subject from sentence to sentence (the idea of TextTiling, Hearst 1997), and a sentence on
    its own often does not say what it is about. Only sentences of one call whose positions differ by 1 lend
    context, so a filtered sentence between two, such as an operator's turn, separates them. Cluster these vectors;
    centroids stay means of the vectors as they were. Measured in docs/validation.md, "Context".
    """
    if not len(vectors):
        return vectors
    call = np.unique(np.asarray(calls, dtype=str), return_inverse=True)[1]
    order = np.lexsort([np.asarray(positions), call])
    before, after = order[:-1], order[1:]
    adjacent = (call[before] == call[after]) & (np.diff(np.asarray(positions)[order]) == 1)
    mixed = np.array(vectors, dtype=np.float32)
    mixed[before[adjacent]] += share * vectors[after[adjacent]]
    mixed[after[adjacent]] += share * vectors[before[adjacent]]
    return _unit(mixed)


def _unit(rows: NDArray[np.floating[Any]]) -> Floats:
    """The rows (n, dim) at L2 norm 1, in float32."""
    vectors = np.asarray(rows, dtype=np.float32)
    if vectors.size == 0:
        return np.zeros((0, vectors.shape[1] if vectors.ndim == 2 else 1), dtype=np.float32)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    bad = np.flatnonzero(~np.isfinite(length[:, 0]) | (length[:, 0] == 0))
    if len(bad):
        raise ValueError(
            f"rows {bad[:5].tolist()} of {len(vectors)} are zero or not finite: embed them again"
        )
    return np.asarray(vectors / length, dtype=np.float32)


def without_common(vectors: Floats) -> Floats:
    """The rows (n, dim) without their mean and without their first principal component, at norm 1 again.

    Topics of calls are alike in that they are speech on calls: on 56 real ones the mean of all centroids has norm .66,
    and two topics are near for it whatever they are about. Removing the mean and leading components is the "all but
    the top" of Mu & Viswanath (2018, arXiv:1702.01417); one component: docs/validation.md, "Finer topics".
    """
    if len(vectors) < _FEWEST_FOR_COMMON:
        return vectors
    rest = vectors - vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    first = np.linalg.eigh((rest.T @ rest).astype(np.float64))[1][:, -1].astype(np.float32)
    rest -= np.outer(rest @ first, first)
    length = np.linalg.norm(rest, axis=1, keepdims=True)
    # A topic that is nothing but what all have in common keeps its direction: it is near no theme.
    return np.asarray(np.where(length > 10.0**-_DECIMALS, rest / np.maximum(length, 1e-12), vectors))


def _without_loose(vectors: Floats, graph: Graph, labels: Integers, likeness: float, seed: int) -> Integers:
    """The labels (n,) with each group divided until its rows' mean cosine, two by two, is `likeness`, or none is left.

    What has no place in any group ends up together, for want of anything nearer: on the sample such a group held what
    15 firms say of their own business, and was the third largest. A row that nothing is like becomes −1.
    """
    out, n_groups = np.full_like(labels, -1), 0
    by_label = np.argsort(labels, kind="stable")
    groups = np.split(by_label, np.flatnonzero(np.diff(labels[by_label])) + 1)
    waiting = [rows for rows in groups if len(rows) and labels[rows[0]] >= 0]
    while waiting:
        group = np.full(graph.n, -1, dtype=np.int64)
        loose: list[Integers] = []
        for rows in waiting:
            if len(rows) > 1 and _mean_cosine(vectors[rows]) >= likeness:
                out[rows], n_groups = n_groups, n_groups + 1
            elif len(rows) > 2:  # two that are not alike have nothing to be divided into
                group[rows] = len(loose)
                loose.append(rows)
        edges = np.flatnonzero((group[graph.source] == group[graph.target]) & (group[graph.source] >= 0))
        edges = edges[np.argsort(group[graph.source[edges]], kind="stable")]
        ends = np.searchsorted(group[graph.source[edges]], np.arange(len(loose) + 1))
        waiting = []
        for number, rows in enumerate(loose):
            inside = edges[ends[number] : ends[number + 1]]
            source, target = (
                np.searchsorted(rows, graph.source[inside]),
                np.searchsorted(rows, graph.target[inside]),
            )
            waiting += _divided(rows, Graph(len(rows), source, target, graph.weight[inside]), seed)
    return _numbered(out, smallest=2)


def _divided(rows: Integers, graph: Graph, seed: int) -> list[Integers]:
    """The rows in two groups or more, at the lowest resolution above 1, in steps of √2, that divides them."""
    for resolution in 2.0 ** np.arange(0.5, 10.5, 0.5):
        parts = leiden(graph, float(resolution), seed)
        if parts.max() > 0:
            return [rows[parts == part] for part in range(int(parts.max()) + 1)]
    return []


def _mean_cosine(vectors: Floats) -> float:
    """The mean cosine of two different rows (n, dim), L2 norm 1, n > 1."""
    n, total = len(vectors), vectors.sum(axis=0, dtype=np.float64)
    return float((total @ total - n) / (n * (n - 1)))


def _without_worst(vectors: Floats, labels: Integers, most: float) -> Integers:
    """The labels (n,) with rows that are nearer another group than the rest of their own set to −1.

    The worst first, and no more than the share `most` of all rows. It is the silhouette that counts (Rousseeuw 1987,
    doi:10.1016/0377-0427(87)90125-7), with cosines to centroids in place of mean distances.
    """
    inside = np.flatnonzero(labels >= 0)
    if not len(inside) or labels.max() < 1:
        return labels
    sums = np.zeros((int(labels.max()) + 1, vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, labels[inside], vectors[inside])
    centroids = _unit(sums)
    margin = np.empty(len(inside), dtype=np.float32)
    for start in range(0, len(inside), 10_000):
        rows = inside[start : start + 10_000]
        own = labels[rows]
        others = sums[own] - vectors[rows]
        others /= np.maximum(np.linalg.norm(others, axis=1, keepdims=True), np.float32(1e-12))
        cosines = vectors[rows] @ centroids.T
        cosines[np.arange(len(rows)), own] = -2.0
        nearest_other = cosines.max(axis=1)
        margin[start : start + 10_000] = np.einsum("ij,ij->i", vectors[rows], others) - nearest_other
    worst_first = np.lexsort((inside, np.round(margin, _DECIMALS)))[: int(most * len(labels))]
    out = labels.copy()
    out[inside[worst_first[margin[worst_first] < 0]]] = -1
    return _numbered(out, smallest=2)


def _unrelated(dim: int) -> float:
    """The cosine that random directions stay under: four of their standard deviations, 1/√dim each."""
    return 4 / sqrt(max(dim, 64))


def _pair_cosines(vectors: Floats, left: Integers, right: Integers) -> Floats:
    """The cosine (m,) of each pair of rows, in parts so that the copies of the rows stay small."""
    cosines = np.zeros(len(left), dtype=np.float32)
    for i in range(0, len(left), 100_000):
        part = slice(i, i + 100_000)
        cosines[part] = np.einsum("ij,ij->i", vectors[left[part]], vectors[right[part]])
    return cosines


def _memberships(distances: Floats) -> Floats:
    """exp(−(d − nearest) / scale), (n, k); each row's scale makes its sum log2 k (found by halving)."""
    k = max(distances.shape[1], 2)
    beyond = distances - distances.min(axis=1, keepdims=True, initial=3.0)
    low, high = np.zeros((len(distances), 1)), np.full((len(distances), 1), 100.0)
    for _ in range(40):
        scale = (low + high) / 2
        too_wide = np.exp(-beyond / scale).sum(axis=1, keepdims=True) > np.log2(k)
        low, high = np.where(too_wide, low, scale), np.where(too_wide, scale, high)
    return np.asarray(np.exp(-beyond / ((low + high) / 2)), dtype=np.float32)


def _induced(graph: Graph, kept: NDArray[np.bool_]) -> Graph:
    """The graph on the kept nodes, numbered anew in the same order."""
    edges = kept[graph.source] & kept[graph.target]
    number = np.cumsum(kept) - 1
    return Graph(
        int(kept.sum()), number[graph.source[edges]], number[graph.target[edges]], graph.weight[edges]
    )


def nearest(vectors: Floats, k: int, firms: Integers | None = None) -> tuple[Integers, Floats]:
    """The k nearest other rows (n, k) and their cosines (n, k), nearest first; with `firms`, of other firms only.

    Where fewer than k exist the cosine is −2. Exact to 30,000 rows, then by an inverted file (Jégou, Douze &
    Schmid 2011, doi:10.1109/TPAMI.2010.57): only the cells around a row are searched.
    """
    n = len(vectors)
    k = max(min(k, n - 1), 0)
    neighbours, cosines = np.zeros((n, k), dtype=np.int64), np.full((n, k), -2.0, dtype=np.float32)
    if k == 0:
        return neighbours, cosines
    everything = np.arange(n)
    step = min(1_000, max(1, _COSINES_AT_ONCE // n))
    whole = [(everything[i : i + step], everything) for i in range(0, n, step)]
    for rows, candidates in whole if n <= _MOST_EXACT else _cells(vectors):
        similarity = vectors[rows] @ vectors[candidates].T
        if firms is None:
            similarity[rows[:, None] == candidates] = -2.0
        else:
            similarity[firms[rows][:, None] == firms[candidates]] = -2.0
        width = min(k, len(candidates))
        np.negative(similarity, out=similarity)
        top = np.argpartition(similarity, width - 1, axis=1)[:, :width]
        values = -np.take_along_axis(similarity, top, axis=1)
        by_value = np.lexsort([top, -values], axis=1)
        neighbours[rows, :width] = candidates[np.take_along_axis(top, by_value, axis=1)]
        cosines[rows, :width] = np.take_along_axis(values, by_value, axis=1)
    return neighbours, cosines


def _cells(vectors: Floats) -> list[tuple[Integers, Integers]]:
    """Rows a cell, with the candidates in the cells around it."""
    from sklearn.cluster import MiniBatchKMeans

    n_cells = int(sqrt(len(vectors)))
    quantizer = MiniBatchKMeans(n_cells, batch_size=4_096, max_iter=20, n_init=1, random_state=0)
    cell = quantizer.fit(vectors).predict(vectors)
    centers = quantizer.cluster_centers_.astype(np.float32)
    around = np.argsort(-(_unit(centers) @ _unit(centers).T), axis=1, kind="stable")[:, :_CELLS_SEARCHED]
    members = [np.flatnonzero(cell == c) for c in range(n_cells)]
    return [
        (members[c][i : i + 1_000], np.concatenate([members[near] for near in around[c]]))
        for c in range(n_cells)
        for i in range(0, len(members[c]), 1_000)
    ]


def _average_linkage(agreement: Floats) -> Integers:
    """Labels (n,) of average linkage, cut where the mean agreement falls under one half."""
    if len(agreement) < 2:
        return np.zeros(len(agreement), dtype=np.int64)
    distance = 1.0 - agreement
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(distance, checks=False), "average")
    return np.asarray(fcluster(tree, 0.5, "distance"), dtype=np.int64)


def _numbered(labels: Integers, smallest: int) -> Integers:
    """Labels from 0, largest group first (ties: which comes first); groups under `smallest` become −1."""
    groups, first, group, size = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort([first, -size])
    number = np.empty(len(groups), dtype=np.int64)
    number[order] = np.arange(len(groups))
    number[(size < smallest) | (groups < 0)] = -1
    if (groups < 0).any():  # close the gap that the outliers' group leaves in the numbers
        number[number >= 0] = np.argsort(np.argsort(number[number >= 0]))
    return np.asarray(number[group], dtype=np.int64)


def _centroids(vectors: Floats, labels: Integers) -> Floats:
    """Mean of each topic's rows at L2 norm 1: (n_topics, dim)."""
    sums = np.zeros((int(labels.max(initial=-1)) + 1, vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, labels[labels >= 0], vectors[labels >= 0])
    return _unit(sums) if len(sums) else sums


def _without_far(vectors: Floats, labels: Integers, smallest: int) -> Integers:
    """The labels (n,) with sentences under Tukey's lower fence set to −1."""
    kept = labels >= 0
    if not kept.any():
        return labels
    cosines = (vectors * _centroids(vectors, labels)[labels]).sum(axis=1)
    first, third = np.quantile(cosines[kept], [0.25, 0.75])
    fence = first - 1.5 * (third - first) - 10.0**-_DECIMALS
    return _numbered(np.where(kept & (cosines >= fence), labels, -1), smallest)


def _mean_off_diagonal(square: Floats) -> float:
    """Mean over pairs of two different rows; 1 for a single row."""
    n = len(square)
    return float((square.sum() - np.trace(square)) / (n * (n - 1))) if n > 1 else 1.0


def _repeats(labels: Integers, firms: Integers) -> float:
    """Share of topics beyond a firm's first in their theme."""
    inside = labels >= 0
    pairs = np.unique(labels[inside] * (int(firms.max(initial=0)) + 1) + firms[inside])
    return float((inside.sum() - len(pairs)) / max(len(labels), 1))
