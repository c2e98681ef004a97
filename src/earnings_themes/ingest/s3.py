"""Transcripts in S3: CSV (also .gz) or Parquet, one object or all below a prefix.

`source.path` is s3://bucket/key of an object, or s3://bucket/prefix of several, of one kind, whose rows belong
together; the columns are those of a local CSV, and so is everything that is said of rows: this class only
brings them here.

A CSV can be read in one piece only. So it is copied to this machine once, by the job that ingests and by the
process that asks for the firms; the firms' own jobs read transcripts.parquet. Of Parquet, the firm list reads
two columns, and one firm's calls the row groups that may hold it, so it costs little where rows are sorted by firm.
"""

import datetime as dt
import hashlib
import json
import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from earnings_themes.abstractions import TranscriptData
from earnings_themes.errors import InputError
from earnings_themes.ingest.local_csv import OPTIONAL, REQUIRED, LocalCSVConnector
from earnings_themes.results.firms import id_fault
from earnings_themes.system.folders import FileInfo, S3Folder, s3_folder

_CSV: Final = (".csv", ".csv.gz")
_PARQUET: Final = ".parquet"
_FIRM: Final = "companyid"
# The columns that say which firms a quarter has.
_FIRM_AND_DATE: Final = (_FIRM, "mostimportantdateutc")
# A worker of a machine with little memory holds this many rows, of some KB each, at once.
_ROWS_A_BATCH: Final = 2_000


class S3Connector(LocalCSVConnector):
    """Objects in S3. Lines in messages are counted over all objects, in the order of their names."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        # Which columns and whose rows the next pass needs; None is all.
        self._columns: tuple[str, ...] | None = None
        self._only: str | None = None

    def version(self) -> str | None:
        """Return a digest of the objects' names and ETags."""
        about = sorted((name, file.version) for name, file in self._files.items())
        return hashlib.sha256(json.dumps(about).encode()).hexdigest()

    def get_firms(self, start_date: dt.date | None = None, end_date: dt.date | None = None) -> list[str]:
        """Return the sorted ids as LocalCSVConnector does. Raises InputError, and CloudError when AWS refuses."""
        self._columns = _FIRM_AND_DATE
        try:
            return super().get_firms(start_date, end_date)
        finally:
            self._columns = None

    def get_transcripts(self, firm_id: str) -> TranscriptData:
        """Return every call of a firm. Raises InputError, and CloudError when AWS refuses."""
        if self._is_parquet and self._only is None and self._is_in_few_groups(firm_id):
            one = type(self)(self.path)
            # What others set on this object holds for the one that reads.
            one.__dict__ |= {**self.__dict__, "_only": firm_id}
            one.__dict__.pop("_index", None)
            return one.get_transcripts(firm_id)
        return super().get_transcripts(firm_id)

    # --- which objects ---

    @cached_property
    def _place(self) -> tuple[S3Folder, dict[str, FileInfo]]:
        where = self.path.rstrip("/")
        above, _, name = where.rpartition("/")
        if where.count("/") > 2 and not self.path.endswith("/"):
            folder = s3_folder(above)
            found = folder.list()
            if name in found:
                return folder, {name: found[name]}
        folder = s3_folder(where)
        found = {
            name: file
            for name, file in folder.list().items()
            if name.endswith((*_CSV, _PARQUET)) and file.size
        }
        kinds = {name.endswith(_PARQUET) for name in found}
        if len(kinds) != 1:
            raise InputError(
                f"{self.path}: {'both CSV and Parquet are there' if kinds else 'nothing is there'}. Expected an "
                f"object, or objects whose names all end in {_PARQUET}, or all in {' or '.join(_CSV)}; set source.path."
            )
        return folder, found

    @property
    def _files(self) -> dict[str, FileInfo]:
        return self._place[1]

    @property
    def _is_parquet(self) -> bool:
        return next(iter(self._files)).endswith(_PARQUET)

    # --- their rows ---

    def _rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        before = 0
        for name in self._files:
            line = 0
            for line, row in self._rows_of(name):
                yield before + line, row
            before += line

    def _rows_of(self, name: str) -> Iterator[tuple[int, dict[str, str]]]:
        if self._is_parquet:
            yield from self._parquet_rows(name)
            return
        copy = self._copies / name
        here = LocalCSVConnector(str(copy))
        here.limits = self.limits
        try:
            yield from here._rows()
        except InputError as error:
            # The reader knows the copy only; the user knows the object.
            raise InputError(str(error).replace(str(copy), self._address(name))) from error

    @cached_property
    def _copies(self) -> Path:
        """Where this connector's copies of CSV objects are, as long as it lives."""
        self._folder = tempfile.TemporaryDirectory(prefix="source-")
        to = Path(self._folder.name)
        self._place[0].fetch(self._files, to)
        return to

    @cached_property
    def _tables(self) -> dict[str, pq.ParquetFile]:
        tables = {}
        for name in self._files:
            try:
                table = pq.ParquetFile(self._place[0].open(name), pre_buffer=True)
            except (pa.ArrowException, OSError) as error:
                raise InputError(f"{self._address(name)}: not readable as Parquet ({error}).") from error
            self._check_columns(name, table.schema_arrow.names)
            tables[name] = table
        return tables

    def _check_columns(self, name: str, columns: list[str]) -> None:
        known = [column.strip().lower() for column in columns]
        if missing := [column for column in REQUIRED if column not in known]:
            raise InputError(
                f"{self._address(name)}: no column {', '.join(missing)}. Found {', '.join(known)}; needed are "
                f"{', '.join(REQUIRED)}."
            )

    def _parquet_rows(self, name: str) -> Iterator[tuple[int, dict[str, str]]]:
        file = self._tables[name]
        wanted = self._columns or (*REQUIRED, *OPTIONAL)
        columns = {
            column: column.strip().lower()
            for column in file.schema_arrow.names
            if column.strip().lower() in wanted
        }
        number = 0
        for group in self._groups(file, self._only):
            start = number
            try:
                table = file.read_row_group(group, columns=list(columns))
            except (pa.ArrowException, OSError) as error:
                raise InputError(f"{self._address(name)}: cannot be read ({error}).") from error
            for batch in table.to_batches(max_chunksize=_ROWS_A_BATCH):
                for cells in batch.to_pylist():
                    number += 1
                    row = {columns[column]: _text(cell) for column, cell in cells.items()}
                    if self._only is None or row[_FIRM] == self._only:
                        for column in ("companyid", "transcriptid"):
                            if fault := id_fault(row.get(column, "-")):
                                raise InputError(f"{self._address(name)}, row {number}: {column} is {fault}")
                        yield number, row
            number = start + table.num_rows

    @staticmethod
    def _groups(file: pq.ParquetFile, only: str | None) -> list[int]:
        groups = range(file.metadata.num_row_groups)
        if only is None:
            return list(groups)
        place = [column.strip().lower() for column in file.schema_arrow.names].index(_FIRM)
        found = []
        for group in groups:
            span = file.metadata.row_group(group).column(place).statistics
            is_text = span is not None and span.has_min_max and isinstance(span.min, str)
            # Numbers sort as numbers, ids as text: then nothing is known before the rows are read.
            if not is_text or span.min <= only <= span.max:
                found.append(group)
        return found

    def _is_in_few_groups(self, firm_id: str) -> bool:
        """Return whether reading one firm by itself is cheaper than reading all rows once for all firms."""
        all_groups = sum(file.metadata.num_row_groups for file in self._tables.values())
        few = sum(len(self._groups(file, firm_id)) for file in self._tables.values())
        return bool(4 * few <= all_groups)

    def _address(self, name: str) -> str:
        return f"{self._place[0]}/{name}"


def _text(cell: Any) -> str:
    """Return a cell as a CSV would hold it."""
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))  # pandas makes 12 into 12.0 where the column has a gap
    return cell.isoformat(" ") if isinstance(cell, dt.datetime) else str(cell)
