"""One self-contained HTML page of a run: pictures first, then lists and tables; it opens without any network.

What a transcript says is text here: Jinja escapes it, the pictures are images in which nothing runs, and the page's
Content-Security-Policy lets no script run but the one that it was made with.
"""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

import jinja2
from markupsafe import Markup

from earnings_themes.quality.floor import STABLE
from earnings_themes.quality.meaning import MEANINGS, Meaning
from earnings_themes.report.page_data import Page, share_of

KINDS: Final = {
    "subject": "Subject matter",
    "reporting": "Reporting",
    "procedure": "Procedure",
    "filler": "Filler",
}
_MISSING: Final = "–"


def render(page: Page, quality: Mapping[str, Any], figures: Mapping[str, tuple[str, str]]) -> str:
    """Return the page. The same arguments give the same text.

    Parameters
    ----------
    quality : what quality_report returned
    figures : name to (SVG, caption), what draw_figures returned
    """
    js = _package_file("page.js")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters.update(
        percent=percent, score=score, thousands=thousands, words=lambda name: name.replace("_", " ")
    )
    return environment.from_string(_package_file("page.html")).render(
        page=page,
        policy=_policy(js),
        css=Markup(_package_file("page.css")),  # nosec B704  # a file of ours
        js=Markup(js),  # nosec B704  # a file of ours
        figures={name: (_image(svg), caption) for name, (svg, caption) in figures.items()},
        cards=_cards(page, quality["metrics"]),
        kind_names=KINDS,
        stable=STABLE,
        share_of=share_of,
        firm_numbers={firm.row.firm_id: firm.number for firm in page.firms},
        hidden_firms=page.n_firms - len(page.firms) - sum(len(names) for _, names in page.skipped_firms),
        made_with=_made_with(page),
        quality=_quality(quality["metrics"]),
        matches=_matches(page, quality["labels"]),
    )


# --- how values are written ------------------------------------------------------------------------


def percent(value: float) -> str:
    """0.1234 as 12.3 %."""
    return f"{100 * value:.1f} %"


def score(value: float | None) -> str:
    """Two decimals, a dash for what was not measured."""
    return _MISSING if value is None else f"{value:.2f}"


def thousands(value: int) -> str:
    """12345 as 12,345."""
    return f"{value:,}"


def written(value: float | int | None, meaning: Meaning) -> str:
    """A figure of quality.json, in the form that its meaning names."""
    if value is None:
        return _MISSING
    if meaning.form == "count":
        return f"{value:,}"
    return (
        f"{value:,.0f}"
        if meaning.form == "number"
        else percent(value)
        if meaning.form == "share"
        else score(value)
    )


def _base(metric: Mapping[str, Any], meaning: Meaning) -> str:
    if metric["value"] is None:
        return f"Not computed: {metric['reason']}."
    return "" if meaning.form == "count" else f"Of {metric['n']:,} {metric['of']}."


# --- parts of the page -----------------------------------------------------------------------------


def _cards(page: Page, metrics: Mapping[str, Any]) -> list[dict[str, str]]:
    def share(name: str, text: str) -> str:
        value = metrics[name]["value"]
        return "" if value is None else f"{percent(value)} {text}"

    n_left_out = sum(len(names) for _, names in page.skipped_firms)
    lines = [
        ("Firms", page.n_firms, share("firms_with_theme", "have a theme")),
        ("Calls", page.n_calls, ""),
        ("Sentences", page.n_sentences, share("procedural_sentences", "procedure")),
        ("Themes", len(page.themes), f"in {len(page.broad):,} broad themes"),
        (
            "With content",
            metrics["sentences_content"]["value"],
            share("coverage_content", "of these sentences in a theme"),
        ),
        ("Left out", n_left_out, f"firms, and {sum(n for _, n in page.skipped_rows):,} rows"),
    ]
    return [{"name": name, "value": thousands(value), "note": note} for name, value, note in lines]


def _made_with(page: Page) -> list[tuple[str, str]]:
    def text(value: Any) -> str:
        if isinstance(value, Mapping):
            return ", ".join(f"{name} {part}" for name, part in value.items()) or "defaults"
        return str(value)

    return [(key.replace("_", " "), text(value)) for key, value in page.made_with.items()]


def _matches(page: Page, labels: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The labels, each with the theme and the broad theme that fit it best."""
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
    """The figures by group; a group that lacks every figure for one reason is that reason."""
    groups: dict[str, list[str]] = {}
    for name, meaning in MEANINGS.items():
        groups.setdefault(meaning.group, []).append(name)
    return [_group(group, {name: metrics[name] for name in names}) for group, names in groups.items()]


def _group(group: str, metrics: Mapping[str, Any]) -> dict[str, Any]:
    reasons = {metric["reason"] for metric in metrics.values()}
    return {
        "name": group,
        "reason": reasons.pop() if len(reasons) == 1 else None,
        "aims": any(MEANINGS[name].aim for name in metrics),
        "lines": [
            {
                "title": MEANINGS[name].title,
                "value": written(metric["value"], MEANINGS[name]),
                "aim": MEANINGS[name].aim,
                "text": MEANINGS[name].text,
                "base": _base(metric, MEANINGS[name]),
            }
            for name, metric in metrics.items()
        ],
    }


# --- files -----------------------------------------------------------------------------------------


@cache
def _package_file(name: str) -> str:
    return (files("earnings_themes.report") / name).read_text(encoding="utf-8")


def _image(svg: str) -> str:
    """The picture as an address: as an image no script in it could run."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode('ascii')}"


def _policy(script: str) -> str:
    own = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{own}'; style-src 'unsafe-inline'; img-src data:; "
        "form-action 'none'; base-uri 'none'"
    )
