"""The page's pictures as files, for papers and slides: SVG and PNG, each with a caption beside it.

The same run gives the same bytes: no date, no random ids, and text as text, so that no font is embedded.
"""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.font_manager import get_font_names
from matplotlib.patches import Patch

from earnings_themes.report.page_data import FirmPart, Page, ThemePart, share_of, short
from earnings_themes.system.files import write_atomically

N_BARS: Final = 25
N_FIRMS: Final = 40
N_COLUMNS: Final = 24
KIND_COLORS: Final = {
    "subject": "#2f6fbf", "reporting": "#b8860b", "procedure": "#7d8590", "filler": "#8a63c4",
}  # fmt: skip
# Okabe and Ito's colours, which colour-blind readers can tell apart, and four more; the page has the same.
PALETTE: Final = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#9a7d0a", "#8a63c4", "#3a9188", "#b04a5a",
)  # fmt: skip
# Matplotlib's own font has no Chinese, Japanese, Korean or Indic letters; these have, where they are installed.
_FONTS: Final = (
    "DejaVu Sans",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans Devanagari",
    "Arial Unicode MS",
)


def draw_figures(page: Page, folder: Path) -> None:
    """Write themes, heatmap and map as .svg, .png and .txt (the caption) into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    drawings: dict[str, Callable[[Page], tuple[Figure, str]]] = {
        "themes": _ranking,
        "heatmap": _heatmap,
        "map": _map,
    }
    settings: Any = {
        "svg.hashsalt": "earnings-themes",
        "svg.fonttype": "none",
        "text.parse_math": False,
        "font.family": [name for name in _FONTS if name in get_font_names()],
        "font.size": 9,
    }
    with mpl.rc_context(settings), warnings.catch_warnings():
        # Where no font with a script is installed, the PNG has boxes; the SVG's text is right all the same.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        for name, drawing in drawings.items():
            figure, caption = drawing(page)
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None, "Creator": None})
            # Laid out once: the PNG takes the SVG's places.
            figure.set_layout_engine("none")
            figure.savefig(folder / f"{name}.png", dpi=150, metadata={"Software": None})
            write_atomically(folder / f"{name}.txt", caption + "\n")


def _ranking(page: Page) -> tuple[Figure, str]:
    parts = page.themes[:N_BARS]
    caption = (
        f"Themes of the run {page.run}: the number of firms that speak of each, and its share of all "
        f"{page.n_sentences:,} sentences. {_shown(len(parts), len(page.themes), 'themes')}, by kind, then firms."
    )
    if not parts:
        return _nothing("No themes"), caption
    figure = Figure(figsize=(9, 0.8 + 0.26 * len(parts)), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    colors = [KIND_COLORS[part.theme.kind] for part in parts]
    rows = range(len(parts))
    for axes, values, title, form in (
        (left, [part.theme.n_firms for part in parts], "Firms", "{:.0f}"),
        (right, [100 * part.share for part in parts], "Share of all speech, %", "{:.1f}"),
    ):
        bars = axes.barh(rows, values, color=colors)
        axes.bar_label(bars, labels=[form.format(value) for value in values], padding=3)
        axes.set_title(title, fontsize=9)
        axes.spines[["top", "right", "bottom"]].set_visible(False)
        axes.set_xticks([])
        axes.margins(x=0.15)
    left.set_yticks(rows, [short(part.theme.label, 40) for part in parts])
    left.set_ylim(len(parts) - 0.5, -0.5)
    kinds = [kind for kind in KIND_COLORS if any(part.theme.kind == kind for part in parts)]
    if len(kinds) > 1:
        handles = [Patch(color=KIND_COLORS[kind], label=kind) for kind in kinds]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(kinds), frameon=False)
    return figure, caption


def _heatmap(page: Page) -> tuple[Figure, str]:
    parts = sorted(page.themes, key=lambda part: (-part.theme.n_firms, part.number))[:N_COLUMNS]
    parts.sort(key=lambda part: part.number)
    speaking = [firm for firm in page.firms if firm.n_by_theme]
    firms = sorted(speaking, key=lambda firm: (-firm.row.n_sentences, firm.number))[:N_FIRMS]
    caption = (
        f"Share of a firm's sentences that each theme takes, in percent, run {page.run}. "
        f"{_shown(len(firms), page.n_firms, 'firms', ' (those with most sentences)')}, "
        f"{_shown(len(parts), len(page.themes), 'themes', ' (those with most firms)').lower()}. "
        "Firms with the same main theme stand together."
    )
    if not parts or not firms:
        return _nothing("No themes"), caption
    cells = np.array([_shares(firm, parts) for firm in firms])
    order = sorted(range(len(firms)), key=lambda row: (int(cells[row].argmax()), -cells[row].max(), row))
    figure = Figure(figsize=(3.2 + 0.3 * len(parts), 2 + 0.19 * len(firms)), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(cells[order], aspect="auto", cmap="Blues", vmin=0, interpolation="nearest")
    axes.set_xticks(
        range(len(parts)), [short(part.theme.label, 28) for part in parts], rotation=50, ha="left"
    )
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(firms)), [short(firms[row].row.firm_name, 32) for row in order])
    axes.tick_params(length=0)
    figure.colorbar(image, ax=axes, shrink=0.4, anchor=(0, 1), label="% of the firm's sentences")
    return figure, caption


def _map(page: Page) -> tuple[Figure, str]:
    colored = sorted(page.themes, key=lambda part: (-part.theme.n_topics, part.number))[: len(PALETTE)]
    caption = (
        f"The {len(page.topics):,} topics of {len(page.firms):,} firms, run {page.run}: each point is one topic "
        "of one firm, near points are about similar things. The largest themes have a colour; grey topics are "
        "in other themes, light grey ones in none."
    )
    if not page.topics:
        return _nothing("No topics"), caption
    figure = Figure(figsize=(9, 5.5), layout="constrained")
    axes = figure.subplots()
    place = {part.number: PALETTE[index] for index, part in enumerate(colored)}
    groups = [(-1, "#d5d9de", "In no theme"), (None, "#8b949e", "Other themes")]
    groups += [(part.number, place[part.number], short(part.theme.label, 32)) for part in reversed(colored)]
    for number, color, name in groups:
        members = [
            topic
            for topic in page.topics
            if (topic.theme if topic.theme in place or topic.theme < 0 else None) == number
        ]
        if members:
            axes.scatter(
                [topic.x for topic in members],
                [topic.y for topic in members],
                s=[4 + 0.8 * topic.size for topic in members],
                color=color,
                alpha=0.75,
                linewidths=0,
                label=name,
                # Ten thousand circles as vectors are too much for a viewer.
                rasterized=len(page.topics) > 3000,
            )
    axes.set_axis_off()
    handles, names = axes.get_legend_handles_labels()
    # Drawn first, so that it lies below; named last, because it matters least.
    figure.legend(handles[::-1], names[::-1], loc="outside right upper", frameon=False, markerscale=1.2)
    return figure, caption


def _shares(firm: FirmPart, parts: list[ThemePart]) -> list[float]:
    return [100 * share_of(firm.n_by_theme.get(part.number, 0), firm.row.n_sentences) for part in parts]


def _shown(n: int, of: int, what: str, which: str = "") -> str:
    return f"All {of:,} {what}" if n == of else f"{n:,} of {of:,} {what}{which}"


def _nothing(text: str) -> Figure:
    figure = Figure(figsize=(5, 1.2))
    figure.text(0.5, 0.5, text, ha="center", va="center")
    return figure
