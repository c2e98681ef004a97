"""The map: every input that broke the prototype gives the right result, a status, or an error with ids."""

import datetime as dt
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from earnings_themes.abstractions import FirmTopics, TopicModelResult
from earnings_themes.config import TopicSettings
from earnings_themes.embedding.shard import FirmVectors, modelled
from earnings_themes.embedding.space import whole
from earnings_themes.errors import ModelError, ResultError
from earnings_themes.results.artifacts import TRANSCRIPT_SCHEMA
from earnings_themes.topics.bertopic_model import BERTopicModel
from earnings_themes.topics.firm import process_firm
from tests.conftest import SUBJECTS, made_vector
from tests.unit.system.test_processes import threads

TEXTS = [text for said in SUBJECTS.values() for text in said]
SETTINGS = TopicSettings("bertopic", min_sentences=10, keep_procedural=False)
ABOUT = {"embedding_model": "made", "embedding_sha256": "0", "space": "made"}
DIM = 64


def frame(texts: Sequence[str], procedural: Sequence[bool] | None = None) -> pd.DataFrame:
    n = len(texts)
    rows = {
        "firm_id": ["7"] * n, "firm_name": ["Ashgrove Freight"] * n, "transcript_id": ["70"] * n,
        "date": [dt.date(2023, 5, 2)] * n, "sentence_id": [f"7_70_{i:04d}" for i in range(n)],
        "position": range(n), "speaker_type": ["Executives"] * n, "section": [""] * n, "text": texts,
        "model_text": texts, "procedural": procedural or [False] * n, "speaker_name": ["Dana Doyle"] * n,
    }  # fmt: skip
    return pd.DataFrame(rows, columns=TRANSCRIPT_SCHEMA.names)


def vectors_of(sentences: pd.DataFrame, rows: np.ndarray, content: float = 0.9) -> FirmVectors:
    """Return rows (n, dim) of length 1 as embed would have written them of these n sentences."""
    n = len(sentences)
    # Turned at random, because what lies on an axis is cut when it becomes whole numbers.
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(DIM, DIM)))[0]
    turned = whole(rows @ turn[: rows.shape[1]]) if n else np.empty((0, 0), dtype=np.int8)
    return FirmVectors(
        sentences["sentence_id"].tolist(), turned, np.full(n, content, dtype=np.float32), ABOUT
    )


def made(sentences: pd.DataFrame, settings: TopicSettings = SETTINGS) -> FirmVectors:
    """Return the vectors of the sentences that are modelled."""
    kept = sentences[modelled(sentences, settings.keep_procedural)]
    rows = [made_vector(text) for text in kept["model_text"]]
    return vectors_of(kept, np.stack(rows) if rows else np.empty((0, 0)))


def run(sentences: pd.DataFrame, settings: TopicSettings = SETTINGS, seed: int = 42) -> FirmTopics:
    return process_firm("r", "7", "Ashgrove Freight", sentences, made(sentences, settings), settings, seed)


def text_of(sentence_id: str) -> str:
    return TEXTS[int(sentence_id.rsplit("_", 1)[1]) % len(TEXTS)]


def content(firm: FirmTopics) -> list[tuple[str, frozenset[str]]]:
    return [(topic.label, frozenset(s.sentence_id for s in topic.sentences)) for topic in firm.topics]


def test_the_subjects_of_a_call_become_topics() -> None:
    sentences = frame(TEXTS)
    firm = run(sentences)
    assert firm.status == "ok"
    assert firm.n_topics >= 4, "fine enough to keep what is specific"
    vectors = made(sentences)
    row = {name: place for place, name in enumerate(vectors.sentence_ids)}
    for topic, centroid in zip(firm.topics, firm.centroids, strict=True):
        assert len({TEXTS.index(text_of(sentence.sentence_id)) // 12 for sentence in topic.sentences}) == 1
        assert topic.size == len(topic.sentences) >= 3
        assert topic.keywords and topic.label and topic.kind == "subject"
        mean = vectors.vectors[[row[sentence.sentence_id] for sentence in topic.sentences]].mean(axis=0)
        assert np.allclose(centroid, mean / np.linalg.norm(mean), atol=1e-6)
        ranked = [sentence.probability for sentence in topic.sentences]
        assert ranked == sorted(ranked, reverse=True)
    assert [topic.size for topic in firm.topics] == sorted((t.size for t in firm.topics), reverse=True)


def test_the_surest_sentences_with_content_come_first_as_exemplars() -> None:
    sentences = frame(TEXTS)
    vectors = made(sentences)
    vectors.content[::2] = 0.3
    firm = process_firm("r", "7", "Firm", sentences, vectors, SETTINGS, 42)
    content = dict(zip(vectors.sentence_ids, vectors.content.tolist(), strict=True))
    for topic in firm.topics:
        surest = [(s.probability or 0.0) * content[s.sentence_id] for s in topic.sentences]
        assert surest == sorted(surest, reverse=True)
        says = np.mean([content[s.sentence_id] >= 0.5 for s in topic.sentences])
        assert topic.kind == ("subject" if says >= 0.5 else "filler")


def test_every_sentence_is_in_exactly_one_place() -> None:
    firm = run(frame([*TEXTS, "Giraffes wandered over the parking lot."]))
    places = [s.sentence_id for topic in firm.topics for s in topic.sentences]
    places += [s.sentence_id for s in firm.outliers]
    assert sorted(places) == [f"7_70_{i:04d}" for i in range(49)]


@pytest.mark.parametrize("n", [0, 1, 5, 9])
def test_too_little_text_is_a_status_and_not_a_failure(n: int) -> None:
    firm = run(frame(TEXTS[:n]))
    assert firm.status == ("too_few_sentences" if n else "no_transcript")
    assert (firm.n_topics, firm.centroids) == (0, ())
    assert len(firm.outliers) == n


@pytest.mark.parametrize("n", [10, 11, 12, 13, 20])
def test_just_above_the_floor_nothing_breaks(n: int) -> None:
    assert run(frame(TEXTS[:n])).status == "ok"


def test_one_subject_and_no_subject() -> None:
    assert run(frame(SUBJECTS["hiring"])).n_topics >= 1
    apart = [f"Sentence about matter number {word}." for word in "abcdefghijklmnop"]
    sentences = frame(apart)
    firm = process_firm("r", "7", "Firm", sentences, vectors_of(sentences, np.eye(16)), SETTINGS, 42)
    assert firm.status == "ok"
    assert sum(topic.size for topic in firm.topics) + len(firm.outliers) == 16


def test_identical_texts_are_one_text() -> None:
    firm = run(frame(["Freight was late again."] * 40))
    assert (firm.status, firm.metadata["n_distinct"]) == ("too_few_sentences", 1)


def test_repeated_sentences_change_no_topic_and_get_the_label_of_the_first() -> None:
    once, twice = run(frame(TEXTS)), run(frame(TEXTS + TEXTS))
    assert twice.n_topics == once.n_topics
    assert [topic.size for topic in twice.topics] == [2 * topic.size for topic in once.topics]


def test_near_equal_sentences_make_no_topic_and_go_where_their_first_wording_goes() -> None:
    """A table read aloud, a town a line, is one sentence said sixteen times, and no subject."""
    towns = "Alba Brod Cusco Delhi Erfurt Fez Graz Hull Izmir Jena Kiel Lodz Metz Nice Oslo Perth".split()
    table = [f"In {town} the like for like sales of our own shops were up by some {n} percent." for n, town in
             enumerate(towns)]  # fmt: skip
    plain, more = run(frame(TEXTS)), run(frame(TEXTS + table))
    assert more.metadata["n_distinct"] == len(TEXTS) + 1
    assert more.metadata["n_modelled"] == len(TEXTS) + len(table)
    assert more.n_topics == plain.n_topics
    places = {sentence.sentence_id for topic in more.topics for sentence in topic.sentences}
    read = {f"7_70_{len(TEXTS) + n:04d}" for n in range(len(table))}
    assert not places & read or read <= places


def test_a_text_said_twice_is_fitted_once_with_the_mean_of_its_places() -> None:
    sentences = frame([*TEXTS, TEXTS[0]])
    rows = np.stack([*map(made_vector, TEXTS), made_vector(TEXTS[12])])
    settings = TopicSettings(f"{__name__}:RecordingModel", 10, keep_procedural=False)
    vectors = vectors_of(sentences, rows)
    process_firm("r", "7", "Firm", sentences, vectors, settings, 42)
    assert len(RecordingModel.fitted) == 48
    mean = (vectors.vectors[0].astype(float) + vectors.vectors[48]) / 2
    assert np.array_equal(RecordingModel.fitted[TEXTS[0]], mean.astype(np.float32))


def test_the_order_of_the_sentences_changes_no_topic() -> None:
    shuffled = [TEXTS[i] for i in np.random.default_rng(1).permutation(len(TEXTS))]
    one, other = run(frame(TEXTS)), run(frame(shuffled))

    def groups(firm: FirmTopics, texts: Sequence[str]) -> set[frozenset[str]]:
        return {
            frozenset(texts[int(s.sentence_id.rsplit("_", 1)[1])] for s in topic.sentences)
            for topic in firm.topics
        }

    assert groups(one, TEXTS) == groups(other, shuffled)


class RecordingModel(BERTopicModel):
    """BERTopic that shows what it was fitted on."""

    fitted: ClassVar[dict[str, np.ndarray]] = {}

    def fit(self, documents: list[str], embeddings: np.ndarray | None = None) -> TopicModelResult:
        RecordingModel.fitted = dict(zip(documents, embeddings, strict=True))
        return super().fit(documents, embeddings)


class CountingModel(BERTopicModel):
    """BERTopic that shows on how many threads it was fitted."""

    seen: ClassVar[set[int]] = set()

    def fit(self, documents: list[str], embeddings: np.ndarray | None = None) -> TopicModelResult:
        CountingModel.seen = threads()
        return super().fit(documents, embeddings)


def test_topics_are_found_on_one_thread_so_that_cores_change_no_digit() -> None:
    with threadpool_limits(2):
        run(frame(TEXTS), TopicSettings(f"{__name__}:CountingModel", 10, keep_procedural=False))
    assert CountingModel.seen == {1}


def test_sentences_without_content_are_set_aside_before_the_fit() -> None:
    empty = ["...", "And so.", "12.5%", "It is what it was.", "?"]
    firm = run(frame([*TEXTS, *empty]))
    assert firm.metadata["n_sentences"] == len(TEXTS) + len(empty)
    assert firm.metadata["n_modelled"] == len(TEXTS)


def test_procedural_speech_is_counted_and_kept_out_or_in_by_config() -> None:
    sentences = frame(TEXTS, [False] * 36 + [True] * 12)
    firm = run(sentences)
    assert (firm.metadata["n_procedural"], firm.metadata["n_modelled"]) == (12, 36)
    kept = run(sentences, TopicSettings("bertopic", 10, keep_procedural=True))
    assert kept.metadata["n_modelled"] == 48
    assert kept.n_topics > firm.n_topics


def test_another_script_is_flagged_and_has_words() -> None:
    goods = "зерна стали угля газа нефти леса рыбы хлопка цемента меди муки соли".split()
    russian = [f"Наши поставки {word} задержались в порту." for word in goods]
    noise = np.random.default_rng(0).normal(scale=0.03, size=(12, 32))
    rows = np.eye(32)[3] + noise
    sentences = frame(russian)
    vectors = vectors_of(sentences, rows / np.linalg.norm(rows, axis=1, keepdims=True))
    firm = process_firm("r", "7", "Фирма", sentences, vectors, SETTINGS, 42)
    assert firm.metadata["script"] == "Cyrillic"
    assert all(topic.keywords for topic in firm.topics)


def test_vectors_that_say_nothing_are_refused_with_their_text() -> None:
    sentences = frame(TEXTS)
    vectors = made(sentences)
    vectors.vectors[17] = 0
    with pytest.raises(ModelError, match=TEXTS[17][:40]):
        process_firm("r", "7", "Firm", sentences, vectors, SETTINGS, 42)


def test_vectors_of_other_sentences_are_refused_with_the_firm() -> None:
    sentences = frame(TEXTS)
    short = vectors_of(sentences[:-1], np.stack([made_vector(text) for text in TEXTS[:-1]]))
    with pytest.raises(ResultError, match=r"47 sentences of firm '7' that are not the 48.*another ingest"):
        process_firm("r", "7", "Firm", sentences, short, SETTINGS, 42)
    turned = made(sentences[::-1])
    with pytest.raises(ResultError, match="another ingest"):
        process_firm("r", "7", "Firm", sentences, turned, SETTINGS, 42)


def test_what_the_vectors_were_made_with_stands_in_the_result() -> None:
    assert run(frame(TEXTS)).metadata.items() >= ABOUT.items()


def test_the_same_seed_gives_the_same_topics() -> None:
    assert content(run(frame(TEXTS))) == content(run(frame(TEXTS)))
