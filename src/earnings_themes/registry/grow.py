"""Makes the next version: ids for what was born, the run's counts for what was there, and each theme's state."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Final

import numpy as np
from numpy.typing import NDArray

from earnings_themes.clustering.graph import unit_rows
from earnings_themes.errors import RegistryError
from earnings_themes.registry.records import (
    REFERENCE_RUN,
    SCHEMA_VERSION,
    Ran,
    RegistryTheme,
    Seen,
    Version,
    state_of,
)
from earnings_themes.registry.versions import Ground

# Centroids of one theme, found again in half of the firms, have at least this cosine (MAEC's calls).
FOUND_AGAIN: Final = 0.85
_OWN: Final = "Set embedding as it was for the registry's first run"
_REFERENCE: Final = (
    "It began as the one that ships: set embedding.space: null, embedding.model: static or packaged"
)


def check_space(ground: Ground, about: Mapping[str, str], where: str) -> None:
    """Refuse vectors of another subject space or encoder than the registry's.

    about: of the run's vectors, space and embedding_sha256. Raises RegistryError.
    """
    if ground.base is None or not about:
        return
    version = ground.base.version
    for what, found, expected in (
        ("subject space", about.get("space", ""), version.space),
        ("encoder", about.get("embedding_sha256", ""), version.encoder),
    ):
        if found != expected:
            raise RegistryError(
                f"The registry holds themes of the {what} {expected[:12] or '(none)'}, the vectors of {where} are of "
                f"{found[:12] or '(none)'}. {_REFERENCE if version.runs[0].run == REFERENCE_RUN else _OWN}, delete "
                "embeddings/ and topics/ and run again; or found a registry of its own for this encoder."
            )


def ids(ground: Ground, centroids: NDArray[np.floating], level: int) -> list[str]:
    """Return the permanent ids of themes that were found on this ground, in their order.

    Where the run is made again, a theme that its last version had found too keeps the id that may have been cited; every
    other number is new. centroids: (k, d) of the themes that were found.
    """
    letter, width, first = _numbers(ground, level)
    again: dict[int, str] = {}
    if ground.replaces is not None and len(centroids):
        before = ground.replaces.version
        old = [theme for theme in before.themes if theme.level == level and theme.born == before.made_by]
        if old:
            cosine = np.round(
                unit_rows(centroids) @ unit_rows(np.array([theme.centroid for theme in old])).T, 9
            )
            for row, column in enumerate(cosine.argmax(axis=1).tolist()):
                if cosine[row, column] >= FOUND_AGAIN and cosine[:, column].argmax() == row:
                    again[row] = old[column].theme_id
    new = (f"{letter}{number:0{width}d}" for number in count(first))
    return [again[row] if row in again else next(new) for row in range(len(centroids))]


def grown(
    ground: Ground,
    about: Mapping[str, str],
    min_firms: int,
    ran: Ran,
    seen: Mapping[str, Seen],
    born: Sequence[RegistryTheme],
) -> Version:
    """Return the version that a run adds: its commit gives it a number and its parent.

    about: of the run's vectors, space and embedding_sha256. min_firms: firms that a theme has at least, where the registry is
    founded. seen: what the run said of each theme of level 1, old or new. born: the themes that it found, of both levels.
    """
    base = ground.base.version if ground.base else None
    runs = (*(base.runs if base else ()), ran)
    firms = base.min_firms if base else min_firms
    themes = [*(base.themes if base else ()), *born]
    themes = [
        replace(theme, history=(*theme.history, seen[theme.theme_id])) if theme.theme_id in seen else theme
        for theme in themes
    ]
    # A broad theme is seen where one of its themes is.
    below: dict[str, tuple[Seen, ...]] = {}
    for theme in themes:
        if theme.parent:
            below[theme.parent] = (*below.get(theme.parent, ()), *theme.history)
    themes = [
        replace(
            theme, state=state_of(theme.born, theme.history or below.get(theme.theme_id, ()), runs, firms)
        )
        for theme in themes
    ]
    return Version(
        schema_version=SCHEMA_VERSION,
        number=0,
        parent=None,
        replaces=None,
        made_by=ran.run,
        space=base.space if base else about.get("space", ""),
        encoder=base.encoder if base else about.get("embedding_sha256", ""),
        min_firms=firms,
        runs=runs,
        themes=tuple(sorted(themes, key=lambda theme: (theme.level, theme.theme_id))),
        next_theme=_next(ground, born, 1),
        next_broad=_next(ground, born, 2),
    )


def _numbers(ground: Ground, level: int) -> tuple[str, int, int]:
    """Return the letter of a level's ids, their digits, and the first number that was never given."""
    before = ground.replaces or ground.base
    if level == 1:
        return "r", 6, before.version.next_theme if before else 1
    return "b", 4, before.version.next_broad if before else 1


def _next(ground: Ground, born: Sequence[RegistryTheme], level: int) -> int:
    given = (int(theme.theme_id[1:]) for theme in born if theme.level == level)
    return max(_numbers(ground, level)[2], *(number + 1 for number in given), 1)
