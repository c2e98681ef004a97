"""Writes a file whole or not at all, and says what is in one."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_atomically(path: Path | str, text: str) -> None:
    """Write a text file so that neither a reader nor a crash ever leaves a part of it."""
    with replaced(Path(path)) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def flush_to_disk(path: Path) -> None:
    """Wait until a file's bytes are on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Yield a temporary path that replaces `path` if the body succeeds and is removed if it raises."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # The process's number: two jobs that write one file, one of them left over, each write a whole one.
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        # A rename may reach the disk before what was written: after a power cut an empty file would be there.
        flush_to_disk(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
