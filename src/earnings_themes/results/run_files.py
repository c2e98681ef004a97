"""The small files of a finished run, read once for its report and its quality."""

from dataclasses import dataclass
from pathlib import Path

from earnings_themes.abstractions import Themes
from earnings_themes.results.artifacts import read_themes
from earnings_themes.results.firms import FirmRow, read_firms


@dataclass(frozen=True, slots=True)
class Run:
    """A run's themes and firms; its large files are read from its directory, a part at a time."""

    directory: Path
    themes: Themes
    firms: tuple[FirmRow, ...]

    @property
    def read_firms(self) -> list[FirmRow]:
        """The firms whose topics the themes were built from: all but skipped_firms."""
        skipped = {firm.firm_id for firm in self.themes.skipped_firms}
        return [row for row in self.firms if row.firm_id not in skipped]


def open_run(directory: Path) -> Run:
    """Open results/{run}. Raises ResultError when firms.tsv or themes.json is missing or damaged."""
    return Run(directory, read_themes(directory / "themes.json"), tuple(read_firms(directory / "firms.tsv")))
