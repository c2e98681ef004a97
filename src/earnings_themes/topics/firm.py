"""The map: one firm's sentences and subject vectors become its topics.

Too little text is a result with a status, not a failure: only bugs and machine failures are worth a retry.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from earnings_themes.abstractions import (
    SCHEMA_VERSION,
    FirmTopic,
    FirmTopics,
    TopicModelResult,
    TopicSentence,
)
from earnings_themes.abstractions.records import FirmStatus
from earnings_themes.config import TopicSettings
from earnings_themes.embedding.shard import FirmVectors, modelled, read_vectors
from earnings_themes.errors import ResultError
from earnings_themes.implementations import model_class
from earnings_themes.results.artifacts import read_sentences, write_firm_topics
from earnings_themes.results.firms import read_firms
from earnings_themes.results.provenance import OF_A_MODEL, OF_TOPICS, peak_memory_mb, versions
from earnings_themes.speech import CONTENT, commonest, kinds_of
from earnings_themes.system.processes import one_thread
from earnings_themes.text import dominant_script
from earnings_themes.text.alike import near_equal

_COLUMNS: Final = ["sentence_id", "firm_name", "model_text", "procedural"]


def process_firm_files(
    run: str,
    firm_id: str,
    firms: Path | str,
    transcripts: Path | str,
    embeddings: Path | str,
    output: Path,
    settings: TopicSettings,
    seed: int,
) -> FirmTopics:
    """Read a firm's sentences and vectors, find its topics, write topics/{firm}.json and return it.

    transcripts and embeddings may be addresses in S3, of which only the firm's part is read; so may firms, which is
    read for a firm without a sentence only.

    Raises ResultError for a damaged file or an id that firms.tsv does not list, and ModelError for vectors
    that cannot be used.
    """
    started = time.perf_counter()
    sentences = read_sentences(transcripts, firm_id, _COLUMNS)
    # Its own rows have the name; only a firm without a sentence has to be looked up among ten thousand.
    name = sentences["firm_name"].iloc[0] if len(sentences) else _listed_name(firms, firm_id)
    vectors = read_vectors(embeddings, firm_id)
    read = time.perf_counter() - started
    firm = process_firm(run, firm_id, name, sentences, vectors, settings, seed, {"read": read})
    write_firm_topics(output, firm)
    return firm


def _listed_name(firms: Path | str, firm_id: str) -> str:
    names = {firm.firm_id: firm.firm_name for firm in read_firms(firms)}
    if firm_id not in names:
        raise ResultError(f"{firms}: no firm {firm_id!r}; it lists {len(names)} firms. Run ingest again.")
    return names[firm_id]


@one_thread
def process_firm(
    run: str,
    firm_id: str,
    firm_name: str,
    sentences: pd.DataFrame,
    vectors: FirmVectors,
    settings: TopicSettings,
    seed: int,
    seconds: Mapping[str, float] | None = None,
) -> FirmTopics:
    """Find the topics of one firm.

    sentences: the firm's rows of transcripts.parquet, of which sentence_id, model_text and procedural are used. vectors: of the
    sentences that `embedding.modelled` lets through, in order. Raises ResultError for vectors of other sentences than these, and
    ModelError for vectors that are zero.
    """
    timing = dict(seconds or {})
    started = time.perf_counter()
    frame = sentences[modelled(sentences, settings.keep_procedural)].reset_index(drop=True)
    if frame["sentence_id"].tolist() != vectors.sentence_ids:
        raise ResultError(
            f"The embeddings hold {len(vectors.sentence_ids)} sentences of firm {firm_id!r} that are not the "
            f"{len(frame)} of transcripts.parquet. They were made from another ingest: delete embeddings/ and run again."
        )
    texts, text_of_row = _distinct(frame["model_text"].to_numpy(dtype=str))
    status: FirmStatus = "ok"
    result = TopicModelResult((), np.full(len(texts), -1), np.zeros(len(texts), dtype=np.float32))
    model = model_class(settings.model)(seed=seed, **settings.params)
    if not len(sentences):
        status = "no_transcript"
    elif len(texts) < settings.min_sentences:
        status = "too_few_sentences"
    else:
        result = model.fit(texts.tolist(), _mean_of_places(vectors, text_of_row))
    timing["fit"] = time.perf_counter() - started

    procedural = frame["procedural"].to_numpy(dtype=bool)
    kinds = kinds_of(vectors.vectors, vectors.content >= CONTENT, procedural, vectors.about.get("space", ""))
    topics, centroids, outliers = _described(vectors, kinds, result, text_of_row)
    return FirmTopics(
        schema_version=SCHEMA_VERSION,
        run=run,
        firm_id=firm_id,
        firm_name=firm_name,
        status=status,
        n_topics=len(topics),
        topics=topics,
        centroids=centroids,
        outliers=outliers,
        metadata={
            "model": settings.model,
            "params": dict(settings.params),
            **vectors.about,
            "versions": versions(OF_TOPICS + OF_A_MODEL.get(settings.model, ())),
            "seed": seed,
            "n_sentences": len(sentences),
            "n_procedural": int(sentences["procedural"].sum()) if len(sentences) else 0,
            "n_modelled": len(frame),
            "n_distinct": len(texts),
            "script": dominant_script(" ".join(frame["model_text"])),
            "timing": {"seconds": timing, "peak_memory_mb": peak_memory_mb()},
        },
    )


def _distinct(said: NDArray[np.str_]) -> tuple[NDArray[np.str_], NDArray[np.intp]]:
    """Return the (n,) texts that are no wording of one before them, and for each row the place of the text that it says.

    What is said twice, or again in nearly the same words, is fitted once, or the model would find the topic of what is
    repeated. Sorted, so that the order of the rows, which means nothing, cannot change the topics.
    """
    texts, text_of_row = np.unique(said, return_inverse=True)
    kept, wording_of = np.unique(np.array(near_equal(texts.tolist()), dtype=np.intp), return_inverse=True)
    return texts[kept], wording_of[text_of_row]


def _mean_of_places(vectors: FirmVectors, text_of_row: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return (n_texts, k) float32: a text's vector, the mean of its places, each in its own context."""
    sums = np.zeros((int(text_of_row.max()) + 1, vectors.vectors.shape[1]), dtype=np.float64)
    np.add.at(sums, text_of_row, vectors.vectors.astype(np.float64))
    mean: NDArray[np.float32] = (sums / np.bincount(text_of_row)[:, None]).astype(np.float32)
    return mean


def _described(
    vectors: FirmVectors, kinds: NDArray[np.object_], result: TopicModelResult, text_of_row: NDArray[np.intp]
) -> tuple[tuple[FirmTopic, ...], tuple[tuple[float, ...], ...], tuple[TopicSentence, ...]]:
    """Return the topics, largest first, their centroids, and the sentences of none."""
    ids = np.array(vectors.sentence_ids, dtype=object)
    topic_of_row, fit = result.assignments[text_of_row], result.probabilities[text_of_row]
    sure = fit * vectors.content
    rows_of = ((topic, np.flatnonzero(topic_of_row == topic.topic_id)) for topic in result.topics)
    found = [(topic, rows) for topic, rows in rows_of if len(rows)]
    # Equals in the order they were first said, so that the numbers never depend on chance.
    found.sort(key=lambda pair: (-len(pair[1]), min(ids[pair[1]])))
    topics = []
    for number, (topic, rows) in enumerate(found):
        # The surest sentences come first: they are the topic's exemplars, from which the themes are found.
        ordered = sorted(rows.tolist(), key=lambda row: (-round(float(sure[row]), 6), ids[row]))
        sentences = tuple(
            TopicSentence(ids[row], probability=min(max(float(fit[row]), 0.0), 1.0)) for row in ordered
        )
        kind = commonest(kinds[rows].tolist())
        topics.append(
            FirmTopic(number, topic.label, topic.keywords, len(rows), kind, topic.stability, sentences)
        )
    kept = np.isin(topic_of_row, [topic.topic_id for topic, _ in found])
    outliers = tuple(TopicSentence(sentence) for sentence in ids[~kept].tolist())
    means = [vectors.vectors[rows].mean(axis=0, dtype=np.float64) for _, rows in found]
    centroids = tuple(tuple((mean / max(float(np.linalg.norm(mean)), 1e-12)).tolist()) for mean in means)
    return tuple(topics), centroids, outliers
