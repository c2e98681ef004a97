"""Writes codebook.md: the meaning of every column, and of a zero, a null and a missing row."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from earnings_themes.panel.columns import Layout, PanelColumn
from earnings_themes.panel.themes import ThemeRow

_THEME_HEAD: Final = ("theme_id", "level", "kind", "label", "broad theme", "shares sentences with")
# Themes that a question's row names.
_MOST_SHARED: Final = 5

_HEAD = """# Codebook

`panel.parquet`: one row per call and theme, {n_rows:,} rows: {n_calls:,} calls × {n_themes:,} themes. `calls.parquet`: one row per call,
the denominators. `exchanges.parquet`: one row per sentence of an exchange in questions and answers (firm_id, transcript_id, sentence_id,
exchange: its number in the call from 1, role). Join by firm_id and transcript_id. Which sentence is in which theme: `sentences.parquet`.

## Zero, null, no row

| you see | it means |
|---|---|
| n = 0 | the call was read, and none of its sentences settled in the theme: not that nobody mentioned it |
| null | not known; each column below says when. Never a zero: do not fill it |
| no row for a firm in a quarter | no call of the firm in that quarter was read. Not a zero |
| no row for a call of your source | it was left out before: too early, too late, a second version; ingest.json counts the reasons |
| a call with sentences = 0 | it was read and held no text: n is 0, share is null |

Each call of the source that was read has a row for every theme, also calls and firms of which nothing settled.

## Denominators

| for | divide by (calls.parquet) |
|---|---|
| n | modelled: that is `share`. sentences where procedure shall count too |
| n_presentation, n_qa, n_management, n_analysts | modelled_presentation, modelled_qa, modelled_management, modelled_analysts |
| n_ceo, n_cfo | ceo, cfo |
| words | words |
| answered | asked, where that is above 0 |
| n_LIST | n, for the tone within the theme; modelled, for exposure to the theme in that tone |

n - n_presentation - n_qa are sentences of unknown section; n - n_management - n_analysts those of the operator, others and
unknown speakers.
"""
_READ = """
## Reading it

Parquet keeps types. Of a CSV, read all as text first, or ids lose their zeros:

```python
panel = pandas.read_csv("panel.csv", dtype=str, encoding="utf-8-sig")
panel["share"] = pandas.to_numeric(panel["share"])
```

In a CSV a null is an empty cell, and a share has six digits (Parquet and Stata: all). Names and labels that a spreadsheet would run
as a formula begin with an apostrophe; ids and kept columns do only where they hold more than letters, digits, `.`, `_` and `-`, so ids
join as they are. In Stata a null number is `.`, a null text is empty, `time` is UTC, and a column's name has at most 32 letters, digits
and `_`: the label is then yours.
"""


def codebook(
    columns: Layout, themes: Sequence[ThemeRow], n_calls: int, shared: Mapping[str, Sequence[tuple[str, int]]]
) -> str:
    """Return the codebook of a run as Markdown.

    shared: of each question of the user's own, the themes that its sentences settled in, and how many.
    """
    head = _HEAD.format(n_rows=n_calls * len(themes), n_calls=n_calls, n_themes=len(themes))
    of_themes = (
        (
            row.theme_id,
            str(row.level),
            row.kind,
            row.label,
            row.parent or "",
            _shared(shared.get(row.theme_id, ())),
        )
        for row in themes
    )
    return (
        f"{head}\n## panel.parquet\n\n{_columns(columns.panel)}"
        f"\n## calls.parquet\n\n{_columns(columns.calls)}{_READ}"
        f"\n## Themes\n\n{_table(_THEME_HEAD, of_themes)}"
    )


def _shared(themes: Sequence[tuple[str, int]]) -> str:
    named = ", ".join(f"{theme} ({n})" for theme, n in themes[:_MOST_SHARED])
    return f"{named}, and {len(themes) - _MOST_SHARED} more" if len(themes) > _MOST_SHARED else named


def _columns(columns: Iterable[PanelColumn]) -> str:
    rows = (
        (f"`{column.name}`", str(column.type), column.unit, column.meaning, column.null or "never")
        for column in columns
    )
    return _table(("column", "type", "unit", "meaning", "null where"), rows)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
