"""Every figure of a run in one pass over its files: what quality.json holds."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from earnings_themes.abstractions import FirmTopics
from earnings_themes.quality.agreement import FORMS, ami, ari
from earnings_themes.quality.coherence import coherence, keywords_of, tokens, topic_diversity
from earnings_themes.quality.coverage import (
    firms_with_theme,
    kind_share,
    largest_themes,
    modelled,
    outlier_share,
    sentences_in_theme,
    topics_in_theme,
)
from earnings_themes.quality.labels import Label, cross_firm, read_labels
from earnings_themes.quality.metric import Metric, count, mean, missing, share
from earnings_themes.quality.run_files import Run, TopicKey, open_run
from earnings_themes.quality.separation import SAMPLE, silhouette

QUALITY_VERSION: Final = 1
SEED: Final = 42
# Coherence counts words of every window: these two bound it to seconds, whatever the run's size.
MAX_TEXTS: Final = 10_000
MAX_COHERENCE_TOPICS: Final = 500
# Silhouettes of sentences are taken a firm; the mean of these many firms moves by less than .01.
MAX_SILHOUETTE_FIRMS: Final = 30

# A firm's sentence ids and their vectors, (n, dim), in the same order; None where they were not kept.
EmbeddingReader = Callable[[str], tuple[Sequence[str], NDArray[np.float32]] | None]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A labelled sentence: what it is about, and where the run put it (None: nowhere)."""

    firm_id: str
    label: Label
    topic_id: int | None
    theme_id: str | None


@dataclass(slots=True)
class Tally:
    """What one pass over the topic files adds up; nothing in it grows with the number of sentences."""

    n_ok: int = 0
    n_topics: int = 0
    n_in_topics: int = 0
    n_outliers: int = 0
    diversity: list[float | None] = field(default_factory=list)
    stability: list[float | None] = field(default_factory=list)
    keywords: list[list[str]] = field(default_factory=list)
    centroids: list[tuple[float, ...]] = field(default_factory=list)
    centroid_themes: list[str | None] = field(default_factory=list)
    silhouettes: dict[bool, list[Metric]] = field(default_factory=lambda: {False: [], True: []})
    labelled: list[Labelled] = field(default_factory=list)


def quality_report(
    run_dir: Path, labels: Path | None = None, embeddings: EmbeddingReader | None = None
) -> dict[str, Any]:
    """Return every metric of a finished run, ready to be written as quality.json.

    labels: a CSV with the columns sentence_id and theme. embeddings: gives a firm's sentence vectors; without
    it the silhouette of sentences is null, with that reason. Raises ResultError for a damaged run and
    InputError for unreadable labels.
    """
    run = open_run(run_dir)
    known = read_labels(labels) if labels else None
    tally = _tally(run, known, embeddings)
    texts, n_sentences, n_procedural = _texts(run)
    metrics = (
        _counts(run, tally, n_sentences)
        | _coverage(run, tally, n_sentences, n_procedural)
        | _words(run, tally, texts)
        | _separation(tally, embeddings is not None)
        | _stability(run, tally)
        | _agreement(tally.labelled, known)
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


# --- reading ---------------------------------------------------------------------------------------


def _sample(n: int, limit: int) -> set[int]:
    """limit of the numbers below n, the same ones every time; all when they are fewer."""
    if n <= limit:
        return set(range(n))
    return set(np.random.default_rng(SEED).choice(n, limit, replace=False).tolist())


def _sampled_topics(run: Run, limit: int) -> set[TopicKey]:
    inside = ((topic.firm_id, topic.topic_id) for theme in run.themes.themes for topic in theme.topics)
    outside = ((topic.firm_id, topic.topic_id) for topic in run.themes.unassigned_topics)
    keys = sorted(chain(inside, outside))
    return {keys[place] for place in _sample(len(keys), limit)}


def _tally(run: Run, labels: dict[str, Label] | None, embeddings: EmbeddingReader | None) -> Tally:
    tally, theme_of = Tally(), run.theme_of()
    for_words = _sampled_topics(run, MAX_COHERENCE_TOPICS)
    # Twice the silhouette's sample, so that enough assigned ones are left when the unassigned are left out.
    for_distance = _sampled_topics(run, 2 * SAMPLE)
    rows = run.read_firms
    for_silhouette = _sample(len(rows), MAX_SILHOUETTE_FIRMS)
    for place, row in enumerate(rows):
        firm = run.topics(row)
        in_topics, outliers = modelled(firm)
        tally.n_ok += firm.status == "ok"
        tally.n_topics += firm.n_topics
        tally.n_in_topics += in_topics
        tally.n_outliers += outliers
        if firm.topics:
            tally.diversity.append(topic_diversity([keywords_of(topic) for topic in firm.topics]))
        for topic, centroid in zip(firm.topics, firm.centroids, strict=True):
            key = (firm.firm_id, topic.topic_id)
            tally.stability.append(topic.stability)
            if key in for_words:
                tally.keywords.append(keywords_of(topic))
            if key in for_distance:
                tally.centroids.append(centroid)
                tally.centroid_themes.append(theme_of.get(key))
        if labels:
            tally.labelled += _labelled(firm, labels, theme_of)
        if embeddings and place in for_silhouette:
            _add_silhouettes(tally, firm, embeddings)
    return tally


def _labelled(
    firm: FirmTopics, labels: dict[str, Label], theme_of: dict[TopicKey, str]
) -> Iterator[Labelled]:
    for topic in firm.topics:
        for sentence in topic.sentences:
            if label := labels.get(sentence.sentence_id):
                theme = theme_of.get((firm.firm_id, topic.topic_id))
                yield Labelled(firm.firm_id, label, topic.topic_id, theme)
    for sentence in firm.outliers:
        if label := labels.get(sentence.sentence_id):
            yield Labelled(firm.firm_id, label, None, None)


def _add_silhouettes(tally: Tally, firm: FirmTopics, embeddings: EmbeddingReader) -> None:
    found = embeddings(firm.firm_id)
    if found is None:
        return
    ids, vectors = found
    topics = {s.sentence_id: str(topic.topic_id) for topic in firm.topics for s in topic.sentences}
    outliers = {sentence.sentence_id for sentence in firm.outliers}
    # Sentences that were not modelled (procedure) belong to no form.
    places = [place for place, name in enumerate(ids) if name in topics or name in outliers]
    groups = [topics.get(ids[place]) for place in places]
    for alone, kept in tally.silhouettes.items():
        kept.append(silhouette(vectors[places], groups, "sentences", unassigned_alone=alone))


def _texts(run: Run) -> tuple[list[list[str]], int, int]:
    """A sample of the run's sentences as words, how many there are, and how many are procedural."""
    chosen = _sample(sum(max(row.n_sentences, 0) for row in run.firms), MAX_TEXTS)
    texts: list[list[str]] = []
    n_sentences = n_procedural = 0
    for _, frame in run.sentences(run.firms, ["text", "procedural"]):
        picked = [text for place, text in enumerate(frame["text"], start=n_sentences) if place in chosen]
        texts += tokens(picked)
        n_sentences += len(frame)
        n_procedural += int(frame["procedural"].sum())
    return texts, n_sentences, n_procedural


# --- the metrics, by group -------------------------------------------------------------------------


def _counts(run: Run, tally: Tally, n_sentences: int) -> dict[str, Metric]:
    themes = run.themes.themes
    metrics = {
        "firms": count(len(run.firms), "firms"),
        "firms_modelled": count(tally.n_ok, "firms"),
        "sentences": count(n_sentences, "sentences"),
        "topics": count(tally.n_topics, "topics"),
        "themes": count(len(themes), "themes"),
    }
    for kind in ("subject", "reporting", "procedure", "filler"):
        metrics[f"themes_{kind}"] = Metric(sum(theme.kind == kind for theme in themes), len(themes), "themes")
    return metrics


def _coverage(run: Run, tally: Tally, n_sentences: int, n_procedural: int) -> dict[str, Metric]:
    themes = run.themes
    n_modelled = tally.n_in_topics + tally.n_outliers
    return {
        "outlier_share": outlier_share(tally.n_outliers, tally.n_in_topics),
        "topics_in_theme": topics_in_theme(themes, count_procedural=True),
        "topics_in_theme_procedure_aside": topics_in_theme(themes, count_procedural=False),
        "firms_with_theme": firms_with_theme(themes, len(run.firms), "firms"),
        "modelled_firms_with_theme": firms_with_theme(themes, tally.n_ok, "firms with topics"),
        "sentences_in_theme": sentences_in_theme(themes, n_sentences, "sentences"),
        "modelled_sentences_in_theme": sentences_in_theme(themes, n_modelled, "modelled sentences"),
        "procedural_share_ten_largest": kind_share(largest_themes(themes.themes), "procedure"),
        "subject_share_ten_first": kind_share(themes.themes[:10], "subject"),
        "procedural_sentences": share(n_procedural, n_sentences, "sentences", "there is no sentence"),
    }


def _words(run: Run, tally: Tally, texts: list[list[str]]) -> dict[str, Metric]:
    themes = [keywords_of(theme) for theme in run.themes.themes]
    of_themes = topic_diversity(themes)
    return {
        "topic_diversity": mean(tally.diversity, "firms", "no firm has a topic with words"),
        "theme_diversity": missing("themes", "no theme has words")
        if of_themes is None
        else Metric(of_themes, len(themes), "themes"),
        "topic_npmi": coherence(tally.keywords, texts, "c_npmi"),
        "topic_cv": coherence(tally.keywords, texts, "c_v"),
        "theme_npmi": coherence(themes, texts, "c_npmi"),
        "theme_cv": coherence(themes, texts, "c_v"),
        "theme_coherence": mean(
            [theme.coherence for theme in run.themes.themes], "themes", "there is no theme"
        ),
    }


def _separation(tally: Tally, has_embeddings: bool) -> dict[str, Metric]:
    vectors = np.array(tally.centroids, dtype=np.float32)
    none = "no sentence embeddings were kept" if not has_embeddings else "no firm has two topics"
    metrics = {}
    for form, alone in (("left_out", False), ("singletons", True)):
        metrics[f"theme_silhouette_{form}"] = silhouette(vectors, tally.centroid_themes, "topics", alone)
        values = [metric.value for metric in tally.silhouettes[alone]]
        metrics[f"topic_silhouette_{form}"] = mean(values, "firms", none)
    return metrics


def _stability(run: Run, tally: Tally) -> dict[str, Metric]:
    none = "not measured in this run"
    return {
        "topic_stability": mean(tally.stability, "topics", none),
        "theme_stability": mean([theme.stability for theme in run.themes.themes], "themes", none),
    }


def _agreement(rows: list[Labelled], labels: dict[str, Label] | None) -> dict[str, Metric]:
    about = [row for row in rows if row.label.theme]
    crossing = cross_firm([(row.label.theme, row.firm_id) for row in about])
    scopes = {
        "theme": [row for row in about if row.label.theme in crossing],
        "theme_all_labels": about,
    }
    if labels is None:
        none = "no labels were given"
    else:
        none = f"none of the {len(labels)} labelled sentences is a modelled sentence of this run with a theme"
    metrics: dict[str, Metric] = {}
    for scope, score, form in ((a, b, c) for a in scopes for b in (ari, ami) for c in FORMS):
        truth = [row.label.theme for row in scopes[scope]]
        found = [row.theme_id for row in scopes[scope]]
        name = f"{scope}_{score.__name__}_{form}"
        metrics[name] = score(truth, found, form) if truth else missing("sentences", none)
    firms: dict[str, list[Labelled]] = {}
    for row in about:
        firms.setdefault(row.firm_id, []).append(row)
    for score, form in ((b, c) for b in (ari, ami) for c in FORMS):
        values = [
            score(
                [row.label.theme for row in members],
                [None if row.topic_id is None else str(row.topic_id) for row in members],
                form,
            ).value
            for members in firms.values()
        ]
        metrics[f"topic_{score.__name__}_{form}"] = mean(values, "firms", none)
    return metrics
