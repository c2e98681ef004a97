"""Avoids most of the requests that Snakemake's S3 plugin (0.3.6) sends to S3, one after another.

`spare` changes the plugin's storage objects for the files of one run. The run's folder is listed once, where the plugin
asks for each file. Later one request gives existence, time and size, where the plugin sends three. A scheduler, whose
files others write, asks for a page of up to a thousand keys in place of one key, and believes the page for two seconds and
until the next job ends (`ask_anew_after_jobs`). A worker believes its first list and what it wrote since. Whether the
bucket exists is asked once. Removing a file looks at no other; the plugin lists the bucket, and deletes it with its last
file.
"""

import bisect
import posixpath
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from botocore.exceptions import ClientError

# How long a scheduler believes a page: it looks at a job's files in one go, before it submits the job and when that has
# ended. What a worker looks at, no other job changes.
_SECONDS_OF_A_SCHEDULER: Final = 2.0


@dataclass(slots=True)
class _Pages:
    """A run's keys as pages of at most `size`, S3's largest, each listed anew when it is too old.

    starts: the key after which each page begins, sorted. pages: by that key, when it was listed (monotonic seconds), and
    time and size of each of its files. ended: when the last job did. clock: S3's time less the monotonic one.
    """

    size: int = 1000
    starts: list[str] = field(default_factory=lambda: [""])
    pages: dict[str, tuple[float, dict[str, tuple[float, int]]]] = field(default_factory=dict)
    ended: float = float("-inf")
    clock: float = 0.0

    def find(self, client: Any, bucket: str, root: str, key: str) -> tuple[float, int] | None:
        """Return a file's time and size, or None. What was missing before the last job ended may be there now."""
        listed, files = self.pages.get(self._start(key), (float("-inf"), {}))
        believed = time.monotonic() < listed + _SECONDS_OF_A_SCHEDULER
        if believed and (key in files or listed > self.ended):
            return files.get(key)
        while True:
            start = self._start(key)
            after = {"StartAfter": start} if start else {}
            asked = time.monotonic()
            answer = client.list_objects_v2(Bucket=bucket, Prefix=root, MaxKeys=self.size, **after)
            files = {
                item["Key"]: (_seconds(item["LastModified"]), item["Size"])
                for item in answer.get("Contents", ())
            }
            self.pages[start] = (asked, files)
            now = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
            self.clock = now.timestamp() - time.monotonic()
            last = max(files, default=key)
            if not answer["IsTruncated"] or key <= last:
                return files.get(key)
            bisect.insort(self.starts, last)

    def forget(self, key: str) -> None:
        """Ask for this file anew next time."""
        self.pages.pop(self._start(key), None)

    def wrote(self, key: str, size: int) -> None:
        """Know this file, which this process has just written, as long as its page is believed."""
        _, files = self.pages.get(self._start(key), (0.0, {}))
        files[key] = (float(int(self.clock + time.monotonic())), size)

    def _start(self, key: str) -> str:
        return self.starts[bisect.bisect_left(self.starts, key) - 1]


def _seconds(when: datetime) -> float:
    """Return the whole seconds since 1970: a HEAD tells no more, and a file must not be older by one way of asking."""
    return float(int(when.timestamp()))


def spare(kind: Any, folder: str, is_scheduler: bool) -> None:
    """Let objects of the plugin's class `kind` that lie below `folder`, s3://bucket/prefix, ask for less.

    is_scheduler: this process schedules, and other processes write the files. A second call only changes the folder.
    """
    bucket, _, root = folder.removeprefix("s3://").partition("/")
    kind._spared = (bucket, f"{root.strip('/')}/")
    kind._pages = _Pages() if is_scheduler else None
    if hasattr(kind, "_plugins_own"):
        return
    kind._plugins_own = {}
    kind._heads = {}
    kind._buckets = set()
    kind._listed = set()
    for name, function in _FOR_THE_RUN.items():
        kind._plugins_own[name] = getattr(kind, name)
        setattr(kind, name, _for_the_run(name, function))
    kind._plugins_own["bucket_exists"] = kind.bucket_exists
    kind.bucket_exists = _bucket_exists


def ask_anew_after_jobs(kind: Any, executor: Any) -> None:
    """Let a scheduler's storage class `kind` believe no file missing that the executor's jobs may have written since."""
    if kind._pages is None or hasattr(executor, "_told"):
        return
    executor._told = executor.report_job_success

    def report_job_success(self: Any, job: Any) -> None:
        kind._pages.ended = time.monotonic()
        self._told(job)

    executor.report_job_success = report_job_success


def _for_the_run(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that does this for the run's files, and what the plugin does for all others."""

    def method(self: Any, *given: Any) -> Any:
        bucket, root = self._spared
        if self.bucket == bucket and self.key.startswith(root):
            return function(self, *given)
        return self._plugins_own[name](self, *given)

    return method


def _inventory_parent(self: Any) -> Any:
    """Return what stands for the list in which this file would be."""
    return self.cache_key(posixpath.join(*self._spared))


async def _inventory(self: Any, cache: Any) -> None:
    """List the run's folder, once."""
    parent = _inventory_parent(self)
    if parent in cache.exists_in_storage.has_inventory:
        return
    # Only Snakemake's own process comes here, and has it.
    from snakemake_interface_storage_plugins.io import Mtime

    for item in self.s3bucket().objects.filter(Prefix=self._spared[1]):
        key = self.cache_key(self._local_suffix_from_key(item.key))
        cache.mtime[key] = Mtime(storage=_seconds(item.last_modified))
        cache.size[key] = item.size
        cache.exists_in_storage[key] = True
        self._heads[item.key] = (_seconds(item.last_modified), item.size)
    cache.exists_in_storage.has_inventory.add(parent)
    self._listed.add(self._spared)


def _there(self: Any) -> tuple[float, int]:
    found = _head(self)
    if found is None:
        raise FileNotFoundError(self.query)
    return found


def _head(self: Any) -> tuple[float, int] | None:
    """Return time and size of a file; None, which is not remembered, if it does not exist."""
    client = self.provider.s3c.meta.client
    if self._pages is not None:
        found: tuple[float, int] | None = self._pages.find(client, *self._spared, self.key)
        return found
    if self.key not in self._heads:
        if self._spared in self._listed:
            return None  # nobody but this process writes what it looks at, and that is in _heads
        try:
            told = client.head_object(Bucket=self.bucket, Key=self.key)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NotFound"):
                return None
            raise
        self._heads[self.key] = (_seconds(told["LastModified"]), int(told["ContentLength"]))
    answer: tuple[float, int] = self._heads[self.key]
    return answer


def _bucket_exists(self: Any) -> bool:
    """Return whether the bucket exists, asking until it does."""
    if self.bucket not in self._buckets and self._plugins_own["bucket_exists"](self):
        self._buckets.add(self.bucket)
    return self.bucket in self._buckets


def _store_object(self: Any) -> None:
    """Write the file."""
    self._plugins_own["store_object"](self)
    written = self.local_path().stat().st_size
    if self._pages is None:
        # No other process writes it, so its time is asked for by nobody but this one.
        self._heads[self.key] = (_seconds(datetime.now(UTC)), written)
    else:
        self._pages.wrote(self.key, written)


def _remove(self: Any) -> None:
    """Remove the file, and nothing else."""
    self.s3obj().delete()
    self._heads.pop(self.key, None)
    if self._pages is not None:
        self._pages.forget(self.key)


_FOR_THE_RUN: Final[dict[str, Callable[..., Any]]] = {
    "get_inventory_parent": _inventory_parent,
    "inventory": _inventory,
    "exists": lambda self: _head(self) is not None,
    "mtime": lambda self: _there(self)[0],
    "size": lambda self: _there(self)[1],
    "is_dir": lambda self: False,  # none of a run is a folder
    "store_object": _store_object,
    "remove": _remove,
}
