"""Measures a finished run and writes docs/measured.json, from which every figure in docs/architecture.md and
docs/evidence.md is taken.

The queries are put to the DynamoDB store on moto, an AWS in this process: the requests and answers are real, but
neither moto's milliseconds nor its count of capacity units are DynamoDB's, and they are not written down.
"""

import csv
import io
import json
import os
import platform
import statistics
import subprocess
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from moto import mock_aws

from earnings_themes.cli import main
from earnings_themes.results import artifacts as results
from earnings_themes.results.firms import read_firms
from earnings_themes.stores.dynamodb import DynamoDBThemeStore

MEASURED = Path(__file__).parents[1] / "measured.json"
TABLE = "earnings-themes"


def write(run_dir: Path) -> None:
    """Measure results/{run} and keep what was found. Raises OSError for a run that is not finished."""
    run = run_dir.name
    found = {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": _output("git", "rev-parse", "--short", "HEAD"),
        "machine": _machine(),
        "run": run,
        "firms": _firms(run_dir),
        "jobs": _jobs(run_dir),
        "files": _files(run_dir),
        "embeddings": [[field.name, str(field.type)] for field in _embeddings(run_dir)],
        "log": _log(run_dir),
        "dynamodb": _dynamodb(run_dir),
    }
    MEASURED.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _machine() -> dict[str, Any]:
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text(encoding="utf-8").splitlines()
        cpu = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), cpu)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cores": os.cpu_count(),
        "cpu": cpu,
        "memory_gib": round(memory),
        "python": platform.python_version(),
    }


def _firms(run_dir: Path) -> dict[str, Any]:
    rows = read_firms(run_dir / "firms.tsv")
    sentences = [row.n_sentences for row in rows]
    return {"n": len(rows), "sentences": sum(sentences), "median_sentences": statistics.median(sentences)}


def _jobs(run_dir: Path) -> dict[str, dict[str, float]]:
    """By rule: how many jobs, and of a job the median and the largest wall, CPU seconds and memory."""
    found: dict[str, list[dict[str, str]]] = {}
    for path in sorted((run_dir / "benchmarks").rglob("*.tsv")):
        rule = path.relative_to(run_dir / "benchmarks").parts[0].removesuffix(".tsv")
        with path.open(encoding="utf-8", newline="") as file:
            found.setdefault(rule, []).extend(csv.DictReader(file, dialect="excel-tab"))
    jobs = {}
    for rule, lines in found.items():
        wall = [float(line["s"]) for line in lines]
        memory = [float(line["max_rss"]) for line in lines]
        cpu = [float(line["cpu_time"]) for line in lines]
        jobs[rule] = {
            "n": len(lines),
            "wall": round(statistics.median(wall), 2),
            "wall_max": round(max(wall), 2),
            "cpu": round(statistics.median(cpu), 2),
            "memory_mb": round(max(memory)),
        }
    # Firms share a warm process, which Snakemake does not see: what a firm's own child measured is the truth.
    timings = [
        json.loads(path.read_text(encoding="utf-8"))["metadata"]["timing"]
        for path in sorted((run_dir / "topics").glob("*.json"))
    ]
    jobs["topics"]["work"] = round(statistics.median(sum(t["seconds"].values()) for t in timings), 2)
    jobs["topics"]["memory_mb"] = round(max(t["peak_memory_mb"] for t in timings))
    del jobs["topics"]["cpu"]
    return jobs


def _files(run_dir: Path) -> dict[str, int]:
    """Bytes by file; of the files a firm, the median and the largest."""
    topics = [path.stat().st_size for path in (run_dir / "topics").glob("*.json")]
    sizes = {
        "topics/{firm}.json (median)": round(statistics.median(topics)),
        "topics/{firm}.json (largest)": max(topics),
    }
    for name in ("transcripts.parquet", "themes.json", "panel.parquet", "quality.json", "report.html"):
        sizes[name] = (run_dir / name).stat().st_size
    sizes["embeddings/*.parquet"] = sum(path.stat().st_size for path in (run_dir / "embeddings").iterdir())
    return sizes


def _embeddings(run_dir: Path) -> Any:
    return pq.read_schema(next(iter(sorted((run_dir / "embeddings").glob("*.parquet")))))


def _log(run_dir: Path) -> list[str]:
    """The run's own logs, joined in the order in which its rules ran, the firms' shortened to one."""
    lines = []
    firm = sorted((run_dir / "logs" / "topics").glob("*.log"))[0]
    shard = sorted((run_dir / "logs" / "embed").glob("*.log"))[0]
    logs = run_dir / "logs"
    for path in (
        logs / "ingest.log",
        shard,
        firm,
        *(logs / f"{name}.log" for name in ("themes", "publish", "report")),
    ):
        lines.append(f"== {path.relative_to(run_dir)}")
        lines += path.read_text(encoding="utf-8").splitlines()[-12:]
    return lines


# --- queries ---------------------------------------------------------------------------------------


def _dynamodb(run_dir: Path) -> dict[str, Any]:
    made_up = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "x")
    os.environ.update(AWS_DEFAULT_REGION="us-east-1", **made_up)
    themes = results.read_themes(run_dir / "themes.json")
    paths = sorted((run_dir / "topics").glob("*.json"))
    with mock_aws():
        store = DynamoDBThemeStore(TABLE)
        store.create_table()
        receipt = store.publish(run_dir.name, map(results.read_firm_topics, paths), themes)
        theme = themes.themes[0]
        topic = theme.topics[0]
        asked: dict[str, Callable[[DynamoDBThemeStore], object]] = {
            "runs()": lambda store: store.runs(),
            "themes(run)": lambda store: store.themes(run_dir.name),
            "theme(theme_id)": lambda store: store.theme(theme.theme_id),
            "topic(firm_id, topic_id, run)": lambda store: store.topic(
                topic.firm_id, topic.topic_id, run_dir.name
            ),
            "firm(firm_id, run)": lambda store: store.firm(topic.firm_id, run_dir.name),
            "firm_history(firm_id)": lambda store: store.firm_history(topic.firm_id),
        }
        return {
            "published": dict(receipt.counts),
            "items": _items(store),
            "queries": {name: _asked(ask) for name, ask in asked.items()},
            "n_topics": theme.n_topics,
            "answers": {
                command: _answer(command)
                for command in (
                    "runs",
                    f"theme {theme.theme_id}",
                    f"topic {topic.firm_id} {topic.topic_id} --run {run_dir.name}",
                )
            },
        }  # fmt: skip


def _asked(ask: Callable[[DynamoDBThemeStore], object]) -> dict[str, Any]:
    """The requests that a fresh store sends for one question."""
    store = DynamoDBThemeStore(TABLE)
    sent: Counter[str] = Counter()
    store.table.client.meta.events.register(
        "before-call.dynamodb", lambda model, **_: sent.update([model.name])
    )
    ask(store)
    return {"requests": dict(sorted(sent.items()))}


def _items(store: DynamoDBThemeStore) -> list[dict[str, Any]]:
    """The kinds of item in the table, by the words of their keys, with all their attributes."""
    kinds: dict[tuple[str, str], dict[str, Any]] = {}
    for page in store.table.client.get_paginator("scan").paginate(TableName=TABLE):
        for item in page["Items"]:
            key = tuple(item[name]["S"].split("#")[0] for name in ("pk", "sk"))
            kind = kinds.setdefault(key, {"pk": key[0], "sk": key[1], "n": 0, "attributes": set()})
            kind["n"] += 1
            kind["attributes"] |= {f"{name} ({next(iter(value))})" for name, value in item.items()}
    return [kind | {"attributes": sorted(kind["attributes"])} for _, kind in sorted(kinds.items())]


def _answer(command: str) -> list[str]:
    """What `earnings-themes COMMAND` prints from the table."""
    out = io.StringIO()
    with redirect_stdout(out):
        try:
            main(["--store", f"dynamodb:{TABLE}", *command.split()])
        except SystemExit as ended:
            assert ended.code == 0, command
    return [line[:110].rstrip() for line in out.getvalue().splitlines()[:16]]
