"""What a run asks AWS for is what its roles may do; docs/operating/permissions.md lists that, from what was applied."""

import re
from pathlib import Path
from typing import Any

import pytest

from earnings_themes.config import parse_config
from earnings_themes.stores.dynamodb import DynamoDBThemeStore
from earnings_themes.system.folders import LocalFolder
from earnings_themes.themes.run import reduce_run
from tests.conftest import REPO
from tests.dynamodb import create_table
from tests.offline_aws import OfflineAWS
from tests.small_run import make_run

PAGE = (REPO / "docs/operating/permissions.md").read_text(encoding="utf-8")


def allowed(role: str, service: str) -> set[str]:
    """Return the actions of a service that the page lists for a role."""
    section = PAGE.split(f"\n## {role}\n")[1].split("\n## ")[0]
    return set(re.findall(rf"\b{service}:\w+", section))


@pytest.mark.parametrize("role", ["head", "reduce"])
def test_a_publish_makes_no_request_to_the_table_that_its_role_may_not_make(
    aws: OfflineAWS, tmp_path: Path, config: dict[str, Any], role: str
) -> None:
    """Head and reduce both publish; one denied request, and the run fails when all of it has been paid for."""
    store = DynamoDBThemeStore("themes")
    create_table(store)
    folder = LocalFolder(make_run(tmp_path / "run", ["0012", "23", "34"]))
    aws.requests.clear()
    for attempt in ("first", "again"):  # the second one also removes what the first one wrote
        made = tmp_path / attempt / "themes.json"
        reduce_run(parse_config(config), folder, made, made.with_name("reduce.json"), "themes")
    asked = {f"dynamodb:{request.partition('.')[2]}" for _, request in aws.requests if "DynamoDB" in request}
    assert asked - allowed(role, "dynamodb") == set()


def test_what_the_runbook_lets_a_worker_write_is_where_a_worker_may_write() -> None:
    text = (REPO / "docs/operating/runbook.md").read_text(encoding="utf-8")
    (prefix,) = re.findall(r'--output-prefix\\", \\"(.+?)\\"', text)
    assert prefix.startswith("$(setting results_prefix)/"), (
        f"the role may write below that only, not to {prefix}"
    )
