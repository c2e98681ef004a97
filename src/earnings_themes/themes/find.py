"""Finds the themes: sentences of all firms, pooled, grouped where they hold together.

Three steps, each the plain one. Exemplars (the surest sentences of each firm's topics) become small groups by Leiden on a
neighbour graph. The groups are joined, nearest first, by *cohesion*: the mean cosine of all pairs across two groups
(average linkage). Joining ends at one cohesion for all themes, `granularity`. So a theme is as large as its subject is
common, and not as large as its neighbours: at the same effective number of themes that is what raised rated precision
most (docs/validation.md). Where nothing is shared nothing is joined: a theme's pairs *of different firms* must hold
together as well.

All arithmetic is on whole numbers (embedding/space.py), so the same vectors give the same themes on every machine.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from earnings_themes.clustering.graph import NEIGHBOURS, communities, nearest, neighbour_graph

Whole = NDArray[np.int8]
Labels = NDArray[np.int64]

# Sentences a small group has, roughly, and how many groups are joined at most: joining takes groups² of memory.
_GROUP: Final = 7
_MOST_GROUPS: Final = 4_000
# Leiden finds about ten communities a unit of resolution on such graphs.
_COMMUNITIES_A_UNIT: Final = 10
# Sentences whose unit vectors are in memory at a time.
_BLOCK: Final = 65_536
# Broad themes: communities of the same graph at the resolution of plain modularity.
_BROAD: Final = 1.0


@dataclass(frozen=True)
class Found:
    """The themes as they were found, before sentences settle.

    Attributes
    ----------
    labels : (n,) int64, the theme of each exemplar, -1 for none
    broad : (n_themes,) int64, the broad theme of each theme
    """

    labels: Labels
    broad: Labels

    @property
    def n_themes(self) -> int:
        """Return how many themes there are."""
        return len(self.broad)


def find_themes(rows: Whole, firms: Labels, granularity: float, min_firms: int, seed: int) -> Found:
    """Group exemplars of all firms into themes and broad themes.

    Parameters
    ----------
    rows : (n, d) int8, whole subject vectors
    firms : (n,) the firm of each, as a number
    granularity : the least mean cosine of a theme's pairs; higher gives more and narrower themes
    min_firms : firms that a theme has at least
    seed : of Leiden
    """
    n = len(rows)
    if n < 2:
        return Found(np.full(n, -1, dtype=np.int64), np.empty(0, dtype=np.int64))
    graph = neighbour_graph(*nearest(rows, NEIGHBOURS))
    resolution = min(n / _GROUP, _MOST_GROUPS) / _COMMUNITIES_A_UNIT
    groups = communities(graph, resolution, seed)
    labels = joined(rows, groups, granularity)[groups]
    labels = _renumbered(np.where(_holds(rows, firms, labels, granularity, min_firms)[labels], labels, -1))
    return Found(labels, _majority(labels, communities(graph, _BROAD, seed)))


def joined(rows: Whole, groups: Labels, granularity: float) -> Labels:
    """Join groups by average linkage until no two cohere by `granularity`; return each group's joined number (k,).

    The cohesion of two groups is the mean cosine of the pairs across them, which is the product of their mean vectors.
    Ties go to the lower numbers.
    """
    k = int(groups.max()) + 1
    unit = rows.astype(np.float64) / np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True).clip(
        1e-12
    )
    sums = np.zeros((k, rows.shape[1]))
    # In the rows' order, so that the sum is the same everywhere.
    np.add.at(sums, groups, unit)
    counts = np.bincount(groups, minlength=k).astype(np.float64)
    means = sums / counts[:, None]
    # Rounded, so that the last bits of a machine's linear algebra break no tie.
    cohesion = np.round(means @ means.T, 9)
    np.fill_diagonal(cohesion, -np.inf)
    best = cohesion.argmax(axis=1)
    value = cohesion[np.arange(k), best]
    target = np.arange(k)
    for _ in range(k - 1):
        one = int(value.argmax())
        if value[one] < granularity:
            break
        other = int(best[one])
        one, other = min(one, other), max(one, other)
        sums[one] += sums[other]
        counts[one] += counts[other]
        means[one] = sums[one] / counts[one]
        target[target == other] = one
        value[other] = -np.inf
        cohesion[other, :] = cohesion[:, other] = -np.inf
        row = np.round(means @ means[one], 9)
        row[value == -np.inf] = -np.inf
        row[one] = -np.inf
        stale = np.flatnonzero((value > -np.inf) & ((best == one) | (best == other)))
        cohesion[one, :] = cohesion[:, one] = row
        best[one], value[one] = row.argmax(), row.max()
        for number in stale:
            if number != one:
                best[number] = cohesion[number].argmax()
                value[number] = cohesion[number, best[number]]
        nearer = row > value
        nearer[one] = False
        best[nearer], value[nearer] = one, row[nearer]
    return np.unique(target, return_inverse=True)[1].astype(np.int64)


def _holds(
    rows: Whole, firms: Labels, labels: Labels, granularity: float, min_firms: int
) -> NDArray[np.bool_]:
    """Return (k,) bool: which groups have enough firms, and pairs of different firms that hold together."""
    k = int(labels.max()) + 1
    mine = np.unique(np.stack([labels, firms], axis=1), axis=0)
    n_firms = np.bincount(mine[:, 0], minlength=k)
    return (n_firms >= min_firms) & (cohesion_across(rows, firms, labels) >= granularity)


def cohesion_across(rows: Whole, firms: Labels, labels: Labels) -> NDArray[np.float64]:
    """Return (k,) the mean cosine of each label's pairs of sentences of two firms; -1 where there is no such pair.

    With S the sum of a label's unit vectors, S_f that of firm f's, n and n_f their numbers:
    (|S|² - Σ|S_f|²) ÷ (n² - Σ n_f²).
    """
    k = int(labels.max(initial=-1)) + 1
    inside = np.flatnonzero(labels >= 0)
    n_firms = int(firms.max(initial=0)) + 1
    keys, place = np.unique(labels[inside] * n_firms + firms[inside], return_inverse=True)
    pairs = np.stack([keys // n_firms, keys % n_firms], axis=1)
    sums = _unit_sums(rows, inside, place, len(pairs))
    counts = np.bincount(place, minlength=len(pairs)).astype(np.float64)
    whole = np.zeros((k, rows.shape[1]))
    np.add.at(whole, pairs[:, 0], sums)
    own = np.bincount(pairs[:, 0], weights=(sums**2).sum(axis=1), minlength=k)
    n = np.bincount(pairs[:, 0], weights=counts, minlength=k)
    n_own = np.bincount(pairs[:, 0], weights=counts**2, minlength=k)
    across = n**2 - n_own
    found: NDArray[np.float64] = np.where(
        across > 0, ((whole**2).sum(axis=1) - own) / np.maximum(across, 1), -1.0
    )
    return found


def _unit_sums(rows: Whole, inside: Labels, place: Labels, n: int) -> NDArray[np.float64]:
    """Return (n, d) the sums of the unit vectors of rows[inside] by their place, each in the rows' order.

    A few places at a time: the unit vectors of four million sentences take 2 GB.
    """
    order = np.argsort(place, kind="stable")
    ends = np.searchsorted(place, np.arange(n + 1), sorter=order)
    sums = np.zeros((n, rows.shape[1]))
    first = 0
    while first < n:
        last = max(first + 1, int(np.searchsorted(ends, ends[first] + _BLOCK, side="right")) - 1)
        some = rows[inside[order[ends[first] : ends[last]]]].astype(np.float64)
        unit = some / np.linalg.norm(some, axis=1, keepdims=True).clip(1e-12)
        each = csr_array(
            (np.ones(len(unit)), np.arange(len(unit)), ends[first : last + 1] - ends[first]),
            shape=(last - first, len(unit)),
        )
        sums[first:last] = each @ unit
        first = last
    return sums


def _renumbered(labels: Labels) -> Labels:
    """Return the labels numbered from 0 without a gap, largest first; -1 stays."""
    sizes = np.bincount(labels[labels >= 0]) if (labels >= 0).any() else np.empty(0, dtype=np.int64)
    order = np.argsort(-sizes, kind="stable")
    order = order[sizes[order] > 0]
    number = np.full(len(sizes) + 1, -1, dtype=np.int64)
    number[order] = np.arange(len(order))
    return number[labels]


def _majority(labels: Labels, broad: Labels) -> Labels:
    """Return the broad theme (k,) that most exemplars of each theme are in, numbered from 0."""
    k = int(labels.max(initial=-1)) + 1
    if k == 0:
        return np.empty(0, dtype=np.int64)
    inside = labels >= 0
    votes = np.zeros((k, int(broad.max()) + 1), dtype=np.int64)
    np.add.at(votes, (labels[inside], broad[inside]), 1)
    return np.unique(votes.argmax(axis=1), return_inverse=True)[1].astype(np.int64)
