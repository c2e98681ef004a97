"""What users' scripts depend on changes only when somebody means it to: see golden.py."""

import os

from tests.workflow import golden
from tests.workflow.conftest import Folder


def _agrees(name: str, text: str) -> bool:
    path = golden.FOLDER / f"{name}.txt"
    if os.environ.get("GOLDEN") == "write":
        path.write_text(text)
    return text == path.read_text()


def test_the_help_of_every_command_is_the_one_that_was_agreed() -> None:
    assert _agrees("helps", golden.helps())


def test_the_config_has_the_keys_and_defaults_that_were_agreed() -> None:
    assert _agrees("config_keys", golden.config_keys())


def test_the_result_files_have_the_columns_that_were_agreed(finished: Folder) -> None:
    assert _agrees("columns", golden.columns(finished.results()))


def test_the_dags_of_five_configs_are_the_ones_that_were_agreed() -> None:
    assert _agrees("dags", golden.dags())
