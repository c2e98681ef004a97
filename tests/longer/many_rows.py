"""Reads a CSV of millions of rows, made for it, and prints what that took: `make check-rows ROWS=5000000`.

The rows come in an order that is nobody's: each firm's are spread over the whole file. Every row must be
in a firm's sentences; the memory must not grow with the file.
"""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

from earnings_themes.config import Source
from earnings_themes.ingest.transcripts import ingest
from earnings_themes.results.firms import read_firms

HEADER = "companyid,companyname,transcriptid,mostimportantdateutc,componentorder,componenttext\n"
ROWS_A_FIRM = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    n_firms = max(1, arguments.rows // ROWS_A_FIRM)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        calls = folder / "calls.csv"
        with calls.open("w", encoding="utf-8") as file:
            file.write(HEADER)
            for n in range(arguments.rows):
                firm, order = n % n_firms, n // n_firms
                file.write(
                    f"{firm:06d},Firm {firm},T{firm},2023-05-02,{order},Order {order} of region {n} grew.\n"
                )
        started, cpu = time.perf_counter(), time.process_time()
        paths = (folder / "transcripts.parquet", folder / "firms.tsv", folder / "ingest.json")
        ingest(Source("local_csv", str(calls)), *paths, workers=arguments.workers)
        seconds = time.perf_counter() - started
        firms = read_firms(paths[1])
        assert len(firms) == n_firms
        assert sum(firm.n_sentences for firm in firms) == arguments.rows, "a row is lost or doubled"
        assert json.loads(paths[2].read_text())["skipped_rows"] == {}
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(
            f"{arguments.rows:,} rows of {n_firms:,} firms, {calls.stat().st_size / 1e6:,.0f} MB: {seconds:.0f} s, "
            f"{time.process_time() - cpu + children.ru_utime + children.ru_stime:.0f} s of CPU; largest memory "
            f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB, a worker "
            f"{children.ru_maxrss / 1024:.0f} MB"
        )


if __name__ == "__main__":
    main()
