"""Writes a run into the SQLite file; sqlite.py explains the order, schema.sql has the tables."""

import datetime as dt
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from earnings_themes.abstractions import FirmTopics, Theme
from earnings_themes.abstractions.records import Keywords
from earnings_themes.errors import StoreError
from earnings_themes.stores.content import THEME_FIELDS, TOKENIZE, TOPIC_FIELDS, Content, count_spoken

# "EThm" marks the file as ours (PRAGMA application_id); the version is raised when schema.sql changes.
_APPLICATION_ID: Final = 0x4554686D
_SCHEMA_VERSION: Final = 1


def write_version(db: sqlite3.Connection, content: Content, firms: Iterable[FirmTopics]) -> int:
    """Write a run and return its version's number. Raises ResultError as Content does."""
    version = _insert(db, "version", run=content.run)
    theme_keys = {theme.theme_id: _theme(db, version, rank, theme) for rank, theme in content.themes}
    for firm in firms:
        content.add(firm)
        _firm(db, version, firm, content, theme_keys)
    return version


def _theme(db: sqlite3.Connection, version: int, rank: int, theme: Theme) -> int:
    fields = {name: getattr(theme, name) for name in THEME_FIELDS}
    key = _insert(db, "theme", version_id=version, rank=rank, keywords=_json(theme.keywords), **fields)
    rows = [
        (key, position, s.firm_id, s.topic_id, s.sentence_id, s.text)
        for position, s in enumerate(theme.representative_sentences)
    ]
    db.executemany("INSERT INTO representative_sentence VALUES (?, ?, ?, ?, ?, ?)", rows)
    return key


def _firm(
    db: sqlite3.Connection, version: int, firm: FirmTopics, content: Content, theme_keys: dict[str, int]
) -> None:
    firm_key = _insert(
        db,
        "firm",
        version_id=version,
        firm_id=firm.firm_id,
        firm_name=firm.firm_name,
        status=firm.status,
        n_sentences=count_spoken(firm),
    )
    for topic in firm.topics:
        key = (firm.firm_id, topic.topic_id)
        place = content.places.get(key)
        topic_key = _insert(
            db,
            "topic",
            firm_key=firm_key,
            keywords=_json(topic.keywords),
            theme_key=theme_keys[place.theme.theme_id] if place else None,
            position=place.position if place else None,
            similarity=place.similarity if place else None,
            unassigned_reason=content.unassigned.get(key),
            **{name: getattr(topic, name) for name in TOPIC_FIELDS},
        )
        rows = [
            (topic_key, position, s.sentence_id, s.text, s.speaker_type, s.probability)
            for position, s in enumerate(topic.sentences)
        ]
        db.executemany("INSERT INTO sentence VALUES (NULL, ?, ?, ?, ?, ?, ?)", rows)


def _insert(db: sqlite3.Connection, table: str, **values: Any) -> int:
    columns, marks = ", ".join(values), ", ".join("?" * len(values))
    sql = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # nosec B608  # names that stand in this file
    key = db.execute(sql, tuple(values.values())).lastrowid
    assert key is not None
    return key


def prepare(db: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a new file; refuse a file of another program or another version."""
    db.execute("PRAGMA foreign_keys = ON")
    if not (is_new := _is_new(db)):
        check_file(db, path)
    # Lets readers go on while a run is written. Where that cannot be had (a network drive, a reader at this
    # moment), SQLite stays with its other journal, and readers wait until the run is there.
    with suppress(sqlite3.OperationalError):
        db.execute("PRAGMA journal_mode = WAL")
    # In WAL mode a crash of the machine can lose the last run, never damage the file.
    db.execute("PRAGMA synchronous = NORMAL")
    if is_new:
        schema = (files(__package__) / "schema.sql").read_text(encoding="utf-8")
        db.execute("BEGIN IMMEDIATE")
        with db:
            # Another process may have made them meanwhile.
            for statement in _statements(schema.replace("{tokenize}", TOKENIZE)) if _is_new(db) else ():
                db.execute(statement)
            db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")


def _is_new(db: sqlite3.Connection) -> bool:
    return bool(db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0)


def leave_wal(db: sqlite3.Connection) -> None:
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


def remove_versions(db: sqlite3.Connection, run: str, but: int | None = None) -> None:
    """Delete the versions of a run, but for one that readers see."""
    rows = db.execute("SELECT version_id FROM version WHERE run = ? AND version_id IS NOT ?", (run, but))
    for key in rows.fetchall():
        for table in ("firm", "theme", "version"):
            db.execute(f"DELETE FROM {table} WHERE version_id = ?", key)  # nosec B608  # names that stand here


def _json(keywords: Keywords) -> str:
    return json.dumps(keywords, ensure_ascii=False)
