"""A part of the panel: some calls, all themes, and for each column a matrix of calls × themes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from earnings_themes.errors import ResultError
from earnings_themes.panel.columns import PanelColumn

Matrix = NDArray[np.float64]
# raised_by as a number in a matrix; NaN for null.
RAISED_BY = ("management", "analysts")


@dataclass(frozen=True, slots=True)
class Block:
    """calls: one row per call (or a firm and quarter). values: by column, calls × themes, NaN where null."""

    calls: pa.Table
    values: dict[str, Matrix]

    def chosen(self, themes: NDArray[np.int64]) -> "Block":
        """Return the block of some themes only, by their numbers."""
        return Block(self.calls, {name: values[:, themes] for name, values in self.values.items()})


def to_table(block: Block, themes: pa.Table, columns: Sequence[PanelColumn]) -> pa.Table:
    """Return the block as rows, call after call and in each the themes in their order.

    themes: one row per theme, with the columns of the panel that a theme has. columns: which columns, in which order.
    """
    n_calls, n_themes = block.calls.num_rows, themes.num_rows
    of_call = pa.array(np.repeat(np.arange(n_calls), n_themes))
    of_theme = pa.array(np.tile(np.arange(n_themes), n_calls))
    found = []
    for column in columns:
        if column.name in block.values:
            found.append(to_array(block.values[column.name].ravel(), column))
        elif column.name in themes.column_names:
            found.append(themes[column.name].combine_chunks().take(of_theme))
        else:
            found.append(block.calls[column.name].combine_chunks().take(of_call))
    return pa.table(found, schema=pa.schema([(column.name, column.type) for column in columns]))


def to_array(values: Matrix, column: PanelColumn) -> pa.Array:
    """Return numbers as the column's type, NaN as null."""
    unknown = np.isnan(values)
    filled = np.where(unknown, 0, values)
    if column.name == "raised_by":
        places = pa.array(filled.astype(np.int32), mask=unknown)
        return pa.array(RAISED_BY).take(places)
    return pa.array(filled, mask=unknown).cast(column.type)


def from_table(rows: pa.Table, calls: pa.Table, n_themes: int, columns: Sequence[PanelColumn]) -> Block:
    """Return rows of panel.parquet as the block that they were written from.

    calls: the rows of calls.parquet of the same calls. Raises ResultError where the two do not agree.
    """
    n_calls, key = calls.num_rows, ["firm_id", "transcript_id"]
    first = rows.select(key).take(np.arange(0, rows.num_rows, n_themes))
    if rows.num_rows != n_calls * n_themes or not first.equals(calls.select(key)):
        raise ResultError(
            "panel.parquet and calls.parquet hold different calls; expected the same ones in the same order. They are of "
            "different runs: delete both and run again."
        )
    values = {}
    for column in columns:
        cells = rows[column.name]
        if column.name == "raised_by":
            cells = pc.index_in(cells, value_set=pa.array(RAISED_BY))
        values[column.name] = cells.cast(pa.float64()).to_numpy().reshape(n_calls, n_themes)
    return Block(calls, values)


def ratio(over: Matrix, under: Matrix) -> Matrix:
    """Return over ÷ under, NaN where under is 0 or NaN."""
    found: Matrix = np.divide(over, under, out=np.full(over.shape, np.nan), where=under > 0)
    return found


def equal_rows(calls: pa.Table, names: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where each group of neighbouring rows that are equal in these columns begins and ends."""
    changed = np.zeros(calls.num_rows, dtype=bool)
    changed[:1] = True
    for name in names:
        values = calls[name].to_numpy()
        changed[1:] |= values[1:] != values[:-1]
    start = np.flatnonzero(changed)
    return start, np.append(start, calls.num_rows)[1:]


def abnormal(shares: Matrix, calls: pa.Table, when: NDArray[np.int64]) -> Matrix:
    """Return each share less the mean of the firm's earlier ones of that theme; NaN where there is none.

    shares: calls × themes, NaN where unknown. calls, when: a firm's calls together, and the day of each, rising within a
    firm; calls of one day are not each other's past.
    """
    found = np.full_like(shares, np.nan)
    for start, end in zip(*equal_rows(calls, ["firm_id"]), strict=True):
        for place in range(start + 1, end):
            past = shares[start : start + np.searchsorted(when[start:place], when[place])]
            n_known = (~np.isnan(past)).sum(axis=0).astype(np.float64)
            found[place] = shares[place] - ratio(np.nansum(past, axis=0), n_known)
    return found
