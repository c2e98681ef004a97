"""Charts of differences within a run: over quarters, between groups of firms, between parts of the call."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from earnings_themes.panel.block import ratio
from earnings_themes.report.cuts import GroupCounts
from earnings_themes.report.drawing import PALETTE, Drawing, named, nothing, shown
from earnings_themes.report.page_data import Page, ThemePart, short

N_ROWS: Final = 24
N_LINES: Final = 12
N_COLUMNS: Final = 3
N_GROUPS: Final = 12
N_SIDES: Final = 20
# A third and three times a theme's own mean are the ends of the colours.
_TIMES: Final = 3.0
_LETTERS: Final = 24


def largest(page: Page, n: int) -> list[ThemePart]:
    """Return the n themes with most sentences, subject matter first."""
    found = sorted(page.themes, key=lambda part: (part.theme.kind != "subject", -part.theme.n_sentences))[:n]
    return sorted(found, key=lambda part: (-part.theme.n_sentences, part.number))


def births(page: Page) -> dict[int, int]:
    """Return, by theme number, the index of the quarter in which a theme begins.

    It is the first quarter with a sentence of the theme, unless that is the first of all, before which
    nothing is known. Themes found by a run whose quarters are not shown have none; a theme found by this run
    beside such themes may begin in the first.
    """
    here = (None, page.run, *page.earlier)
    older = any(part.theme.born not in here for part in page.themes)
    found = {}
    for part in page.themes:
        spoken = np.flatnonzero(page.cuts.quarters.n[:, part.number])
        if part.theme.born in here and len(spoken) and (spoken[0] or older):
            found[part.number] = int(spoken[0])
    return found


def quarters(page: Page) -> Drawing:
    """Draw each theme's share by quarter relative to its share over all quarters, with beginnings marked."""
    cut, begun = page.cuts.quarters, births(page)
    parts = largest(page, N_ROWS)
    caption = (
        f"Themes of the run {page.run}{_and_earlier(page)} by calendar quarter: a theme's share of a quarter's modelled "
        "sentences, against its own share in the run, which stands at the right. Red is more, blue less, white as usual; a "
        "cross: nobody speaks of it. A dot marks where a theme begins. Behind a quarter stand its calls: of few, little can "
        f"be said. {_largest(parts, page)}"
    )
    header = ("theme_id", "label", "quarter", "n", "modelled", "share", "n_firms", "n_calls", "begins")
    numbers = [
        (*row, int(begun.get(part.number, -1) == place))
        for part in page.themes
        for place, row in enumerate(_rows(part, cut))
    ]
    if not parts or len(cut.names) < 2:
        return Drawing(nothing(f"{len(cut.names)} quarter: nothing to compare"), caption, header, numbers)
    figure = Figure(figsize=(2.9 + 0.155 * len(cut.names), 1.3 + 0.23 * len(parts)), layout="constrained")
    axes = figure.subplots()
    shares = cut.shares()[:, [part.number for part in parts]].T
    _relative(axes, shares, [part.share for part in parts])
    for row, part in enumerate(parts):
        if part.number in begun:
            axes.plot(begun[part.number], row, marker="o", mfc="white", mec="black", markersize=6)
    names = [f"{name}  {n:,}" for name, n in zip(cut.names, cut.n_calls, strict=True)]
    axes.set_xticks(range(len(names)), names, rotation=90)
    axes.set_yticks(range(len(parts)), [named(part, _LETTERS) for part in parts])
    _shares_at_the_right(axes, parts)
    return Drawing(figure, caption, header, numbers)


def lines(page: Page) -> Drawing:
    """Draw one line per theme over the quarters, for the largest themes."""
    cut = page.cuts.quarters
    parts = largest(page, N_LINES)
    caption = (
        f"The largest themes of the run {page.run}{_and_earlier(page)} over {len(cut.names)} quarters, in % of a quarter's "
        "modelled sentences; the number is of sentences in its highest quarter. Each has a scale of its own, from 0."
    )
    header = ("theme_id", "label", "quarter", "n", "modelled", "share", "n_firms", "n_calls")
    numbers = [row for part in parts for row in _rows(part, cut)]
    if not parts or len(cut.names) < 2:
        return Drawing(nothing(f"{len(cut.names)} quarter: nothing to compare"), caption, header, numbers)
    n_rows = -(-len(parts) // 2)
    figure = Figure(figsize=(4.8, 0.4 + 1.15 * n_rows), layout="constrained")
    grid = figure.subplots(n_rows, 2, sharex=True, squeeze=False)
    shares = 100 * cut.shares()
    x = np.arange(len(cut.names))
    for axes, part in zip(grid.flat, parts, strict=False):
        y = shares[:, part.number]
        axes.plot(x, y, color=PALETTE[0], marker="o", markersize=3, linewidth=1.4)
        top = int(np.nanargmax(y))
        most = f"{cut.n[top, part.number]:,}"
        axes.annotate(most, (top, y[top]), xytext=(0, 3), textcoords="offset points", ha="center")
        axes.set_title(named(part, _LETTERS), fontsize=10, loc="left")
        axes.set_ylim(0, max(float(np.nanmax(y)), 1e-9) * 1.45)
        axes.spines[["top", "right"]].set_visible(False)
        axes.locator_params(axis="y", nbins=3)
        axes.set_xticks([0, len(x) - 1], [cut.names[0], cut.names[-1]])
    for axes in list(grid.flat)[len(parts) :]:
        axes.set_visible(False)
    return Drawing(figure, caption, header, numbers)


def groups(page: Page) -> Drawing:
    """Draw each theme's share by the values of a kept column, relative to its share in all."""
    columns = list(page.cuts.groups.items())[:N_COLUMNS]
    parts = largest(page, N_ROWS)
    more = [
        f" {name}: the {N_GROUPS} of {len(cut.names):,} values with most sentences."
        for name, cut in columns
        if len(cut.names) > N_GROUPS
    ]
    caption = (
        f"Themes of the run {page.run} by {' and '.join(name for name, _ in columns) or 'kept column'}: a theme's share of a "
        "group's modelled sentences, against its share in all, which stands at the right. Red is more, blue less, white as "
        f"in all; a cross: nobody speaks of it.{''.join(more)} {_largest(parts, page)}"
    )
    header = ("column", "value", "theme_id", "label", "n", "modelled", "share", "n_firms", "n_calls")
    numbers = [
        (name, row[2], *row[:2], *row[3:])
        for name, cut in page.cuts.groups.items()
        for part in page.themes
        for row in _rows(part, cut)
    ]
    if not parts or not columns:
        return Drawing(nothing("No kept column groups the firms (source.keep)"), caption, header, numbers)
    width = 3.2 + 0.27 * max(min(len(cut.names), N_GROUPS) for _, cut in columns)
    height = (1.4 + 0.22 * len(parts)) * len(columns)
    figure = Figure(figsize=(width, height), layout="constrained")
    for axes, (name, cut) in zip(figure.subplots(len(columns), 1, squeeze=False).flat, columns, strict=True):
        shares = cut.shares()[:N_GROUPS, [part.number for part in parts]].T
        _relative(axes, shares, [part.share for part in parts])
        names = [short(value, 22) for value in cut.names[:N_GROUPS]]
        axes.set_xticks(range(len(names)), names, rotation=90)
        axes.set_yticks(range(len(parts)), [named(part, _LETTERS) for part in parts])
        axes.set_title(short(name, 36), fontsize=10)
        _shares_at_the_right(axes, parts)
    return Drawing(figure, caption, header, numbers)


_PAIRS: Final = (
    (("presentation", "Prepared remarks"), ("qa", "Q&A")),
    (("management", "Management"), ("analysts", "Analysts")),
)


def sides(page: Page) -> Drawing:
    """Draw each theme's share in prepared remarks against Q&A, and by management against analysts."""
    known = page.cuts.sides
    pairs = [pair for pair in _PAIRS if all(name in known for name, _ in pair)]
    parts = largest(page, N_SIDES)
    caption = (
        f"Themes of the run {page.run}, in % of the modelled sentences of each part of the calls, and of each side. "
        f"{_largest(parts, page)}"
    )
    header = (
        "theme_id",
        "label",
        *(f"{what}{name}" for name in known for what in ("n_", "modelled_", "share_")),
    )
    numbers = []
    for part in page.themes:
        row: list[Any] = [part.theme.theme_id, part.theme.label]
        for n, whole in known.values():
            row += [n[part.number], whole, float(n[part.number] / whole)]
        numbers.append(row)
    if not parts or not pairs:
        return Drawing(nothing("No call tells its sections or speakers"), caption, header, numbers)
    figure = Figure(figsize=(2.5 + 1.3 * len(pairs), 1.3 + 0.24 * len(parts)), layout="constrained")
    panels = figure.subplots(1, len(pairs), sharey=True, squeeze=False)[0]
    y = np.arange(len(parts))
    for axes, pair in zip(panels, pairs, strict=True):
        values = [100 * known[name][0][[part.number for part in parts]] / known[name][1] for name, _ in pair]
        axes.hlines(y, *values, color="#b6bdc6", linewidth=2)
        for x, (_, label), color, marker in zip(values, pair, PALETTE[:2], "os", strict=True):
            axes.plot(x, y, marker, color=color, label=label, markersize=6)
        axes.set_xlim(0, None)
        axes.set_xlabel("%")
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.2)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), frameon=False, fontsize=9, handletextpad=0.2)
    panels[0].set_yticks(y, [named(part, _LETTERS) for part in parts])
    panels[0].set_ylim(len(parts) - 0.5, -0.5)
    return Drawing(figure, caption, header, numbers)


def _rows(part: ThemePart, cut: GroupCounts) -> list[tuple[Any, ...]]:
    n, share, n_firms = (of[:, part.number] for of in (cut.n, cut.shares(), cut.n_firms))
    rows = zip(cut.names, n, cut.modelled, share.tolist(), n_firms, cut.n_calls, strict=True)
    return [(part.theme.theme_id, part.theme.label, *row) for row in rows]


def _relative(axes: Axes, shares: NDArray[np.float64], usual: Sequence[float]) -> None:
    """Draw shares (rows, columns) relative to the usual share of each row, on a logarithmic colour scale."""
    logs = np.log(np.clip(ratio(shares, np.array(usual)[:, None]), 1 / _TIMES, _TIMES))
    end = float(np.log(_TIMES))
    silent = ~(shares > 0)
    logs = np.ma.masked_where(silent, logs)
    colors = colormaps["RdBu_r"].with_extremes(bad="#e9ecf0")
    axes.imshow(logs, aspect="auto", cmap=colors, vmin=-end, vmax=end, interpolation="nearest")
    row, column = np.nonzero(silent)
    axes.plot(column, row, "x", color="#6b7480", markersize=4, linestyle="none")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _shares_at_the_right(axes: Axes, parts: Sequence[ThemePart]) -> None:
    other = axes.secondary_yaxis("right")
    other.set_yticks(range(len(parts)), [f"{100 * part.share:.1f} %" for part in parts])
    other.tick_params(length=0)
    other.spines[:].set_visible(False)


def _and_earlier(page: Page) -> str:
    n = len(page.earlier)
    return f", with {n} earlier run{'s' if n > 1 else ''} of its registry," if n else ""


def _largest(parts: Sequence[ThemePart], page: Page) -> str:
    which = " (those with most sentences, subject matter first)"
    return f"{shown(len(parts), len(page.themes), 'themes', which)}. * stability under .6."
