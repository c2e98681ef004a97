"""What the built-in topic models share: their parameters, what they remember of the last fit, and the check of embeddings."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from earnings_themes.abstractions import Topic, TopicModelInterface
from earnings_themes.errors import ModelError


class BuiltInModel(TopicModelInterface):
    """What a topic model of this package has. params: the fields of the class that `parameters` names."""

    parameters: ClassVar[type[Any]]
    needs_embeddings: ClassVar = True

    def __init__(self, seed: int = 42, **params: Any) -> None:
        super().__init__(seed, **params)
        self._given = self.parameters(**params)
        self._topics: list[Topic] = []
        self._embeddings: NDArray[np.float32] = np.empty((0, 0), dtype=np.float32)

    def get_topics(self) -> list[Topic]:
        """Return the topics of the last fit, largest first."""
        return list(self._topics)

    def get_embeddings(self) -> NDArray[np.float32]:
        """Return (n, dim) the embeddings given to the last fit; of a mixture without any, the shares (n, k)."""
        return self._embeddings

    def _check(self, documents: Sequence[str], embeddings: NDArray[np.float32] | None) -> None:
        """Raise ModelError unless each document has one finite vector of length above zero, or none where none is needed.

        documents: n texts. embeddings: (n, dim). The message names the rows, from 0, and the first one's text.
        """
        if embeddings is None:
            if self.needs_embeddings:
                raise ModelError(f"{type(self).__name__} needs one embedding per document; none were given.")
            return
        if embeddings.ndim != 2 or len(embeddings) != len(documents):
            raise ModelError(
                f"{len(documents)} documents have embeddings of shape {embeddings.shape}; "
                f"expected ({len(documents)}, dim), one row per document."
            )
        norms = np.linalg.norm(embeddings, axis=1)
        bad = np.flatnonzero(~(np.isfinite(norms) & (norms > 0)))
        if len(bad):
            raise ModelError(
                f"The embeddings of {len(bad)} of {len(documents)} documents hold NaN or are zero: rows "
                f"{', '.join(map(str, bad[:5]))}; the first is {documents[bad[0]][:60]!r}. Embed them again."
            )
