"""Reads transcripts.parquet and sentences.parquet side by side, some firms at a time, and the calls of a run."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from earnings_themes.errors import ResultError
from earnings_themes.ingest.calls import CALLS_SCHEMA
from earnings_themes.results.artifacts import open_parquet, readable

_SAID: Final = [
    "firm_id", "firm_name", "transcript_id", "date", "sentence_id", "section", "speaker_type", "speaker_name", "text",
]  # fmt: skip
_SETTLED: Final = ["sentence_id", "content", "theme_id", "strength", "broad_id"]
_BATCH: Final = 50_000


def iter_settled(where: str) -> Iterator[pa.Table]:
    """Give a run's sentences, a row group of transcripts.parquet at a time, so whole firms, with where they settled.

    where: the run's folder, on a disk or s3://. Raises ResultError when a file is missing or damaged, lacks a column,
    or the two are of different runs.
    """
    said = _opened(f"{where}/transcripts.parquet", _SAID, "ingest")
    settled = _Rows(_opened(f"{where}/sentences.parquet", _SETTLED, "themes"), _SETTLED)
    if said.metadata.num_rows != settled.n_rows:
        raise ResultError(
            f"{where}: transcripts.parquet has {said.metadata.num_rows:,} sentences, sentences.parquet "
            f"{settled.n_rows:,}; expected the same ones. They are of different runs: delete sentences.parquet and "
            "run again."
        )
    for group in range(said.metadata.num_row_groups):
        table = said.read_row_group(group, columns=_SAID)
        beside = settled.take(table.num_rows)
        if not pc.all(pc.equal(table["sentence_id"], beside["sentence_id"]), min_count=0).as_py():
            raise ResultError(
                f"{where}: transcripts.parquet and sentences.parquet name different sentences; expected the same ones "
                "in the same order. They are of different runs: delete sentences.parquet and run again."
            )
        for name in _SETTLED[1:]:
            table = table.append_column(name, beside[name])
        yield table


def read_calls(where: str) -> tuple[pa.Table, list[str]]:
    """Return source_calls.parquet and the names of the kept columns in it.

    Raises ResultError when the file is missing or damaged, or lacks a column.
    """
    file = _opened(f"{where}/source_calls.parquet", CALLS_SCHEMA.names, "ingest")
    return file.read(), [name for name in file.schema_arrow.names if name not in CALLS_SCHEMA.names]


class _Rows:
    """Hands out a file's rows, as many as are asked for, wherever its row groups end."""

    def __init__(self, file: pq.ParquetFile, columns: Sequence[str]) -> None:
        self.n_rows: int = file.metadata.num_rows
        self._batches: Iterator[Any] = file.iter_batches(batch_size=_BATCH, columns=list(columns))
        self._left = file.schema_arrow.empty_table().select(list(columns))

    def take(self, n: int) -> pa.Table:
        parts = [self._left]
        have = self._left.num_rows
        while have < n:
            parts.append(pa.Table.from_batches([next(self._batches)]))
            have += parts[-1].num_rows
        whole = pa.concat_tables(parts)
        self._left = whole.slice(n)
        return whole.slice(0, n)


def _opened(path: str, columns: Sequence[str], maker: str) -> pq.ParquetFile:
    with readable(path, maker):
        file = open_parquet(path)
    if lacking := [name for name in columns if name not in file.schema_arrow.names]:
        raise ResultError(
            f"{path}: no column {', '.join(lacking)}; found {', '.join(file.schema_arrow.names)}. It was made by another "
            f"version: delete it and run again; {maker} makes it."
        )
    return file
