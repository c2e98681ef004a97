"""What the comparison of encoders stands on: the agreement of two runs, sentence by sentence."""

import shutil
from pathlib import Path

import pytest
import yaml

from benchmarks.encoders import agreement, compare
from earnings_themes.config import parse_config
from earnings_themes.system.folders import folder_at
from earnings_themes.themes.run import reduce_run
from tests.conftest import REPO
from tests.small_run import RUN, list_firms, make_run, write_firm

FIRMS = ("a", "b", "c")


def reduced(folder: Path) -> Path:
    settings = yaml.safe_load((REPO / "config/config.yaml").read_text())
    settings["run"] = RUN
    settings["themes"] |= {"stability_runs": 0, "min_firms": 2}
    reduce_run(parse_config(settings), folder_at(str(folder)), folder / "themes.json", folder / "reduce.json")
    return folder


def test_a_run_agrees_with_itself_and_less_with_another(tmp_path: Path) -> None:
    one = reduced(make_run(tmp_path / "one", FIRMS, (0, 1, 2)))
    same = shutil.copytree(one, tmp_path / "same")
    assert compare([one, same]) == {"topics": (1.0, 1.0), "themes": (1.0, 1.0)}
    other = make_run(tmp_path / "other", FIRMS, (0, 1, 2))
    write_firm(other, "a", (1, 0, 2))
    list_firms(other, FIRMS)
    assert compare([one, reduced(other)])["themes"][0] < 0.9


def test_what_has_no_group_is_left_out_or_alone() -> None:
    one = {"s1": "x", "s2": "x", "s3": "y", "s4": None}
    other = {"s1": "u", "s2": "u", "s3": "v", "s4": "v"}
    left_out, alone = agreement(one, other)
    assert left_out == pytest.approx(1.0)
    assert alone < 1
