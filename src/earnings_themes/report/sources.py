"""The sentences that the report shows, with speaker, call and strength."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earnings_themes.panel.sentences import iter_sentences

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Source:
    """A sentence; strength is None if it settled in no theme."""

    text: str
    firm_id: str
    firm_name: str
    date: str
    speaker: str
    section: str
    strength: float | None
    sentence_id: str


def read_sources(run_dir: Path, rows: Iterable[int]) -> dict[int, Source]:
    """Return the sentences at these rows of sentences.parquet, by row. Raises ResultError."""
    found: dict[int, Source] = {}
    wanted = np.unique(np.fromiter(rows, dtype=np.int64))
    start = 0
    for table in iter_sentences(str(run_dir)) if len(wanted) else ():
        first, last = np.searchsorted(wanted, [start, start + table.num_rows])
        here = wanted[first:last]
        for row, line in zip(here.tolist(), table.take(here - start).to_pylist(), strict=True):
            found[row] = Source(
                line["text"], line["firm_id"], line["firm_name"], str(line["date"]),
                line["speaker_name"] or line["speaker_type"] or "", line["section"] or "", line["strength"],
                line["sentence_id"],
            )  # fmt: skip
        start += table.num_rows
    return found
