"""Compares two finished runs side by side, as Markdown: their figures, their times, their largest themes.

    earnings-themes compare results/baseline results/sample

Figures come from each run's quality.json, times from what Snakemake wrote to its benchmarks. What a figure
means stands in the report of either run.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from earnings_themes.errors import ResultError
from earnings_themes.quality import quality_report
from earnings_themes.quality.coverage import largest_themes
from earnings_themes.quality.meaning import MEANINGS
from earnings_themes.report.timing import benchmark_times
from earnings_themes.results.artifacts import read_themes

# What the issue that asked for the comparison names, and what a reader asks next.
_METRICS: Final = (
    "firms", "sentences", "topics", "themes", "themes_subject",
    "topics_in_theme", "firms_with_theme", "sentences_in_theme", "outlier_share",
    "procedural_share_ten_largest", "subject_share_ten_first",
    "topic_npmi", "topic_cv", "theme_npmi", "theme_cv", "topic_diversity", "theme_diversity",
    "topic_stability", "theme_stability", "theme_ari_left_out", "theme_ari_singletons",
    "theme_ami_left_out", "theme_ami_singletons",
)  # fmt: skip


def compare(runs: Sequence[Path]) -> str:
    """Return the runs' figures, times and ten largest themes as Markdown tables, a column a run.

    runs: folders of finished runs. A run without quality.json is measured first. Raises ResultError for a
    folder that holds no run.
    """
    for run in runs:
        if not (run / "themes.json").is_file():
            raise ResultError(f"{run}: holds no themes.json. Expected the folder of a finished run.")
    metrics = [_metrics(run) for run in runs]
    times = [_times(run) for run in runs]
    rows = [
        [MEANINGS[name].title, *(_shown(name, figures.get(name, {}).get("value")) for figures in metrics)]
        for name in _METRICS
        if any(figures.get(name, {}).get("value") is not None for figures in metrics)
    ]
    steps = dict.fromkeys(step for known in times for step in known)
    rows += [[step, *(known.get(step, "–") for known in times)] for step in steps]
    names = [run.name for run in runs]
    themes = list(zip_longest(*map(_largest, runs), fillvalue=""))
    return "\n".join(
        [
            *_table(["", *names], rows),
            "",
            *_table(["Ten largest themes", *names], [[str(n), *row] for n, row in enumerate(themes, 1)]),
        ]
    )


def _metrics(run: Path) -> Mapping[str, Mapping[str, Any]]:
    path = run / "quality.json"
    try:
        report = json.loads(path.read_text(encoding="utf-8")) if path.exists() else quality_report(run)
        metrics: Mapping[str, Mapping[str, Any]] = report["metrics"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResultError(f"{path}: cannot be read ({error}). Delete it and run again.") from error
    return metrics


def _shown(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    form = MEANINGS[name].form
    return f"{value:,}" if form == "count" else f"{100 * value:.1f} %" if form == "share" else f"{value:.2f}"


def _times(run: Path) -> dict[str, str]:
    steps = {time.step: time for time in benchmark_times(run / "benchmarks")}
    times = {}
    if topics := steps.get("topics"):
        times["Seconds a firm, topics"] = f"{topics.seconds / topics.n:.1f}"
        times["Memory a firm at most, topics (MB)"] = f"{topics.memory_mb:.0f}"
    if themes := steps.get("themes"):
        times["Seconds, themes"] = f"{themes.seconds:.1f}"
    if steps:
        times["Seconds, all steps in sum"] = f"{sum(step.seconds for step in steps.values()):.0f}"
    return times


def _largest(run: Path) -> list[str]:
    return [
        f"{theme.label} ({theme.n_firms} firms, {theme.n_topics} topics, {theme.kind})"
        for theme in largest_themes(read_themes(run / "themes.json").themes)
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return [f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines]
