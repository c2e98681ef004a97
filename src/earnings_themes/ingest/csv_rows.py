"""Reads the rows of a CSV file, each with the line it starts on, and names every fault where it is.

Apart from the connector, because here is what any CSV can do wrong (encoding, quoting, separator, packing, size)
and nothing of what the columns mean. A message names the file, the line, the column, what was found and
what is expected; it never quotes a text column, which may be licensed speech.
"""

import bz2
import codecs
import csv
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final, TextIO, cast

from earnings_themes.config import Limits
from earnings_themes.errors import InputError
from earnings_themes.ingest.columns import shown
from earnings_themes.ingest.kinds import advice, kind_of

# Read from the file at a time: large enough that counting costs nothing.
_CHUNK: Final = 1 << 17
# How far beyond the limit of a cell the csv module reads on, so that the cell can still be named by its
# column. Beyond, a quote that is never closed would take a file of any size into memory.
_READ_ON: Final = 100
# What an id or a number that is not as expected is quoted with, at most.
_QUOTED: Final = 40
_UTF_16_AND_32: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_UNDECODED: Final = re.compile("[\udc80-\udcff]")
_SEPARATORS: Final = (",", ";", "\t", "|")
# What a packed file that is cut or damaged raises; zipfile checks a digest at the end.
_DAMAGED: Final = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, zipfile.BadZipFile)

# A header's names to how many of them are columns that are read.
Counter = Callable[[list[str]], int]


def quoted(text: str) -> str:
    """Return a found value as a message shows it: in quotes, its start alone where it is long."""
    return repr(text) if len(text) <= _QUOTED else f"{text[:_QUOTED]!r}… ({len(text):,} characters)"


def read_csv(path: Path, kind: str, limits: Limits, n_known: Counter) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, cells) for each row of a CSV in UTF-8, the header first, in lower case or not as it is there.

    Parameters
    ----------
    path
        The file.
    kind
        csv, gzip, bz2, xz or zip; of a zip file its one table.
    limits
        How much text a file and a cell may hold.
    n_known
        Says of a header how many of its names are known: the separator with the most is the file's.

    Raises
    ------
    InputError
        The file cannot be read as a table.
    """
    # One more, so that a cell of exactly the limit passes on every version of Python.
    csv.field_size_limit(limits.cell_characters * _READ_ON + 1)
    line = 1
    with _open(path, kind, limits) as (file, first):
        separator = _separator(first, n_known)
        reader = csv.reader(file, strict=True, delimiter=separator)
        try:
            header = [name.strip() for name in next(reader, [])]
            if not header:
                raise InputError(
                    f"{path}: the file is empty. Expected a header line with the columns' names."
                )
            yield 1, header
            # The line a row starts on: a cell with line breaks makes it more than one.
            line = reader.line_num + 1
            for cells in reader:
                if len(cells) == len(header):
                    if max(map(len, cells)) > limits.cell_characters:
                        raise _too_long(path, line, header, cells, limits)
                    yield line, cells
                elif cells:
                    raise InputError(
                        f"{path}, line {line}: {len(cells)} cells; expected {len(header)}, one a column. "
                        f"{_called(separator)} or a quote inside a text that is not quoted is the usual cause."
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
                f"{path}, line {line}: not readable as CSV ({error}). Expected {separator!r} between "
                "cells, and double quotes around a text that holds one, a quote or a line break."
            ) from error
        except UnicodeDecodeError as error:
            raise _undecodable(path, kind, limits, separator, error) from error
        except (*_DAMAGED, OSError) as error:
            raise InputError(
                f"{path}, after line {line}: found a {kind} file that is damaged or not complete ({error}); "
                "expected a whole one. Copy it again."
            ) from error


def _called(separator: str) -> str:
    return {",": "A comma", ";": "A semicolon", "\t": "A tab"}.get(separator, f"A {separator}")


def _separator(first: bytes, n_known: Counter) -> str:
    """Return what separates the cells of a header: what gives the most known names, the comma where none does."""
    line = re.split("[\r\n]", first.decode("utf-8-sig", "ignore"), maxsplit=1)[0]

    def known(separator: str) -> int:
        return n_known([cell.strip().strip('"') for cell in line.split(separator)])

    return max(_SEPARATORS, key=known)


class _Opened:
    """A packed or plain text file that is being read, with its first bytes; closes all that was opened."""

    def __init__(self, file: TextIO, first: bytes, raw: IO[bytes]) -> None:
        self._file, self._first, self._raw = file, first, raw

    def __enter__(self) -> tuple[TextIO, bytes]:
        return self._file, self._first

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._raw.close()


def _open(path: Path, kind: str, limits: Limits, errors: str = "strict") -> _Opened:
    try:
        raw = path.open("rb")
    except OSError as error:
        raise InputError(
            f"{path}: cannot be opened ({error.strerror}). Set source.path to a file."
        ) from error
    try:
        stream = _unpacked(raw, kind, path)
        bounded = io.BufferedReader(_Bounded(cast(io.RawIOBase, stream), path, limits.file_mb), _CHUNK)
        try:
            first = bounded.peek(_CHUNK)
        except (*_DAMAGED, OSError) as error:
            raise InputError(
                f"{path}: found a {kind} file that is damaged or not complete ({error}); expected a whole one. "
                "Copy it again."
            ) from error
        start = first[:4]
        # A UTF-16 file without a mark has a zero byte beside each letter of its header.
        if start.startswith(_UTF_16_AND_32) or b"\0" in start:
            inner, call = kind_of(first)
            if inner == "csv":
                raise InputError(
                    f"{path}, line 1: found UTF-16 or UTF-32 (the file starts with {start.hex(' ')}); expected UTF-8. "
                    f"Convert it: iconv -f UTF-16 -t UTF-8 {path.name} > utf8.csv"
                )
            raise InputError(f"{path}: {advice(inner, call, path.name)}")
        inner, call = kind_of(first)
        if inner != "csv":
            raise InputError(f"{path}: packed as {kind}, {advice(inner, call, path.stem)}")
    except BaseException:
        raw.close()
        raise
    return _Opened(io.TextIOWrapper(bounded, encoding="utf-8-sig", errors=errors, newline=""), first, raw)


def _unpacked(raw: IO[bytes], kind: str, path: Path) -> IO[bytes]:
    if kind == "gzip":
        return cast(IO[bytes], gzip.GzipFile(fileobj=raw))
    if kind == "bz2":
        return bz2.BZ2File(raw)
    if kind == "xz":
        return lzma.LZMAFile(raw)
    if kind != "zip":
        return raw
    try:
        archive = zipfile.ZipFile(raw)
        # Macs add a folder of their own, with a file for each.
        names = [
            name
            for name in archive.namelist()
            if not name.endswith("/") and not name.startswith("__MACOSX/") and "/." not in f"/{name}"
        ]
        if len(names) != 1:
            raise InputError(
                f"{path}: found a zip file of {len(names)} files; expected one table in it. Unpack it into a folder, "
                "and set source.path to that."
            )
        return archive.open(names[0])
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise InputError(
            f"{path}: found a zip file that cannot be unpacked ({error}); expected a whole one without a password."
        ) from error


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


def _too_long(path: Path, line: int, header: list[str], cells: list[str], limits: Limits) -> InputError:
    n, name = max((len(cell), name) for cell, name in zip(cells, header, strict=True))
    return InputError(
        f"{path}, line {line}: {shown(name)} has {n:,} characters; expected at most {limits.cell_characters:,} "
        "(source.limits.cell_characters). A quote that is never closed is the usual cause."
    )


def _undecodable(
    path: Path, kind: str, limits: Limits, separator: str, error: UnicodeDecodeError
) -> InputError:
    """Name the cell that is not UTF-8. The file is read once more, every wrong byte kept as a mark."""
    line, where = 1, ""
    with _open(path, kind, limits, errors="surrogateescape") as (file, _):
        reader = csv.reader(file, delimiter=separator)
        header: list[str] = []
        for cells in reader:
            at = next((place for place, cell in enumerate(cells) if _UNDECODED.search(cell)), None)
            if at is not None:
                where = f"column {shown(header[at])}, " if at < len(header) else ""
                break
            header = header or [name.strip().lower() for name in cells]
            line = reader.line_num + 1
    byte = error.object[error.start]
    return InputError(
        f"{path}, line {line}: {where}byte 0x{byte:02x} is not UTF-8. Save the file as UTF-8, "
        f"for example with: iconv -f WINDOWS-1252 -t UTF-8 {path.name} > utf8.csv"
    )
