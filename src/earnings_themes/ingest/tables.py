"""The rows of any table that is read, whatever its kind: CSV, Parquet, Excel's .xlsx, Stata's .dta.

Each gives its header and then rows of text, a few at a time, so that ten gigabytes need no more memory than ten
megabytes. Also here: which files a path means, for a path may be a folder or a glob.
"""

import contextlib
import datetime as dt
import glob
import json
import math
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from earnings_themes.config import Limits
from earnings_themes.errors import InputError
from earnings_themes.ingest.csv_rows import (
    ENOUGH_KNOWN,
    LINES_BEFORE,
    Counter,
    files_in_zip,
    read_csv,
    short_error,
    tables_in,
)
from earnings_themes.ingest.kinds import (
    EXPECTED,
    START,
    advice,
    first_bytes,
    holds_a_table,
    kind_at,
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
    ".csv",
    ".tsv",
    ".txt",
    ".csv.gz",
    ".csv.bz2",
    ".csv.xz",
    ".tsv.gz",
    ".txt.gz",
    ".zip",
    ".parquet",
    ".pq",
    ".xlsx",
    ".xlsm",
    ".dta",
)


def files_of(path: str) -> list[Path]:
    """Return the files that a path means, in the order of their names: a file, those in a folder, a glob's, or a list's.

    Raises
    ------
    InputError : there is none
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
        found = sorted(
            file
            for name in glob.iglob(pattern, recursive=True)  # noqa: PTH207  # Path.glob takes no absolute pattern
            if (file := Path(name)).is_file()
        )
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


def files_left_out(path: str, n_known: Counter) -> list[str]:
    """Return the files in a path's folders that hold tables of a kind, or under a name, that is not read."""
    folders = [Path(one).expanduser() for one in (path, *path.split(BETWEEN))]
    return [
        str(file)
        for folder in dict.fromkeys(folders)
        if folder.is_dir()
        for file in _files_below(folder)
        if not file.name.lower().endswith(SUFFIXES) and _holds_a_table(first_bytes(file), n_known, file)
    ]


def _holds_a_table(start: bytes, n_known: Counter, path: Path | None = None) -> bool:
    return holds_a_table(start, lambda header: n_known(header) >= ENOUGH_KNOWN, path)


def _what_there_is(folder: Path) -> str:
    """Return the end of a message on a folder without a table: what is there instead."""
    others = [file for file in sorted(folder.rglob("*")) if file.is_file() and not file.name.startswith(".")]
    if not others:
        return f"; it is empty. Expected {EXPECTED}; set source.path."
    kind, call = kind_at(others[0])
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


def parts_of(path: Path, n_known: Counter) -> tuple[list[str | None], list[str]]:
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
                        others += [name] if _holds_a_table(file.read(START), n_known) else []
        except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError):
            parts = []  # iter_table says what is wrong
    elif kind == "xlsx":
        import openpyxl

        with _naming_xlsx(path), path.open("rb") as file:
            # Opened here, for openpyxl refuses a workbook that is named .csv.
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            heads = {
                sheet.title: _header_of(_rows_of(sheet, LINES_BEFORE), n_known)[1]
                for sheet in book.worksheets
            }
            book.close()
            parts = [name for name, head in heads.items() if n_known(head) >= ENOUGH_KNOWN]
            others = [
                name for name in heads if name not in parts and sum(map(bool, heads[name])) >= ENOUGH_KNOWN
            ]
    is_named = len(parts) > 1 or (parts and kind == "xlsx")
    return [*parts] if is_named else [None], sorted(others) if parts else []


def iter_table(
    path: Path, limits: Limits, n_known: Counter, choose: Choose | None = None, part: str | None = None
) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, cells) for each row of a table, the header first; a row's number where there are no lines.

    Parameters
    ----------
    path : the file
    limits : how much text it may hold
    n_known : says of a header how many of its names are columns that are read
    choose : says which of a header's names are needed, where reading a part of the columns is cheaper;
        None is all
    part : which of its tables, of `parts_of`; None for its one

    Raises
    ------
    InputError : the file cannot be read as a table
    """
    kind = table_kind(path)
    if kind == "parquet":
        return _read_parquet(path, choose)
    if kind == "xlsx":
        return _read_xlsx(path, n_known, part)
    if kind == "dta":
        return _read_dta(path)
    return read_csv(path, kind, limits, n_known, part)


def _read_parquet(path: Path, choose: Choose | None) -> Iterator[tuple[int, list[str]]]:
    """Yield a Parquet file's header, then its rows as text, numbered from 1."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path, pre_buffer=True)
        header = list(file.schema_arrow.names)
        header = choose(header) if choose else header
        yield 1, header
        number = 0
        for group in range(file.metadata.num_row_groups):
            for batch in file.iter_batches(ROWS_A_BATCH, row_groups=[group], columns=header):
                cells = [[as_text(cell) for cell in batch.column(name).to_pylist()] for name in header]
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


def _header_of(rows: Iterable[tuple[Any, ...]], n_known: Counter) -> tuple[int, list[str]]:
    """Return how many of a sheet's first rows stand before the header, and the header: titles and remarks may be there."""
    heads = [[as_text(cell).strip() for cell in row] for row in rows]
    filled = [sum(map(bool, head)) for head in heads]
    known = [n_known(head) >= ENOUGH_KNOWN for head in heads]
    for fits in (known, [n >= ENOUGH_KNOWN for n in filled], [n > 0 for n in filled]):
        if any(fits):
            return fits.index(True), heads[fits.index(True)]
    return 0, []


def _read_xlsx(path: Path, n_known: Counter, sheet_name: str | None) -> Iterator[tuple[int, list[str]]]:
    import openpyxl
    from openpyxl.utils.escape import unescape

    def text_of(cell: Any) -> str:
        text = as_text(cell)
        # Excel keeps what XML cannot hold as _x000D_.
        return unescape(text) if "_x" in text else text

    with _naming_xlsx(path), path.open("rb") as file:
        # Read only: a row at a time, however large the sheet.
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        sheet = book[sheet_name] if sheet_name else book.worksheets[0]
        rows = _rows_of(sheet)
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
        book.close()


@contextlib.contextmanager
def _naming_xlsx(path: Path) -> Iterator[None]:
    """Name the workbook that openpyxl cannot read."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # openpyxl raises whatever the damaged part of the file raises
        raise InputError(
            f"{path}: not readable as Excel's .xlsx ({type(error).__name__}: {short_error(error)}). Save it again as CSV UTF-8."
        ) from error


# Stata's dates that are no days: their formats, and pandas' letters for them.
_PERIODS: Final = {"%tq": "Q", "%tm": "M", "%th": "Y", "%ty": "Y", "%tw": "W"}


def _read_dta(path: Path) -> Iterator[tuple[int, list[str]]]:
    import pandas as pd

    try:
        with pd.read_stata(path, chunksize=ROWS_A_BATCH) as reader:
            number, first = 0, True
            for chunk in reader:
                if first:
                    yield 1, [str(column) for column in chunk.columns]
                    first = False
                    # There is no public way to ask for them.
                    formats = dict(zip(chunk.columns, vars(reader)["_fmtlist"], strict=True))
                for column, said in _PERIODS.items():
                    # pandas makes the first day of a quarter of it, on which no call was.
                    for name in (name for name, shape in formats.items() if str(shape).startswith(column)):
                        chunk[name] = chunk[name].dt.to_period(said).astype(str)
                for rounded in chunk.select_dtypes("float32"):
                    # Stata's float has 24 bits: what is longer was rounded, and an id is another one.
                    chunk[rounded] = [
                        f"{cell:.6E}" if abs(cell) >= 2**24 else cell for cell in chunk[rounded]
                    ]
                for row in chunk.itertuples(index=False, name=None):
                    number += 1
                    yield number, [as_text(cell) for cell in row]
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
