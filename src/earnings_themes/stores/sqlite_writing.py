"""Writes a run into the SQLite file; sqlite.py explains the order, schema.sql has the tables."""

import datetime as dt
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from earnings_themes.abstractions import FirmTopics, Theme
from earnings_themes.abstractions.records import Keywords
from earnings_themes.errors import StoreError
from earnings_themes.stores.content import TOKENIZE, Content, sentences_of

# "EThm" marks the file as ours (PRAGMA application_id); the version is raised when schema.sql changes.
_APPLICATION_ID: Final = 0x4554686D
_SCHEMA_VERSION: Final = 1
# What a row of theme and the record name alike; keywords are JSON in the row.
THEME_FIELDS: Final = "theme_id kind label n_firms n_topics n_sentences cohesion stability".split()


class Writer:
    """Writes one version, a batch of firms a transaction."""

    def __init__(self, db: sqlite3.Connection, content: Content, batch_rows: int) -> None:
        self.db = db
        self.content = content
        self.batch_rows = batch_rows

    def write(self, firms: Iterable[FirmTopics]) -> int:
        """Write everything and return the version's number. Raises ResultError as Content does."""
        with transaction(self.db):
            version = self._insert("version", run=self.content.run)
            theme_keys = {
                theme.theme_id: self._theme(version, rank, theme) for rank, theme in self.content.themes
            }
        for batch in self._batches(firms):
            with transaction(self.db):
                for firm in batch:
                    self._firm(version, firm, theme_keys)
        return version

    def _batches(self, firms: Iterable[FirmTopics]) -> Iterator[list[FirmTopics]]:
        """Collect firms before a transaction begins: reading them may be slow, and others want to write."""
        batch: list[FirmTopics] = []
        rows = 0
        for firm in firms:
            self.content.add(firm)
            batch.append(firm)
            rows += 1 + sum(1 + len(topic.sentences) for topic in firm.topics)
            if rows >= self.batch_rows:
                yield batch
                batch, rows = [], 0
        yield batch

    def _theme(self, version: int, rank: int, theme: Theme) -> int:
        fields = {name: getattr(theme, name) for name in THEME_FIELDS}
        key = self._insert("theme", version_id=version, rank=rank, keywords=_json(theme.keywords), **fields)
        rows = [
            (key, position, s.firm_id, s.topic_id, s.sentence_id, s.text)
            for position, s in enumerate(theme.representative_sentences)
        ]
        self.db.executemany("INSERT INTO representative_sentence VALUES (?, ?, ?, ?, ?, ?)", rows)
        return key

    def _firm(self, version: int, firm: FirmTopics, theme_keys: dict[str, int]) -> None:
        firm_key = self._insert(
            "firm",
            version_id=version,
            firm_id=firm.firm_id,
            firm_name=firm.firm_name,
            status=firm.status,
            n_sentences=sentences_of(firm),
        )
        for topic in firm.topics:
            place = self.content.places.get((firm.firm_id, topic.topic_id))
            topic_key = self._insert(
                "topic",
                firm_key=firm_key,
                topic_id=topic.topic_id,
                label=topic.label,
                kind=topic.kind,
                keywords=_json(topic.keywords),
                size=topic.size,
                stability=topic.stability,
                theme_key=theme_keys[place.theme.theme_id] if place else None,
                position=place.position if place else None,
                similarity=place.similarity if place else None,
                unassigned_reason=self.content.unassigned.get((firm.firm_id, topic.topic_id)),
            )
            rows = [
                (topic_key, position, s.sentence_id, s.text, s.speaker_type, s.probability)
                for position, s in enumerate(topic.sentences)
            ]
            self.db.executemany("INSERT INTO sentence VALUES (NULL, ?, ?, ?, ?, ?, ?)", rows)

    def _insert(self, table: str, **values: Any) -> int:
        columns, marks = ", ".join(values), ", ".join("?" * len(values))
        sql = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # nosec B608  # names that stand in this file
        key = self.db.execute(sql, tuple(values.values())).lastrowid
        assert key is not None
        return key


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Commit what the body does, or roll it back when the body raises."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def prepare(db: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a new file; refuse a file of another program or another version."""
    db.execute("PRAGMA foreign_keys = ON")
    is_new = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    if not is_new:
        check_file(db, path)
    # Lets readers go on while a batch is written. Where that cannot be had (a network drive, a reader at this
    # moment), SQLite stays with its other journal, and readers wait for a batch instead.
    with suppress(sqlite3.OperationalError):
        db.execute("PRAGMA journal_mode = WAL")
    # In WAL mode a crash of the machine can lose the last batch, never damage the file.
    db.execute("PRAGMA synchronous = NORMAL")
    if is_new:
        schema = (files(__package__) / "schema.sql").read_text(encoding="utf-8")
        with transaction(db):
            for statement in _statements(schema.replace("{tokenize}", TOKENIZE)):
                db.execute(statement)
            db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")


def settle(db: sqlite3.Connection) -> None:
    """Leave WAL mode, so that the file can be read from a shared folder or a read-only disk."""
    db.execute("PRAGMA busy_timeout = 0")
    with suppress(sqlite3.OperationalError):  # someone reads: the next publish tries again
        db.execute("PRAGMA journal_mode = DELETE")


def _statements(script: str) -> Iterator[str]:
    """Split a script, because executescript would commit the transaction it runs in."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def check_file(db: sqlite3.Connection, path: Path) -> None:
    """Raise StoreError for a file of another program or of another version of this one."""
    if db.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION_ID:
        raise StoreError(f"{path} is not a store of earnings-themes. Name another file: --store sqlite:PATH.")
    found = db.execute("PRAGMA user_version").fetchone()[0]
    if found != _SCHEMA_VERSION:
        raise StoreError(
            f"{path} has layout {found}; this version of earnings-themes reads layout {_SCHEMA_VERSION}. "
            "Move the file away and publish the runs again."
        )


def move_pointer(db: sqlite3.Connection, run: str, version: int, digest: str, counts: dict[str, int]) -> None:
    """Let readers see this version of the run from now on."""
    now = dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")
    db.execute(
        "INSERT OR REPLACE INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (run, version, now, digest, *(counts[kind] for kind in ("firms", "themes", "topics", "sentences"))),
    )


def remove_orphans(db: sqlite3.Connection, run: str, batch_rows: int) -> None:
    """Delete every version of the run that readers do not see, some firms a transaction."""
    rows = db.execute(
        "SELECT version_id FROM version WHERE run = ? AND version_id NOT IN (SELECT version_id FROM run)",
        (run,),
    )
    for (version,) in rows.fetchall():
        for keys in _firm_batches(db, version, batch_rows):
            with transaction(db):
                db.execute(
                    "DELETE FROM firm WHERE version_id = ? AND firm_key BETWEEN ? AND ?", (version, *keys)
                )
        with transaction(db):
            db.execute("DELETE FROM theme WHERE version_id = ?", (version,))
            db.execute("DELETE FROM version WHERE version_id = ?", (version,))


def _firm_batches(db: sqlite3.Connection, version: int, batch_rows: int) -> list[tuple[int, int]]:
    """Return the first and last firm_key of batches with about batch_rows sentences each."""
    batches: list[tuple[int, int]] = []
    rows, first = 0, None
    for key, n_sentences in db.execute(
        "SELECT firm_key, n_sentences FROM firm WHERE version_id = ? ORDER BY firm_key", (version,)
    ):
        first = key if first is None else first
        rows += 1 + n_sentences
        if rows >= batch_rows:
            batches.append((first, key))
            rows, first = 0, None
    if first is not None:
        batches.append((first, key))
    return batches


def _json(keywords: Keywords) -> str:
    return json.dumps(keywords, ensure_ascii=False)
