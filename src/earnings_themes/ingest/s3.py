"""Transcripts in S3: CSV (also .gz) or Parquet, one object or all below a prefix.

`source.path` is s3://bucket/key of an object, or s3://bucket/prefix of several, of one kind, whose rows belong
together; the columns are those of a local CSV, and so is everything that is said of rows: this class only
brings them here.

A CSV can be read in one piece only. So it is copied to this machine once, by the job that ingests and by the
process that asks for the firms; the firms' own jobs read transcripts.parquet. Of Parquet, the firm list reads
two columns, and one firm's calls the row groups that may hold it, so it costs little where rows are sorted by firm.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from earnings_themes.abstractions import TranscriptData
from earnings_themes.errors import InputError
from earnings_themes.ingest.columns import places, plain
from earnings_themes.ingest.local_csv import LocalCSVConnector
from earnings_themes.ingest.tables import read_parquet, read_table
from earnings_themes.system.folders import FileInfo, s3_folder
from earnings_themes.system.s3 import S3Folder

_CSV: Final = (".csv", ".csv.gz")
_PARQUET: Final = ".parquet"
_FIRM: Final = "companyid"


class S3Connector(LocalCSVConnector):
    """Objects in S3. Rows in messages are counted in their object."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        # Whose rows the next pass needs; None is all.
        self._only: str | None = None

    def version(self) -> str | None:
        """Return a digest of the objects' names and ETags."""
        about = sorted((name, file.version) for name, file in self._files.items())
        return hashlib.sha256(json.dumps(about).encode()).hexdigest()

    def get_transcripts(self, firm_id: str) -> TranscriptData:
        """Return every call of a firm. Raises InputError, and CloudError when AWS refuses."""
        joined = any(raw != used for raw, used in self._ids.items())
        if (
            self._is_parquet
            and self._only is None
            and not joined
            and "_index" not in self.__dict__
            and self._is_in_few_groups(firm_id)
        ):
            one = type(self)(self.path)
            # What others set on this object holds for the one that reads.
            one.__dict__ |= {**self.__dict__, "_only": firm_id}
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

    def _tables(self, light: bool) -> Iterator[tuple[str, str, Iterator[tuple[int, list[str]]]]]:
        for name in self._files:
            address = self._address(name)
            if self._is_parquet:
                yield address, "row", self._parquet_rows(name, light)
            else:
                yield address, "line", self._csv_rows(name)

    def _csv_rows(self, name: str) -> Iterator[tuple[int, list[str]]]:
        copy = self._copies / name
        try:
            yield from read_table(copy, self.limits, self._n_known)
        except InputError as error:
            # The reader knows the copy only; the user knows the object.
            raise InputError(str(error).replace(str(copy), self._address(name))) from error

    def _parquet_rows(self, name: str, light: bool) -> Iterator[tuple[int, list[str]]]:
        address, file = self._address(name), self._parquet[name]

        def choose(header: list[str]) -> list[str]:
            return self._chosen(address, header, light)

        groups = self._groups(file, self._only)
        rows = read_parquet(file, address, choose, groups)
        number, header = next(rows)
        yield number, header
        # The header may be a part of the file's, which was looked at whole.
        mapped = {ours: theirs for ours, theirs in self._settings.columns.items() if ours == _FIRM}
        place = places(address, header, mapped, (), (_FIRM,))[_FIRM]
        for number, cells in rows:
            if self._only is None or cells[place] == self._only:
                yield number, cells

    @cached_property
    def _copies(self) -> Path:
        """Where this connector's copies of CSV objects are, as long as it lives."""
        self._folder = tempfile.TemporaryDirectory(prefix="source-")
        to = Path(self._folder.name)
        self._place[0].fetch(self._files, to)
        return to

    @cached_property
    def _parquet(self) -> dict[str, pq.ParquetFile]:
        tables = {}
        for name in self._files:
            try:
                table = pq.ParquetFile(self._place[0].open(name), pre_buffer=True)
            except (pa.ArrowException, OSError) as error:
                raise InputError(f"{self._address(name)}: not readable as Parquet ({error}).") from error
            self._chosen(self._address(name), table.schema_arrow.names, light=False)
            tables[name] = table
        return tables

    def _groups(self, file: pq.ParquetFile, only: str | None) -> list[int]:
        groups = range(file.metadata.num_row_groups)
        if only is None:
            return list(groups)
        name = self._settings.columns.get(_FIRM, _FIRM)
        place = [plain(column) for column in file.schema_arrow.names].index(plain(name))
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
        all_groups = sum(file.metadata.num_row_groups for file in self._parquet.values())
        few = sum(len(self._groups(file, firm_id)) for file in self._parquet.values())
        return bool(4 * few <= all_groups)

    def _address(self, name: str) -> str:
        return f"{self._place[0]}/{name}"
