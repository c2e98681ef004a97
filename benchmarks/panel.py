"""Seconds and memory of the panel, with made-up sentences: `python -m benchmarks.panel FIRMS CALLS THEMES SENTENCES FOLDER`.

10000 8 300 40 is 24 million rows of 3.2 million sentences. Each step runs in a process of its own, whose peak memory is
printed.
"""

import datetime as dt
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from earnings_themes.abstractions import Call, Turn
from earnings_themes.ingest.calls import call_row, write_calls
from earnings_themes.panel.build import build_panel
from earnings_themes.panel.cuts import Cut, Wish
from earnings_themes.panel.files import write_tables
from earnings_themes.panel.likeness import COLUMNS, firm_likeness
from earnings_themes.panel.written import Written
from earnings_themes.results.artifacts import TRANSCRIPT_SCHEMA, FirmsWriter
from tests.panel_run import write_themes

SECTIONS = ("Presenter Speech", "Presenter Speech", "Question", "Answer")
SPEAKERS = ("Executives", "Executives", "Analysts", "Executives")
NAMES = ("Ann Roe, CEO", "Bo Poe, CFO", "Cy Doe", "Ann Roe, CEO")


def make_run(folder: Path, n_firms: int, n_calls: int, n_themes: int, n_sentences: int) -> None:
    """Write a run in which every second sentence is in a theme, all drawn with one seed."""
    draw = np.random.default_rng(1)
    folder.mkdir(parents=True, exist_ok=True)
    ids = [f"made-{number:03d}" for number in range(n_themes)]
    broad = max(1, n_themes // 10)
    write_themes(folder, [(name, 2 if n < broad else 1, None, "subject", name) for n, name in enumerate(ids)])
    names = pa.array(ids)
    calls = []
    settled = None
    with FirmsWriter(folder / "transcripts.parquet", TRANSCRIPT_SCHEMA) as said:
        for firm in range(n_firms):
            firm_id = f"{firm:06d}"
            n = n_calls * n_sentences
            of_call = np.repeat(np.arange(n_calls), n_sentences)
            turn = np.tile(np.arange(n_sentences) * len(SECTIONS) // n_sentences, n_calls)
            days = [dt.date(2022, 2, 1) + dt.timedelta(91 * call) for call in range(n_calls)]
            sentence_ids = [
                f"{firm_id}_t{call}_{place:04d}" for call in range(n_calls) for place in range(n_sentences)
            ]
            columns: dict[str, Any] = {
                "firm_id": [firm_id] * n, "firm_name": [f"Firm {firm}"] * n,
                "transcript_id": [f"t{call}" for call in of_call], "date": [days[call] for call in of_call],
                "sentence_id": sentence_ids, "position": list(range(n)),
                "speaker_type": [SPEAKERS[each] for each in turn], "section": [SECTIONS[each] for each in turn],
                "speaker_name": [NAMES[each] for each in turn],
                "text": ["Freight costs rose in the quarter as we said."] * n, "model_text": [""] * n,
                "procedural": [False] * n,
            }  # fmt: skip
            said.add(pa.table(columns, schema=TRANSCRIPT_SCHEMA))
            calls += [
                call_row(
                    firm_id, f"Firm {firm}", Call(f"t{n}", days[n], (Turn(1, ""),), kept={"gvkey": firm_id})
                )
                for n in range(n_calls)
            ]
            number = draw.integers(broad, n_themes, n)
            inside = draw.random(n) < 0.5
            where = pa.table(
                {
                    "sentence_id": sentence_ids,
                    "content": pa.array(draw.random(n).astype(np.float32)),
                    "theme_id": names.take(pa.array(number, mask=~inside)),
                    "strength": pa.array(draw.random(n).astype(np.float32), mask=~inside),
                    "broad_id": names.take(pa.array(number % broad, mask=~inside)),
                }
            )
            settled = settled or pq.ParquetWriter(folder / "sentences.parquet", where.schema)
            settled.write_table(where)
    if settled is not None:
        settled.close()
    write_calls(folder / "source_calls.parquet", calls, ["gvkey"])


def measured(step: str, work: Callable[[], object]) -> None:
    """Run a step in a process of its own; print its seconds and its peak of memory in MB."""

    def inside() -> None:
        started = time.perf_counter()
        work()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{step}: {time.perf_counter() - started:.0f} s, {peak:,.0f} MB", flush=True)

    process = multiprocessing.get_context("fork").Process(target=inside)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{step} failed")


def cut(folder: Path, wish: Wish, name: str) -> None:
    """Write a cut into the folder."""
    found = Cut(Written(str(folder)), wish)
    write_tables(found.tables(), found.columns, folder / name, name.rpartition(".")[2])  # type: ignore[arg-type]


def alike(folder: Path) -> None:
    """Write the 50 likest firms of each."""
    firms, counts = Cut(Written(str(folder)), Wish(level=1)).matrix()
    write_tables(firm_likeness(firms, counts, 50), COLUMNS, folder / "likeness.parquet", "parquet")


if __name__ == "__main__":
    n_firms, n_calls, n_themes, n_sentences = map(int, sys.argv[1:5])
    folder = Path(sys.argv[5])
    measured("made up", lambda: make_run(folder, n_firms, n_calls, n_themes, n_sentences))
    measured("panel.parquet", lambda: build_panel(str(folder), folder))
    n_rows = pq.ParquetFile(folder / "panel.parquet").metadata.num_rows
    print(f"rows: {n_rows:,}")
    print(f"bytes: {(folder / 'panel.parquet').stat().st_size:,}")
    measured("firm-quarter, Parquet", lambda: cut(folder, Wish("firm-quarter"), "quarter.parquet"))
    measured("wide, Stata", lambda: cut(folder, Wish(level=1, wide=True), "wide.dta"))
    measured("likeness, 50 nearest", lambda: alike(folder))
    # 24 million rows of CSV are 3 GB and eight minutes.
    if n_rows <= 1_000_000:
        measured("call, CSV", lambda: cut(folder, Wish(), "panel.csv"))
