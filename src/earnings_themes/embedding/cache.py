"""A cache of vectors by the digest of their text, so that no sentence is encoded twice.

One SQLite file a model, safe for concurrent jobs; beyond its limit the least recently used vectors are
dropped. Jobs in the cloud have no lasting disk and no cache.
"""

import contextlib
import hashlib
import sqlite3
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

_DIGEST_BYTES: Final = 16
# A day is how exactly "used last" is known: noting every use would make every reader a writer.
_DAY: Final = 86_400
# SQLite takes 32,766 variables a statement (sqlite.org/limits.html); older builds 999.
_VARIABLES: Final = 900


def text_digest(text: str) -> bytes:
    """Return the 16 bytes that a text is known by in the cache."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()


class EmbeddingCache:
    """Vectors by text digest in one SQLite file a model, shared by firms, runs and processes.

    model: what names the vectors, the digest of the weights first. max_mb: the file's limit, None for none.
    """

    def __init__(self, folder: Path | str, model: str, max_mb: int | None = None) -> None:
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        # The name holds enough of the weights' digest that no two models share a file.
        sha256, *backend = model.split("-", 1)
        name = "-".join([sha256[:16], *backend])
        self._max_bytes = None if max_mb is None else max_mb * 10**6
        self._today = int(time.time() // _DAY)
        self._connection = sqlite3.connect(folder / f"{name}.sqlite", timeout=60)
        # The file keeps its mode. Where another job sets it at this moment SQLite does not wait, but says "locked".
        with contextlib.suppress(sqlite3.OperationalError):
            self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS vector (digest BLOB PRIMARY KEY, vector BLOB NOT NULL, "
            "used INTEGER NOT NULL) WITHOUT ROWID"
        )

    def get(self, digests: Iterable[bytes]) -> dict[bytes, Vectors]:
        """Return the vectors that are there, and note that they were used today."""
        found: dict[bytes, Vectors] = {}
        stale: list[tuple[int, bytes]] = []
        wanted = list(digests)
        for start in range(0, len(wanted), _VARIABLES):
            some = wanted[start : start + _VARIABLES]
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
        """Add vectors, all or none; existing ones stay."""
        with self._connection:
            self._connection.executemany(
                "INSERT OR IGNORE INTO vector VALUES (?, ?, ?)",
                ((digest, vector.tobytes(), self._today) for digest, vector in vectors.items()),
            )

    def close(self) -> None:
        """Drop the least recently used vectors down to the limit, and close."""
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
