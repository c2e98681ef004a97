"""What a run in S3 was made with: a head with an empty disk makes what changed, and refuses other firms."""

import re
from pathlib import Path
from typing import Any

import pytest

from earnings_themes.cloud import made_with
from earnings_themes.errors import ConfigError
from earnings_themes.system.folders import LocalFolder
from tests.conftest import REPO

CONFIG: dict[str, Any] = {
    "run": "r",
    "source": {"kind": "s3", "path": "s3://b/input/", "firms": None, "start_date": None, "end_date": None},
    "embedding": {"model": "packaged"},
    "topics": {"model": "bertopic", "min_sentences": 20, "keep_procedural": False},
    "themes": {"min_firms": 2},
    "publish": {"store": "sqlite"},
    "report": {"labels": None},
    "panel": {"words": {}},
    "seed": 1,
}


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """Scripts of which one imports something."""
    folder = tmp_path / "scripts"
    folder.mkdir()
    for rule in made_with.DEPENDS:
        (folder / f"{rule}.py").write_text("from earnings_themes.text import words\n")
    made_with.code_of.cache_clear()
    return folder


def changed(**parts: Any) -> dict[str, Any]:
    return CONFIG | {
        key: CONFIG[key] | value if isinstance(value, dict) else value for key, value in parts.items()
    }


def test_a_curation_of_the_registry_makes_the_themes_again(tmp_path: Path, scripts: Path) -> None:
    folder = LocalFolder(tmp_path / "run")
    config = CONFIG | {"registry": {"path": "s3://b/registry/mine", "mode": "extend"}}
    made_with.write_differences(folder, config, scripts, "0a1b ")
    assert made_with.write_differences(folder, config, scripts, "0a1b ") == []
    assert made_with.write_differences(folder, config, scripts, "0a1b 2c3d") == ["themes"]


@pytest.mark.parametrize(
    ("parts", "rules"),
    [
        ({}, []),
        ({"embedding": {"model": "static"}}, ["embed"]),
        ({"topics": {"min_sentences": 10}}, ["topics"]),
        ({"topics": {"keep_procedural": True}}, ["embed", "topics"]),
        ({"themes": {"min_firms": 3}}, ["themes"]),
        ({"seed": 2}, ["topics", "themes"]),
        ({"publish": {"store": "dynamodb"}}, ["publish"]),
        ({"panel": {"words": {"positive": "w.txt"}}}, ["panel"]),
        ({"report": {"labels": "labels.csv"}}, ["report"]),
        ({"source": {"limits": {"firms": 5}}}, ["ingest"]),
    ],
)
def test_a_setting_is_told_apart_by_the_rules_whose_results_depend_on_it(
    tmp_path: Path, scripts: Path, parts: dict[str, Any], rules: list[str]
) -> None:
    folder = LocalFolder(tmp_path / "run")
    assert made_with.rules_without_settings(folder) == set(made_with.DEPENDS)
    assert made_with.write_differences(folder, CONFIG, scripts) == [], (
        "a first run has nothing to compare with"
    )
    assert made_with.rules_without_settings(folder) == set()
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "run/settings").iterdir()}
    assert made_with.write_differences(folder, changed(**parts), scripts, writes=False) == rules
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "run/settings").iterdir()} == before
    assert made_with.write_differences(folder, changed(**parts), scripts) == rules
    written = [path.stem for path, then in before.items() if path.stat().st_mtime_ns != then]
    assert sorted(set(written) - {"config"}) == sorted(rules), "what is the same is not touched"


def test_every_rule_that_makes_something_says_what_it_was_made_with() -> None:
    """A rule that is forgotten here is one whose old results a fresh head takes for new ones."""
    text = "".join(path.read_text(encoding="utf-8") for path in sorted((REPO / "rules").glob("*.smk")))
    rules = re.split(r"^rule (\w+):$", text, flags=re.MULTILINE)[1:]
    made = {name: body for name, body in zip(rules[::2], rules[1::2], strict=True) if "params:" in body}
    assert set(made) == set(made_with.DEPENDS)
    # Where the run is and how many firms are enough change no result by themselves.
    elsewhere = {"run", "reduce.min_firm_coverage"}
    for name, body in made.items():
        assert f'made_with_settings("{name}")' in body, f"rule {name} does not look at its settings"
        params = {
            ".".join(re.findall(r'\["(\w+)"\]', keys)) for keys in re.findall(r'config((?:\["\w+"\])+)', body)
        } | ({"topics", "seed"} if "get_firm_settings" in body else set())
        known = made_with.DEPENDS[name]
        forgotten = {
            key for key in params - elsewhere if not any(key == k or key.startswith(f"{k}.") for k in known)
        }
        assert not forgotten, f"rule {name} depends on {forgotten}, and made_with.DEPENDS does not say so"


def test_a_rules_code_is_its_script_and_what_it_imports_without_the_comments(tmp_path: Path) -> None:
    script = tmp_path / "topics.py"

    def code(text: str, module: str = "") -> str:
        script.write_text(text)
        made_with.code_of.cache_clear()
        return made_with.code_of(script, module)

    first = code("x = 1\n")
    assert code('"""It says more."""\n# and more\nx = 1\n') == first
    assert code("x = 2\n") != first
    assert code("from earnings_themes.text import words\nx = 1\n") != code(
        "x = 1\n", "earnings_themes.topics.lda_model"
    )
    there = {path.name for path in made_with.reached(script, "earnings_themes.topics.bertopic_model")}
    assert "bertopic_model.py" in there and "lda_model.py" not in there


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"firms": ["1"]}, r'firms: all then, \["1"\] now'),
        ({"path": "s3://b/other/"}, r'path: "s3://b/input/" then, "s3://b/other/" now'),
        ({"start_date": "2023-01-01"}, "start_date: all then"),
    ],
)
def test_a_name_whose_run_holds_other_firms_is_refused(
    tmp_path: Path, scripts: Path, part: dict[str, Any], said: str
) -> None:
    folder = LocalFolder(tmp_path / "run")
    made_with.write_differences(folder, CONFIG, scripts)
    for writes in (True, False):
        with pytest.raises(ConfigError, match=said):
            made_with.write_differences(folder, changed(source=part), scripts, writes=writes)
