"""Divides a theme in two, where its sentences are about two subjects; a curator decides, these figures only propose.

What a registry keeps of earlier sentences (registry/past.py) is settled in its themes, and the vectors of one theme are divided by
2-means on the sphere (Dhillon and Modha 2001, doi:10.1023/A:1007612920971). Any theme can be divided; it is proposed where

- halves of its firms, each divided by itself, give the same two parts (stability as in stability.py);
- the parts lie further apart than those of a cloud without parts that is as wide in every direction (the null hypothesis of
  SigClust, Liu et al. 2008, doi:10.1198/016214508000000454), which 2-means divides nearly as stably;
- neither coheres less than the whole does, and enough firms of one run speak of each.

Sums and products are of whole numbers, so the same past gives the same parts on every machine.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Final

import numpy as np
from numpy.typing import NDArray

from earnings_themes.embedding.space import load_space
from earnings_themes.errors import RegistryError
from earnings_themes.registry import RegistryTheme, Version
from earnings_themes.registry.past import Past
from earnings_themes.registry.records import Seen, state_of
from earnings_themes.themes.corpus import members
from earnings_themes.themes.find import Labels, Whole, cohesions
from earnings_themes.themes.registered import settle_known
from earnings_themes.themes.settle import Centres, centres

# Pairs of sentences that the 2-means starts from; the division whose parts cohere most counts. And rounds, at most.
_STARTS: Final = 8
_ROUNDS: Final = 50
# Halvings of the firms, and sentences that are divided each time: more take longer and decide the same.
_HALVINGS: Final = 5
_MOST: Final = 2_000
# Firms of one run that speak of each part: as many as a birth takes (births.py).
_FIRMS: Final = 5
# What Hennig (2007) calls a valid, stable part. Two themes put together (68 pairs of neighbours, MAEC) reach .9 in the median,
# themes .5, clouds without parts .7: so this alone tells little.
_STABLE: Final = 0.75
# Of 93 clouds with the mean and covariance of a theme (MAEC, static encoder) one is proposed by all these numbers, of 68 pairs
# of neighbouring themes put together 32, of the 93 themes three.
_APART: Final = 0.65
# Phrases that are shown of each part.
_SHOWN: Final = 6


@dataclass(frozen=True)
class Members:
    """The n past sentences that count as one theme. runs: (n,) the run of each; firms: (n,) numbered anew in each run."""

    rows: Whole
    runs: Labels
    firms: Labels

    @property
    def speakers(self) -> Labels:
        """Return (n,) a number for each firm of each run."""
        found: Labels = np.unique(np.stack([self.runs, self.firms]), axis=1, return_inverse=True)[1]
        return found.reshape(-1).astype(np.int64)


@dataclass(frozen=True)
class Division:
    """A theme in two parts, that of more sentences first. labels: (n,) 0 or 1."""

    places: Centres
    labels: Labels


@dataclass(frozen=True)
class Candidate:
    """A theme that could be split. stability: 0 to 1. words: the phrases of the registry that lie nearest to each part."""

    theme: RegistryTheme
    n_sentences: tuple[int, int]
    n_firms: tuple[int, int]
    stability: float
    words: tuple[tuple[str, ...], tuple[str, ...]]


def members_of(version: Version, pasts: Mapping[str, Past]) -> dict[str, Members]:
    """Return the past sentences that count as each theme, by its id; of each run those of the themes that were there."""
    themes = version.fine
    parts = []
    seen = set()
    for number, ran in enumerate(version.runs):
        seen.add(ran.run)
        if (past := pasts.get(ran.run)) is not None:
            there = [place for place, theme in enumerate(themes) if theme.born in seen]
            settled = settle_known(past.rows, past.content, [themes[place] for place in there])
            labels = np.array([*there, -1], dtype=np.int64)[settled.labels]
            parts.append((labels, past.rows, np.full(len(labels), number), past.firms))
    if not parts:
        return {}
    labels, rows, runs, firms = (np.concatenate(column) for column in zip(*parts, strict=True))
    return {
        theme.theme_id: Members(rows[own], runs[own], firms[own])
        for theme, own in zip(themes, members(labels, len(themes)), strict=True)
    }


def divide(rows: Whole) -> Division | None:
    """Return the division of n sentences whose two parts cohere most, None where all are one. rows: (n, d) int8."""
    best: tuple[float, NDArray[np.bool_]] | None = None
    draw = np.random.default_rng(0)
    wide = rows.astype(np.float32)
    total = rows.sum(axis=0, dtype=np.int64)
    for _ in range(_STARTS if len(rows) > 1 else 0):
        one, other = wide[draw.choice(len(rows), 2, replace=False)]
        labels = wide @ (other - one) > 0
        for _ in range(_ROUNDS):
            second = rows[labels].sum(axis=0, dtype=np.int64)
            sums = np.stack([total - second, second])
            lengths = np.sqrt((sums * sums).sum(axis=1).astype(np.float64))
            if not lengths.all() or not 0 < labels.sum() < len(rows):
                break
            # As long as a centre of settle.py, whose products with a row are exact in single precision.
            one, other = np.rint(sums / lengths[:, None] * 4_096).astype(np.float32)
            before, labels = labels, wide @ other > wide @ one
            if np.array_equal(before, labels):
                if best is None or lengths.sum() > best[0]:
                    best = float(lengths.sum()), labels
                break
    if best is None:
        return None
    second_is_larger = int(best[1].sum()) * 2 > len(rows)
    found = (best[1] != second_is_larger).astype(np.int64)
    return Division(centres(rows, found, 2), found)


def candidates(version: Version, pasts: Mapping[str, Past]) -> list[Candidate]:
    """Return the themes whose members divide stably into two subjects, the most stable first."""
    found = []
    said = members_of(version, pasts)
    for theme in version.counted:
        own = said.get(theme.theme_id)
        if own is None or (parts := divide(own.rows)) is None or not _apart(own, parts):
            continue
        n_firms = _n_firms(own, parts)
        if min(n_firms) < max(_FIRMS, version.min_firms):
            continue
        stability = stability_of(own)
        if stability >= _STABLE:
            first, second = np.bincount(parts.labels, minlength=2).tolist()
            words = _words(version, theme, parts.places)
            found.append(Candidate(theme, (first, second), n_firms, round(stability, 2), words))
    return sorted(found, key=lambda each: (-each.stability, each.theme.theme_id))


def _n_firms(own: Members, parts: Division) -> tuple[int, int]:
    """Return how many firms speak of each part, in the run in which most do."""
    said = np.unique(np.stack([parts.labels, own.runs, own.firms]), axis=1)
    first, second = (int(np.bincount(said[1, said[0] == part]).max(initial=0)) for part in (0, 1))
    return first, second


def stability_of(own: Members) -> float:
    """Return how far two halves of the firms divide a theme's members alike: the smaller Jaccard index of its two parts.

    The mean of some halvings; 0 where a half cannot be divided. A firm of two runs may stand in both halves, since past/ does
    not say who it is.
    """
    draw = np.random.default_rng(0)
    speakers = own.speakers
    found = []
    for _ in range(_HALVINGS):
        half = np.isin(speakers, draw.permutation(int(speakers.max()) + 1)[::2])
        some = [draw.permutation(np.flatnonzero(side))[:_MOST] for side in (half, ~half)]
        one, other = (divide(own.rows[rows]) for rows in some)
        if one is None or other is None:
            return 0.0
        rows = own.rows[np.concatenate(some)].astype(np.float32)
        first, second = ((rows @ part.places.whole.T).argmax(axis=1) for part in (one, other))
        found.append(max(_jaccard(first, second), _jaccard(first, 1 - second)))
    return float(np.mean(found))


def _jaccard(first: Labels, second: Labels) -> float:
    """Return the smaller Jaccard index of two divisions' parts of the same number."""
    table = np.histogram2d(first, second, bins=(2, 2), range=((0, 2), (0, 2)))[0]
    shared = np.diag(table)
    return float((shared / np.maximum(table.sum(axis=0) + table.sum(axis=1) - shared, 1)).min())


def _apart(own: Members, parts: Division) -> bool:
    """Return whether the parts are two subjects by their distance and by what they cohere."""
    first, second = parts.places.unit
    whole = cohesions(own.rows, own.speakers, np.zeros(len(own.rows), dtype=np.int64))[0]
    return bool(
        round(float(first @ second), 9) < _APART
        and cohesions(own.rows, own.speakers, parts.labels)[0].min() >= whole[0]
    )


def _words(
    version: Version, theme: RegistryTheme, places: Centres
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the registry's phrases that lie nearest to each part, but for what other themes are called.

    None in another space than the packaged, which alone is here.
    """
    space = load_space()
    taken = "; ".join(other.label for other in version.counted if other is not theme).casefold()
    phrases = sorted({phrase for each in version.counted for phrase, _ in each.keywords})
    phrases = [phrase for phrase in phrases if phrase.casefold() not in taken]
    if version.space != space.digest or not phrases:
        return (), ()
    near = np.round(space.phrases(phrases, places.whole.shape[1]) @ places.unit.T, 6)
    first, second = (
        tuple(phrases[row] for row in np.argsort(-near[:, part], kind="stable") if near[row].argmax() == part)
        for part in (0, 1)
    )
    return first[:_SHOWN], second[:_SHOWN]


def split(version: Version, wanted: Iterable[str], pasts: Mapping[str, Past], name: str) -> Version:
    """Return the version in which these themes count as two parts each, under the next ids; one that is split stays so.

    A part has the whole's parent, kind, threshold and birth, and a history from what past/ keeps of the runs until now. name:
    how an error calls the decisions. Raises RegistryError for a theme that is hidden, merged, broad, or cannot be divided.
    """
    there = {theme.theme_id: theme for theme in version.themes}
    wholes = [there[theme_id] for theme_id in sorted(wanted) if not there[theme_id].parts]
    if not wholes:
        return version
    said = members_of(version, pasts)
    number = version.next_theme
    for whole in wholes:
        about = f"{name}: splits {whole.theme_id} ({whole.label}), which"
        if whole.level == 2 or whole.hidden or whole.into:
            unseen = "is hidden" if whole.hidden else "is a broad theme"
            what = f"counts as {whole.into}" if whole.into else unseen
            raise RegistryError(f"{about} {what}. Expected a theme that readers see.")
        own = said.get(whole.theme_id)
        division = divide(own.rows) if own else None
        if own is None or division is None or min(_n_firms(own, division)) < version.min_firms:
            raise RegistryError(
                f"{about} cannot be divided: the registry keeps {len(own.rows) if own else 0} sentences of it, without two "
                f"parts that {version.min_firms} firms each speak of in one run."
            )
        names = (f"r{number:06d}", f"r{number + 1:06d}")
        number += 2
        there[whole.theme_id] = replace(whole, parts=names)
        taken = {theme.label.casefold() for theme in there.values() if theme.level == 1}
        numbered = (f"{whole.label} ({n})" for n in count(1))
        free = (label for label in numbered if label.casefold() not in taken)
        for part, theme_id in enumerate(names):
            there[theme_id] = replace(
                whole,
                theme_id=theme_id,
                label=next(free),
                centroid=tuple(int(x) for x in division.places.whole[part].tolist()),
                tightness=round(float(division.places.tightness[part]), 6),
                exemplars=(),
                note="",
            )
    themes = sorted(there.values(), key=lambda theme: (theme.level, theme.theme_id))
    made = replace(version, themes=tuple(themes), next_theme=number)
    now = members_of(made, pasts)
    for whole in wholes:
        for theme_id in there[whole.theme_id].goes:
            history = _history(made, pasts, now[theme_id])
            state = state_of(whole.born, history, version.runs, version.min_firms)
            there[theme_id] = replace(there[theme_id], history=history, state=state)
    return replace(made, themes=tuple(there[theme.theme_id] for theme in themes))


def _history(version: Version, pasts: Mapping[str, Past], own: Members) -> tuple[Seen, ...]:
    """Return what each run said of a theme, by its past sentences; where past/ keeps some firms' alone, as many times that."""
    found = []
    for number, ran in enumerate(version.runs):
        firms = own.firms[own.runs == number]
        if len(firms):
            times = ran.n_content / len(pasts[ran.run].rows)
            n_firms = min(round(len(np.unique(firms)) * times), ran.n_firms)
            found.append(Seen(ran.run, n_firms, round(len(firms) * times)))
    return tuple(found)
