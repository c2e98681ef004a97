"""Reads a table of millions of rows, made for it, and prints what that took: `make check-rows ROWS=5000000`.

The rows come in an order that is nobody's: each firm's are spread over the whole file. Every row must be
in a firm's sentences; the memory must not grow with the file. With --gigabytes the table is Parquet of that size, of
turns of a thousand words that do not pack: ten gigabytes in about two million rows.
"""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from earnings_themes.config import Source
from earnings_themes.ingest.transcripts import ingest
from earnings_themes.results.firms import read_firms

HEADER = "companyid,companyname,transcriptid,mostimportantdateutc,componentorder,componenttext\n"
ROWS_A_FIRM = 1000
# Of a Parquet file: a turn is one sentence for each line, of letters that no packing makes smaller than they are.
_CHARACTERS = 5_000
_ROWS_A_GROUP = 1_000
# As many as a run may have; ten gigabytes are 200 turns each.
_FIRMS = 10_000


def write_csv(path: Path, n_rows: int) -> int:
    """Write a CSV of that many rows, a sentence each, and return how many firms it has."""
    n_firms = max(1, n_rows // ROWS_A_FIRM)
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        for n in range(n_rows):
            firm, order = n % n_firms, n // n_firms
            file.write(
                f"{firm:06d},Firm {firm},T{firm},2023-05-02,{order},Order {order} of region {n} grew.\n"
            )
    return n_firms


def write_parquet(path: Path, gigabytes: float) -> int:
    """Write Parquet, not packed, of at least that size, and return how many rows it has."""
    letters = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz      ", np.uint8)
    chance = np.random.default_rng(1)
    names = HEADER.strip().split(",")
    schema = pa.schema([(name, pa.int32() if name == "componentorder" else pa.string()) for name in names])
    n = 0
    with pq.ParquetWriter(path, schema, compression="none", use_dictionary=False) as writer:
        while path.stat().st_size < gigabytes * 1e9:
            block = (
                letters[chance.integers(0, len(letters), _ROWS_A_GROUP * _CHARACTERS, np.uint8)]
                .tobytes()
                .decode()
            )
            rows = range(n, n + _ROWS_A_GROUP)
            firms = [f"{row % _FIRMS:06d}" for row in rows]
            calls = [f"{firm}-{row // _FIRMS // 20}" for firm, row in zip(firms, rows, strict=True)]
            days = [f"20{10 + row // _FIRMS // 20 % 15}-05-02" for row in rows]
            texts = [
                f"We grew. {block[k * _CHARACTERS : (k + 1) * _CHARACTERS]}." for k in range(_ROWS_A_GROUP)
            ]
            columns = [firms, firms, calls, days, list(rows), texts]
            writer.write_table(pa.table([*columns], schema=schema))
            n += _ROWS_A_GROUP
    return n


def main() -> None:
    """Make the table, ingest it, and print the time and the memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--gigabytes", type=float, help="Parquet of that size instead of a CSV of --rows")
    parser.add_argument("--firms", type=int, help="split that many firms' calls alone; all rows are read")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", help="where the table goes and is removed from; a temporary folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        calls = folder / ("calls.parquet" if arguments.gigabytes else "calls.csv")
        if arguments.gigabytes:
            n_rows, n_firms = write_parquet(calls, arguments.gigabytes), _FIRMS
        else:
            n_rows, n_firms = arguments.rows, write_csv(calls, arguments.rows)
        wanted = tuple(f"{n:06d}" for n in range(arguments.firms)) if arguments.firms else None
        made = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started, cpu = time.perf_counter(), time.process_time()
        paths = (folder / "transcripts.parquet", folder / "firms.tsv", folder / "ingest.json")
        ingest(Source("local_csv", str(calls), firms=wanted), *paths, workers=arguments.workers)
        seconds = time.perf_counter() - started
        firms = read_firms(paths[1])
        report = json.loads(paths[2].read_text())
        assert len(firms) == len(wanted or range(n_firms))
        if not arguments.gigabytes and wanted is None:
            assert sum(firm.n_sentences for firm in firms) == n_rows, "a row is lost or doubled"
        assert report["skipped_rows"] == {}
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(
            f"{n_rows:,} rows of {n_firms:,} firms, {calls.stat().st_size / 1e6:,.0f} MB, {report['turns']:,} turns of "
            f"{len(firms):,} firms split into {report['sentences']:,} sentences: {seconds:.0f} s, "
            f"{time.process_time() - cpu + children.ru_utime + children.ru_stime:.0f} s of CPU; largest memory "
            f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB ({made / 1024:.0f} before reading), "
            f"a worker {children.ru_maxrss / 1024:.0f} MB"
        )


if __name__ == "__main__":
    main()
