"""The cache of vectors: bounded, and shared."""

import contextlib
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from earnings_themes.embedding import EmbeddingCache, open_cache, text_digest
from earnings_themes.errors import ConfigError

MODEL = "0" * 64


def vectors(first: int, last: int) -> dict[bytes, np.ndarray]:
    return {text_digest(str(n)): np.full(256, n, dtype=np.float32) for n in range(first, last)}


def test_a_cache_is_on_a_disk() -> None:
    with pytest.raises(ConfigError, match=r"'s3://b/cache'; expected a folder on this disk, or null"):
        open_cache("s3://b/cache", MODEL)


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
