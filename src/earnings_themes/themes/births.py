"""Finds what is born: a subject that clearly more of a quarter's firms speak of than in the runs before.

A new subject is a place among the sentences where this quarter's are dense and the past's are not, whatever themes lie
around it; the search of a run by itself, which asks for themes of a usual width, divides or buries it. So the quarters of each
sentence's nearest neighbours are counted (the local form of the nearest-neighbour two-sample test, Schilling 1986,
doi:10.1080/01621459.1986.10478337). Sentences with more neighbours of this quarter than chance gives, linked where they are
each other's neighbours, make groups: the candidates.

A candidate is born where more firms speak of it than before, by Fisher's exact test, of all candidates together. What a firm
says is compared with the other firms' sentences alone, so it does not count for having made the group. A born theme keeps the
least strength at which it is new: it holds what is new, not all that lies nearer to it than to any older theme.
docs/registry.md has the measurements.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from earnings_themes.clustering.graph import agreed_communities, nearest, neighbour_graph, unit_rows
from earnings_themes.config import ThemeSettings
from earnings_themes.registry.grow import FOUND_AGAIN
from earnings_themes.registry.past import Past
from earnings_themes.themes.find import Labels, holds_together
from earnings_themes.themes.settle import Centres, centres, settle

Floats = NDArray[np.float64]

# Firms that speak of what is born: five, or two in a hundred of the quarter's.
_FEWEST: Final = 5
BIRTH_SHARE: Final = 0.02
# Neighbours whose quarter is asked, at least, among so many nearest: a firm's own do not count.
_NEIGHBOURS: Final = 10
_LOOK: Final = 64
# Chance gives a sentence such neighbours so often, by the binomial.
_NEW: Final = 0.05
# Strengths above the floor at which firms are counted: a narrow subject stands out only close to its middle.
_STEPS: Final = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3)
# Of candidates that are no newer than before so many are born by chance, all of a quarter's together. After one run, two of eight
# planted subjects were born with .01, four with .03 and five with .1; in ten quarters without one, three, five and eleven were born.
_ERROR: Final = 0.03
# The least that a subject's share grows: with 2, born themes held more than twice as many sentences of other subjects.
_GROWTH: Final = 3.0
# The resolution of the groups: that of plain modularity.
_RESOLUTION: Final = 1.0


def born(
    quarter: Past, there: Centres, past: Past | None, settings: ThemeSettings, seed: int
) -> tuple[Centres, Floats]:
    """Return the k themes that are born of a quarter, and the least strength (k,) at which a sentence settles in each.

    No theme where there is no past to compare with. quarter: its sentences with content. there: the old themes. past: sentences of
    the runs before.
    """
    if past is None or len(quarter.rows) < 2:
        return there[:0], np.empty(0)
    n_firms = len(np.unique(quarter.firms))
    least = max(settings.min_firms, _FEWEST, math.ceil(BIRTH_SHARE * n_firms))
    labels = _groups(quarter, past, seed)
    labels = _kept(labels, holds_together(quarter.rows, quarter.firms, labels, settings.granularity, least))
    levels = settings.floor + np.array(_STEPS)
    found, p, enough = _tested(labels, quarter, past, there, levels, least)
    error = _ERROR / max(len(p), 1)
    near = np.round(found.unit @ there.unit.T, 9).max(axis=1, initial=-1)
    labels = _kept(labels, ((p < error) & enough).any(axis=1) & (near < FOUND_AGAIN))
    labels = _joined(quarter, labels, settings.granularity)
    found, p, enough = _tested(labels, quarter, past, there, levels, least)
    new = (p < error) & enough
    return found, levels[np.where(new.any(axis=1), new.argmax(axis=1), p.argmin(axis=1))]


def _kept(labels: Labels, keep: NDArray[np.bool_]) -> Labels:
    """Return the labels with some groups alone, numbered anew."""
    return np.append(np.where(keep, np.cumsum(keep) - 1, -1), -1)[labels]


def _joined(quarter: Past, labels: Labels, granularity: float) -> Labels:
    """Join groups that one theme of the usual width holds: the two nearest, while their sentences cohere like a theme's."""
    found = centres(quarter.rows, labels, int(labels.max(initial=-1)) + 1)
    n = np.bincount(labels[labels >= 0], minlength=len(found.whole)).astype(np.float64)
    sums = found.unit * (found.tightness * n)[:, None]
    into = np.arange(len(n))
    while len(n) > 1:
        cohesion = np.round(sums @ sums.T / np.outer(n, n), 9) - 2 * np.eye(len(n))
        a, b = np.unravel_index(cohesion.argmax(), cohesion.shape)
        if cohesion[a, b] < granularity:
            break
        sums[a] += sums[b]
        n[a] += n[b]
        sums, n = np.delete(sums, b, axis=0), np.delete(n, b)
        into[into == b] = a
        into[into > b] -= 1
    return np.append(into, -1)[labels]


def _tested(
    labels: Labels, quarter: Past, past: Past, there: Centres, levels: Floats, least: int
) -> tuple[Centres, Floats, NDArray[np.bool_]]:
    """Return the groups' centres, how probable their firms are (k, levels), and whether these are enough.

    By Fisher's exact test, one-sided: as probable as chance makes so many of the firms the quarter's.
    """
    # Most runs have no registry and ask no test: scipy.stats takes a second to load.
    from scipy.stats import hypergeom

    found = centres(quarter.rows, labels, int(labels.max(initial=-1)) + 1)
    members = np.bincount(labels[labels >= 0], minlength=len(found.whole))
    said, n_now = _firms(quarter, found, members, there, levels, labels)
    was, n_past = _firms(past, found, members, there, levels)
    p = np.asarray(hypergeom.sf(said - 1, n_now + n_past, said + was, n_now), dtype=np.float64)
    return found, p, (said >= least) & (said / n_now >= _GROWTH * was / n_past)


def _groups(quarter: Past, past: Past, seed: int) -> Labels:
    """Return the group (n,) of each of the quarter's sentences that lie where the past's do not, -1 for the others."""
    from scipy.stats import binom

    n = len(quarter.rows)
    found, cosine = nearest(np.concatenate([quarter.rows, past.rows]), _LOOK, np.arange(n))
    firm = np.concatenate([quarter.firms, past.firms + quarter.firms.max() + 1])
    known = firm[found] != quarter.firms[:, None]
    share = n / len(firm)
    # After a small past, twice as many as would all have to be of this quarter.
    k = max(_NEIGHBOURS, math.ceil(2 * math.log(_NEW) / math.log(share)))
    known &= np.cumsum(known, axis=1) <= k
    ours = (known & (found < n)).sum(axis=1)
    new = np.flatnonzero(binom.sf(ours - 1, k, share) < _NEW)
    number = np.full(len(firm), -1, dtype=np.int64)
    number[new] = np.arange(len(new))
    links = np.where(known, number[found], -1)[new]
    labels = np.full(n, -1, dtype=np.int64)
    labels[new] = agreed_communities(neighbour_graph(links, cosine[new]), _RESOLUTION, seed)
    return labels


def _firms(
    said: Past, found: Centres, members: Labels, there: Centres, levels: Floats, labels: Labels | None = None
) -> tuple[Floats, int]:
    """Return (k, levels) the firms with a sentence of that strength, nearer to a candidate than to old themes; and all firms.

    members: (k,) sentences of each candidate. labels: (n,) the candidate that each sentence is of, where some are: for a
    firm that has some, a candidate is what the others say.
    """
    old = np.round(settle(said.rows, said.content, there, 0.0).cosine, 6)
    sums = found.unit * (found.tightness * members)[:, None]
    order = np.argsort(said.firms, kind="stable")
    of_firms = np.split(order, np.flatnonzero(np.diff(said.firms[order])) + 1)
    counts = np.zeros((len(sums), len(levels)))
    for own in of_firms:
        rows = unit_rows(said.rows[own])
        others, n = sums.copy(), members.astype(np.float64)
        if labels is not None:
            of = np.flatnonzero(labels[own] >= 0)
            np.subtract.at(others, labels[own][of], rows[of])
            np.subtract.at(n, labels[own][of], 1)
        length = np.linalg.norm(others, axis=1).clip(1e-12)
        cosine = np.round(rows @ (others / length[:, None]).T, 6)
        strength = said.content[own, None] * cosine * length / n.clip(1)
        strength[cosine <= old[own, None]] = 0
        counts += strength.max(axis=0)[:, None] >= levels
    return counts, len(of_firms)
