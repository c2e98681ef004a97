"""Cuts of a panel: by call or by firm and quarter, of a level and kinds, long or wide."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from earnings_themes.errors import ResultError
from earnings_themes.panel import industry
from earnings_themes.panel.block import Block, Matrix, abnormal, equal_rows, ratio, to_array, to_table
from earnings_themes.panel.columns import THEME, PanelColumn, no_column, schema
from earnings_themes.panel.themes import ThemeRow, theme_table

if TYPE_CHECKING:
    from earnings_themes.panel.together import Together
    from earnings_themes.panel.written import Written

By = Literal["call", "firm-quarter"]
# Means over sentences: over several calls they are weighted by n.
_MEANS: Final = ("strength", "score")
_RATIOS: Final = ("share", "abnormal_share", "tone")
# A variable's name in Stata.
_MAX_NAME: Final = 32


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted. level: None for all. kinds: () for all. wide: one row per call, one column per theme, holding `value`.

    industry: the kept column by which a share is compared with other firms' (`industry.py`), None for none.
    """

    by: By = "call"
    level: int | None = None
    kinds: tuple[str, ...] = ()
    wide: bool = False
    value: str = "share"
    industry: str | None = None


class Cut:
    """A cut of a panel; its tables come a few firms at a time. Raises ResultError where nothing fits the wish."""

    def __init__(self, source: "Written | Together", wish: Wish) -> None:
        self._source, self.wish = source, wish
        wanted = [
            wish.level in (None, theme.level) and (not wish.kinds or theme.kind in wish.kinds)
            for theme in source.themes
        ]
        self._numbers = np.flatnonzero(wanted)
        if source.themes and not len(self._numbers):
            there = sorted({f"level {theme.level} {theme.kind}" for theme in source.themes})
            raise ResultError(
                f"{source.where}: no theme is of that level and kind. Found: {', '.join(there)}."
            )
        self.themes = [source.themes[number] for number in self._numbers]
        self.columns = self._columns()

    def tables(self) -> Iterator[pa.Table]:
        """Give the cut's rows, a row group of the panel at a time, each with all of `columns`."""
        themes = theme_table(self.themes)
        for block in self._blocks():
            chosen = block.chosen(self._numbers)
            yield self._wide(chosen) if self.wish.wide else to_table(chosen, themes, self.columns)

    def matrix(self) -> tuple[pa.Table, Matrix]:
        """Return firm_id and firm_name, one row per firm, and how many sentences of each settled in each wanted theme."""
        ids, names, counts = [], [], []
        for block in self._blocks():
            start, _ = equal_rows(block.calls, ["firm_id"])
            firms = block.calls.take(start)
            ids += firms["firm_id"].to_pylist()
            names += firms["firm_name"].to_pylist()
            counts.append(_summed(block.values["n"][:, self._numbers], start))
        width = len(self._numbers)
        found = np.concatenate(counts) if counts else np.empty((0, width))
        return pa.table({"firm_id": ids, "firm_name": names}), found

    def _blocks(self) -> Iterator[Block]:
        name = self.wish.industry
        if name is None:
            return self._all_blocks()
        sums = industry.peer_sums(self._all_blocks(), name)
        return (industry.against_peers(block, name, sums) for block in self._all_blocks())

    def _all_blocks(self) -> Iterator[Block]:
        for block in self._source.blocks():
            yield block if self.wish.by == "call" else by_quarter(block, self._source.layout.denominators)

    def _columns(self) -> list[PanelColumn]:
        layout = self._source.layout
        call, theme, values = list(layout.call), list(THEME), list(layout.values)
        if self.wish.by == "firm-quarter":
            call = [column for column in call if column.name not in ("transcript_id", "time")]
            call += [
                PanelColumn("calls", pa.int32(), "calls", "Calls of the firm in the quarter."),
                *(column for column in layout.denominators if column.name == "modelled"),
            ]
            values = [column for column in values if column.name != "raised_by"]
        if self.wish.industry is not None:
            found = [column.name for column in layout.call]
            if self.wish.industry not in found:
                raise no_column(self._source.where, self.wish.industry, found)
            values.append(industry.column(self.wish.industry))
        if not self.wish.wide:
            return [*call, *theme, *values]
        chosen = next((column for column in values if column.name == self.wish.value), None)
        if chosen is None:
            raise ResultError(
                f"{self._source.where}: the panel has no column {self.wish.value!r} to spread. Found: "
                f"{', '.join(column.name for column in values)}."
            )
        return [*call, *_spread(self.themes, chosen)]

    def _wide(self, block: Block) -> pa.Table:
        n_head = len(self.columns) - len(self.themes)
        found = [block.calls[column.name] for column in self.columns[:n_head]]
        of_themes = zip(block.values[self.wish.value].T, self.columns[n_head:], strict=True)
        found += [to_array(values, replace(column, name=self.wish.value)) for values, column in of_themes]
        return pa.table(found, schema=schema(self.columns))


def by_quarter(block: Block, denominators: Sequence[PanelColumn]) -> Block:
    """Return a block with one row per firm and quarter: counts summed, means by their sentences, shares anew.

    A count that is unknown for one of the calls is unknown for the quarter. The kept columns, the name and the date are
    those of the quarter's last call.
    """
    calls = block.calls
    start, end = equal_rows(calls, ["firm_id", "quarter"])
    n = _summed(block.values["n"], start)
    modelled = _summed(calls["modelled"].to_numpy()[:, None], start)
    values: dict[str, Matrix] = {}
    for name, matrix in block.values.items():
        if name in _MEANS:
            weighted = np.where(block.values["n"] > 0, matrix * block.values["n"], 0)
            values[name] = ratio(_summed(weighted, start), n)
        elif name not in (*_RATIOS, "raised_by"):
            values[name] = _summed(matrix, start)
    values["share"] = ratio(n, np.broadcast_to(modelled, n.shape))
    if "tone" in block.values:
        values["tone"] = ratio(values["n_positive"] - values["n_negative"], n)
    last = calls.take(end - 1)
    # Quarters, not days: those of one firm differ, so their number is their time.
    values["abnormal_share"] = abnormal(values["share"], last, np.arange(len(start)))
    totals = {column.name for column in denominators}
    kept = last.select([name for name in last.column_names if name not in totals])
    kept = kept.append_column("calls", pa.array(end - start, pa.int32()))
    return Block(kept.append_column("modelled", pa.array(modelled[:, 0].astype(np.int32))), values)


def _summed(matrix: Matrix, start: NDArray[np.int64]) -> Matrix:
    if not len(start):
        return np.empty((0, matrix.shape[1]))
    found: Matrix = np.add.reduceat(matrix, start, axis=0)
    return found


def _spread(themes: Sequence[ThemeRow], value: PanelColumn) -> list[PanelColumn]:
    """Return one column per theme, with names that Stata takes: share_sample_001."""
    found: dict[str, PanelColumn] = {}
    for theme in themes:
        tail = re.sub(r"[^A-Za-z0-9]", "_", theme.theme_id)[-(_MAX_NAME - len(value.name) - 1) :]
        name = f"{value.name}_{tail}"
        if name in found:
            raise ResultError(
                f"two themes would both be the column {name} (of {theme.theme_id}). Leave out --wide, and pivot by theme_id."
            )
        found[name] = PanelColumn(
            name, value.type, value.unit, f"{value.name}: {theme.label} ({theme.theme_id})"
        )
    return list(found.values())
