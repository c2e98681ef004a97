"""A million turns in a real PostgreSQL server: pulled, read, and compared with a CSV of the same calls.

`make check-wrds TURNS=1000000`: pull and both readings run in a process each, so that each has its own largest memory;
the three files of both readings have to be the same bytes. It takes minutes and some GB for the server's tables.
"""

import argparse
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from earnings_themes.config import Source
from earnings_themes.ingest.transcripts import ingest
from earnings_themes.ingest.wrds_pull import Login, pull
from tests.wrds.server import running
from tests.wrds.test_pull import WHOLE, fill, write_csv


def measured(function: Callable[..., Any], *arguments: Any) -> tuple[float, float]:
    """Call a function, and return its seconds and this process's largest memory in MB."""
    started = time.perf_counter()
    function(*arguments)
    seconds = time.perf_counter() - started
    # Not ru_maxrss, which on Linux begins with what the parent held when it started this process: all the rows.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return seconds, int(status["VmHWM"].split()[0]) / 1024


def read(kind: str, path: Path, to: Path) -> None:
    """Ingest the calls of a source into a folder."""
    to.mkdir()
    ingest(Source(kind, str(path)), to / "transcripts.parquet", to / "firms.tsv", to / "ingest.json",
           calls=to / "source_calls.parquet")  # fmt: skip


def main() -> None:
    """Fill the server, pull, read twice, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=1_000_000)
    turns = parser.parse_args().turns
    os.environ |= {"PGPASSWORD": "a word", "PGSSLMODE": "disable"}
    with tempfile.TemporaryDirectory() as name, running() as server:
        folder = Path(name)
        rows = fill(server, turns)
        write_csv(folder / "calls.csv", rows)
        print(f"{turns:,} turns in PostgreSQL, {len(rows):,} of the versions that count", flush=True)
        steps = {
            "pull": (pull, folder / "pulled", *WHOLE, Login("faculty", "127.0.0.1", server.port)),
            "read what was pulled": (read, "wrds", folder / "pulled", folder / "a"),
            "read the CSV": (read, "local_csv", folder / "calls.csv", folder / "b"),
        }
        for step, (function, *arguments) in steps.items():
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
                seconds, megabytes = process.submit(measured, function, *arguments).result()
            print(f"{step}: {seconds:.0f} s, largest memory {megabytes:.0f} MB", flush=True)
        for file in ("transcripts.parquet", "firms.tsv", "source_calls.parquet"):
            one, other = ((folder / side / file).read_bytes() for side in "ab")
            assert one == other, f"{file} differs"
            print(f"{file}: the same {len(one):,} bytes", flush=True)


if __name__ == "__main__":
    main()
