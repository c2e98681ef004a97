"""What earlier runs said, in a few thousand vectors: what a quarter says is new only beside what was said before.

A run keeps the vectors of its sentences with content, of as many firms as fit. They lie in the registry's folder as
past/SHA256.npz, written before the version that names them and never changed; no text is kept.
"""

import io
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from earnings_themes.speech import CONTENT

# Sentences that are kept of a run: some 250 firms' worth, 2.6 MB at 64 dimensions. As many of the quarter are compared.
_MOST: Final = 40_000
# Runs that a quarter is compared with: a year, so that what comes with a season is not born each time.
RUNS: Final = 4


@dataclass(frozen=True)
class Past:
    """Sentences with content, of one run or several.

    rows: (n, d) int8. content: (n,) float32, the gate's. firms: (n,) the firm of each, from 0 without a gap, anew in each run.
    """

    rows: NDArray[np.int8]
    content: NDArray[np.float32]
    firms: NDArray[np.int64]


def said(rows: NDArray[np.int8], content: NDArray[np.float32], firms: NDArray[np.int64], seed: int) -> Past:
    """Return a run's sentences with content: of all its firms, or of so many at random that their sentences fit."""
    some = np.flatnonzero(content >= CONTENT)
    counts = np.bincount(firms[some])
    drawn = np.random.default_rng(seed).permutation(np.flatnonzero(counts))
    fit = drawn[np.cumsum(counts[drawn]) <= max(_MOST, *counts[drawn[:1]])]
    some = some[np.isin(firms[some], fit)]
    # Content as the file has it, so that what is born does not depend on who compares.
    rounded = (np.rint(content[some] * 255) / 255).astype(np.float32)
    return Past(rows[some], rounded, np.unique(firms[some], return_inverse=True)[1].astype(np.int64))


def encode_past(run: Past) -> bytes:
    """Return the file that a run leaves."""
    written = io.BytesIO()
    content = np.rint(run.content * 255).astype(np.uint8)
    np.savez_compressed(written, rows=run.rows, content=content, firms=run.firms.astype(np.int32))
    return written.getvalue()


def decode_past(files: list[bytes]) -> Past | None:
    """Return what several runs left, None where none left anything."""
    parts: list[Past] = []
    first = 0
    for data in files:
        with np.load(io.BytesIO(data), allow_pickle=False) as held:
            firms = held["firms"].astype(np.int64) + first
            parts.append(Past(held["rows"], held["content"].astype(np.float32) / 255, firms))
        first = int(firms.max(initial=first - 1)) + 1
    if not first:
        return None
    return Past(
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.content for part in parts]),
        np.concatenate([part.firms for part in parts]),
    )
