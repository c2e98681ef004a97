"""One self-contained HTML page of a run: pictures first, then tables; it opens without any network.

What a transcript says is text here: Jinja escapes it, the scripts use textContent, and the page's
Content-Security-Policy lets no script run but the two that it was made with.
"""

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

import jinja2
import plotly.offline
from markupsafe import Markup

from earnings_themes.quality.meaning import MEANINGS, Meaning
from earnings_themes.report.page_data import Page

KINDS: Final = {
    "subject": "Subject matter",
    "reporting": "Reporting",
    "procedure": "Procedure",
    "filler": "Filler",
}
_MISSING: Final = "–"


def render(page: Page, quality: dict[str, Any]) -> str:
    """Return the page. quality: what quality_report returned. The same arguments give the same text."""
    js, plotly_js = _package_file("page.js"), _plotly()[0]
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters.update(
        percent=percent, score=score, thousands=thousands, words=lambda name: name.replace("_", " ")
    )
    return environment.from_string(_package_file("page.html")).render(
        page=page,
        policy=_policy(js, plotly_js),
        css=Markup(_package_file("page.css")),  # nosec B704  # a file of ours
        js=Markup(js),  # nosec B704  # a file of ours
        data=_packed(json.dumps(client_data(page), ensure_ascii=False, separators=(",", ":"))),
        plotly=_plotly()[1],
        cards=_cards(page, quality["metrics"]),
        kinds=[
            (kind, name) for kind, name in KINDS.items() if any(p.theme.kind == kind for p in page.themes)
        ],
        kind_names=KINDS,
        firm_numbers={firm.row.firm_id: firm.number for firm in page.firms},
        hidden_firms=page.n_firms - len(page.firms) - sum(len(names) for _, names in page.skipped_firms),
        made_with=_made_with(page),
        quality=_quality(quality["metrics"]),
    )


def client_data(page: Page) -> dict[str, Any]:
    """Return what the page's script draws and filters: numbers and text, no markup."""
    return {
        "themes": [
            {
                "number": part.number,
                "label": part.theme.label,
                "kind": part.theme.kind,
                "n_firms": part.theme.n_firms,
                "n_topics": part.theme.n_topics,
                "share": part.share,
                "average": part.average,
                "text": " ".join(
                    [part.theme.label, *(word for word, _ in part.theme.keywords), *(s.text for s in part.sources)]
                ),
            }
            for part in page.themes
        ],
        "firms": [
            {
                "number": firm.number,
                "id": firm.row.firm_id,
                "name": firm.row.firm_name,
                "n": firm.row.n_sentences,
                "themes": firm.n_by_theme,
            }
            for firm in page.firms
        ],
        "topics": [
            [
                topic.firm, topic.theme, topic.topic_id, topic.label, topic.keywords, topic.sentence, topic.kind,
                topic.size, topic.stability, round(topic.x, 4), round(topic.y, 4),
            ]
            for topic in page.topics
        ],
    }  # fmt: skip


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


def _written(metric: dict[str, Any], meaning: Meaning) -> str:
    value = metric["value"]
    if value is None:
        return _MISSING
    return {"count": thousands, "share": percent, "score": score}[meaning.form](value)


def _base(metric: dict[str, Any], meaning: Meaning) -> str:
    if metric["value"] is None:
        return f"Not computed: {metric['reason']}."
    return "" if meaning.form == "count" else f"Of {metric['n']:,} {metric['of']}."


# --- parts of the page -----------------------------------------------------------------------------


def _cards(page: Page, metrics: dict[str, Any]) -> list[dict[str, str]]:
    def share(name: str, text: str) -> str:
        value = metrics[name]["value"]
        return "" if value is None else f"{percent(value)} {text}"

    return [
        {
            "name": "Firms",
            "value": thousands(page.n_firms),
            "note": share("firms_with_theme", "have a theme"),
        },
        {"name": "Calls", "value": thousands(page.n_calls), "note": ""},
        {
            "name": "Sentences",
            "value": thousands(page.n_sentences),
            "note": share("procedural_sentences", "procedural"),
        },
        {
            "name": "Topics",
            "value": thousands(metrics["topics"]["value"]),
            "note": share("topics_in_theme", "in a theme"),
        },
        {
            "name": "Themes",
            "value": thousands(len(page.themes)),
            "note": share("sentences_in_theme", "of all speech"),
        },
        {
            "name": "Skipped",
            "value": thousands(sum(len(names) for _, names in page.skipped_firms)),
            "note": f"firms, and {sum(n for _, n in page.skipped_rows):,} rows",
        },
    ]


def _made_with(page: Page) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for key, value in page.made_with.items():
        if isinstance(value, Mapping):
            text = ", ".join(f"{name} {part}" for name, part in value.items()) or "defaults"
        else:
            text = str(value)
        lines.append((key.replace("_", " "), text))
    return lines


def _quality(metrics: dict[str, Any]) -> list[dict[str, Any]]:
    """The figures by group; a group that lacks every figure for one reason is that reason."""
    groups: dict[str, list[str]] = {}
    for name, meaning in MEANINGS.items():
        groups.setdefault(meaning.group, []).append(name)
    return [_group(group, {name: metrics[name] for name in names}) for group, names in groups.items()]


def _group(group: str, metrics: dict[str, Any]) -> dict[str, Any]:
    reasons = {metric["reason"] for metric in metrics.values()}
    return {
        "name": group,
        "reason": reasons.pop() if len(reasons) == 1 else None,
        "aims": any(MEANINGS[name].aim for name in metrics),
        "lines": [
            {
                "title": MEANINGS[name].title,
                "value": _written(metric, MEANINGS[name]),
                "aim": MEANINGS[name].aim,
                "text": MEANINGS[name].text,
                "base": _base(metric, MEANINGS[name]),
            }
            for name, metric in metrics.items()
        ],
    }


# --- files and packing -----------------------------------------------------------------------------


@cache
def _package_file(name: str) -> str:
    return (files("earnings_themes.report") / name).read_text(encoding="utf-8")


@cache
def _plotly() -> tuple[str, str]:
    """plotly.js as it is, and packed: 4.8 MB become 2.0."""
    script = plotly.offline.get_plotlyjs()
    return script, _packed(script)


def _packed(text: str) -> str:
    # No time stamp in the gzip header: the same page has the same bytes.
    return base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), 9, mtime=0)).decode("ascii")


def _policy(*scripts: str) -> str:
    # plotly.js compiles its WebGL commands ('unsafe-eval') and sets styles on what it draws.
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in scripts
    )
    return (
        f"default-src 'none'; script-src 'unsafe-eval' {hashes}; style-src 'unsafe-inline'; "
        "img-src data: blob:; font-src data:; form-action 'none'; base-uri 'none'"
    )
