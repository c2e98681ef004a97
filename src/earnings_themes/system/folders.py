"""A folder of files on a disk or in S3: list it, read whole files or parts, write, compare and swap.

Large files shared by many jobs are read by ranged requests. No module but s3.py, which is opened from here, reads S3.
"""

import fcntl
import hashlib
import os
import shutil
import threading
import urllib.parse
from abc import ABC, abstractmethod
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from earnings_themes.errors import ConfigError, require
from earnings_themes.system.files import flush_to_disk, replaced

if TYPE_CHECKING:
    from earnings_themes.system.s3 import S3Folder

# Requests under way at once when many small files are read; S3 gives 5,500 a second and prefix
# (Amazon S3 User Guide, "Best practices design patterns"), so the machine is the limit.
PARALLEL_REQUESTS: Final = 16


@dataclass(frozen=True, slots=True)
class FileInfo:
    """A file's size in bytes, a version that changes with its content, and when it was changed (seconds since 1970)."""

    size: int
    version: str
    modified: float = 0.0


class Folder(ABC):
    """A folder; `str()` is its path or address, for messages."""

    @abstractmethod
    def child(self, name: str) -> "Folder":
        """Return the folder of that name below this one; it need not exist."""

    @abstractmethod
    def list(self) -> dict[str, FileInfo]:
        """Return the files directly in this folder by name, sorted; empty if the folder does not exist."""

    @abstractmethod
    def read(self, name: str) -> bytes:
        """Return a file's bytes. Raises FileNotFoundError, OSError, and CloudError when AWS refuses."""

    @abstractmethod
    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading parts of it. Raises as read does, here or at a later read."""

    @abstractmethod
    def write(self, name: str, data: bytes) -> None:
        """Write a whole file; readers see all of it or none. Raises OSError, and CloudError when AWS refuses."""

    @abstractmethod
    def read_marked(self, name: str) -> tuple[bytes, str]:
        """Return a file's bytes and a mark that changes with them. Raises as read does."""

    @abstractmethod
    def swap(self, name: str, data: bytes, mark: str | None) -> bool:
        """Write the file only if its mark is still `mark`; with None, only if there is no such file.

        Return whether it was written: of several concurrent calls one succeeds. Raises as write does.
        """

    @abstractmethod
    def copy(self, name: str, to: Path) -> None:
        """Copy a file to a path on this disk. Raises as read does."""

    def fetch(self, names: Iterable[str], to: Path) -> None:
        """Copy files into a folder on this disk, several at once. Raises as read does."""
        to.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(PARALLEL_REQUESTS, "fetch") as pool:
            list(pool.map(lambda name: self.copy(name, to / name), names))


class LocalFolder(Folder):
    """A folder on a disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __str__(self) -> str:
        return str(self.path)

    def child(self, name: str) -> "LocalFolder":
        return LocalFolder(self.path / name)

    def list(self) -> dict[str, FileInfo]:
        """Return the files; a file's version is its modification time."""
        if not self.path.is_dir():
            return {}
        files = sorted(path for path in self.path.iterdir() if path.is_file())
        stats = ((path.name, path.stat()) for path in files)
        return {name: FileInfo(stat.st_size, str(stat.st_mtime_ns), stat.st_mtime) for name, stat in stats}

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()

    def open(self, name: str) -> IO[bytes]:
        return (self.path / name).open("rb")

    def copy(self, name: str, to: Path) -> None:
        shutil.copyfile(self.path / name, to)

    def write(self, name: str, data: bytes) -> None:
        with replaced(self.path / name) as part:
            part.write_bytes(data)

    def read_marked(self, name: str) -> tuple[bytes, str]:
        data = self.read(name)
        return data, hashlib.sha256(data).hexdigest()

    def swap(self, name: str, data: bytes, mark: str | None) -> bool:
        """A new file is linked, which fails if one exists; otherwise compare under a lock that the process holds."""
        self.path.mkdir(parents=True, exist_ok=True)
        if mark is None:
            part = self.path / f".{name}.{os.getpid()}.{threading.get_ident()}.part"
            try:
                part.write_bytes(data)
                flush_to_disk(part)
                os.link(part, self.path / name)
            except FileExistsError:
                return False
            finally:
                part.unlink(missing_ok=True)
            return True
        with (self.path / f".{name}.lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (self.path / name).exists() or self.read_marked(name)[1] != mark:
                return False
            self.write(name, data)
        return True


def folder_at(where: str | Path) -> Folder:
    """Return the folder at s3://bucket/prefix or a path."""
    return s3_folder(str(where)) if str(where).startswith("s3://") else LocalFolder(Path(where))


def locate(where: str | Path) -> tuple[Folder, str]:
    """Return the folder of a file, and its name, from its address. Raises ConfigError for one in S3 without a key."""
    folder, slash, name = str(where).rpartition("/")
    if str(where).startswith("s3://") and (folder in ("s3:", "s3:/") or not name):
        raise ConfigError(f"{str(where)!r} names no file in S3; expected s3://bucket/key.")
    return folder_at(folder or slash or "."), name


def s3_folder(uri: str) -> "S3Folder":
    """Return the folder at s3://bucket/prefix. Raises ConfigError for another kind of address, or without boto3."""
    parts = urllib.parse.urlsplit(uri)
    if parts.scheme != "s3" or not parts.netloc:
        raise ConfigError(f"{uri!r} is no address in S3; expected s3://bucket/prefix.")
    # Not parts.path: a '#' or '?' in a key is a character like any other.
    return _in_s3(parts.netloc, uri.removeprefix(f"s3://{parts.netloc}"))


def open_folder(bucket_or_path: str, prefix: str) -> Folder:
    """Return `prefix` below the local folder of that name if it exists, else below the bucket.

    A name with a '/' is always local: bucket names have none.
    """
    path = Path(bucket_or_path)
    if "/" in bucket_or_path or path.is_dir():
        return LocalFolder(path / prefix)
    return _in_s3(bucket_or_path, prefix)


def _in_s3(bucket: str, prefix: str) -> "S3Folder":
    require("boto3", f"s3://{bucket}/{prefix.strip('/')}", "make cloud")
    from earnings_themes.system.s3 import S3Folder

    return S3Folder(bucket, prefix)
