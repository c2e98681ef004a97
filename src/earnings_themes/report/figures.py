"""Writes the report's charts as files: SVG and PNG, each with its caption and numbers.

The same run gives the same bytes: no date, no random ids, no embedded font. Charts are narrow with large
letters, to be readable on a phone.
"""

import csv
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.font_manager import get_font_names

from earnings_themes.panel.files import harmless
from earnings_themes.report import charts, cut_charts
from earnings_themes.report.drawing import Drawing
from earnings_themes.report.page_data import Page
from earnings_themes.results.artifacts import SIGNIFICANT_DIGITS
from earnings_themes.system.files import replaced, write_atomically
from earnings_themes.system.processes import shared

_OF_PAGE: Final[dict[str, Callable[[Page], Drawing]]] = {
    "quarters": cut_charts.quarters,
    "lines": cut_charts.lines,
    "themes": charts.ranking,
    "groups": cut_charts.groups,
    "sides": cut_charts.sides,
    "heatmap": charts.heatmap,
    "map": charts.theme_map,
}
NAMES: Final = (*_OF_PAGE, "curve")
# Matplotlib's own font has no Chinese, Japanese, Korean or Indic letters; these have, where they are installed.
_FONTS: Final = (
    "DejaVu Sans",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans Devanagari",
    "Arial Unicode MS",
)


def draw_figures(
    page: Page, quality: Mapping[str, Any], folder: Path, processes: Executor | None = None
) -> Iterator[tuple[str, tuple[str, str]]]:
    """Write each of NAMES as .svg, .png, .csv and .txt (the caption); give the names, with SVGs and captions.

    processes: a pool that was given page, quality and folder; None draws in this process, each figure when it is asked for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawn = (
        processes.map(_shared_figure, NAMES)
        if processes
        else (_figure(name, page, quality, folder) for name in NAMES)
    )
    return zip(NAMES, drawn, strict=True)


def _shared_figure(name: str) -> tuple[str, str]:
    return _figure(name, *shared())


def _figure(name: str, page: Page, quality: Mapping[str, Any], folder: Path) -> tuple[str, str]:
    settings: Any = {
        "svg.hashsalt": "earnings-themes",
        "svg.fonttype": "none",
        "text.parse_math": False,
        "font.family": [font for font in _FONTS if font in get_font_names()],
        "font.size": 10,
    }
    with mpl.rc_context(settings), warnings.catch_warnings():
        # Where no font with a script is installed, the PNG has boxes; the SVG's text is right all the same.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        drawing = _OF_PAGE[name](page) if name in _OF_PAGE else charts.curve(page.run, quality)
        path = folder / f"{name}.svg"
        drawing.figure.savefig(path, metadata={"Date": None, "Creator": None})
        # Laid out once: the PNG takes the SVG's places.
        drawing.figure.set_layout_engine("none")
        drawing.figure.savefig(folder / f"{name}.png", dpi=150, metadata={"Software": None})
        write_atomically(folder / f"{name}.txt", drawing.caption + "\n")
        _write_numbers(folder / f"{name}.csv", drawing)
    return path.read_text(encoding="utf-8"), drawing.caption


def _write_numbers(path: Path, drawing: Drawing) -> None:
    """Write a chart's numbers in the format of the panel's CSV: Excel's UTF-8 mark, quoted text, no formulas."""
    with replaced(path) as part, part.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
        writer.writerow(drawing.header)
        people = [name in ("label", "firm_name", "value") for name in drawing.header]
        writer.writerows(map(_cell, row, people) for row in drawing.rows)


def _cell(value: Any, for_people: bool) -> Any:
    if isinstance(value, str):
        return harmless(value, for_people)
    if value is None or value != value:
        return ""
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}") if isinstance(value, float) else int(value)
