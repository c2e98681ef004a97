"""What the charts share: a figure with caption and numbers, colours, and names of themes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from matplotlib.figure import Figure

from earnings_themes.report.page_data import ThemePart, short

KIND_COLORS: Final = {
    "subject": "#2f6fbf", "reporting": "#b8860b", "procedure": "#7d8590", "filler": "#8a63c4",
}  # fmt: skip
# Okabe and Ito's colours, which colour-blind readers can tell apart, and four more.
PALETTE: Final = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#9a7d0a", "#8a63c4", "#3a9188", "#b04a5a",
)  # fmt: skip
OTHER: Final = "#8b949e"


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture, the sentence below it, and its numbers: a header and rows."""

    figure: Figure
    caption: str
    header: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


def nothing(text: str) -> Figure:
    """Return a figure that only says why there is nothing to draw."""
    figure = Figure(figsize=(5, 1.2))
    figure.text(0.5, 0.5, text, ha="center", va="center")
    return figure


def named(part: ThemePart, length: int) -> str:
    """Return the theme's label, shortened, with a star where its stability is low."""
    return short(part.theme.label or "(no label)", length) + ("*" if part.unstable else "")


def shown(n: int, of: int, what: str, which: str = "") -> str:
    """Return "the n of m" for a caption."""
    return f"All {of:,} {what}" if n == of else f"{n:,} of {of:,} {what}{which}"
