"""Reads and writes the files of a run, and is the only place that knows their form.

A truncated or foreign file is named with its fault instead of failing three steps later. Every writer is atomic (a
temporary file, then a rename) and deterministic (same records, same bytes).
"""

import dataclasses
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from earnings_themes.abstractions import FirmTopics, Themes
from earnings_themes.errors import ResultError
from earnings_themes.results.firms import FirmRow, read_firms
from earnings_themes.results.records import decode
from earnings_themes.system.files import write_atomically
from earnings_themes.system.folders import locate

if TYPE_CHECKING:
    import pandas as pd  # 0.3 s that the reduce, which reads no sentences, is spared
    from numpy.typing import NDArray

# Floats are written with 6 significant digits: float32 holds 7, and the last one differs between
# processors. At 384 numbers a centroid it also halves the file.
SIGNIFICANT_DIGITS: Final = 6

TRANSCRIPT_SCHEMA = pa.schema(
    [
        ("firm_id", pa.string()),
        ("firm_name", pa.string()),
        ("transcript_id", pa.string()),
        ("date", pa.date32()),
        ("sentence_id", pa.string()),
        ("position", pa.int32()),
        ("speaker_type", pa.string()),
        ("section", pa.string()),
        ("text", pa.string()),
        ("model_text", pa.string()),
        ("procedural", pa.bool_()),
        ("speaker_name", pa.string()),
    ]
)


# --- transcripts.parquet ---------------------------------------------------------------------------

# Sentences a row group, of as many whole firms as that holds. A firm's job reads the file's table of contents, 1.5 KB
# a row group, and then one row group, some 60 bytes a sentence. With a row group a firm, the contents of 10,000 firms
# alone are 15 MB; with this, both together are 2 MB (docs/operating/batch.md, "Bytes of one job").
GROUP_ROWS: Final = 4_000


class FirmsWriter:
    """Writes a table of sentences, a firm after the other, in row groups of whole firms; a context manager.

    schema: with firm_id. options: of pyarrow's ParquetWriter.
    """

    def __init__(self, path: Path, schema: pa.Schema, compression: str = "zstd", **options: Any) -> None:
        # A checksum a page: a byte that changed on the way is an error, not another sentence.
        self._file = pq.ParquetWriter(
            path, schema, compression=compression, write_page_checksum=True, **options
        )
        self._tables: list[pa.Table] = []
        self._groups = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end_group()
        self._file.close()

    def add(self, table: pa.Table) -> int:
        """Take a firm's sentences and return the number of their row group, -1 where there are none."""
        if not table.num_rows:
            return -1
        if sum(kept.num_rows for kept in self._tables) + table.num_rows > GROUP_ROWS:
            self._end_group()
        self._tables.append(table)
        return self._groups

    def _end_group(self) -> None:
        if self._tables:
            whole = pa.concat_tables(self._tables)
            self._file.write_table(whole, row_group_size=whole.num_rows)
            self._tables = []
            self._groups += 1


def open_parquet(where: Path | str) -> pq.ParquetFile:
    """Open a Parquet file of a run, on a disk or in S3, where only what is asked for is read.

    Raises OSError and pa.ArrowInvalid as Arrow does, and CloudError when AWS refuses.
    """
    if not str(where).startswith("s3://"):
        return pq.ParquetFile(where)
    folder, name = locate(where)
    # Neighbouring columns then come with one request.
    return pq.ParquetFile(folder.open(name), pre_buffer=True)


@contextmanager
def readable(path: Path | str, maker: str) -> Iterator[None]:
    """Turn what Arrow says of a damaged file into a ResultError that names it, and the rule that makes it again."""
    try:
        yield
    except (OSError, ValueError, pa.ArrowException) as error:
        raise ResultError(
            f"{path}: cannot be read ({error}). Delete it and run again; {maker} makes it."
        ) from error


def read_firm_rows(file: pq.ParquetFile, firm_id: str, columns: list[str]) -> pa.Table:
    """Return a firm's rows, and read no other row groups than those that may hold it."""
    place = file.schema_arrow.names.index("firm_id")
    groups = []
    for group in range(file.metadata.num_row_groups):
        found = file.metadata.row_group(group).column(place).statistics
        if found is None or not found.has_min_max or found.min <= firm_id <= found.max:
            groups.append(group)
    wanted = columns if "firm_id" in columns else ["firm_id", *columns]
    table = file.read_row_groups(groups, columns=wanted)
    return table.filter(pc.equal(table["firm_id"], firm_id)).select(columns)


def bytes_matrix(column: pa.ChunkedArray) -> "NDArray[np.int8]":
    """Return (n, d) of n values of d bytes, without a Python object for each; (0, 0) of none."""
    parts = []
    for chunk in column.chunks:
        ends = np.frombuffer(chunk.buffers()[1], dtype=np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
        parts.append(np.frombuffer(chunk.buffers()[2], dtype=np.int8)[ends[0] : ends[-1]])
    data = np.concatenate(parts) if parts else np.empty(0, dtype=np.int8)
    return data.reshape(len(column), -1) if len(data) else np.empty((0, 0), dtype=np.int8)


def text_metadata(schema: pa.Schema) -> dict[str, str]:
    """Return what a file's schema says of its making."""
    return {key.decode(): value.decode() for key, value in (schema.metadata or {}).items()}


def value_counts(column: pa.ChunkedArray) -> list[tuple[str, int]]:
    """Return each text that a column has, and how often, the commonest first, then in the texts' order."""
    counts = column.drop_null().value_counts().to_pylist()
    return sorted(((row["values"], row["counts"]) for row in counts), key=lambda row: (-row[1], row[0]))


def read_sentences(source: Path | str, firm_id: str, columns: list[str] | None = None) -> "pd.DataFrame":
    """Return a firm's sentences, in the order they were said, reading only its row group; no row for a firm without one.

    source: where transcripts.parquet is. columns: some of TRANSCRIPT_SCHEMA; None is all of them. Raises ResultError when
    the file is missing or damaged, and CloudError when AWS refuses.
    """
    with readable(source, "ingest"):
        table = read_firm_rows(open_parquet(source), firm_id, columns or TRANSCRIPT_SCHEMA.names)
    frame: pd.DataFrame = table.to_pandas()
    return frame


def iter_sentences(
    source: Path | str, firms: Iterable[FirmRow], columns: list[str]
) -> Iterator[tuple[FirmRow, "pd.DataFrame"]]:
    """Give each firm's sentences as read_sentences does; a row group of several firms in a row is read once.

    firms: lines of firms.tsv, in its order. Raises as read_sentences does.
    """
    with readable(source, "ingest"):
        file = open_parquet(source)
        wanted = columns if "firm_id" in columns else ["firm_id", *columns]
        at, table = -1, file.schema_arrow.empty_table().select(wanted)
        for firm in firms:
            if firm.row_group not in (-1, at):
                at, table = firm.row_group, file.read_row_group(firm.row_group, columns=wanted)
            rows = table.filter(pc.equal(table["firm_id"], firm.firm_id))
            yield firm, rows.select(columns).to_pandas()


def texts_of(source: Path | str, ids: Iterable[str]) -> dict[str, str]:
    """Return the texts of some sentences by their ids. Raises as read_sentences does."""
    wanted = pa.array(sorted(set(ids)), pa.string())
    found: dict[str, str] = {}
    with readable(source, "ingest"):
        file = open_parquet(source)
        for group in range(file.num_row_groups) if len(wanted) else ():
            table = file.read_row_group(group, columns=["sentence_id", "text"])
            some = table.filter(pc.is_in(table["sentence_id"], value_set=wanted))
            found |= zip(some["sentence_id"].to_pylist(), some["text"].to_pylist(), strict=True)
    return found


# --- topics/{firm}.json and themes.json ------------------------------------------------------------


def write_firm_topics(path: Path | str, firm: FirmTopics) -> None:
    """Write topics/{firm}.json."""
    plain = _plain(firm)
    for group in (*(topic["sentences"] for topic in plain["topics"]), plain["outliers"]):
        for sentence in group:
            # They stand in transcripts.parquet.
            del sentence["text"], sentence["speaker_type"]
    write_json(path, plain)


def read_firm_topics(path: Path | str) -> FirmTopics:
    """Read topics/{firm}.json. Raises ResultError naming the file and its fault."""
    return parse_firm_topics(_read_bytes(path), str(path))


def parse_firm_topics(data: bytes, name: str) -> FirmTopics:
    """Read topics/{firm}.json from its bytes. Raises ResultError naming the file as `name`, and its fault."""
    firm = decode(data, FirmTopics, name)
    if not len(firm.topics) == len(firm.centroids) == firm.n_topics:
        raise ResultError(
            f"{name}: n_topics is {firm.n_topics}, but it holds {len(firm.topics)} topics and "
            f"{len(firm.centroids)} centroids."
        )
    if len({len(centroid) for centroid in firm.centroids}) > 1:
        raise ResultError(f"{name}: the centroids are not all of one length.")
    return firm


def write_themes(path: Path | str, themes: Themes) -> None:
    """Write themes.json; the broad themes stand in its list of themes, after those of level 1."""
    plain = _plain(dataclasses.replace(themes, themes=themes.themes + themes.broad))
    del plain["broad"]
    write_json(path, plain)


def read_themes(path: Path | str) -> Themes:
    """Read themes.json. Raises ResultError naming the file and its fault."""
    return parse_themes(_read_bytes(path), str(path))


def parse_themes(data: bytes, name: str) -> Themes:
    """Read themes.json from its bytes. Raises ResultError naming the file as `name`, and its fault."""
    themes = decode(data, Themes, name)
    return dataclasses.replace(
        themes,
        themes=tuple(theme for theme in themes.themes if theme.level == 1),
        broad=tuple(theme for theme in themes.themes if theme.level == 2),
    )


# --- a run -----------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class Run:
    """A run's themes and firms; its large files are read from its directory, a part at a time."""

    directory: Path
    themes: Themes
    firms: tuple[FirmRow, ...]

    @property
    def read_firms(self) -> list[FirmRow]:
        """The firms whose topics the themes were built from: all but skipped_firms."""
        skipped = {firm.firm_id for firm in self.themes.skipped_firms}
        return [row for row in self.firms if row.firm_id not in skipped]


def open_run(directory: Path) -> Run:
    """Open results/{run}. Raises ResultError when firms.tsv or themes.json is missing or damaged."""
    return Run(directory, read_themes(directory / "themes.json"), tuple(read_firms(directory / "firms.tsv")))


# --- JSON ------------------------------------------------------------------------------------------


def write_json(path: Path | str, value: Any) -> None:
    """Write one JSON document, floats to SIGNIFICANT_DIGITS, no NaN; a whole file or none.

    Records are written as objects of their fields.
    """
    text = json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    write_atomically(path, text + "\n")


def _plain(value: Any) -> Any:
    # One pass: dataclasses.asdict would copy every value of a record once before it is rounded.
    if isinstance(value, float):
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if names := _field_names(type(value)):  # type: ignore[arg-type]  # every class is hashable
        return {name: _plain(getattr(value, name)) for name in names}
    return value


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    fields = dataclasses.fields(kind) if dataclasses.is_dataclass(kind) else ()
    return tuple(field.name for field in fields)


def _read_bytes(path: Path | str) -> bytes:
    try:
        return Path(path).read_bytes()
    except FileNotFoundError as error:
        raise ResultError(f"{path}: missing.") from error
    except OSError as error:
        raise ResultError(f"{path}: cannot be read ({error}).") from error
