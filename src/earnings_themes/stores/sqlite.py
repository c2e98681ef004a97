"""The store on a laptop: one SQLite file for all runs, that pandas and any SQLite client can open too.

A publish writes a new version in batches, each its own transaction, so that other writers never wait for
minutes and readers never wait at all (WAL). One transaction then moves the run's pointer, and the old
version is removed in batches as well. A reader holds one snapshot for a whole question.
"""

import datetime as dt
import json
import logging
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
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
from earnings_themes.errors import EarningsThemesError, NotFoundError, StoreError
from earnings_themes.stores.content import (
    TOKENIZE,
    Content,
    match_query,
    matching,
    no_topic,
    sentences_of,
    shares,
)

log = logging.getLogger(__name__)

# "EThm" marks the file as ours (PRAGMA application_id); the version is raised when schema.sql changes.
_APPLICATION_ID: Final = 0x4554686D
_SCHEMA_VERSION: Final = 1

# A batch of this many rows, about a dozen firms, takes a tenth of a second and 10 MB.
_BATCH_ROWS: Final = 5_000
_BUSY_SECONDS: Final = 60.0

_TOPIC_COLUMNS: Final = (
    "run.run, firm.firm_id, firm.firm_name, topic.topic_id, topic.label, topic.kind, topic.keywords, "
    "topic.size, theme.theme_id, topic.stability, topic.unassigned_reason"
)


class SQLiteThemeStore(ThemeStore):
    """A ThemeStore in the file `path`, made by the first publish.

    wait_seconds: how long a publish waits for another one to the same file before it fails; runs that are
    published in parallel take turns.
    """

    def __init__(self, path: str | Path, wait_seconds: float = 600.0, batch_rows: int = _BATCH_ROWS) -> None:
        self.path = Path(path)
        self.wait_seconds = wait_seconds
        self.batch_rows = batch_rows

    # --- writing -----------------------------------------------------------------------------------

    def publish(self, run: str, firms: Iterable[FirmTopics], themes: Themes) -> Receipt:
        started = time.monotonic()
        content = Content(run, themes)
        with self._publishing() as db:
            try:
                version = _Writer(db, content, self.batch_rows).write(firms)
                digest = content.digest()
            except EarningsThemesError:
                _remove_orphans(db, run, self.batch_rows)
                raise
            with _transaction(db):
                seen = db.execute("SELECT version_id, digest FROM run WHERE run = ?", (run,)).fetchone()
                if seen is not None and seen[1] == digest:
                    version = seen[0]  # the same content: readers keep what they have
                else:
                    _move_pointer(db, run, version, digest, content.counts)
            _remove_orphans(db, run, self.batch_rows)
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
            with _transaction(db):
                gone = db.execute("DELETE FROM run WHERE run = ?", (run,)).rowcount
            half = db.execute("SELECT count(*) FROM version WHERE run = ?", (run,)).fetchone()[0]
            _remove_orphans(db, run, self.batch_rows)
        if not gone and not half:
            raise self._no_run(run)

    @contextmanager
    def _publishing(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection while no other process publishes to this file."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{self.path} cannot be written: {error.strerror}.") from error
        try:
            with self._lock(), closing(self._connect(self.path, timeout=_BUSY_SECONDS)) as db:
                _prepare(db, self.path)
                yield db
                _settle(db)
        except sqlite3.IntegrityError:
            raise  # the content is checked before it is written: this is a bug
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{self.path} cannot be written: {error}.") from error

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Hold the right to publish.

        It is a transaction on a second, empty database, because the operating system releases that when a
        publisher is killed: no lock file is ever left to be removed by hand.
        """
        path = self.path.with_name(self.path.name + ".lock")
        with closing(self._connect(path, timeout=0)) as db:
            for wait_seconds in (0.0, self.wait_seconds):
                db.execute(f"PRAGMA busy_timeout = {int(wait_seconds * 1000)}")
                try:
                    db.execute("BEGIN EXCLUSIVE")
                    break
                except sqlite3.OperationalError as error:
                    if "locked" not in str(error):
                        raise
                    log.info(
                        "another process publishes to %s: waiting up to %g s", self.path, self.wait_seconds
                    )
            else:
                raise StoreError(
                    f"Another process has been publishing to {self.path} for {self.wait_seconds:g} s. "
                    "Wait for it to end, then publish again."
                )
            yield

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
            self._version(db, run)
            rows = db.execute(
                "SELECT theme.* FROM theme JOIN run USING (version_id) WHERE run = ? ORDER BY rank", (run,)
            )
            return [_theme(row) for row in rows]

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
            topics = [
                ThemeTopic(*row)
                for row in db.execute(
                    "SELECT firm_id, topic_id, label, size, similarity FROM topic JOIN firm USING (firm_key) "
                    "WHERE theme_key = ? ORDER BY position",
                    (found["theme_key"],),
                )
            ]
            sentences = [
                RepresentativeSentence(*row)
                for row in db.execute(
                    "SELECT firm_id, topic_id, sentence_id, text FROM representative_sentence "
                    "WHERE theme_key = ? ORDER BY position",
                    (found["theme_key"],),
                )
            ]
        return _theme(found, tuple(topics), tuple(sentences))

    def topic(self, firm_id: str, topic_id: int, run: str) -> TopicView:
        with self._reading() as db:
            firm = self._firm(db, firm_id, run)
            row = db.execute(
                f"SELECT {_TOPIC_COLUMNS}, topic_key "  # nosec B608  # a constant
                "FROM topic JOIN firm USING (firm_key) JOIN run USING (version_id) "
                "LEFT JOIN theme USING (theme_key) WHERE firm_key = ? AND topic_id = ?",
                (firm["firm_key"], topic_id),
            ).fetchone()
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
            rows = db.execute(
                "SELECT firm_id, firm_name, status FROM firm WHERE version_id = ? ORDER BY firm_id",
                (version,),
            )
            return [FirmEntry(*row) for row in rows]

    def firm(self, firm_id: str, run: str) -> FirmView:
        with self._reading() as db:
            firm = self._firm(db, firm_id, run)
            rows = db.execute(
                f"SELECT {_TOPIC_COLUMNS}, theme.label AS theme_label, theme.kind AS theme_kind "  # nosec B608  # a constant
                "FROM topic JOIN firm USING (firm_key) JOIN run USING (version_id) LEFT JOIN theme USING (theme_key) "
                "WHERE firm_key = ? ORDER BY topic_id",
                (firm["firm_key"],),
            ).fetchall()
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
                _check_file(db, self.path)
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


class _Writer:
    """Writes one version, a batch of firms a transaction."""

    def __init__(self, db: sqlite3.Connection, content: Content, batch_rows: int) -> None:
        self.db = db
        self.content = content
        self.batch_rows = batch_rows

    def write(self, firms: Iterable[FirmTopics]) -> int:
        """Write everything and return the version's number. Raises ResultError as Content does."""
        with _transaction(self.db):
            version = self._insert("version", run=self.content.run)
            theme_keys = {
                theme.theme_id: self._theme(version, rank, theme) for rank, theme in self.content.themes
            }
        for batch in self._batches(firms):
            with _transaction(self.db):
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
        key = self._insert(
            "theme",
            version_id=version,
            rank=rank,
            theme_id=theme.theme_id,
            kind=theme.kind,
            label=theme.label,
            keywords=_json(theme.keywords),
            n_firms=theme.n_firms,
            n_topics=theme.n_topics,
            n_sentences=theme.n_sentences,
            cohesion=theme.cohesion,
            stability=theme.stability,
        )
        self._insert_all(
            "representative_sentence",
            [
                (key, position, s.firm_id, s.topic_id, s.sentence_id, s.text)
                for position, s in enumerate(theme.representative_sentences)
            ],
        )
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
            self._insert_all(
                "sentence",
                [
                    (None, topic_key, position, s.sentence_id, s.text, s.speaker_type, s.probability)
                    for position, s in enumerate(topic.sentences)
                ],
            )

    def _insert(self, table: str, **values: Any) -> int:
        columns, marks = ", ".join(values), ", ".join("?" * len(values))
        sql = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # nosec B608  # names that stand in this file
        key = self.db.execute(sql, tuple(values.values())).lastrowid
        assert key is not None
        return key

    def _insert_all(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            sql = f"INSERT INTO {table} VALUES ({marks})"  # nosec B608  # names that stand in this file
            self.db.executemany(sql, rows)


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a new file; refuse a file of another program or another version."""
    db.execute("PRAGMA foreign_keys = ON")
    is_new = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    if not is_new:
        _check_file(db, path)
    # Lets readers go on while a batch is written. Where that cannot be had (a network drive, a reader at this
    # moment), SQLite stays with its other journal, and readers wait for a batch instead.
    with suppress(sqlite3.OperationalError):
        db.execute("PRAGMA journal_mode = WAL")
    # In WAL mode a crash of the machine can lose the last batch, never damage the file.
    db.execute("PRAGMA synchronous = NORMAL")
    if is_new:
        schema = (files(__package__) / "schema.sql").read_text(encoding="utf-8")
        with _transaction(db):
            for statement in _statements(schema.replace("{tokenize}", TOKENIZE)):
                db.execute(statement)
            db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")


def _settle(db: sqlite3.Connection) -> None:
    """Leave the file so that it can be read where nothing can be written: a shared folder, a read-only disk."""
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


def _check_file(db: sqlite3.Connection, path: Path) -> None:
    if db.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION_ID:
        raise StoreError(f"{path} is not a store of earnings-themes. Name another file: --store sqlite:PATH.")
    found = db.execute("PRAGMA user_version").fetchone()[0]
    if found != _SCHEMA_VERSION:
        raise StoreError(
            f"{path} has layout {found}; this version of earnings-themes reads layout {_SCHEMA_VERSION}. "
            "Move the file away and publish the runs again."
        )


def _move_pointer(
    db: sqlite3.Connection, run: str, version: int, digest: str, counts: dict[str, int]
) -> None:
    now = dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")
    db.execute(
        "INSERT OR REPLACE INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (run, version, now, digest, *(counts[kind] for kind in ("firms", "themes", "topics", "sentences"))),
    )


def _remove_orphans(db: sqlite3.Connection, run: str, batch_rows: int) -> None:
    """Delete every version of the run that readers do not see, some firms a transaction."""
    rows = db.execute(
        "SELECT version_id FROM version WHERE run = ? AND version_id NOT IN (SELECT version_id FROM run)",
        (run,),
    )
    for (version,) in rows.fetchall():
        for keys in _firm_batches(db, version, batch_rows):
            with _transaction(db):
                db.execute(
                    "DELETE FROM firm WHERE version_id = ? AND firm_key BETWEEN ? AND ?", (version, *keys)
                )
        with _transaction(db):
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


def _theme(
    row: sqlite3.Row,
    topics: tuple[ThemeTopic, ...] = (),
    sentences: tuple[RepresentativeSentence, ...] = (),
) -> Theme:
    return Theme(
        theme_id=row["theme_id"],
        kind=row["kind"],
        label=row["label"],
        keywords=_keywords(row["keywords"]),
        n_firms=row["n_firms"],
        n_topics=row["n_topics"],
        n_sentences=row["n_sentences"],
        centroid=(),
        cohesion=row["cohesion"],
        stability=row["stability"],
        firms=tuple(sorted({topic.firm_id for topic in topics})),
        topics=topics,
        representative_sentences=sentences,
    )


def _topic(row: sqlite3.Row, sentences: tuple[TopicSentence, ...] = ()) -> TopicView:
    return TopicView(
        run=row["run"],
        firm_id=row["firm_id"],
        firm_name=row["firm_name"],
        topic_id=row["topic_id"],
        label=row["label"],
        kind=row["kind"],
        keywords=_keywords(row["keywords"]),
        size=row["size"],
        theme_id=row["theme_id"],
        sentences=sentences,
        stability=row["stability"],
        unassigned_reason=row["unassigned_reason"],
    )


def _json(keywords: Keywords) -> str:
    return json.dumps(keywords, ensure_ascii=False)


def _keywords(text: str) -> Keywords:
    return tuple((word, weight) for word, weight in json.loads(text))
