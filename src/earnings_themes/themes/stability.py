"""How far a theme comes back when other firms are asked, measured after settling.

Clusterwise stability (Hennig 2007, doi:10.1016/j.csda.2006.11.025): the clustering is repeated on the exemplars of a
random nine tenths of the firms, and a theme's stability is the mean of the largest Jaccard index between it and a theme
of the repeat. He calls themes under .6 not to be trusted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from earnings_themes.themes.find import find_themes
from earnings_themes.themes.settle import centres, settle

_SHARE: Final = 0.9


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
) -> Stability:
    """Repeat the clustering on parts of the firms.

    Parameters
    ----------
    rows : (n, d) int8, the exemplars
    firms : (n,)
    labels : (n,) where each settled, -1 for none
    broad : (k,) the broad theme of each theme
    runs : repeats; 0 measures nothing
    """
    k, b = len(broad), int(broad.max(initial=-1)) + 1
    if not runs or k == 0:
        return Stability((None,) * k, (None,) * b)
    draw = np.random.default_rng(seed)
    all_firms = np.unique(firms)
    found = np.zeros(k)
    wide = np.zeros(b)
    wide_labels = np.where(labels >= 0, broad[labels], -1)
    for run in range(runs):
        some = draw.permutation(all_firms)[: max(2, -(-int(len(all_firms) * _SHARE * 10) // 10))]
        inside = np.isin(firms, some)
        again = find_themes(rows[inside], firms[inside], granularity, min_firms, seed + run + 1)
        places = centres(rows[inside], again.labels, again.n_themes)
        other = settle(rows[inside], np.ones(int(inside.sum()), dtype=np.float32), places, 0.0).nearest
        # What settled nowhere at first says nothing of a theme, and is nowhere in the repeat either.
        other = np.where(labels[inside] >= 0, other, -1)
        found += _best_jaccard(labels[inside], other, k)
        other_wide = np.where(other >= 0, again.broad[other], -1) if again.n_themes else other
        wide += _best_jaccard(wide_labels[inside], other_wide, b)
    return Stability(tuple((found / runs).tolist()), tuple((wide / runs).tolist()))


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
