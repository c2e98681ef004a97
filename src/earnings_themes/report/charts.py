"""Charts of a whole run: ranking of themes, firms against themes, map of themes, precision against coverage."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from earnings_themes.report.drawing import KIND_COLORS, OTHER, PALETTE, Drawing, named, nothing, shown
from earnings_themes.report.page_data import FirmPart, Page, ThemePart, share_of, short

N_BARS: Final = 25
N_FIRMS: Final = 30
N_COLUMNS: Final = 16
N_NAMED: Final = 24
_LEAST_COVERAGE: Final = 0.02
# Points of the curve nearer than this, in points of coverage, would have their names on each other.
_LEAST_APART: Final = 6


def ranking(page: Page) -> Drawing:
    """Draw one bar per theme: number of firms, and share of sentences."""
    parts = page.themes[:N_BARS]
    caption = (
        f"Themes of the run {page.run}: the number of firms that speak of each, and its share of the "
        f"{page.n_modelled:,} modelled sentences. {shown(len(parts), len(page.themes), 'themes')}, by kind, then firms. "
        "* stability under .6."
    )
    header = ("theme_id", "label", "kind", "n_firms", "n_sentences", "share", "stability", "cohesion")
    numbers = _numbers(page, header)
    if not parts:
        return Drawing(nothing("No themes"), caption, header, numbers)
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
    left.set_yticks(rows, [named(part, 24) for part in parts])
    left.set_ylim(len(parts) - 0.5, -0.5)
    kinds = [kind for kind in KIND_COLORS if any(part.theme.kind == kind for part in parts)]
    if len(kinds) > 1:
        handles = [Patch(color=KIND_COLORS[kind], label=kind) for kind in kinds]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(kinds), frameon=False)
    return Drawing(figure, caption, header, numbers)


def heatmap(page: Page) -> Drawing:
    """Draw the share of each firm's sentences that each theme takes."""
    parts = sorted(page.themes, key=lambda part: (-part.theme.n_firms, part.number))[:N_COLUMNS]
    parts.sort(key=lambda part: part.number)
    speaking = [firm for firm in page.firms if firm.n_by_theme]
    firms = sorted(speaking, key=lambda firm: (-firm.row.n_sentences, firm.number))[:N_FIRMS]
    caption = (
        f"Share of a firm's modelled sentences that each theme takes, in percent, run {page.run}. "
        f"{shown(len(firms), page.n_firms, 'firms', ' (those with most sentences)')}, "
        f"{shown(len(parts), len(page.themes), 'themes', ' (those with most firms)').lower()}. "
        "Firms with the same main theme stand together."
    )
    header = ("firm_id", "firm_name", "theme_id", "label", "n", "share")
    if not parts or not firms:
        return Drawing(nothing("No themes"), caption, header, ())
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
    numbers = []
    for firm, row in zip(firms, cells.tolist(), strict=True):
        for part, share in zip(parts, row, strict=True):
            n = firm.n_by_theme.get(part.number, 0)
            named_by = (firm.row.firm_id, firm.row.firm_name, part.theme.theme_id, part.theme.label)
            numbers.append((*named_by, n, share / 100))
    return Drawing(figure, caption, header, numbers)


def theme_map(page: Page) -> Drawing:
    """Draw the themes as points; near points are about similar things."""
    n = len(page.themes)
    caption = (
        f"The {n:,} themes of the run {page.run}: near themes are about similar things, larger points have more "
        f"sentences, a colour is a broad theme{' (the ten largest)' if len(page.broad) > len(PALETTE) else ''}. "
        "An empty point has a stability under .6."
    )
    header = ("theme_id", "label", "x", "y", "n_sentences", "broad_id", "stability")
    numbers = _numbers(page, header)
    if not page.themes:
        return Drawing(nothing("No themes"), caption, header, ())
    figure = Figure(figsize=(6.8, 5.6), layout="constrained")
    axes = figure.subplots()
    largest = sorted(page.broad, key=lambda part: (-part.n_sentences, part.number))[: len(PALETTE)]
    colors = {part.number: color for part, color in zip(largest, PALETTE, strict=False) if part.theme}
    most = max(part.theme.n_sentences for part in page.themes)
    edges = [colors.get(part.broad, OTHER) for part in page.themes]
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
    return Drawing(figure, caption, header, numbers)


def curve(run: str, quality: Mapping[str, Any]) -> Drawing:
    """Draw coverage against precision, or mean strength, for rising floors on strength."""
    # A handful of sentences makes a curve of chance.
    points = [point for point in quality["curve"] if point["coverage"] >= _LEAST_COVERAGE]
    rated = bool(points) and points[0]["precision"] is not None
    what = "expected precision" if rated else "mean strength"
    caption = (
        f"What a higher floor on strength gains and costs, run {run}: {what} of the sentences that stay, against their share "
        "of the sentences with content. The filled point is this run's floor; below it nothing settled."
    )
    header = ("floor", "coverage", "strength", "precision")
    if not points:
        return Drawing(nothing("No sentence settled"), caption, header, ())
    figure = Figure(figsize=(4.6, 3.4), layout="constrained")
    axes = figure.subplots()
    x = [100 * point["coverage"] for point in points]
    y = [point["precision"] if rated else point["strength"] for point in points]
    axes.plot(x, y, color=PALETTE[0], marker="o", markerfacecolor="white", markersize=5)
    axes.plot(x[:1], y[:1], color=PALETTE[0], marker="o", markersize=9)
    named_at = 200.0
    for place in range(0, len(points), 4):
        if named_at - x[place] >= _LEAST_APART:
            named_at = x[place]
            name = f"{points[place]['floor']:.2f}".lstrip("0")
            axes.annotate(name, (x[place], y[place]), xytext=(6, 5), textcoords="offset points")
    axes.set_xlabel("Coverage, % of sentences with content")
    axes.set_ylabel(what.capitalize())
    axes.set_xlim(0, 105)
    axes.margins(y=0.12)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    return Drawing(figure, caption, header, [[point[name] for name in header] for point in points])


def _numbers(page: Page, header: tuple[str, ...]) -> list[list[Any]]:
    """Return one row per theme, of what the page or the theme itself says under these names; broad_id is its parent."""
    names = ["parent" if name == "broad_id" else name for name in header]
    return [
        [getattr(part if hasattr(part, name) else part.theme, name) for name in names] for part in page.themes
    ]


def _cross(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]


def _shares(firm: FirmPart, parts: list[ThemePart]) -> list[float]:
    return [100 * share_of(firm.n_by_theme.get(part.number, 0), firm.n_modelled) for part in parts]
