"""A model and a source of a user's own: chosen by import path, with no change to any module of the package."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from earnings_themes.abstractions import (
    Call,
    DataConnector,
    Topic,
    TopicModelInterface,
    TopicModelResult,
    TranscriptData,
    Turn,
)
from earnings_themes.config import Source, TopicSettings
from earnings_themes.embedding.shard import FirmVectors
from earnings_themes.embedding.space import whole
from earnings_themes.errors import ConfigError
from earnings_themes.implementations import (
    CONNECTORS,
    MODELS,
    STORES,
    connector_class,
    model_class,
    store_class,
)
from earnings_themes.ingest.firm_list import known_firms
from earnings_themes.ingest.transcripts import _split_firm
from earnings_themes.system.folders import LocalFolder
from earnings_themes.topics.firm import process_firm
from tests.conftest import SUBJECTS, made_vector


class LengthModel(TopicModelInterface):
    """Two topics: short and long sentences, told apart by a parameter."""

    def __init__(self, seed: int = 42, words: int = 8) -> None:
        super().__init__(seed, words=words)
        self._topics: list[Topic] = []
        self._embeddings: NDArray[np.float32] = np.empty((0, 0), dtype=np.float32)

    def fit(self, documents: list[str], embeddings: NDArray[np.float32] | None = None) -> TopicModelResult:
        assert embeddings is not None
        self._embeddings = embeddings
        long = np.array([len(text.split()) > self.params["words"] for text in documents], dtype=np.int64)
        self._topics = [
            Topic(number, name, ((name, 1.0),), int((long == number).sum()))
            for number, name in enumerate(("short", "long"))
        ]
        return TopicModelResult(tuple(self._topics), long, np.ones(len(long), dtype=np.float32))

    def get_topics(self) -> list[Topic]:
        return self._topics

    def get_embeddings(self) -> NDArray[np.float32]:
        return self._embeddings


class MemoryConnector(DataConnector):
    """A source that holds two firms in memory."""

    FIRMS: Sequence[str] = ("a", "b")

    def get_firms(self, start_date: dt.date | None = None, end_date: dt.date | None = None) -> list[str]:
        return list(self.FIRMS)

    def get_transcripts(self, firm_id: str) -> TranscriptData:
        turn = Turn(0, " ".join(SUBJECTS["freight"]), "Executives")
        return TranscriptData(
            firm_id, f"Firm {firm_id}", (Call(f"c{firm_id}", dt.date(2023, 5, 2), (turn,)),)
        )


def test_a_model_of_ones_own_makes_a_firms_topics() -> None:
    texts = SUBJECTS["freight"]
    frame = pd.DataFrame(
        {
            "transcript_id": "1", "sentence_id": [f"7_1_{n:04d}" for n in range(len(texts))],
            "position": range(len(texts)), "section": "", "firm_name": "Firm",
            "speaker_type": "Executives", "speaker_name": "", "text": texts, "model_text": texts,
            "procedural": False,
        }
    )  # fmt: skip
    rows = whole(np.stack([made_vector(text) for text in texts]))
    vectors = FirmVectors(frame["sentence_id"].tolist(), rows, np.ones(len(texts), dtype=np.float32), {})
    settings = TopicSettings(f"{__name__}:LengthModel", 2, False, params={"words": 8})
    firm = process_firm("r", "7", "Firm", frame, vectors, settings, seed=1)
    assert (firm.n_topics, len(firm.outliers)) == (2, 0)
    assert sum(topic.size for topic in firm.topics) == len(texts)
    for topic in firm.topics:
        said = [texts[int(sentence.sentence_id[-4:])] for sentence in topic.sentences]
        lengths = {len(text.split()) > 8 for text in said}
        assert len(lengths) == 1


def test_a_source_of_ones_own_is_ingested(tmp_path: Path) -> None:
    source = Source(f"{__name__}:MemoryConnector", "nowhere")
    assert known_firms(source, LocalFolder(tmp_path)) == ["a", "b"]
    data = connector_class(source.kind)(source.path).get_transcripts("a")
    assert len(_split_firm(data, source).table) == len(SUBJECTS["freight"])


def test_every_built_in_name_leads_to_a_class() -> None:
    for find, names in ((model_class, MODELS), (connector_class, CONNECTORS), (store_class, STORES)):
        assert all(isinstance(find(name), type) for name in names)


def test_a_class_of_another_interface_is_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"not a subclass of earnings_themes\.abstractions\.TopicModelInterface"
    ):
        model_class(f"{__name__}:MemoryConnector")
