"""Finds what is born: a subject that a quarter's firms say clearly more than those of the year before.

The quarter is searched as a run by itself is, old themes or not, so a subject is seen whole although some of its sentences
would settle in old themes. What is found competes with these: it takes the sentences that lie nearer to it. It is
born where it is found again in both halves of the firms, lies further from each old theme than its halves from each other,
and more firms say it than did before. That is tested across the halves: what one half's firms brought forth is
counted in the other half's sentences and in the past's, so chance that made a group makes no birth. A quarter in which
nothing changed then adds themes as rarely as the test errs (docs/registry.md has the measurements).
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

from earnings_themes.config import ThemeSettings
from earnings_themes.registry.past import Past
from earnings_themes.themes.find import find_themes
from earnings_themes.themes.settle import Centres, centres, settle, settle_all

Bool = NDArray[np.bool_]
Floats = NDArray[np.float64]

# The share of a quarter's firms that say what is born. With five firms in place of a share, 62 to 78 themes were born in a
# quarter in which nothing had changed, with it 4 (docs/registry.md, "Births").
BIRTH_SHARE: Final = 0.08
# Random splits of the firms into halves, of which most agree.
_SPLITS: Final = 3
# Firms are counted that say it in at least so many sentences: what few say at length is new as well as what many touch.
_SAID: Final = (1, 2, 4)
# Of a theme that is no newer than before so many in a hundred are born by chance; and the least that its share grows.
_ERROR: Final = 0.05
_GROWTH: Final = 2.0
_BLOCK: Final = 8_192


def born(quarter: Past, there: Centres, past: Past | None, settings: ThemeSettings, seed: int) -> Centres:
    """Return the centres of the themes that are born of a quarter, none where there is no past to compare with.

    quarter: its sentences with content. there: the old themes. past: sentences of
    the runs before.
    """
    n = len(np.unique(quarter.firms))
    least = max(settings.min_firms, math.ceil(BIRTH_SHARE * n))
    found = find_themes(quarter.rows, quarter.firms, settings.granularity, least, seed)
    every = np.arange(len(quarter.rows))
    places, _, _ = settle_all(quarter.rows, quarter.content, quarter.firms, every, found, settings)
    if past is None or not len(places.whole):
        return Centres(places.whole[:0], places.tightness[:0])
    now, before = (_Counter(said, there, settings.floor) for said in (quarter, past))
    near = np.round(places.unit @ there.unit.T, 9).max(axis=1, initial=-1)
    passed = np.zeros(len(places.whole), dtype=np.int64)
    draw = np.random.default_rng(seed)
    for _ in range(_SPLITS):
        half = np.isin(quarter.firms, draw.permutation(np.unique(quarter.firms))[: n // 2])
        passed += _is_new(quarter, half, places, near, now, before, settings, seed)
    keep = (passed > _SPLITS // 2) & (now.firms(places)[:, 0] >= least)
    return Centres(places.whole[keep], places.tightness[keep])


def _is_new(
    quarter: Past, half: Bool, places: Centres, near: Floats, now: "_Counter", before: "_Counter",
    settings: ThemeSettings, seed: int,
) -> Bool:  # fmt: skip
    """Return (k,) which candidates are found again in both halves, apart from old themes, and said more than before."""
    said = np.zeros((len(places.whole), len(_SAID)))
    was = np.zeros_like(said)
    match = []
    for inside in (half, ~half):
        rows, firms = quarter.rows[inside], quarter.firms[inside]
        found = find_themes(rows, firms, settings.granularity, settings.min_firms, seed)
        if not found.n_themes:
            return np.zeros(len(said), dtype=bool)
        own = centres(rows, found.labels, found.n_themes)
        best = np.round(places.unit @ own.unit.T, 9).argmax(axis=1)
        own = Centres(own.whole[best], own.tightness[best])
        match.append(own.unit)
        said += now.firms(own, ~inside)
        was += before.firms(own) / 2
    apart = np.round((match[0] * match[1]).sum(axis=1), 9)
    growth = said / now.n >= _GROWTH * was / before.n
    # Fisher's exact test, one-sided; as many tests as counts, so each at its part of the error (Bonferroni).
    was = np.rint(was)
    p = hypergeom.sf(said - 1, now.n + before.n, said + was, now.n)
    new: Bool = (near < apart) & ((p < _ERROR / len(_SAID)) & growth).any(axis=1)
    return new


class _Counter:
    """Counts the firms that say a candidate, where old themes compete for each sentence."""

    def __init__(self, said: Past, there: Centres, floor: float) -> None:
        self._said, self._floor = said, floor
        self._old = settle(said.rows, said.content, there, 0.0).cosine
        self._firm = np.unique(said.firms, return_inverse=True)[1]
        self.n = int(self._firm.max(initial=-1)) + 1

    def firms(self, places: Centres, some: Bool | None = None) -> Floats:
        """Return (k, 3) the firms with at least 1, 2 and 4 sentences nearer to a candidate than to any old theme.

        some: (n,) which sentences count, None for all.
        """
        counts = np.zeros((self.n, len(places.whole)), dtype=np.int64)
        chosen = np.arange(len(self._firm)) if some is None else np.flatnonzero(some)
        for start in range(0, len(chosen), _BLOCK):
            block = chosen[start : start + _BLOCK]
            rows = self._said.rows[block].astype(np.float64)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True).clip(1e-12)
            cosine = np.round(rows @ places.unit.T, 6)
            strength = self._said.content[block, None] * cosine.clip(0) * places.tightness
            takes = (cosine > np.round(self._old[block, None], 6)) & (strength >= self._floor)
            np.add.at(counts, self._firm[block], takes)
        found: Floats = np.stack([(counts >= least).sum(axis=0) for least in _SAID], axis=1).astype(float)
        return found
