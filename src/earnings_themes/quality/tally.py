"""One pass over a run's files, one firm at a time, that adds up what the metrics need."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from earnings_themes.abstractions import FirmTopics
from earnings_themes.quality.coherence import keywords_of, tokens, topic_diversity
from earnings_themes.quality.metric import Metric
from earnings_themes.quality.separation import SAMPLE, silhouette
from earnings_themes.quality.truth import Label
from earnings_themes.results.run_files import Run, TopicKey

SEED: Final = 42
# Coherence counts the words of every window: these two bound it to seconds, whatever the run's size. Over
# topics C_v has a standard deviation of .15, so the mean of 200 is known to .01.
MAX_TEXTS: Final = 10_000
MAX_COHERENCE_TOPICS: Final = 200
# A firm's silhouette of sentences has a standard deviation of .04, so the mean of 30 is known to .01.
MAX_SILHOUETTE_FIRMS: Final = 30

# A firm's sentence ids and their vectors, (n, dim), in the same order; None where they were not kept.
EmbeddingReader = Callable[[str], tuple[Sequence[str], NDArray[np.float32]] | None]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A labelled sentence, and what the run made of it; None for a sentence in no topic or theme."""

    firm_id: str
    label: Label
    procedural: bool
    topic_id: int | None
    topic_kind: str | None
    theme_id: str | None


@dataclass(slots=True)
class Tally:
    """What the pass adds up. Only samples are kept of what grows with the number of sentences."""

    n_ok: int = 0
    n_topics: int = 0
    n_in_topics: int = 0
    n_outliers: int = 0
    n_sentences: int = 0
    n_procedural: int = 0
    texts: list[list[str]] = field(default_factory=list)
    diversity: list[float | None] = field(default_factory=list)
    stability: list[float | None] = field(default_factory=list)
    keywords: list[list[str]] = field(default_factory=list)
    centroids: list[tuple[float, ...]] = field(default_factory=list)
    centroid_themes: list[str | None] = field(default_factory=list)
    # By whether outliers count as groups of their own: a firm's silhouette each.
    silhouettes: dict[bool, list[Metric]] = field(default_factory=lambda: {False: [], True: []})
    labelled: list[Labelled] = field(default_factory=list)
    # Sentences whose label was given to another text under the same id.
    n_mislabelled: int = 0


def tally(run: Run, labels: dict[str, Label] | None, embeddings: EmbeddingReader | None) -> Tally:
    """Read every firm once. Raises ResultError for a missing or damaged file."""
    found, theme_of = Tally(), run.theme_of()
    texts = sample(sum(row.n_sentences for row in run.firms), MAX_TEXTS)
    for_words = _sampled_topics(run, MAX_COHERENCE_TOPICS)
    # Twice the silhouette's sample, so that enough assigned ones are left when the unassigned are left out.
    for_distance = _sampled_topics(run, 2 * SAMPLE)
    with_topics = {row.firm_id: place for place, row in enumerate(run.read_firms)}
    for_silhouette = sample(len(with_topics), MAX_SILHOUETTE_FIRMS)
    for row, frame in run.sentences(run.firms, ["sentence_id", "text", "procedural"]):
        _add_sentences(found, frame, texts)
        firm = run.topics(row) if row.firm_id in with_topics else None
        if firm is not None:
            _add_topics(found, firm, theme_of, for_words, for_distance)
            if embeddings and with_topics[row.firm_id] in for_silhouette:
                _add_silhouettes(found, firm, embeddings)
        if labels:
            _add_labelled(found, row.firm_id, frame, firm, labels, theme_of)
    return found


def sample(n: int, limit: int) -> set[int]:
    """Return limit of the numbers below n, the same ones every time; all when they are fewer."""
    if n <= limit:
        return set(range(n))
    return set(np.random.default_rng(SEED).choice(n, limit, replace=False).tolist())


def _sampled_topics(run: Run, limit: int) -> set[TopicKey]:
    inside = ((topic.firm_id, topic.topic_id) for theme in run.themes.themes for topic in theme.topics)
    outside = ((topic.firm_id, topic.topic_id) for topic in run.themes.unassigned_topics)
    keys = sorted(chain(inside, outside))
    return {keys[place] for place in sample(len(keys), limit)}


def _add_sentences(found: Tally, frame: pd.DataFrame, texts: set[int]) -> None:
    first = found.n_sentences
    found.texts += tokens(text for place, text in enumerate(frame["text"], start=first) if place in texts)
    found.n_sentences += len(frame)
    found.n_procedural += int(frame["procedural"].sum())


def _add_topics(
    found: Tally,
    firm: FirmTopics,
    theme_of: dict[TopicKey, str],
    for_words: set[TopicKey],
    for_distance: set[TopicKey],
) -> None:
    found.n_ok += firm.status == "ok"
    found.n_topics += firm.n_topics
    found.n_in_topics += sum(topic.size for topic in firm.topics)
    found.n_outliers += len(firm.outliers)
    if firm.topics:
        found.diversity.append(topic_diversity([keywords_of(topic) for topic in firm.topics]))
    for topic, centroid in zip(firm.topics, firm.centroids, strict=True):
        key = (firm.firm_id, topic.topic_id)
        found.stability.append(topic.stability)
        if key in for_words:
            found.keywords.append(keywords_of(topic))
        if key in for_distance:
            found.centroids.append(centroid)
            found.centroid_themes.append(theme_of.get(key))


def _add_silhouettes(found: Tally, firm: FirmTopics, embeddings: EmbeddingReader) -> None:
    kept = embeddings(firm.firm_id)
    if kept is None:
        return
    ids, vectors = kept
    topics = {s.sentence_id: str(topic.topic_id) for topic in firm.topics for s in topic.sentences}
    outliers = {sentence.sentence_id for sentence in firm.outliers}
    # Sentences that were not modelled (procedure) belong to no form.
    places = [place for place, name in enumerate(ids) if name in topics or name in outliers]
    groups = [topics.get(ids[place]) for place in places]
    for alone, metrics in found.silhouettes.items():
        metrics.append(silhouette(vectors[places], groups, "sentences", unassigned_alone=alone))


def _add_labelled(
    found: Tally,
    firm_id: str,
    frame: pd.DataFrame,
    firm: FirmTopics | None,
    labels: dict[str, Label],
    theme_of: dict[TopicKey, str],
) -> None:
    topics = {s.sentence_id: topic for topic in (firm.topics if firm else ()) for s in topic.sentences}
    for name, text, procedural in zip(frame["sentence_id"], frame["text"], frame["procedural"], strict=True):
        if name not in labels:
            continue
        if not labels[name].is_of(text):
            found.n_mislabelled += 1
            continue
        topic = topics.get(name)
        found.labelled.append(
            Labelled(
                firm_id,
                labels[name],
                bool(procedural),
                topic.topic_id if topic else None,
                topic.kind if topic else None,
                theme_of.get((firm_id, topic.topic_id)) if topic else None,
            )
        )
