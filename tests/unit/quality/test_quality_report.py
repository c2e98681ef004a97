"""quality.json of whole runs: complete, JSON, and honest about what it could not compute."""

import csv
import json
from pathlib import Path

import pytest

from earnings_themes.errors import InputError, ResultError
from earnings_themes.quality.meaning import MEANINGS
from earnings_themes.quality.summary import quality_report
from earnings_themes.results import artifacts as results
from tests.unit.report.synthetic import write_run


def _labels(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def _truth(run_dir: Path, change: str = "") -> list[dict[str, str]]:
    """Labels that are right: the topic's subject, and procedure for the last sentence of each firm."""
    rows = []
    for path in sorted((run_dir / "topics").glob("*.json")):
        firm = results.read_firm_topics(path)
        for topic in firm.topics:
            for sentence in topic.sentences:
                rows.append(
                    {
                        "sentence_id": sentence.sentence_id,
                        "kind": "subject",
                        "theme": topic.label,
                        "text": sentence.text + change,
                    }
                )
    for name in {row["sentence_id"][:-4] for row in rows}:
        last = max(row["sentence_id"] for row in rows if row["sentence_id"].startswith(name))
        rows.append(
            {"sentence_id": f"{name}{int(last[-4:]) + 2:04d}", "kind": "procedure", "theme": "", "text": ""}
        )
    return rows


def test_the_figures_of_a_run_are_its_counts(tmp_path: Path) -> None:
    # 6 firms × (5 topics × 4 sentences + 1 outlier + 1 procedural) and a skipped firm of 3, 1 procedural.
    report = quality_report(write_run(tmp_path))
    value = {name: metric["value"] for name, metric in report["metrics"].items()}
    assert value["firms"] == 7
    assert value["firms_modelled"] == 6
    assert value["sentences"] == 6 * 22 + 3
    assert value["sentences_modelled"] == 6 * 21 + 2
    assert value["topics"] == 30
    assert (value["themes"], value["broad"]) == (4, 2)
    assert value["coverage_modelled"] == value["coverage_content"] == pytest.approx(96 / 128)
    assert value["firms_with_theme"] == pytest.approx(6 / 7)
    assert value["procedural_sentences"] == pytest.approx(7 / 135)
    # All themes are of one size.
    assert value["themes_effective"] == pytest.approx(4)
    assert value["broad_effective"] == pytest.approx(2)
    assert value["themes_stability"] == pytest.approx(0.7)
    assert value["themes_unstable"] == value["themes_doubtful"] == 0.25
    assert value["broad_unstable"] == 0
    assert report["distributions"]["themes"]["stability"][0] == pytest.approx(0.4)
    assert report["floor"] == report["curve"][0]["floor"] == 0.25
    assert report["curve"][0]["coverage"] == pytest.approx(96 / 128)


def test_every_metric_has_a_meaning_and_every_meaning_a_metric(tmp_path: Path) -> None:
    assert set(quality_report(write_run(tmp_path))["metrics"]) == set(MEANINGS)


@pytest.mark.parametrize(
    "shape",
    [
        {"n_firms": 0, "n_skipped": 0},
        {"n_firms": 0, "n_skipped": 2},
        {"n_firms": 1, "n_topics": 1, "n_themes": 0},
        {"n_firms": 3, "n_topics": 2, "n_themes": 0},
        {"n_firms": 2, "n_topics": 1, "n_themes": 1, "per_topic": 1},
        {"n_firms": 2, "n_topics": 0, "n_themes": 0},
    ],
    ids=["no firm", "only skipped firms", "one topic", "no theme", "one theme", "all outliers"],
)
def test_a_run_with_little_in_it_has_reasons_instead_of_values(tmp_path: Path, shape: dict[str, int]) -> None:
    report = quality_report(write_run(tmp_path, **shape))
    for name, metric in report["metrics"].items():
        assert metric["value"] is not None or metric["reason"], name
    # No NaN: this is JSON that every reader takes.
    results.write_json(tmp_path / "quality.json", report)
    json.loads((tmp_path / "quality.json").read_text(), parse_constant=pytest.fail)


def test_right_labels_give_full_agreement(tmp_path: Path) -> None:
    run_dir = write_run(tmp_path)
    labels = _labels(tmp_path / "labels.csv", _truth(run_dir))
    metrics = quality_report(run_dir, labels)["metrics"]
    for name in ("themes_ari_assigned", "themes_ami_assigned"):
        assert metrics[name]["value"] == pytest.approx(1), name
    # The last topic's subject is in no theme: 24 of the 120 sentences are unassigned.
    assert metrics["themes_ari_assigned"]["n"] == 96
    assert metrics["themes_ari_all"]["n"] == 120
    assert metrics["themes_ari_all"]["value"] < 1
    assert metrics["broad_ari_assigned"]["value"] < 1
    assert metrics["themes_best_f1"]["value"] == pytest.approx(4 / 5)
    assert metrics["procedure_precision"]["value"] == 1
    assert metrics["procedure_recall"]["value"] == 1


def test_a_sentence_flagged_as_procedure_by_mistake_counts_as_unassigned(tmp_path: Path) -> None:
    run_dir = write_run(tmp_path)
    rows = [row | {"kind": "subject", "theme": row["theme"] or "missed"} for row in _truth(run_dir)]
    metrics = quality_report(run_dir, _labels(tmp_path / "labels.csv", rows))["metrics"]
    assert metrics["themes_ari_all"]["n"] == 126
    assert metrics["procedure_precision"]["value"] == 0
    assert metrics["procedure_recall"]["value"] is None


def test_a_single_firms_subject_is_asked_of_no_theme(tmp_path: Path) -> None:
    run_dir = write_run(tmp_path)
    rows = _truth(run_dir)
    own = [
        row | {"theme": f"only {row['sentence_id'][:6]}"} if row["theme"] == "supply chain" else row
        for row in rows
    ]
    metrics = quality_report(run_dir, _labels(tmp_path / "labels.csv", own))["metrics"]
    assert metrics["themes_ari_assigned"]["value"] == pytest.approx(1)
    assert metrics["themes_ari_assigned"]["n"] == 72


def test_labels_of_another_text_are_refused_with_the_reason(tmp_path: Path) -> None:
    run_dir = write_run(tmp_path)
    labels = _labels(tmp_path / "labels.csv", _truth(run_dir, change=" And more."))
    metric = quality_report(run_dir, labels)["metrics"]["themes_ari_assigned"]
    assert metric["value"] is None
    assert "another version of the input: 120 of 126" in metric["reason"]


def test_labels_of_another_run_are_named_as_such(tmp_path: Path) -> None:
    labels = _labels(tmp_path / "labels.csv", [{"sentence_id": "x", "theme": "a"}])
    metric = quality_report(write_run(tmp_path), labels)["metrics"]["themes_ari_assigned"]
    assert metric["reason"] == "none of the 1 labelled sentences is in this run with such a label"


def test_labels_without_their_columns_name_what_is_missing(tmp_path: Path) -> None:
    labels = _labels(tmp_path / "labels.csv", [{"id": "x", "theme": "a"}])
    with pytest.raises(InputError, match=r"labels.csv lacks the column 'sentence_id'. Found id, theme"):
        quality_report(write_run(tmp_path), labels)
    with pytest.raises(InputError, match=r"absent\.csv is not there"):
        quality_report(tmp_path / "made-up", tmp_path / "absent.csv")


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    run_dir = write_run(tmp_path)
    labels = _labels(tmp_path / "labels.csv", _truth(run_dir))
    for name in ("transcripts.parquet", "sentences.parquet"):
        (run_dir / name).write_bytes(b"PAR1 not really")
        with pytest.raises(ResultError, match=rf"{name}: cannot be read"):
            quality_report(run_dir, labels)
