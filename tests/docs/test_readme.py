"""README's commands, run in order in a copy of the project: the sample, the command, one's own settings, the report."""

import zipfile
from pathlib import Path

import pytest

from tests.conftest import REPO
from tests.docs.commands import project_copy, run


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder in which every local command of README was run, and what they printed."""
    folder = project_copy(tmp_path_factory.mktemp("readme") / "project")
    return folder, run(REPO / "README.md", folder, {"EARNINGS_THEMES_STORE": ""}, "local")


def test_it_gives_every_file_that_readme_names(done: tuple[Path, str]) -> None:
    folder, printed = done
    for name in (
        "report.html",
        "panel.csv",
        "panel.dta",
        "panel.parquet",
        "calls.parquet",
        "codebook.md",
        "sentences.parquet",
        "themes.json",
        "quality.json",
        "figures/map.svg",
    ):
        assert (folder / "results" / "sample" / name).stat().st_size > 0
    assert len(list((folder / "results" / "sample" / "topics").glob("*.json"))) == 24
    assert (folder / "results" / "themes.sqlite").exists()
    assert "Run sample: " in printed
    assert "Corrandale Energy Corp. (661208)" in printed


def test_ones_own_settings_make_a_run_of_ones_own(done: tuple[Path, str]) -> None:
    folder, printed = done
    assert (folder / "results" / "late-may" / "report.html").exists()
    firms = (folder / "results" / "late-may" / "firms.tsv").read_text(encoding="utf-8").splitlines()
    assert 1 < len(firms) - 1 < 24
    assert "|  | sample | late-may |" in printed, "the comparison of both runs"


def test_snakemakes_own_report_holds_the_figures_with_their_captions(done: tuple[Path, str]) -> None:
    with zipfile.ZipFile(done[0] / "run.zip") as packed:
        text = "".join(
            packed.read(name).decode("utf-8", "replace")
            for name in packed.namelist()
            if name.endswith((".html", ".js"))
        )
        names = " ".join(packed.namelist())
    for category in ("Run", "Figures", "Data"):
        assert category in text
    for label in ("Map of themes", "Firms and themes", "Codebook of the panel"):
        assert label in text
    assert "near themes are about similar things" in text
    assert "map.svg" in names
