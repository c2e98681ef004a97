"""How far a theme comes back when other firms are asked, measured after settling.

Clusterwise stability (Hennig 2007, doi:10.1016/j.csda.2006.11.025): the clustering is repeated on the exemplars of a
random nine tenths of the firms, and a theme's stability is the mean of the largest Jaccard index between it and a theme
of the repeat. He calls themes under .6 not to be trusted.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from earnings_themes.clustering.graph import Neighbours, nearest, nearest_among
from earnings_themes.config import ThemeSettings
from earnings_themes.system.processes import one_thread, pool
from earnings_themes.themes.find import Labels, Whole, find_themes, n_neighbours
from earnings_themes.themes.settle import centres, settle

# Below, a process takes longer to start than the repeat.
_WORTH_A_PROCESS: Final = 3_000
# Neighbours that are looked up, as a multiple of the graph's, so that nine tenths of the firms leave enough: of Rev's 18,265
# exemplars 17 to 73 lack one.
_SPARE: Final = 2


@dataclass(frozen=True)
class Stability:
    """Stability of each theme and broad theme by its number, 0 to 1, None where it is not measured."""

    themes: tuple[float | None, ...]
    broad: tuple[float | None, ...]

    def in_order(self, order: Sequence[int]) -> "Stability":
        """Return it with the themes in another order."""
        return Stability(tuple(self.themes[theme] for theme in order), self.broad)


@dataclass(frozen=True)
class Repeats:
    """The clustering of parts of the firms, begun before the themes are found: neither needs the other.

    Attributes
    ----------
    near : the exemplars' neighbours, None where nothing is repeated
    parts : of each repeat (n,) bool, which exemplars are of its firms
    repeated : of each repeat the theme and the broad theme of each of these
    """

    near: Neighbours | None = None
    parts: Sequence[NDArray[np.bool_]] = ()
    repeated: Iterable[tuple[Labels, Labels]] = ()

    def stability(self, labels: Labels, broad: Labels) -> Stability:
        """Compare, once, with the themes that were found.

        labels: (n,) where each exemplar settled, -1 for none. broad: (k,) the broad theme of each theme.
        """
        k, b, runs = len(broad), int(broad.max(initial=-1)) + 1, len(self.parts)
        if not runs or k == 0:
            return Stability((None,) * k, (None,) * b)
        found, wide = np.zeros(k), np.zeros(b)
        wide_labels = np.where(labels >= 0, broad[labels], -1)
        for kept, (other, other_wide) in zip(self.parts, self.repeated, strict=True):
            # What settled nowhere at first says nothing of a theme, and is nowhere in the repeat either.
            some = labels[kept] >= 0
            found += jaccard(labels[kept], np.where(some, other, -1), k).max(axis=1, initial=0)
            wide += jaccard(wide_labels[kept], np.where(some, other_wide, -1), b).max(axis=1, initial=0)
        return Stability(tuple((found / runs).tolist()), tuple((wide / runs).tolist()))


@contextmanager
def repeats(
    rows: Whole, firms: Labels, settings: ThemeSettings, seed: int, workers: int = 1
) -> Iterator[Repeats]:
    """Begin the repeats in processes of their own, which end with the block. workers: cores to use; no result depends on it.

    rows: (n, d) int8, the exemplars. firms: (n,). settings: of the themes; `stability_runs` 0 repeats nothing.
    """
    if not settings.stability_runs or not len(rows):
        yield Repeats()
        return
    near = nearest(rows, _SPARE * n_neighbours(len(rows)))
    draw = np.random.default_rng(seed)
    all_firms = np.unique(firms)
    n_some = max(2, -(-len(all_firms) * 9 // 10))
    parts = [np.isin(firms, draw.permutation(all_firms)[:n_some]) for _ in range(settings.stability_runs)]
    again = []
    for run, kept in enumerate(parts, 1):
        among = nearest_among(rows, kept, near, n_neighbours(int(kept.sum())))
        again.append((rows[kept], firms[kept], settings.granularity, settings.min_firms, seed + run, among))
    # One process more than cores: this one, which finds the themes, is done early and then waits.
    with pool(workers + 1) if workers > 1 and len(rows) > _WORTH_A_PROCESS else nullcontext() as processes:
        yield Repeats(near, parts, (processes.map if processes else map)(_repeated, again))


@one_thread
def _repeated(part: tuple[Whole, Labels, float, int, int, Neighbours]) -> tuple[Labels, Labels]:
    """Return the theme and the broad theme of each exemplar in a repeat, -1 where there is none. part: for find_themes."""
    rows, firms, granularity, min_firms, seed, near = part
    again = find_themes(rows, firms, granularity, min_firms, seed, near)
    places = centres(rows, again.labels, again.n_themes)
    other = settle(rows, np.ones(len(rows), dtype=np.float32), places, 0.0).nearest
    return other, np.where(other >= 0, again.broad[other], -1) if again.n_themes else other


def jaccard(one: Labels, other: Labels, k: int) -> NDArray[np.float64]:
    """Return (k, m) the Jaccard index of each of k labels with each of the m of the other; -1 is in none."""
    m = int(other.max(initial=-1)) + 1
    both = (one >= 0) & (other >= 0)
    shared = np.zeros((k, m))
    np.add.at(shared, (one[both], other[both]), 1)
    sizes = np.bincount(one[one >= 0], minlength=k)[:, None]
    others = np.bincount(other[other >= 0], minlength=m)
    index: NDArray[np.float64] = shared / np.maximum(sizes + others - shared, 1)
    return index
