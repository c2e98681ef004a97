"""The report's pictures as files, for the page, papers and slides: SVG and PNG, each with a caption beside it.

The same run gives the same bytes: no date, no random ids, and text as text, so that no font is embedded. They are narrow
and their letters large, so that a phone shows them readable.
"""

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.font_manager import get_font_names
from matplotlib.patches import Patch

from earnings_themes.report.page_data import FirmPart, Page, ThemePart, share_of, short
from earnings_themes.system.files import write_atomically

NAMES: Final = ("themes", "heatmap", "map", "curve")
N_BARS: Final = 25
N_FIRMS: Final = 30
N_COLUMNS: Final = 16
N_NAMED: Final = 24
_LEAST_COVERAGE: Final = 0.02
KIND_COLORS: Final = {
    "subject": "#2f6fbf", "reporting": "#b8860b", "procedure": "#7d8590", "filler": "#8a63c4",
}  # fmt: skip
# Okabe and Ito's colours, which colour-blind readers can tell apart, and four more.
PALETTE: Final = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#9a7d0a", "#8a63c4", "#3a9188", "#b04a5a",
)  # fmt: skip
_OTHER: Final = "#8b949e"
# Matplotlib's own font has no Chinese, Japanese, Korean or Indic letters; these have, where they are installed.
_FONTS: Final = (
    "DejaVu Sans",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans Devanagari",
    "Arial Unicode MS",
)


def draw_figures(page: Page, quality: Mapping[str, Any], folder: Path) -> dict[str, tuple[str, str]]:
    """Write each of NAMES as .svg, .png and .txt (the caption) into the folder; return the SVGs and captions."""
    folder.mkdir(parents=True, exist_ok=True)
    drawings: dict[str, Callable[[], tuple[Figure, str]]] = {
        "themes": lambda: _ranking(page),
        "heatmap": lambda: _heatmap(page),
        "map": lambda: _map(page),
        "curve": lambda: _curve(page.run, quality),
    }
    settings: Any = {
        "svg.hashsalt": "earnings-themes",
        "svg.fonttype": "none",
        "text.parse_math": False,
        "font.family": [name for name in _FONTS if name in get_font_names()],
        "font.size": 10,
    }
    drawn = {}
    with mpl.rc_context(settings), warnings.catch_warnings():
        # Where no font with a script is installed, the PNG has boxes; the SVG's text is right all the same.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        for name in NAMES:
            figure, caption = drawings[name]()
            path = folder / f"{name}.svg"
            figure.savefig(path, metadata={"Date": None, "Creator": None})
            # Laid out once: the PNG takes the SVG's places.
            figure.set_layout_engine("none")
            figure.savefig(folder / f"{name}.png", dpi=150, metadata={"Software": None})
            write_atomically(folder / f"{name}.txt", caption + "\n")
            drawn[name] = (path.read_text(encoding="utf-8"), caption)
    return drawn


def _ranking(page: Page) -> tuple[Figure, str]:
    parts = page.themes[:N_BARS]
    caption = (
        f"Themes of the run {page.run}: the number of firms that speak of each, and its share of the "
        f"{page.n_modelled:,} modelled sentences. {_shown(len(parts), len(page.themes), 'themes')}, by kind, then firms. "
        "* stability under .6."
    )
    if not parts:
        return _nothing("No themes"), caption
    figure = Figure(figsize=(4.7, 0.8 + 0.26 * len(parts)), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    colors = [KIND_COLORS[part.theme.kind] for part in parts]
    rows = range(len(parts))
    for axes, values, title, form in (
        (left, [part.theme.n_firms for part in parts], "Firms", "{:.0f}"),
        (right, [100 * part.share for part in parts], "% of sentences", "{:.1f}"),
    ):
        bars = axes.barh(rows, values, color=colors)
        axes.bar_label(bars, labels=[form.format(value) for value in values], padding=3)
        axes.set_title(title, fontsize=10)
        axes.spines[["top", "right", "bottom"]].set_visible(False)
        axes.set_xticks([])
        axes.margins(x=0.3)
    left.set_yticks(rows, [_named(part, 24) for part in parts])
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
        f"Share of a firm's modelled sentences that each theme takes, in percent, run {page.run}. "
        f"{_shown(len(firms), page.n_firms, 'firms', ' (those with most sentences)')}, "
        f"{_shown(len(parts), len(page.themes), 'themes', ' (those with most firms)').lower()}. "
        "Firms with the same main theme stand together."
    )
    if not parts or not firms:
        return _nothing("No themes"), caption
    cells = np.array([_shares(firm, parts) for firm in firms])
    order = sorted(range(len(firms)), key=lambda row: (int(cells[row].argmax()), -cells[row].max(), row))
    figure = Figure(figsize=(3.2 + 0.28 * len(parts), 2.6 + 0.21 * len(firms)), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(cells[order], aspect="auto", cmap="Blues", vmin=0, interpolation="nearest")
    labels = [short(part.theme.label, 28) for part in parts]
    axes.set_xticks(range(len(parts)), labels, rotation=50, ha="left", rotation_mode="anchor")
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(firms)), [short(firms[row].row.firm_name, 26) for row in order])
    axes.tick_params(length=0)
    figure.colorbar(image, ax=axes, shrink=0.3, anchor=(0, 1), aspect=12, label="%")
    return figure, caption


def _map(page: Page) -> tuple[Figure, str]:
    n = len(page.themes)
    caption = (
        f"The {n:,} themes of the run {page.run}: near themes are about similar things, larger points have more "
        f"sentences, a colour is a broad theme{' (the ten largest)' if len(page.broad) > len(PALETTE) else ''}. "
        "An empty point has a stability under .6."
    )
    if not page.themes:
        return _nothing("No themes"), caption
    figure = Figure(figsize=(6.8, 5.6), layout="constrained")
    axes = figure.subplots()
    largest = sorted(page.broad, key=lambda part: (-part.n_sentences, part.number))[: len(PALETTE)]
    colors = {part.number: color for part, color in zip(largest, PALETTE, strict=False) if part.theme}
    most = max(part.theme.n_sentences for part in page.themes)
    edges = [colors.get(part.broad, _OTHER) for part in page.themes]
    axes.scatter(
        [part.x for part in page.themes],
        [part.y for part in page.themes],
        s=[15 + 285 * part.theme.n_sentences / most for part in page.themes],
        c=["white" if part.unstable else color for part, color in zip(page.themes, edges, strict=True)],
        edgecolors=edges,
        linewidths=1.3,
    )
    axes.set_xlim(-1.3, 1.3)
    axes.set_ylim(-1.12, 1.12)
    taken: list[tuple[float, float, float, float]] = []
    for part in sorted(page.themes, key=lambda part: (-part.theme.n_sentences, part.number)):
        text = short(part.theme.label, 24)
        # A letter's width and a line's height in the units of the axes: a name that would cover another is left out.
        half = 0.019 * len(text) + 0.02
        box = (part.x - half, part.x + half, part.y + 0.03, part.y + 0.12)
        if len(taken) < N_NAMED and not any(_cross(box, other) for other in taken):
            taken.append(box)
            axes.annotate(text, (part.x, part.y + 0.045), ha="center", va="bottom", fontsize=9)
    axes.set_axis_off()
    return figure, caption


def _curve(run: str, quality: Mapping[str, Any]) -> tuple[Figure, str]:
    # A handful of sentences makes a curve of chance.
    points = [point for point in quality["curve"] if point["coverage"] >= _LEAST_COVERAGE]
    calibrated = bool(points) and points[0]["precision"] is not None
    what = "expected precision" if calibrated else "mean strength"
    caption = (
        f"What a higher floor on strength gains and costs, run {run}: {what} of the sentences that stay, against their share "
        "of the sentences with content. The filled point is this run's floor; below it nothing settled."
    )
    if not points:
        return _nothing("No sentence settled"), caption
    figure = Figure(figsize=(4.6, 3.4), layout="constrained")
    axes = figure.subplots()
    x = [100 * point["coverage"] for point in points]
    y = [point["precision"] if calibrated else point["strength"] for point in points]
    axes.plot(x, y, color=PALETTE[0], marker="o", markerfacecolor="white", markersize=5)
    axes.plot(x[:1], y[:1], color=PALETTE[0], marker="o", markersize=9)
    for place in sorted({0, *(range(4, len(points), 4))}):
        axes.annotate(
            f"{points[place]['floor']:.2f}".lstrip("0"),
            (x[place], y[place]),
            xytext=(6, 5),
            textcoords="offset points",
        )
    axes.set_xlabel("Coverage, % of sentences with content")
    axes.set_ylabel(what.capitalize())
    axes.set_xlim(0, 105)
    axes.margins(y=0.12)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, caption


def _cross(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]


def _named(part: ThemePart, length: int) -> str:
    return short(part.theme.label, length) + ("*" if part.unstable else "")


def _shares(firm: FirmPart, parts: list[ThemePart]) -> list[float]:
    return [100 * share_of(firm.n_by_theme.get(part.number, 0), firm.n_modelled) for part in parts]


def _shown(n: int, of: int, what: str, which: str = "") -> str:
    return f"All {of:,} {what}" if n == of else f"{n:,} of {of:,} {what}{which}"


def _nothing(text: str) -> Figure:
    figure = Figure(figsize=(5, 1.2))
    figure.text(0.5, 0.5, text, ha="center", va="center")
    return figure
