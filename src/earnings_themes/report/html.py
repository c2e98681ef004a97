"""The self-contained HTML page of a run: charts first, then lists and tables; it needs no network.

Transcripts cannot inject code: Jinja escapes text, charts are images, and the Content-Security-Policy allows
only the page's own script.
"""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import Any, Final

import jinja2
from markupsafe import Markup

from earnings_themes.quality.floor import STABLE
from earnings_themes.quality.meaning import MEANINGS, Meaning
from earnings_themes.report.cut_charts import births
from earnings_themes.report.page_data import Page, share_of, short
from earnings_themes.results.firms import encode_firm

KINDS: Final = {
    "subject": "Subject matter",
    "reporting": "Reporting",
    "procedure": "Procedure",
    "filler": "Filler",
}
SIDE_NAMES: Final = {
    "presentation": "prepared remarks",
    "qa": "Q&A",
    "management": "management",
    "analysts": "analysts",
}
# The folder beside the page with one file per theme.
BESIDE: Final = "report"
_MISSING: Final = "–"
# Letters of an example; the lists of all sentences have them whole.
_EXAMPLE: Final = 240
# Letters of 10 points are 13 pixels high; below 9 pixels they cannot be read on a phone.
_SHRUNK: Final = 0.7
# Themes that are printed by name: with them the print has at most 12 pages.
_PRINTED: Final = 120


def render(
    page: Page, quality: Mapping[str, Any], figures: Mapping[str, tuple[str, str]], beside: bool = False
) -> str:
    """Return the page; the same arguments give the same text.

    quality: what quality_report returned. figures: name → (SVG, caption), what draw_figures gave. beside: whether
    sentences that the page has no room for are in files beside it.
    """
    js = _package_file("page.js")
    return _template("page.html").render(
        page=page,
        policy=_policy(js),
        css=Markup(_package_file("page.css")),  # nosec B704  # a file of ours
        js=Markup(js),  # nosec B704  # a file of ours
        figures={name: _image(svg, caption) for name, (svg, caption) in figures.items()},
        cards=_cards(page, quality["metrics"]),
        kind_names=KINDS,
        stable=STABLE,
        share_of=share_of,
        firm_numbers={firm.row.firm_id: firm.number for firm in page.firms},
        hidden_firms=page.n_firms - len(page.firms) - sum(len(names) for _, names in page.skipped_firms),
        made_with=_made_with(page),
        over=_over(page),
        sides=_sides(page),
        beside=beside,
        n_printed=_PRINTED,
        quality=_quality(quality["metrics"]),
        matches=_matches(page, quality["labels"]),
    )


def listings(page: Page) -> Iterator[tuple[str, str]]:
    """Yield (file name in BESIDE, page with the theme's sentences) for each theme and for broad themes with own sentences."""
    template = _template("listing.html")
    css = Markup(_package_file("page.css"))  # nosec B704  # a file of ours
    broad = [(group.theme, group.listing) for group in page.broad if group.theme and group.listing.sources]
    for theme, listing in (*((part.theme, part.listing) for part in page.themes), *broad):
        text = template.render(page=page, theme=theme, listing=listing, css=css)
        yield f"{encode_firm(theme.theme_id)}.html", text


# --- how values are written ------------------------------------------------------------------------


def percent(value: float) -> str:
    """Write 0.1234 as 12.3 %."""
    return f"{100 * value:.1f} %"


def two_decimals(value: float | None) -> str:
    """Write two decimals, or a dash for None."""
    return _MISSING if value is None else f"{value:.2f}"


def thousands(value: float) -> str:
    """Write 12345 as 12,345."""
    return f"{value:,}"


def written(value: float | int | None, meaning: Meaning) -> str:
    """Write a figure of quality.json in the form that its meaning names."""
    forms = {"count": thousands, "number": "{:,.0f}".format, "share": percent, "score": two_decimals}
    return _MISSING if value is None else forms[meaning.form](value)


def _base(metric: Mapping[str, Any], meaning: Meaning) -> str:
    if metric["value"] is None:
        return f"Not computed: {metric['reason']}."
    return "" if meaning.form == "count" else f"Of {metric['n']:,} {metric['of']}."


# --- parts of the page -----------------------------------------------------------------------------


def _cards(page: Page, metrics: Mapping[str, Any]) -> list[dict[str, str]]:
    def share(name: str, text: str) -> str:
        value = metrics[name]["value"]
        return "" if value is None else f"{percent(value)} {text}"

    n_content = metrics["sentences_content"]["value"]
    n_left_out = sum(len(names) for _, names in page.skipped_firms)
    lines = [
        ("Firms", page.n_firms, share("firms_with_theme", "have a theme")),
        ("Calls", page.n_calls, ""),
        ("Sentences", page.n_sentences, share("procedural_sentences", "procedure")),
        ("Themes", len(page.themes), f"in {len(page.broad):,} broad themes"),
        ("With content", n_content, share("coverage_content", "of these sentences in a theme")),
        ("Left out", n_left_out, f"firms, and {sum(n for _, n in page.skipped_rows):,} rows"),
    ]
    return [{"name": name, "value": thousands(value), "note": note} for name, value, note in lines]


def _over(page: Page) -> dict[int, dict[str, Any]]:
    """Return, by theme number, its counts by quarter, where it begins, and its line in a 100 × 30 box; {} for one quarter."""
    cut, begun = page.cuts.quarters, births(page)
    if len(cut.names) < 2:
        return {}
    shares = cut.shares()
    found = {}
    for part in page.themes:
        values = [None if share != share else share for share in shares[:, part.number].tolist()]
        most = max((value for value in values if value is not None), default=0.0) or 1.0
        points = [
            f"{100 * place / (len(values) - 1):.1f},{29 - 27 * value / most:.1f}"
            for place, value in enumerate(values)
            if value is not None
        ]
        n, firms = cut.n[:, part.number].tolist(), cut.n_firms[:, part.number].tolist()
        found[part.number] = {
            "rows": list(zip(cut.names, n, values, firms, strict=True)),
            "points": " ".join(points),
            "most": most,
            "begins": begun.get(part.number, -1),
        }
    return found


def _sides(page: Page) -> dict[int, list[tuple[str, float, int]]]:
    """Return, by theme number, its share of each part of the calls and the sentence count."""
    return {
        part.number: [
            (SIDE_NAMES[name], float(n[part.number] / whole), int(n[part.number]))
            for name, (n, whole) in page.cuts.sides.items()
        ]
        for part in page.themes
    }


def _made_with(page: Page) -> list[tuple[str, str]]:
    def text(value: Any) -> str:
        if isinstance(value, Mapping):
            return ", ".join(f"{name} {part}" for name, part in value.items()) or "defaults"
        return str(value)

    return [(key.replace("_", " "), text(value)) for key, value in page.made_with.items()]


def _matches(page: Page, labels: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the labels, each with its best theme and best broad theme."""
    names = {part.theme.theme_id: part.theme.label for part in page.themes}
    names |= {part.theme.theme_id: part.theme.label for part in page.broad if part.theme}
    broad = {match["label"]: match for match in labels["broad"]}
    return [
        match
        | {
            "theme": names.get(match["theme_id"], _MISSING),
            "broad": names.get(broad[match["label"]]["theme_id"], _MISSING),
            "broad_f1": broad[match["label"]]["f1"],
        }
        for match in labels["themes"]
    ]


def _quality(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the figures by group; a group without any figure, for one reason, is that reason."""
    # MEANINGS has the figures of a group one after the other.
    groups = groupby(MEANINGS, lambda name: MEANINGS[name].group)
    return [_group(group, {name: metrics[name] for name in names}) for group, names in groups]


def _group(group: str, metrics: Mapping[str, Any]) -> dict[str, Any]:
    reasons = {metric["reason"] for metric in metrics.values()}
    return {
        "name": group,
        "reason": reasons.pop() if len(reasons) == 1 else None,
        "aims": any(MEANINGS[name].aim for name in metrics),
        "lines": [
            {
                **asdict(MEANINGS[name]),
                "value": written(metric["value"], MEANINGS[name]),
                "base": _base(metric, MEANINGS[name]),
            }
            for name, metric in metrics.items()
        ],
    }


# --- files -----------------------------------------------------------------------------------------


def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters.update(
        percent=percent,
        score=two_decimals,
        thousands=thousands,
        words=lambda text: text.replace("_", " "),
        example=lambda text: short(text, _EXAMPLE),
        file_of=lambda theme_id: f"{BESIDE}/{encode_firm(theme_id)}.html",
    )
    return environment.from_string(_package_file(name))


@cache
def _package_file(name: str) -> str:
    return (files("earnings_themes.report") / name).read_text(encoding="utf-8")


def _image(svg: str, caption: str) -> dict[str, str | int]:
    """Return the chart as a data: address, in which no script runs. least: smallest width to show it at, in pixels."""
    width = re.search(r'<svg[^>]* width="([\d.]+)pt"', svg)
    return {
        "address": f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode('ascii')}",
        "caption": caption,
        "least": round(_SHRUNK * float(width[1]) * 96 / 72) if width else 0,
    }


def _policy(script: str) -> str:
    own = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{own}'; style-src 'unsafe-inline'; img-src data:; "
        "form-action 'none'; base-uri 'none'"
    )
