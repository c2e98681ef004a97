"""Gathers what the report shows from a run's files: plain records, already limited to what fits a page."""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from earnings_themes.abstractions import Theme
from earnings_themes.errors import ResultError
from earnings_themes.report.layout import plane
from earnings_themes.report.timing import StepTime, add_seconds, benchmark_times, by_rule
from earnings_themes.results.firms import FirmRow
from earnings_themes.results.run_files import Run, TopicKey

# Above this the page would neither open at once nor stay under 8 MB: the firms with most sentences are shown.
MAX_FIRMS: Final = 500
FIRMS_A_THEME: Final = 12
SIMILAR_THEMES: Final = 3
SENTENCE_LENGTH: Final = 240
KEYWORDS_A_TOPIC: Final = 6
# What a referee asks of every run; the same for all its firms.
MADE_WITH: Final = ("model", "params", "embedding_model", "embedding_sha256", "seed", "versions")
_THEMES_MADE_WITH: Final = ("min_firms", "max_firm_share", "params")


@dataclass(frozen=True, slots=True)
class Source:
    """A sentence and where it was said."""

    text: str
    firm_id: str
    firm_name: str
    date: str
    transcript_id: str
    sentence_id: str


@dataclass(frozen=True, slots=True)
class ThemeFirm:
    """A firm in a theme: its sentences there, and their share of all that it said."""

    firm_id: str
    firm_name: str
    n_sentences: int
    share: float


@dataclass(frozen=True, slots=True)
class ThemePart:
    """What the page says about a theme. share: of all sentences of the run; average: mean over firms."""

    number: int
    theme: Theme
    share: float
    average: float
    firms: tuple[ThemeFirm, ...]
    sources: tuple[Source, ...]
    similar: tuple[tuple[int, str, float], ...]


@dataclass(slots=True)
class FirmPart:
    """What the page says about a firm; n_by_theme counts its sentences by the theme's number."""

    number: int
    row: FirmRow
    n_topics: int = 0
    n_by_theme: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TopicPart:
    """A topic as a point of the map; firm and theme are numbers of the page, theme −1 for none."""

    firm: int
    theme: int
    topic_id: int
    label: str
    keywords: str
    sentence: str
    kind: str
    size: int
    stability: float | None
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that the templates and the figures need."""

    run: str
    n_firms: int
    n_calls: int
    n_sentences: int
    dates: tuple[str, str] | None
    themes: tuple[ThemePart, ...]
    firms: tuple[FirmPart, ...]
    topics: tuple[TopicPart, ...]
    skipped_firms: tuple[tuple[str, tuple[str, ...]], ...]
    skipped_rows: tuple[tuple[str, int], ...]
    made_with: Mapping[str, Any]
    times: tuple[StepTime, ...]
    n_timed_firms: int


def gather(run: Run, panel: Path) -> Page:
    """Read a run and its panel.parquet. Raises ResultError for a damaged run."""
    numbers = {theme.theme_id: number for number, theme in enumerate(run.themes.themes)}
    counts, dates = _panel_counts(panel, numbers)
    rows = {row.firm_id: row for row in run.firms}
    shown = sorted(run.read_firms, key=lambda row: (-row.n_sentences, row.firm_id))[:MAX_FIRMS]
    shown.sort(key=lambda row: (row.firm_name.casefold(), row.firm_id))
    firms = [FirmPart(number, row) for number, row in enumerate(shown)]
    theme_of = {key: numbers[theme] for key, theme in run.theme_of().items()}
    topics, seconds, made_with = _read_topics(run, firms, theme_of)
    for firm in firms:
        firm.n_by_theme = counts.get(firm.row.firm_id, {})
    ingest = _json(run.directory / "ingest.json")
    add_seconds(seconds, "ingest", ingest)
    add_seconds(seconds, "themes", run.themes.metadata)
    return Page(
        run=run.themes.run,
        n_firms=len(run.firms),
        n_calls=sum(row.n_calls for row in run.firms),
        n_sentences=sum(row.n_sentences for row in run.firms),
        dates=dates,
        themes=_theme_parts(run, rows, counts),
        firms=tuple(firms),
        topics=tuple(topics),
        skipped_firms=_skipped(run, rows),
        skipped_rows=tuple(sorted(ingest.get("skipped_rows", {}).items())),
        made_with=made_with
        | {
            f"themes' {name}": run.themes.metadata[name]
            for name in _THEMES_MADE_WITH
            if name in run.themes.metadata
        },
        times=tuple(by_rule(benchmark_times(run.directory / "benchmarks"), seconds.values())),
        n_timed_firms=len(firms),
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


# --- parts -----------------------------------------------------------------------------------------


def _panel_counts(
    path: Path, numbers: dict[str, int]
) -> tuple[dict[str, dict[int, int]], tuple[str, str] | None]:
    """Return each firm's sentences by theme, zeros left out, and the first and the last day of a call."""
    counts: dict[str, dict[int, int]] = defaultdict(dict)
    dates: set[str] = set()
    try:
        file = pq.ParquetFile(path)
        for group in range(file.metadata.num_row_groups):
            table = file.read_row_group(group, columns=["firm_id", "theme_id", "n", "date"])
            dates.update(map(str, pc.unique(table["date"]).to_pylist()))
            table = table.filter(pc.greater(table["n"], 0))
            columns = (table[name].to_pylist() for name in ("firm_id", "theme_id", "n"))
            for firm_id, theme_id, n in zip(*columns, strict=True):
                of_firm = counts[firm_id]
                number = numbers[theme_id]
                of_firm[number] = of_firm.get(number, 0) + n
    except (OSError, pa.ArrowException) as error:
        raise ResultError(
            f"{path}: cannot be read ({error}). Delete it and run again; rule panel makes it."
        ) from error
    return counts, (min(dates), max(dates)) if dates else None


def _read_topics(
    run: Run, firms: list[FirmPart], theme_of: dict[TopicKey, int]
) -> tuple[list[TopicPart], dict[str, StepTime], dict[str, Any]]:
    centroids: list[tuple[float, ...]] = []
    seconds: dict[str, StepTime] = {}
    made_with: dict[str, Any] = {}
    bare: list[dict[str, Any]] = []
    for firm in firms:
        topics = run.topics(firm.row)
        firm.n_topics = topics.n_topics
        add_seconds(seconds, "topics", topics.metadata)
        made_with = made_with or {
            name: topics.metadata[name] for name in MADE_WITH if name in topics.metadata
        }
        centroids += topics.centroids
        for topic in topics.topics:
            bare.append(
                {
                    "firm": firm.number,
                    "theme": theme_of.get((topics.firm_id, topic.topic_id), -1),
                    "topic_id": topic.topic_id,
                    "label": topic.label,
                    "keywords": ", ".join(word for word, _ in topic.keywords[:KEYWORDS_A_TOPIC]),
                    "sentence": short(topic.sentences[0].text, SENTENCE_LENGTH),
                    "kind": topic.kind,
                    "size": topic.size,
                    "stability": topic.stability,
                }
            )
    positions = plane(np.array(centroids, dtype=np.float32)) if centroids else np.empty((0, 2))
    points = [
        TopicPart(**topic, x=float(x), y=float(y)) for topic, (x, y) in zip(bare, positions, strict=True)
    ]
    return points, seconds, made_with


def _theme_parts(
    run: Run, rows: dict[str, FirmRow], counts: dict[str, dict[int, int]]
) -> tuple[ThemePart, ...]:
    themes = run.themes.themes
    n_sentences = sum(row.n_sentences for row in run.firms)
    n_firms = len(run.read_firms)
    similar = _similar(themes)
    sources = _sources(run, rows)
    of_theme: dict[int, list[ThemeFirm]] = defaultdict(list)
    for firm_id, by_theme in counts.items():
        for number, n in by_theme.items():
            row = rows[firm_id]
            of_theme[number].append(ThemeFirm(firm_id, row.firm_name, n, share_of(n, row.n_sentences)))
    return tuple(
        ThemePart(
            number=number,
            theme=theme,
            share=share_of(theme.n_sentences, n_sentences),
            average=share_of(math.fsum(firm.share for firm in of_theme[number]), n_firms),
            firms=tuple(
                sorted(of_theme[number], key=lambda firm: (-firm.share, firm.firm_id))[:FIRMS_A_THEME]
            ),
            sources=tuple(sources[number]),
            similar=similar[number],
        )
        for number, theme in enumerate(themes)
    )


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


def _sources(run: Run, rows: dict[str, FirmRow]) -> dict[int, list[Source]]:
    wanted: dict[str, dict[str, str]] = defaultdict(dict)
    shown = [sentence for theme in run.themes.themes for sentence in theme.representative_sentences]
    for sentence in shown:
        wanted[sentence.firm_id][sentence.sentence_id] = sentence.text
    found: dict[str, Source] = {}
    speakers = [rows[firm_id] for firm_id in wanted if firm_id in rows]
    for row, frame in run.sentences(speakers, ["sentence_id", "transcript_id", "date"]):
        texts = wanted[row.firm_id]
        for line in frame[frame["sentence_id"].isin(list(texts))].itertuples(index=False):
            name = str(line.sentence_id)
            found[name] = Source(
                texts[name], row.firm_id, row.firm_name, str(line.date), str(line.transcript_id), name
            )
    return {
        number: [
            found[sentence.sentence_id]
            for sentence in theme.representative_sentences
            if sentence.sentence_id in found
        ]
        for number, theme in enumerate(run.themes.themes)
    }


def _skipped(run: Run, rows: dict[str, FirmRow]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    by_reason: dict[str, list[str]] = defaultdict(list)
    for firm in run.themes.skipped_firms:
        name = rows[firm.firm_id].firm_name if firm.firm_id in rows else ""
        by_reason[firm.reason].append(f"{name} ({firm.firm_id})" if name else firm.firm_id)
    sizes = Counter({reason: len(names) for reason, names in by_reason.items()})
    return tuple((reason, tuple(by_reason[reason])) for reason, _ in sizes.most_common())


def _json(path: Path) -> dict[str, Any]:
    """A small JSON file that may be missing: what it tells is nice to have, not needed."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
