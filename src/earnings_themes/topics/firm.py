"""The map: one firm's sentences and their vectors become its topics.

A firm with too little text is a result with a status, not a failure: what fails is a bug or the machine,
and only that is worth a retry.
"""

import time
from collections.abc import Mapping, Set
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from earnings_themes.abstractions import (
    SCHEMA_VERSION,
    FirmTopic,
    FirmTopics,
    Topic,
    TopicModelResult,
    TopicSentence,
)
from earnings_themes.abstractions.records import FirmStatus
from earnings_themes.clustering.communities import in_context
from earnings_themes.config import TopicSettings
from earnings_themes.embedding import Vectors, modelled, read_vectors
from earnings_themes.errors import ModelError, ResultError
from earnings_themes.implementations import model_class
from earnings_themes.labels import NameFinder, TopicWords, topic_words
from earnings_themes.labels.kinds import topic_kind
from earnings_themes.results.artifacts import read_sentences, write_firm_topics
from earnings_themes.results.firms import read_firms
from earnings_themes.results.provenance import OF_TOPICS, peak_memory_mb, versions
from earnings_themes.speech import introduced_names
from earnings_themes.system.processes import one_thread
from earnings_themes.text import dominant_script
from earnings_themes.text.words import words_of

# Ten words are what topic diversity and coherence are measured on (Dieng et al. 2020, Röder et al. 2015).
_N_KEYWORDS: Final = 10
_SENTENCE_COLUMNS: Final = ("sentence_id", "text", "speaker_type")


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
    sentences = read_sentences(transcripts, firm_id)
    # Its own rows have the name; only a firm without a sentence has to be looked up among ten thousand.
    name = sentences["firm_name"].iloc[0] if len(sentences) else _listed_name(firms, firm_id)
    ids = sentences.loc[modelled(sentences, settings.keep_procedural), "sentence_id"].tolist()
    vectors, about = read_vectors(embeddings, firm_id, ids)
    read = time.perf_counter() - started
    firm = process_firm(run, firm_id, name, sentences, vectors, about, settings, seed, {"read": read})
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
    vectors: Vectors,
    embedding: Mapping[str, str],
    settings: TopicSettings,
    seed: int,
    seconds: Mapping[str, float] | None = None,
) -> FirmTopics:
    """Find the topics of one firm.

    sentences: the firm's rows of transcripts.parquet. vectors: (n_modelled, dim) float32, one for each
    sentence that `embedding.modelled` lets through, in order. embedding: the model's name and SHA-256.
    Raises ModelError for vectors with NaN or of length zero, naming the sentences.
    """
    timing = dict(seconds or {})
    started = time.perf_counter()
    frame = sentences[modelled(sentences, settings.keep_procedural)].reset_index(drop=True)
    _check_vectors(frame, vectors)
    # A text said twice is fitted once, or the model would find the topic of what is repeated. Sorted, so
    # that the order of the rows, which means nothing, cannot change the topics.
    texts, text_of_row = np.unique(frame["model_text"].to_numpy(dtype=str), return_inverse=True)
    status: FirmStatus = "ok"
    result = _no_topics(len(texts))
    model = model_class(settings.model)(seed=seed, **settings.params)
    if not len(sentences):
        status = "no_transcript"
    elif len(texts) < settings.min_sentences:
        status = "too_few_sentences"
    else:
        result = model.fit(texts.tolist(), _fitted_vectors(frame, vectors, text_of_row, settings.context))
    timing["fit"] = time.perf_counter() - started

    started = time.perf_counter()
    frame["topic"] = result.assignments[text_of_row]
    frame["probability"] = result.probabilities[text_of_row].astype(float)
    topics, centroids = _describe(frame, vectors, result, _names(sentences, firm_name))
    outliers = frame[~frame["topic"].isin([topic.topic_id for topic in result.topics])]
    timing["describe"] = time.perf_counter() - started

    return FirmTopics(
        schema_version=SCHEMA_VERSION,
        run=run,
        firm_id=firm_id,
        firm_name=firm_name,
        status=status,
        n_topics=len(topics),
        topics=topics,
        centroids=tuple(tuple(centroid.tolist()) for centroid in centroids),
        outliers=tuple(
            TopicSentence(*row)
            for row in zip(*(outliers[name].tolist() for name in _SENTENCE_COLUMNS), strict=True)
        ),
        metadata={
            "model": settings.model,
            "params": dict(settings.params),
            "context": settings.context,
            "embedding_model": embedding.get("embedding_model", ""),
            "embedding_sha256": embedding.get("embedding_sha256", ""),
            "versions": versions(OF_TOPICS),
            "seed": seed,
            "n_sentences": len(sentences),
            "n_procedural": int(sentences["procedural"].sum()) if len(sentences) else 0,
            "n_modelled": len(frame),
            "n_distinct": len(texts),
            "script": dominant_script(" ".join(frame["model_text"])),
            "timing": {"seconds": timing, "peak_memory_mb": peak_memory_mb()},
        },
    )


def _no_topics(n: int) -> TopicModelResult:
    return TopicModelResult((), np.full(n, -1, dtype=np.int64), np.zeros(n, dtype=np.float32))


def _fitted_vectors(
    frame: pd.DataFrame, vectors: Vectors, text_of_row: NDArray[np.intp], context: bool
) -> Vectors:
    """Return (n_texts, dim) float32: a text's vector, in its context where asked, the mean of its places."""
    if context:
        vectors = in_context(vectors, frame["transcript_id"].tolist(), frame["position"].tolist())
    sums = np.zeros((int(text_of_row.max()) + 1, vectors.shape[1]), dtype=np.float64)
    np.add.at(sums, text_of_row, vectors)
    mean: Vectors = (sums / np.bincount(text_of_row)[:, None]).astype(np.float32)
    return mean


def _check_vectors(frame: pd.DataFrame, vectors: Vectors) -> None:
    if len(frame) != len(vectors):
        raise ModelError(f"{len(frame)} sentences have {len(vectors)} vectors; expected one each.")
    if not len(vectors):
        return
    norms = np.linalg.norm(vectors, axis=1)
    bad = frame.loc[~(np.isfinite(norms) & (norms > 0)), "sentence_id"].tolist()
    if bad:
        raise ModelError(
            f"The vectors of {len(bad)} sentences hold NaN or are zero: {', '.join(bad[:5])}. "
            "Remove the embedding cache (results/.cache) and run again; if it stays, the model is damaged."
        )


def _names(sentences: pd.DataFrame, firm_name: str) -> set[str]:
    names = set(words_of(firm_name)) | NameFinder().add(sentences["text"]).names()
    for _, call in sentences.groupby("transcript_id", sort=True):
        names |= introduced_names(call["text"].tolist(), call["speaker_name"].unique().tolist())
    return names


def _describe(
    frame: pd.DataFrame, vectors: Vectors, result: TopicModelResult, names: set[str]
) -> tuple[tuple[FirmTopic, ...], list[NDArray[np.float32]]]:
    # A topic is a small frame; of Python's strings, not Arrow's, pandas takes rows several times as fast.
    frame = frame[[*_SENTENCE_COLUMNS, "procedural", "topic", "probability"]].astype(
        dict.fromkeys(_SENTENCE_COLUMNS, object)
    )
    found: list[tuple[Topic, pd.DataFrame]] = []
    for topic in result.topics:
        members = frame[frame["topic"] == topic.topic_id]
        if len(members):
            found.append((topic, members))
    # Largest first; equals in the order they were first said, so that the numbers never depend on chance.
    by_fit = frame.sort_values(["probability", "sentence_id"], ascending=[False, True])
    found.sort(key=lambda pair: (-len(pair[1]), pair[1]["sentence_id"].min()))
    words = topic_words(
        [members["text"].tolist() for _, members in found],
        [topic.keywords for topic, _ in found],
        names,
        _N_KEYWORDS,
    )
    topics = tuple(
        _topic(number, topic, members, by_fit[by_fit["topic"] == topic.topic_id], of_topic, names)
        for number, ((topic, members), of_topic) in enumerate(zip(found, words, strict=True))
    )
    return topics, [_centroid(vectors[members.index]) for _, members in found]


def _topic(
    number: int,
    topic: Topic,
    members: pd.DataFrame,
    ordered: pd.DataFrame,
    words: TopicWords,
    names: Set[str],
) -> FirmTopic:
    return FirmTopic(
        topic_id=number,
        label=words.label,
        keywords=words.keywords,
        size=len(members),
        kind=topic_kind(members["text"].tolist(), members["procedural"].tolist(), names),
        stability=topic.stability,
        sentences=tuple(
            TopicSentence(*row)
            for row in zip(
                *(ordered[name].tolist() for name in (*_SENTENCE_COLUMNS, "probability")), strict=True
            )
        ),
    )


def _centroid(vectors: Vectors) -> NDArray[np.float32]:
    mean: NDArray[np.float32] = vectors.mean(axis=0, dtype=np.float64)
    return (mean / np.linalg.norm(mean)).astype(np.float32)
