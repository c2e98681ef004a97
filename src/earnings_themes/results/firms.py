"""The firms of a run: ids as file names, shards, and firms.tsv.

The process that builds the DAG imports this, so it imports neither Arrow nor pandas.
"""

import csv
import dataclasses
import io
import re
import urllib.parse
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from earnings_themes.errors import ResultError
from earnings_themes.system.files import write_atomically
from earnings_themes.system.folders import locate


@dataclass(frozen=True, slots=True)
class FirmRow:
    """A line of firms.tsv. row_group holds all its sentences; -1 for a firm without one."""

    firm_id: str
    firm_name: str
    n_calls: int
    n_sentences: int
    row_group: int
    digest: str


# Lone surrogates are no text: no UTF-8 file can hold them.
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# A file name has 255 bytes on every common file system; the rest is for its ending and a temporary mark.
_ID_LENGTH: Final = 180

# How many names a message lists.
_NAMED: Final = 5

_FIRM_COLUMNS: Final = [column.name for column in dataclasses.fields(FirmRow)]


def encode_firm(firm_id: str) -> str:
    """Return the firm id as a file name: percent-encoded, letters, digits, '-' and '_' stay.

    No id can leave its folder ('..', '/'), and no two ids share a file.
    """
    # quote() never encodes '.' and '~', and a name of dots is a folder.
    return urllib.parse.quote(firm_id, safe="").replace(".", "%2E").replace("~", "%7E")


def decode_firm(name: str) -> str:
    """Return the firm id behind a file name made by encode_firm."""
    return urllib.parse.unquote(name)


# A source names a firm in each of its rows, and most rows name the one before.
@lru_cache(maxsize=4096)
def id_fault(text: str) -> str | None:
    """Return what is wrong with a firm's or transcript's id, to follow "is" in a message; None if nothing.

    Any text is an id but for an empty one, control characters, and one too long for a file's name.
    """
    if not text:
        return "empty; expected an id."
    if _CONTROL.search(text):
        return f"{text[:_ID_LENGTH]!r}; expected an id without control characters or line breaks."
    if len(text) > _ID_LENGTH or len(encode_firm(text)) > _ID_LENGTH:
        return f"{text[:20]!r}… ({len(text):,} characters); expected at most {_ID_LENGTH} (percent-encoded)."
    return None


def one_line(text: str) -> str:
    """Return a name without line breaks and control characters."""
    return text if text.isprintable() else " ".join(_CONTROL.sub(" ", text).split())


def first_few(names: Sequence[str]) -> str:
    """Return the first five of some names, and how many more there are, for a message."""
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def shard_of(firm_id: str, shards: int) -> int:
    """Return the index of the encoding job of a firm, which depends on the id and the number of shards alone."""
    return zlib.crc32(firm_id.encode()) % shards


def write_firms(path: Path | str, rows: list[FirmRow]) -> None:
    """Write firms.tsv, one line per firm, in the order given."""
    lines = io.StringIO()
    writer = csv.writer(lines, dialect="excel-tab", lineterminator="\n")
    writer.writerow(_FIRM_COLUMNS)
    writer.writerows(dataclasses.astuple(row) for row in rows)
    write_atomically(path, lines.getvalue())


def read_firms(path: Path | str) -> list[FirmRow]:
    """Read firms.tsv, on a disk or in S3. Raises ResultError when it is missing or damaged."""
    try:
        if str(path).startswith("s3://"):
            folder, name = locate(path)
            data = folder.read(name)
        else:
            data = Path(path).read_bytes()
    except OSError as error:
        raise _damaged_firms(path, error) from error
    return parse_firms(data, str(path))


def parse_firms(data: bytes, name: str) -> list[FirmRow]:
    """Read firms.tsv from bytes; name is used in errors. Raises ResultError if it is damaged."""
    try:
        if not data.endswith(b"\n"):
            raise ValueError("the last line has no end")
        text = io.StringIO(data.decode(), newline="")
        header, *lines = csv.reader(text, dialect="excel-tab", strict=True)
        if header != _FIRM_COLUMNS:
            raise ValueError(f"the columns are {header}")
        return [FirmRow(a, b, int(c), int(d), int(e), f) for a, b, c, d, e, f in lines]
    except (ValueError, csv.Error) as error:
        raise _damaged_firms(name, error) from error


def _damaged_firms(name: Path | str, error: Exception) -> ResultError:
    return ResultError(
        f"{name}: not a complete firms.tsv ({error}). Delete it and run again; ingest makes it."
    )
