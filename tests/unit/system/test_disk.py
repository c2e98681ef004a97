"""A disk that is full, or cannot be written: one message that says where and what to do, and nothing half-written."""

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from earnings_themes.errors import explained
from earnings_themes.results.artifacts import write_json
from earnings_themes.results.firms import FirmRow, write_firms
from earnings_themes.system.files import replaced
from earnings_themes.system.job import job
from tests.conftest import small_disk_at


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 200 KB."""
    folder = tmp_path / "small"
    folder.mkdir()
    with small_disk_at(folder, "200k"):
        yield folder


def write_a_large_json(path: Path) -> None:
    write_json(path / "themes.json", {"text": "x" * 300_000})


def write_many_firms(path: Path) -> None:
    write_firms(path / "firms.tsv", [FirmRow(str(n), "Firm " * 9, 1, 1, n, "0") for n in range(9000)])


def write_a_large_table(path: Path) -> None:
    with replaced(path / "0000.parquet") as part:
        pq.write_table(pa.table({"vector": [os.urandom(300_000)]}), part)


@pytest.mark.parametrize("write", [write_a_large_json, write_many_firms, write_a_large_table])
def test_a_full_disk_is_one_message_and_leaves_what_was_there(
    small_disk: Path, tmp_path: Path, write: Callable[[Path], None]
) -> None:
    (small_disk / "themes.json").write_text("the last whole one")
    with pytest.raises(SystemExit) as ended, job(tmp_path / "log"):
        write(small_disk)
    assert ended.value.code == 1
    said = (tmp_path / "log").read_text()
    assert "the disk is full. Make room" in said
    assert said.count("\n") == 1
    assert [path.name for path in small_disk.iterdir()] == ["themes.json"]
    assert (small_disk / "themes.json").read_text() == "the last whole one"


def test_a_log_on_a_full_disk_hides_no_message(small_disk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = small_disk / "logs" / "log"
    with pytest.raises(SystemExit), job(log):
        with (small_disk / "filler").open("wb") as file, pytest.raises(OSError):
            file.write(b"x" * 300_000)
        write_a_large_json(small_disk)
    said = capsys.readouterr().err
    assert "the disk is full. Make room" in said
    assert "Traceback" not in said


def test_a_full_sqlite_database_is_explained(small_disk: Path) -> None:
    connection = sqlite3.connect(small_disk / "store.sqlite")
    connection.execute("CREATE TABLE text (text TEXT)")
    with pytest.raises(sqlite3.OperationalError) as error:
        connection.execute("INSERT INTO text VALUES (?)", ("x" * 300_000,))
        connection.commit()
    connection.close()
    assert "the disk is full" in str(explained(error.value))


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EACCES, "may not be written"),
        (errno.EROFS, "read-only"),
        (errno.EDQUOT, "quota"),
        (errno.EIO, "the disk failed"),
        (errno.EMFILE, "too many files are open"),
    ],
)
def test_an_error_of_the_system_says_where_and_what_to_do(number: int, said: str) -> None:
    try:
        try:
            raise OSError(number, "x", "results/tiny/themes.json")
        except OSError as error:
            raise RuntimeError("wrapped by a library") from error
    except RuntimeError as error:
        text = str(explained(error))
    assert text.startswith("results/tiny/themes.json: ")
    assert said in text


def test_a_bug_is_not_explained_away() -> None:
    assert explained(ZeroDivisionError()) is None
    assert explained(FileNotFoundError(errno.ENOENT, "x", "y")) is None
