"""quality.json of whole runs: complete, JSON, and honest about what it could not compute."""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from earnings_themes.quality.tally import MAX_COHERENCE_TOPICS, sample
from earnings_themes.quality.vectors import kept_embeddings

from earnings_themes.errors import InputError, ResultError
from earnings_themes.quality import quality_report
from earnings_themes.quality.meaning import MEANINGS
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
    metrics = quality_report(write_run(tmp_path))["metrics"]
    value = {name: metric["value"] for name, metric in metrics.items()}
    assert value["firms"] == 7
    assert value["firms_modelled"] == 6
    assert value["sentences"] == 6 * 22 + 3
    assert value["topics"] == 30
    assert value["themes"] == 4
    assert value["outlier_share"] == pytest.approx(1 / 21)
    assert value["topics_in_theme"] == pytest.approx(24 / 30)
    assert value["firms_with_theme"] == pytest.approx(6 / 7)
    assert value["modelled_firms_with_theme"] == 1
    assert value["sentences_in_theme"] == pytest.approx(96 / 135)
    assert value["procedural_sentences"] == pytest.approx(7 / 135)
    assert value["procedural_share_ten_largest"] == 0
    assert value["topic_diversity"] == 1
    assert value["topic_stability"] == pytest.approx(0.8)
    assert value["theme_stability"] == pytest.approx(0.7)
    assert value["theme_coherence"] == pytest.approx(0.9)
    assert value["theme_silhouette_left_out"] > value["theme_silhouette_singletons"] > 0.3


def test_every_metric_has_a_meaning_and_every_meaning_a_metric(tmp_path: Path) -> None:
    assert set(quality_report(write_run(tmp_path))["metrics"]) == set(MEANINGS)


def test_the_same_run_gives_the_same_figures(tmp_path: Path) -> None:
    run_dir = write_run(tmp_path)
    assert quality_report(run_dir) == quality_report(run_dir)


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
    for name in ("theme_ari_left_out", "theme_ami_left_out", "topic_ari_left_out", "topic_ami_singletons"):
        assert metrics[name]["value"] == pytest.approx(1), name
    # The last topic's subject is in no theme: 24 of the 120 sentences are unassigned.
    assert metrics["theme_ari_left_out"]["n"] == 96
    assert metrics["theme_ari_singletons"]["n"] == 120
    assert metrics["theme_ari_singletons"]["value"] < metrics["theme_ari_one_class"]["value"] == 1
    assert metrics["procedure_precision"]["value"] == 1
    assert metrics["procedure_recall"]["value"] == 1
    assert metrics["topic_kind_agreement"]["value"] == 1


def test_a_sentence_flagged_as_procedure_by_mistake_counts_as_unassigned(tmp_path: Path) -> None:
    run_dir = write_run(tmp_path)
    rows = [row | {"kind": "subject", "theme": row["theme"] or "missed"} for row in _truth(run_dir)]
    metrics = quality_report(run_dir, _labels(tmp_path / "labels.csv", rows))["metrics"]
    assert metrics["theme_ari_singletons"]["n"] == 126
    assert metrics["procedure_precision"]["value"] == 0
    assert metrics["procedure_recall"]["value"] is None


def test_a_single_firms_subject_counts_only_among_all_labels(tmp_path: Path) -> None:
    run_dir = write_run(tmp_path)
    rows = _truth(run_dir)
    own = [
        row | {"theme": f"only {row['sentence_id'][:6]}"} if row["theme"] == "supply chain" else row
        for row in rows
    ]
    metrics = quality_report(run_dir, _labels(tmp_path / "labels.csv", own))["metrics"]
    assert metrics["theme_ari_left_out"]["value"] == pytest.approx(1)
    assert metrics["theme_all_labels_ari_left_out"]["value"] < 1


def test_labels_of_another_text_are_refused_with_the_reason(tmp_path: Path) -> None:
    run_dir = write_run(tmp_path)
    labels = _labels(tmp_path / "labels.csv", _truth(run_dir, change=" And more."))
    metric = quality_report(run_dir, labels)["metrics"]["theme_ari_left_out"]
    assert metric["value"] is None
    assert "another version of the input: 120 of 126" in metric["reason"]


def test_labels_of_another_run_are_named_as_such(tmp_path: Path) -> None:
    labels = _labels(tmp_path / "labels.csv", [{"sentence_id": "x", "theme": "a"}])
    metric = quality_report(write_run(tmp_path), labels)["metrics"]["theme_ari_left_out"]
    assert metric["reason"] == "none of the 1 labelled sentences is in this run with such a label"


def test_labels_without_their_columns_name_what_is_missing(tmp_path: Path) -> None:
    labels = _labels(tmp_path / "labels.csv", [{"id": "x", "theme": "a"}])
    with pytest.raises(InputError, match=r"labels.csv: no column sentence_id; found id, theme"):
        quality_report(write_run(tmp_path), labels)
    with pytest.raises(InputError, match="cannot be read"):
        quality_report(tmp_path / "made-up", tmp_path / "absent.csv")


def test_kept_embeddings_give_the_silhouette_of_topics(tmp_path: Path) -> None:
    run_dir = write_run(tmp_path)
    assert kept_embeddings(run_dir / "embeddings") is None
    (run_dir / "embeddings").mkdir()
    for number in range(6):
        firm = results.read_firm_topics(run_dir / "topics" / f"{number:06d}.json")
        named = [(s.sentence_id, t.topic_id) for t in firm.topics for s in t.sentences]
        named.append((firm.outliers[0].sentence_id, 0))
        vectors = np.eye(8, dtype=np.float32)[[topic for _, topic in named]]
        table = pa.table(
            {
                "firm_id": [firm.firm_id] * len(named),
                "sentence_id": [name for name, _ in named],
                "vector": [vector.tobytes() for vector in vectors],
            }
        )
        pq.write_table(table, run_dir / "embeddings" / f"{number}.parquet")
    metrics = quality_report(run_dir, None, kept_embeddings(run_dir / "embeddings"))["metrics"]
    # Each topic is one point, and the outlier lies on topic 0: a group of its own scores 0, and topic 0's
    # four sentences have a neighbour at distance 0, so they score 0 too: 16 of 21.
    assert metrics["topic_silhouette_left_out"]["value"] == pytest.approx(1)
    assert metrics["topic_silhouette_singletons"]["value"] == pytest.approx(16 / 21)
    assert metrics["topic_silhouette_left_out"]["n"] == 6


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    run_dir = write_run(tmp_path)
    (run_dir / "transcripts.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(ResultError, match=r"transcripts.parquet: cannot be read"):
        quality_report(run_dir)
    (run_dir / "embeddings").mkdir()
    (run_dir / "embeddings" / "0.parquet").write_bytes(b"no")
    reader = kept_embeddings(run_dir / "embeddings")
    assert reader is not None
    with pytest.raises(ResultError, match=r"0.parquet: cannot be read"):
        reader("000000")


def test_a_large_run_is_sampled_the_same_way_every_time(tmp_path: Path) -> None:
    assert sample(10, 20) == set(range(10))
    assert len(sample(1000, 20)) == 20
    assert sample(1000, 20) == sample(1000, 20)
    metrics = quality_report(write_run(tmp_path, n_firms=30, n_topics=8, per_topic=1))["metrics"]
    assert metrics["topics"]["value"] == 240
    assert metrics["topic_npmi"]["n"] == MAX_COHERENCE_TOPICS
