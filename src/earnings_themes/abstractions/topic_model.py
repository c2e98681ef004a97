"""The interface of a topic model: BERTopic, LDA, the neural model, or a class of your own."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from earnings_themes.abstractions.records import Topic, TopicModelResult

if TYPE_CHECKING:
    # The process that builds the DAG knows the interfaces, and has no use for numpy.
    import numpy as np
    from numpy.typing import NDArray


class TopicModelInterface(ABC):
    """A topic model of one firm's sentences, made as `Model(seed=…, **params)` with `topics.params`, and fitted once."""

    def __init__(self, seed: int = 42, **params: Any) -> None:
        self.seed = seed
        self.params = params

    @abstractmethod
    def fit(self, documents: list[str], embeddings: "NDArray[np.float32] | None" = None) -> TopicModelResult:
        """Find the topics of the documents.

        documents: n distinct texts. embeddings: (n, dim) float32; a model that needs none may ignore them.
        Raises ModelError if the two do not match or hold NaN.
        """

    @abstractmethod
    def get_topics(self) -> list[Topic]:
        """Return the topics of the last fit, by topic_id from 0; empty before a fit."""

    @abstractmethod
    def get_embeddings(self) -> "NDArray[np.float32]":
        """Return (n_documents, dim) float32, the raw embedding space of the last fit's documents."""
