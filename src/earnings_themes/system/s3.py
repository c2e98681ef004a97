"""A prefix of an S3 bucket as a folder; folders.py says what a folder can do, and opens this one by its address.

A module of its own, because boto3 is installed only where the cloud is used (`make cloud`).
"""

import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar

from botocore.exceptions import ClientError, HTTPClientError, ResponseStreamingError

from earnings_themes.errors import CloudError
from earnings_themes.system.aws import aws_errors, error_code, s3_client
from earnings_themes.system.folders import FileInfo, Folder

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

T = TypeVar("T")

# boto3 sends a request again, but not the rest of an answer that broke off.
_READ_ATTEMPTS: Final = 3
# What is read of a file's end before anything is known of it: a Parquet file's table of contents is there, 1.5 KB a row
# group of transcripts.parquet. Of 1,000 firms with 464 sentences it is 170 KB, which with this is one request and not two.
_TAIL_BYTES: Final = 256 * 2**10
# Another conditional write of the object was under way (409), or it was deleted meanwhile (404).
_NOT_AS_MARKED: Final = ("PreconditionFailed", "412", "ConditionalRequestConflict", "NoSuchKey")


class S3Folder(Folder):
    """The objects below a prefix of a bucket. Safe for several threads."""

    def __init__(self, bucket: str, prefix: str, client: "S3Client | None" = None) -> None:
        self.bucket = bucket
        self.prefix = prefix.strip("/")
        self._client = client or s3_client()

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"

    def child(self, name: str) -> "S3Folder":
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
                        found[name] = FileInfo(item["Size"], item["ETag"], item["LastModified"].timestamp())
        return found

    def read(self, name: str) -> bytes:
        """Return the bytes; retry when the response breaks off."""
        return self._ask(name, lambda answer: answer["Body"].read())

    def open(self, name: str) -> IO[bytes]:
        """Open an object: one request fetches its end, and with it its size."""
        return _Ranges(self, name)  # type: ignore[return-value]  # a raw file reads like a buffered one here

    def copy(self, name: str, to: Path) -> None:
        def keep(answer: "GetObjectOutputTypeDef") -> None:
            with to.open("wb") as file:
                shutil.copyfileobj(answer["Body"], file)

        self._ask(name, keep)

    def range(self, name: str, span: str, version: str = "") -> tuple[bytes, int, str]:
        """Return a part of an object, its total size, and its version.

        span: an HTTP range such as 0-99, or -100 for the end. version: the ETag it must still have; empty for
        any.
        """
        asked = {"Range": f"bytes={span}"} | ({"IfMatch": version} if version else {})
        try:
            return self._ask(
                name,
                lambda got: (got["Body"].read(), int(got["ContentRange"].rpartition("/")[2]), got["ETag"]),
                **asked,
            )
        except CloudError as error:
            # Of an empty object there is no part.
            if isinstance(error.__cause__, ClientError) and error_code(error.__cause__) == "InvalidRange":
                return b"", 0, ""
            raise

    def _ask(self, name: str, use: Callable[["GetObjectOutputTypeDef"], T], **asked: Any) -> T:
        with aws_errors(f"read {self}/{name}", f"s3:GetObject on {self}/*"):
            for attempt in range(_READ_ATTEMPTS):
                try:
                    return use(self._client.get_object(Bucket=self.bucket, Key=self._key(name), **asked))
                except ClientError as error:
                    if error_code(error) in ("NoSuchKey", "404"):
                        raise FileNotFoundError(f"{self}/{name}") from error
                    raise
                except (HTTPClientError, ResponseStreamingError):
                    if attempt == _READ_ATTEMPTS - 1:
                        raise
            raise AssertionError("the last attempt returns or raises")

    def write(self, name: str, data: bytes) -> None:
        with aws_errors(f"write {self}/{name}", f"s3:PutObject on {self}/*"):
            self._client.put_object(Bucket=self.bucket, Key=self._key(name), Body=data)

    def read_marked(self, name: str) -> tuple[bytes, str]:
        return self._ask(name, lambda answer: (answer["Body"].read(), answer["ETag"]))

    def swap(self, name: str, data: bytes, mark: str | None) -> bool:
        """Write the object by a conditional request (Amazon S3 User Guide, "Conditional writes")."""
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if mark is None else {"IfMatch": mark}
        with aws_errors(f"write {self}/{name}", f"s3:PutObject and s3:GetObject on {self}/*"):
            try:
                self._client.put_object(Bucket=self.bucket, Key=self._key(name), Body=data, **condition)
            except ClientError as error:
                if error_code(error) in _NOT_AS_MARKED:
                    return False
                raise
        return True

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name


class _Ranges(io.RawIOBase):
    """An S3 object as a file: each read requests just those bytes, always of the version first seen."""

    def __init__(self, folder: S3Folder, name: str) -> None:
        self._folder, self.name = folder, name
        self._tail, self._size, self._version = folder.range(name, f"-{_TAIL_BYTES}")
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = start + offset
        return self._place

    def read(self, size: int | None = -1, /) -> bytes:
        end = self._size if size is None or size < 0 else min(self._place + size, self._size)
        start, self._place = self._place, max(end, self._place)
        if start >= end:
            return b""
        in_tail = start - (self._size - len(self._tail))
        if in_tail >= 0:
            return self._tail[in_tail : in_tail + end - start]
        return self._folder.range(self.name, f"{start}-{end - 1}", self._version)[0]

    def readinto(self, buffer: Any, /) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
