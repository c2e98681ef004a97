"""Reads sentences.parquet into memory: one row per sentence, the ids as categories, so that millions of rows fit."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow.parquet as pq

from earnings_themes.results.artifacts import readable
from earnings_themes.speech import CONTENT

COLUMNS: Final = ("firm_id", "kind", "content", "theme_id", "strength", "broad_id")
_REPEATED: Final = ["firm_id", "kind", "theme_id", "broad_id"]


def read_settled(run_dir: Path, columns: Sequence[str] = COLUMNS) -> pd.DataFrame:
    """Return the run's sentences in the order they were said, firm by firm. Raises ResultError."""
    path = run_dir / "sentences.parquet"
    with readable(path, "themes"):
        repeated = [name for name in _REPEATED if name in columns]
        frame: pd.DataFrame = pq.read_table(path, columns=list(columns), read_dictionary=repeated).to_pandas()
    return frame


def has_subject(sentences: pd.DataFrame) -> pd.Series:
    """Whether a sentence has a subject of its own. One that was not modelled has none."""
    return sentences["content"] >= CONTENT


def was_modelled(sentences: pd.DataFrame) -> pd.Series:
    """Whether a sentence was modelled, which is all but procedure."""
    return sentences["content"].notna()
