"""What others build on, as text: help of every command, config keys, columns of result files, the DAG of five configs.

A change in one of them breaks a user's script or notebook, so it has to be seen. `GOLDEN=write pytest
tests/workflow/test_golden.py` writes the files in golden/ anew; the difference that git then shows is what a user has
to be told.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml

from tests.conftest import REPO

FOLDER = Path(__file__).parent / "golden"

CONFIGS: dict[str, dict[str, Any]] = {
    "sample": {},
    "window": {"run": "late-may", "source": {"start_date": "2023-05-15", "end_date": "2023-05-31"}},
    "lda": {"topics": {"model": "lda"}},
    "shards": {"embedding": {"shards": 3}},
    "coverage": {"reduce": {"min_firm_coverage": 0.9}, "source": {"firms": ["791603"]}},
}


def _printed(*command: str, cwd: Path = REPO) -> str:
    env = os.environ | {
        "COLUMNS": "100",
        "TERM": "dumb",
        "NO_COLOR": "1",
        "PYTHONPATH": f"{REPO}{os.pathsep}{REPO / 'src'}",
    }
    done = subprocess.run(
        [sys.executable, *command], cwd=cwd, env=env, text=True, capture_output=True, check=False
    )
    return done.stdout + ("" if done.returncode == 0 else done.stderr)


def helps() -> str:
    """Return the help text of the console command, of each of its commands, and of both containers."""
    module = ("-m", "earnings_themes.cli")
    first = _printed(*module, "--help")
    listed = first[first.index("Commands") :]
    names = re.findall(r"^  ([a-z][a-z-]+) ", listed, flags=re.MULTILINE)
    parts = {"earnings-themes": first} | {name: _printed(*module, name, "--help") for name in names}
    for container in ("firm-topic-processor", "theme-aggregator"):
        parts[container] = _printed(f"containers/{container}/entrypoint.py", "--help")
    return "\n".join(f"### {name}\n{text.rstrip()}\n" for name, text in parts.items())


def config_keys() -> str:
    """Return every key of config.yaml with its default."""

    def rows(value: Any, key: str) -> list[str]:
        if isinstance(value, dict) and value:
            return [row for name, item in value.items() for row in rows(item, f"{key}.{name}".lstrip("."))]
        return [f"{key}: {json.dumps(value)}"]

    return "\n".join(rows(yaml.safe_load((REPO / "config/config.yaml").read_text()), "")) + "\n"


def columns(run: Path) -> str:
    """Return the columns and types of each table of a run, and the fields of its JSON files."""
    lines = []
    for path in sorted(path for path in run.rglob("*") if path.is_file()):
        name = re.sub(
            r"(topics|logs/topics|benchmarks/topics)/[^/]+\.", r"\1/FIRM.", str(path.relative_to(run))
        )
        if name.startswith((".guard/", "benchmarks/", "logs/", "report_data/")):
            continue
        if path.suffix == ".parquet":
            fields = [f"{field.name} {field.type}" for field in pq.read_schema(path)]
        elif path.suffix in {".csv", ".tsv"}:
            fields = path.read_text(encoding="utf-8-sig").splitlines()[0].replace("\t", ",").split(",")
        elif path.suffix == ".json":
            fields = sorted(_fields(json.loads(path.read_text()), ""))
        else:
            fields = []
        lines += [f"{name}: {', '.join(fields)}"]
    return "\n".join(dict.fromkeys(lines)) + "\n"


# Where a JSON object's keys are data (ids, words, versions), its fields are not listed.
_OPEN = ("versions", "firms", "timing", "params", "meanings", "scripts", "skipped")


def _fields(value: Any, at: str) -> set[str]:
    if isinstance(value, list):
        return set().union({at}, *(_fields(item, f"{at}[]") for item in value[:5] if isinstance(item, dict)))
    if isinstance(value, dict) and not at.endswith(_OPEN):
        return set().union(*(_fields(item, f"{at}.{key}".lstrip(".")) for key, item in value.items()), set())
    return {at}


def dags() -> str:
    """Return the jobs of a dry run for each of five configs, on a folder in which nothing has run."""
    parts = []
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for name in ("config", "data"):
            (folder / name).symlink_to(REPO / name)
        for name, settings in CONFIGS.items():
            (folder / "my.yaml").write_text(yaml.safe_dump(settings or {"run": "sample"}))
            snakefile = ("--snakefile", str(REPO / "Snakefile"), "--configfile", "my.yaml")
            text = _printed("-m", "snakemake", *snakefile, "--dag", cwd=folder)
            jobs = re.findall(r'\[label ?= ?"([^"]+)"', text)
            assert jobs, f"no job is planned for {name}: {text[-2000:]}"
            parts.append(
                f"### {name}: {len(jobs)} jobs, {text.count(' -> ')} arrows\n" + "\n".join(sorted(jobs))
            )
    return "\n".join(parts) + "\n"
