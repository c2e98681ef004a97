"""The figures as files: there, the same every time, and honest when there is nothing to draw."""

import warnings
from pathlib import Path
from xml.etree import ElementTree

import pytest

from earnings_themes.report.figures import draw_figures
from earnings_themes.report.page_data import Page, gather
from earnings_themes.results.run_files import open_run
from tests.unit.report.synthetic import write_panel, write_run

NAMES = ("themes", "heatmap", "map")


def _page(run_dir: Path) -> Page:
    run = open_run(run_dir)
    write_panel(run_dir)
    return gather(run, run_dir / "panel.parquet")


def _text(path: Path) -> str:
    return " ".join("".join(ElementTree.parse(path).getroot().itertext()).split())


def test_figures_name_the_themes_and_firms_as_text(tmp_path: Path) -> None:
    draw_figures(_page(write_run(tmp_path)), tmp_path)
    assert "supply chain" in _text(tmp_path / "themes.svg")
    assert "Firm 3 Inc" in _text(tmp_path / "heatmap.svg")
    assert "In no theme" in _text(tmp_path / "map.svg")
    for name in NAMES:
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_captions_say_what_is_shown_and_of_how_many(tmp_path: Path) -> None:
    draw_figures(_page(write_run(tmp_path, n_firms=45)), tmp_path)
    assert "All 4 themes" in (tmp_path / "themes.txt").read_text()
    assert "40 of 46 firms (those with most sentences)" in (tmp_path / "heatmap.txt").read_text()
    assert "The 225 topics of 45 firms" in (tmp_path / "map.txt").read_text()


@pytest.mark.parametrize(
    "shape", [{"n_themes": 0}, {"n_firms": 0}, {"n_firms": 2, "n_topics": 1, "n_themes": 1}]
)
def test_little_to_draw_is_a_figure_that_says_so(tmp_path: Path, shape: dict[str, int]) -> None:
    draw_figures(_page(write_run(tmp_path, **shape)), tmp_path)
    for name in NAMES:
        assert (tmp_path / f"{name}.svg").stat().st_size > 500
    if "n_topics" not in shape:
        assert "No themes" in _text(tmp_path / "themes.svg")


def test_dollars_and_tags_in_a_label_are_drawn_as_they_are(tmp_path: Path) -> None:
    draw_figures(_page(write_run(tmp_path, label="$x^2$ <b> ")), tmp_path)
    assert "$x^2$ <b> supply chain" in _text(tmp_path / "themes.svg")


def test_other_scripts_warn_nobody(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw_figures(_page(write_run(tmp_path, label="供应链 ")), tmp_path)
    assert "供应链 supply chain" in _text(tmp_path / "themes.svg")
