"""The notebooks of docs/notebooks run from the first cell to the last, on runs of the sample over quarters, and say what they should."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.conftest import REPO

NOTEBOOKS = REPO / "docs" / "notebooks"
pytest.importorskip(
    "linearmodels", reason="envs/notebook.txt is not installed; make test-notebooks installs it"
)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both runs, made by the workflow as `make notebook` makes them."""
    folder = tmp_path_factory.mktemp("notebooks")
    (folder / "config").symlink_to(REPO / "config")
    (folder / "results").mkdir()
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(REPO / "src"), os.environ.get("PYTHONPATH", "")])
    }
    maker = [sys.executable, REPO / "data" / "make_sample.py", "--quarters", "4", "--out", folder / "results"]
    subprocess.run(maker, check=True)
    for name in ("found", "tested"):
        call = [sys.executable, "-m", "snakemake", "--snakefile", REPO / "Snakefile", "--cores", "2"]
        call += ["--configfile", NOTEBOOKS / f"{name}.yaml"]
        done = subprocess.run(call, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder / "results"


def _printed(name: str, results: Path) -> str:
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(NOTEBOOKS)}}
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EARNINGS_THEMES_RESULTS", str(results))
        client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs)


def _row(printed: str, name: str) -> list[float]:
    """Return the numbers of the first line that begins with the name."""
    line = next(line for line in printed.splitlines() if line.strip().startswith(name))
    return [float(number) for number in re.findall(r"-?\d+\.\d+", line)]


def test_firm_and_quarter_effects_recover_what_was_planted_and_other_themes_are_silent(results: Path) -> None:
    printed = _printed("regression", results)
    assert "24 firms × 4 quarters" in printed
    coefficient, error, _ = _row(printed, "firm and quarter effects")
    assert abs(coefficient - 0.5) < 2 * error < 0.5
    assert abs(_row(printed, "pooled")[0] - 0.5) > 0.5
    assert "others below .05: 0 of" in printed


def test_the_event_study_finds_the_planted_theme_and_no_placebo(results: Path) -> None:
    printed = _printed("event_study", results)
    rows = [
        re.findall(r"-?\d+\.\d+", line)
        for line in printed.splitlines()
        if "planted  " in line or "placebo theme" in line
    ]
    (effect, p), (_, p_theme), (_, p_days) = [tuple(map(float, row)) for row in rows]
    assert p == 0.001 and abs(effect - 0.02) < 0.005
    assert min(p_theme, p_days) > 0.05
    assert "0 are below .05 when corrected" in printed
    planted = re.findall(r"planted: 0.02 on (\w+)", printed)[0]
    assert "1 hold" in printed and _row(printed, f"{planted} ")[-1] < 0.05


def test_correction_brings_the_coefficient_back_to_the_truth(results: Path) -> None:
    printed = _printed("measurement_error", results)
    truth, naive = _row(printed, "the truth")[0], _row(printed, "the theme's share")[0]
    corrected, _, low, high = _row(printed, "corrected")
    assert low < truth < high
    assert abs(corrected - truth) < abs(naive - truth)


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_they_are_kept_without_outputs(path: Path) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        assert not cell.get("outputs") and cell.get("execution_count") is None, (
            "clear the outputs before committing"
        )
