"""Transcripts from one CSV file, a row a speaker turn, in the Capital IQ / WRDS shape.

A file of 400 MB must not be held in memory, and its rows come in any order. So the rows are checked one by
one and put into a temporary SQLite table, which gives a firm's turns in order: the standard library's way
of sorting more than fits.
"""

import datetime as dt
import hashlib
import re
import sqlite3
from collections.abc import Iterator
from functools import cached_property, lru_cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Final

from earnings_themes.abstractions import Call, DataConnector, TranscriptData, Turn
from earnings_themes.errors import InputError
from earnings_themes.ingest.csv_rows import quoted, read_rows
from earnings_themes.results.firms import id_fault, one_line
from earnings_themes.system.run_guard import sha256_of

REQUIRED: Final = (
    "companyid",
    "companyname",
    "transcriptid",
    "mostimportantdateutc",
    "componentorder",
    "componenttext",
)
OPTIONAL: Final = ("speakertypename", "componenttypename", "transcriptpersonname", "headline")

# A double holds every whole number up to here; beyond, two turns could get one place.
_LARGEST_ORDER: Final = 2**53
_DATE_AND_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d[ T]\d{1,2}:\d\d(:\d\d(\.\d+)?)?( ?[AaPp]\.?[Mm]\.?)?( ?(UTC|GMT|Z))?$"
)
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
    """A CSV file in UTF-8, or such a file packed with gzip."""

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
        unread: tuple[int, str] | None = None
        any_date = False
        for line, row in self._rows():
            firm, date = row["companyid"], call_date(row["mostimportantdateutc"])
            if everything or (date and _within(date, start_date, end_date)):
                firms.add(firm)
            any_date = any_date or date is not None
            if date is None and unread is None:
                unread = (line, row["mostimportantdateutc"])
        if unread and not any_date:
            raise InputError(
                f"{self.path}, line {unread[0]}: mostimportantdateutc is {quoted(unread[1])}, and no other row "
                "has a date that can be read either; expected YYYY-MM-DD."
            )
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
        calls: list[Call] = []
        said: set[tuple[str, ...]] = set()
        # Asked of all turns, not of neighbours: another call may lie between a transcript's two dates.
        dates: dict[str, dict[str, int]] = {}
        for row in turns:
            dates.setdefault(row[0], {}).setdefault(row[1], row[3])
        for transcript, rows in groupby(turns, key=itemgetter(0)):
            if len(dates[transcript]) > 1:
                found = ", ".join(f"{date} (line {line})" for date, line in dates[transcript].items())
                raise InputError(
                    f"{self.path}: transcript {transcript!r} of firm {firm_id!r} has more than one "
                    f"date: {found}. Expected one call date a transcript."
                )
            group = list(rows)
            # A call that the source delivers twice, under two ids, would count twice in every number.
            words = (group[0][1], *(row[5] for row in group))
            if words in said:
                skipped["call under a second id"] = skipped.get("call under a second id", 0) + len(group)
                continue
            said.add(words)
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

    def version(self) -> str | None:
        """Return the file's SHA-256, None where there is no such file.

        Not its time: a clock that went back, or a copy that keeps times, would hide a change.
        """
        try:
            about = self._file.stat()
            return _sha256(self._file, about.st_size, about.st_mtime_ns)
        except OSError:
            return None

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
            date = call_date(row["mostimportantdateutc"])
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
                    one_line(row["companyname"]),
                    row["componenttext"],
                    *(one_line(row.get(name, "")) for name in OPTIONAL),
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
        if call_date(row["mostimportantdateutc"]) is None:
            return "unreadable date"
        return None

    def _position(self, row: dict[str, str], line: int) -> int:
        text = row["componentorder"].strip()
        try:
            # pandas writes a column of whole numbers with a gap in it as 1.0, 2.0.
            number = float(text)
            if number.is_integer() and abs(number) < _LARGEST_ORDER and "_" not in text:
                return int(number)
        except (ValueError, OverflowError):
            pass
        raise InputError(
            f"{self.path}, line {line}: componentorder is {quoted(text)}; expected a whole number."
        )

    def _rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        for line, row in read_rows(self._file, REQUIRED, OPTIONAL, self.limits):
            for name in ("companyid", "transcriptid"):
                if fault := id_fault(row[name]):
                    raise InputError(f"{self.path}, line {line}: {name} is {fault}")
            yield line, row


@lru_cache(maxsize=4)
def _sha256(file: Path, size: int, time: int) -> str:
    """Return the SHA-256 of a file, read once a process as long as its size and time stay."""
    return sha256_of(file)


@lru_cache(maxsize=4096)
def call_date(text: str) -> dt.date | None:
    """Return the UTC date of a cell, None where it cannot be read.

    ISO 8601 in any of its forms; a time with a zone is converted, so that a late call on the west coast is
    on the day that UTC had; a time without one is UTC already.
    """
    text = text.strip()
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        # How databases and spreadsheets write a time: "2023-05-02 5:00:00 PM UTC".
        if not _DATE_AND_TIME.match(text):
            return None
        try:
            return dt.date.fromisoformat(text[:10])
        except ValueError:
            return None
    if moment.tzinfo is not None:
        try:
            moment = moment.astimezone(dt.UTC)
        except OverflowError:
            return None
    return moment.date()


def _within(date: dt.date, start: dt.date | None, end: dt.date | None) -> bool:
    return (start is None or date >= start) and (end is None or date <= end)
