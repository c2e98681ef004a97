"""Runs the real snakemake command on the project's Snakefile, in a folder of the test's own."""

import os
import re
import shutil
import subprocess
import sys
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

    def snakemake(self, *arguments: str) -> Finished:
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(REPO / "Snakefile"), "--cores", "2"]
        if (self.path / "my.yaml").exists():
            command += ["--configfile", "my.yaml"]
        env = os.environ | {"PYTHONPATH": str(REPO), "OMP_NUM_THREADS": "1"}
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
