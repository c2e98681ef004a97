"""The cache of vectors: bounded, shared, and the same in S3."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import boto3
import numpy as np
import pytest
from moto import mock_aws

from earnings_themes.embedding import EmbeddingCache, open_cache, text_digest

MODEL = "0" * 64
BUCKET = "vectors"


def vectors(first: int, last: int) -> dict[bytes, np.ndarray]:
    return {text_digest(str(n)): np.full(256, n, dtype=np.float32) for n in range(first, last)}


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield f"s3://{BUCKET}/cache"


def keys() -> list[str]:
    return [item["Key"] for item in boto3.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def test_in_s3_a_vector_is_found_by_another_job_and_a_repeated_put_changes_nothing(bucket: str) -> None:
    with contextlib.closing(open_cache(bucket, MODEL)) as cache:
        cache.put(vectors(0, 50))
        before = keys()
        cache.put(vectors(0, 50))
        assert keys() == before
        cache.put(vectors(40, 60))
    with contextlib.closing(open_cache(bucket, MODEL)) as cache:
        found = cache.get([text_digest(str(n)) for n in range(30, 70)])
        assert {n for n in range(30, 70) if text_digest(str(n)) in found} == set(range(30, 60))
        assert all(np.array_equal(vector, vectors(0, 60)[digest]) for digest, vector in found.items())
    with contextlib.closing(open_cache(bucket, "1" * 64)) as other:
        assert other.get(vectors(0, 50)) == {}


def test_in_s3_half_a_pair_is_nothing(bucket: str) -> None:
    with contextlib.closing(open_cache(bucket, MODEL)) as cache:
        cache.put(vectors(0, 5))
        boto3.client("s3").delete_object(
            Bucket=BUCKET, Key=next(key for key in keys() if key.endswith(".vectors"))
        )
        assert cache.get(vectors(0, 5)) == {}


def test_in_s3_it_stays_within_its_limit(bucket: str) -> None:
    with contextlib.closing(open_cache(bucket, MODEL, max_mb=1)) as cache:
        cache.put(vectors(0, 700))
        cache.put(vectors(700, 1400))
    with contextlib.closing(open_cache(bucket, MODEL)) as cache:
        assert len(cache.get(vectors(0, 1400))) == 700


def test_on_disk_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    with contextlib.closing(EmbeddingCache(tmp_path, MODEL)) as cache:
        cache.put(vectors(0, 1400))
    with contextlib.closing(sqlite3.connect(tmp_path / f"{MODEL[:16]}.sqlite")) as file, file:
        file.execute("UPDATE vector SET used = 0")
    with contextlib.closing(EmbeddingCache(tmp_path, MODEL, max_mb=1)) as cache:
        assert len(cache.get(vectors(0, 100))) == 100
    with contextlib.closing(EmbeddingCache(tmp_path, MODEL)) as cache:
        assert 100 < len(cache.get(vectors(0, 1400))) < 1000
        assert len(cache.get(vectors(0, 100))) == 100


def test_on_disk_a_file_from_before_there_was_a_limit_is_read(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / f"{MODEL[:16]}.sqlite")) as file, file:
        file.execute("CREATE TABLE vector (digest BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID")
        file.executemany(
            "INSERT INTO vector VALUES (?, ?)", ((key, one.tobytes()) for key, one in vectors(0, 5).items())
        )
    with contextlib.closing(EmbeddingCache(tmp_path, MODEL)) as cache:
        assert len(cache.get(vectors(0, 5))) == 5
        cache.put(vectors(5, 6))
        assert len(cache.get(vectors(0, 6))) == 6
