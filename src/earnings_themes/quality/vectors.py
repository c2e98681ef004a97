"""Reads the sentence embeddings that a run kept, for the figures that need them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from earnings_themes.errors import ResultError
from earnings_themes.quality.tally import EmbeddingReader


def kept_embeddings(folder: Path) -> EmbeddingReader | None:
    """Return a reader of the Parquet files that embed left in the folder; None when there is none."""
    paths = sorted(folder.glob("*.parquet"))
    if not paths:
        return None

    def read(firm_id: str) -> tuple[Sequence[str], NDArray[np.float32]] | None:
        for path in paths:
            try:
                table = pq.read_table(
                    path, columns=["sentence_id", "vector"], filters=[("firm_id", "==", firm_id)]
                )
            except (OSError, pa.ArrowException) as error:
                raise ResultError(
                    f"{path}: cannot be read ({error}). Delete it and run again; embed makes it."
                ) from error
            if table.num_rows:
                vectors = np.frombuffer(b"".join(table["vector"].to_pylist()), dtype=np.float32)
                return table["sentence_id"].to_pylist(), vectors.reshape(table.num_rows, -1)
        return None

    return read
