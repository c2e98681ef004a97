"""The container's command on local folders: what it writes, and how it says what went wrong."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from earnings_themes.cloud import theme_container as container
from earnings_themes.errors import CloudError, StoreError
from earnings_themes.results.artifacts import read_themes
from tests.conftest import REPO
from tests.container_command import call as call_command
from tests.small_run import RUN, list_firms, make_run


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder with a run of three firms below results/, and a config."""
    make_run(tmp_path / "results" / RUN, ["0012", "a/b", "é"])
    config = yaml.safe_load((REPO / "config/config.yaml").read_text(encoding="utf-8"))
    config["run"] = RUN
    config["themes"]["stability_runs"] = 1
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return tmp_path


def call(work: Path, *more: str, **changed: Any) -> int:
    given = {
        "--input-bucket": work / "results",
        "--input-prefix": RUN,
        "--config": work / "config.yaml",
        "--output": work / "out",
        "--message-file": work / "output/message",
    } | changed
    return call_command("theme-aggregator", [*(str(word) for pair in given.items() for word in pair), *more])


def test_a_run_in_a_folder_becomes_themes_and_a_receipt(work: Path) -> None:
    assert call(work) == 0
    themes = read_themes(work / "out/themes.json")
    assert [theme.firms for theme in themes.themes] == [("0012", "a/b", "é")] * 2
    assert {"igraph", "numpy", "scikit-learn", "scipy"} <= set(themes.metadata["versions"])
    receipt = json.loads((work / "out/reduce.json").read_text())
    assert (receipt["n_firms"], receipt["n_read"], receipt["n_themes"], receipt["n_topics"]) == (3, 3, 2, 6)
    assert {"read", "find", "stability", "describe", "total"} <= set(receipt["seconds"])
    assert not (work / "output/message").exists()


@pytest.mark.parametrize(
    ("break_it", "code", "said"),
    [
        (lambda w: (w / "results" / RUN / "topics/%C3%A9.json").unlink(), 3, "Topics of 2 of 3 firms can be"),
        (lambda w: (w / "results" / RUN / "firms.tsv").unlink(), 2, "ResultError: "),
        (lambda w: (w / "results" / RUN / "firms.tsv").write_text("firm_id\n1\n"), 2, "not a complete firms.tsv"),
        (lambda w: (w / "config.yaml").write_text("run: [\n"), 2, "ConfigError: "),
        (lambda w: list_firms(w / "results" / RUN, [f"x{n}" for n in range(200)]), 3, "0 of 200 firms"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_input_has_a_code_and_a_message(
    work: Path, break_it: Any, code: int, said: str
) -> None:
    break_it(work)
    assert call(work) == code
    message = (work / "output/message").read_bytes()
    assert said in message.decode()
    assert len(message) <= 1024
    assert not (work / "out/themes.json").exists()


@pytest.mark.parametrize(
    ("error", "code"), [(CloudError("no"), 4), (StoreError("busy"), 4), (ZeroDivisionError("é" * 900), 1)]
)
def test_refusals_and_bugs_have_codes_of_their_own(
    work: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(container, "reduce_run", fails)
    assert call(work) == code
    message = (work / "output/message").read_bytes()
    assert message.decode().startswith(f"{type(error).__name__}: ")
    assert len(message) <= 1024


def test_wrong_arguments_are_2_and_help_names_every_code(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(work, "--table", "themes") == 2
    assert "theme-aggregator: No such option: --table" in capsys.readouterr().err
    assert call_command("theme-aggregator", []) == 2, "no argument is no wish for help"
    assert call_command("theme-aggregator", ["--help"]) == 0
    text = capsys.readouterr().out
    for code in ("0", "1", "2", "3", "4", "143"):
        assert f"\n    {code}  " in text


def test_a_message_that_cannot_be_left_does_not_hide_the_error(work: Path) -> None:
    (work / "output").write_text("a file where a folder should be")
    (work / "results" / RUN / "firms.tsv").unlink()
    assert call(work) == 2


def test_sigterm_ends_it_at_once(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "reduce_run", lambda *_: signal.raise_signal(signal.SIGTERM))
    assert call(work) == 143
