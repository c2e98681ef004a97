"""The figures as files: there, the same every time, and honest when there is nothing to draw."""

import datetime as dt
import warnings
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from earnings_themes.quality.summary import quality_report
from earnings_themes.report.cut_charts import births, groups
from earnings_themes.report.cuts import read_cuts
from earnings_themes.report.earlier import with_earlier
from earnings_themes.report.figures import NAMES, draw_figures
from earnings_themes.report.page_data import gather
from earnings_themes.results.artifacts import open_run
from earnings_themes.system.processes import pool
from tests.unit.report.synthetic import write_run

# A run in which every picture has something to show.
FULL = {"n_quarters": 3, "n_sectors": 2}


def _draw(run_dir: Path, folder: Path) -> None:
    list(draw_figures(gather(open_run(run_dir)), quality_report(run_dir), folder))


def _text(path: Path) -> str:
    return " ".join("".join(ElementTree.parse(path).getroot().itertext()).split())


def test_figures_name_the_themes_and_firms_as_text(tmp_path: Path) -> None:
    _draw(write_run(tmp_path), tmp_path)
    assert "supply chain" in _text(tmp_path / "themes.svg")
    assert "Firm 3 Inc" in _text(tmp_path / "heatmap.svg")
    assert "guidance" not in _text(tmp_path / "map.svg") and "labour" not in _text(tmp_path / "map.svg")
    assert "cloud migration" in _text(tmp_path / "map.svg")
    assert ".25" in _text(tmp_path / "curve.svg")
    for name in NAMES:
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_drawn_by_several_processes_they_are_the_same_bytes(tmp_path: Path) -> None:
    run_dir = write_run(tmp_path, **FULL)
    _draw(run_dir, tmp_path / "one")
    given = gather(open_run(run_dir)), quality_report(run_dir), tmp_path / "two"
    with pool(2, *given) as processes:
        drawn = dict(draw_figures(*given, processes))
    files = sorted((tmp_path / "one").iterdir())
    assert len(files) == 4 * len(NAMES) == 4 * len(drawn)
    for file in files:
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name


def test_quarters_groups_and_parts_of_the_call_are_drawn(tmp_path: Path) -> None:
    _draw(write_run(tmp_path, **FULL), tmp_path)
    for name, words in {
        "quarters": ("2024Q1", "2024Q2 7", "supply chain", "price increases*"),
        "lines": ("2024Q1", "cloud migration"),
        "groups": ("sector", "Sector 1"),
        "sides": ("Prepared remarks", "Analysts"),
    }.items():
        assert all(word in _text(tmp_path / f"{name}.svg") for word in words), name


def test_a_long_name_of_a_kept_column_stays_within_its_picture(tmp_path: Path) -> None:
    page = gather(open_run(write_run(tmp_path, **FULL)))
    name = "SIC code, four digits (historical, as of the fiscal year's end)"
    renamed = replace(page.cuts, groups={name: page.cuts.groups["sector"]})
    assert len(groups(replace(page, cuts=renamed)).figure.axes[0].get_title()) < 40


def test_the_numbers_of_a_picture_stand_beside_it_and_add_up(tmp_path: Path) -> None:
    run_dir = write_run(tmp_path, **FULL)
    _draw(run_dir, tmp_path)
    read = {name: pd.read_csv(tmp_path / f"{name}.csv", encoding="utf-8-sig") for name in NAMES}
    themes = read["themes"].set_index("theme_id")["n_sentences"]
    for name in ("quarters", "groups"):
        assert read[name].groupby("theme_id")["n"].sum().equals(themes.rename("n")), name
    quarters = read["quarters"]
    assert (quarters["share"] - quarters["n"] / quarters["modelled"]).abs().max() < 1e-6
    assert quarters.loc[quarters["begins"] == 1, ["label", "quarter"]].to_numpy().tolist() == [
        ["clinical trials", "2024Q2"]
    ]
    assert (quarters["n_firms"].max(), quarters["n_calls"].max()) == (6, 7)
    assert (read["sides"]["n_presentation"] + read["sides"]["n_qa"]).tolist() == themes.tolist()
    assert read["curve"]["floor"].is_monotonic_increasing and len(read["heatmap"]) == 6 * 4


def test_of_a_registry_only_what_this_run_found_begins_in_it(tmp_path: Path) -> None:
    run_dir = write_run(tmp_path, **FULL)
    page = gather(open_run(run_dir))
    assert births(page) == {3: 1}
    parts = [
        replace(part, theme=replace(part.theme, born="made-up" if part.number in (0, 3) else "2023_Q4"))
        for part in page.themes
    ]
    # Beside themes that were there before, one of the first quarter is new as well.
    assert births(replace(page, themes=tuple(parts))) == {0: 0, 3: 1}


def test_earlier_runs_of_a_registry_come_before_the_runs_own_quarters(tmp_path: Path) -> None:
    run_dir = write_run(tmp_path, run="later", start=dt.date(2024, 4, 1))
    write_run(tmp_path, run="first", n_topics=4)
    # The first run has three of the four themes; in a registry they have one id in both.
    page = gather(open_run(run_dir))
    own, ids = page.cuts.quarters, [f"first-{number}" for number in ("001", "002", "003", "004")]
    cut, read = with_earlier(own, ids, str(run_dir), ["first", "gone"])
    assert (cut.names, read) == (("2024Q1", "2024Q2"), ["first"])
    assert cut.n.tolist() == [[24, 24, 24, 0], [24, 24, 24, 24]]
    both = replace(page, cuts=replace(page.cuts, quarters=cut), earlier=("first",))
    assert births(both) == {3: 1}


def test_a_column_with_a_value_a_firm_is_no_group(tmp_path: Path) -> None:
    assert list(read_cuts(str(write_run(tmp_path / "groups", n_sectors=2))).groups) == ["sector"]
    assert not read_cuts(str(write_run(tmp_path / "ids", n_sectors=99))).groups


def test_captions_say_what_is_shown_and_of_how_many(tmp_path: Path) -> None:
    _draw(write_run(tmp_path, n_firms=45), tmp_path)
    assert "All 4 themes" in (tmp_path / "themes.txt").read_text()
    assert "30 of 46 firms (those with most sentences)" in (tmp_path / "heatmap.txt").read_text()
    assert "The 4 themes" in (tmp_path / "map.txt").read_text()
    assert "mean strength" in (tmp_path / "curve.txt").read_text()


def test_a_theme_of_low_stability_has_a_star(tmp_path: Path) -> None:
    _draw(write_run(tmp_path), tmp_path)
    text = _text(tmp_path / "themes.svg")
    assert "price increases*" in text and "supply chain*" not in text


@pytest.mark.parametrize(
    "shape", [{"n_themes": 0}, {"n_firms": 0}, {"n_firms": 2, "n_topics": 1, "n_themes": 1}]
)
def test_little_to_draw_is_a_figure_that_says_so(tmp_path: Path, shape: dict[str, int]) -> None:
    _draw(write_run(tmp_path, **shape), tmp_path)
    for name in NAMES:
        assert (tmp_path / f"{name}.svg").stat().st_size > 500
    if "n_topics" not in shape:
        assert "No themes" in _text(tmp_path / "themes.svg")


def test_dollars_and_tags_in_a_label_are_drawn_as_they_are(tmp_path: Path) -> None:
    _draw(write_run(tmp_path, label="$x^2$ <b> "), tmp_path)
    assert "$x^2$ <b> supply chain" in _text(tmp_path / "themes.svg")


def test_other_scripts_warn_nobody(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _draw(write_run(tmp_path, label="供应链 "), tmp_path)
    assert "供应链 supply chain" in _text(tmp_path / "themes.svg")
