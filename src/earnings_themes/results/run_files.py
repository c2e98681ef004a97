"""Reads a finished run firm by firm, so that memory does not grow with the number of firms."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from earnings_themes.abstractions import FirmTopics, Themes
from earnings_themes.results import artifacts as results
from earnings_themes.results.firms import FirmRow, read_firms
from earnings_themes.results.tree import TreeReader
from earnings_themes.system.folders import LocalFolder


@dataclass(frozen=True, slots=True)
class Run:
    """A run's small files; the large ones are read through its methods, one firm at a time."""

    directory: Path
    themes: Themes
    firms: tuple[FirmRow, ...]

    @property
    def read_firms(self) -> list[FirmRow]:
        """The firms whose topics the themes were built from: all but skipped_firms."""
        skipped = {firm.firm_id for firm in self.themes.skipped_firms}
        return [row for row in self.firms if row.firm_id not in skipped]

    def topics(self) -> Iterator[tuple[FirmRow, FirmTopics]]:
        """Each firm's topics in the tree, a firm at a time. Raises ResultError."""
        rows = {row.firm_id: row for row in self.firms}
        for firm in TreeReader(LocalFolder(self.directory), self.read_firms, self.themes):
            yield rows[firm.firm_id], firm

    def sentences(
        self, rows: Sequence[FirmRow], columns: list[str]
    ) -> Iterator[tuple[FirmRow, pd.DataFrame]]:
        """Each firm's sentences in the order they were said; an empty frame for a firm without any.

        Raises ResultError.
        """
        return results.iter_sentences(self.directory / "transcripts.parquet", rows, columns)


def open_run(directory: Path) -> Run:
    """Open results/{run}. Raises ResultError when firms.tsv or themes.json is missing or damaged."""
    return Run(
        directory, results.read_themes(directory / "themes.json"), tuple(read_firms(directory / "firms.tsv"))
    )
