"""A run's panel as its files hold it: themes, columns, and blocks of whole firms."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from earnings_themes.errors import ResultError
from earnings_themes.panel.block import Block, from_table
from earnings_themes.panel.build import CALLS, PANEL
from earnings_themes.panel.columns import CALL, DENOMINATORS, VALUES, Layout, PanelColumn
from earnings_themes.panel.themes import ThemeRow, read_theme_rows
from earnings_themes.results.artifacts import open_parquet


class Written:
    """The panel of a run's folder, on a disk or s3://.

    themes: what the panel has rows for, in their order; None for what the run's own files say. only: which counts of a call and
    theme are read; None for all. Raises ResultError where the run has no panel.
    """

    def __init__(
        self, where: str, themes: Sequence[ThemeRow] | None = None, only: Sequence[str] | None = None
    ) -> None:
        self.where = where
        self._panel, self.calls = _opened(f"{where}/{PANEL}"), _opened(f"{where}/{CALLS}").read()
        self.themes = read_theme_rows(where) if themes is None else list(themes)
        self.layout = _layout_of(self._panel.schema_arrow, self.calls.schema, only)
        self._last: tuple[int, Block] | None = None

    def blocks(self) -> Iterator[Block]:
        """Give the panel, a row group at a time."""
        for number, calls in enumerate(self._calls_of_groups()):
            yield self._block(number, calls)

    def of_firms(self, firms: pa.Array) -> Iterator[Block]:
        """Give the calls of these firms, from the row groups that hold one."""
        for number, calls in enumerate(self._calls_of_groups()):
            rows = np.flatnonzero(pc.is_in(calls["firm_id"], value_set=firms).to_numpy())
            if len(rows):
                block = self._block(number, calls)
                yield Block(calls.take(rows), {name: values[rows] for name, values in block.values.items()})

    def _block(self, number: int, calls: pa.Table) -> Block:
        # The one read last is kept: firms that are asked for in their order share it.
        if self._last is None or self._last[0] != number:
            names = ["firm_id", "transcript_id", *(column.name for column in self.layout.values)]
            rows = self._panel.read_row_group(number, columns=names)
            self._last = number, from_table(rows, calls, len(self.themes), self.layout.values)
        return self._last[1]

    def _calls_of_groups(self) -> Iterator[pa.Table]:
        at, metadata = 0, self._panel.metadata
        if metadata.num_rows and not self.themes:
            raise ResultError(
                f"{self.where}: panel.parquet has rows, but themes.json no theme. Delete the panel and run again."
            )
        for number in range(metadata.num_row_groups):
            n_calls = metadata.row_group(number).num_rows // len(self.themes)
            yield self.calls.slice(at, n_calls)
            at += n_calls


def _opened(path: str) -> pq.ParquetFile:
    try:
        return open_parquet(path)
    except (OSError, pa.ArrowException) as error:
        raise ResultError(
            f"{path}: cannot be read ({error}). Expected the folder of a finished run, such as results/sample; the run "
            "makes its panel after its themes."
        ) from error


def _layout_of(panel: pa.Schema, calls: pa.Schema, only: Sequence[str] | None) -> Layout:
    """Return the columns that the files have, whatever the run's settings were."""
    described = {column.name: column for column in (*DENOMINATORS, *VALUES, *CALL)}

    def of(fields: pa.Schema, first: int, end: int | None = None) -> tuple[PanelColumn, ...]:
        return tuple(
            described.get(each.name, PanelColumn(each.name, each.type, "", ""))
            for each in list(fields)[first:end]
        )

    before = panel.names.index("theme_id")
    values = of(panel, panel.names.index("n"))
    wanted = tuple(column for column in values if only is None or column.name in only)
    return Layout(of(panel, 0, before), wanted, of(calls, before))
