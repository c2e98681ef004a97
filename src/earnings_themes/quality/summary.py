"""Every figure of a run in one pass over its files: what quality.json holds."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np

from earnings_themes.quality.against_labels import compare
from earnings_themes.quality.coherence import coherence, keywords_of, topic_diversity
from earnings_themes.quality.coverage import (
    firms_with_theme,
    kind_share,
    largest_themes,
    outlier_share,
    sentences_in_theme,
    topics_in_theme,
)
from earnings_themes.quality.metric import Metric, count, mean, missing, share
from earnings_themes.quality.separation import SAMPLE, silhouette
from earnings_themes.quality.tally import (
    MAX_COHERENCE_TOPICS,
    MAX_SILHOUETTE_FIRMS,
    MAX_TEXTS,
    SEED,
    EmbeddingReader,
    Tally,
    tally,
)
from earnings_themes.quality.truth import read_labels
from earnings_themes.results.run_files import Run, open_run
from earnings_themes.system.processes import one_thread

QUALITY_VERSION: Final = 1


@one_thread
def quality_report(
    run_dir: Path, labels: Path | None = None, embeddings: EmbeddingReader | None = None
) -> dict[str, Any]:
    """Return every metric of a finished run, ready to be written as quality.json.

    labels: a CSV with the columns sentence_id, theme and, where known, kind and text. embeddings: gives a
    firm's sentence vectors; without it the silhouette of sentences is null, with that reason. Raises
    ResultError for a damaged run and InputError for unreadable labels.
    """
    run = open_run(run_dir)
    known = read_labels(labels) if labels else None
    found = tally(run, known, embeddings)
    metrics = (
        _counts(run, found)
        | _coverage(run, found)
        | _words(run, found)
        | _separation(found, embeddings is not None)
        | _stability(run, found)
        | compare(found, None if known is None else len(known))
    )
    return {
        "schema_version": QUALITY_VERSION,
        "run": run.themes.run,
        "samples": {
            "seed": SEED,
            "coherence_sentences": MAX_TEXTS,
            "coherence_topics": MAX_COHERENCE_TOPICS,
            "silhouette_vectors": SAMPLE,
            "silhouette_firms": MAX_SILHOUETTE_FIRMS,
        },
        "metrics": {name: asdict(metric) for name, metric in metrics.items()},
    }


# --- the metrics, by group -------------------------------------------------------------------------


def _counts(run: Run, found: Tally) -> dict[str, Metric]:
    themes = run.themes.themes
    metrics = {
        "firms": count(len(run.firms), "firms"),
        "firms_modelled": count(found.n_ok, "firms"),
        "sentences": count(found.n_sentences, "sentences"),
        "topics": count(found.n_topics, "topics"),
        "themes": count(len(themes), "themes"),
    }
    for kind in ("subject", "reporting", "procedure", "filler"):
        metrics[f"themes_{kind}"] = Metric(sum(theme.kind == kind for theme in themes), len(themes), "themes")
    return metrics


def _coverage(run: Run, found: Tally) -> dict[str, Metric]:
    themes, n_sentences = run.themes, found.n_sentences
    n_modelled = found.n_in_topics + found.n_outliers
    return {
        "outlier_share": outlier_share(found.n_outliers, found.n_in_topics),
        "topics_in_theme": topics_in_theme(themes, count_procedural=True),
        "topics_in_theme_procedure_aside": topics_in_theme(themes, count_procedural=False),
        "firms_with_theme": firms_with_theme(themes, len(run.firms), "firms"),
        "modelled_firms_with_theme": firms_with_theme(themes, found.n_ok, "firms with topics"),
        "sentences_in_theme": sentences_in_theme(themes, n_sentences, "sentences"),
        "modelled_sentences_in_theme": sentences_in_theme(themes, n_modelled, "modelled sentences"),
        "procedural_share_ten_largest": kind_share(largest_themes(themes.themes), "procedure"),
        "subject_share_ten_first": kind_share(themes.themes[:10], "subject"),
        "procedural_sentences": share(found.n_procedural, n_sentences, "sentences", "there is no sentence"),
    }


def _words(run: Run, found: Tally) -> dict[str, Metric]:
    themes = [keywords_of(theme) for theme in run.themes.themes]
    of_themes = topic_diversity(themes)
    return {
        "topic_diversity": mean(found.diversity, "firms", "no firm has a topic with words"),
        "theme_diversity": missing("themes", "no theme has words")
        if of_themes is None
        else Metric(of_themes, len(themes), "themes"),
        "topic_npmi": coherence(found.keywords, found.texts, "c_npmi"),
        "topic_cv": coherence(found.keywords, found.texts, "c_v"),
        "theme_npmi": coherence(themes, found.texts, "c_npmi"),
        "theme_cv": coherence(themes, found.texts, "c_v"),
        "theme_cohesion": mean(
            [theme.cohesion for theme in run.themes.themes], "themes", "there is no theme"
        ),
    }


def _separation(found: Tally, has_embeddings: bool) -> dict[str, Metric]:
    vectors = np.array(found.centroids, dtype=np.float32)
    none = "no sentence embeddings were kept" if not has_embeddings else "no firm has two topics"
    metrics = {}
    for form, alone in (("left_out", False), ("singletons", True)):
        metrics[f"theme_silhouette_{form}"] = silhouette(vectors, found.centroid_themes, "topics", alone)
        values = [metric.value for metric in found.silhouettes[alone]]
        metrics[f"topic_silhouette_{form}"] = mean(values, "firms", none)
    return metrics


def _stability(run: Run, found: Tally) -> dict[str, Metric]:
    none = "not measured in this run"
    return {
        "topic_stability": mean(found.stability, "topics", none),
        "theme_stability": mean([theme.stability for theme in run.themes.themes], "themes", none),
    }
