"""A run of many firms, made from real calls, from the CSV to the report: minutes, memory and disk.

    python -m benchmarks.scale --calls rev_large.csv.gz quarter305.csv.gz --firms 1000 --out /tmp/scale

Each made firm says whole turns of a few real calls, in their order, so that a sentence's neighbours stay its neighbours;
which turns, and which words they lack, is drawn anew for each firm, so that no two firms and few sentences are the same.
The run is an ordinary one, `snakemake` with a file of settings. Its processes' memory is sampled together, because the
largest process alone hides what one process per core takes.
"""

import argparse
import csv
import datetime as dt
import json
import random
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pandas as pd
import psutil
import yaml

REPO: Final = Path(__file__).parents[1]
# What a sentence of a call has, in characters, with its share of what is not modelled: enough for a size, checked by ingest.
_CHARACTERS_A_SENTENCE: Final = 101
# The calls of a quarter are on some sixty days; all on one, each would be compared with every other.
_FIRST: Final = dt.date(2022, 4, 4)
_DAYS: Final = 60
# Calls that a firm speaks from, and the share of words that its turns lack.
_CALLS_A_FIRM: Final = 3
_DROPPED: Final = 0.03


def make_calls(calls: Sequence[Path], firms: int, sentences: int, seed: int, output: Path) -> None:
    """Write a CSV of `firms` firms of about `sentences` sentences each, one call a firm.

    calls: CSV files in the columns of docs/input.md. The same seed and files give the same bytes.
    """
    by_call: dict[str, list[dict[str, str]]] = defaultdict(list)
    for file in calls:
        for row in pd.read_csv(file, dtype=str, keep_default_na=False).to_dict("records"):
            by_call[f"{file.name}:{row['transcriptid']}"].append(row)
    pool = [by_call[key] for key in sorted(by_call)]
    draw, day = random.Random(seed), dt.timedelta(days=1)
    with output.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(pool[0][0]))
        writer.writeheader()
        for firm in range(firms):
            about = {"companyid": str(900_000 + firm), "companyname": f"Made Firm {firm}",
                     "transcriptid": str(50_000_000 + firm), "mostimportantdateutc": str(_FIRST + firm % _DAYS * day)}  # fmt: skip
            for order, row in enumerate(_turns(pool, sentences, draw)):
                text = " ".join(w for w in row["componenttext"].split(" ") if draw.random() >= _DROPPED)
                writer.writerow(row | about | {"componentorder": str(order), "componenttext": text})


def _turns(pool: list[list[dict[str, str]]], sentences: int, draw: random.Random) -> Iterator[dict[str, str]]:
    left = sentences * _CHARACTERS_A_SENTENCE
    for call in draw.sample(pool, _CALLS_A_FIRM):
        share = left // _CALLS_A_FIRM
        start = draw.randrange(max(1, len(call) * 2 // 3))
        for row in call[start:]:
            if share <= 0:
                break
            share -= len(row["componenttext"])
            yield row


def run(settings: dict[str, object], folder: Path, cores: int) -> dict[str, float]:
    """Start snakemake in the folder and return its minutes, CPU minutes and the largest memory of all its processes, MB."""
    file = folder / "settings.yaml"
    file.write_text(yaml.safe_dump(settings))
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(REPO / "Snakefile"), "--directory", str(folder),
               "--configfile", str(file), "--cores", str(cores), "--scheduler", "greedy", "--quiet", "rules",
               "--keep-going"]  # fmt: skip
    started = time.monotonic()
    with (folder / "snakemake.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, _memory_mb(process.pid))
            time.sleep(2)
    if process.returncode:
        sys.exit(f"snakemake ended with {process.returncode}; {folder}/snakemake.log says why.")
    return {"minutes": (time.monotonic() - started) / 60, "peak_mb": peak}


def _memory_mb(pid: int) -> float:
    """Return the memory of a process and of all that were started by it, pages that they share counted once."""
    total = 0.0
    try:
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return total
    # The warm process leaves the family (start_new_session), but Linux keeps its parent until the job that made it ends.
    for process in {*family, *_warm(pid)}:
        try:
            total += process.memory_full_info().pss / 1e6
        except psutil.Error:
            continue
    return total


def _warm(pid: int) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if f"/{pid}.sock" in " ".join(process.info["cmdline"] or []):
            found.append(process)
    return found


def shares(folder: Path) -> pd.DataFrame:
    """Return what each rule took, from its benchmark files: jobs, seconds by the clock, CPU seconds, memory of the largest."""
    rows = []
    for file in sorted(folder.rglob("*.tsv")):
        if "benchmarks" in file.parts:
            frame = pd.read_csv(file, sep="\t", na_values="-")
            parts = file.parts[file.parts.index("benchmarks") + 1 :]
            rows.append(frame.assign(rule=parts[0].removesuffix(".tsv")))
    found = pd.concat(rows).groupby("rule")
    return found.agg(jobs=("s", "size"), s=("s", "sum"), cpu=("cpu_time", "sum"), mb=("max_pss", "max"))


def main() -> None:
    """Make the calls, run, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=Path, nargs="+", required=True, help="CSV files of real calls")
    parser.add_argument("--firms", type=int, default=1000)
    parser.add_argument("--sentences", type=int, default=400, help="sentences a firm, about")
    parser.add_argument("--model", default="static", help="embedding.model")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="folder of the run; must not exist")
    given = parser.parse_args()
    given.out.mkdir(parents=True)
    source = given.out.resolve() / "calls.csv"
    make_calls(given.calls, given.firms, given.sentences, given.seed, source)
    settings = {
        "run": "scale",
        "source": {"path": str(source), "max_lost": 1.0},
        "embedding": {"model": given.model, "cache": None, "shards": given.cores},
        "publish": {"path": str(given.out.resolve() / "themes.sqlite")},
        "report": {"labels": None},
    }
    took = run(settings, given.out.resolve(), given.cores)
    results = given.out / "results" / "scale"
    size = sum(file.stat().st_size for file in given.out.rglob("*") if file.is_file()) / 1e6
    quality = json.loads((results / "reduce.json").read_text())
    print(f"{given.firms} firms, {given.sentences} sentences each: {took['minutes']:.1f} minutes, "
          f"{took['peak_mb']:.0f} MB at most, {size:.0f} MB on disk, {quality['n_themes']} themes; "
          f"free disk {shutil.disk_usage(given.out).free / 1e9:.0f} GB")  # fmt: skip
    print(shares(given.out).round(1).to_string())


if __name__ == "__main__":
    main()
