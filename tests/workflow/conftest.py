"""Runs the real snakemake command on the project's Snakefile, in a folder of the test's own."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import REPO


@dataclass
class Finished:
    """What a call of snakemake left: its exit status, all it printed, and the messages of the jobs it ran."""

    status: int
    text: str

    @property
    def jobs(self) -> list[str]:
        return sorted(re.findall(r"^Job \d+: (.+)$", self.text, flags=re.MULTILINE))


@dataclass
class Folder:
    """A working folder with the project's config, and a config file of the test's on top of it."""

    path: Path

    def configure(self, **settings: Any) -> None:
        (self.path / "my.yaml").write_text(yaml.safe_dump(settings))

    def snakemake(self, *arguments: str, before: Sequence[str] = ()) -> Finished:
        """Run the command; `before` are words that come before it, such as nice."""
        command = [
            *before,
            sys.executable,
            "-m",
            "snakemake",
            "--snakefile",
            str(REPO / "Snakefile"),
            "--cores",
            "2",
        ]
        if (self.path / "my.yaml").exists():
            command += ["--configfile", "my.yaml"]
        env = os.environ | {"PYTHONPATH": f"{REPO}{os.pathsep}{REPO / 'src'}", "OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            [*command, *arguments],
            cwd=self.path,
            env=env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        return Finished(done.returncode, done.stdout)

    def copy(self, path: Path) -> "Folder":
        shutil.copytree(self.path, path, symlinks=True)
        return Folder(path)

    def results(self, run: str = "tiny") -> Path:
        return self.path / "results" / run


def results_of(folder: Folder) -> Iterator[tuple[str, Any]]:
    """Yield each result of a folder by name, without what says when and how fast it was made."""
    run = folder.results()
    for path in sorted(path for path in run.rglob("*") if path.is_file()):
        name = str(path.relative_to(run))
        if name.startswith((".guard/", "set_aside/", "logs/", "benchmarks/")):
            continue
        if name == "report.html":
            # Its table of seconds is of this very run.
            yield name, re.sub(r"Where the time went.*?</table>", "", path.read_text(), flags=re.DOTALL)
        elif name.endswith(".json"):
            yield name, _without_times(json.loads(path.read_text()))
        else:
            yield name, path.read_bytes()
    with sqlite3.connect(folder.path / "results/themes.sqlite") as store:
        yield (
            "store",
            store.execute("SELECT run, digest, n_firms, n_themes, n_topics, n_sentences FROM run").fetchall(),
        )
        yield "store's own check", store.execute("PRAGMA integrity_check").fetchall()


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        gone = ("timing", "seconds", "peak_memory_mb", "version", "published_at")
        return {key: _without_times(item) for key, item in value.items() if key not in gone}
    return [_without_times(item) for item in value] if isinstance(value, list) else value


def differences(one: Folder, other: Folder) -> list[str]:
    """Return the names of the results that are not the same in both folders."""
    a, b = dict(results_of(one)), dict(results_of(other))
    return sorted(name for name in a.keys() | b.keys() if a.get(name) != b.get(name))


def make_folder(path: Path) -> Folder:
    path.mkdir(exist_ok=True)
    (path / "config").symlink_to(REPO / "config")
    (path / "data").symlink_to(REPO / "data")
    return Folder(path)


SETTINGS: dict[str, Any] = {
    "run": "tiny",
    "source": {"path": "calls.csv"},
    "topics": {"min_sentences": 10, "model": "tests.workflow.own_parts:FailingModel"},
    "report": {"labels": None},
}


@pytest.fixture
def fresh(tmp_path: Path, quarter: Path) -> Folder:
    """A folder in which nothing has run."""
    folder = make_folder(tmp_path / "work")
    shutil.copy2(quarter, folder.path / "calls.csv")
    folder.configure(**SETTINGS)
    return folder


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, quarter: Path) -> Folder:
    """A folder in which the small quarter went through once; copy it before changing it."""
    folder = make_folder(tmp_path_factory.mktemp("finished") / "work")
    shutil.copy2(quarter, folder.path / "calls.csv")
    folder.configure(**SETTINGS)
    run = folder.snakemake()
    assert run.status == 0, run.text
    return folder
