"""Compares finished runs side by side, as Markdown: figures, times, largest themes.

    earnings-themes compare results/baseline results/sample

Figures come from quality.json, times from Snakemake's benchmarks. The report explains each figure.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from earnings_themes.abstractions import Theme
from earnings_themes.errors import ResultError
from earnings_themes.quality.meaning import MEANINGS
from earnings_themes.quality.summary import quality_report
from earnings_themes.report.html import written
from earnings_themes.report.timing import benchmark_times
from earnings_themes.results.artifacts import read_themes

# What a reader asks of two runs first.
_METRICS: Final = (
    "firms", "sentences", "topics", "themes", "broad", "coverage_content", "coverage_modelled", "firms_with_theme",
    "themes_effective", "broad_effective", "themes_cohesion", "themes_stability", "themes_unstable", "themes_doubtful",
    "broad_stability", "themes_ami_assigned", "themes_ami_all", "themes_ari_assigned", "themes_ari_all",
    "broad_ami_assigned", "broad_ami_all", "themes_best_f1", "broad_best_f1",
)  # fmt: skip


def compare_runs(runs: Sequence[Path]) -> str:
    """Return Markdown tables of figures, times and the ten largest themes, one column per run.

    runs: folders of finished runs; quality.json is computed if missing. Raises ResultError.
    """
    for run in runs:
        if not (run / "themes.json").is_file():
            raise ResultError(f"{run}: holds no themes.json. Expected the folder of a finished run.")
    metrics = [_metrics(run) for run in runs]
    times = [_times(run) for run in runs]
    rows = [
        [
            MEANINGS[name].title,
            *(written(figures.get(name, {}).get("value"), MEANINGS[name]) for figures in metrics),
        ]
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
    """Return the ten themes with most firms, then most sentences, of any kind."""

    def size(theme: Theme) -> tuple[int, int, str]:
        return -theme.n_firms, -theme.n_sentences, theme.theme_id

    return [
        f"{theme.label} ({theme.n_firms} firms, {theme.n_sentences} sentences, {theme.kind})"
        for theme in sorted(read_themes(run / "themes.json").themes, key=size)[:10]
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return [f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines]
