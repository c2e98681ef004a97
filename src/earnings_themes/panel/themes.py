"""The themes that the panel has columns or rows for: those of themes.json, and the user's own questions of seeds.json."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from earnings_themes.errors import ResultError
from earnings_themes.panel.columns import THEME, schema
from earnings_themes.results.artifacts import parse_themes
from earnings_themes.system.folders import folder_at
from earnings_themes.themes.seeds import asked_in

# The level of a question of the user's own: it overlaps with themes, and is never summed with them.
SEED_LEVEL: Final = 0


@dataclass(frozen=True, slots=True)
class ThemeRow:
    """A theme; level 1, 2 for a broad one, 0 for a question of the user's own.

    parent: the broad theme that it is of, None for none. born: the run that found it, None where that is not said.
    """

    theme_id: str
    level: int
    label: str
    kind: str
    parent: str | None
    born: str | None = None


def seed_row(theme_id: str, name: str) -> ThemeRow:
    """Return the row of a question of the user's own."""
    return ThemeRow(theme_id, SEED_LEVEL, name, "seed", None)


def read_theme_rows(where: str) -> list[ThemeRow]:
    """Return a run's themes and, after them, the questions that it was asked: what its panel has rows for.

    where: the run's folder, on a disk or s3://. Raises ResultError when a file is missing or damaged.
    """
    asked = (seed_row(question.theme_id, question.name) for question in asked_in(where))
    return [*read_found_themes(where), *asked]


def read_found_themes(where: str) -> list[ThemeRow]:
    """Return a run's themes, in their order, level 1 before level 2.

    where: the run's folder, on a disk or s3://. Raises ResultError when themes.json is missing or damaged.
    """
    try:
        found = parse_themes(folder_at(where).read("themes.json"), f"{where}/themes.json")
    except FileNotFoundError as error:
        raise ResultError(
            f"{where}: no themes.json there. Expected the folder of a finished run, such as results/sample."
        ) from error
    return [
        ThemeRow(theme.theme_id, theme.level, theme.label, theme.kind, theme.parent, theme.born)
        for theme in (*found.themes, *found.broad)
    ]


def theme_table(themes: Sequence[ThemeRow]) -> pa.Table:
    """Return the themes' columns of the panel, one row per theme."""
    columns = [[getattr(theme, column.name) for theme in themes] for column in THEME]
    return pa.table(columns, schema=schema(THEME))
