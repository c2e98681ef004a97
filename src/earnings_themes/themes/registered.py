"""Settles a run in the themes that are there already, and finds what is born.

The themes of a registry are frozen: a run's sentences settle in them by strength, and nothing that the run holds moves
them. What is born (births.py) stands beside them and takes the sentences that lie nearer to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from earnings_themes.clustering.graph import Neighbours
from earnings_themes.config import RegistrySettings, ThemeSettings
from earnings_themes.config.settings import REFERENCE
from earnings_themes.errors import RegistryError
from earnings_themes.registry import Ground, Registry, RegistryTheme
from earnings_themes.registry.grow import check_space, ids
from earnings_themes.registry.past import said
from earnings_themes.themes.births import born
from earnings_themes.themes.corpus import Corpus
from earnings_themes.themes.find import Labels, Whole, find_themes
from earnings_themes.themes.settle import Centres, Settled, centres, settle, settle_all, without_subject

# Decimals of what a version keeps of a theme: a run then settles by the very numbers that later runs read.
_DECIMALS: Final = 6


@dataclass(frozen=True)
class Placed:
    """k themes, those that were there first, and where the run's sentences settled in them.

    Attributes
    ----------
    places : the k centres
    floors : (k,) float64, the strength from which a sentence settles in each
    settled : of the m modelled sentences
    broad : (k,) the broad theme of each, as a number
    known : (k,) as the registry has it; None for a theme that this run found
    known_broad : the same, of each broad theme
    taken : labels that the registry has given, also to themes that this run does not speak of
    """

    places: Centres
    floors: NDArray[np.float64]
    settled: Settled
    broad: Labels
    known: tuple[RegistryTheme | None, ...]
    known_broad: tuple[RegistryTheme | None, ...]
    taken: frozenset[str] = frozenset()

    def in_order(self, order: Sequence[int]) -> "Placed":
        """Return it with the themes in another order; a sentence of a theme that is left out is in none."""
        chosen = np.array(order, dtype=np.int64)
        rank = np.full(len(self.known) + 1, -1, dtype=np.int64)
        rank[chosen] = np.arange(len(chosen))
        settled = self.settled
        return replace(
            self,
            places=self.places[chosen],
            floors=self.floors[chosen],
            settled=replace(settled, labels=rank[settled.labels], nearest=rank[settled.nearest]),
            broad=self.broad[chosen],
            known=tuple(self.known[theme] for theme in order),
        )


@dataclass(frozen=True)
class Names:
    """What k themes and their broad themes are called.

    Attributes
    ----------
    ids, born : (k,) each theme's id, and the run that found it
    parents : (k,) the id of each theme's broad theme
    broad_ids : number → id
    broad_centres : number → centre, of the broad themes that this run found
    """

    ids: Sequence[str]
    born: Sequence[str]
    parents: Sequence[str]
    broad_ids: dict[int, str]
    broad_centres: Centres


def span(corpus: Corpus, where: str) -> tuple[str, str, str]:
    """Return the first and the last day of a run's calls, as YYYY-MM-DD, and the calendar quarter of the last, as 2020Q2.

    where: the run's folder, for messages. Raises RegistryError for no call.
    """
    first, last = pc.min_max(corpus.table["date"]).as_py().values()
    if last is None:
        raise RegistryError(
            f"{where}: holds no sentence, so nothing says which quarter it is. Expected a run with calls; without "
            "registry: the run stands by itself."
        )
    return first.isoformat(), last.isoformat(), f"{last.year}Q{(last.month + 2) // 3}"


def ground_of(registry: Registry, settings: RegistrySettings, run: str, corpus: Corpus, where: str) -> Ground:
    """Return what a run works on. where: the run's folder, for messages.

    Raises RegistryError where the registry is of another space or encoder, or the run comes too late.
    """
    if where.startswith("s3://") and not settings.path.startswith("s3://") and settings.path != REFERENCE:
        raise RegistryError(
            f"registry.path is {settings.path}, a folder of this machine, but the run is at {where}: what a job in the cloud "
            "writes there is gone with its machine. Set registry.path to s3://bucket/prefix."
        )
    _, _, quarter = span(corpus, where)
    ground = registry.ground(run, quarter, settings.mode)
    check_space(ground, corpus.about, where)
    return ground


def place(
    corpus: Corpus,
    firms: Labels,
    exemplars: Labels,
    settings: ThemeSettings,
    seed: int,
    ground: Ground | None,
    near: Neighbours | None = None,
) -> Placed:
    """Settle a run's sentences in the themes that are there, and in those that it finds.

    firms: (m,) the firm of each modelled sentence, as a number. exemplars: (e,) rows of the sentences that themes are found
    from. ground: None for a run by itself. near: the exemplars' neighbours where they are known.
    """
    rows, content = corpus.rows, corpus.content
    base = ground.base.version if ground and ground.base else None
    if base is None or (not base.fine and ground and ground.births):
        found = find_themes(
            rows[exemplars], firms[exemplars], settings.granularity, settings.min_firms, seed, near
        )
        places, settled, broad = settle_all(rows, content, firms, exemplars, found, settings)
        # Manners of speech are one broad theme, whatever subjects they were said near.
        broad[without_subject(content, settled, len(broad))] = broad.max(initial=-1) + 1
        broad = np.unique(broad, return_inverse=True)[1].astype(np.int64)
        floors = np.full(len(places.whole), settings.floor)
        if ground is not None:
            places = _rounded(places)
            settled = settle(rows, content, places, floors)
        return Placed(
            places, floors, settled, broad, (None,) * len(broad), (None,) * (broad.max(initial=-1) + 1)
        )
    places = centres_of(base.fine)
    floors = np.array([theme.threshold for theme in base.fine])
    wide = {theme.theme_id: number for number, theme in enumerate(base.broad)}
    broad = np.array([wide[theme.parent or ""] for theme in base.fine], dtype=np.int64)
    known: tuple[RegistryTheme | None, ...] = base.fine
    if ground and ground.births:
        new, least = born(said(rows, content, firms, seed), places, ground.past, settings, seed)
        new = _rounded(new)
        nearest = (new.unit @ centres_of(base.broad).unit.T).argmax(axis=1)
        broad = np.concatenate([broad, nearest])
        places = Centres(
            np.concatenate([places.whole, new.whole]), np.concatenate([places.tightness, new.tightness])
        )
        floors = np.concatenate([floors, least])
        known = (*known, *(None,) * len(new.whole))
    settled = _counted(rows, content, places, floors, known)
    taken = frozenset(theme.label for theme in base.themes)
    return Placed(places, floors, settled, broad, known, base.broad, taken)


def settle_known(rows: Whole, content: NDArray[np.float32], themes: Sequence[RegistryTheme]) -> Settled:
    """Settle sentences in a registry's themes of level 1, as curators decided. rows, content: of n sentences."""
    floors = np.array([theme.threshold for theme in themes])
    return _counted(rows, content, centres_of(themes), floors, themes)


def _counted(
    rows: Whole,
    content: NDArray[np.float32],
    places: Centres,
    floors: NDArray[np.float64],
    known: Sequence[RegistryTheme | None],
) -> Settled:
    """Settle sentences in the themes as they were found; then count them under those that curators named.

    The sentences of a merged theme count under the other. Those of a split one count under the nearer of its parts, if they
    are as strong there as the whole asks for, and else under none; its parts take no others.
    """
    number = {theme.theme_id: place for place, theme in enumerate(known) if theme}
    parts = {number[name] for theme in known if theme and theme.parts for name in theme.goes}
    whole = np.array([place for place in range(len(known)) if place not in parts], dtype=np.int64)
    found = settle(rows, content, places[whole], floors[whole])
    whole = np.append(whole, -1)
    labels, nearest = whole[found.labels], whole[found.nearest]
    strength, cosine = found.strength.copy(), found.cosine.copy()
    moved = True
    while moved:
        moved = False
        for place, theme in enumerate(known):
            names = [name for name in theme.goes if name in number] if theme else []
            goes = np.array([*(number[name] for name in names), -1], dtype=np.int64)
            own = np.flatnonzero(nearest == place)
            if not names or not len(own):
                continue
            moved = True
            settled = labels[own] == place
            nearest[own] = goes[0]
            labels[own[settled]] = goes[0]
            if len(names) > 1:
                # What did not settle in the whole keeps its strength there, by which its broad theme may hold it.
                part = settle(rows[own], content[own], places[goes[:-1]], float(floors[place]))
                nearest[own] = goes[part.nearest]
                labels[own] = np.where(settled, goes[part.labels], -1)
                strength[own[settled]] = part.strength[settled]
                cosine[own[settled]] = part.cosine[settled]
    return Settled(labels, nearest, strength, cosine)


def centres_of(themes: Sequence[RegistryTheme]) -> Centres:
    return Centres(
        np.array([theme.centroid for theme in themes], dtype=np.float32),
        np.array([theme.tightness for theme in themes]),
    )


def _rounded(places: Centres) -> Centres:
    return Centres(places.whole, np.round(places.tightness, _DECIMALS))


def names_of(run: str, rows: Whole, placed: Placed, ground: Ground | None) -> Names:
    """Return what the themes are called: as the registry has them; new ones by the next numbers, or by the run's own.

    rows: (m, d) the modelled sentences. placed: in the themes' order.
    """
    b = len(placed.known_broad)
    of_broad = np.where(placed.settled.labels >= 0, np.append(placed.broad, -1)[placed.settled.labels], -1)
    wide = centres(rows, of_broad, b)
    first = list(dict.fromkeys(placed.broad.tolist()))
    if ground is None:
        own = [f"{run}-{number + 1:03d}" for number in range(len(placed.known))]
        broad_ids = {number: f"{run}-B{place:02d}" for place, number in enumerate(first, 1)}
    else:
        new = [place for place, theme in enumerate(placed.known) if theme is None]
        given = iter(ids(ground, placed.places.whole[new], 1))
        own = [theme.theme_id if theme else next(given) for theme in placed.known]
        new_broad = [number for number in first if placed.known_broad[number] is None]
        broad_ids = dict(zip(new_broad, ids(ground, wide.whole[new_broad], 2), strict=True))
        broad_ids |= {number: theme.theme_id for number, theme in enumerate(placed.known_broad) if theme}
    born_in = [theme.born if theme else run for theme in placed.known]
    return Names(own, born_in, [broad_ids[number] for number in placed.broad.tolist()], broad_ids, wide)
