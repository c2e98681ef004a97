"""Labels without text: found again by digest when ids have moved, and never lost in silence."""

from __future__ import annotations

import csv
from pathlib import Path

from evaluation.fit_procedure import fit_first, letters_digest, read_invented, read_provider

ROOT = Path(__file__).parents[3]
SENTENCES = ["Thank you, Dana.", "Chip shortages delayed the truck plant.", "Okay."]


def test_a_label_survives_a_moved_id_and_a_lost_one_is_counted(tmp_path: Path) -> None:
    with (tmp_path / "calls.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["companyid", "transcriptid", "componentorder", "speakertypename", "componenttext"])
        writer.writerow(["7", "9", "0", "Executives", " ".join(SENTENCES)])
    with (tmp_path / "sentences.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["provider", "sentence_id", "sha1_16", "kind", "drawn", "stands_for"])
        writer.writerow(["x", "7_9_0005", letters_digest("THANK you Dana")[:16], "procedure", "random", "12"])
        writer.writerow(["x", "7_9_0001", letters_digest("Not there.")[:16], "subject", "random", ""])
        writer.writerow(["y", "7_9_0001", letters_digest(SENTENCES[1])[:16], "subject", "random", ""])
    with (tmp_path / "agreed.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["provider", "call", "label", "sha1_8"])
        writer.writerow(["x", "7_9", "other", letters_digest(SENTENCES[1])[:8]])
    with (tmp_path / "fresh.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["provider", "sentence_id", "sha1_16", "kind", "drawn", "stands_for"])
        writer.writerow(["x", "7_9_0009", letters_digest("Okay")[:16], "other", "fresh", "3"])
    provider = read_provider(tmp_path / "calls.csv", tmp_path, "x")
    assert [(each.position, each.kind, each.stands_for) for each in provider.labels] == [(0, "procedure", 12)]
    assert [(each.position, each.kind) for each in provider.fresh] == [(2, "other")], "never learned from"
    assert provider.agreed == [("7_9", 1, False)]
    assert provider.lost == 1


def test_the_repositorys_labels_hold_ids_and_no_text_of_a_call() -> None:
    with (ROOT / "docs/labels/sentences.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert set(rows[0]) == {"provider", "sentence_id", "sha1_16", "kind", "drawn", "stands_for"}
    assert {row["kind"] for row in rows} == {"subject", "reporting", "procedure", "filler"}
    assert len({row["sentence_id"] for row in rows}) == len(rows), "a sentence has one label"
    assert all(len(row["sha1_16"]) == 16 for row in rows)
    with (ROOT / "docs/labels/fresh.csv").open(encoding="utf-8", newline="") as file:
        fresh = list(csv.DictReader(file))
    assert set(fresh[0]) == set(rows[0])
    assert {row["kind"] for row in fresh} == {"procedure", "other"}
    assert all(len(row["sha1_16"]) == 16 for row in fresh)
    known = {(row["sentence_id"], row["sha1_16"]) for row in rows}
    read_again = {(row["sentence_id"], row["sha1_16"]) for row in fresh if row["drawn"] == "read again"}
    assert known >= read_again, "what is read again was read before"
    with (ROOT / "docs/labels/agreed.csv").open(encoding="utf-8", newline="") as file:
        assert all(set(row["sha1_8"]) <= set("0123456789abcdef+") for row in csv.DictReader(file))


def test_the_same_labels_give_the_same_weights() -> None:
    invented = read_invented(ROOT / "docs/labels")
    assert fit_first([], invented).digest() == fit_first([], invented).digest()
