"""The store on a laptop: one SQLite file for all runs, that pandas and any SQLite client can open too.

A publish is one transaction: killed at any moment it leaves the file as it was, and readers never wait (WAL). A
reader holds one snapshot for a whole question.
"""

import json
import logging
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from earnings_themes.abstractions import (
    FirmEntry,
    FirmTopics,
    FirmView,
    Receipt,
    RepresentativeSentence,
    RunInfo,
    SearchResult,
    SentenceHit,
    Theme,
    Themes,
    ThemeStore,
    ThemeTopic,
    TopicSentence,
    TopicView,
)
from earnings_themes.abstractions.records import Keywords
from earnings_themes.errors import NotFoundError, StoreError
from earnings_themes.stores.content import (
    TOPIC_FIELDS,
    Content,
    match_query,
    matching,
    no_topic,
    shares,
    stored_theme,
)
from earnings_themes.stores.sqlite_writing import (
    check_file,
    leave_wal,
    move_pointer,
    prepare,
    remove_versions,
    write_version,
)

log = logging.getLogger(__name__)

_BUSY_SECONDS: Final = 60.0

_TOPICS_OF_A_FIRM: Final = (
    "SELECT run.run, firm_id, firm_name, topic.*, theme_id, theme.label AS theme_label, theme.kind AS theme_kind "
    "FROM topic JOIN firm USING (firm_key) JOIN run USING (version_id) LEFT JOIN theme USING (theme_key) "
    "WHERE firm_key = ?"
)
_VIEW_FIELDS: Final = [*TOPIC_FIELDS, "run", "firm_id", "firm_name", "theme_id", "unassigned_reason"]


class SQLiteThemeStore(ThemeStore):
    """A ThemeStore in the file `path`, created by the first publish.

    wait_seconds: how long a publish waits for another one to the same file before it fails.
    """

    def __init__(self, path: str | Path, wait_seconds: float = 600.0) -> None:
        self.path = Path(path)
        self.wait_seconds = wait_seconds

    # --- writing -----------------------------------------------------------------------------------

    def publish(self, run: str, firms: Iterable[FirmTopics], themes: Themes) -> Receipt:
        started = time.monotonic()
        content = Content(run, themes)
        with self._publishing() as db:
            version = write_version(db, content, firms)
            digest = content.digest()
            seen = db.execute("SELECT version_id, digest FROM run WHERE run = ?", (run,)).fetchone()
            if seen is not None and seen[1] == digest:
                db.rollback()  # the same content: readers keep what they have
                version = seen[0]
            else:
                move_pointer(db, run, version, digest, content.counts)
                remove_versions(db, run, version)
        return Receipt(
            store=f"sqlite:{self.path}",
            run=run,
            version=str(version),
            counts=dict(content.counts),
            seconds=time.monotonic() - started,
            digest=digest,
        )

    def delete(self, run: str) -> None:
        """Remove a run. The file keeps its size: the next publish fills the room."""
        self.check()
        with self._publishing() as db:
            if not db.execute("DELETE FROM run WHERE run = ?", (run,)).rowcount:
                raise self._no_run(run)
            remove_versions(db, run)

    @contextmanager
    def _publishing(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection in a transaction that is whole or nothing, while no other process publishes to this file."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{self.path} cannot be written: {error.strerror}.") from error
        try:
            with closing(self._connect(self.path, timeout=_BUSY_SECONDS)) as db:
                prepare(db, self.path)
                self._begin(db)
                with db:
                    yield db
                leave_wal(db)
        except sqlite3.IntegrityError:
            raise  # the content is checked before it is written: this is a bug
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{self.path} cannot be written: {error}.") from error

    def _begin(self, db: sqlite3.Connection) -> None:
        """Begin to write. The operating system ends the right to when a publisher is killed."""
        for wait_seconds in (0.0, self.wait_seconds):
            db.execute(f"PRAGMA busy_timeout = {int(wait_seconds * 1000)}")
            try:
                db.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    raise
                log.info("another process publishes to %s: waiting up to %g s", self.path, self.wait_seconds)
        raise StoreError(
            f"Another process has been publishing to {self.path} for {self.wait_seconds:g} s. "
            "Wait for it to end, then publish again."
        )

    @staticmethod
    def _connect(path: str | Path, timeout: float, uri: bool = False) -> sqlite3.Connection:
        return sqlite3.connect(path, timeout=timeout, isolation_level=None, uri=uri)

    # --- reading -----------------------------------------------------------------------------------

    def runs(self) -> list[RunInfo]:
        with self._reading() as db:
            rows = db.execute(
                "SELECT run, version_id, published_at, n_firms, n_themes, n_topics, n_sentences, digest FROM run "
                "ORDER BY published_at DESC, version_id DESC"
            )
            return [RunInfo(row[0], str(row[1]), *row[2:]) for row in rows]

    def themes(self, run: str) -> list[Theme]:
        with self._reading() as db:
            version = self._version(db, run)
            rows = db.execute("SELECT * FROM theme WHERE version_id = ? ORDER BY rank", (version,))
            return [stored_theme(row, _keywords(row["keywords"]), (), ()) for row in rows]

    def theme(self, theme_id: str, run: str | None = None) -> Theme:
        with self._reading() as db:
            found = db.execute(
                "SELECT theme.* FROM theme JOIN run USING (version_id) WHERE theme_id = ?1 AND (?2 IS NULL OR run = ?2) "
                "ORDER BY published_at DESC, version_id DESC",
                (theme_id, run),
            ).fetchone()
            if found is None:
                where = f"run {run!r} of {self.path}" if run else self.path
                raise NotFoundError(f"There is no theme {theme_id!r} in {where}.")
            key = (found["theme_key"],)
            topics = db.execute(
                "SELECT firm_id, topic_id, label, size, similarity FROM topic JOIN firm USING (firm_key) "
                "WHERE theme_key = ? ORDER BY position",
                key,
            )
            sentences = db.execute(
                "SELECT firm_id, topic_id, sentence_id, text FROM representative_sentence "
                "WHERE theme_key = ? ORDER BY position",
                key,
            )
            return stored_theme(
                found,
                _keywords(found["keywords"]),
                tuple(ThemeTopic(*row) for row in topics),
                tuple(RepresentativeSentence(*row) for row in sentences),
            )

    def topic(self, firm_id: str, topic_id: int, run: str) -> TopicView:
        with self._reading() as db:
            firm = self._firm(db, firm_id, run)
            row = db.execute(f"{_TOPICS_OF_A_FIRM} AND topic_id = ?", (firm["firm_key"], topic_id)).fetchone()
            if row is None:
                known = db.execute("SELECT topic_id FROM topic WHERE firm_key = ?", (firm["firm_key"],))
                raise no_topic(firm_id, topic_id, run, [row[0] for row in known])
            sentences = db.execute(
                "SELECT sentence_id, text, speaker_type, probability FROM sentence WHERE topic_key = ? "
                "ORDER BY position",
                (row["topic_key"],),
            )
            return _topic(row, tuple(TopicSentence(*sentence) for sentence in sentences))

    def firms(self, run: str) -> list[FirmEntry]:
        with self._reading() as db:
            version = self._version(db, run)
            found = "SELECT firm_id, firm_name, status FROM firm WHERE version_id = ? ORDER BY firm_id"
            return [FirmEntry(*row) for row in db.execute(found, (version,))]

    def firm(self, firm_id: str, run: str) -> FirmView:
        with self._reading() as db:
            firm = self._firm(db, firm_id, run)
            rows = db.execute(f"{_TOPICS_OF_A_FIRM} ORDER BY topic_id", (firm["firm_key"],)).fetchall()
        return FirmView(
            run=run,
            firm_id=firm_id,
            firm_name=firm["firm_name"],
            status=firm["status"],
            n_sentences=firm["n_sentences"],
            themes=shares(
                ((row["theme_id"], row["theme_label"], row["theme_kind"], row["size"]) for row in rows),
                firm["n_sentences"],
            ),
            topics=tuple(_topic(row) for row in rows),
        )

    def search(self, words: str, run: str, limit: int = 20) -> SearchResult:
        """Search labels, keywords and the texts of all sentences; the best match comes first (BM25)."""
        themes = matching(self.themes(run), words)
        query = match_query(words)
        if not query:
            return SearchResult(run, (), (), 0)
        source = (
            "FROM sentence_text JOIN sentence ON sentence_key = sentence_text.rowid JOIN topic USING (topic_key) "
            "JOIN firm USING (firm_key) JOIN run USING (version_id) LEFT JOIN theme USING (theme_key) "
            "WHERE sentence_text MATCH ? AND run.run = ?"
        )
        with self._reading() as db:
            found = db.execute(f"SELECT count(*) {source}", (query, run)).fetchone()[0]
            rows = db.execute(
                "SELECT firm.firm_id, firm_name, topic_id, theme_id, sentence_id, sentence.text "
                f"{source} ORDER BY bm25(sentence_text), sentence_key LIMIT ?",
                (query, run, limit),
            )
            return SearchResult(run, themes, tuple(SentenceHit(*row) for row in rows), found)

    def check(self) -> None:
        if not self.path.is_file():
            raise NotFoundError(
                f"There is no store at {self.path} yet. `make run` (or `snakemake --cores all`) publishes a run "
                "to it; --store sqlite:PATH reads another file."
            )

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection that sees one snapshot of the file, whatever is published meanwhile."""
        self.check()
        name = f"file:{quote(str(self.path.resolve()))}?mode=ro"
        try:
            with closing(self._connect(name, timeout=_BUSY_SECONDS, uri=True)) as db:
                db.row_factory = sqlite3.Row
                check_file(db, self.path)
                db.execute("BEGIN")
                yield db
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{self.path} cannot be read: {error}.") from error

    def _version(self, db: sqlite3.Connection, run: str) -> int:
        row = db.execute("SELECT version_id FROM run WHERE run = ?", (run,)).fetchone()
        if row is None:
            raise self._no_run(run)
        return int(row[0])

    def _firm(self, db: sqlite3.Connection, firm_id: str, run: str) -> sqlite3.Row:
        row: sqlite3.Row | None = db.execute(
            "SELECT * FROM firm WHERE version_id = ? AND firm_id = ?", (self._version(db, run), firm_id)
        ).fetchone()
        if row is None:
            raise NotFoundError(f"There is no firm {firm_id!r} in run {run!r}.")
        return row

    def _no_run(self, run: str) -> NotFoundError:
        return NotFoundError(f"There is no run {run!r} in {self.path}.")


def _topic(row: sqlite3.Row, sentences: tuple[TopicSentence, ...] = ()) -> TopicView:
    fields = {name: row[name] for name in _VIEW_FIELDS} | {"keywords": _keywords(row["keywords"])}
    return TopicView(**fields, sentences=sentences)


def _keywords(text: str) -> Keywords:
    return tuple((word, weight) for word, weight in json.loads(text))
