"""Takes quarters through a registry, as runs would, and through one pooled run. The library's own functions do the work."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from earnings_themes.config import ThemeSettings
from earnings_themes.registry import Ground, Ran, RegistryTheme, Version
from earnings_themes.registry.grow import grown
from earnings_themes.registry.past import RUNS, decode_past, encode_past, said
from earnings_themes.registry.records import Seen
from earnings_themes.registry.versions import Named
from earnings_themes.system.processes import one_thread
from earnings_themes.themes.corpus import Corpus
from earnings_themes.themes.find import find_themes
from earnings_themes.themes.registered import Placed, names_of, place
from earnings_themes.themes.settle import settle_all
from evaluation.time.planted import SEED, Labels, Quarter

# Sentences at which the pooled run's are cut, as a run's exemplars are.
_MOST: Final = 40_000


@dataclass(frozen=True)
class Through:
    """Quarters that went through one registry.

    Attributes
    ----------
    ids : of each quarter (n,) the theme id of each sentence, empty for none
    version : the registry after the last
    births : theme id → the quarter it was born in; the founders' are in `window` - 1
    """

    ids: list[NDArray[np.object_]]
    version: Version
    births: dict[str, int]
    window: int


@one_thread
def through(quarters: Sequence[Quarter], settings: ThemeSettings, window: int = 1) -> Through:
    """Found a registry on the first `window` quarters, and let the others extend it."""
    version: Version | None = None
    ids: list[NDArray[np.object_]] = []
    runs = [joined(quarters[:window]), *quarters[window:]]
    births: dict[str, int] = {}
    pasts: list[bytes] = []
    for number, quarter in enumerate(runs, window - 1):
        ground = Ground(Named(version, "") if version else None, births=True, past=decode_past(pasts[-RUNS:]))
        corpus = Corpus(pd.DataFrame(), np.arange(len(quarter.rows)), quarter.rows, quarter.content, {})
        placed = place(corpus, quarter.firms, quarter.exemplars, settings, SEED, ground)
        version = _next(ground, quarter, placed, settings, number)
        pasts.append(encode_past(said(quarter.rows, quarter.content, quarter.firms, SEED)))
        names = np.array([*(t.theme_id for t in version.fine), ""], dtype=object)
        ids.append(names[placed.settled.labels])
        births |= {name: number for name in names[:-1] if name not in births}
    assert version is not None
    return Through([*np.split(ids[0], _cuts(quarters[:window])), *ids[1:]], version, births, window)


def joined(quarters: Sequence[Quarter]) -> Quarter:
    """Return several quarters as one."""
    parts = zip(*((q.rows, q.content, q.firms, q.truth) for q in quarters), strict=True)
    return Quarter(*(np.concatenate(part) for part in parts))


def _cuts(quarters: Sequence[Quarter]) -> list[int]:
    return np.cumsum([len(quarter.rows) for quarter in quarters])[:-1].tolist()


def _next(ground: Ground, quarter: Quarter, placed: Placed, settings: ThemeSettings, number: int) -> Version:
    """Return the version that a quarter adds, with ids in place of words."""
    run = f"q{number}"
    names = names_of(run, quarter.rows, placed, ground)
    labels = placed.settled.labels

    def theme(
        theme_id: str, level: Any, parent: str | None, centre: Any, more: tuple[float, float]
    ) -> RegistryTheme:
        whole_ = tuple(int(x) for x in centre)
        return RegistryTheme(
            theme_id, level, "subject", theme_id, (), parent, whole_, *more, run, "transient"
        )

    new = [place_ for place_, known in enumerate(placed.known) if known is None]
    born = [
        theme(names.ids[p], 1, names.parents[p], placed.places.whole[p],
              (float(placed.places.tightness[p]), float(placed.floors[p])))
        for p in new
    ]  # fmt: skip
    born += [
        theme(name, 2, None, names.broad_centres.whole[b], (0.0, 0.0))
        for b, name in names.broad_ids.items()
        if placed.known_broad[b] is None
    ]
    seen = {
        names.ids[p]: Seen(run, len(np.unique(quarter.firms[labels == p])), int((labels == p).sum()))
        for p in np.unique(labels[labels >= 0])
    }
    n_content = len(quarter.exemplars)
    when = f"{2000 + number // 4}Q{number % 4 + 1}"
    ran = Ran(run, when, "", "", len(np.unique(quarter.firms)), n_content, int((labels >= 0).sum()), len(new))
    return grown(ground, {}, settings.min_firms, ran, seen, born)


@one_thread
def pooled(quarters: Sequence[Quarter], settings: ThemeSettings) -> list[Labels]:
    """Return the themes of all quarters as one run, by quarter; -1 for none."""
    every = joined(quarters)
    exemplars = every.exemplars[:: -(-len(every.exemplars) // _MOST)]
    found = find_themes(
        every.rows[exemplars], every.firms[exemplars], settings.granularity, settings.min_firms, SEED
    )
    _, settled, _ = settle_all(every.rows, every.content, every.firms, exemplars, found, settings)
    return np.split(settled.labels, _cuts(quarters))
