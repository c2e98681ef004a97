"""What earlier runs said, in a few thousand vectors: what a quarter says is new only beside what was said before.

A run keeps the vectors of its sentences with content, of as many firms as fit. They lie in the registry's folder as
past/SHA256.npz, written before the version that names them and never changed; no text is kept.
"""

import io
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

# Sentences that are kept of a run: some 200 firms' worth, 1.3 MB at 64 dimensions.
_MOST: Final = 20_000
# Runs that a quarter is compared with: a year, so that what comes with a season is not born each time.
RUNS: Final = 4


@dataclass(frozen=True)
class Past:
    """Sentences of earlier runs.

    Attributes
    ----------
    rows : (n, d) int8
    content : (n,) float32, the gate's
    firms : (n,) the firm of each, numbered from 0 without a gap; in each run anew
    """

    rows: NDArray[np.int8]
    content: NDArray[np.float32]
    firms: NDArray[np.int64]


def encode_past(
    rows: NDArray[np.int8], content: NDArray[np.float32], firms: NDArray[np.int64], seed: int
) -> bytes:
    """Return the file that a run leaves: all its firms, or so many at random that their sentences fit."""
    some = np.random.default_rng(seed).permutation(np.unique(firms))
    counts = np.bincount(firms, minlength=int(firms.max(initial=-1)) + 1)[some]
    inside = np.isin(firms, some[np.cumsum(counts) <= max(_MOST, counts[:1].sum())])
    written = io.BytesIO()
    np.savez_compressed(
        written,
        rows=rows[inside],
        content=np.rint(content[inside] * 255).astype(np.uint8),
        firms=np.unique(firms[inside], return_inverse=True)[1].astype(np.int32),
    )
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
        *(np.concatenate([getattr(part, name) for part in parts]) for name in ("rows", "content", "firms"))
    )
