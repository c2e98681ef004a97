"""The settings: what is allowed comes through typed, what is not is named with what to write instead."""

import copy
from typing import Any

import pytest
import yaml

from docs.generate import schemas
from docs.generate import settings as written
from earnings_themes.config import check_files, parse_config, read_config
from earnings_themes.errors import ConfigError
from earnings_themes.implementations import check_classes, parameter_faults
from earnings_themes.topics.lda_model import LDAModel
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
    assert (config.themes.min_firms, config.themes.max_firm_share) == (2, 0.5)


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
        ("source.firms", [True], "source.firms.0 is True; expected a list of firm ids"),
        ("topics", None, "topics is empty; expected settings below it (model, min_sentences"),
        ("topics.params", {"zzz": 3}, "topics.params.zzz is not a known key; known here: neighbours"),
        (
            "topics.params",
            {"topic_size": 0.5},
            "topics.params.topic_size is 0.5; expected a whole number from 2",
        ),
        ("topics.params", {"min_topic_sise": 3}, "did you mean topics.params.min_topic_size?"),
        ("themes.granularty", 0.4, "did you mean themes.granularity?"),
        ("themes.granularity", 1, "themes.granularity is 1; expected a number above 0, below 1"),
        ("themes.floor", -0.1, "themes.floor is -0.1; expected a number"),
        ("publish", {"store": "dynamodb"}, "publish.table is not set"),
        ("source.max_lost", 5, "source.max_lost is 5; expected a share of rows"),
        (
            "source.date_format",
            "MM/DD/YYYY",
            "source.date_format is 'MM/DD/YYYY'; expected how days are written",
        ),
        ("embedding.device", "gpu", "embedding.device is 'gpu'; expected auto, cpu, mps, cuda"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(path: str, value: Any, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_config(changed(path, value))
    assert said in str(error.value)


def test_every_fault_is_named_at_once() -> None:
    raw = changed("themes.min_firms", 0)
    raw["topics"]["min_sentences"] = 1
    raw["themes"]["labels"]["llm"] = {"model": "some-model"}
    with pytest.raises(ConfigError) as error:
        parse_config(raw)
    for key in ("themes.min_firms", "topics.min_sentences", "themes.labels.llm.url is missing"):
        assert key in str(error.value)


def test_what_is_not_said_has_its_default() -> None:
    assert parse_config({"run": "mine"}).themes == parse_config(CONFIG).themes


def test_a_number_is_a_name_too() -> None:
    raw = changed("run", 2024)
    raw["source"]["firms"] = [1000, "0012"]
    config = parse_config(raw)
    assert (config.run, config.source.firms) == ("2024", ("1000", "0012"))


def test_an_unquoted_yaml_date_is_a_date() -> None:
    raw = changed("source.start_date", yaml.safe_load("2023-01-31"))
    assert parse_config(raw).source.start_date.isoformat() == "2023-01-31"


def test_dates_in_the_wrong_order_are_refused() -> None:
    raw = changed("source.start_date", "2023-04-01")
    raw["source"]["end_date"] = "2023-03-31"
    with pytest.raises(ConfigError, match="2023-04-01 is after"):
        parse_config(raw)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a list", "found list"),
        ("a: [", "cannot be read as YAML"),
        ("a: 2023-02-31", "cannot be read as YAML"),
    ],
)
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Any, text: str, said: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said):
        read_config(path)


def test_every_key_of_the_config_has_a_comment_or_is_a_section() -> None:
    lines = (REPO / "config/config.yaml").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.strip() and "#" not in line and not line.endswith(":")] == []


@pytest.mark.parametrize(
    ("path", "made"),
    [
        ("config/config.yaml", written.config_yaml),
        ("config/schemas/config.schema.yaml", written.schema_yaml),
        ("config/schemas/firm_topics.schema.json", schemas.firm_topics_file),
        ("config/schemas/themes.schema.json", schemas.themes_file),
    ],
)
def test_what_is_written_from_the_classes_is_not_stale(path: str, made: Any) -> None:
    assert (REPO / path).read_text(encoding="utf-8") == made(), f"{path} is stale: run `make docs`"


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (
            "report.labels",
            "nowhere.csv",
            "report.labels names nowhere.csv, which cannot be read: No such file",
        ),
        ("report.labels", "wrong.csv", "has no column sentence_id and no column theme; found a, b"),
        ("publish.path", "folder", "publish.path is folder, which is a folder"),
        ("publish.path", "wrong.csv/x.sqlite", "wrong.csv is no folder"),
        ("embedding.cache", "wrong.csv", "embedding.cache is wrong.csv, which is a file"),
        ("embedding.cache", "s3://b/c", "'s3://b/c'; expected a folder on this disk, or null"),
        ("embedding.model", "./model", "embedding.model names the folder ./model, which is not there"),
        ("embedding.model", "statik", "did you mean static?"),
        ("embedding.model", "Packaged", "did you mean packaged?"),
        ("publish.path", "s3://b/themes.sqlite", "expected the path of a file on this disk"),
        (
            "themes.labels.llm",
            {
                "url": "https://host/v1",
                "model": "m",
                "api_key_env": "NO_SUCH_KEY",
            },  # pragma: allowlist secret
            "NO_SUCH_KEY, which is not set",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_named_before_anything_runs(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, path: str, value: Any, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wrong.csv").write_text("a,b\n")
    (tmp_path / "folder").mkdir()
    raw = changed("report.labels", None)
    *folders, key = path.split(".")
    place = raw
    for folder in folders:
        place = place[folder]
    place[key] = value
    with pytest.raises(ConfigError) as error:
        check_files(parse_config(raw))
    assert said in str(error.value)


OWN_MODEL = """
from earnings_themes.abstractions import TopicModelInterface
class Mine(TopicModelInterface):
    def __init__(self, seed: int = 42, words: int = 8, shares: list[float] | None = None) -> None: ...
"""


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("source.kind", "local_cvs", "source.kind: 'local_cvs' is not known.*Did you mean 'local_csv'"),
        ("topics.model", "ldaa", "topics.model: 'ldaa' is not known.*Did you mean 'lda'"),
        ("publish.store", "sqllite", "publish.store: 'sqllite' is not known.*Did you mean 'sqlite'"),
        ("topics.model", "own_model:Mein", "own_model has no 'Mein'. Did you mean 'Mine'"),
        ("topics.model", "no_such:Mine", "cannot be imported: ModuleNotFoundError"),
        ("topics.params", {"word": 3}, "did you mean topics.params.words?"),
        ("topics.params", {"words": "many"}, "topics.params.words is 'many'; expected int, as Mine says"),
    ],
)
def test_a_class_of_ones_own_and_its_parameters_are_looked_at(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, path: str, value: Any, said: str
) -> None:
    (tmp_path / "own_model.py").write_text(OWN_MODEL)
    monkeypatch.syspath_prepend(str(tmp_path))
    raw = changed("topics.model", "own_model:Mine")
    check_classes(parse_config(raw))
    section, key = path.split(".")
    raw[section][key] = value
    with pytest.raises(ConfigError, match=said):
        check_classes(parse_config(raw))


def test_a_class_made_from_a_built_in_model_takes_what_that_takes() -> None:
    class Mine(LDAModel):
        """Latent Dirichlet allocation, changed."""

    assert parameter_faults(Mine, {"alpha": 0.1, "n_topics": 5}, "topics.params") == []
    (said,) = parameter_faults(Mine, {"alhpa": 0.1}, "topics.params")
    assert said == "topics.params.alhpa is not a known key; did you mean topics.params.alpha?"
