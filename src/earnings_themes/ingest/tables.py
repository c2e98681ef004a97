"""The rows of any table that is read, whatever its kind: CSV, Parquet, Excel's .xlsx, Stata's .dta.

Each gives its header and then rows of text, a few at a time, so that ten gigabytes need no more memory than ten
megabytes. Also here: which files a path means, for a path may be a folder or a glob.
"""

import datetime as dt
import glob
import json
import math
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from earnings_themes.config import Limits
from earnings_themes.errors import InputError
from earnings_themes.ingest.columns import ENOUGH_KNOWN, CountKnown
from earnings_themes.ingest.csv_rows import LINES_BEFORE, files_in_zip, read_csv, short_error, tables_in
from earnings_themes.ingest.kinds import (
    EXPECTED,
    START,
    advice,
    first_bytes,
    holds_a_table,
    kind_of,
    table_kind,
)

# A worker of a machine with little memory holds this many rows, of some KB each, at once.
ROWS_A_BATCH: Final = 2_000
# Between the paths of a list; config.yaml's list comes here so.
BETWEEN: Final = " | "
# A header to the names in it that are needed.
Choose = Callable[[list[str]], list[str]]
# What is taken from a folder; what else lies there (notes, receipts) is not a table.
SUFFIXES: Final = (
    ".csv", ".csv.gz", ".csv.bz2", ".csv.xz", ".tsv", ".tsv.gz", ".txt", ".txt.gz", ".zip",
    ".parquet", ".pq", ".xlsx", ".xlsm", ".dta",
)  # fmt: skip


def files_of(path: str) -> list[Path]:
    """Return the files that a path means, in the order of their names: a file, those in a folder, a glob's, or a list's.

    Raises InputError where there is none.
    """
    if address := re.match(r"(\w{2,6})://", path):
        how = "set source.kind: s3" if address[1] == "s3" else "download it, and name the file"
        raise InputError(f"{path}: found an address; expected a path on this disk. To read it, {how}.")
    if BETWEEN in path and not Path(path).exists():
        files = list(dict.fromkeys(file for one in path.split(BETWEEN) for file in files_of(one)))
        for file in files:
            first_bytes(file)  # one that is missing is said before any is read
        return files
    whole = Path(path).expanduser()
    if whole.is_dir():
        found = [file for file in _files_below(whole) if file.name.lower().endswith(SUFFIXES)]
        if not found:
            raise InputError(f"{path}: a folder without a table{_what_there_is(whole)}")
        return found
    # Brackets in the name of a folder that is there are no pattern.
    folder = next(above for above in (whole, *whole.parents) if above.exists())
    below = str(whole.relative_to(folder))
    if glob.has_magic(below):
        pattern = str(Path(glob.escape(str(folder)), below))
        names = glob.iglob(pattern, recursive=True)  # noqa: PTH207  # Path.glob takes no absolute pattern
        found = sorted(file for file in map(Path, names) if file.is_file())
        if not found:
            raise InputError(f"{path}: no file has such a name, counted from {Path.cwd()}. Set source.path.")
        return found
    return [whole]


def _files_below(folder: Path) -> list[Path]:
    """Return the files in a folder and below it, for partitioned tables are folders of folders."""
    return [
        file
        for file in sorted(folder.rglob("*"))
        # Excel keeps ~$calls.xlsx beside a workbook that is open.
        if not any(part.startswith((".", "_", "~$")) for part in file.relative_to(folder).parts)
        and file.is_file()
    ]


def files_left_out(path: str, n_known: CountKnown) -> list[str]:
    """Return the files in a path's folders that hold tables of a kind, or under a name, that is not read."""
    folders = [Path(one).expanduser() for one in (path, *path.split(BETWEEN))]
    return [
        str(file)
        for folder in dict.fromkeys(folders)
        if folder.is_dir()
        for file in _files_below(folder)
        if not file.name.lower().endswith(SUFFIXES) and holds_a_table(first_bytes(file), n_known, file)
    ]


def _what_there_is(folder: Path) -> str:
    """Return the end of a message on a folder without a table: what is there instead."""
    others = [file for file in sorted(folder.rglob("*")) if file.is_file() and not file.name.startswith(".")]
    if not others:
        return f"; it is empty. Expected {EXPECTED}; set source.path."
    kind, call = kind_of(first_bytes(others[0]), others[0])
    found = f"; of its {len(others):,} files the first is {others[0].name}"
    if kind == "csv":
        return f"{found}. Where it is a table, name it: source.path: '{folder}/*{others[0].suffix}'"
    return f"{found}: {advice(kind, call, others[0].name)}"


# Hive's folder of the rows that have no value.
_NO_VALUE: Final = "__HIVE_DEFAULT_PARTITION__"


def given_by_folders(file: Path) -> dict[str, str]:
    """Return the columns that a partitioned table keeps in its folders' names: companyid=7/calls.parquet."""
    pairs = (part.partition("=") for part in file.parent.parts if "=" in part)
    return {name: "" if value == _NO_VALUE else unquote(value) for name, _, value in pairs}


def with_columns(
    rows: Iterator[tuple[int, list[str]]], given: Mapping[str, str]
) -> Iterator[tuple[int, list[str]]]:
    """Yield a table's rows with columns that are the same in each, where the table has not got them."""
    line, header = next(rows)
    more = {name: value for name, value in given.items() if name not in header}
    yield line, [*header, *more]
    for line, cells in rows:
        yield line, [*cells, *more.values()]


def parts_of(path: Path, n_known: CountKnown) -> tuple[list[str | None], list[str]]:
    """Return what tables a file has, [None] for its one, and what else it has that may hold rows and is not read.

    Tables are the members of a zip file, and the sheets of a workbook that have the columns. Raises InputError as
    `iter_table` does.
    """
    kind = table_kind(path)
    parts: list[str] = []
    others: list[str] = []
    if kind == "zip":
        try:
            with zipfile.ZipFile(path) as archive:
                parts = tables_in(archive)
                for name in {*files_in_zip(archive)}.difference(parts):
                    with archive.open(name) as file:
                        others += [name] if holds_a_table(file.read(START), n_known) else []
        except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError):
            parts = []  # iter_table says what is wrong
    elif kind == "xlsx":
        with _workbook(path) as book:
            for sheet in book.worksheets:
                _, header = _header_of(_rows_of(sheet, LINES_BEFORE), n_known)
                if n_known(header) >= ENOUGH_KNOWN:
                    parts.append(sheet.title)
                elif sum(map(bool, header)) >= ENOUGH_KNOWN:
                    others.append(sheet.title)
    is_named = len(parts) > 1 or (parts and kind == "xlsx")
    return [*parts] if is_named else [None], sorted(others) if parts else []


def iter_table(
    path: Path, limits: Limits, n_known: CountKnown, choose: Choose, part: str | None
) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, cells) for each row of a table, the header first; a row's number where there are no lines.

    limits: how much text it may hold. choose: says which of a header's names are needed, where reading a part of the
    columns is cheaper. part: which of its tables, of `parts_of`; None for its one.

    Raises InputError where the file cannot be read as a table.
    """
    kind = table_kind(path)
    if kind == "parquet":
        return _read_parquet(path, choose)
    if kind == "xlsx":
        return _read_xlsx(path, n_known, part)
    if kind == "dta":
        return _read_dta(path)
    return read_csv(path, kind, limits, n_known, part)


def _read_parquet(path: Path, choose: Choose) -> Iterator[tuple[int, list[str]]]:
    """Yield a Parquet file's header, then its rows as text, numbered from 1."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path, pre_buffer=True)
        header = choose(file.schema_arrow.names)
        yield 1, header
        number = 0
        for group in range(file.metadata.num_row_groups):
            for batch in file.iter_batches(ROWS_A_BATCH, row_groups=[group], columns=header):
                cells = [map(as_text, batch.column(name).to_pylist()) for name in header]
                for row in zip(*cells, strict=True):
                    number += 1
                    yield number, list(row)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: not readable as Parquet ({str(error).splitlines()[0]}). Copy or make it again."
        ) from error


def _rows_of(sheet: Any, n: int | None = None) -> Iterator[tuple[Any, ...]]:
    """Yield a sheet's rows, whatever size other programs noted for it."""
    sheet.reset_dimensions()
    rows: Iterator[tuple[Any, ...]] = sheet.iter_rows(max_row=n, values_only=True)
    return rows


def _header_of(rows: Iterable[tuple[Any, ...]], n_known: CountKnown) -> tuple[int, list[str]]:
    """Return how many of a sheet's first rows stand before the header, and the header: titles and remarks may be there."""
    heads = [[as_text(cell).strip() for cell in row] for row in rows]
    filled = [sum(map(bool, head)) for head in heads]
    known = [n_known(head) >= ENOUGH_KNOWN for head in heads]
    for fits in (known, [n >= ENOUGH_KNOWN for n in filled], [n > 0 for n in filled]):
        if any(fits):
            return fits.index(True), heads[fits.index(True)]
    return 0, []


@contextmanager
def _workbook(path: Path) -> Iterator[Any]:
    """Open a workbook, and name it where openpyxl cannot read it."""
    import openpyxl

    try:
        # Opened here, for openpyxl refuses a workbook that is named .csv. Read only: a row at a time, however large.
        with path.open("rb") as file:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            yield book
            book.close()
    except InputError:
        raise
    except Exception as error:  # openpyxl raises whatever the damaged part of the file raises
        raise InputError(
            f"{path}: not readable as Excel's .xlsx ({type(error).__name__}: {short_error(error)}). Save it again as CSV UTF-8."
        ) from error


def _read_xlsx(path: Path, n_known: CountKnown, sheet_name: str | None) -> Iterator[tuple[int, list[str]]]:
    from openpyxl.utils.escape import unescape

    def text_of(cell: Any) -> str:
        text = as_text(cell)
        # Excel keeps what XML cannot hold as _x000D_.
        return unescape(text) if "_x" in text else text

    with _workbook(path) as book:
        rows = _rows_of(book[sheet_name] if sheet_name else book.worksheets[0])
        first = list(islice(rows, LINES_BEFORE))
        before, header = _header_of(first, n_known)
        while header and not header[-1]:
            header.pop()
        if not header:
            raise InputError(f"{path}: the first sheet is empty. Expected a header with the columns' names.")
        yield before + 1, header
        for number, cells in enumerate(chain(first[before + 1 :], rows), before + 2):
            row = [text_of(cell) for cell in cells[: len(header)]]
            if any(cell.strip() for cell in row):
                yield number, row + [""] * (len(header) - len(row))


# Stata's dates that are no days: their formats, and pandas' letters for them.
_PERIODS: Final = {"%tq": "Q", "%tm": "M", "%th": "Y", "%ty": "Y", "%tw": "W"}


def _read_dta(path: Path) -> Iterator[tuple[int, list[str]]]:
    import pandas as pd

    try:
        with pd.read_stata(path, chunksize=ROWS_A_BATCH) as reader:
            for n, chunk in enumerate(reader):
                if n == 0:
                    yield 1, list(map(str, chunk.columns))
                # There is no public way to ask for the formats.
                for name, written in zip(chunk.columns, vars(reader)["_fmtlist"], strict=True):
                    # pandas makes the first day of a quarter of it, on which no call was.
                    if period := _PERIODS.get(str(written)[:3]):
                        chunk[name] = chunk[name].dt.to_period(period).astype(str)
                for rounded in chunk.select_dtypes("float32"):
                    # Stata's float has 24 bits: what is longer was rounded, and an id is another one.
                    chunk[rounded] = [
                        f"{cell:.6E}" if abs(cell) >= 2**24 else cell for cell in chunk[rounded]
                    ]
                rows = chunk.itertuples(index=False, name=None)
                for number, row in enumerate(rows, n * ROWS_A_BATCH + 1):
                    yield number, list(map(as_text, row))
    except Exception as error:  # pandas raises whatever the damaged part of the file raises
        raise InputError(
            f"{path}: not readable as Stata's .dta ({short_error(error)}). In Stata: export delimited using calls.csv"
        ) from error


def as_text(cell: Any) -> str:
    """Return a cell as a CSV would hold it."""
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace")
    if isinstance(cell, list | dict):  # turns
        return json.dumps(cell, default=str)
    if isinstance(cell, float | Decimal) and math.isfinite(cell) and cell == int(cell):
        return str(int(cell))  # pandas makes 12 into 12.0 where the column has a gap
    return cell.isoformat(" ") if isinstance(cell, dt.datetime) else str(cell)
