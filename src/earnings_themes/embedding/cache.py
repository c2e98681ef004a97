"""Vectors of all firms and runs by the digest of their text, so that no sentence is encoded twice.

On a disk it is an SQLite file a model, in S3 a few large objects a model. Both may be used by any number of jobs at
once, and both forget what was not used for longest when they grow beyond their limit.
"""

import contextlib
import hashlib
import itertools
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Vectors = NDArray[np.float32]

_DIGEST_BYTES: Final = 16
# A day is how exactly "used last" is known: noting every use would make every reader a writer.
_DAY: Final = 86_400
# SQLite takes 32,766 variables a statement (sqlite.org/limits.html); older builds 999.
_VARIABLES: Final = 900


def text_digest(text: str) -> bytes:
    """Return the 16 bytes that a text is known by in the cache."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()


class VectorCache(Protocol):
    """What embed needs of a cache."""

    def get(self, digests: Iterable[bytes]) -> dict[bytes, Vectors]:
        """Return the vectors that are there."""
        ...

    def put(self, vectors: Mapping[bytes, Vectors]) -> None:
        """Add vectors, all or none; one that is there already stays as it is."""
        ...

    def close(self) -> None:
        """Forget what was not used for longest, down to the limit, and close."""
        ...


def open_cache(where: Path | str, model: str, max_mb: int | None = None) -> VectorCache:
    """Return the cache of a model's vectors in a folder, or at s3://bucket/prefix.

    model: what names the vectors, the digest of the weights first. max_mb: its limit, None for none.
    Raises CloudError when S3 cannot be used.
    """
    if str(where).startswith("s3://"):
        # Not at the top: a topics job reads vectors, and has no use for boto3.
        from earnings_themes.system.folders import s3_folder

        folder = s3_folder(str(where))
        return S3Cache(folder.bucket, f"{folder.prefix}/{model}".lstrip("/"), max_mb)
    return EmbeddingCache(Path(where), model, max_mb)


class EmbeddingCache:
    """Vectors by text digest, one SQLite file a model, shared by firms, runs and processes.

    SQLite is what makes it safe under concurrency: writers wait for each other, readers for nobody.
    """

    def __init__(self, folder: Path, model: str, max_mb: int | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        # The name holds enough of the weights' digest that no two models share a file.
        sha256, *backend = model.split("-", 1)
        name = "-".join([sha256[:16], *backend])
        self._max_bytes = None if max_mb is None else max_mb * 10**6
        self._today = int(time.time() // _DAY)
        self._connection = sqlite3.connect(folder / f"{name}.sqlite", timeout=60)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS vector (digest BLOB PRIMARY KEY, vector BLOB NOT NULL, "
            "used INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID"
        )
        if "used" not in {row[1] for row in self._connection.execute("PRAGMA table_info(vector)")}:
            # A file from before the cache had a limit; another job may be adding the column as well.
            with contextlib.suppress(sqlite3.OperationalError):
                self._connection.execute("ALTER TABLE vector ADD COLUMN used INTEGER NOT NULL DEFAULT 0")

    def get(self, digests: Iterable[bytes]) -> dict[bytes, Vectors]:
        """Return the vectors that are there, and note that they were used today."""
        found: dict[bytes, Vectors] = {}
        stale: list[tuple[int, bytes]] = []
        for some in _batches(digests, _VARIABLES):
            marks = ",".join("?" * len(some))
            rows = self._connection.execute(
                f"SELECT digest, vector, used FROM vector WHERE digest IN ({marks})",  # nosec B608  # question marks
                some,
            )
            for digest, vector, used in rows:
                found[digest] = np.frombuffer(vector, dtype=np.float32)
                if used < self._today:
                    stale.append((self._today, digest))
        if stale:
            with self._connection:
                self._connection.executemany("UPDATE vector SET used = ? WHERE digest = ?", stale)
        return found

    def put(self, vectors: Mapping[bytes, Vectors]) -> None:
        """Add vectors, all or none; one that is there already stays as it is."""
        with self._connection:
            self._connection.executemany(
                "INSERT OR IGNORE INTO vector VALUES (?, ?, ?)",
                ((digest, vector.tobytes(), self._today) for digest, vector in vectors.items()),
            )

    def close(self) -> None:
        """Forget what was not used for longest, down to the limit, and close the file."""
        try:
            if self._max_bytes is not None:
                self._forget(self._max_bytes)
        finally:
            self._connection.close()

    def _forget(self, max_bytes: int) -> None:
        pages, free, size = (
            self._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        used = (pages - free) * size
        if used <= max_bytes:
            return
        # Vectors of one model have one length. Pages that fall free are filled again before the file grows.
        n = self._connection.execute("SELECT count(*) FROM vector").fetchone()[0]
        with self._connection:
            self._connection.execute(
                "DELETE FROM vector WHERE digest IN (SELECT digest FROM vector ORDER BY used, digest LIMIT ?)",
                (n - n * max_bytes // used,),
            )


class S3Cache:
    """Vectors by text digest in S3: a pair of objects for each put, one with the digests, one with the vectors.

    A reader lists them, reads the small objects with the digests, and of the large ones those it needs: a
    rerun of a shard is four requests, not one a sentence. A pair's name is the digest of what it holds, so that
    a put that is repeated or races with another changes nothing. The vectors are written first: whoever
    sees the digests can have them. A pair that is used is copied onto itself, once a day, so that its
    age is the time since its last use.
    """

    def __init__(self, bucket: str, prefix: str, max_mb: int | None = None) -> None:
        from earnings_themes.system.aws import s3_client

        self._client: S3Client = s3_client()
        self._bucket = bucket
        self._prefix = prefix
        self._max_bytes = None if max_mb is None else max_mb * 10**6

    def get(self, digests: Iterable[bytes]) -> dict[bytes, Vectors]:
        """Return the vectors that are there. Raises CloudError when S3 refuses."""
        from earnings_themes.system.aws import PARALLEL_REQUESTS

        wanted = set(digests)
        found: dict[bytes, Vectors] = {}
        objects = self._list()
        with ThreadPoolExecutor(PARALLEL_REQUESTS) as pool:
            names = [key for key in objects if key.endswith(".digests")]
            held = {name: _split(data) for name, data in zip(names, pool.map(self._read, names), strict=True)}
            needed = []
            for name, there in held.items():
                if not wanted.isdisjoint(there):
                    wanted.difference_update(there)
                    needed.append(name)
            files = [f"{name.removesuffix('.digests')}.vectors" for name in needed]
            for name, data in zip(needed, pool.map(self._read, files), strict=True):
                rows = np.frombuffer(data, dtype=np.float32)
                if len(rows) and len(rows) % len(held[name]) == 0:
                    found |= zip(held[name], rows.reshape(len(held[name]), -1), strict=True)
            list(pool.map(self._touch, [key for key in (*needed, *files) if _is_old(objects.get(key))]))
        return found

    def put(self, vectors: Mapping[bytes, Vectors]) -> None:
        """Add vectors as one pair of objects. Raises CloudError when S3 refuses."""
        if not vectors:
            return
        digests = sorted(vectors)
        name = hashlib.blake2b(b"".join(digests), digest_size=_DIGEST_BYTES).hexdigest()
        self._write(f"{self._prefix}/{name}.vectors", b"".join(vectors[one].tobytes() for one in digests))
        self._write(f"{self._prefix}/{name}.digests", b"".join(digests))

    def close(self) -> None:
        """Remove the pairs that were not used for longest, down to the limit. Raises CloudError."""
        if self._max_bytes is None:
            return
        objects = self._list()
        excess = sum(size for size, _ in objects.values()) - self._max_bytes
        # Digests before their vectors: a reader in between finds nothing, instead of half.
        for key in sorted(objects, key=lambda key: (objects[key][1], key)):
            if excess <= 0:
                return
            if key.endswith(".digests"):
                pair = (key, f"{key.removesuffix('.digests')}.vectors")
                for one in pair:
                    self._remove(one)
                excess -= sum(objects[one][0] for one in pair if one in objects)

    def _list(self) -> dict[str, tuple[int, float]]:
        """Return size and time of change (seconds since 1970) of every object, by its key."""
        with self._refused("list", "s3:ListBucket"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=f"{self._prefix}/"
            )
            return {
                item["Key"]: (item["Size"], item["LastModified"].timestamp())
                for page in pages
                for item in page.get("Contents", ())
            }

    def _read(self, key: str) -> bytes:
        from botocore.exceptions import ClientError

        from earnings_themes.system.aws import error_code

        with self._refused("read", "s3:GetObject"):
            try:
                return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
            except ClientError as error:
                if error_code(error) in ("NoSuchKey", "404"):
                    return b""  # another job has removed it since it was listed
                raise

    def _write(self, key: str, data: bytes) -> None:
        with self._refused("write", "s3:PutObject"):
            self._client.put_object(Bucket=self._bucket, Key=key, Body=data)

    def _touch(self, key: str) -> None:
        from botocore.exceptions import ClientError

        from earnings_themes.system.aws import error_code

        with self._refused("copy", "s3:PutObject"):
            try:
                self._client.copy_object(
                    Bucket=self._bucket,
                    Key=key,
                    CopySource={"Bucket": self._bucket, "Key": key},
                    MetadataDirective="REPLACE",  # S3 copies nothing onto itself unless something changes
                )
            except ClientError as error:
                if error_code(error) not in ("NoSuchKey", "404"):
                    raise

    def _remove(self, key: str) -> None:
        with self._refused("delete", "s3:DeleteObject"):
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def _refused(self, doing: str, permission: str) -> Any:
        from earnings_themes.system.aws import aws_errors

        where = f"s3://{self._bucket}/{self._prefix}"
        return aws_errors(f"{doing} the embedding cache at {where}", f"{permission} on it")


def _split(data: bytes) -> list[bytes]:
    return [data[at : at + _DIGEST_BYTES] for at in range(0, len(data), _DIGEST_BYTES)]


def _is_old(about: tuple[int, float] | None) -> bool:
    return about is not None and time.time() - about[1] > _DAY


def _batches(items: Iterable[bytes], size: int) -> Iterator[list[bytes]]:
    rest = iter(items)
    while some := list(itertools.islice(rest, size)):
        yield some
