"""The fuzzer's command works, and a few thousand inputs from the kept corpus find nothing."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPO

N_INPUTS = 3000


@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris is not installed (Linux only)"
)
def test_some_thousand_made_up_files_are_read_or_refused(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    shutil.copytree(REPO / "tests/fuzz/corpus", corpus)
    command = [sys.executable, "-m", "tests.fuzz.csv_target", f"-runs={N_INPUTS}", "-seed=1", "-max_len=2000"]
    done = subprocess.run(
        [*command, str(corpus)],
        cwd=REPO,
        # Coverage's own hook in a subprocess would be measured instead of the code.
        env={key: value for key, value in os.environ.items() if not key.startswith("COV")},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert f"Done {N_INPUTS}" in done.stdout
