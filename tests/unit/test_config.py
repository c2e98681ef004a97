"""The settings: what is allowed comes through typed, what is not is named with what to write instead."""

import copy
from typing import Any

import pytest
import yaml

from earnings_themes.config import parse_config, read_config
from earnings_themes.errors import ConfigError
from tests.conftest import REPO

CONFIG = yaml.safe_load((REPO / "config/config.yaml").read_text(encoding="utf-8"))


def changed(path: str, value: Any) -> dict[str, Any]:
    raw = copy.deepcopy(CONFIG)
    *folders, key = path.split(".")
    place = raw
    for folder in folders:
        place = place[folder]
    place[key] = value
    return raw


def test_the_shipped_config_is_valid() -> None:
    config = read_config(REPO / "config/config.yaml")
    assert config.run == "sample"
    assert (config.themes.min_firms, config.themes.max_firm_share) == (2, 0.4)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("themes.min_firm", 3, "themes.min_firm is not a known key; did you mean themes.min_firms?"),
        ("sede", 3, "sede is not a known key; did you mean seed?"),
        ("themes.min_firms", "two", "themes.min_firms is 'two'; expected a whole number from 1"),
        ("themes.max_firm_share", 1.5, "themes.max_firm_share is 1.5; expected a number above 0, at most 1"),
        ("run", "../escape", "run is '../escape'; expected the run's name, of letters"),
        (
            "source.start_date",
            "2023-02-31",
            "source.start_date is '2023-02-31'; expected a date as YYYY-MM-DD",
        ),
        ("source.firms", [1.5], "source.firms.0 is 1.5; expected"),
        ("source.time_zone", "New York", "source.time_zone is 'New York'; expected a zone such as"),
        ("source.max_lost", 5, "source.max_lost is 5; expected a share of rows"),
        (
            "source.date_format",
            "MM/DD/YYYY",
            "source.date_format is 'MM/DD/YYYY'; expected how days are written",
        ),
        ("embedding.device", "gpu", "embedding.device is 'gpu'; expected cpu, cuda"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(path: str, value: Any, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_config(changed(path, value))
    assert said in str(error.value)


def test_every_fault_is_named_at_once() -> None:
    raw = changed("themes.min_firms", 0)
    raw["topics"]["min_sentences"] = 1
    del raw["seed"]
    with pytest.raises(ConfigError) as error:
        parse_config(raw)
    for key in ("themes.min_firms", "topics.min_sentences", "'seed' is missing"):
        assert key in str(error.value)


def test_an_unquoted_yaml_date_is_a_date() -> None:
    raw = changed("source.start_date", yaml.safe_load("2023-01-31"))
    assert parse_config(raw).source.start_date.isoformat() == "2023-01-31"


def test_dates_in_the_wrong_order_are_refused() -> None:
    raw = changed("source.start_date", "2023-04-01")
    raw["source"]["end_date"] = "2023-03-31"
    with pytest.raises(ConfigError, match="2023-04-01 is after"):
        parse_config(raw)


@pytest.mark.parametrize(("text", "said"), [("- a list", "found list"), ("a: [", "cannot be read as YAML")])
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Any, text: str, said: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said):
        read_config(path)


def test_every_key_of_the_config_has_a_comment_or_is_a_section() -> None:
    lines = (REPO / "config/config.yaml").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.strip() and "#" not in line and not line.endswith(":")] == []
