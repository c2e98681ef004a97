"""The reader: from a disk and from S3 the same firms in the same order, and every fault by name and reason."""

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from earnings_themes.abstractions import FirmTopics
from earnings_themes.errors import CoverageError
from earnings_themes.results import topics_reader as reader_module
from earnings_themes.results.firms import encode_firm
from earnings_themes.results.topics_reader import TopicsReader
from earnings_themes.system.folders import FileInfo, Folder, LocalFolder
from earnings_themes.system.s3 import S3Folder
from tests.published import ODD_FIRM_IDS
from tests.small_run import RUN, make_run, write_firm

Place = Callable[[Path], Folder]


@pytest.fixture(params=["disk", "s3"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Return a function that gives a local folder's files back as a folder on a disk, or on S3."""
    if request.param == "disk":
        yield LocalFolder
        return
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="bucket")

        def put(folder: Path) -> Folder:
            for path in sorted(folder.iterdir()):
                client.put_object(Bucket="bucket", Key=f"a run/{path.name}", Body=path.read_bytes())
            return S3Folder("bucket", "a run/", client)

        yield put


def reasons(reader: TopicsReader) -> dict[str, str]:
    return {firm.firm_id: firm.reason for firm in reader.unreadable}


def test_firms_of_any_id_come_in_the_order_of_the_list(tmp_path: Path, place: Place) -> None:
    make_run(tmp_path, ODD_FIRM_IDS)
    reader = TopicsReader(place(tmp_path / "topics"), ODD_FIRM_IDS[::-1], RUN)
    assert [firm.firm_id for firm in reader] == list(ODD_FIRM_IDS[::-1])
    assert [firm.firm_id for firm in reader] == list(ODD_FIRM_IDS[::-1]), "and once more"
    assert (reader.unreadable, reader.ignored) == ([], [])


def id_of(firm: FirmTopics) -> str:
    return firm.firm_id


@pytest.mark.parametrize("workers", [1, 2])
def test_what_cannot_be_used_is_skipped_by_name_and_reason(
    tmp_path: Path, place: Place, workers: int
) -> None:
    names = ["whole", "gone", "empty", "cut", "old", "other", "foreign run", "NaN", "long", "ragged", "words"]
    make_run(tmp_path, names)
    topics = tmp_path / "topics"

    def change(firm: str, **changes: Any) -> None:
        path = topics / f"{encode_firm(firm)}.json"
        path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes))

    (topics / "gone.json").unlink()
    (topics / "empty.json").write_bytes(b"")
    (topics / "cut.json").write_bytes((topics / "cut.json").read_bytes()[:-30])
    (topics / "other.json").write_bytes((topics / "whole.json").read_bytes())
    change("old", schema_version=7)
    change("foreign run", run="2022_Q4")
    change("NaN", centroids=[[1.0, 0.0], [float("nan"), 1.0]])
    change("long", centroids=[[1.0, 0.0], [3.0, 4.0]])
    change("ragged", centroids=[[1.0, 0.0], [1.0]])
    change("words", centroids=[[1.0, 0.0], ["1.0", 0.0]])
    reader = TopicsReader(place(topics), names, RUN)
    assert list(reader.map(id_of, workers)) == ["whole"]
    said = reasons(reader)
    for firm, reason in {
        "gone": "topics/gone.json: missing.",
        "empty": "topics/empty.json: empty.",
        "cut": "topics/cut.json: not complete JSON",
        "old": "topics/old.json: schema_version is 7, this program reads 2",
        "other": "topics/other.json: holds firm 'whole', expected 'other'",
        "foreign run": f"topics/foreign%20run.json: is of run '2022_Q4', expected '{RUN}'",
        "NaN": "topics/NaN.json: not complete JSON",
        "long": "topics/long.json: the centroids are not of length 1",
        "ragged": "topics/ragged.json: the centroids are not all of one length",
        "words": "topics/words.json: centroids[1][0]: expected float, got str",
    }.items():
        assert said[firm].startswith(reason), firm


def test_second_files_and_strangers_are_ignored_by_name(
    tmp_path: Path, place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    make_run(tmp_path, ["a/b"])
    topics = tmp_path / "topics"
    (topics / "a%2fb.json").write_bytes((topics / "a%2Fb.json").read_bytes())
    write_firm(tmp_path, "stranger", (0,))
    reader = TopicsReader(place(topics), ["a/b", "a/b"], RUN)
    assert [firm.firm_id for firm in reader] == ["a/b"]
    assert reader.ignored == ["a%2fb.json", "stranger.json"]
    assert "a%2fb.json is ignored: a second file of firm 'a/b'" in caplog.text
    assert "stranger.json is ignored: of no firm in firms.tsv" in caplog.text
    assert reasons(reader) == {"a/b": "firms.tsv lists it twice; it was read once."}


def test_coverage_counts_what_is_missing(tmp_path: Path, place: Place) -> None:
    make_run(tmp_path, ["a", "b", "c"])
    (tmp_path / "topics/b.json").unlink()
    reader = TopicsReader(place(tmp_path / "topics"), ["a", "b", "c"], RUN)
    reader.look()
    reader.check_coverage(0.6)
    with pytest.raises(
        CoverageError, match=r"2 of 3 firms can be read \(66\.7%\)(?s:.*)b: topics/b\.json: missing"
    ):
        reader.check_coverage(0.7)


def test_a_missing_firm_is_named_with_what_its_job_ended_with(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "b.log").write_text(
        "10:00:00 INFO reading\n10:00:01 ERROR b: the embeddings are of another model.\n"
    )
    names = {"b": "Bexley Rill Water", "c": "Cordwain Health"}
    reader = TopicsReader(LocalFolder(tmp_path / "topics"), ["b", "c"], RUN, names, LocalFolder(logs))
    assert list(reader) == []
    assert [(firm.firm_name, firm.reason) for firm in reader.unreadable] == [
        (
            "Bexley Rill Water",
            "topics/b.json: missing; its job ended with: b: the embeddings are of another model.",
        ),
        ("Cordwain Health", "topics/c.json: missing."),
    ]
    with pytest.raises(
        CoverageError, match=r"b Bexley Rill Water: topics/b\.json: missing; its job ended with"
    ):
        reader.check_coverage(1.0)


def test_no_folder_and_no_firm_are_no_error(tmp_path: Path) -> None:
    reader = TopicsReader(LocalFolder(tmp_path / "nothing"), [], RUN)
    assert list(reader) == []
    reader.check_coverage(1.0)


def test_a_file_that_no_firm_could_fill_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "LARGEST_BYTES", 1000)
    make_run(tmp_path, ["a"])
    reader = TopicsReader(LocalFolder(tmp_path / "topics"), ["a"], RUN)
    assert list(reader) == []
    assert "no firm's topics have over 1000" in reasons(reader)["a"]


class Counting(LocalFolder):
    """A folder that counts the files that were fetched, and lets the first answer come last."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.n_read = 0
        self.numbers = itertools.count()
        self.others_came = threading.Event()

    def read(self, name: str) -> bytes:
        number = next(self.numbers)
        if number == 0:
            assert self.others_came.wait(30)
        if number == 5:
            self.others_came.set()
        self.n_read += 1
        return super().read(name)


def test_fetching_is_ahead_by_a_few_files_only_and_order_is_no_matter_of_speed(tmp_path: Path) -> None:
    firms = [f"{number:03d}" for number in range(100)]
    make_run(tmp_path, firms, subjects=(0,))
    folder = Counting(tmp_path / "topics")
    reading = iter(TopicsReader(folder, firms, RUN))
    first = list(itertools.islice(reading, 10))
    assert [firm.firm_id for firm in first] == firms[:10]
    assert folder.n_read <= 10 + reader_module._AHEAD
    reading.close()  # type: ignore[attr-defined]
    assert threading.active_count() < 10, "whoever stops early leaves no thread behind"


class Broken(LocalFolder):
    """A disk that fails, and a listing that was true a moment ago."""

    def list(self) -> dict[str, FileInfo]:
        return super().list() | {"gone.json": FileInfo(9, "1")}

    def read(self, name: str) -> bytes:
        if name == "bad.json":
            raise PermissionError(13, "Permission denied")
        return super().read(name)


def test_a_file_that_goes_away_or_cannot_be_read_is_that_firms_fault(tmp_path: Path) -> None:
    make_run(tmp_path, ["good", "bad"])
    reader = TopicsReader(Broken(tmp_path / "topics"), ["good", "bad", "gone"], RUN)
    assert [firm.firm_id for firm in reader] == ["good"]
    said = reasons(reader)
    assert "cannot be read" in said["bad"]
    assert said["gone"] == "topics/gone.json: missing."
