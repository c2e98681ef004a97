"""Settles every sentence: in the theme it is nearest to, with a strength, or in none.

*Strength* says how sure that is: the gate's content times the mean cosine of the sentence to the theme's members. The
mean, and not the cosine to the centroid: the two differ by how tight the theme is, so a sentence in a loose theme counts
as less sure. Among rated pairs of one theme this tells those about one subject with an AUC of .87, where the cosine to
the centroid reaches .79 (docs/validation.md). Below `floor` a sentence settles in no theme: that is the knob between
precision and coverage.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from earnings_themes.clustering.graph import unit_rows
from earnings_themes.config import ThemeSettings
from earnings_themes.themes.corpus import members
from earnings_themes.themes.find import Found, Labels, Whole, holds_together

_BLOCK: Final = 8_192
# A centroid as whole numbers of about this length: its product with a row stays below 2^21, exact in float32.
_LENGTH: Final = 4_096
# A sentence with this share of its theme's threshold is held by the broad theme alone.
_BROAD_SHARE: Final = 0.6
# A theme is empty if the sentences nearest to it, settled or not, have no more content than this, in the median. Of 107 themes
# of 159 firms (calls of 2019 to 2022), four lie below, at .12 to .51 (praise, "does that make sense", the line's noise, who
# is who on the call), and the others from .77 up.
_EMPTY: Final = 0.65
# After two rounds fewer than one sentence in a hundred moves.
_ROUNDS: Final = 2


@dataclass(frozen=True)
class Centres:
    """Themes as directions.

    Attributes
    ----------
    whole : (k, d) float32 of whole numbers, the centroid times _LENGTH
    tightness : (k,) float64, the length of the mean of the members' unit vectors, 0 to 1
    """

    whole: NDArray[np.float32]
    tightness: NDArray[np.float64]

    @property
    def unit(self) -> NDArray[np.float64]:
        """Return (k, d) the centroids at length 1."""
        return unit_rows(self.whole)

    def __getitem__(self, which: Labels | slice) -> "Centres":
        """Return some of them."""
        return Centres(self.whole[which], self.tightness[which])


@dataclass(frozen=True)
class Settled:
    """Where each sentence settled.

    Attributes
    ----------
    labels : (n,) int64, the nearest theme; -1 where it settled in none
    nearest : (n,) int64, the nearest theme that takes it, or where none does the nearest; -1 where there is no theme
    strength : (n,) float32, 0 to 1
    cosine : (n,) float32, to the nearest theme's centroid
    """

    labels: Labels
    nearest: Labels
    strength: NDArray[np.float32]
    cosine: NDArray[np.float32]


def centres(rows: Whole, labels: Labels, k: int) -> Centres:
    """Return the centres of k themes from their members; exact sums, so no order matters. labels: (n,), -1 for no theme."""
    sums = np.zeros((k, rows.shape[1]), dtype=np.int64)
    counts = np.zeros(k, dtype=np.int64)
    for start in range(0, len(rows), _BLOCK):
        block = labels[start : start + _BLOCK]
        inside = np.flatnonzero(block >= 0)
        ones = np.ones(len(inside), dtype=np.int64)
        holds = csr_array((ones, (block[inside], inside)), shape=(k, len(block)))
        sums += holds @ rows[start : start + _BLOCK].astype(np.int64)
        counts += np.bincount(block[inside], minlength=k)
    lengths = np.sqrt((sums * sums).sum(axis=1).astype(np.float64))
    whole = np.rint(sums / np.maximum(lengths, 1)[:, None] * _LENGTH).astype(np.float32)
    # A row has length SCALE but for its rounding, so this is the mean unit vector's length.
    tightness = lengths / np.maximum(counts, 1) / 256.0
    return Centres(whole, np.minimum(tightness, 1.0))


def settle(
    rows: Whole, content: NDArray[np.float32], themes: Centres, floor: float | NDArray[np.float64]
) -> Settled:
    """Give each of n sentences its nearest theme and its strength.

    content: (n,) the gate's. floor: the least strength with which a sentence settles; of all k themes, or (k,) of each: it then
    settles in the nearest that takes it.
    """
    nearest = np.full(len(rows), -1, dtype=np.int64)
    cosine = np.zeros(len(rows), dtype=np.float32)
    if not len(themes.whole):
        return Settled(nearest, nearest, cosine, cosine)
    for start in range(0, len(rows), _BLOCK):
        part = slice(start, start + _BLOCK)
        block = rows[part].astype(np.float32)
        lengths = np.sqrt((block * block).sum(axis=1).astype(np.float64)).clip(1e-12)
        products = block @ themes.whole.T
        best = products.argmax(axis=1)
        if np.ndim(floor) and np.ptp(floor):
            # A theme that asks for more than a sentence has leaves it to the nearest that does not.
            scale = content[part] / lengths / _LENGTH
            takes = products * themes.tightness * scale[:, None] >= floor
            best = np.where(takes.any(axis=1), np.where(takes, products, -np.inf).argmax(axis=1), best)
        nearest[part] = best
        cosine[part] = products[np.arange(len(block)), best].astype(np.float64) / lengths / _LENGTH
    strength = content * np.maximum(cosine, 0) * themes.tightness[nearest].astype(np.float32)
    strength = strength.astype(np.float32)
    least = np.broadcast_to(np.asarray(floor, dtype=np.float32), len(themes.whole))
    return Settled(np.where(strength >= least[nearest], nearest, -1), nearest, strength, cosine)


def settle_all(
    rows: Whole,
    content: NDArray[np.float32],
    firms: Labels,
    exemplars: Labels,
    found: Found,
    settings: ThemeSettings,
) -> tuple[Centres, Settled, Labels]:
    """Settle every modelled sentence, recompute the centres from what settled, and keep the themes that still hold.

    Returns the centres, where each sentence settled, and the broad theme (k,) of each theme. rows, content, firms: of m
    sentences. exemplars: (e,) rows of those that the themes were found from.
    """
    labels = np.full(len(rows), -1, dtype=np.int64)
    labels[exemplars] = found.labels
    places = centres(rows, labels, found.n_themes)
    broad = found.broad
    settled = settle(rows, content, places, settings.floor)
    for last in (*[False] * _ROUNDS, True):
        if not last:
            places = centres(rows, settled.labels, len(places.whole))
        keep = np.flatnonzero(_holds(rows, firms, settled.labels, len(places.whole), settings))
        places = places[keep]
        broad = broad[keep]
        settled = settle(rows, content, places, settings.floor)
    return places, settled, np.unique(broad, return_inverse=True)[1].astype(np.int64)


def without_subject(content: NDArray[np.float32], settled: Settled, k: int) -> NDArray[np.bool_]:
    """Return (k,) which themes are a manner of speech: thanks, praise, what could be said about anything.

    What settled has content, because strength counts it; what lies around a theme shows what kind of speech it is of.
    """
    around = members(settled.nearest, k)
    return np.array([len(rows) > 0 and np.median(content[rows]) < _EMPTY for rows in around], dtype=bool)


def held_broadly(settled: Settled, floors: NDArray[np.float64]) -> Labels:
    """Return (m,) the theme whose broad theme alone holds a sentence, -1 for none. floors: (k,) each theme's threshold."""
    least = np.append(_BROAD_SHARE * floors, np.inf)
    near = (settled.labels < 0) & (settled.strength >= least[settled.nearest])
    return np.where(near, settled.nearest, -1)


def _holds(rows: Whole, firms: Labels, labels: Labels, k: int, settings: ThemeSettings) -> NDArray[np.bool_]:
    """Return (k,) which themes have enough firms, none of which dominates, and hold together across firms."""
    inside = labels >= 0
    most_firms = int(firms.max(initial=0)) + 1
    pairs, counts = np.unique(labels[inside] * most_firms + firms[inside], return_counts=True)
    of_pairs = pairs // most_firms
    n_firms = np.bincount(of_pairs, minlength=k)
    total = np.bincount(labels[inside], minlength=k)
    largest = np.zeros(k, dtype=np.int64)
    np.maximum.at(largest, of_pairs, counts)
    # Two firms hold at least a half: an equal share, half as much again, is no domination, whatever the limit.
    most = np.maximum(settings.max_firm_share, 1.5 / np.maximum(n_firms, 1))
    together = holds_together(rows, firms, labels, settings.granularity, settings.min_firms)
    held: NDArray[np.bool_] = np.append(together, np.zeros(k - len(together), dtype=np.bool_))
    return held & (largest <= most * np.maximum(total, 1))
