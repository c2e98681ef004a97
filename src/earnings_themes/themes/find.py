"""Finds the themes: sentences of all firms, pooled, grouped where they hold together.

Exemplars (the surest sentences of each firm's topics) become a graph of nearest neighbours, and Leiden's communities in it,
as several runs agree on them, are the themes. Their number is not asked for: the resolution rises until the themes cohere by
`granularity` on average (*cohesion*: the mean cosine of all pairs of two firms). So few calls that speak of few subjects have
few themes. Broad themes are the communities of the same graph at a low resolution.

Where nothing is shared there is no theme: a theme's pairs of different firms must hold together, and those of a handful
of firms nearly as well as the pairs within each.

The vectors are whole numbers (embedding/space.py), so the same vectors give the same themes on every machine.
"""

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from earnings_themes.clustering.graph import (
    NEIGHBOURS,
    Neighbours,
    agreed_communities,
    communities,
    nearest,
    neighbour_graph,
    numbered_by_size,
    unit_rows,
)

Whole = NDArray[np.int8]
Labels = NDArray[np.int64]

# Sentences whose unit vectors are in memory at a time.
_BLOCK: Final = 65_536
# Chosen with an earlier subject space: Rev's broad themes had a stability of .68 here, and of .59 to .66 in the other ways tried.
# Today they have .64 (docs/validation.md, "Stability").
_BROAD: Final = 0.5
_COARSEST: Final = 0.75
# Doublings of the resolution that are tried; each raises cohesion by about .04 (docs/validation.md, "Granularity").
_DOUBLINGS: Final = 10
# Where the search begins. Rev and MAEC (static) reach the default between the second and the third, 1,000 firms (MiniLM) between
# the fourth and the fifth.
_LIKELY: Final = 3
# Neighbours in a small run: with fewer one subject falls apart, with more several become one (docs/validation.md, "Few firms").
_FEWEST: Final = 7
# A theme coheres by this share of what the themes cohere by on average.
_COHESION_SHARE: Final = 0.7
# Where a subject is shared, pairs of two firms are as near as pairs of one. With a handful of firms nothing else tells a shared
# subject from several that are merely nearest; with more, their number does (docs/validation.md, "Few firms").
_HANDFUL: Final = 5
_AS_NEAR: Final = 0.85


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


def n_neighbours(n: int) -> int:
    """Return how many neighbours each of n exemplars has in their graph."""
    return min(NEIGHBOURS, max(_FEWEST, round(math.sqrt(n) / 2)))


def find_themes(
    rows: Whole, firms: Labels, granularity: float, min_firms: int, seed: int, near: Neighbours | None = None
) -> Found:
    """Group exemplars of all firms into themes and broad themes.

    rows: (n, d) int8, whole subject vectors. firms: (n,) the firm of each, as a number. granularity: the mean cohesion of the
    themes; higher gives more and narrower themes. min_firms: firms that a theme has at least. seed: of Leiden. near: the
    exemplars' neighbours where they are known, `n_neighbours` of them or more.
    """
    n = len(rows)
    if n < 2:
        return Found(np.full(n, -1, dtype=np.int64), np.empty(0, dtype=np.int64))
    k = n_neighbours(n)
    found, cosines = near or nearest(rows, k)
    graph = neighbour_graph(found[:, :k], cosines[:, :k])
    resolution = _resolution(graph, rows, firms, granularity, seed)
    labels = agreed_communities(graph, resolution, seed)
    held = holds_together(rows, firms, labels, granularity, min_firms)
    labels = numbered_by_size(np.where(held[labels], labels, -1))
    return Found(labels, _majority(labels, agreed_communities(graph, _BROAD, seed)))


def _resolution(graph: Any, rows: Whole, firms: Labels, granularity: float, seed: int) -> float:
    """Return the resolution at which communities cohere by `granularity`, on average over their sentences.

    Cohesion rises with the resolution, and between two doublings with its logarithm, so one interpolation is near enough.
    Rounded, so that the last bits of a machine's sums change nothing.
    """

    @cache
    def reached(doubling: int) -> float:
        labels = communities(graph, _COARSEST * 2.0**doubling, seed, 2)
        cohesion = cohesion_across(rows, firms, labels)
        sizes = np.where(cohesion > -1, np.bincount(labels), 0)
        # Where no community has two firms, finer ones have none either.
        return float(np.average(cohesion, weights=sizes)) if sizes.any() else 1.0

    finer = _LIKELY
    while finer and reached(finer - 1) >= granularity:
        finer -= 1
    while finer < _DOUBLINGS and reached(finer) < granularity:
        finer += 1
    if finer in (0, _DOUBLINGS):
        return _COARSEST * 2.0 ** max(finer - 1, 0)
    coarser = reached(finer - 1)
    part = round((granularity - coarser) / (reached(finer) - coarser), 4)
    return float(_COARSEST * 2.0**finer * 2 ** (part - 1))


def holds_together(
    rows: Whole, firms: Labels, labels: Labels, granularity: float, min_firms: int
) -> NDArray[np.bool_]:
    """Return (k,) bool: which groups have enough firms, and pairs of different firms that hold together."""
    k = int(labels.max(initial=-1)) + 1
    mine = np.unique(np.stack([labels, firms], axis=1)[labels >= 0], axis=0)
    n_firms = np.bincount(mine[:, 0], minlength=k)
    across, within = cohesions(rows, firms, labels)
    shared = (n_firms >= _HANDFUL) | (across >= _AS_NEAR * within)
    held: NDArray[np.bool_] = (n_firms >= min_firms) & (across >= _COHESION_SHARE * granularity) & shared
    return held


def cohesion_across(rows: Whole, firms: Labels, labels: Labels) -> NDArray[np.float64]:
    """Return (k,) the mean cosine of each label's pairs of sentences of two firms; -1 where there is no such pair."""
    return cohesions(rows, firms, labels)[0]


def cohesions(rows: Whole, firms: Labels, labels: Labels) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (k,) the mean cosine of each label's pairs of two firms, and of its pairs within firms; -1 for no such pair.

    With S the sum of a label's unit vectors, S_f that of firm f's, n and n_f their numbers:
    (|S|² - Σ|S_f|²) ÷ (n² - Σ n_f²), and (Σ|S_f|² - n) ÷ (Σ n_f² - n).
    """
    k = int(labels.max(initial=-1)) + 1
    inside = np.flatnonzero(labels >= 0)
    n_firms = int(firms.max(initial=0)) + 1
    keys, place = np.unique(labels[inside] * n_firms + firms[inside], return_inverse=True)
    label = keys // n_firms
    sums = _unit_sums(rows, inside, place, len(keys))
    counts = np.bincount(place, minlength=len(keys)).astype(np.float64)
    whole = np.zeros((k, rows.shape[1]))
    np.add.at(whole, label, sums)
    own = np.bincount(label, weights=(sums**2).sum(axis=1), minlength=k)
    n = np.bincount(label, weights=counts, minlength=k)
    n_own = np.bincount(label, weights=counts**2, minlength=k)

    def mean(cosines: Any, n_pairs: Any) -> NDArray[np.float64]:
        # Rounded, so that the last bits of a machine's sums decide nothing.
        return np.where(n_pairs > 0, cosines / np.maximum(n_pairs, 1), -1.0).round(6)

    return mean((whole**2).sum(axis=1) - own, n**2 - n_own), mean(own - n, n_own - n)


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
        unit = unit_rows(rows[inside[order[ends[first] : ends[last]]]])
        each = csr_array(
            (np.ones(len(unit)), np.arange(len(unit)), ends[first : last + 1] - ends[first]),
            shape=(last - first, len(unit)),
        )
        sums[first:last] = each @ unit
        first = last
    return sums


def _majority(labels: Labels, broad: Labels) -> Labels:
    """Return the broad theme (k,) that most exemplars of each theme are in, numbered from 0."""
    inside = labels >= 0
    votes = np.zeros((int(labels.max()) + 1, int(broad.max()) + 1), dtype=np.int64)
    np.add.at(votes, (labels[inside], broad[inside]), 1)
    return np.unique(votes.argmax(axis=1), return_inverse=True)[1].astype(np.int64)
