"""Writes a cut of the panel as CSV, Parquet or Stata; the same cut gives the same bytes."""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from earnings_themes.errors import ResultError
from earnings_themes.panel.columns import PanelColumn, schema
from earnings_themes.results.artifacts import SIGNIFICANT_DIGITS
from earnings_themes.system.files import replaced
from earnings_themes.system.spreadsheet import safe_cell

Format = Literal["csv", "parquet", "dta"]
FORMATS: Final = ("csv", "parquet", "dta")
# Stata's writer takes the whole table at once: some 1 KB a cell of text.
MAX_CELLS_DTA: Final = 50_000_000
# Stata writes when a file was made. Ours always says this, so that the same cut gives the same bytes.
_STAMP: Final = dt.datetime(2000, 1, 1)
# A cell of these alone calls nothing in a spreadsheet, whatever sign it begins with.
_PLAIN: Final = re.compile(r"[=+\-@]?[A-Za-z0-9._\-]*")
# Read by people, and joined on by nobody.
_FOR_PEOPLE: Final = ("firm_name", "label")
_MAX_LABEL: Final = 80
_MAX_NAME: Final = 32
_MAX_TEXT: Final = 2045


def write_tables(tables: Iterable[pa.Table], columns: Sequence[PanelColumn], path: Path, form: Format) -> int:
    """Write tables of these columns as one file, and return its number of rows.

    Raises ResultError where the run's files are damaged, or there is too much for Stata.
    """
    write = {"csv": _write_csv, "parquet": _write_parquet, "dta": _write_dta}[form]
    with replaced(path) as part:
        return write(tables, columns, part)


def _write_parquet(tables: Iterable[pa.Table], columns: Sequence[PanelColumn], path: Path) -> int:
    n_rows = 0
    with pq.ParquetWriter(path, schema(columns), compression="zstd") as writer:
        for table in tables:
            writer.write_table(table, row_group_size=max(1, table.num_rows))
            n_rows += table.num_rows
    return n_rows


def _write_csv(tables: Iterable[pa.Table], columns: Sequence[PanelColumn], path: Path) -> int:
    n_rows = 0
    # The mark at the front tells Excel that this is UTF-8.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        # All is quoted but a null, so that an id is text, and a null is not the empty text.
        file.write(",".join(f'"{column.name}"' for column in columns) + "\n")
        for table in tables:
            cells = [_cells(table[column.name], column) for column in columns]
            file.writelines(",".join(row) + "\n" for row in zip(*cells, strict=True))
            n_rows += table.num_rows
    return n_rows


def _cells(values: pa.ChunkedArray, column: PanelColumn) -> list[str]:
    """Return a column's cells as they stand in the file: text and times in quotes, numbers bare, null nothing."""
    if pa.types.is_floating(column.type):
        return ["" if value is None else f"{value:.{SIGNIFICANT_DIGITS}g}" for value in values.to_pylist()]
    if pa.types.is_date(column.type):
        values = pc.strftime(values, "%Y-%m-%d")
    elif pa.types.is_timestamp(column.type):
        values = pc.strftime(values, "%Y-%m-%dT%H:%M:%SZ")
    elif not pa.types.is_string(column.type):
        return ["" if value is None else str(value) for value in values.to_pylist()]
    # The same few texts stand in many rows: each is looked at once.
    quoted = {text: _quoted(text, column) for text in pc.unique(values).to_pylist()}
    return [quoted[text] for text in values.to_pylist()]


def _quoted(text: str | None, column: PanelColumn) -> str:
    if text is None:
        return ""
    shown = text if _is_time(column) else harmless(text, column.name in _FOR_PEOPLE)
    return '"' + shown.replace('"', '""') + '"'


def harmless(text: str, for_people: bool = False) -> str:
    """Return a text that no spreadsheet runs as a formula; what can be joined on stays as it is where it can call nothing.

    for_people: a name or a label, which gets its apostrophe in any case.
    """
    return text if not for_people and _PLAIN.fullmatch(text) else safe_cell(text)


def _write_dta(tables: Iterable[pa.Table], columns: Sequence[PanelColumn], path: Path) -> int:
    parts: list[pa.Table] = []
    n_cells = 0
    for table in tables:
        parts.append(table)
        n_cells += table.num_rows * len(columns)
        if n_cells > MAX_CELLS_DTA:
            raise ResultError(
                f"the cut has more than {MAX_CELLS_DTA:,} cells, too many for Stata's writer at once. Take a part (--level 1 "
                "--kind subject, --by firm-quarter, --wide), or --format csv, which Stata imports."
            )
    whole = pa.concat_tables(parts) if parts else schema(columns).empty_table()
    names = _names_in_stata(columns)
    frame = pd.DataFrame({name: _stata(whole[column.name], column) for name, column in names.items()})
    times: dict[Any, Any] = {
        name: "td" if pa.types.is_date(column.type) else "tc"
        for name, column in names.items()
        if _is_time(column)
    }
    labels = {
        name: (column.meaning if name == column.name else column.name)[:_MAX_LABEL]
        for name, column in names.items()
    }
    frame.to_stata(
        path, write_index=False, version=118, time_stamp=_STAMP, convert_dates=times, variable_labels=labels
    )
    return len(frame)


def _names_in_stata(columns: Sequence[PanelColumn]) -> dict[str, PanelColumn]:
    """Return columns by names that Stata takes; only a kept column's can be another, and its label is then the user's name."""
    found: dict[str, PanelColumn] = {}
    for column in columns:
        name = re.sub(r"\W|^(?=\d)", "_", column.name)[:_MAX_NAME]
        while name in found:
            name = f"{name[: _MAX_NAME - 3]}_{len(found)}"
        found[name] = column
    return found


def _is_time(column: PanelColumn) -> bool:
    return bool(pa.types.is_date(column.type) or pa.types.is_timestamp(column.type))


def _stata(values: pa.ChunkedArray, column: PanelColumn) -> Any:
    """Return a column as Stata has it: text without null, numbers with NaN, times without zone."""
    if pa.types.is_string(column.type):
        return [(text or "")[:_MAX_TEXT] for text in values.to_pylist()]
    if _is_time(column):
        return values.cast(pa.timestamp("s")).to_pandas().astype("datetime64[ns]").to_numpy()
    # Whole numbers without a gap stay whole; one with a gap is a double, whose NaN is Stata's point.
    return values.to_numpy()
