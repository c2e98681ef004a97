"""Compares a run with labels: its themes, its broad themes, and what it took for procedure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from earnings_themes.errors import ResultError
from earnings_themes.quality.agreement import FORMS, Match, ami, ari, best_matches
from earnings_themes.quality.metric import Metric, missing, share
from earnings_themes.quality.truth import Label

LEVELS: Final = {"themes": "theme_id", "broad": "broad_id"}
_PROCEDURE: Final = "procedure"
# A few sentences may be split or cleaned in another way than when they were labelled.
_MISLABELLED: Final = 0.05


@dataclass(frozen=True, slots=True)
class Labelled:
    """A labelled sentence, and what the run made of it; None where it settled in no theme."""

    firm_id: str
    label: Label
    procedural: bool
    theme_id: str | None
    broad_id: str | None


@dataclass(frozen=True, slots=True)
class Compared:
    """The figures, and the best theme of each label at each level."""

    metrics: Mapping[str, Metric]
    matches: Mapping[str, Sequence[Match]]


def compare(run_dir: Path, labels: Mapping[str, Label] | None) -> Compared:
    """Compare a run with labels, None where there are none. Raises ResultError.

    Only labels that two firms or more share are asked of themes: what a single firm says is a topic. A labelled
    sentence that settled nowhere counts as unassigned, whatever the reason. Labels of another text under the same ids say
    nothing about this run, so then every figure is missing.
    """
    rows: Sequence[Labelled] = []
    none = "no labels were given"
    if labels is not None:
        rows, n_other = _labelled(run_dir, labels)
        none = f"none of the {len(labels)} labelled sentences is in this run with such a label"
        n_ids = len(rows) + n_other
        if n_other > _MISLABELLED * n_ids:
            rows, none = (
                [],
                (
                    "the labels are of another version of the input: "
                    f"{n_other} of {n_ids} labelled sentences have another text"
                ),
            )
    subject = [row for row in rows if row.label.theme and row.label.kind in ("", "subject")]
    crossing = cross_firm((row.label.theme, row.firm_id) for row in subject)
    subject = [row for row in subject if row.label.theme in crossing]
    truth = [row.label.theme for row in subject]
    metrics: dict[str, Metric] = {}
    matches: dict[str, Sequence[Match]] = {}
    for level, column in LEVELS.items():
        found = [getattr(row, column) for row in subject]
        for score in (ami, ari):
            for form in FORMS:
                name = f"{level}_{score.__name__}_{form}"
                metrics[name] = score(truth, found, form) if subject else missing("sentences", none)
        matches[level] = best_matches(truth, found)
        f1 = [match.f1 for match in matches[level]]
        metrics[f"{level}_best_f1"] = (
            Metric(sum(f1) / len(f1), len(f1), "labels") if f1 else missing("labels", none)
        )
    return Compared(metrics | _procedure(rows, none), matches)


def cross_firm(pairs: Iterable[tuple[str, str]]) -> set[str]:
    """The themes of (theme, firm) pairs that two firms or more speak of."""
    firms: dict[str, set[str]] = defaultdict(set)
    for theme, firm in pairs:
        firms[theme].add(firm)
    return {theme for theme, names in firms.items() if len(names) > 1}


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


def _labelled(run_dir: Path, labels: Mapping[str, Label]) -> tuple[list[Labelled], int]:
    """Return the run's labelled sentences, and how many more have another text than their label."""
    wanted = pa.array(list(labels), pa.string())
    texts = _rows(run_dir / "transcripts.parquet", ["sentence_id", "text"], wanted)
    text_of = dict(zip(texts["sentence_id"], texts["text"], strict=True))
    columns = ["sentence_id", "firm_id", "kind", "theme_id", "broad_id"]
    found, n_other = [], 0
    for name, firm, kind, theme, broad in zip(
        *_rows(run_dir / "sentences.parquet", columns, wanted).values(), strict=True
    ):
        if labels[name].is_of(text_of.get(name, "")):
            found.append(Labelled(firm, labels[name], kind == _PROCEDURE, theme, broad))
        else:
            n_other += 1
    return found, n_other


def _rows(path: Path, columns: list[str], wanted: pa.Array) -> dict[str, list[str]]:
    try:
        table = pq.read_table(path, columns=columns)
    except (OSError, pa.ArrowException) as error:
        raise ResultError(f"{path}: cannot be read ({error}). Delete it and run again.") from error
    found: dict[str, list[str]] = table.filter(pc.is_in(table["sentence_id"], wanted)).to_pydict()
    return {name: found[name] for name in columns}
