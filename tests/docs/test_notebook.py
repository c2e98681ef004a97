"""docs/explore.ipynb runs from its first cell to its last, on three quarters, and is kept without outputs."""

import datetime as dt

import nbformat
import pytest
from nbclient import NotebookClient

from earnings_themes.report import build
from tests.conftest import REPO
from tests.unit.report.synthetic import write_run

NOTEBOOK = REPO / "docs" / "explore.ipynb"


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> nbformat.NotebookNode:
    """The notebook after it was run on three made-up quarters of twelve firms."""
    results = tmp_path_factory.mktemp("results")
    for number, name in enumerate(("2023_Q1", "2023_Q2", "2023_Q3")):
        start = dt.date(2023, 1 + 3 * number, 2)
        build(write_run(results, n_firms=12, per_topic=3 + number, run=name, start=start))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(REPO / "docs")}}
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EARNINGS_THEMES_RESULTS", str(results))
        client.execute()
    return notebook


def _shown(notebook: nbformat.NotebookNode) -> str:
    return "\n".join(
        output.get("data", {}).get("text/plain", "")
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    )


def test_it_reads_the_panel_and_follows_a_theme_over_the_quarters(executed: nbformat.NotebookNode) -> None:
    shown = _shown(executed)
    assert "['2023_Q1', '2023_Q2', '2023_Q3']" in shown
    history = next(cell for cell in executed.cells if "chains" in cell.source)
    (line,) = [
        line
        for line in _shown(nbformat.from_dict({"cells": [history]})).splitlines()
        if "supply chain" in line
    ]
    # Of 5 topics' sentences and 2 more: 3 of 17, 4 of 22, 5 of 27.
    assert line.split()[-3:] == ["0.176", "0.182", "0.185"]


def test_returns_are_joined_and_said_to_be_invented(executed: nbformat.NotebookNode) -> None:
    assert "slope on invented returns" in _shown(executed)
    text = "".join(cell.source for cell in executed.cells if cell.cell_type == "markdown")
    assert "The returns below are invented" in text


def test_it_is_kept_without_outputs() -> None:
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        assert not cell.get("outputs") and cell.get("execution_count") is None, (
            "clear the outputs before committing"
        )
