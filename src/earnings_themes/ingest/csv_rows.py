"""Reads the rows of a CSV file, each with the line it starts on, and names every fault where it is.

Apart from the connector, because here is what any CSV can do wrong (encoding, quoting, compression, size)
and nothing of what the columns mean. A message names the file, the line, the column, what was found and
what is expected; it never quotes a text column, which may be licensed speech.
"""

import codecs
import csv
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, TextIO, cast

from earnings_themes.config import Limits
from earnings_themes.errors import InputError
from earnings_themes.results.firms import one_line

# Read from the file at a time: large enough that counting costs nothing.
_CHUNK: Final = 1 << 17
# How far beyond the limit of a cell the csv module reads on, so that the cell can still be named by its
# column. Beyond, a quote that is never closed would take a file of any size into memory.
_READ_ON: Final = 100
# What an id or a number that is not as expected is quoted with, at most.
_QUOTED: Final = 40
_GZIP: Final = b"\x1f\x8b"
_UTF_16_AND_32: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_UNDECODED: Final = re.compile("[\udc80-\udcff]")


def quoted(text: str) -> str:
    """Return a found value as a message shows it: in quotes, its start alone where it is long."""
    return repr(text) if len(text) <= _QUOTED else f"{text[:_QUOTED]!r}… ({len(text):,} characters)"


def read_rows(
    path: Path, required: Sequence[str], optional: Sequence[str], limits: Limits
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, {column: cell}) for each row of a CSV in UTF-8, with or without a mark; gzip is recognised.

    Column names are matched in lower case; columns in neither list are ignored. Raises InputError.
    """
    # One more, so that a cell of exactly the limit passes on every version of Python.
    csv.field_size_limit(limits.cell_characters * _READ_ON + 1)
    line = 1
    with _open(path, limits) as file:
        reader = csv.reader(file, strict=True)
        try:
            header = [name.strip().lower() for name in next(reader, [])]
            _check_header(path, header, required, optional)
            places = [(name, header.index(name)) for name in (*required, *optional) if name in header]
            # The line a row starts on: a cell with line breaks makes it more than one.
            line = reader.line_num + 1
            for cells in reader:
                if len(cells) == len(header):
                    if max(map(len, cells)) > limits.cell_characters:
                        raise _too_long(path, line, header, cells, limits)
                    yield line, {name: cells[place] for name, place in places}
                elif cells:
                    raise InputError(
                        f"{path}, line {line}: {len(cells)} cells; expected {len(header)}, one a "
                        "column. A comma or a quote inside a text that is not quoted is the usual cause."
                    )
                line = reader.line_num + 1
        except csv.Error as error:
            if "field limit" in str(error):
                raise InputError(
                    f"{path}, line {line}: a cell of more than {limits.cell_characters * _READ_ON:,} characters; "
                    f"expected at most {limits.cell_characters:,} (source.limits.cell_characters). "
                    "A quote that is opened here and never closed is the usual cause."
                ) from error
            raise InputError(
                f"{path}, line {line}: not readable as CSV ({error}). Expected commas between "
                "cells, and double quotes around a text that holds a comma, a quote or a line break."
            ) from error
        except UnicodeDecodeError as error:
            raise _undecodable(path, limits, error) from error
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise InputError(
                f"{path}, after line {line}: found a gzip file that is damaged or not complete ({error}); "
                "expected a whole one. Copy it again."
            ) from error


def _open(path: Path, limits: Limits, errors: str = "strict") -> TextIO:
    try:
        raw = path.open("rb")
        start = raw.read(4)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be opened ({error.strerror}). Set source.path to a CSV file."
        ) from error
    raw.seek(0)
    packed = start.startswith(_GZIP) or (path.suffix == ".gz" and bool(start))
    # A UTF-16 file without a mark has a zero byte beside each letter of its header.
    if start.startswith(_UTF_16_AND_32) or (not packed and b"\0" in start):
        raw.close()
        raise InputError(
            f"{path}, line 1: found UTF-16 or UTF-32 (the file starts with {start.hex(' ')}); expected UTF-8. "
            f"Convert it: iconv -f UTF-16 -t UTF-8 {path.name} > utf8.csv"
        )
    stream = gzip.GzipFile(fileobj=raw) if packed else raw
    bounded = io.BufferedReader(_Bounded(cast(io.RawIOBase, stream), path, limits.file_mb), _CHUNK)
    return io.TextIOWrapper(bounded, encoding="utf-8-sig", errors=errors, newline="")


class _Bounded(io.RawIOBase):
    """Counts what is read, decompressed, and stops beyond the limit: a small gzip file may hold any amount."""

    def __init__(self, stream: io.RawIOBase, path: Path, limit_mb: int) -> None:
        self._stream, self._path, self._limit_mb, self._n = stream, path, limit_mb, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._stream.read(len(buffer)) or b""
        buffer[: len(data)] = data
        self._n += len(data)
        if self._n > self._limit_mb * 1_000_000:
            raise InputError(
                f"{self._path}: found more than {self._limit_mb:,} MB of text; expected at most that. Split "
                "the file by quarter, or raise source.limits.file_mb."
            )
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _shown(column: str) -> str:
    """Return a column's name as a message shows it: a file without a header has speech in its first line."""
    return one_line(column)[:_QUOTED]


def _check_header(path: Path, header: list[str], required: Sequence[str], optional: Sequence[str]) -> None:
    if not header:
        raise InputError(f"{path}: the file is empty. Expected a header line with {', '.join(required)}.")
    missing = [name for name in required if name not in header]
    if missing:
        found = ", ".join(_shown(name) for name in header)
        other = next((mark for mark in (";", "\t", "|") if mark in header[0]), None)
        hint = f" The cells seem to be separated by {other!r}; expected commas." if other else ""
        raise InputError(
            f"{path}, line 1: no column {', '.join(missing)}. Found {found[:500]}; "
            f"needed are {', '.join(required)}.{hint}"
        )
    twice = [name for name, n in Counter(header).items() if n > 1 and name in {*required, *optional}]
    if twice:
        raise InputError(
            f"{path}, line 1: column {', '.join(twice)} appears more than once; expected each one once."
        )


def _too_long(path: Path, line: int, header: list[str], cells: list[str], limits: Limits) -> InputError:
    n, name = max((len(cell), name) for cell, name in zip(cells, header, strict=True))
    return InputError(
        f"{path}, line {line}: {_shown(name)} has {n:,} characters; expected at most {limits.cell_characters:,} "
        "(source.limits.cell_characters). A quote that is never closed is the usual cause."
    )


def _undecodable(path: Path, limits: Limits, error: UnicodeDecodeError) -> InputError:
    """Name the cell that is not UTF-8. The file is read once more, every wrong byte kept as a mark."""
    line, where = 1, ""
    with _open(path, limits, errors="surrogateescape") as file:
        reader = csv.reader(file)
        header: list[str] = []
        for cells in reader:
            at = next((place for place, cell in enumerate(cells) if _UNDECODED.search(cell)), None)
            if at is not None:
                where = f"column {_shown(header[at])}, " if at < len(header) else ""
                break
            header = header or [name.strip().lower() for name in cells]
            line = reader.line_num + 1
    byte = error.object[error.start]
    return InputError(
        f"{path}, line {line}: {where}byte 0x{byte:02x} is not UTF-8. Save the file as UTF-8, "
        f"for example with: iconv -f WINDOWS-1252 -t UTF-8 {path.name} > utf8.csv"
    )
