"""The cache of vectors: bounded, and shared."""

import contextlib
import sqlite3
from pathlib import Path

import numpy as np

from earnings_themes.embedding.cache import EmbeddingCache, text_digest

MODEL = "0" * 64


def vectors(first: int, last: int) -> dict[bytes, np.ndarray]:
    return {text_digest(str(n)): np.full(256, n, dtype=np.float32) for n in range(first, last)}


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
