"""Compares the detectors with labels given by hand: `python -m evaluation.label_files LABELS FOLDER`.

The labels (docs/labels/procedure_real.csv) hold ids, never text: whoever has the calls can repeat the
figures, and no one's text is in the repository. A label is found by its sentence id; where a change of the
splitter moved the ids, by the SHA-256 of the sentence within its call; else it is counted as lost.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from earnings_themes.speech.procedure import flag_procedural
from earnings_themes.speech.sentence_kinds import sentence_kind
from earnings_themes.text.cleaning import clean
from earnings_themes.text.sentences import split_sentences


class Sentence(NamedTuple):
    """A sentence of a call with what the detectors say of it."""

    sentence_id: str
    sha256_16: str
    text: str
    kind: str


class Score(NamedTuple):
    """Agreement on one kind. ``n_true`` labels, ``n_found`` by the detector, ``n_both`` the same."""

    n_true: int
    n_found: int
    n_both: int

    @property
    def precision(self) -> float:
        return self.n_both / self.n_found if self.n_found else float("nan")

    @property
    def recall(self) -> float:
        return self.n_both / self.n_true if self.n_true else float("nan")


class Compared(NamedTuple):
    """One label beside the detector's answer."""

    file: str
    part: str
    sentence: Sentence
    true_kind: str


def short_digest(sentence: str) -> str:
    """The first 16 hex digits of the SHA-256 of a sentence as it was split, before cleaning."""
    return hashlib.sha256(sentence.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def read_calls(path: Path) -> Iterator[list[dict[str, str]]]:
    """The turns of each call of a transcript CSV, in their order.

    Raises:
        FileNotFoundError: there is no such file.
        KeyError: a needed column is missing.
    """
    calls: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            calls[row["companyid"], row["transcriptid"]].append(row)
    for turns in calls.values():
        yield sorted(turns, key=lambda turn: float(turn["componentorder"]))


def detect(turns: list[dict[str, str]]) -> list[Sentence]:
    """All sentences of one call, with the kind that the detectors give them."""
    texts: list[str] = []
    speakers: list[str | None] = []
    sections: list[str | None] = []
    for turn in turns:
        found = split_sentences(turn["componenttext"])
        texts += found
        speakers += [turn.get("speakertypename")] * len(found)
        sections += [turn.get("componenttypename")] * len(found)
    model_texts = [clean(text).model_text for text in texts]
    flags = flag_procedural(model_texts, speakers, sections)
    call_id = f"{turns[0]['companyid']}_{turns[0]['transcriptid']}"
    return [
        Sentence(f"{call_id}_{i:04d}", short_digest(text), text, sentence_kind(model_text, flag))
        for i, (text, model_text, flag) in enumerate(zip(texts, model_texts, flags, strict=True))
    ]


def compare(labels: Path, data: Path) -> tuple[list[Compared], int]:
    """Each label whose sentence was found below ``data``, and how many were lost.

    Raises:
        FileNotFoundError: the labels, or a file that they name, are not there.
        KeyError: a needed column is missing.
    """
    with labels.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    compared: list[Compared] = []
    n_lost = 0
    for name in sorted({row["file"] for row in rows}):
        of_file = [row for row in rows if row["file"] == name]
        wanted = {row["sentence_id"].rsplit("_", 1)[0] for row in of_file}
        by_id: dict[str, Sentence] = {}
        by_digest: dict[tuple[str, str], Sentence] = {}
        for turns in read_calls(data / name):
            call_id = f"{turns[0]['companyid']}_{turns[0]['transcriptid']}"
            if call_id in wanted:
                for sentence in detect(turns):
                    by_id[sentence.sentence_id] = sentence
                    by_digest.setdefault((call_id, sentence.sha256_16), sentence)
        for row in of_file:
            found = by_id.get(row["sentence_id"])
            if found is None or found.sha256_16 != row["sha256_16"]:
                found = by_digest.get((row["sentence_id"].rsplit("_", 1)[0], row["sha256_16"]))
            if found is None:
                n_lost += 1
            else:
                compared.append(Compared(name, row["part"], found, row["kind"]))
    return compared, n_lost


def scores(compared: Iterable[Compared]) -> dict[str, Score]:
    """Agreement by kind."""
    n_true: Counter[str] = Counter()
    n_found: Counter[str] = Counter()
    n_both: Counter[str] = Counter()
    for each in compared:
        n_true[each.true_kind] += 1
        n_found[each.sentence.kind] += 1
        n_both[each.true_kind] += each.true_kind == each.sentence.kind
    return {kind: Score(n_true[kind], n_found[kind], n_both[kind]) for kind in sorted(n_true | n_found)}


def report(labels: Path, data: Path) -> str:
    """A table of the agreement, by part (dev, held-out) and kind.

    Raises:
        FileNotFoundError: the labels, or a file that they name, are not there.
        KeyError: a needed column is missing.
    """
    compared, n_lost = compare(labels, data)
    lines = [f"{'part':10}{'kind':12}{'labels':>8}{'found':>8}{'precision':>11}{'recall':>8}"]
    for part in sorted({each.part for each in compared}):
        for kind, score in scores(each for each in compared if each.part == part).items():
            lines.append(
                f"{part:10}{kind:12}{score.n_true:8}{score.n_found:8}{score.precision:11.3f}{score.recall:8.3f}"
            )
    lines.append(f"{len(compared)} labels compared, {n_lost} lost (text not found)")
    return "\n".join(lines)


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description="Agreement of the detectors with labels given by hand")
    parser.add_argument("labels", type=Path, help="docs/labels/procedure_real.csv")
    parser.add_argument("data", type=Path, help="folder with the CSV files that the labels name")
    arguments = parser.parse_args()
    print(report(arguments.labels, arguments.data))
