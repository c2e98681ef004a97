"""How far a theme comes back when other firms are asked, measured after settling.

Clusterwise stability (Hennig 2007, doi:10.1016/j.csda.2006.11.025): the clustering is repeated on the exemplars of a
random nine tenths of the firms, and a theme's stability is the mean of the largest Jaccard index between it and a theme
of the repeat. He calls themes under .6 not to be trusted.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from earnings_themes.system.processes import one_thread, pool
from earnings_themes.themes.find import find_themes
from earnings_themes.themes.settle import centres, settle

# Below, a process takes longer to start than the repeat.
_WORTH_A_PROCESS: Final = 3_000


@dataclass(frozen=True)
class Stability:
    """Stability, 0 to 1, None where it is not measured.

    Attributes
    ----------
    themes : a number a theme
    broad : a number a broad theme
    """

    themes: tuple[float | None, ...]
    broad: tuple[float | None, ...]

    def in_order(self, order: Sequence[int]) -> "Stability":
        """Return it with the themes in another order."""
        return Stability(tuple(self.themes[theme] for theme in order), self.broad)


def stability_of(
    rows: NDArray[np.int8],
    firms: NDArray[np.int64],
    labels: NDArray[np.int64],
    broad: NDArray[np.int64],
    granularity: float,
    min_firms: int,
    runs: int,
    seed: int,
    workers: int = 1,
) -> Stability:
    """Repeat the clustering on parts of the firms.

    Parameters
    ----------
    rows : (n, d) int8, the exemplars
    firms : (n,)
    labels : (n,) where each settled, -1 for none
    broad : (k,) the broad theme of each theme
    runs : repeats; 0 measures nothing
    workers : processes that repeat; the result does not depend on it
    """
    k, b = len(broad), int(broad.max(initial=-1)) + 1
    if not runs or k == 0:
        return Stability((None,) * k, (None,) * b)
    draw = np.random.default_rng(seed)
    all_firms = np.unique(firms)
    n_some = max(2, -(-len(all_firms) * 9 // 10))
    parts = [np.isin(firms, draw.permutation(all_firms)[:n_some]) for _ in range(runs)]
    again = [
        _Repeat(rows[inside], firms[inside], granularity, min_firms, seed + run + 1)
        for run, inside in enumerate(parts)
    ]
    with pool(workers) if workers > 1 and len(rows) > _WORTH_A_PROCESS else nullcontext() as processes:
        repeated = list(processes.map(_repeated, again) if processes else map(_repeated, again))
    found, wide = np.zeros(k), np.zeros(b)
    wide_labels = np.where(labels >= 0, broad[labels], -1)
    for inside, (other, other_wide) in zip(parts, repeated, strict=True):
        # What settled nowhere at first says nothing of a theme, and is nowhere in the repeat either.
        some = labels[inside] >= 0
        found += _best_jaccard(labels[inside], np.where(some, other, -1), k)
        wide += _best_jaccard(wide_labels[inside], np.where(some, other_wide, -1), b)
    return Stability(tuple((found / runs).tolist()), tuple((wide / runs).tolist()))


@dataclass(frozen=True)
class _Repeat:
    rows: NDArray[np.int8]
    firms: NDArray[np.int64]
    granularity: float
    min_firms: int
    seed: int


@one_thread
def _repeated(part: _Repeat) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the theme and the broad theme of each exemplar in a repeat, -1 where there is none."""
    again = find_themes(part.rows, part.firms, part.granularity, part.min_firms, part.seed)
    places = centres(part.rows, again.labels, again.n_themes)
    sure = np.ones(len(part.rows), dtype=np.float32)
    other = settle(part.rows, sure, places, 0.0).nearest
    return other, np.where(other >= 0, again.broad[other], -1) if again.n_themes else other


def _best_jaccard(one: NDArray[np.int64], other: NDArray[np.int64], k: int) -> NDArray[np.float64]:
    """Return (k,) each label's largest Jaccard index with a label of the other; 0 for one without members."""
    m = int(other.max(initial=-1)) + 1
    both = (one >= 0) & (other >= 0)
    shared = np.zeros((k, max(m, 1)))
    np.add.at(shared, (one[both], other[both]), 1)
    sizes = np.bincount(one[one >= 0], minlength=k)[:, None]
    others = np.bincount(other[other >= 0], minlength=max(m, 1))[None, :]
    best: NDArray[np.float64] = (shared / np.maximum(sizes + others - shared, 1)).max(axis=1)
    return best
