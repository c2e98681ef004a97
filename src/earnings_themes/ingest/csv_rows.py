"""Reads the rows of a CSV file, each with the line it starts on, and names every fault where it is.

Apart from the connector, because here is what any CSV can do wrong (encoding, quoting, separator, packing, size)
and nothing of what the columns mean. A message names the file, the line, the column, what was found and
what is expected; it never quotes a text column, which may be licensed speech.
"""

import bz2
import csv
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Final, TextIO, cast

from earnings_themes.config import Limits
from earnings_themes.errors import InputError
from earnings_themes.ingest.columns import ENOUGH_KNOWN, CountKnown, shown_name
from earnings_themes.ingest.kinds import advice, conversion, kind_of

# Read from the file at a time: large enough that counting costs nothing.
_CHUNK: Final = 1 << 17
# How far beyond the limit of a cell the csv module reads on, so that the cell can still be named by its
# column. Beyond, a quote that is never closed would take a file of any size into memory.
_READ_ON: Final = 100
# What an id or a number that is not as expected is quoted with, at most.
_QUOTED: Final = 40
# How a file begins: with a mark (that of UTF-32 begins as that of UTF-16 does), or with zeros beside a header's letters.
_ENCODINGS: Final = (
    (re.compile(rb"\xff\xfe\0\0|\0\0\xfe\xff"), "utf-32"),
    (re.compile(rb"\xff\xfe|\xfe\xff"), "utf-16"),
    (re.compile(rb"[ -~]\0\0\0[ -~]\0\0\0"), "utf-32-le"),
    (re.compile(rb"\0\0\0[ -~]\0\0\0[ -~]"), "utf-32-be"),
    (re.compile(rb"[ -~]\0[ -~]\0"), "utf-16-le"),
    (re.compile(rb"\0[ -~]\0[ -~]"), "utf-16-be"),
)
# A header stands within the first lines: some exports begin with a title, a remark, or Excel's "sep=;".
LINES_BEFORE: Final = 10
# What a library's own message is quoted with, at most.
_SAID: Final = 200
_UNDECODED: Final = re.compile("[\udc80-\udcff]")
# An apostrophe as Macs wrote it: "don't".
_OF_MAC: Final = re.compile(rb"[a-z]\xd5(?:s|t|re|ve|ll|d|m)\b")
_SEPARATORS: Final = ",;\t|"
# What a packed file that is cut or damaged raises; zipfile checks a digest at the end.
_DAMAGED: Final = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, zipfile.BadZipFile)


def quoted(text: str) -> str:
    """Return a found value as a message shows it: in quotes, its start alone where it is long."""
    return repr(text) if len(text) <= _QUOTED else f"{text[:_QUOTED]!r}… ({len(text):,} characters)"


def short_error(error: BaseException) -> str:
    """Return what a library says of a damaged file, on one line and without the bytes that it quotes."""
    said = " ".join(str(error).split())
    return said if len(said) <= _SAID else f"{said[:_SAID]}…"


def read_csv(
    path: Path, kind: str, limits: Limits, n_known: CountKnown, member: str | None
) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, cells) for each row of a CSV, in UTF-8, UTF-16 or UTF-32; the header first, as it is there.

    kind: csv, gzip, bz2, xz or zip. limits: how much text a file and a cell may hold. n_known: the separator that gives
    the most known names is the file's. member: which table of a zip file; None for its one.

    Raises InputError where the file cannot be read as a table.
    """
    # One more, so that a cell of exactly the limit passes on every version of Python.
    csv.field_size_limit(limits.cell_characters * _READ_ON + 1)
    line = 1
    opened = partial(_open, path, kind, limits, member)
    with opened() as (file, first):
        before, separator = _header_at(first, n_known)
        reader = csv.reader(file, strict=True, delimiter=separator)
        try:
            for _ in range(before):
                file.readline()
            header = [name.strip() for name in next(reader, [])]
            if not header:
                raise InputError(
                    f"{path}: the file is empty. Expected a header line with the columns' names."
                )
            yield before + 1, header
            # The line a row starts on: a cell with line breaks makes it more than one.
            line = before + reader.line_num + 1
            spare = _spare(first.decode(file.encoding, "ignore"), before, separator, len(header))
            for cells in reader:
                if spare is not None and len(cells) == len(header) + 1 and _is_spare(cells[spare], spare):
                    del cells[spare]
                if not any(map(str.strip, cells)):
                    pass  # a blank line, or one of separators alone, as spreadsheets leave at the end
                elif len(cells) == len(header):
                    if max(map(len, cells)) > limits.cell_characters:
                        raise _too_long(path, line, header, cells, limits)
                    yield line, cells
                else:
                    raise InputError(
                        f"{path}, line {line}: {len(cells)} cells; expected {len(header)}, one a column. "
                        + _why_not(cells, separator, n_known, path)
                    )
                line = before + reader.line_num + 1
        except csv.Error as error:
            if "field limit" in str(error):
                raise InputError(
                    f"{path}, line {line}: a cell of more than {limits.cell_characters * _READ_ON:,} characters; "
                    f"expected at most {limits.cell_characters:,} (source.limits.cell_characters). "
                    "A quote that is opened here and never closed is the usual cause."
                ) from error
            hints = [_of_backslashes(path, separator)] if b'\\"' in first else []
            if separator == "\t":
                how = _converted(path, separator, "quoting=3")
                hints.append(f"Where quotes are letters of the texts, keep them. {how}")
            said = (
                f"{path}, line {line}: not readable as CSV ({error}). Expected {separator!r} between cells, and double "
                "quotes around a text that holds one, a quote or a line break."
            )
            raise InputError(" ".join([said, *hints])) from error
        except UnicodeDecodeError as error:
            again = opened(errors="surrogateescape")
            raise _undecodable(path, again, before, separator, error) from error
        except (*_DAMAGED, OSError) as error:
            raise _damaged(f"{path}, after line {line}", kind, error) from error


def _is_spare(cell: str, place: int) -> bool:
    return cell.isdecimal() if place == 0 else not cell.strip()


def _spare(text: str, before: int, separator: str, n: int) -> int | None:
    """Return the place of a cell that rows have and the header has not: R's names of rows, or a separator at the end.

    Only where each of a file's first rows has it, for in one row alone a text may have lost its quotes.
    """
    lines = text.splitlines(keepends=True)[before:]
    # The last one may be cut.
    rows = [row for row in csv.reader(lines, delimiter=separator) if row][1:-1]
    if len(rows) < 2 or any(len(row) != n + 1 for row in rows):
        return None
    if all(_is_spare(row[-1], -1) for row in rows):
        return -1
    return 0 if rows[0][0] in ("0", "1") and all(_is_spare(row[0], 0) for row in rows) else None


def _why_not(cells: list[str], separator: str, n_known: CountKnown, path: Path) -> str:
    """Return the likeliest reason for a row of another length, and what helps."""
    if not "".join(cells).strip("\0"):
        return "It is zeros, which a copy that was cut leaves at the end: rows may be missing. Copy the file again."
    if sum(map(bool, cells)) == 1 and not set("".join(cells)) & {*_SEPARATORS}:
        return (
            "A remark below the table, or a line break in a text that is not quoted, is the usual cause: delete the line, or "
            "quote the text."
        )
    if n_known(cells) >= ENOUGH_KNOWN:
        return (
            "It is the header of another table: give the tables that were put together as a folder or a list."
        )
    if any("\\" in cell for cell in cells):
        return _of_backslashes(path, separator)
    called = {",": "comma", ";": "semicolon", "\t": "tab"}.get(separator, separator)
    cause = f"A {called} or a quote inside a text that is not quoted is the usual cause."
    if any(cell.startswith(' "') for cell in cells):
        return f"A blank before a quote is the usual cause. {_converted(path, separator, 'skipinitialspace=True')}"
    if any(cell.startswith("'") for cell in cells):
        return f"{cause} Or texts have single quotes. {_converted(path, separator, 'quotechar=chr(39)')}"
    return cause


def _of_backslashes(path: Path, separator: str) -> str:
    cause = 'A backslash before a quote or a separator is the usual cause; expected "" and quotes.'
    return f"{cause} {_converted(path, separator, 'escapechar=chr(92)')}"


def _converted(path: Path, separator: str, how: str) -> str:
    sep = "" if separator == "," else f"sep=chr({ord(separator)}), "
    return conversion(f"read_csv('{{name}}', {sep}{how}, dtype=str)", path.name)


def _header_at(first: bytes, n_known: CountKnown) -> tuple[int, str]:
    """Return how many lines stand before the header, and what separates its cells: what gives the most known names."""
    text = first.decode(_encoding(first), "ignore")
    lines = re.split("\r\n|\r|\n", text, maxsplit=LINES_BEFORE)[:LINES_BEFORE]

    def known(line: str) -> tuple[int, str]:
        # Whatever stands between names may separate them; the usual ones come first.
        marks = dict.fromkeys([*_SEPARATORS, *re.findall(r"[^\w \"'.\-]", line)])
        return max(
            ((n_known([cell.strip().strip('"') for cell in line.split(mark)]), mark) for mark in marks),
            key=lambda found: found[0],
        )

    for before, line in enumerate(lines):
        n, separator = known(line)
        if n >= ENOUGH_KNOWN:
            return before, separator
    before = next((place for place, line in enumerate(lines) if line.strip()), 0)
    return before, known(lines[before])[1]


def _encoding(first: bytes) -> str:
    return next((encoding for start, encoding in _ENCODINGS if start.match(first)), "utf-8-sig")


@contextmanager
def _open(
    path: Path, kind: str, limits: Limits, member: str | None, errors: str = "strict"
) -> Iterator[tuple[TextIO, bytes]]:
    """Open a packed or plain text file, and give its first bytes with it."""
    with path.open("rb") as raw:
        stream = cast(io.RawIOBase, _unpacked(raw, kind, path, member))
        bounded = io.BufferedReader(_Bounded(stream, path, limits.file_mb), _CHUNK)
        try:
            first = bounded.peek(_CHUNK)
        except (*_DAMAGED, OSError) as error:
            raise _damaged(str(path), kind, error) from error
        encoding = _encoding(first)
        inner, call = kind_of(first.decode(encoding, "ignore").encode() if encoding != "utf-8-sig" else first)
        if inner != "csv":
            raise InputError(f"{path}: packed as {kind}, {advice(inner, call, path.name)}")
        with io.TextIOWrapper(bounded, encoding=encoding, errors=errors, newline="") as file:
            yield file, first


def _damaged(where: str, kind: str, error: BaseException) -> InputError:
    return InputError(
        f"{where}: found a {kind} file that is damaged or not complete ({short_error(error)}); expected a whole one. "
        "Copy it again."
    )


def _unpacked(raw: IO[bytes], kind: str, path: Path, member: str | None) -> IO[bytes]:
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
        names = [member] if member else tables_in(archive)
        if len(names) != 1:
            raise InputError(
                f"{path}: found a zip file of {len(archive.namelist())} files, and no table among them that is read "
                f"there; expected CSV in it. Unpack it into a folder, and set source.path to that."
            )
        return archive.open(names[0])
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError) as error:
        raise InputError(
            f"{path}: found a zip file that cannot be unpacked ({short_error(error)}); expected a whole one without a password."
        ) from error


def tables_in(archive: zipfile.ZipFile) -> list[str]:
    """Return the names of the tables in a zip file: those that end as tables do, else its one file."""
    names = files_in_zip(archive)
    for ends in ((".csv", ".tsv"), (".txt",)):
        if found := [name for name in names if name.lower().endswith(ends)]:
            return found
    return names


def files_in_zip(archive: zipfile.ZipFile) -> list[str]:
    """Return the files in a zip file; Macs add a folder of their own, with a file for each."""
    return [
        name
        for name in archive.namelist()
        if not name.endswith("/") and not name.startswith("__MACOSX/") and "/." not in f"/{name}"
    ]


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
        f"{path}, line {line}: {shown_name(name)} has {n:,} characters; expected at most {limits.cell_characters:,} "
        "(source.limits.cell_characters). A quote that is never closed is the usual cause."
    )


def _undecodable(
    path: Path,
    opened: AbstractContextManager[tuple[TextIO, bytes]],
    before: int,
    separator: str,
    error: UnicodeDecodeError,
) -> InputError:
    """Name the cell that is not UTF-8. opened: the file once more, every wrong byte kept as a mark."""
    if error.encoding not in ("utf-8", "utf-8-sig", "utf8"):
        return InputError(
            f"{path}: begins as {error.encoding} does, and goes on as something else ({error.reason}). Save it as UTF-8."
        )
    line, where = 1 + before, ""
    with opened as (file, _):
        for _ in range(before):
            file.readline()
        reader = csv.reader(file, delimiter=separator)
        header: list[str] = []
        mixed = False
        for cells in reader:
            at = next((place for place, cell in enumerate(cells) if _UNDECODED.search(cell)), None)
            if at is not None:
                where = f"column {shown_name(header[at])}, " if at < len(header) else ""
                break
            header = header or [name.strip().lower() for name in cells]
            mixed = mixed or not all(map(str.isascii, cells))
            line = before + reader.line_num + 1
    page = "MACINTOSH" if _OF_MAC.search(error.object) else "WINDOWS-1252"
    how = f"iconv -f {page} -t UTF-8 {path.name} > utf8.csv"
    if mixed:
        # What is right must not be converted once more.
        how = (
            "python -c \"import codecs; codecs.register_error('w', lambda e: (e.object[e.start:e.end].decode('cp1252', "
            f"'replace'), e.end)); open('utf8.csv', 'wb').write(open('{path.name}', 'rb').read().decode('utf-8', 'w').encode())\""
        )
    return InputError(
        f"{path}, line {line}: {where}byte 0x{error.object[error.start]:02x} is not UTF-8{', as lines before are' * mixed}. Save "
        f"the file as UTF-8, for example with: {how}"
    )
