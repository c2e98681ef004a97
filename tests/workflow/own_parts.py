"""A user's own topic model and source, chosen by import path; the model fails for one firm on demand."""

import datetime as dt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earnings_themes.abstractions import Call, DataConnector, TopicModelResult, TranscriptData, Turn
from earnings_themes.models.bertopic_model import BERTopicModel
from tests.conftest import SUBJECTS


class FailingModel(BERTopicModel):
    """BERTopic, but while a file `fail` lies in the working folder, the firm without freight fails."""

    def fit(self, documents: list[str], embeddings: NDArray[np.float32] | None = None) -> TopicModelResult:
        if Path("fail").exists() and not any("harbour" in document for document in documents):
            raise RuntimeError("the machine went away")
        return super().fit(documents, embeddings)


class MemoryConnector(DataConnector):
    """Three firms that are in no file."""

    def get_firms(self, start_date: dt.date | None = None, end_date: dt.date | None = None) -> list[str]:
        return ["a/b", "c d", "é"]

    def get_transcripts(self, firm_id: str) -> TranscriptData:
        turns = [Turn(n, " ".join(said)) for n, said in enumerate(SUBJECTS.values())]
        return TranscriptData(firm_id, f"Firm {firm_id}", (Call("1", dt.date(2023, 5, 2), tuple(turns)),))
