"""Transcripts from one CSV file, a row a speaker turn, in the Capital IQ / WRDS shape.

A file of 400 MB must not be held in memory, and its rows come in any order. So the rows are checked one by
one and put into a temporary SQLite table, which gives a firm's turns in order: the standard library's way
of sorting more than fits.
"""

import csv
import datetime as dt
import gzip
import hashlib
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Final, TextIO

from earnings_themes.abstractions import Call, DataConnector, TranscriptData, Turn
from earnings_themes.errors import InputError

REQUIRED: Final = (
    "companyid",
    "companyname",
    "transcriptid",
    "mostimportantdateutc",
    "componentorder",
    "componenttext",
)
OPTIONAL: Final = ("speakertypename", "componenttypename", "transcriptpersonname", "headline")

# Rows a transaction: SQLite's cost is a commit, not a row; 10,000 turns of 100 words are about 6 MB.
_ROWS_A_BATCH: Final = 10_000

_TABLE: Final = """
CREATE TABLE turn (
    firm TEXT, transcript TEXT, date TEXT, position INTEGER, line INTEGER,
    name TEXT, text TEXT, speaker TEXT, section TEXT, person TEXT, headline TEXT,
    digest BLOB UNIQUE
);
CREATE TABLE skipped (firm TEXT, reason TEXT);
"""


class LocalCSVConnector(DataConnector):
    """A CSV file (.csv, or .csv.gz) in UTF-8."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._file = Path(path)

    def get_firms(self, start_date: dt.date | None = None, end_date: dt.date | None = None) -> list[str]:
        """Return the sorted ids of the firms with a call between the dates, both ends inclusive.

        A firm without one readable date is listed while both ends are open, so that it is not lost without
        a word. Raises InputError.
        """
        firms = set()
        everything = start_date is None and end_date is None
        for _, row in self._rows():
            firm, date = row["companyid"], _date(row["mostimportantdateutc"])
            if everything or (date and _within(date, start_date, end_date)):
                firms.add(firm)
        return sorted(firms)

    def get_transcripts(self, firm_id: str) -> TranscriptData:
        """Return every call of a firm; the first call of this method reads the whole file once.

        Raises InputError for an id that the file does not hold, and for a row that cannot be read.
        """
        turns = self._index.execute(
            "SELECT transcript, date, position, line, name, text, speaker, section, person, headline"
            " FROM turn WHERE firm = ? ORDER BY date, transcript, position, line",
            (firm_id,),
        ).fetchall()
        skipped = dict(
            self._index.execute(
                "SELECT reason, count(*) FROM skipped WHERE firm = ? GROUP BY reason ORDER BY reason",
                (firm_id,),
            )
        )
        if not turns and not skipped:
            raise InputError(f"{self.path}: no row with companyid {firm_id!r}.")
        calls = []
        for transcript, rows in groupby(turns, key=itemgetter(0)):
            group = list(rows)
            dates = {row[1]: row[3] for row in group}
            if len(dates) > 1:
                found = ", ".join(f"{date} (line {line})" for date, line in dates.items())
                raise InputError(
                    f"{self.path}: transcript {transcript!r} of firm {firm_id!r} has more than one "
                    f"date: {found}. Expected one call date a transcript."
                )
            calls.append(
                Call(
                    transcript_id=transcript,
                    date=dt.date.fromisoformat(group[0][1]),
                    headline=group[0][9],
                    turns=tuple(Turn(row[2], row[5], row[6], row[7], row[8]) for row in group),
                )
            )
        # A firm that changed its name is known by its latest one.
        name = turns[-1][4] if turns else ""
        return TranscriptData(firm_id, name, tuple(calls), skipped)

    @cached_property
    def _index(self) -> sqlite3.Connection:
        # An empty name is a temporary database: on disk, private, gone with the connection.
        connection = sqlite3.connect("")
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.executescript(_TABLE)
        batch: list[tuple[object, ...]] = []
        skipped: list[tuple[str, str]] = []

        def flush() -> None:
            before = connection.total_changes
            connection.executemany(
                "INSERT OR IGNORE INTO turn VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", batch
            )
            if connection.total_changes - before < len(batch):
                kept = {
                    line
                    for (line,) in connection.execute(
                        "SELECT line FROM turn WHERE line BETWEEN ? AND ?", (batch[0][4], batch[-1][4])
                    )
                }
                skipped.extend((str(row[0]), "duplicate turn") for row in batch if row[4] not in kept)
            connection.executemany("INSERT INTO skipped VALUES (?, ?)", skipped)
            connection.commit()
            batch.clear()
            skipped.clear()

        for line, row in self._rows():
            firm = row["companyid"]
            reason = self._reason_to_skip(row)
            if reason:
                skipped.append((firm, reason))
                continue
            date = _date(row["mostimportantdateutc"])
            assert date is not None
            position = self._position(row, line)
            key = "\0".join((firm, row["transcriptid"], str(position), row["componenttext"]))
            batch.append(
                (
                    firm,
                    row["transcriptid"],
                    date.isoformat(),
                    position,
                    line,
                    row["companyname"],
                    row["componenttext"],
                    row.get("speakertypename", ""),
                    row.get("componenttypename", ""),
                    row.get("transcriptpersonname", ""),
                    row.get("headline", ""),
                    hashlib.blake2b(key.encode(), digest_size=16).digest(),
                )
            )
            if len(batch) >= _ROWS_A_BATCH:
                flush()
        if batch or skipped:
            flush()
        connection.execute("CREATE INDEX turn_firm ON turn (firm, date, transcript, position, line)")
        connection.execute("CREATE INDEX skipped_firm ON skipped (firm)")
        return connection

    @staticmethod
    def _reason_to_skip(row: dict[str, str]) -> str | None:
        if not row["componenttext"].strip():
            return "empty text"
        if _date(row["mostimportantdateutc"]) is None:
            return "unreadable date"
        return None

    def _position(self, row: dict[str, str], line: int) -> int:
        text = row["componentorder"].strip()
        try:
            # pandas writes a column of whole numbers with a gap in it as 1.0, 2.0.
            number = float(text)
            if number.is_integer():
                return int(number)
        except (ValueError, OverflowError):
            pass
        raise InputError(f"{self.path}, line {line}: componentorder is {text!r}; expected a whole number.")

    def _rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        # A cell may hold a whole call; the csv module's own limit is 128 KB.
        csv.field_size_limit(sys.maxsize)
        with self._open() as file:
            reader = csv.reader(file, strict=True)
            line = 1
            try:
                header = [name.strip().lower() for name in next(reader, [])]
                self._check_header(header)
                places = [(name, header.index(name)) for name in REQUIRED + OPTIONAL if name in header]
                # The line a row starts on: a cell with line breaks makes it more than one.
                line = reader.line_num + 1
                for cells in reader:
                    if len(cells) != len(header):
                        if not cells:
                            line = reader.line_num + 1
                            continue
                        raise InputError(
                            f"{self.path}, line {line}: {len(cells)} cells; expected {len(header)}, one a "
                            "column. A comma or a quote inside a text that is not quoted is the usual cause."
                        )
                    row: dict[str, str] = {name: cells[place] for name, place in places}
                    for name in ("companyid", "transcriptid"):
                        if not row[name]:
                            raise InputError(f"{self.path}, line {line}: {name} is empty; expected an id.")
                    yield line, row
                    line = reader.line_num + 1
            except csv.Error as error:
                raise InputError(
                    f"{self.path}, line {line}: not readable as CSV ({error}). Expected commas between "
                    "cells, and double quotes around a text that holds a comma, a quote or a line break."
                ) from error
            except UnicodeDecodeError as error:
                byte = error.object[error.start]
                raise InputError(
                    f"{self.path}, near line {line}: byte 0x{byte:02x} is not UTF-8. Save the file as UTF-8, "
                    f"for example with: iconv -f WINDOWS-1252 -t UTF-8 {self._file.name} > utf8.csv"
                ) from error
            except (EOFError, gzip.BadGzipFile) as error:
                raise InputError(
                    f"{self.path}, after line {line}: not a complete gzip file ({error})."
                ) from error

    def _open(self) -> TextIO:
        try:
            if self._file.suffix == ".gz":
                return gzip.open(self._file, "rt", encoding="utf-8-sig", newline="")
            return self._file.open(encoding="utf-8-sig", newline="")
        except OSError as error:
            raise InputError(
                f"{self.path}: cannot be opened ({error.strerror}). Set source.path to a CSV file."
            ) from error

    def _check_header(self, header: list[str]) -> None:
        if not header:
            raise InputError(
                f"{self.path}: the file is empty. Expected a header line with {', '.join(REQUIRED)}."
            )
        missing = [name for name in REQUIRED if name not in header]
        if missing:
            raise InputError(
                f"{self.path}, line 1: no column {', '.join(missing)}. Found {', '.join(header)}; "
                f"needed are {', '.join(REQUIRED)}."
            )
        twice = [name for name, count in Counter(header).items() if count > 1 and name in REQUIRED + OPTIONAL]
        if twice:
            raise InputError(f"{self.path}, line 1: column {', '.join(twice)} appears more than once.")


def _date(text: str) -> dt.date | None:
    # The first ten characters: a time part is allowed and says nothing about the quarter.
    try:
        return dt.date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None


def _within(date: dt.date, start: dt.date | None, end: dt.date | None) -> bool:
    return (start is None or date >= start) and (end is None or date <= end)
