"""Avoids most of the requests that Snakemake's S3 plugin (0.3.6) sends to S3, one after another.

`spare` changes the plugin's storage objects for the files of one run, in ways that the plugin itself could
adopt:

- The run's folder is listed once, and a file not in the list is known to be missing. The plugin asks for each
     file. - One request gives existence, time and size. The plugin sends one for each, and a LIST to see
    whether the file is a folder. - A scheduler, whose files others write, sends a LIST of up to a thousand
    keys instead of a HEAD, so one answer covers all topics
  of a job of twenty firms. A worker relies on the list from its start and on what it wrote since.
- The bucket is asked for once. The plugin asks before every file that it writes or lacks. - Removing a file
    looks at no other. The plugin lists the bucket, and deletes it with its last file.
"""

import bisect
import posixpath
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import ClientError

# How long a scheduler believes an answer: it looks at a job's files in one go when the job has ended. What a worker looks
# at, no other job changes.
_SECONDS_OF_A_SCHEDULER: Final = 2.0


@dataclass(slots=True)
class _Pages:
    """A run's keys as pages of at most `size`, S3's largest, each listed anew when it is too old.

    starts: the key after which each page begins, sorted. pages: by that key, when it was listed (monotonic seconds), and
    time and size of each of its files.
    """

    size: int = 1000
    starts: list[str] = field(default_factory=lambda: [""])
    pages: dict[str, tuple[float, dict[str, tuple[float, int]]]] = field(default_factory=dict)

    def find(self, client: Any, bucket: str, root: str, key: str) -> tuple[float, int] | None:
        """Return a file's time and size, or None; a missing file is always asked for anew, because it may
        have been written.
        """
        listed, files = self.pages.get(self._start(key), (float("-inf"), {}))
        if key in files and time.monotonic() < listed + _SECONDS_OF_A_SCHEDULER:
            return files[key]
        while True:
            start = self._start(key)
            after = {"StartAfter": start} if start else {}
            answer = client.list_objects_v2(Bucket=bucket, Prefix=root, MaxKeys=self.size, **after)
            files = {
                item["Key"]: (_seconds(item["LastModified"]), item["Size"])
                for item in answer.get("Contents", ())
            }
            self.pages[start] = (time.monotonic(), files)
            last = max(files, default=key)
            if not answer["IsTruncated"] or key <= last:
                return files.get(key)
            bisect.insort(self.starts, last)

    def forget(self, key: str) -> None:
        """Ask for this file anew next time."""
        self.pages.pop(self._start(key), None)

    def _start(self, key: str) -> str:
        return self.starts[bisect.bisect_left(self.starts, key) - 1]


def _seconds(when: datetime) -> float:
    """Return the whole seconds since 1970: a HEAD tells no more, and a file must not be older by one way of asking."""
    return float(int(when.timestamp()))


def spare(kind: type, folder: str, is_scheduler: bool) -> None:
    """Let objects of the plugin's class `kind` that lie below `folder`, s3://bucket/prefix, ask for less.

    is_scheduler: whether this process schedules, and other processes write the files. A second call changes nothing but
    the folder.
    """
    bucket, _, root = folder.removeprefix("s3://").partition("/")
    kind._spared = (bucket, f"{root.strip('/')}/")  # type: ignore[attr-defined]
    kind._pages = _Pages() if is_scheduler else None  # type: ignore[attr-defined]
    if hasattr(kind, "_plugins_own"):
        return
    own = {name: getattr(kind, name) for name in _CHANGED}
    kind._plugins_own = own  # type: ignore[attr-defined]
    kind._heads = {}  # type: ignore[attr-defined]
    kind._buckets = set()  # type: ignore[attr-defined]
    kind._listed = set()  # type: ignore[attr-defined]
    for name, function in _CHANGED.items():
        setattr(kind, name, function)


def _is_ours(self: Any) -> bool:
    bucket, root = self._spared
    return bool(self.bucket == bucket and self.key.startswith(root))


def get_inventory_parent(self: Any) -> Any:
    """Return what stands for the list in which this file would be."""
    if not _is_ours(self):
        return self._plugins_own["get_inventory_parent"](self)
    return self.cache_key(posixpath.join(*self._spared))


async def inventory(self: Any, cache: Any) -> None:
    """List the run's folder, once."""
    if not _is_ours(self):
        await self._plugins_own["inventory"](self, cache)
        return
    parent = get_inventory_parent(self)
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


def exists(self: Any) -> Any:
    """Return whether the file exists."""
    return _head(self) is not None if _is_ours(self) else self._plugins_own["exists"](self)


def mtime(self: Any) -> Any:
    """Return when the file was written, in seconds since 1970."""
    return _there(self)[0] if _is_ours(self) else self._plugins_own["mtime"](self)


def size(self: Any) -> Any:
    """Return the file's bytes."""
    return _there(self)[1] if _is_ours(self) else self._plugins_own["size"](self)


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


def is_dir(self: Any) -> Any:
    """Return whether the file is a folder; of a run none is."""
    return False if _is_ours(self) else self._plugins_own["is_dir"](self)


def bucket_exists(self: Any) -> bool:
    """Return whether the bucket exists, asking until it does."""
    if self.bucket not in self._buckets and self._plugins_own["bucket_exists"](self):
        self._buckets.add(self.bucket)
    return self.bucket in self._buckets


def store_object(self: Any) -> None:
    """Write the file."""
    self._plugins_own["store_object"](self)
    _forget(self)
    if _is_ours(self) and self._pages is None:
        # No other process writes it, so its time is asked for by nobody but this one.
        self._heads[self.key] = (_seconds(datetime.now(UTC)), self.local_path().stat().st_size)


def remove(self: Any) -> None:
    """Remove the file, and nothing else."""
    if not _is_ours(self):
        self._plugins_own["remove"](self)
        return
    self.s3obj().delete()
    _forget(self)


def _forget(self: Any) -> None:
    self._heads.pop(self.key, None)
    if self._pages is not None:
        self._pages.forget(self.key)


_CHANGED: Final = {
    "get_inventory_parent": get_inventory_parent,
    "inventory": inventory,
    "exists": exists,
    "mtime": mtime,
    "size": size,
    "is_dir": is_dir,
    "bucket_exists": bucket_exists,
    "store_object": store_object,
    "remove": remove,
}
