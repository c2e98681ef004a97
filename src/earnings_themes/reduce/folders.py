"""A folder of files, on a disk or in S3, as the reduce needs it: list it, read a file, write a file."""

import os
import urllib.parse
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError, HTTPClientError, ResponseStreamingError

from earnings_themes.errors import ConfigError
from earnings_themes.reduce.aws import aws_errors, error_code, s3_client

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# boto3 sends a request again, but not the rest of an answer that broke off.
_READ_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class FileInfo:
    """A file's size in bytes, and a text that is another one whenever the file has changed."""

    size: int
    version: str


class Folder(ABC):
    """A folder; `str()` is its path or address, for messages."""

    @abstractmethod
    def child(self, name: str) -> "Folder":
        """Return the folder of that name below this one; it need not exist."""

    @abstractmethod
    def list(self) -> dict[str, FileInfo]:
        """Return the files directly in this folder by name, sorted; none where there is no such folder."""

    @abstractmethod
    def read(self, name: str) -> bytes:
        """Return a file's bytes. Raises FileNotFoundError, OSError, and CloudError when AWS refuses."""

    @abstractmethod
    def write(self, name: str, data: bytes) -> None:
        """Write a whole file. Raises OSError, and CloudError when AWS refuses."""


class LocalFolder(Folder):
    """A folder on a disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __str__(self) -> str:
        return str(self.path)

    def child(self, name: str) -> "LocalFolder":
        """Return the folder below."""
        return LocalFolder(self.path / name)

    def list(self) -> dict[str, FileInfo]:
        """Return the files; a file's version is its time of change."""
        if not self.path.is_dir():
            return {}
        files = sorted(path for path in self.path.iterdir() if path.is_file())
        stats = ((path.name, path.stat()) for path in files)
        return {name: FileInfo(stat.st_size, str(stat.st_mtime_ns)) for name, stat in stats}

    def read(self, name: str) -> bytes:
        """Return the bytes."""
        return (self.path / name).read_bytes()

    def write(self, name: str, data: bytes) -> None:
        """Write the bytes, making the folder; readers see a whole file or none."""
        self.path.mkdir(parents=True, exist_ok=True)
        part = self.path / f".{name}.{os.getpid()}.part"
        part.write_bytes(data)
        part.replace(self.path / name)


class S3Folder(Folder):
    """The objects of a bucket whose keys begin with a prefix. Reads from several threads at once."""

    def __init__(self, bucket: str, prefix: str, client: "S3Client | None" = None) -> None:
        self.bucket = bucket
        self.prefix = prefix.strip("/")
        self._client = client or s3_client()

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"

    def child(self, name: str) -> "S3Folder":
        """Return the folder below, read by the same client."""
        return S3Folder(self.bucket, f"{self.prefix}/{name}", self._client)

    def list(self) -> dict[str, FileInfo]:
        """Return the objects, 1,000 a request; an object's version is its ETag."""
        start = f"{self.prefix}/" if self.prefix else ""
        found = {}
        with aws_errors(f"list {self}", f"s3:ListBucket on {self.bucket}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=start, Delimiter="/"
            )
            for page in pages:
                for item in page.get("Contents", ()):
                    # The console leaves an empty object with the folder's own name.
                    if name := item["Key"].removeprefix(start):
                        found[name] = FileInfo(item["Size"], item["ETag"])
        return found

    def read(self, name: str) -> bytes:
        """Return an object's bytes, asking again where the answer breaks off."""
        with aws_errors(f"read {self}/{name}", f"s3:GetObject on {self}/*"):
            for attempt in range(_READ_ATTEMPTS):
                try:
                    answer = self._client.get_object(Bucket=self.bucket, Key=self._key(name))
                    return answer["Body"].read()
                except ClientError as error:
                    if error_code(error) in ("NoSuchKey", "404"):
                        raise FileNotFoundError(f"{self}/{name}") from error
                    raise
                except (HTTPClientError, ResponseStreamingError):
                    if attempt == _READ_ATTEMPTS - 1:
                        raise
            raise AssertionError("the last attempt returns or raises")

    def write(self, name: str, data: bytes) -> None:
        """Write an object; readers see it whole or not at all."""
        with aws_errors(f"write {self}/{name}", f"s3:PutObject on {self}/*"):
            self._client.put_object(Bucket=self.bucket, Key=self._key(name), Body=data)

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name


def s3_folder(uri: str) -> S3Folder:
    """Return the folder at s3://bucket/prefix. Raises ConfigError for another kind of address."""
    parts = urllib.parse.urlsplit(uri)
    if parts.scheme != "s3" or not parts.netloc:
        raise ConfigError(f"{uri!r} is no address in S3; expected s3://bucket/prefix.")
    # Not parts.path: a '#' or '?' in a key is a character like any other.
    return S3Folder(parts.netloc, uri.removeprefix(f"s3://{parts.netloc}"))


def open_folder(bucket_or_path: str, prefix: str) -> Folder:
    """Return `prefix` below a local folder, if there is one of that name, else below a bucket.

    A name with a '/' is always a local folder: bucket names have none.
    """
    path = Path(bucket_or_path)
    if "/" in bucket_or_path or path.is_dir():
        return LocalFolder(path / prefix)
    return S3Folder(bucket_or_path, prefix)
