"""Communities: the right groups on planted data, the same groups in any row order, no crash on odd input."""

import random

import igraph
import numpy as np
import pytest
from bertopic import BERTopic
from bertopic.backend import BaseEmbedder
from bertopic.dimensionality import BaseDimensionalityReduction
from sklearn.metrics import adjusted_rand_score

from earnings_themes.clustering import communities
from earnings_themes.clustering.communities import (
    CentroidCommunities,
    GraphCommunities,
    cluster_centroids,
    in_context,
    knn_graph,
    leiden,
    reciprocal_graph,
)

DIM = 384


def blobs(groups: int, size: int, spread: float = 0.7, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """`size` unit vectors around each of `groups` random directions, shuffled; and the group of each."""
    draw = np.random.default_rng(seed)
    centers = draw.normal(size=(groups, DIM))
    truth = np.repeat(np.arange(groups), size)
    rows = centers[truth] + spread * draw.normal(size=(groups * size, DIM))
    shuffle = draw.permutation(len(rows))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return rows[shuffle], truth[shuffle]


def firms_with_shared_themes(
    n_firms: int, themes: int, seed: int = 0
) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Centroids of firms that each have one topic in every theme and one topic of their own (truth −1)."""
    draw = np.random.default_rng(seed)
    centers = draw.normal(size=(themes, DIM))
    rows, firms, truth = [], [], []
    for firm in range(n_firms):
        rows += [centers + 0.5 * draw.normal(size=(themes, DIM)), draw.normal(size=(1, DIM))]
        firms += [f"firm {firm}"] * (themes + 1)
        truth += [*range(themes), -1]
    stacked = np.concatenate(rows)
    unit = stacked / np.linalg.norm(stacked, axis=1, keepdims=True)
    return unit.astype(np.float32), firms, np.array(truth)


class TestGraphCommunities:
    @pytest.mark.parametrize(("groups", "size"), [(3, 8), (12, 20), (25, 12)])
    def test_finds_the_planted_groups(self, groups: int, size: int) -> None:
        rows, truth = blobs(groups, size)
        model = GraphCommunities().fit(rows)
        found = model.labels_ >= 0
        assert found.mean() > 0.9
        assert adjusted_rand_score(truth[found], model.labels_[found]) > 0.95
        assert adjusted_rand_score(truth, model.predict(rows)) > 0.95

    def test_attributes_fit_together(self) -> None:
        rows, _ = blobs(6, 15)
        model = GraphCommunities().fit(rows)
        n_topics = model.labels_.max() + 1
        assert np.all(np.diff(np.bincount(model.labels_[model.labels_ >= 0])) <= 0), "largest topic first"
        assert model.centroids_.shape == (n_topics, DIM)
        assert np.allclose(np.linalg.norm(model.centroids_, axis=1), 1, atol=1e-5)
        assert model.stability_.shape == (n_topics,)
        assert np.all((model.stability_ > 0.5) & (model.stability_ <= 1 + 1e-6))
        assert np.all((model.probabilities_ > 0) == (model.labels_ >= 0))

    def test_row_order_and_repetition_do_not_matter(self) -> None:
        rows, _ = blobs(10, 12, spread=1.5)
        labels = GraphCommunities().fit(rows).labels_
        shuffle = np.random.default_rng(1).permutation(len(rows))
        assert np.array_equal(GraphCommunities().fit(rows[shuffle]).labels_, labels[shuffle])
        twice = GraphCommunities().fit(np.concatenate([rows, rows])).labels_
        assert np.array_equal(twice[: len(rows)], twice[len(rows) :])
        assert adjusted_rand_score(twice[: len(rows)], labels) == 1

    def test_a_stray_sentence_is_an_outlier_and_predict_places_it(self) -> None:
        rows, _ = blobs(5, 20)
        stray = np.zeros((1, DIM), dtype=np.float32)
        stray[0, 7] = 1
        model = GraphCommunities().fit(np.concatenate([rows, stray]))
        assert model.labels_[-1] == -1
        assert model.probabilities_[-1] == 0
        assert model.predict(stray)[0] >= 0

    @pytest.mark.parametrize(
        "rows",
        [
            np.zeros((0, DIM)),
            np.ones((1, DIM)),
            np.eye(DIM)[:2],
            np.ones((50, DIM)),
            np.eye(DIM)[:200],
            np.random.default_rng(0).normal(size=(30, DIM)),
        ],
        ids=["none", "one", "two", "all the same", "all far apart", "random"],
    )
    def test_odd_input_gives_no_or_one_topic(self, rows: np.ndarray) -> None:
        model = GraphCommunities().fit(rows)
        assert model.labels_.shape == (len(rows),)
        assert len(model.centroids_) <= 1
        assert model.predict(rows).shape == (len(rows),)

    @pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
    def test_rows_without_direction_are_refused_with_their_number(self, value: float) -> None:
        rows, _ = blobs(3, 5)
        rows[4] = value
        with pytest.raises(ValueError, match=r"rows \[4\] of 15"):
            GraphCommunities().fit(rows)

    def test_many_sentences_are_fitted_on_a_sample(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(communities, "_MOST_FITTED", 300)
        rows, truth = blobs(10, 40)
        model = GraphCommunities().fit(rows)
        found = model.labels_ >= 0
        assert found.mean() > 0.85
        assert adjusted_rand_score(truth[found], model.labels_[found]) > 0.95

    def test_is_a_cluster_model_for_bertopic(self) -> None:
        rows, truth = blobs(3, 10)
        words = np.array(["oil gas well", "bank loan rate", "chip phone cloud"])
        model = BERTopic(
            umap_model=BaseDimensionalityReduction(),
            hdbscan_model=GraphCommunities(),
            embedding_model=BaseEmbedder(),
            calculate_probabilities=False,
        )
        topics, _ = model.fit_transform(list(words[truth]), rows)
        assert set(topics) == {0, 1, 2}


class TestClusterCentroids:
    @pytest.mark.parametrize(("n_firms", "themes"), [(3, 4), (12, 10), (40, 15)])
    def test_finds_the_planted_themes_and_leaves_out_what_one_firm_says(
        self, n_firms: int, themes: int
    ) -> None:
        rows, firms, truth = firms_with_shared_themes(n_firms, themes)
        labels = cluster_centroids(rows, firms)
        assert adjusted_rand_score(truth[truth >= 0], labels[truth >= 0]) > 0.95
        assert (labels[truth == -1] == -1).mean() > 0.8

    def test_the_resolution_rises_until_firms_rarely_repeat_a_theme(self) -> None:
        rows, firms, _ = firms_with_shared_themes(12, 10)
        broad = CentroidCommunities(max_repeat=1.0).fit(rows, firms)
        fine = CentroidCommunities(max_repeat=0.0).fit(rows, firms)
        assert broad.resolution_ == pytest.approx(11 / 3)
        assert fine.resolution_ >= broad.resolution_
        pairs = list(zip(fine.labels_[fine.labels_ >= 0], np.array(firms)[fine.labels_ >= 0], strict=True))
        assert len(set(pairs)) == len(pairs)

    def test_topics_that_have_a_chain_of_neighbours_in_common_are_no_theme(self) -> None:
        # Each is like the one before and the one after, and unlike all others.
        links = np.eye(21, 384)
        chain = links[:20] + links[1:]
        pair = links[[20, 20]] + 0.1 * links[:2]
        rows = np.concatenate([chain, pair])
        firms = [f"firm {i}" for i in range(len(rows))]
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)

        def likeness(labels: np.ndarray) -> list[float]:
            groups = [unit[labels == label] for label in range(labels.max() + 1)]
            return [((g @ g.T).sum() - len(g)) / (len(g) * (len(g) - 1)) for g in groups]

        loose = CentroidCommunities(start=1.0, likeness=0.0, leave_out=0.0).fit(rows, firms).labels_
        tight = CentroidCommunities(start=1.0, likeness=0.3, leave_out=0.0).fit(rows, firms).labels_
        assert min(likeness(loose)) < 0.3
        assert min(likeness(tight)) >= 0.3
        assert tight[20] == tight[21] >= 0

    def test_row_order_does_not_matter(self) -> None:
        rows, firms, _ = firms_with_shared_themes(8, 6)
        labels = cluster_centroids(rows, firms)
        shuffle = np.random.default_rng(3).permutation(len(rows))
        assert np.array_equal(cluster_centroids(rows[shuffle], [firms[i] for i in shuffle]), labels[shuffle])

    def test_one_firm_has_no_themes(self) -> None:
        rows, _ = blobs(4, 5)
        assert set(cluster_centroids(rows, ["A"] * len(rows))) == {-1}

    def test_equal_topics_of_all_firms_are_one_theme(self) -> None:
        assert set(cluster_centroids(np.ones((9, DIM)), [f"firm {i}" for i in range(9)])) == {0}

    @pytest.mark.parametrize("n", [0, 1, 2])
    def test_few_topics(self, n: int) -> None:
        assert np.array_equal(
            cluster_centroids(np.eye(DIM)[:n], [f"firm {i}" for i in range(n)]), np.full(n, -1)
        )

    def test_lengths_that_differ_are_refused(self) -> None:
        with pytest.raises(ValueError, match="3 centroids, but 2 firms"):
            cluster_centroids(np.eye(DIM)[:3], ["A", "B"])

    def test_the_inverted_file_finds_what_the_exact_search_finds(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rows, firms, truth = firms_with_shared_themes(60, 15)
        exact = cluster_centroids(rows, firms)
        monkeypatch.setattr(communities, "_MOST_EXACT", 100)
        shared = truth >= 0
        assert adjusted_rand_score(exact[shared], cluster_centroids(rows, firms)[shared]) > 0.95


def test_reciprocal_graph_keeps_the_best_match_only() -> None:
    near, nearer, mate = [1, 0, 0.5, 0], [0, 1, 1.5, 0], [0, 0, 1, 0]
    rows = np.array([near, nearer, mate], dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    graph = reciprocal_graph(rows, np.array([0, 0, 1]), k=2)
    assert list(zip(graph.source, graph.target, strict=True)) == [(1, 2)]
    assert graph.weight[0] == pytest.approx((rows[1] @ rows[2]) ** 6)


def test_leiden_repeats_itself_and_gives_the_random_source_back() -> None:
    rows, _ = blobs(4, 20, spread=1.5)
    graph = knn_graph(rows, 10)
    assert np.array_equal(leiden(graph, 1.0, seed=7), leiden(graph, 1.0, seed=7))
    random.seed(5)
    first = igraph.Graph.Erdos_Renyi(n=20, p=0.3).get_edgelist()
    leiden(graph, 1.0, seed=1)
    random.seed(5)
    assert igraph.Graph.Erdos_Renyi(n=20, p=0.3).get_edgelist() == first


class TestInContext:
    def test_direct_neighbours_of_the_same_call_lend_half_of_their_vector(self) -> None:
        rows = np.eye(5, dtype=np.float32)
        mixed = in_context(rows, ["a", "a", "a", "a", "b"], [0, 1, 2, 4, 5])
        assert mixed[1] == pytest.approx(np.array([0.5, 1, 0.5, 0, 0]) / np.sqrt(1.5))
        assert mixed[0] == pytest.approx(np.array([1, 0.5, 0, 0, 0]) / np.sqrt(1.25))
        assert np.array_equal(mixed[3:], rows[3:]), "a gap in the positions and the end of a call separate"

    def test_row_order_does_not_matter(self) -> None:
        rows, _ = blobs(3, 4)
        calls, positions = ["a"] * 6 + ["b"] * 6, [*range(6), *range(6)]
        shuffle = np.random.default_rng(0).permutation(12)
        shuffled = in_context(rows[shuffle], [calls[i] for i in shuffle], [positions[i] for i in shuffle])
        assert shuffled == pytest.approx(in_context(rows, calls, positions)[shuffle], abs=1e-6)

    def test_nothing_in_nothing_out(self) -> None:
        assert in_context(np.zeros((0, 4), dtype=np.float32), [], []).shape == (0, 4)
