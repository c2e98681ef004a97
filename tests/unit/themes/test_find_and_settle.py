"""The parts of the reduce on vectors whose answer is known: neighbours, communities, cohesion, settling, stability."""

from itertools import combinations

import numpy as np
import pytest
from scipy.linalg import hadamard
from sklearn.metrics import adjusted_rand_score

from earnings_themes.clustering.graph import (
    agreed_communities,
    communities,
    nearest,
    nearest_among,
    neighbour_graph,
)
from earnings_themes.config import ThemeSettings
from earnings_themes.embedding.space import whole
from earnings_themes.themes.find import cohesion_across, cohesions, find_themes, holds_together
from earnings_themes.themes.settle import centres, settle
from earnings_themes.themes.stability import Stability, repeats

DIM = 128


def blobs(groups: int, size: int, spread: float = 0.05, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return whole vectors around each of `groups` directions, shuffled, and the direction of each."""
    draw = np.random.default_rng(seed)
    truth = draw.permutation(np.repeat(np.arange(groups), size))
    rows = (hadamard(DIM) / DIM**0.5)[truth] + draw.normal(scale=spread, size=(groups * size, DIM))
    return whole(rows / np.linalg.norm(rows, axis=1, keepdims=True)), truth


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows.astype(float), axis=1, keepdims=True)


def test_neighbours_are_the_nearest_by_cosine_and_equals_go_by_row() -> None:
    rows, _ = blobs(6, 20)
    found, cosines = nearest(rows, 7)
    exact = unit(rows) @ unit(rows).T
    np.fill_diagonal(exact, -2)
    assert np.allclose(np.sort(exact, axis=1)[:, ::-1][:, :7], cosines, atol=1e-6)
    assert not (found == np.arange(120)[:, None]).any()
    same, _ = nearest(np.repeat(rows[:1], 9, axis=0), 3)
    assert same[0].tolist() == [1, 2, 3] and same[8].tolist() == [0, 1, 2]


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_few_rows_have_few_neighbours(n: int) -> None:
    rows, _ = blobs(1, 5)
    assert nearest(rows[:n], 15)[0].shape == (n, max(n - 1, 0))
    found = find_themes(rows[:n], np.arange(n), 0.37, 2, seed=1)
    assert found.n_themes == (n >= 2) and found.labels.shape == (n,)


def test_communities_repeat_themselves_and_find_what_was_planted() -> None:
    rows, truth = blobs(8, 25)
    graph = neighbour_graph(*nearest(rows, 10))
    one, other = communities(graph, 1.0, seed=3), communities(graph, 1.0, seed=3)
    assert np.array_equal(one, other)
    assert adjusted_rand_score(truth, one) > 0.95


def test_what_several_runs_agree_on_depends_less_on_the_seed() -> None:
    # Blurred directions: where one ends and the next begins is a matter of chance.
    rows, truth = blobs(24, 40, spread=0.22)
    graph = neighbour_graph(*nearest(rows, 10))
    alone = [communities(graph, 4.0, seed) for seed in range(6)]
    agreed = [agreed_communities(graph, 4.0, seed) for seed in range(6)]

    def likeness(found: list[np.ndarray]) -> float:
        return float(np.mean([adjusted_rand_score(one, other) for one, other in combinations(found, 2)]))

    assert likeness(agreed) > likeness(alone)
    assert np.array_equal(agreed[0], agreed_communities(graph, 4.0, 0))
    assert adjusted_rand_score(truth, agreed[0]) > 0.2


def test_a_higher_granularity_gives_more_and_narrower_themes() -> None:
    # Two subjects that shade into sides.
    draw = np.random.default_rng(0)
    sides = np.repeat(hadamard(DIM)[:2], 8, axis=0) + 0.7 * hadamard(DIM)[8:24]
    rows = np.repeat(sides, 60, axis=0) / 14 + draw.normal(scale=0.11, size=(960, DIM))
    firms = np.tile(np.arange(6), 160)
    n_themes = [find_themes(whole(unit(rows)), firms, level, 2, seed=1).n_themes for level in (0.2, 0.4)]
    assert 2 <= n_themes[0] < n_themes[1]


def test_what_a_handful_of_firms_share_is_as_near_across_firms_as_within_them() -> None:
    # A mean subject, and of each firm its own side of it: nearest to each other, and not the same.
    own, _ = blobs(4, 20, spread=0.02)
    _, firms = blobs(4, 20, spread=0.02)
    rows = whole(unit(unit(own) + 0.9 * hadamard(DIM)[100] / DIM**0.5))
    together = np.zeros(80, dtype=np.int64)
    across, within = (value.item() for value in cohesions(rows, firms, together))
    assert across > 0.4 and within > 0.95
    assert not holds_together(rows, firms, together, 0.37, 2).any()
    # The same vectors said by many firms, whoever they are, are a subject.
    assert holds_together(rows, np.arange(80) % 10, together, 0.37, 2).all()


def test_cohesion_is_the_mean_cosine_of_pairs_of_two_firms() -> None:
    rows, labels = blobs(3, 10, spread=0.1)
    firms = np.random.default_rng(1).integers(0, 4, 30)
    firms[labels == 2] = 0
    cosine = unit(rows) @ unit(rows).T
    for label, found in enumerate(cohesion_across(rows, firms, labels).tolist()):
        pairs = [
            cosine[i, j] for i in np.flatnonzero(labels == label) for j in np.flatnonzero(labels == label)
            if firms[i] != firms[j]
        ]  # fmt: skip
        assert found == pytest.approx(np.mean(pairs) if pairs else -1)


def test_a_group_that_holds_together_within_each_firm_alone_is_no_theme() -> None:
    # Each firm says one thing many times; between the firms there is nothing.
    rows, truth = blobs(4, 20)
    found = find_themes(rows, truth, 0.37, 2, seed=1)
    assert found.n_themes == 0 and set(found.labels.tolist()) == {-1}


def test_themes_come_largest_first_with_a_broad_theme_each() -> None:
    rows, truth = blobs(5, 24)
    kept = np.concatenate([np.flatnonzero(truth == group)[: 24 - 3 * group] for group in range(5)])
    found = find_themes(rows[kept], np.arange(len(kept)) % 6, 0.37, 2, seed=1)
    sizes = np.bincount(found.labels[found.labels >= 0])
    assert sizes.tolist() == sorted(sizes.tolist(), reverse=True) and len(sizes) == found.n_themes == 5
    assert set(found.broad.tolist()) == set(range(found.broad.max() + 1))


def test_a_sentence_settles_in_the_nearest_theme_by_content_cosine_and_tightness() -> None:
    rows, truth = blobs(4, 30)
    content = np.random.default_rng(0).uniform(0, 1, 120).astype(np.float32)
    places = centres(rows, truth, 4)
    settled = settle(rows, content, places, floor=0.4)
    assert np.array_equal(settled.nearest, truth)
    mean = np.stack([unit(rows)[truth == theme].mean(axis=0) for theme in range(4)])
    expected = content * (unit(rows) * mean[truth]).sum(axis=1)
    assert np.allclose(settled.strength, expected, atol=0.01)
    assert np.array_equal(settled.labels, np.where(settled.strength >= np.float32(0.4), truth, -1))
    assert 0 < (settled.labels == -1).sum() < 120


def test_settling_knows_no_order_and_no_blocks() -> None:
    rows, truth = blobs(4, 30)
    content = np.ones(120, dtype=np.float32)
    order = np.random.default_rng(2).permutation(120)
    one, other = centres(rows, truth, 4), centres(rows[order], truth[order], 4)
    assert one.whole.tobytes() == other.whole.tobytes()
    assert one.tightness.tobytes() == other.tightness.tobytes()
    settled = settle(rows, content, one, 0.2)
    assert settle(rows[order], content, one, 0.2).strength.tobytes() == settled.strength[order].tobytes()
    alone = np.concatenate([settle(rows[n : n + 1], content[:1], one, 0.2).strength for n in range(120)])
    assert alone.tobytes() == settled.strength.tobytes()


def test_where_there_is_no_theme_nothing_settles() -> None:
    rows, _ = blobs(1, 3)
    settled = settle(rows, np.ones(3, dtype=np.float32), centres(rows, np.full(3, -1), 0), 0.0)
    assert settled.labels.tolist() == settled.nearest.tolist() == [-1] * 3


def test_stability_tells_a_theme_that_comes_back_from_one_put_together_by_chance() -> None:
    rows, truth = blobs(2, 60)
    firms = np.arange(120) % 12
    broad = np.arange(2)

    def measured(labels: np.ndarray, runs: int = 4) -> Stability:
        with repeats(rows, firms, ThemeSettings(stability_runs=runs), seed=1) as again:
            return again.stability(labels, broad)

    good = measured(truth)
    assert good.themes == (1.0, 1.0) and good.broad == (1.0, 1.0)
    chance = measured(np.random.default_rng(0).integers(0, 2, 120))
    assert max(value or 0 for value in chance.themes) < 0.6
    assert measured(truth, runs=0).themes == (None, None)


def test_neighbours_of_the_rows_that_are_left_are_read_from_those_of_all() -> None:
    rows, _ = blobs(4, 30)
    kept = np.random.default_rng(1).random(len(rows)) < 0.7
    for more in (7, 14, 40):  # with 7 of 7 nearly every row lacks some
        some = nearest_among(rows, kept, nearest(rows, more), 7)
        for one, other in zip(some, nearest(rows[kept], 7), strict=True):
            assert one.tobytes() == other.tobytes()
    few = np.arange(len(rows)) < 3
    assert nearest_among(rows, few, nearest(rows, 14), 7)[0].tolist() == nearest(rows[few], 7)[0].tolist()
