"""What SQLiteThemeStore owes beyond the contract: one file, no lost lock, no half version, searchable text."""

import dataclasses
import multiprocessing
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from earnings_themes.abstractions import FirmTopics, TopicSentence
from earnings_themes.errors import ConfigError, NotFoundError, StoreError
from earnings_themes.stores import open_store
from earnings_themes.stores.sqlite import SQLiteThemeStore
from tests.published import everything, make_firm, make_run, make_themes, make_topic

TABLES = ("version", "theme", "representative_sentence", "firm", "topic", "sentence", "sentence_text")
KILLED = 37


def rows(path: Path) -> dict[str, int]:
    """Return how many rows each table has."""
    with closing(sqlite3.connect(path)) as db:
        return {table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}


def check_integrity(path: Path) -> None:
    """Fail where a reference is broken or the full-text index and the texts differ."""
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        db.execute("INSERT INTO sentence_text (sentence_text, rank) VALUES ('integrity-check', 1)")


def seen_by_readers(path: Path, run: str) -> list[object]:
    """Return all of a run that readers can reach, in one statement a table."""
    with closing(sqlite3.connect(path)) as db:
        version = db.execute("SELECT version_id FROM run WHERE run = ?", (run,)).fetchone()
        themes = "SELECT theme_id, label, n_topics FROM theme WHERE version_id = ? ORDER BY rank"
        return [
            db.execute(themes, version or (0,)).fetchall(),
            db.execute("SELECT * FROM hierarchy WHERE run = ? ORDER BY sentence_id", (run,)).fetchall(),
        ]


class KillableStore(SQLiteThemeStore):
    """Ends its process, as SIGKILL would, right before the n-th statement that it sends."""

    def __init__(self, path: Path, kill_at: int) -> None:
        super().__init__(path)
        self.left = kill_at

    def _connect(self, path: Any, timeout: float, uri: bool = False) -> Any:  # type: ignore[override]
        store = self

        class Connection(sqlite3.Connection):
            def execute(self, *args: Any) -> Any:
                store.count()
                return super().execute(*args)

            def executemany(self, *args: Any) -> Any:
                store.count()
                return super().executemany(*args)

        return sqlite3.connect(path, timeout=timeout, isolation_level=None, uri=uri, factory=Connection)

    def count(self) -> None:
        self.left -= 1
        if self.left == 0:
            os._exit(KILLED)


def in_a_process(work: Callable[[], object]) -> int:
    """Run `work` in a forked process and return how it ended: 0 for done, KILLED."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_publisher_killed_at_any_statement_leaves_a_whole_version(tmp_path: Path) -> None:
    """The states seen are the old run and the new one, nothing else, and no row is left over."""
    path = tmp_path / "themes.sqlite"
    store = SQLiteThemeStore(path)
    old, new = (
        make_run(tag=" old", n_topics=2),
        make_run(tag=" new", n_topics=2, firm_ids=("B", "C", "D", "E")),
    )
    store.publish("other", *make_run("other", n_topics=1))
    store.publish("sample", *new)
    whole_new, rows_new = seen_by_readers(path, "sample"), rows(path)
    store.publish("sample", *old)
    whole_old, rows_old = seen_by_readers(path, "sample"), rows(path)

    switched = []
    for kill_at in range(1, 1000):
        ended = in_a_process(lambda n=kill_at: KillableStore(path, n).publish("sample", *new))
        if ended == 0:
            break
        assert ended == KILLED
        now = seen_by_readers(path, "sample")
        assert now in (whole_old, whole_new)
        switched.append(now == whole_new)
        store.publish("sample", *old)
        assert seen_by_readers(path, "sample") == whole_old
        assert rows(path) == rows_old
    else:
        pytest.fail("the publish never ended")
    assert seen_by_readers(path, "sample") == whole_new
    assert rows(path) == rows_new
    check_integrity(path)
    # The switch is for good.
    assert len(switched) > 30
    assert switched == sorted(switched)
    assert True in switched


def test_a_first_publish_killed_at_any_statement_leaves_no_run_or_a_whole_one(tmp_path: Path) -> None:
    for kill_at in range(1, 1000):
        path = tmp_path / f"{kill_at}.sqlite"
        ended = in_a_process(
            lambda n=kill_at, p=path: KillableStore(p, n).publish("sample", *make_run(n_topics=2))
        )
        if ended == 0:
            return
        store = SQLiteThemeStore(path)
        try:
            counts = [(run.n_firms, run.n_sentences) for run in store.runs()]
        except (NotFoundError, StoreError):
            counts = []  # not even the tables were made
        assert counts in ([], [(3, 18)])
        store.publish("sample", *make_run(n_topics=2))
        assert rows(path)["version"] == 1
        assert rows(path)["sentence"] == 18
    pytest.fail("the publish never ended")


def test_a_delete_killed_at_any_statement_is_finished_by_the_next(tmp_path: Path) -> None:
    path = tmp_path / "themes.sqlite"
    store = SQLiteThemeStore(path)
    for kill_at in range(1, 1000):
        store.publish("sample", *make_run())
        ended = in_a_process(lambda n=kill_at: KillableStore(path, n).delete("sample"))
        if ended == 0:
            break
        if store.runs():
            assert len(store.firms("sample")) == 3
        if rows(path)["version"]:
            store.delete("sample")
        assert set(rows(path).values()) == {0}
    assert kill_at > 10


def test_a_refused_publish_leaves_no_rows(tmp_path: Path) -> None:
    store = SQLiteThemeStore(tmp_path / "themes.sqlite")
    firms, themes = make_run()
    with pytest.raises(Exception, match="no firm has"):
        store.publish("sample", firms[:2], themes)
    assert set(rows(store.path).values()) == {0}


def test_a_second_publisher_waits_and_both_runs_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "themes.sqlite"
    names = [f"q{n}" for n in range(4)]
    context = multiprocessing.get_context("fork")
    processes = [
        context.Process(target=SQLiteThemeStore(path).publish, args=(name, *make_run(name))) for name in names
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=60)
    assert [process.exitcode for process in processes] == [0] * 4
    store = SQLiteThemeStore(path)
    assert sorted(info.run for info in store.runs()) == names
    assert all(len(everything(store, name)[5]) == 9 for name in names)  # type: ignore[arg-type]


def test_a_second_publisher_that_may_not_wait_says_who_is_in_the_way(tmp_path: Path) -> None:
    path = tmp_path / "themes.sqlite"
    impatient = SQLiteThemeStore(path, wait_seconds=0)
    firms, themes = make_run()
    refused = []

    def while_publishing() -> Iterator[FirmTopics]:
        for number, firm in enumerate(firms):
            if number == 1:
                with pytest.raises(
                    StoreError, match=r"Another process has been publishing to .*themes.sqlite"
                ):
                    impatient.publish("sample", *make_run())
                refused.append(True)
            yield firm

    SQLiteThemeStore(path).publish("sample", while_publishing(), themes)
    assert refused == [True]
    impatient.publish("sample", *make_run())  # the lock is free again


def test_search_finds_sentences_and_says_where_they_are(tmp_path: Path) -> None:
    store = SQLiteThemeStore(tmp_path / "themes.sqlite")
    store.publish("sample", *make_run())
    store.publish("other", *make_run("other"))
    result = store.search("tariff improving", "sample", limit=4)
    assert result.n_sentences == 9  # of this run only
    assert len(result.sentences) == 4
    hit = result.sentences[0]
    assert (hit.theme_id, hit.topic_id, hit.firm_name) == ("sample-002", 1, f"Firm {hit.firm_id} Inc.")
    assert "tariffs and pricing improved" in hit.text
    assert result.themes == ()  # "improving" is in no label


def test_search_finds_sentences_of_topics_in_no_theme(tmp_path: Path) -> None:
    store = SQLiteThemeStore(tmp_path / "themes.sqlite")
    store.publish("sample", *make_run())
    result = store.search("revenue", "sample")
    assert (result.themes, result.n_sentences) == ((), 9)
    assert {hit.theme_id for hit in result.sentences} == {None}


def test_the_sentence_that_is_most_about_the_words_comes_first(tmp_path: Path) -> None:
    store = SQLiteThemeStore(tmp_path / "themes.sqlite")
    short = TopicSentence("A_2", "Tariffs hurt.", "Executives", 0.5)
    long = TopicSentence("A_1", "Tariffs " + "and much else that we said " * 20, "Executives", 0.9)
    firms = [make_firm("sample", "A", (dataclasses.replace(make_topic("A", 0), sentences=(long, short)),))]
    store.publish("sample", firms, make_themes("sample", firms, n_themes=0))
    assert [hit.sentence_id for hit in store.search("tariffs", "sample").sentences] == ["A_2", "A_1"]


def test_replaced_sentences_are_no_longer_found(tmp_path: Path) -> None:
    store = SQLiteThemeStore(tmp_path / "themes.sqlite")
    store.publish("sample", *make_run(tag=" zebra"))
    store.publish("sample", *make_run(tag=" quagga"))
    assert store.search("zebra", "sample").n_sentences == 0
    assert store.search("quagga", "sample").n_sentences == 27
    check_integrity(store.path)


def test_the_view_for_people_joins_the_whole_hierarchy(tmp_path: Path) -> None:
    store = SQLiteThemeStore(tmp_path / "themes.sqlite")
    store.publish("sample", *make_run())
    with closing(sqlite3.connect(store.path)) as db:
        found = db.execute(
            "SELECT theme_id, firm_id, topic_id, count(*) FROM hierarchy WHERE run = 'sample' AND firm_id = 'A' "
            "GROUP BY topic_id ORDER BY topic_id"
        ).fetchall()
    assert found == [("sample-001", "A", 0, 3), ("sample-002", "A", 1, 3), (None, "A", 2, 3)]


def test_reading_a_missing_file_says_which_command_makes_it_and_makes_none(tmp_path: Path) -> None:
    path = tmp_path / "none" / "themes.sqlite"
    with pytest.raises(NotFoundError, match="make run"):
        SQLiteThemeStore(path).runs()
    with pytest.raises(NotFoundError, match="make run"):
        SQLiteThemeStore(path).delete("sample")
    assert not path.parent.exists()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "themes.sqlite"
    path.write_text("theme,firm\n" * 200)
    with pytest.raises(StoreError, match=r"themes.sqlite cannot be read: file is not a database"):
        SQLiteThemeStore(path).runs()
    with pytest.raises(StoreError, match=r"themes.sqlite cannot be written: file is not a database"):
        SQLiteThemeStore(path).publish("sample", *make_run())
    assert path.read_text() == "theme,firm\n" * 200


def test_a_database_of_another_program_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "zotero.sqlite"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE items (id)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="not a store of earnings-themes"):
        SQLiteThemeStore(path).publish("sample", *make_run())
    with pytest.raises(StoreError, match="not a store of earnings-themes"):
        SQLiteThemeStore(path).runs()
    assert path.read_bytes() == before


def test_a_store_of_another_layout_is_refused(tmp_path: Path) -> None:
    store = SQLiteThemeStore(tmp_path / "themes.sqlite")
    store.publish("sample", *make_run())
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="has layout 99"):
        store.runs()
    with pytest.raises(StoreError, match="has layout 99"):
        store.publish("sample", *make_run())


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"file/themes.sqlite cannot be written"):
        SQLiteThemeStore(tmp_path / "file" / "themes.sqlite").publish("sample", *make_run())


@pytest.mark.parametrize("name", ["a b.sqlite", "what?.sqlite", "100%.sqlite", "a#b.sqlite", "ünï.sqlite"])
def test_any_file_name_works(tmp_path: Path, name: str) -> None:
    store = open_store(f"sqlite:{tmp_path / name}")
    store.publish("sample", *make_run())
    assert len(open_store(f"sqlite:{tmp_path / name}").runs()) == 1
    assert (tmp_path / name).is_file()


def test_a_reader_at_work_does_not_stop_a_publish(tmp_path: Path) -> None:
    """It keeps its snapshot, whatever journal the file had when it began."""
    store = SQLiteThemeStore(tmp_path / "themes.sqlite")
    store.publish("sample", *make_run(tag=" old"))
    firms, themes = make_run(tag=" new")

    with closing(sqlite3.connect(store.path, isolation_level=None)) as reader:

        def while_publishing() -> Iterator[FirmTopics]:
            reader.execute("BEGIN")
            assert (
                reader.execute("SELECT count(*) FROM hierarchy WHERE text LIKE '% old%'").fetchone()[0] == 27
            )
            yield from firms

        store.publish("sample", while_publishing(), themes)
        assert reader.execute("SELECT count(*) FROM hierarchy WHERE text LIKE '% old%'").fetchone()[0] == 27
    assert "new" in store.topic("A", 0, "sample").sentences[0].text


def test_a_published_file_needs_no_files_beside_it(tmp_path: Path) -> None:
    """A file in write-ahead mode cannot be opened in a folder that may only be read."""
    store = SQLiteThemeStore(tmp_path / "themes.sqlite")
    store.publish("sample", *make_run())
    everything(store, "sample")
    assert store.path.read_bytes()[18:20] == b"\x01\x01"  # SQLite file format: 2 is write-ahead
    assert sorted(path.name for path in tmp_path.iterdir()) == ["themes.sqlite"]


# --- open_store ------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["", "sqlite", "sqlite:", "bogus:x", ":x", "results/themes.sqlite"])
def test_a_url_that_names_no_store_says_what_does(url: str) -> None:
    with pytest.raises(ConfigError, match=r"does not name a store. Expected .*sqlite:PATH"):
        open_store(url)


def test_a_third_partys_store_is_opened_by_its_import_path(tmp_path: Path) -> None:
    store = open_store(f"earnings_themes.stores.sqlite:SQLiteThemeStore:{tmp_path}/a:b.sqlite")
    assert isinstance(store, SQLiteThemeStore)
    assert store.path == tmp_path / "a:b.sqlite"


def test_must_exist_asks_before_anything_else(tmp_path: Path) -> None:
    open_store(f"sqlite:{tmp_path}/none.sqlite")
    with pytest.raises(NotFoundError, match=r"none.sqlite"):
        open_store(f"sqlite:{tmp_path}/none.sqlite", must_exist=True)
