"""Calls of snakemake where the packages of the cloud, of SLURM and of LDA are not installed, as after `make run`.

A module on the interpreter's path hides them in every process of a call, so that this needs no environment of its own.
"""

import os
from pathlib import Path

import pytest

from earnings_themes.results.artifacts import read_firm_topics
from tests.conftest import REPO
from tests.unit.cloud.test_image import pinned
from tests.workflow.conftest import Finished, Folder, make_folder

# Python imports a module of this name before anything else.
HIDING = """
import pkgutil, sys
HIDDEN = {hidden!r}
sys.modules |= dict.fromkeys(HIDDEN)
found = pkgutil.iter_modules
# Snakemake lists its plugins by their names.
pkgutil.iter_modules = lambda *a, **k: (module for module in found(*a, **k) if module.name not in HIDDEN)
"""


class Bare:
    """Calls snakemake without what envs/cloud.txt, lda.txt and slurm.txt install."""

    def __init__(self, path: Path) -> None:
        extras = (pinned(f"envs/{extra}.txt") for extra in ("cloud", "lda", "slurm"))
        added = {name for extra in extras for name in extra} - pinned("envs/workflow.txt").keys()
        hidden = {name.replace("-", "_") for name in added}
        path.mkdir()
        (path / "sitecustomize.py").write_text(HIDING.format(hidden=hidden))
        self.before = ("env", f"PYTHONPATH={os.pathsep.join(map(str, (path, REPO, REPO / 'src')))}")

    def snakemake(self, folder: Folder, *arguments: str) -> Finished:
        return folder.snakemake(*arguments, before=self.before)


@pytest.fixture
def bare(tmp_path: Path) -> Bare:
    return Bare(tmp_path / "hiding")


def test_a_run_on_one_machine_needs_no_package_of_an_extra(bare: Bare, fresh: Folder) -> None:
    done = bare.snakemake(fresh)
    assert done.status == 0, done.text
    firm = read_firm_topics(next((fresh.results() / "topics").glob("*.json")))
    assert "numpy" in firm.metadata["versions"] and "tomotopy" not in firm.metadata["versions"]


def test_the_samples_dry_run_needs_none_and_lda_is_refused_before_anything_is_read(
    bare: Bare, tmp_path: Path
) -> None:
    folder = make_folder(tmp_path / "work")
    shown = bare.snakemake(folder, "-n")
    assert shown.status == 0, shown.text
    refused = bare.snakemake(folder, "--config", "topics={model: lda}")
    assert refused.status != 0 and "Traceback" not in refused.text
    assert "topics.model: lda needs tomotopy, which is not installed. Type: make lda" in refused.text
    assert not folder.results("sample").exists()


@pytest.mark.parametrize(
    ("profile", "module", "command"),
    [
        ("aws-basic-batch", "snakemake_storage_plugin_s3", "make cloud"),
        ("aws-batch", "snakemake_storage_plugin_s3", "make cloud"),
        ("slurm", "snakemake_executor_plugin_slurm", "make slurm"),
    ],
)
def test_a_profile_says_what_to_type(
    bare: Bare, tmp_path: Path, profile: str, module: str, command: str
) -> None:
    folder = make_folder(tmp_path / "work")
    refused = bare.snakemake(folder, "--profile", f"config/profiles/{profile}", "-n")
    assert refused.status != 0
    last = refused.text.strip().splitlines()[-1]
    assert last.endswith(f"needs {module}, which is not installed. Type: {command}"), refused.text
