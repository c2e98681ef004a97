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
from earnings_themes.embedding import modelled
from earnings_themes.errors import ModelError
from earnings_themes.results.artifacts import TRANSCRIPT_SCHEMA
from earnings_themes.topics.bertopic_model import BERTopicModel
from earnings_themes.topics.firm import process_firm
from tests.conftest import SUBJECTS, made_vector
from tests.unit.test_processes import threads

TEXTS = [text for said in SUBJECTS.values() for text in said]
SETTINGS = TopicSettings("bertopic", min_sentences=10, keep_procedural=False)
ABOUT = {"embedding_model": "made", "embedding_sha256": "0"}


def frame(texts: Sequence[str], procedural: Sequence[bool] | None = None) -> pd.DataFrame:
    n = len(texts)
    rows = {
        "firm_id": ["7"] * n, "firm_name": ["Ashgrove Freight"] * n, "transcript_id": ["70"] * n,
        "date": [dt.date(2023, 5, 2)] * n, "sentence_id": [f"7_70_{i:04d}" for i in range(n)],
        "position": range(n), "speaker_type": ["Executives"] * n, "section": [""] * n, "text": texts,
        "model_text": texts, "procedural": procedural or [False] * n, "speaker_name": ["Dana Doyle"] * n,
    }  # fmt: skip
    return pd.DataFrame(rows, columns=TRANSCRIPT_SCHEMA.names)


def run(sentences: pd.DataFrame, settings: TopicSettings = SETTINGS, seed: int = 42) -> FirmTopics:
    texts = sentences.loc[modelled(sentences, settings.keep_procedural), "model_text"]
    vectors = np.stack([made_vector(t) for t in texts]) if len(texts) else np.empty((0, 0), np.float32)
    return process_firm("r", "7", "Ashgrove Freight", sentences, vectors, ABOUT, settings, seed)


def content(firm: FirmTopics) -> list[tuple[str, frozenset[str]]]:
    return [(topic.label, frozenset(s.sentence_id for s in topic.sentences)) for topic in firm.topics]


def test_the_subjects_of_a_call_become_topics() -> None:
    firm = run(frame(TEXTS))
    assert firm.status == "ok"
    assert firm.n_topics == 4
    for topic, centroid in zip(firm.topics, firm.centroids, strict=True):
        numbers = {TEXTS.index(sentence.text) // 12 for sentence in topic.sentences}
        assert len(numbers) == 1
        assert topic.size == len(topic.sentences)
        assert topic.keywords and topic.label
        members = np.stack([made_vector(sentence.text) for sentence in topic.sentences]).mean(axis=0)
        assert np.allclose(centroid, members / np.linalg.norm(members), atol=1e-6)
        ranked = [sentence.probability for sentence in topic.sentences]
        assert ranked == sorted(ranked, reverse=True)


def test_every_sentence_is_in_exactly_one_place() -> None:
    firm = run(frame([*TEXTS, "Giraffes wandered over the parking lot."]))
    places = [s.sentence_id for topic in firm.topics for s in topic.sentences]
    places += [s.sentence_id for s in firm.outliers]
    assert sorted(places) == [f"7_70_{i:04d}" for i in range(49)]


def test_names_of_the_firm_and_its_speakers_are_no_keywords() -> None:
    texts = [text.replace("Our", "Doyle's Ashgrove") for text in TEXTS]
    words = {word for topic in run(frame(texts)).topics for word, _ in topic.keywords}
    assert not {"ashgrove", "doyle", "doyle's"} & {part for word in words for part in word.split()}


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
    assert run(frame(SUBJECTS["hiring"])).n_topics <= 1
    apart = [f"Sentence about matter number {word}." for word in "abcdefghijklmnop"]
    vectors = np.eye(16, dtype=np.float32)
    firm = process_firm("r", "7", "Firm", frame(apart), vectors, ABOUT, SETTINGS, 42)
    assert (firm.status, firm.n_topics, len(firm.outliers)) == ("ok", 0, 16)


def test_identical_texts_are_one_text() -> None:
    firm = run(frame(["Freight was late again."] * 40))
    assert (firm.status, firm.metadata["n_distinct"]) == ("too_few_sentences", 1)


def test_repeated_sentences_change_no_topic_and_get_the_label_of_the_first() -> None:
    alone = TopicSettings("bertopic", 10, keep_procedural=False, context=False)
    once, twice = run(frame(TEXTS), alone), run(frame(TEXTS + TEXTS), alone)
    assert twice.n_topics == once.n_topics
    assert [topic.size for topic in twice.topics] == [2 * topic.size for topic in once.topics]


def test_the_order_of_the_sentences_changes_no_topic_when_they_are_taken_alone() -> None:
    alone = TopicSettings("bertopic", 10, keep_procedural=False, context=False)
    shuffled = [TEXTS[i] for i in np.random.default_rng(1).permutation(len(TEXTS))]
    one, other = run(frame(TEXTS), alone), run(frame(shuffled), alone)

    def groups(firm: FirmTopics) -> set[frozenset[str]]:
        return {frozenset(s.text for s in topic.sentences) for topic in firm.topics}

    assert groups(one) == groups(other)


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


@pytest.mark.parametrize("context", [True, False])
def test_context_moves_a_sentence_toward_its_neighbours_and_leaves_the_centroids(context: bool) -> None:
    settings = TopicSettings(f"{__name__}:RecordingModel", 10, keep_procedural=False, context=context)
    firm = run(frame(TEXTS), settings)
    middle = made_vector(TEXTS[5])
    if context:
        middle = middle + 0.5 * (made_vector(TEXTS[4]) + made_vector(TEXTS[6]))
    assert np.allclose(RecordingModel.fitted[TEXTS[5]], middle / np.linalg.norm(middle), atol=1e-6)
    for topic, centroid in zip(firm.topics, firm.centroids, strict=True):
        members = np.stack([made_vector(sentence.text) for sentence in topic.sentences]).mean(axis=0)
        assert np.allclose(centroid, members / np.linalg.norm(members), atol=1e-6)


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
    assert [topic.kind for topic in kept.topics].count("procedure") == 1


def test_another_script_is_flagged_and_has_words() -> None:
    goods = "зерна стали угля газа нефти леса рыбы хлопка цемента меди муки соли".split()
    russian = [f"Наши поставки {word} задержались в порту." for word in goods]
    base = np.zeros(32, dtype=np.float32)
    base[3] = 1
    noise = np.random.default_rng(0).normal(scale=0.03, size=(12, 32))
    vectors = (base + noise).astype(np.float32)
    firm = process_firm("r", "7", "Фирма", frame(russian), vectors, ABOUT, SETTINGS, 42)
    assert firm.metadata["script"] == "Cyrillic"
    assert all(topic.keywords for topic in firm.topics)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0])
def test_vectors_that_say_nothing_are_refused_with_their_sentences(bad: float) -> None:
    vectors = np.stack([made_vector(text) for text in TEXTS])
    vectors[17] = bad
    with pytest.raises(ModelError, match="7_70_0017"):
        process_firm("r", "7", "Firm", frame(TEXTS), vectors, ABOUT, SETTINGS, 42)
    with pytest.raises(ModelError, match="48 sentences have 47 vectors"):
        process_firm("r", "7", "Firm", frame(TEXTS), vectors[:-1], ABOUT, SETTINGS, 42)


def test_the_same_seed_gives_the_same_topics() -> None:
    assert content(run(frame(TEXTS))) == content(run(frame(TEXTS)))
