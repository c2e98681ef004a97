"""A topic model that misbehaves as a file tells it to, for the firm that does not speak of freight."""

import os
import signal
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earnings_themes.abstractions import TopicModelResult
from earnings_themes.topics.bertopic_model import BERTopicModel


class MarkedModel(BERTopicModel):
    """BERTopic; but where the folder TEST_MARKERS holds a file, one firm's fit does what its name says."""

    def fit(self, documents: list[str], embeddings: NDArray[np.float32] | None = None) -> TopicModelResult:
        if not any("harbour" in document for document in documents):
            self._misbehave(Path(os.environ["TEST_MARKERS"]))
        return super().fit(documents, embeddings)

    @staticmethod
    def _misbehave(markers: Path) -> None:
        if (markers / "fail").exists():
            raise RuntimeError("the machine went away")
        if (markers / "hang").exists():
            (markers / "hanging").touch()
            while (markers / "hang").exists():
                time.sleep(0.05)
        if (markers / "eat").exists():
            eaten = [bytearray(b"x" * (256 << 20))]
            while True:
                eaten.append(bytearray(b"x" * (256 << 20)))
                time.sleep(0.1)
        if (markers / "die").exists():
            os.kill(os.getpid(), signal.SIGKILL)
