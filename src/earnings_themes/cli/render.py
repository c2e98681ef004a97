"""Formats answers: a table for people, JSON for programs, CSV for spreadsheets."""

import csv
import json
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from earnings_themes.system.spreadsheet import safe_cell

Cell = str | int | float | None

# Columns are not cut below this; a terminal too narrow even for that wraps the lines itself.
_NARROWEST = 8
# A column of which less would be left says nothing: two keywords.
_WORTH_SHOWING = 20


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. A flexible one is cut to fit the terminal; a wrapped one (the last) is folded.

    first_to_go: cut before other columns, and left out if hardly anything would remain; of several the last
    goes first.
    """

    name: str
    flexible: bool = False
    wrapped: bool = False
    right: bool = False  # numbers are set to the right anyway
    first_to_go: bool = False


def table(columns: Sequence[Column], rows: Iterable[Sequence[Cell]], width: int | None) -> Iterator[str]:
    """Yield the lines of an aligned table, at most `width` cells wide where the columns allow; None: no limit."""
    cells = [list(row) for row in rows]
    texts = [[_text(cell) for cell in row] for row in cells]
    right = [
        column.right or all(row[i] is None or isinstance(row[i], int | float) for row in cells)
        for i, column in enumerate(columns)
    ]
    widths = [
        max(display_width(text) for text in (column.name, *(row[i] for row in texts)))
        for i, column in enumerate(columns)
    ]
    shown = list(range(len(columns)))
    if width is not None:
        shown = _without_first_to_go(columns, widths, width)
        _fit(columns, widths, shown, width)
    for row in ([column.name for column in columns], *texts):
        parts = []
        for i in shown:
            text = row[i]
            if columns[i].wrapped:
                indent = " " * sum(widths[j] + 2 for j in shown if j < i)
                parts.append(f"\n{indent}".join(fold(text, widths[i])))
            else:
                text = cut(text, widths[i])
                space = " " * (widths[i] - display_width(text))
                parts.append(space + text if right[i] else text + space)
        yield "  ".join(parts).rstrip()


def _without_first_to_go(columns: Sequence[Column], widths: list[int], width: int) -> list[int]:
    """Return the indices of the remaining columns, after those that give way were cut or left out."""
    shown = list(range(len(columns)))
    for i, column in reversed(list(enumerate(columns))):
        too_wide = _total(widths, shown) - width
        if column.first_to_go and too_wide > 0:
            if widths[i] - too_wide >= _WORTH_SHOWING:
                widths[i] -= too_wide
            else:
                shown.remove(i)
    return shown


def _total(widths: Sequence[int], shown: Sequence[int]) -> int:
    return sum(widths[i] for i in shown) + 2 * (len(shown) - 1)


def _fit(columns: Sequence[Column], widths: list[int], shown: Sequence[int], width: int) -> None:
    """Shorten the widest flexible column again and again until the table fits."""
    flexible = [i for i in shown if columns[i].flexible or columns[i].wrapped]
    while flexible and _total(widths, shown) > width:
        widest = max(flexible, key=lambda i: widths[i])
        if widths[widest] <= _NARROWEST:
            return
        widths[widest] -= 1


def _text(cell: Cell) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:.2f}"
    if isinstance(cell, int):
        return f"{cell:,}"
    return plain(cell)


def plain(text: str) -> str:
    """Return the text on one line and without control characters, which could drive the terminal."""
    return " ".join(
        "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text).split()
    )


def display_width(text: str) -> int:
    """Return how many terminal cells the text takes: East Asian letters take two, combining marks none."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.category(c) in ("Mn", "Me", "Cf") for c in text)


def cut(text: str, width: int) -> str:
    """Return the text, shortened to `width` cells with an ellipsis where it is longer."""
    if display_width(text) <= width:
        return text
    while display_width(text) > width - 1:
        text = text[:-1]
    return text.rstrip() + "…"


def fold(text: str, width: int | None) -> list[str]:
    """Return the text in lines of at most `width` characters; one line where there is no limit."""
    if width is None:
        return [text]
    return textwrap.wrap(text, width, break_on_hyphens=False) or [""]


def print_json(value: Any, out: TextIO) -> None:
    """Write indented JSON. Letters beyond ASCII are written as they are."""
    json.dump(value, out, ensure_ascii=False, indent=2)
    out.write("\n")


def write_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]], out: TextIO) -> None:
    """Write CSV that a spreadsheet cannot run: text that begins like a formula gets a leading apostrophe.

    Every text is quoted, so that a spreadsheet that splits at semicolons finds no formula inside one either.
    """
    writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([safe_cell(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
