"""A user's own topic model and source, chosen by import path; the model fails for one firm on demand."""

import datetime as dt
import os
import signal
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earnings_themes.abstractions import Call, DataConnector, TopicModelResult, TranscriptData, Turn
from earnings_themes.topics.bertopic_model import BERTopicModel
from tests.conftest import SUBJECTS


class FailingModel(BERTopicModel):
    """BERTopic, but while a file `fail` lies in the working folder, the firm without freight fails."""

    def fit(self, documents: list[str], embeddings: NDArray[np.float32] | None = None) -> TopicModelResult:
        _kill_who_is_asked_for()
        if Path("fail").exists() and not any("harbour" in document for document in documents):
            raise RuntimeError("the machine went away")
        return super().fit(documents, embeddings)


def _kill_who_is_asked_for() -> None:
    """Kill this process, or snakemake itself, once for each file kill.* with "self" or "head" in it."""
    for file in sorted(Path().glob("kill.*")):
        taken = file.with_name(f"taken.{file.name}")
        try:
            file.rename(taken)
        except FileNotFoundError:
            continue  # another firm was faster
        # The workflow's process id, see warm.py.
        victim = os.getpid() if taken.read_text() == "self" else int(os.environ["EARNINGS_THEMES_WARM"])
        assert victim > 1
        os.kill(victim, signal.SIGKILL)
        time.sleep(600)  # a job without its head must not go on


class MemoryConnector(DataConnector):
    """Three firms that are in no file."""

    def get_firms(self, start_date: dt.date | None = None, end_date: dt.date | None = None) -> list[str]:
        return ["a/b", "c d", "é"]

    def get_transcripts(self, firm_id: str) -> TranscriptData:
        turns = [Turn(n, " ".join(said)) for n, said in enumerate(SUBJECTS.values())]
        return TranscriptData(firm_id, f"Firm {firm_id}", (Call("1", dt.date(2023, 5, 2), tuple(turns)),))
