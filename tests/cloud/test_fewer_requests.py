"""What the S3 plugin is spared from asking: counted on the plugin as it is released, against the offline S3."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from snakemake.io import IOCache
from snakemake_interface_common.logging import get_logger
from snakemake_storage_plugin_s3 import StorageObject, StorageProvider, StorageProviderSettings

from earnings_themes.cloud import fewer_requests
from tests.cloud.cloud_run import kind_of
from tests.cloud.conftest import BUCKET
from tests.offline_aws import OfflineAWS

RUN = f"s3://{BUCKET}/p/results/r"


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> Iterator[type]:
    """A class of its own, so that the plugin's stays as it is."""
    yield type("Spared", (StorageObject,), {})


def files(plugin: type, folder: Path, *names: str) -> list[Any]:
    """Return objects of the plugin at these addresses."""
    settings = StorageProviderSettings(region="us-east-1")
    provider = StorageProvider(
        logger=get_logger(), local_prefix=folder, settings=settings, keep_local=False, is_default=True
    )
    return [plugin(f"{RUN}/{name}", False, True, provider) for name in names]


def put(aws: OfflineAWS, *names: str) -> None:
    for name in names:
        aws.client("s3").put_object(Bucket=BUCKET, Key=f"p/results/r/{name}", Body=b"12345")
    aws.requests.clear()


def asked(aws: OfflineAWS) -> Counter[str]:
    return Counter(kind_of(request) for _, request in aws.requests)


def test_a_run_is_listed_once_and_what_is_not_listed_is_not_there(
    aws: OfflineAWS, plugin: type, tmp_path: Path
) -> None:
    put(aws, "firms.tsv", "topics/1.json", "topics/2.json")
    fewer_requests.spare(plugin, RUN, is_scheduler=True)
    cache = IOCache(10)
    some = files(plugin, tmp_path, "topics/1.json", "topics/2.json", "topics/3.json", "themes.json")
    for file in some:
        asyncio.run(file.inventory(cache))
    assert asked(aws) == {"S3 LIST": 1}
    assert [cache.exists_in_storage[file.cache_key()] for file in some] == [True, True, False, False]
    assert all(file.get_inventory_parent() in cache.exists_in_storage.has_inventory for file in some)
    assert cache.size[some[0].cache_key()] == 5
    assert cache.mtime[some[0].cache_key()].storage() > 0


def test_one_request_tells_whether_a_file_is_there_its_time_and_its_size(
    aws: OfflineAWS, plugin: type, tmp_path: Path
) -> None:
    put(aws, "a.json")
    fewer_requests.spare(plugin, RUN, is_scheduler=True)
    (file,) = files(plugin, tmp_path, "a.json")
    assert file.exists() and file.mtime() > 0 and file.size() == 5 and not file.is_dir()
    assert asked(aws) == {"S3 LIST": 1}
    (absent,) = files(plugin, tmp_path, "b.json")
    assert not absent.exists() and not absent.exists()
    assert asked(aws) == {"S3 LIST": 1}


def test_a_file_that_a_job_wrote_is_seen_as_soon_as_the_job_has_ended(
    aws: OfflineAWS, plugin: type, tmp_path: Path
) -> None:
    class Executor:
        told: ClassVar[list[str]] = []

        def report_job_success(self, job: str) -> None:
            self.told.append(job)

    put(aws, "firms.tsv")
    fewer_requests.spare(plugin, RUN, is_scheduler=True)
    for _ in range(2):
        fewer_requests.ask_anew_after_jobs(plugin, Executor)
    (file,) = files(plugin, tmp_path, "topics/1.json")
    assert not file.exists(), "before the job is submitted"
    put(aws, "topics/1.json")
    Executor().report_job_success("topics")
    assert file.exists() and Executor.told == ["topics"]


def test_a_scheduler_asks_once_for_the_files_of_a_job_however_many_a_run_has(
    aws: OfflineAWS, plugin: type, tmp_path: Path
) -> None:
    """A request lists a thousand keys at most, here ten: what was learned of where the pages begin is not asked for again."""
    names = [f"topics/{number:04d}.json" for number in range(25)]
    put(aws, *names[:-1])
    fewer_requests.spare(plugin, RUN, is_scheduler=True)
    plugin._pages.size = 10  # type: ignore[attr-defined]
    some = files(plugin, tmp_path, *names[20:24])
    assert all(file.exists() and file.size() == 5 for file in some)
    assert asked(aws) == {"S3 LIST": 3}, "two pages before it, and its own"
    aws.requests.clear()
    plugin._pages.pages.clear()  # type: ignore[attr-defined]  # as if two seconds were over
    assert all(file.exists() for file in some)
    assert asked(aws) == {"S3 LIST": 1}
    (last,) = files(plugin, tmp_path, names[-1])
    assert not last.exists()
    assert asked(aws) == {"S3 LIST": 1}, "a page tells what is missing as well"


def test_a_scheduler_asks_nothing_of_what_it_has_just_written(
    aws: OfflineAWS, plugin: type, tmp_path: Path
) -> None:
    put(aws, "firms.tsv")
    fewer_requests.spare(plugin, RUN, is_scheduler=True)
    there, file = files(plugin, tmp_path, "firms.tsv", "a.json")
    assert there.exists() and not file.exists()
    file.local_path().parent.mkdir(parents=True)
    file.local_path().write_bytes(b"12345")
    file.store_object()
    assert file.size() == 5 and abs(file.mtime() - there.mtime()) < 60
    assert asked(aws) == {"S3 LIST": 1, "S3 HEAD bucket": 1, "S3 PUT": 1}


def test_a_worker_asks_nothing_of_what_it_has_written(aws: OfflineAWS, plugin: type, tmp_path: Path) -> None:
    put(aws)
    fewer_requests.spare(plugin, RUN, is_scheduler=False)
    (file,) = files(plugin, tmp_path, "a.json")
    file.local_path().parent.mkdir(parents=True)
    file.local_path().write_bytes(b"12345")
    file.store_object()
    assert file.exists() and file.size() == 5 and file.mtime() > 0
    assert asked(aws) == {"S3 HEAD bucket": 1, "S3 PUT": 1}


def test_a_worker_believes_the_list_with_which_it_began(
    aws: OfflineAWS, plugin: type, tmp_path: Path
) -> None:
    put(aws, "firms.tsv")
    fewer_requests.spare(plugin, RUN, is_scheduler=False)
    listed, made = files(plugin, tmp_path, "firms.tsv", "topics/1.json")
    asyncio.run(listed.inventory(IOCache(10)))
    assert listed.exists() and listed.size() == 5 and not made.exists()
    assert asked(aws) == {"S3 LIST": 1}
    made.local_path().parent.mkdir(parents=True)
    made.local_path().write_bytes(b"1")
    made.store_object()
    assert made.exists() and made.size() == 1


def test_a_file_that_was_written_or_removed_is_asked_for_again(
    aws: OfflineAWS, plugin: type, tmp_path: Path
) -> None:
    put(aws, "a.json")
    fewer_requests.spare(plugin, RUN, is_scheduler=False)
    (file,) = files(plugin, tmp_path, "a.json")
    assert file.size() == 5
    file.local_path().parent.mkdir(parents=True)
    file.local_path().write_bytes(b"1234567")
    file.store_object()
    assert file.size() == 7
    file.remove()
    assert not file.exists()
    aws.client("s3").head_bucket(Bucket=BUCKET)
    assert "S3 LIST" not in asked(aws), "removing looks at no other file, and so at no bucket"


def test_a_source_that_is_a_folder_is_left_to_the_plugin(
    aws: OfflineAWS, plugin: type, tmp_path: Path
) -> None:
    aws.client("s3").put_object(Bucket=BUCKET, Key="input/q/calls.csv", Body=b"")
    fewer_requests.spare(plugin, RUN, is_scheduler=True)
    (some,) = files(plugin, tmp_path, "a.json")
    source = plugin(f"s3://{BUCKET}/input/q", False, True, some.provider)
    assert source.exists() and source.is_dir()
