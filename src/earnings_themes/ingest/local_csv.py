"""Transcripts from tables on this disk, one row per speaker turn, in the Capital IQ / WRDS shape.

A file of 400 MB must not be held in memory, and its rows come in any order. So the rows are checked one by
one and put into a temporary SQLite table, which gives a firm's turns in order: the standard library's way
of sorting more than fits.
"""

import bisect
import datetime as dt
import hashlib
import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache, partial
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

from earnings_themes.abstractions import Account, Call, DataConnector, TranscriptData, Turn
from earnings_themes.config import Source
from earnings_themes.errors import InputError
from earnings_themes.ingest.cells import of_bytes, turns_in
from earnings_themes.ingest.columns import REQUIRED, TURN, check_mapping, comparable, n_known, places
from earnings_themes.ingest.csv_rows import quoted
from earnings_themes.ingest.dates import CallDay, call_day, check_zone, how_to_write, within
from earnings_themes.ingest.ids import (
    POINT_ZERO,
    TICKERS,
    firm_of,
    is_missing,
    is_shortened,
    name_of,
    plain_ids,
    present,
    source_id_fault,
)
from earnings_themes.ingest.tables import (
    files_left_out,
    files_of,
    given_by_folders,
    iter_table,
    parts_of,
    with_columns,
)
from earnings_themes.results.firms import first_few, one_line
from earnings_themes.system.files import sha256_of
from earnings_themes.text.encoding import has_lost_letters

# A double holds every whole number up to here; beyond, two turns could get one place.
_LARGEST_ORDER: Final = 2**53
# Rows a transaction: SQLite's cost is a commit, not a row; 10,000 turns of 100 words are about 6 MB.
_ROWS_A_BATCH: Final = 10_000
# Excel keeps no more of a cell (Microsoft, "Excel specifications and limits"), and says nothing.
_EXCEL_CELL: Final = 32_767
# Databases cut texts at 255, 4,000 or 65,535 characters: then many have exactly the longest length. By chance few do.
_SHORTEST_CUT: Final = 200
_MANY_CUT: Final = 5
# A text of so many words that comes twice was copied, not said twice.
_WORDS_TWICE: Final = 20
# The parts of a turn that stands in a list of turns.
_OF_LIST: Final = ("transcriptpersonname", "speakertypename", "componenttext")
# A call ends within half a day of its beginning, also where each turn has its own time.
_LONGEST_CALL: Final = dt.timedelta(hours=12)
# How Python writes bytes.
_OF_BYTES: Final = ("b'", 'b"')
# Names of types and labels stand in the first rows below a header.
_LABELS: Final = 3
# Cut files that are told of.
_NAMED: Final = 5
# Different dates that are kept, for a message and for the search for a format.
_DATES_KEPT: Final = 200
# What says which firms a quarter has.
_LIGHT: Final = ("companyid", "mostimportantdateutc", "mostimportanttimeutc", "companyname")

_TABLE: Final = """
CREATE TABLE turn (
    firm TEXT, transcript TEXT, date TEXT, position INTEGER, line INTEGER,
    name TEXT, text TEXT, speaker TEXT, section TEXT, person TEXT, headline TEXT,
    moment TEXT, event TEXT, collection TEXT, created TEXT, kept TEXT,
    digest BLOB UNIQUE
)
"""


class _Longest:
    """The longest texts of a file: how long, how many, and the lines of some that differ."""

    def __init__(self) -> None:
        self.length, self.n, self.lines = _SHORTEST_CUT, 0, dict[int, int]()

    def look(self, text: str, line: int) -> None:
        if (n := len(text)) > self.length:
            self.length, self.n, self.lines = n, 0, {}
        if n == self.length:
            self.n += 1
            # Enough to tell; all would be as many as there are rows.
            if len(self.lines) < _MANY_CUT:
                self.lines.setdefault(hash(text), line)

    @property
    def is_cut(self) -> bool:
        return self.n > 0 and (self.length == _EXCEL_CELL or len(self.lines) >= _MANY_CUT)


class LocalCSVConnector(DataConnector):
    """Tables on this disk: a file, a folder of them, or a glob; CSV, packed or not, Parquet, .xlsx, .dta."""

    source: Source

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.source = Source("local_csv", path)
        # Where each file's rows begin, counted over all files: (rows before, name, what its rows are called).
        self._starts: list[tuple[int, str, str]] = []
        # Of tables of which some columns are read: our name of each to the table's.
        self._names: dict[str, dict[str, str]] = {}
        # Rows left out, by firm and reason.
        self._skipped: defaultdict[str, Counter[str]] = defaultdict(Counter)
        # What get_firms found: ids as they are used, rows, and rows without a readable date by firm.
        self._ids: dict[str, str] = {}
        self._n_rows = 0
        self._again = 0
        self._undated: Counter[str] = Counter()
        self._notes: list[str] = []
        # Files, members and sheets beside those that are read.
        self._left_out: list[str] = []

    def get_firms(self, start_date: dt.date | None = None, end_date: dt.date | None = None) -> list[str]:
        """Return the sorted ids of the firms with a call between the dates, both ends inclusive.

        A firm without one readable date is listed while both ends are open, so that it is not lost without
        a word. Raises InputError, also where more than `source.max_lost` of the rows have no readable date.
        """
        firms: set[str] = set()
        everything = start_date is None and end_date is None
        unread: dict[str, int] = {}
        wanted = self.source.firms
        self._n_rows, self._again, self._undated, self._notes = 0, 0, Counter(), []
        seen: dict[str, str] = {}
        any_date, late = False, Counter[dt.date]()
        # A day ahead, because a source may be in another zone.
        tomorrow = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1)
        for line, row in self._rows(light=True):
            firm, day = row["companyid"], self._day(row)
            if not seen.get(firm):
                seen[firm] = one_line(row.get("companyname", ""))
            if day and day.day > tomorrow:
                late[day.day] += 1
            if everything or (day and within(day.day, start_date, end_date)):
                firms.add(firm)
            any_date = any_date or day is not None
            if wanted is not None and firm not in wanted:
                continue
            self._n_rows += 1
            if day is None:
                self._undated[firm] += 1
                if len(unread) < _DATES_KEPT:
                    unread.setdefault(self._unread(row), line)
        if not seen:
            raise InputError(
                f"{self.path}: found a header and no row below it; expected one row per speaker turn."
            )
        self._ids = plain_ids(seen)
        self._check_ids(seen)
        if late:
            self._notes.append(
                f"{late.total():,} rows are of days to come, such as {max(late)}: the transcript of a call that was not held. "
                "Look at the dates."
            )
        self._check_dates(unread, seen, any_date)
        if left_out := list(dict.fromkeys([*files_left_out(self.path, self._n_known), *self._left_out])):
            self._notes.append(
                f"not read, though there may be calls in it: {first_few(left_out)}. Where there are, make it a "
                "table of a kind that is read, with the same columns (docs/input.md)."
            )
        return sorted({self._ids[firm] for firm in firms})

    def _check_ids(self, names: Mapping[str, str]) -> None:
        changed = sorted(raw for raw, used in self._ids.items() if raw != used)
        joined = [raw for raw in changed if self._ids[raw] in self._ids]
        if joined and self.source.two_firms == "refuse":
            raise InputError(
                f"{self.path}: companyid {joined[0]!r} and {self._ids[joined[0]]!r} are both there, {len(joined)} such "
                "pairs in all; expected one id per firm. Mend the ids, or set source.two_firms: join."
            )
        nothing, others = names.keys() & TICKERS, names.keys() - TICKERS
        if nothing and others and all(map(str.isdecimal, others)):
            raise InputError(
                f"{self.path}: companyid is {min(nothing)!r} in some rows and a number in all others; expected one id per row. "
                "Leave these rows out, or give them their id."
            )
        if changed:
            first = changed[0]
            self._notes.append(
                f"{len(changed):,} firm ids are written in two ways, in quotes, or as numbers with a gap, such as {first!r} for "
                f"{self._ids[first]!r}; each is read as that"
                + (f", {len(joined):,} of them as a firm that is there." if joined else ".")
            )
        used = sorted({self._ids[firm]: name for firm, name in names.items()}.items())
        for what, keys in (
            ("firm ids differ in capitals, blanks and points alone", [_letters_of(firm) for firm, _ in used]),
            ("firm ids have the name of another", [name.casefold() for _, name in used]),
        ):
            by_key: defaultdict[str, list[str]] = defaultdict(list)
            for (firm, _), key in zip(used, keys, strict=True):
                by_key[key].append(firm)
            several = [firms for key, firms in by_key.items() if key and len(firms) > 1]
            if several:
                self._notes.append(
                    f"{sum(map(len, several)):,} {what}, such as {several[0][0]!r} and {several[0][1]!r}; each is read as a "
                    "firm of its own. Write them in one way where they are one."
                )
                break

    def _check_dates(self, unread: dict[str, int], names: dict[str, str], any_date: bool) -> None:
        n = self._undated.total()
        if not n:
            return
        first, line = next(iter(unread.items()))
        expected = f"expected YYYY-MM-DD, or a month by its English name. {how_to_write(list(unread))}"
        if not any_date:
            raise InputError(
                f"{self._where(line)}: mostimportantdateutc is {quoted(first)}, and no other row has a date that can "
                f"be read either; {expected}."
            )
        said = (
            f"{n:,} of {self._n_rows:,} rows ({n / self._n_rows:.1%}) have a date that cannot be read, the first in "
            f"{self._line(line)}: {quoted(first)}; firms "
            + first_few(
                [f"{firm} ({names[firm]})" if names[firm] else firm for firm in sorted(self._undated)]
            )
        )
        if n > self.source.max_lost * self._n_rows:
            raise InputError(
                f"{self.path}: {said}; a run may lose {self.source.max_lost:.0%}; {expected}, or raise "
                "source.max_lost."
            )
        self._notes.append(f"{said}; {expected}.")

    def get_transcripts(self, firm_id: str) -> TranscriptData:
        """Return every call of a firm; the first call of this method reads the whole source once.

        Raises InputError for an id that the source does not hold, and for a row that cannot be read.
        """
        turns = self._index.execute(
            "SELECT * FROM turn WHERE firm = ? ORDER BY date, transcript, position, line, rowid", (firm_id,)
        ).fetchall()
        skipped = dict(sorted(self._skipped.get(firm_id, {}).items()))
        if not turns and not skipped:
            raise InputError(f"{self.path}: no row with companyid {firm_id!r}.")
        # Not by neighbours: another call may lie between a transcript's two dates.
        by_call: defaultdict[str, list[sqlite3.Row]] = defaultdict(list)
        for row in turns:
            by_call[row["transcript"]].append(row)
        calls: list[Call] = []
        for transcript, rows in by_call.items():
            dates = {row["date"]: row["line"] for row in reversed(rows)}
            if len(dates) > 1 and not _at_midnight(rows):
                found = ", ".join(f"{date} ({self._line(line)})" for date, line in sorted(dates.items()))
                raise InputError(
                    f"{self.path}: transcript {transcript!r} of firm {firm_id!r} has more than one date: {found}. "
                    "Expected one call date per transcript. Name a column that tells calls apart: source.columns: "
                    "{transcriptid: NAME}"
                )
            calls.append(self._call(firm_id, transcript, _as_numbered(rows)))
        # A firm that changed its name is known by its latest one.
        name = turns[-1]["name"] if turns else ""
        return TranscriptData(firm_id, name, tuple(calls), skipped)

    def _call(self, firm_id: str, transcript: str, rows: list[sqlite3.Row]) -> Call:
        kept: dict[str, tuple[str, int]] = {}
        for row in rows:
            for column, value in json.loads(row["kept"] or "{}").items():
                before, line = kept.setdefault(column, (value, row["line"]))
                if before != value:
                    raise InputError(
                        f"{self.path}: source.keep: {column} has two values in transcript {transcript!r} of firm "
                        f"{firm_id!r}: {quoted(before)} ({self._line(line)}), {quoted(value)} ({self._line(row['line'])}). "
                        "Expected one per call."
                    )
        first = rows[0]
        moment = next(filter(None, map(itemgetter("moment"), rows)), None)
        turn = itemgetter("position", "text", "speaker", "section", "person")
        return Call(
            transcript_id=transcript,
            date=dt.date.fromisoformat(min(row["date"] for row in rows)),
            headline=first["headline"],
            turns=tuple(Turn(*turn(row)) for row in rows),
            moment=dt.datetime.fromisoformat(moment) if moment else None,
            event_id=first["event"],
            collection=first["collection"],
            created=first["created"],
            kept={column: value for column, (value, _) in kept.items()},
        )

    def account(self) -> Account:
        """Return what get_firms and the reading of the turns found that no firm's own count has."""
        counts = {"unreadable date": self._undated.total(), "header line again": self._again}
        skipped = {reason: n for reason, n in counts.items() if n}
        return Account(self._n_rows, skipped, tuple(dict.fromkeys(self._notes)))

    def version(self) -> str | None:
        """Return the digest of the files, None where there is none.

        Not their times: a clock that went back, or a copy that keeps times, would hide a change.
        """
        try:
            files = files_of(self.path)
            digests = [_sha256(file, (about := file.stat()).st_size, about.st_mtime_ns) for file in files]
        except (OSError, InputError):
            return None
        if len(files) == 1:
            return digests[0]
        names = [str(file) for file in files]
        return hashlib.sha256(json.dumps([*zip(names, digests, strict=True)]).encode()).hexdigest()

    @cached_property
    def _index(self) -> sqlite3.Connection:
        # An empty name is a temporary database: on disk, private, gone with the connection.
        connection = sqlite3.connect("")
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -64000")
        connection.execute(_TABLE)
        batch: list[tuple[Any, ...]] = []
        # By file, for one of several may have come through Excel.
        longest: dict[str, _Longest] = {}
        n_lost, first_lost = 0, 0

        def flush() -> None:
            before = connection.total_changes
            connection.executemany(f"INSERT OR IGNORE INTO turn VALUES ({', '.join('?' * 17)})", batch)
            if connection.total_changes - before < len(batch):
                kept = {
                    line
                    for (line,) in connection.execute(
                        "SELECT line FROM turn WHERE line BETWEEN ? AND ?", (batch[0][4], batch[-1][4])
                    )
                }
                for row in batch:
                    if row[4] not in kept:
                        self._skipped[row[0]]["duplicate turn"] += 1
            connection.commit()
            batch.clear()

        for line, row in self._rows():
            firm = row["companyid"]
            day = self._day(row)
            if is_missing(row["componenttext"]):
                self._skipped[firm]["empty text"] += 1
                continue
            if day is None:
                self._skipped[firm]["unreadable date"] += 1
                continue
            longest.setdefault(self._starts[-1][1], _Longest()).look(row["componenttext"], line)
            if has_lost_letters(row["componenttext"]):
                n_lost, first_lost = n_lost + 1, first_lost or line
            try:
                listed = turns_in(row["componenttext"])
            except InputError as error:
                raise InputError(f"{self._where(line)}: {error}") from None
            parts = [dict(zip(_OF_LIST, part, strict=True)) for part in listed]
            # Without numbers a long text that is there again is there twice; a short one may be said twice.
            long = row["componenttext"].count(" ") >= _WORDS_TWICE
            cell = row["componenttext"] if long and "componentorder" not in row else None
            batch += [self._turn(row | part, day, line, n, cell) for n, part in enumerate(parts or ({},))]
            if len(batch) >= _ROWS_A_BATCH:
                flush()
        if batch:
            flush()
        for cut in [found for found in longest.values() if found.is_cut][:_NAMED]:
            what = "Excel cuts a cell" if cut.length == _EXCEL_CELL else "a program seems to have cut them"
            self._notes.append(
                f"{cut.n:,} texts have exactly {cut.length:,} characters and none has more, where {what}: their "
                f"ends are missing. The first is in {self._where(min(cut.lines.values()))}; take the file from before."
            )
        if n_lost:
            self._notes.append(
                f"{n_lost:,} texts hold � or a question mark inside a word, where another encoding was read: the "
                f"letters are lost. Apostrophes are put back. The first is in {self._where(first_lost)}; export the texts "
                "in UTF-8."
            )
        # The digests keep the id as it was written: rows that only now have one id are not taken for one another.
        if not self._ids:
            spoken = connection.execute("SELECT DISTINCT firm FROM turn")
            self._ids = plain_ids({*self._skipped, *(firm for (firm,) in spoken)})
        for raw, used in self._ids.items():
            if raw != used:
                connection.execute("UPDATE turn SET firm = ? WHERE firm = ?", (used, raw))
                self._skipped[used].update(self._skipped.pop(raw, {}))
        connection.execute("CREATE INDEX turn_firm ON turn (firm, date, transcript, position, line)")
        return connection

    def _turn(
        self, row: dict[str, str], day: CallDay, line: int, part: int, cell: str | None
    ) -> tuple[Any, ...]:
        """Return a row of the table; the defaults of what a source lacks are here.

        part: its place in a list of turns. cell: the row's whole text where there are no numbers and
        the text is long, else None. It then stands for the number, so the same text twice is a copy.
        """
        firm, text = row["companyid"], row["componenttext"]
        speaker, section, person, headline = (name_of(row.get(name, "")) for name in TURN)
        position = self._position(row["componentorder"], line) if "componentorder" in row else line
        event = present(row.get("keydevid", ""))
        event = event.split(".")[0] if POINT_ZERO.fullmatch(event) else event
        event = "" if event in ("0", "-1") else event  # a gap that was filled is no event
        transcript = row.get("transcriptid", event)
        if not transcript:
            # One call per day, or one per headline where headlines differ.
            mark = hashlib.blake2b(headline.encode(), digest_size=3).hexdigest()
            transcript = f"{day.day}-{mark}" if headline else f"{day.day}"
        if POINT_ZERO.fullmatch(transcript):
            transcript = transcript.split(".")[0]
        name = name_of(row.get("companyname", "")) or firm_of(headline) or firm
        created = row.get("transcriptcreationdate_utc", ""), row.get("transcriptcreationtime_utc", "")
        made = call_day(" ".join(map(str.strip, created)).strip(), "", self.source.date_format, "UTC")
        kept = {column: value for column in self.source.keep if (value := present(row[column]))}
        key = "\0".join((firm, transcript, f"{position if cell is None else cell} {part}", text))
        return (
            firm, transcript, day.day.isoformat(), position, line,
            name, text, speaker, section, person, headline,
            day.moment.isoformat() if day.moment else "",
            event,
            name_of(row.get("transcriptcollectiontypename", "")),
            (made.moment or made.day).isoformat() if made else "",
            json.dumps(kept) if kept else "",
            hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest(),
        )  # fmt: skip

    def _day(self, row: dict[str, str]) -> CallDay | None:
        time = row.get("mostimportanttimeutc", "")
        return call_day(row["mostimportantdateutc"], time, self.source.date_format, self.source.time_zone)

    def _unread(self, row: dict[str, str]) -> str:
        """Return what cannot be read of a row's date: with its time where the day alone can be."""
        date = row["mostimportantdateutc"]
        is_day = call_day(date, "", self.source.date_format)
        return f"{date} {row.get('mostimportanttimeutc', '')}" if is_day else date

    def _position(self, text: str, line: int) -> int:
        text = text.strip()
        try:
            # pandas writes a column of whole numbers with a gap in it as 1.0, 2.0.
            number = float(text)
            if number.is_integer() and abs(number) < _LARGEST_ORDER and "_" not in text:
                return int(number)
        except (ValueError, OverflowError):
            pass
        raise InputError(
            f"{self._where(line)}: componentorder is {quoted(text)}; expected a whole number. Without "
            "this column rows count in their order: take it out, or name another (source.columns)."
        )

    # --- rows, and where they are ---

    def _tables(self, light: bool) -> Iterator[tuple[str, str, Iterator[tuple[int, list[str]]]]]:
        """Yield each table's name, what its rows are called, and its rows, the header first."""
        for file in self._files():
            word = "row" if file.suffix.lower() in (".parquet", ".pq", ".dta", ".xlsx") else "line"
            parts, others = parts_of(file, self._n_known)
            called = self._called(file)
            self._left_out += [f"{called} ({other})" for other in others]
            for part in parts:
                name = f"{called} ({part})" if part else called
                given = given_by_folders(file)
                choose = partial(self._chosen, name, given, light)
                rows = iter_table(file, self.limits, self._n_known, choose, part)
                yield name, word, with_columns(rows, given) if given else rows

    def _files(self) -> list[Path]:
        return files_of(self.path)

    def _called(self, file: Path) -> str:
        """Return what a message calls a file."""
        return str(file)

    def _n_known(self, header: list[str]) -> int:
        return n_known(header, self.source.columns)

    def _chosen(self, name: str, given: Mapping[str, str], light: bool, header: list[str]) -> list[str]:
        """Return the names of a table's columns that are read; light: those that say firms and dates."""
        whole = [*header, *given]
        found = places(name, whole, self.source.columns, self.source.keep)
        self._names[name] = {
            ours: whole[place] for ours, place in found.items() if not light or ours in _LIGHT
        }
        return [theirs for theirs in dict.fromkeys(self._names[name].values()) if theirs in header]

    def _rows(self, light: bool = False) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield (row's number over all tables, {column: cell}); light: what get_firms needs is enough."""
        check_mapping(self.source.columns)
        check_zone(self.source.time_zone)
        before = 0
        self._starts = []
        for name, word, table in self._tables(light):
            self._starts.append((before, name, word))
            start, header = next(table, (1, []))
            if chosen := self._names.get(name):
                found = {ours: header.index(theirs) for ours, theirs in chosen.items()}
            else:
                keep = () if light else self.source.keep
                found = places(f"{name}, {word} {start}", header, self.source.columns, keep)
            firm, again = found["companyid"], [comparable(column) for column in header]
            names = set(again) - {""}
            line, date = 0, found["mostimportantdateutc"]
            for line, cells in table:
                is_label = line <= start + _LABELS and _is_label(cells[firm], cells[date])
                # "Company ID" below companyid is a label; below another name it is another header.
                own_name = is_label and comparable(cells[firm]) == again[firm]
                if cells[firm] and comparable(cells[firm]) in names and not own_name:
                    # Files that were put together with cat.
                    if [comparable(cell) for cell in cells] == again:
                        self._again += light
                        continue
                    if self._n_known(cells) >= len(REQUIRED):
                        raise InputError(
                            f"{name}, {word} {line}: found a header again, with its columns in another order; expected "
                            "one header. Give the tables that were put together as a folder or a list."
                        )
                remark = len(cells) > len(REQUIRED) and sum(map(bool, map(str.strip, cells))) == 1
                if remark or is_label:
                    self._again += light
                    continue
                row = {
                    column: of_bytes(cell) if (cell := cells[place])[:2] in _OF_BYTES else cell
                    for column, place in found.items()
                }
                for column in ("companyid", "transcriptid", "keydevid"):
                    text = row.get(column, "0")
                    # An event may lack its id; one that was shortened would join two calls.
                    if column == "keydevid" and not is_shortened(text):
                        continue
                    if fault := source_id_fault(text):
                        raise InputError(f"{name}, {word} {line}: {column} is {fault}")
                yield before + line, row
            before += line

    def _where(self, number: int) -> str:
        """Return the file and line of a row."""
        place = bisect.bisect_left(self._starts, (number,)) - 1
        before, name, word = self._starts[max(place, 0)]
        return f"{name}, {word} {number - before}"

    def _line(self, number: int) -> str:
        """Return the line of a row, with its file where there are several."""
        where = self._where(number)
        return where if len(self._starts) > 1 else where.rpartition(", ")[2]


def _is_label(firm: str, date: str) -> bool:
    """Return whether a row below a header says what its columns are ("str", "varchar", "---"), and is no turn."""
    return not any(map(str.isdigit, firm + date)) and (
        not is_missing(date) or (is_missing(firm) and bool(firm.strip()))
    )


def _letters_of(firm: str) -> str:
    """Return what is left of an id without capitals, blanks and points; of a number nothing, for 8.0 is not 80."""
    return re.sub(r"[\W_]+", "", firm).casefold() if any(map(str.isalpha, firm)) else ""


def _as_numbered(rows: list[sqlite3.Row]) -> list[sqlite3.Row]:
    """Return a call's turns as they are numbered; in the file's order where numbers begin anew, as sections' may."""
    numbered = {(row["position"], row["line"]) for row in rows}
    most = max(Counter(position for position, _ in numbered).values())
    in_file = sorted(rows, key=itemgetter("line"))
    n_anew = sum(after["position"] < before["position"] for before, after in pairwise(in_file))
    return in_file if n_anew < most else rows


def _at_midnight(rows: list[sqlite3.Row]) -> bool:
    """Return whether a call has two days because each turn has its time, and midnight came between; puts turns in order."""
    rows.sort(key=itemgetter("position", "line"))
    times = sorted(row["moment"] for row in rows)
    if not times[0]:
        return False
    first, last = map(dt.datetime.fromisoformat, (times[0], times[-1]))
    return last - first <= _LONGEST_CALL


@lru_cache(maxsize=1024)
def _sha256(file: Path, size: int, time: int) -> str:
    """Return the SHA-256 of a file, read once a process as long as its size and time stay."""
    return sha256_of(file)
