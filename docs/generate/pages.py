"""Which function makes which part of which page, and how a part gets into its page."""

import re
from collections.abc import Callable
from pathlib import Path

from docs.generate import cost, house, rating, schemas, settings, terraform

DOCS = Path(__file__).parents[1]
PARTS: dict[str, Callable[[], str]] = {
    "house": house.picture,
    "stages": schemas.stages,
    "ratings-needed": rating.needed,
    "terraform-variables": terraform.variables,
}
# Pages without a word by hand.
WHOLE: dict[str, Callable[[], str]] = {"operating/cost.md": cost.page, "settings.md": settings.page}
# Files beside docs/ that are written from the same classes.
FILES: dict[Path, Callable[[], str]] = {
    DOCS.parent / "config" / "config.yaml": settings.config_yaml,
    DOCS.parent / "config" / "schemas" / "config.schema.yaml": settings.schema_yaml,
    DOCS.parent / "config" / "schemas" / "firm_topics.schema.json": schemas.firm_topics_file,
    DOCS.parent / "config" / "schemas" / "themes.schema.json": schemas.themes_file,
}
_PART = re.compile(r"<!-- begin: (?P<name>[a-z-]+) -->\n.*?<!-- end: (?P=name) -->", re.DOTALL)


def rendered(page: str) -> str:
    """Return the page's text with every part made anew. Raises KeyError for a part that nobody makes."""

    def made(match: re.Match[str]) -> str:
        name = match["name"]
        return f"<!-- begin: {name} -->\n{PARTS[name]().strip()}\n<!-- end: {name} -->"

    return _PART.sub(made, page)


def fresh(path: Path, text: str) -> str:
    """Return what a page with this text should be today."""
    name = path.relative_to(DOCS).as_posix() if path.is_relative_to(DOCS) else ""
    return WHOLE[name]() if name in WHOLE else rendered(text)


def write() -> list[Path]:
    """Rewrite the pages whose parts have changed, and return them."""
    changed = []
    for path in sorted({*DOCS.rglob("*.md"), *(DOCS / name for name in WHOLE), *FILES}):
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        after = FILES[path]() if path in FILES else fresh(path, before)
        if after != before:
            path.write_text(after, encoding="utf-8")
            changed.append(path)
    return changed
