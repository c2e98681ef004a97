"""The generated parts of the documents are what their functions return today, and nothing in docs/ is forgotten."""

import re
from pathlib import Path

import pytest

from docs.generate import house, pages
from tests.conftest import REPO

PAGES = sorted((REPO / "docs").rglob("*.md"))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_page_is_stale(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert pages.fresh(path, text) == text, f"{path.name} is stale: run `make docs`"


def test_every_part_stands_in_a_page() -> None:
    found = {name for path in PAGES for name in re.findall(r"<!-- begin: ([a-z-]+) -->", path.read_text())}
    assert found == set(pages.PARTS)


def test_a_part_that_nobody_makes_is_an_error() -> None:
    with pytest.raises(KeyError, match="nothing"):
        pages.rendered("<!-- begin: nothing -->\n<!-- end: nothing -->")


def test_the_index_names_every_page() -> None:
    indexes = [*(REPO / "docs").rglob("README.md")]
    index = "".join(path.read_text(encoding="utf-8") for path in indexes)
    for path in (REPO / "docs").rglob("*"):
        if path.suffix in (".md", ".ipynb") and path not in indexes:
            assert path.name in index, f"no README.md of docs/ says what {path.name} is"


@pytest.mark.parametrize("path", [REPO / "README.md", *PAGES], ids=lambda path: str(path.relative_to(REPO)))
def test_every_link_to_a_file_of_the_project_leads_to_one(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert (path.parent / target).exists(), f"{path.name} links to {target}, which is not there"


def test_the_flow_names_every_file_that_a_rule_makes() -> None:
    flow = (REPO / "docs" / "contributing" / "data-flow.md").read_text(encoding="utf-8")
    rules = "".join(path.read_text(encoding="utf-8") for path in (REPO / "rules").glob("*.smk"))
    outputs = re.findall(r"^ +output:\n(.*?)^    \w+:", rules, re.DOTALL | re.MULTILINE)
    names = {
        name.removeprefix("{RUN}/") for text in outputs for name in re.findall(r'f"(\{RUN\}[^"]+)"', text)
    }
    assert len(names) > 10
    for name in names:
        stem = re.sub(r"\{+(\w+)\}+", r"{\1}", name)
        # The pictures' names are expanded in the rule; their folder is in the flow.
        assert stem in flow or stem.startswith("figures/"), f"data-flow.md lacks {name}"


def test_the_lines_a_room_are_all_of_src() -> None:
    counted = {line.split()[1]: int(line.split()[0].replace(",", "")) for line in house.lines().splitlines()}
    every = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in house.SOURCE.rglob("*.py"))
    assert counted.pop("src") == every == sum(counted.values())
