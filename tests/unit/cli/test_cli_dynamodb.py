"""The command on a table in the cloud."""

import json
import re
from collections.abc import Iterator

import pytest

from earnings_themes.stores.dynamodb import DynamoDBThemeStore
from tests.dynamodb import create_table, mocked_dynamodb
from tests.unit.cli.ended import Command, publish_runs


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a published table."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mocked_dynamodb():
        store = DynamoDBThemeStore("themes")
        create_table(store)
        publish_runs(store)
        yield "dynamodb:themes"


QUERIES = [
    ("themes", "--run", "sample"),
    ("theme", "sample-001"),
    ("topic", "0012", "1", "--run", "sample"),
    ("topic", "Firm A1", "1", "--run", "sample"),
    ("firm", "A1", "--run", "sample"),
    ("firm", "Firm 0012 Inc."),
]


@pytest.mark.parametrize("arguments", QUERIES, ids=" ".join)
@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_a_table_answers_as_a_file_does(
    command: Command, table: str, arguments: tuple[str, ...], form: str
) -> None:
    local = command(*arguments, "--format", form)
    assert local.code == 0
    assert command("--store", table, *arguments, "--format", form) == local


@pytest.mark.parametrize("arguments", [("runs",), *QUERIES, ("search", "tariffs")], ids=" ".join)
def test_verbose_shows_the_units_that_every_query_consumed(
    command: Command, table: str, arguments: tuple[str, ...]
) -> None:
    quiet = command("--store", table, *arguments)
    ended = command("--store", table, *arguments, "--verbose")
    assert (ended.code, ended.out) == (0, quiet.out), "the answer is the same"
    said = re.fullmatch(
        r"earnings-themes: dynamodb:themes answered in \d+\.\d+ s, ([\d.]+) read units, 0 write units\n",
        ended.err,
    )
    assert said and float(said[1]) >= 0.5, ended.err


def test_a_search_says_that_sentences_were_not_searched(command: Command, table: str) -> None:
    assert (
        "1 theme; this store does not search sentences" in command("search", "tariffs", "--store", table).out
    )
    found = json.loads(command("search", "tariffs", "--store", table, "--format", "json").out)
    assert (len(found["themes"]), found["n_sentences"]) == (1, None)


def test_errors_are_one_line_with_a_hint(command: Command, table: str) -> None:
    for arguments, said in (
        (("themes", "--run", "sampel"), "Did you mean 'sample'?"),
        (("theme", "sample-009"), "Did you mean 'sample-002'?"),
        (("firm", "A1x"), "no firm with the id or name 'A1x'"),
        (("runs", "--store", "dynamodb:nope"), "no DynamoDB table 'nope' in region us-east-1"),
    ):
        ended = command("--store", table, *arguments)
        assert (ended.code, ended.out) == (1, "")
        assert said in ended.err
        assert ended.err.count("\n") == 1
