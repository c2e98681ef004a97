"""Folders: a disk and S3 behave the same, an answer that breaks off is asked for again, refusals are named."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import NoCredentialsError, ReadTimeoutError
from botocore.response import StreamingBody
from moto import mock_aws

from earnings_themes.errors import CloudError, ConfigError
from earnings_themes.system.folders import Folder, LocalFolder, open_folder, s3_folder
from earnings_themes.system.s3 import S3Folder


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="bucket")
        yield client


@pytest.fixture(params=["disk", "s3", "bucket's root"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, client: Any) -> Folder:
    if request.param == "disk":
        return LocalFolder(tmp_path / "new")
    return S3Folder("bucket", "" if request.param == "bucket's root" else "some/prefix", client)


def test_a_folder_gives_back_what_was_written(folder: Folder) -> None:
    assert folder.list() == {}
    for name in ("b", "a%2Fb", "é #?"):
        folder.write(name, name.encode())
    folder.child("below").write("c", b"cc")
    assert list(folder.list()) == sorted(["b", "a%2Fb", "é #?"])
    assert folder.read("é #?") == "é #?".encode()
    assert folder.child("below").list()["c"].size == 2
    with pytest.raises(FileNotFoundError):
        folder.read("nothing")


def test_a_changed_file_has_another_version(folder: Folder) -> None:
    folder.write("a", b"1")
    before = folder.list()["a"]
    folder.write("a", b"2")
    assert folder.list()["a"] != before


def test_more_objects_than_a_page_are_listed(client: Any) -> None:
    folder = S3Folder("bucket", "many", client)
    client.put_object(Bucket="bucket", Key="many/", Body=b"")  # as the console makes a folder
    for number in range(1001):
        client.put_object(Bucket="bucket", Key=f"many/{number}", Body=b"")
    assert len(folder.list()) == 1001


class Breaks(io.BytesIO):
    """A body that ends before its time."""

    def read(self, *_: Any) -> bytes:
        raise ReadTimeoutError(endpoint_url="https://s3")


def test_an_answer_that_breaks_off_is_asked_for_again(client: Any) -> None:
    folder = S3Folder("bucket", "p", client)
    folder.write("a", b"whole")
    broken = [2]

    def breaks(parsed: dict[str, Any], **_: Any) -> None:
        if broken[0]:
            broken[0] -= 1
            parsed["Body"] = StreamingBody(Breaks(), 5)  # type: ignore[arg-type]

    client.meta.events.register("after-call.s3.GetObject", breaks)
    assert folder.read("a") == b"whole"
    broken[0] = 3
    with pytest.raises(CloudError, match="Cannot read s3://bucket/p/a"):
        folder.read("a")


def test_a_bucket_that_is_not_there_is_named(client: Any) -> None:
    with pytest.raises(CloudError, match="Cannot list s3://nobody/p: NoSuchBucket"):
        S3Folder("nobody", "p", client).list()


def test_missing_credentials_are_named(client: Any) -> None:
    def refuse(**_: Any) -> None:
        raise NoCredentialsError

    client.meta.events.register("before-call.s3", refuse)
    with pytest.raises(CloudError, match="Unable to locate credentials"):
        S3Folder("bucket", "p", client).write("a", b"")


def test_a_name_is_a_folder_where_there_is_one(
    tmp_path: Path, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").mkdir()
    assert str(open_folder("results", "sample")) == "results/sample"
    assert str(open_folder("./new", "sample")) == "new/sample"
    assert str(open_folder("bucket", "results/sample/")) == "s3://bucket/results/sample"


def test_only_s3_addresses_are_taken(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert str(s3_folder("s3://bucket/a #1/b")) == "s3://bucket/a #1/b"
    for uri in ("https://bucket/a", "bucket/a", "s3:///a"):
        with pytest.raises(ConfigError, match="expected s3://bucket/prefix"):
            s3_folder(uri)


def test_of_two_that_change_one_file_the_second_is_refused_and_nothing_is_lost(folder: Folder) -> None:
    assert folder.swap("current", b"1", None)
    assert not folder.swap("current", b"2", None)
    _, mark = folder.read_marked("current")
    assert folder.swap("current", b"3", mark)
    assert not folder.swap("current", b"4", mark)
    assert folder.read_marked("current")[0] == folder.read("current") == b"3"
