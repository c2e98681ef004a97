"""Compares a run with labels: its themes, its broad themes, and what it took for procedure."""

from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from earnings_themes.quality.agreement import FORMS, Match, ami, ari, best_matches
from earnings_themes.quality.metric import Metric, missing, share
from earnings_themes.quality.ruler.inputs import need, read_table
from earnings_themes.results.artifacts import readable

LEVELS: Final = {"themes": "theme_id", "broad": "broad_id"}
_PROCEDURE: Final = "procedure"
_LABEL: Final = ["sentence_id", "kind", "theme", "text"]
_SETTLED: Final = ["sentence_id", "firm_id", "kind", "theme_id", "broad_id"]
# A few sentences may be split or cleaned in another way than when they were labelled.
_MISLABELLED: Final = 0.05


def read_labels(path: Path) -> pd.DataFrame:
    """Return what a person, or the maker of the sample, says of sentences: sentence_id, kind, theme, text.

    kind and text are empty where the file has no such column. Raises InputError naming the file and what is wrong with it.
    """
    labels = read_table(path)
    need(labels, ("sentence_id", "theme"), path)
    return labels.reindex(columns=_LABEL, fill_value="").drop_duplicates("sentence_id", keep="last")


def compare_with_labels(
    run_dir: Path, labels: pd.DataFrame | None
) -> tuple[dict[str, Metric], dict[str, list[Match]]]:
    """Return the figures of a run beside labels, and the best theme of each label at each level. Raises ResultError.

    Only labels that two firms or more share are asked of themes: what a single firm says is a topic. A labelled
    sentence that settled nowhere counts as unassigned, whatever the reason.
    """
    rows, none = _labelled(run_dir, labels)
    subject = rows[rows["theme"].ne("") & rows["kind"].isin(["", "subject"])]
    subject = subject[subject.groupby("theme")["firm_id"].transform("nunique") > 1]
    truth = subject["theme"].tolist()
    metrics: dict[str, Metric] = {}
    matches: dict[str, list[Match]] = {}
    for level, column in LEVELS.items():
        found = subject[column].astype(object).where(subject[column].notna(), None).tolist()
        for score in (ami, ari):
            for form in FORMS:
                name = f"{level}_{score.__name__}_{form}"
                metrics[name] = score(truth, found, form) if truth else missing("sentences", none)
        matches[level] = best_matches(truth, found)
        f1 = [match.f1 for match in matches[level]]
        metrics[f"{level}_best_f1"] = (
            Metric(sum(f1) / len(f1), len(f1), "labels") if f1 else missing("labels", none)
        )
    known = rows[rows["kind"] != ""]
    flagged, labelled = known["found_kind"] == _PROCEDURE, known["kind"] == _PROCEDURE
    both = int((flagged & labelled).sum())
    metrics["procedure_precision"] = share(both, int(flagged.sum()), "flagged sentences", none)
    metrics["procedure_recall"] = share(both, int(labelled.sum()), "procedural sentences", none)
    return metrics, matches


def _labelled(run_dir: Path, labels: pd.DataFrame | None) -> tuple[pd.DataFrame, str]:
    """Return the run's labelled sentences, and why there are none where there are none.

    A label without text is believed. Labels of another text under the same ids say nothing about this run.
    """
    if labels is None:
        return pd.DataFrame(
            columns=[*_LABEL, "firm_id", "found_kind", *LEVELS.values()]
        ), "no labels were given"
    wanted = pa.array(labels["sentence_id"])
    found = _rows(run_dir / "sentences.parquet", _SETTLED, wanted, "themes").rename(
        columns={"kind": "found_kind"}
    )
    said = _rows(run_dir / "transcripts.parquet", ["sentence_id", "text"], wanted, "ingest")
    rows = found.merge(labels, on="sentence_id").merge(said, "left", on="sentence_id", suffixes=("", "_said"))
    text, now = (rows[name].fillna("").str.split().str.join(" ") for name in ("text", "text_said"))
    same = text.eq("") | text.eq(now)
    if (n_other := int((~same).sum())) > _MISLABELLED * len(rows):
        return rows.head(0), (
            f"the labels are of another version of the input: {n_other} of {len(rows)} labelled sentences have another text"
        )
    none = f"none of the {len(labels)} labelled sentences is in this run with such a label"
    return rows[same], none


def _rows(path: Path, columns: list[str], wanted: pa.Array, maker: str) -> pd.DataFrame:
    with readable(path, maker):
        table = pq.read_table(path, columns=columns)
    found: pd.DataFrame = table.filter(pc.is_in(table["sentence_id"], wanted)).to_pandas()
    return found
