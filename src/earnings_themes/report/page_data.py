"""Gathers what the report shows from a run's files: plain records, already limited to what fits a page."""

import json
import math
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from earnings_themes.abstractions import Theme
from earnings_themes.errors import ResultError
from earnings_themes.quality.floor import is_unstable
from earnings_themes.quality.settled import modelled, read_settled
from earnings_themes.report.layout import plane
from earnings_themes.report.timing import StepTime, add_seconds, benchmark_times, by_rule
from earnings_themes.results.artifacts import read_firm_topics
from earnings_themes.results.firms import FirmRow
from earnings_themes.results.run_files import Run

# Above this the page would neither open at once nor stay under 8 MB: the firms with most sentences are shown.
MAX_FIRMS: Final = 500
FIRMS_A_THEME: Final = 12
THEMES_A_FIRM: Final = 12
SIMILAR_THEMES: Final = 3
SENTENCE_LENGTH: Final = 240
# What a referee asks of every run; the same for all its firms.
MADE_WITH: Final = ("model", "params", "embedding_model", "embedding_sha256", "seed", "versions")
_THEMES_MADE_WITH: Final = ("granularity", "floor", "min_firms", "max_firm_share", "stability_runs", "space")


@dataclass(frozen=True, slots=True)
class Source:
    """A sentence, who said it where, and how surely it belongs to its theme; strength None where unknown."""

    text: str
    firm_id: str
    firm_name: str
    date: str
    speaker: str
    section: str
    strength: float | None
    sentence_id: str


@dataclass(frozen=True, slots=True)
class ThemeFirm:
    """A firm in a theme: its sentences there, and their share of what was modelled of it."""

    firm_id: str
    firm_name: str
    n_sentences: int
    share: float


@dataclass(frozen=True, slots=True)
class ThemePart:
    """What the page says about a theme.

    Attributes
    ----------
    share : of the modelled sentences of the run
    average : the mean over firms of its share of a firm's modelled sentences
    broad : the number of its broad theme, -1 for none
    x, y : its place on the map
    """

    number: int
    theme: Theme
    unstable: bool
    share: float
    average: float
    broad: int
    x: float
    y: float
    firms: tuple[ThemeFirm, ...]
    sources: tuple[Source, ...]
    similar: tuple[tuple[int, str, float], ...]


@dataclass(frozen=True, slots=True)
class BroadPart:
    """A broad theme and its themes; theme None for those that are in none."""

    number: int
    theme: Theme | None
    unstable: bool
    n_sentences: int
    share: float
    members: tuple[ThemePart, ...]


@dataclass(frozen=True, slots=True)
class FirmPart:
    """What the page says about a firm: its themes by share, each with its sentences and the surest of them."""

    number: int
    row: FirmRow
    n_modelled: int
    n_by_theme: Mapping[int, int]
    lines: tuple[tuple[int, Source | None], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that the template and the figures need."""

    run: str
    n_firms: int
    n_calls: int
    n_sentences: int
    n_modelled: int
    dates: tuple[str, str] | None
    themes: tuple[ThemePart, ...]
    broad: tuple[BroadPart, ...]
    firms: tuple[FirmPart, ...]
    skipped_firms: tuple[tuple[str, tuple[str, ...]], ...]
    skipped_rows: tuple[tuple[str, int], ...]
    made_with: Mapping[str, Any]
    times: tuple[StepTime, ...]


def gather(run: Run) -> Page:
    """Read a run. Raises ResultError for a damaged one."""
    themes = run.themes.themes
    numbers = {theme.theme_id: number for number, theme in enumerate(themes)}
    rows = {row.firm_id: row for row in run.firms}
    counted = _count(run.directory, numbers)
    shown = sorted(run.read_firms, key=lambda row: (-row.n_sentences, row.firm_id))[:MAX_FIRMS]
    shown.sort(key=lambda row: (row.firm_name.casefold(), row.firm_id))
    of_firms = {row.firm_id: _largest(counted.n_by_theme.get(row.firm_id, {})) for row in shown}
    wanted = {counted.surest[firm, number] for firm, listed in of_firms.items() for number in listed}
    wanted |= {sentence.sentence_id for theme in themes for sentence in theme.representative_sentences}
    sources = _sources(run, rows, wanted)
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
        broad=_broad_parts(run, parts, counted),
        firms=tuple(
            FirmPart(
                number,
                row,
                counted.n_modelled.get(row.firm_id, 0),
                counted.n_by_theme.get(row.firm_id, {}),
                tuple(
                    (theme, sources.get(counted.surest[row.firm_id, theme]))
                    for theme in of_firms[row.firm_id]
                ),
            )
            for number, row in enumerate(shown)
        ),
        skipped_firms=_skipped(run, rows),
        skipped_rows=tuple(sorted(ingest.get("skipped_rows", {}).items())),
        made_with=_made_with(run),
        times=tuple(by_rule(benchmark_times(run.directory / "benchmarks"), seconds.values())),
    )


def short(text: str, length: int) -> str:
    """The text, cut at a word when it is longer."""
    if len(text) <= length:
        return text
    cut = text[:length].rsplit(" ", 1)[0] or text[:length]
    return f"{cut} …"


def share_of(n: float, whole: int) -> float:
    """n / whole, 0 for nothing of nothing."""
    return n / whole if whole else 0.0


# --- counts ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Counted:
    """What sentences.parquet says: modelled sentences a firm, settled ones a firm and theme, and the surest of each."""

    n_modelled: Mapping[str, int]
    n_by_theme: Mapping[str, Mapping[int, int]]
    surest: Mapping[tuple[str, int], str]
    n_by_broad: Mapping[str, int]


def _count(run_dir: Path, numbers: Mapping[str, int]) -> _Counted:
    frame = read_settled(run_dir)
    settled = frame[frame["theme_id"].notna()]
    by_firm: dict[str, dict[int, int]] = defaultdict(dict)
    sizes = settled.groupby(["firm_id", "theme_id"], observed=True).size().reset_index(name="n")
    for firm, theme, n in zip(*(sizes[name].tolist() for name in ("firm_id", "theme_id", "n")), strict=True):
        if theme not in numbers:
            raise ResultError(
                f"{run_dir}/sentences.parquet: has the theme {theme!r}, which themes.json lacks. They are of two runs: "
                "run themes again."
            )
        by_firm[firm][numbers[theme]] = int(n)
    # A stable sort: of equally sure sentences the first said.
    best = settled.sort_values("strength", ascending=False, kind="stable")
    best = best.drop_duplicates(["firm_id", "theme_id"])
    ids = pq.read_table(run_dir / "sentences.parquet", columns=["sentence_id"])["sentence_id"]
    names = ids.take(best.index.to_numpy()).to_pylist()
    keys = zip(best["firm_id"], best["theme_id"], strict=True)
    return _Counted(
        _sizes(frame[modelled(frame)]["firm_id"]),
        by_firm,
        {(firm, numbers[theme]): name for (firm, theme), name in zip(keys, names, strict=True)},
        _sizes(frame["broad_id"]),
    )


def _sizes(column: "pd.Series[Any]") -> dict[str, int]:
    return {str(name): int(n) for name, n in column.value_counts().items()}


def _largest(n_by_theme: Mapping[int, int]) -> list[int]:
    return sorted(n_by_theme, key=lambda number: (-n_by_theme[number], number))[:THEMES_A_FIRM]


def _dates(path: Path) -> tuple[str, str] | None:
    found = pc.min_max(pq.read_table(path, columns=["date"])["date"]).as_py()
    return (str(found["min"]), str(found["max"])) if found["min"] else None


# --- parts -----------------------------------------------------------------------------------------


def _theme_parts(
    run: Run, rows: Mapping[str, FirmRow], counted: _Counted, sources: Mapping[str, Source]
) -> tuple[ThemePart, ...]:
    themes = run.themes.themes
    n_modelled = sum(counted.n_modelled.values())
    n_firms = len(run.read_firms)
    similar = _similar(themes)
    broad = {theme.theme_id: number for number, theme in enumerate(run.themes.broad)}
    if not themes:
        return ()
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
            average=share_of(math.fsum(firm.share for firm in of_theme[number]), n_firms),
            broad=broad.get(theme.parent or "", -1),
            x=float(places[number][0]),
            y=float(places[number][1]),
            firms=tuple(
                sorted(of_theme[number], key=lambda firm: (-firm.share, firm.firm_id))[:FIRMS_A_THEME]
            ),
            sources=tuple(
                sources[sentence.sentence_id]
                for sentence in theme.representative_sentences
                if sentence.sentence_id in sources
            ),
            similar=similar[number],
        )
        for number, theme in enumerate(themes)
    )


def _broad_parts(run: Run, parts: tuple[ThemePart, ...], counted: _Counted) -> tuple[BroadPart, ...]:
    members: dict[int, list[ThemePart]] = defaultdict(list)
    for part in parts:
        members[part.broad].append(part)
    n_modelled = sum(counted.n_modelled.values())
    found = []
    for number, theme in enumerate(run.themes.broad):
        n = counted.n_by_broad.get(theme.theme_id, 0)
        of_theme = tuple(members[number])
        found.append(BroadPart(number, theme, is_unstable(theme), n, share_of(n, n_modelled), of_theme))
    if members[-1]:
        found.append(BroadPart(len(found), None, False, 0, 0.0, tuple(members[-1])))
    return tuple(found)


def _similar(themes: tuple[Theme, ...]) -> list[tuple[tuple[int, str, float], ...]]:
    if not themes:
        return []
    centroids = np.array([theme.centroid for theme in themes], dtype=np.float64)
    centroids /= np.maximum(np.linalg.norm(centroids, axis=1, keepdims=True), 1e-12)
    cosine = centroids @ centroids.T
    np.fill_diagonal(cosine, -2)
    nearest = np.argsort(-cosine, axis=1, kind="stable")[:, : min(SIMILAR_THEMES, len(themes) - 1)]
    return [
        tuple((int(other), themes[other].label, float(cosine[number, other])) for other in row)
        for number, row in enumerate(nearest)
    ]


def _sources(run: Run, rows: Mapping[str, FirmRow], wanted: Collection[str]) -> dict[str, Source]:
    table = pq.read_table(run.directory / "sentences.parquet", columns=["sentence_id", "firm_id", "strength"])
    table = table.filter(pc.is_in(table["sentence_id"], pa.array(sorted(wanted), pa.string())))
    known = {line["sentence_id"]: line for line in table.to_pylist()}
    firms = {line["firm_id"] for line in known.values()}
    columns = ["sentence_id", "date", "speaker_name", "speaker_type", "section", "text"]
    found: dict[str, Source] = {}
    for row, frame in run.sentences([row for row in run.firms if row.firm_id in firms], columns):
        for line in frame[frame["sentence_id"].isin(list(known))].itertuples(index=False):
            name = str(line.sentence_id)
            strength = known[name]["strength"]
            found[name] = Source(
                short(str(line.text), SENTENCE_LENGTH), row.firm_id, rows[row.firm_id].firm_name, str(line.date),
                str(line.speaker_name or line.speaker_type or ""), str(line.section or ""), strength, name,
            )  # fmt: skip
    return found


def _skipped(run: Run, rows: Mapping[str, FirmRow]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    by_reason: dict[str, list[str]] = defaultdict(list)
    for firm in run.themes.skipped_firms:
        name = rows[firm.firm_id].firm_name if firm.firm_id in rows else ""
        by_reason[firm.reason].append(f"{name} ({firm.firm_id})" if name else firm.firm_id)
    return tuple(
        sorted(((reason, tuple(names)) for reason, names in by_reason.items()), key=lambda x: -len(x[1]))
    )


def _made_with(run: Run) -> dict[str, Any]:
    """What the first firm's topics say of their making, which is all firms', and what the themes say."""
    paths = sorted((run.directory / "topics").glob("*.json"))
    topics = read_firm_topics(paths[0]).metadata if paths else {}
    themes = run.themes.metadata
    return {name: topics[name] for name in MADE_WITH if name in topics} | {
        f"themes' {name}": themes[name] for name in _THEMES_MADE_WITH if name in themes
    }


def _json(path: Path) -> dict[str, Any]:
    """A small JSON file that may be missing: what it tells is nice to have, not needed."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
