"""The threat model names tests that exist, one at least for each threat, and the pages lead to each other."""

import ast
import re

import pytest

from tests.conftest import REPO

PAGE = (REPO / "docs/operating/threat-model.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`((?:tests|containers)/[\w/]+\.py)::(\w+)`", PAGE)))


def test_each_threat_names_a_test() -> None:
    rows = [
        line
        for line in PAGE.splitlines()
        if line.startswith("| ") and not line.startswith(("| threat", "| ---"))
    ]
    assert len(rows) > 20
    assert [row for row in rows if not re.search(r"`tests/[\w/]+\.py::\w+`", row)] == []


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_is_named_exists(file: str, name: str) -> None:
    tree = ast.parse((REPO / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_pages_are_linked() -> None:
    assert "(operating/threat-model.md)" in (REPO / "docs/README.md").read_text(encoding="utf-8")
    assert "(docs/operating/threat-model.md)" in (REPO / "SECURITY.md").read_text(encoding="utf-8")
