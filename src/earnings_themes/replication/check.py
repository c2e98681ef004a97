"""Checks a replication package: `files`, that none has changed; `panel EXPECTED FOUND`, that a panel is the promised one.

Counts, ids and labels must be the same; shares and strengths may differ by what processors add up differently, TOLERANCE.
The first check runs before anything is installed, so it needs Python alone.
"""

import hashlib
import sys
from pathlib import Path

# Shares and strengths are computed in 32 bits, which hold 7 decimal digits.
TOLERANCE = 1e-6


def compare_digests(folder: Path) -> None:
    """Compare every file that MANIFEST.sha256 lists with its digest. Raises SystemExit naming those that differ."""
    wrong = []
    lines = (folder / "MANIFEST.sha256").read_text(encoding="utf-8").splitlines()
    for line in lines:
        digest, _, name = line.partition("  ")
        path = folder / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            wrong.append(name)
    if wrong:
        raise SystemExit(
            f"Changed or missing since the package was made: {', '.join(wrong)}. Unpack it anew."
        )
    print(f"{len(lines)} files are as they were packed.")


def check_panel(expected_path: Path, found_path: Path) -> None:
    """Compare two panels row by row. Raises SystemExit that says where they differ."""
    if expected_path.read_bytes() == found_path.read_bytes():
        print(f"{found_path}: the promised panel, byte for byte.")
        return
    import pandas as pd

    expected, found = pd.read_parquet(expected_path), pd.read_parquet(found_path)
    if list(expected.columns) != list(found.columns) or len(expected) != len(found):
        raise SystemExit(
            f"{found_path}: {len(found):,} rows of {list(found.columns)}; promised were {len(expected):,} rows of "
            f"{list(expected.columns)}."
        )
    try:
        pd.testing.assert_frame_equal(found, expected, check_exact=False, rtol=0, atol=TOLERANCE)
    except AssertionError as error:
        raise SystemExit(f"{found_path} is not the promised panel ({expected_path}): {error}") from None
    print(f"{found_path}: the promised panel, {len(found):,} rows, to {TOLERANCE:g}.")


if __name__ == "__main__":
    if sys.argv[1:] == ["files"]:
        compare_digests(Path(__file__).parent)
    elif len(sys.argv) == 4 and sys.argv[1] == "panel":
        check_panel(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        raise SystemExit("usage: check.py files | check.py panel EXPECTED FOUND")
