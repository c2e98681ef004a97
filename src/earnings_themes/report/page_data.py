"""Gathers what the report shows from a run's files, limited to what fits a page."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from earnings_themes.abstractions import Theme
from earnings_themes.quality.floor import is_unstable
from earnings_themes.report.counted import Counted, ShownSentence, count_run, read_sources
from earnings_themes.report.cuts import Cuts, read_cuts
from earnings_themes.report.earlier import earlier_runs, with_earlier
from earnings_themes.report.layout import plane
from earnings_themes.report.timing import StepTime, add_seconds, benchmark_times, by_rule
from earnings_themes.results.artifacts import Run, read_firm_topics
from earnings_themes.results.firms import FirmRow

# Above this the page would neither open at once nor stay under 8 MB: the firms with most sentences are shown.
MAX_FIRMS: Final = 500
FIRMS_A_THEME: Final = 12
THEMES_A_FIRM: Final = 12
SIMILAR_THEMES: Final = 3
# Up to so many settled sentences all stand in the page itself, some 2 MB; above, in one file per theme beside it.
INSIDE: Final = 4_000
# What a referee asks of every run; the same for all its firms.
MADE_WITH: Final = ("model", "params", "embedding_model", "embedding_sha256", "seed", "versions")
_THEMES_MADE_WITH: Final = ("granularity", "floor", "min_firms", "max_firm_share", "stability_runs", "space")


@dataclass(frozen=True, slots=True)
class ThemeFirm:
    """A firm in a theme: its sentences there, and their share of the firm's modelled sentences."""

    firm_id: str
    firm_name: str
    n_sentences: int
    share: float


@dataclass(frozen=True, slots=True)
class Listing:
    """The surest sentences of a theme; n is how many it has."""

    n: int
    sources: tuple[ShownSentence, ...]


@dataclass(frozen=True, slots=True)
class ThemePart:
    """What the page says about a theme."""

    number: int
    theme: Theme
    unstable: bool
    share: float  # of the modelled sentences of the run
    broad: int  # the number of its broad theme, -1 for none
    x: float  # its place on the map
    y: float
    firms: tuple[ThemeFirm, ...]
    sources: tuple[ShownSentence, ...]
    listing: Listing
    similar: tuple[tuple[int, str, float], ...]


@dataclass(frozen=True, slots=True)
class BroadPart:
    """A broad theme and its themes; theme is None for themes without one. listing: sentences settled in it alone."""

    number: int
    theme: Theme | None
    unstable: bool
    n_sentences: int
    share: float
    members: tuple[ThemePart, ...]
    listing: Listing


@dataclass(frozen=True, slots=True)
class FirmPart:
    """What the page says about a firm: sentences by theme, and the surest of each."""

    number: int
    row: FirmRow
    n_modelled: int
    n_by_theme: Mapping[int, int]
    lines: tuple[tuple[int, ShownSentence], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that template and charts need."""

    run: str
    n_firms: int
    n_calls: int
    n_sentences: int
    n_modelled: int
    dates: tuple[str, str] | None
    themes: tuple[ThemePart, ...]
    broad: tuple[BroadPart, ...]
    firms: tuple[FirmPart, ...]
    cuts: Cuts
    earlier: tuple[str, ...]  # the registry's other runs in cuts.quarters
    inside: bool  # whether the page holds every settled sentence
    skipped_firms: tuple[tuple[str, tuple[str, ...]], ...]
    skipped_rows: tuple[tuple[str, int], ...]
    made_with: Mapping[str, Any]
    times: tuple[StepTime, ...]


def gather(run: Run, where: str | None = None) -> Page:
    """Read a run. where: its address, beside which earlier runs lie; None for run.directory. Raises ResultError."""
    themes = run.themes.themes
    where = where or str(run.directory.absolute())
    cuts = read_cuts(str(run.directory))
    quarters, earlier = with_earlier(cuts.quarters, cuts.themes, where, earlier_runs(run.themes))
    rows = {row.firm_id: row for row in run.firms}
    counted = count_run(run.directory, themes)
    shown = sorted(run.read_firms, key=lambda row: (-row.n_sentences, row.firm_id))[:MAX_FIRMS]
    shown.sort(key=lambda row: (row.firm_name.casefold(), row.firm_id))
    of_firms = {row.firm_id: _largest(counted.n_by_theme.get(row.firm_id, {})) for row in shown}
    wanted = {counted.surest[firm, number] for firm, listed in of_firms.items() for number in listed}
    wanted.update(*counted.representative.values(), *counted.listed.values())
    sources = read_sources(run.directory, wanted)
    parts = _theme_parts(run, rows, counted, sources)
    ingest = _json(run.directory / "ingest.json")
    seconds: dict[str, StepTime] = {}
    add_seconds(seconds, "ingest", ingest)
    add_seconds(seconds, "themes", run.themes.metadata)
    return Page(
        run=run.themes.run,
        n_firms=len(run.firms),
        n_calls=sum(row.n_calls for row in run.firms),
        n_sentences=sum(row.n_sentences for row in run.firms),
        n_modelled=sum(counted.n_modelled.values()),
        dates=_dates(run.directory / "sentences.parquet"),
        themes=parts,
        broad=_broad_parts(run, parts, counted, sources),
        firms=tuple(
            FirmPart(
                number,
                row,
                counted.n_modelled.get(row.firm_id, 0),
                counted.n_by_theme.get(row.firm_id, {}),
                tuple(
                    (theme, sources[counted.surest[row.firm_id, theme]]) for theme in of_firms[row.firm_id]
                ),
            )
            for number, row in enumerate(shown)
        ),
        cuts=replace(cuts, quarters=quarters),
        earlier=tuple(earlier),
        inside=sum(part.listing.n for part in parts) <= INSIDE,
        skipped_firms=_skipped(run, rows),
        skipped_rows=tuple(sorted(ingest.get("skipped_rows", {}).items())),
        made_with=_made_with(run),
        times=tuple(by_rule(benchmark_times(run.directory / "benchmarks"), seconds.values())),
    )


def short(text: str, length: int) -> str:
    """Return the text, cut at a word if it is longer."""
    if len(text) <= length:
        return text
    cut = text[:length].rsplit(" ", 1)[0] or text[:length]
    return f"{cut} …"


def share_of(n: float, whole: int) -> float:
    """Return n / whole, 0 for an empty whole."""
    return n / whole if whole else 0.0


# --- parts -----------------------------------------------------------------------------------------


def _largest(n_by_theme: Mapping[int, int]) -> list[int]:
    return sorted(n_by_theme, key=lambda number: (-n_by_theme[number], number))[:THEMES_A_FIRM]


def _dates(path: Path) -> tuple[str, str] | None:
    found = pc.min_max(pq.read_table(path, columns=["date"])["date"]).as_py()
    return (str(found["min"]), str(found["max"])) if found["min"] else None


def _theme_parts(
    run: Run, rows: Mapping[str, FirmRow], counted: Counted, sources: Mapping[int, ShownSentence]
) -> tuple[ThemePart, ...]:
    themes = run.themes.themes
    if not themes:
        return ()
    n_modelled = sum(counted.n_modelled.values())
    similar = _similar(themes)
    broad = {theme.theme_id: number for number, theme in enumerate(run.themes.broad)}
    places = plane(np.array([theme.centroid for theme in themes], dtype=np.float32))
    of_theme: dict[int, list[ThemeFirm]] = defaultdict(list)
    for firm_id, by_theme in counted.n_by_theme.items():
        for number, n in by_theme.items():
            share = share_of(n, counted.n_modelled.get(firm_id, 0))
            of_theme[number].append(ThemeFirm(firm_id, rows[firm_id].firm_name, n, share))
    return tuple(
        ThemePart(
            number=number,
            theme=theme,
            unstable=is_unstable(theme),
            share=share_of(theme.n_sentences, n_modelled),
            broad=broad.get(theme.parent or "", -1),
            x=float(places[number][0]),
            y=float(places[number][1]),
            firms=tuple(
                sorted(of_theme[number], key=lambda firm: (-firm.share, firm.firm_id))[:FIRMS_A_THEME]
            ),
            sources=tuple(sources[row] for row in counted.representative[theme.theme_id]),
            listing=_listing(theme.theme_id, theme.n_sentences, counted, sources),
            similar=similar[number],
        )
        for number, theme in enumerate(themes)
    )


def _listing(theme_id: str, n: int, counted: Counted, sources: Mapping[int, ShownSentence]) -> Listing:
    return Listing(n, tuple(sources[row] for row in counted.listed.get(theme_id, ())))


def _broad_parts(
    run: Run, parts: tuple[ThemePart, ...], counted: Counted, sources: Mapping[int, ShownSentence]
) -> tuple[BroadPart, ...]:
    members: dict[int, list[ThemePart]] = defaultdict(list)
    for part in parts:
        members[part.broad].append(part)
    n_modelled = sum(counted.n_modelled.values())
    found = []
    for number, theme in enumerate(run.themes.broad):
        n = counted.n_by_broad.get(theme.theme_id, 0)
        of_theme = tuple(members[number])
        alone = n - sum(part.theme.n_sentences for part in of_theme)
        listing = _listing(theme.theme_id, alone, counted, sources)
        found.append(
            BroadPart(number, theme, is_unstable(theme), n, share_of(n, n_modelled), of_theme, listing)
        )
    if members[-1]:
        found.append(BroadPart(len(found), None, False, 0, 0.0, tuple(members[-1]), Listing(0, ())))
    return tuple(found)


def _similar(themes: tuple[Theme, ...]) -> list[tuple[tuple[int, str, float], ...]]:
    centroids = np.array([theme.centroid for theme in themes], dtype=np.float64)
    centroids /= np.maximum(np.linalg.norm(centroids, axis=1, keepdims=True), 1e-12)
    cosine = centroids @ centroids.T
    np.fill_diagonal(cosine, -2)
    nearest = np.argsort(-cosine, axis=1, kind="stable")[:, : min(SIMILAR_THEMES, len(themes) - 1)]
    return [
        tuple((int(other), themes[other].label, float(cosine[number, other])) for other in row)
        for number, row in enumerate(nearest)
    ]


def _skipped(run: Run, rows: Mapping[str, FirmRow]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    by_reason: dict[str, list[str]] = defaultdict(list)
    for firm in run.themes.skipped_firms:
        name = rows[firm.firm_id].firm_name if firm.firm_id in rows else ""
        by_reason[firm.reason].append(f"{name} ({firm.firm_id})" if name else firm.firm_id)
    return tuple(
        sorted(((reason, tuple(names)) for reason, names in by_reason.items()), key=lambda x: -len(x[1]))
    )


def _made_with(run: Run) -> dict[str, Any]:
    """Return provenance: the first firm's topics, whose settings all firms share, and the themes."""
    paths = sorted((run.directory / "topics").glob("*.json"))
    topics = read_firm_topics(paths[0]).metadata if paths else {}
    themes = run.themes.metadata
    return {name: topics[name] for name in MADE_WITH if name in topics} | {
        f"themes' {name}": themes[name] for name in _THEMES_MADE_WITH if name in themes
    }


def _json(path: Path) -> dict[str, Any]:
    """Return a small JSON file; empty if it is missing or damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
