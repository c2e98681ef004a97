"""Reads sentences.parquet into memory: a row a sentence, the ids as categories, so that millions of rows fit."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from earnings_themes.errors import ResultError

COLUMNS: Final = ("firm_id", "kind", "content", "theme_id", "strength", "broad_id")
# Below, a sentence has no subject of its own: the content gate's even odds.
CONTENT: Final = 0.5
_REPEATED: Final = ["firm_id", "kind", "theme_id", "broad_id"]


def read_settled(run_dir: Path, columns: Sequence[str] = COLUMNS) -> pd.DataFrame:
    """Return the run's sentences in the order they were said, firm by firm. Raises ResultError."""
    path = run_dir / "sentences.parquet"
    try:
        repeated = [name for name in _REPEATED if name in columns]
        table = pq.read_table(path, columns=list(columns), read_dictionary=repeated)
        frame: pd.DataFrame = table.to_pandas()
    except (OSError, pa.ArrowException) as error:
        raise ResultError(
            f"{path}: cannot be read ({error}). Run themes again; it makes the file."
        ) from error
    return frame


def has_content(sentences: pd.DataFrame) -> pd.Series:
    """Whether a sentence has a subject of its own. One that was not modelled has none."""
    return sentences["content"] >= CONTENT


def modelled(sentences: pd.DataFrame) -> pd.Series:
    """Whether a sentence was modelled, which is all but procedure."""
    return sentences["content"].notna()
