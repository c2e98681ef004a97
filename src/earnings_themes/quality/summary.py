"""Computes quality.json: every figure of a run from its own files."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from earnings_themes.abstractions import Theme
from earnings_themes.quality.against_labels import LEVELS, compare_with_labels, read_labels
from earnings_themes.quality.curve import precision_curve, rated_curve
from earnings_themes.quality.floor import is_unstable
from earnings_themes.quality.metric import Metric, median, missing, share
from earnings_themes.quality.ruler.inputs import effective
from earnings_themes.quality.settled import has_subject, read_settled, was_modelled
from earnings_themes.results.artifacts import Run, open_run
from earnings_themes.system.processes import one_thread

QUALITY_VERSION: Final = 2
_DOUBTFUL: Final = 0.5


@one_thread
def quality_report(run_dir: Path, labels: Path | None = None) -> dict[str, Any]:
    """Return every figure of a finished run, ready to be written as quality.json.

    labels: a CSV with the columns sentence_id, theme and, where known, kind and text. Raises ResultError for a damaged
    run and InputError for unreadable labels.
    """
    known = read_labels(labels) if labels else None
    run = open_run(run_dir)
    sentences = read_settled(run_dir)
    agreement, matches = compare_with_labels(run_dir, known)
    levels = {"themes": run.themes.themes, "broad": run.themes.broad}
    metrics = _counts(run, sentences) | _coverage(run, sentences) | agreement
    for level, themes in levels.items():
        metrics[f"{level}_effective"] = effective_number(sentences[LEVELS[level]])
        metrics |= _themes(level, themes)
    floor = float(run.themes.metadata.get("floor", 0.0))
    return {
        "schema_version": QUALITY_VERSION,
        "run": run.themes.run,
        "metrics": {name: asdict(metric) for name, metric in metrics.items()},
        "distributions": {
            level: {
                "cohesion": quartiles([theme.cohesion for theme in themes]),
                "stability": quartiles([theme.stability for theme in themes]),
            }
            for level, themes in levels.items()
        },
        "floor": floor,
        "curve": precision_curve(sentences, floor, rated_curve(run.themes.metadata)),
        "labels": {level: [asdict(match) for match in found] for level, found in matches.items()},
    }


def effective_number(groups: pd.Series) -> Metric:
    """Return how many equally large themes would be as mixed; over the sentences that have one."""
    n = int(groups.notna().sum())
    if not n:
        return missing("settled sentences", "no sentence settled in a theme")
    return Metric(effective(groups), n, "settled sentences")


def quartiles(values: Sequence[float | None]) -> list[float] | None:
    """The least, the lower quartile, the median, the upper quartile and the most; None where nothing was measured."""
    known = [value for value in values if value is not None]
    return [float(value) for value in np.quantile(known, [0, 0.25, 0.5, 0.75, 1])] if known else None


def _counts(run: Run, sentences: pd.DataFrame) -> dict[str, Metric]:
    themes = run.themes
    counts = {
        "firms": (len(run.firms), "firms"),
        "firms_modelled": (len(run.read_firms), "firms"),
        "sentences": (len(sentences), "sentences"),
        "sentences_modelled": (int(was_modelled(sentences).sum()), "sentences"),
        "sentences_content": (int(has_subject(sentences).sum()), "sentences"),
        "topics": (sum(theme.n_topics for theme in themes.themes) + len(themes.unassigned_topics), "topics"),
        "themes": (len(themes.themes), "themes"),
        "themes_subject": (sum(theme.kind == "subject" for theme in themes.themes), "themes"),
        "broad": (len(themes.broad), "broad themes"),
    }
    return {name: Metric(n, n, of) for name, (n, of) in counts.items()}


def _coverage(run: Run, sentences: pd.DataFrame) -> dict[str, Metric]:
    settled = sentences["theme_id"].notna()
    content = has_subject(sentences)
    n_modelled = int(was_modelled(sentences).sum())
    alike = run.themes.metadata.get("alike")
    speaking = {firm for theme in run.themes.themes for firm in theme.firms}
    n, n_content, both = len(sentences), int(content.sum()), int((settled & content).sum())
    return {
        "coverage_modelled": share(
            int(settled.sum()), n_modelled, "modelled sentences", "no sentence was modelled"
        ),
        "coverage_content": share(both, n_content, "sentences with content", "no sentence has content"),
        "firms_with_theme": share(len(speaking), len(run.firms), "firms", "there is no firm"),
        "procedural_sentences": share(n - n_modelled, n, "sentences", "there is no sentence"),
        "alike": missing("sentences with content", "no two firms have such sentences")
        if alike is None
        else Metric(alike, n_content, "sentences with content"),
    }


def _themes(level: str, themes: Sequence[Theme]) -> dict[str, Metric]:
    stability = [theme.stability for theme in themes if theme.stability is not None]
    of = "themes" if level == "themes" else "broad themes"
    none = "there is no theme" if not themes else "stability was not measured"
    return {
        f"{level}_cohesion": median([theme.cohesion for theme in themes], of, "there is no theme"),
        f"{level}_stability": median(stability, of, none),
        f"{level}_unstable": share(sum(map(is_unstable, themes)), len(stability), of, none),
        f"{level}_doubtful": share(sum(value < _DOUBTFUL for value in stability), len(stability), of, none),
    }
