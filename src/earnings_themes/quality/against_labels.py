"""Compares a run with labels: its themes, its topics, what it flagged as procedure, and its kinds."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence

from earnings_themes.quality.agreement import FORMS, ami, ari
from earnings_themes.quality.metric import Metric, mean, missing, share
from earnings_themes.quality.tally import Labelled, Tally

_PROCEDURE = "procedure"
# A few sentences may be split or cleaned in another way than when they were labelled.
_MISLABELLED = 0.05


def cross_firm(pairs: Iterable[tuple[str, str]]) -> set[str]:
    """The themes of (theme, firm) pairs that two firms or more speak of.

    Only these can be found by clustering across firms: what a single firm says is a topic, not a theme.
    """
    firms: dict[str, set[str]] = defaultdict(set)
    for theme, firm in pairs:
        firms[theme].add(firm)
    return {theme for theme, names in firms.items() if len(names) > 1}


def compare(found: Tally, n_labels: int | None) -> dict[str, Metric]:
    """Every metric that needs labels. n_labels: how many there are, None where none were given.

    A labelled sentence of the run that is in no topic or theme counts as unassigned, whatever the reason.
    Labels of another text under the same ids say nothing about this run, so then every metric is missing.
    """
    rows: Sequence[Labelled] = found.labelled
    n_ids = len(rows) + found.n_mislabelled
    if n_labels is None:
        none = "no labels were given"
    elif found.n_mislabelled > _MISLABELLED * n_ids:
        none = (
            "the labels are of another version of the input: "
            f"{found.n_mislabelled} of {n_ids} labelled sentences have another text"
        )
        rows = []
    else:
        none = f"none of the {n_labels} labelled sentences is in this run with such a label"
    subject = [row for row in rows if row.label.theme and row.label.kind in ("", "subject")]
    crossing = cross_firm((row.label.theme, row.firm_id) for row in subject)
    return (
        _themes("theme", [row for row in subject if row.label.theme in crossing], none)
        | _themes("theme_all_labels", [row for row in rows if row.label.theme], none)
        | _topics(subject, none)
        | _procedure(rows, none)
        | _kinds(rows, none)
    )


def _themes(scope: str, rows: Sequence[Labelled], none: str) -> dict[str, Metric]:
    """Agreement of the themes with the labels, over the sentences of all firms."""
    truth, themes = [row.label.theme for row in rows], [row.theme_id for row in rows]
    return {
        f"{scope}_{score.__name__}_{form}": score(truth, themes, form) if rows else missing("sentences", none)
        for score in (ari, ami)
        for form in FORMS
    }


def _topics(rows: Sequence[Labelled], none: str) -> dict[str, Metric]:
    """Agreement of a firm's topics with its labels, mean over firms."""
    firms = _by(rows, lambda row: row.firm_id)
    # A firm with one label has nothing that could be told apart.
    pairs = [
        ([row.label.theme for row in members], [_text(row.topic_id) for row in members])
        for members in firms.values()
        if len({row.label.theme for row in members}) > 1
    ]
    return {
        f"topic_{score.__name__}_{form}": mean(
            [score(truth, topics, form).value for truth, topics in pairs], "firms", none
        )
        for score in (ari, ami)
        for form in FORMS
    }


def _procedure(rows: Sequence[Labelled], none: str) -> dict[str, Metric]:
    """Precision and recall of the procedural flag: TP / (TP + FP) and TP / (TP + FN)."""
    known = [row for row in rows if row.label.kind]
    both = sum(row.procedural and row.label.kind == _PROCEDURE for row in known)
    flagged = sum(row.procedural for row in known)
    labelled = sum(row.label.kind == _PROCEDURE for row in known)
    return {
        "procedure_precision": share(both, flagged, "flagged sentences", none),
        "procedure_recall": share(both, labelled, "procedural sentences", none),
    }


def _kinds(rows: Sequence[Labelled], none: str) -> dict[str, Metric]:
    """Topics whose kind is the one that most of their labelled sentences have / topics with such sentences."""
    known = [row for row in rows if row.label.kind and row.topic_id is not None]
    topics = _by(known, lambda row: (row.firm_id, row.topic_id))
    agreed = sum(
        Counter(row.label.kind for row in members).most_common(1)[0][0] == members[0].topic_kind
        for members in topics.values()
    )
    return {"topic_kind_agreement": share(agreed, len(topics), "topics", none)}


def _by(rows: Iterable[Labelled], key: Callable[[Labelled], Hashable]) -> dict[Hashable, list[Labelled]]:
    groups: dict[Hashable, list[Labelled]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
