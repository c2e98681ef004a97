"""Compares the kinds of topics and themes with labels given by hand, for `make evaluate DATA=folder`.

The labels (docs/labels/kinds_real.csv) are of fixed sets of sentences: topics and themes of two real
quarters, read and labelled before any method had seen them, by what most of their sentences are about.
They hold sentence ids, never text. A later run numbers and cuts its topics otherwise, and the labels still
hold, because what is compared is what the method says of these sentences.

`sure` marks the labels of which the reader had no doubt. A reader who is asked again agrees with himself on
those; on the others (results of one product line, costs, capital plans) subject and reporting meet.
"""

import csv
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from earnings_themes.abstractions.records import Kind
from earnings_themes.labels import NameFinder
from earnings_themes.labels.kinds import theme_kind, topic_kind, traits
from evaluation.label_files import detect, read_calls


class Labelled(NamedTuple):
    """A topic (one group of sentence ids) or theme (one group a topic) with the kind a reader gave it."""

    label_id: str
    unit: str
    file: str
    part: str
    kind: str
    sure: bool
    groups: tuple[tuple[str, ...], ...]
    sha256_16: str


class Agreement(NamedTuple):
    """How many of n labels the method agrees with."""

    n: int
    n_agreed: int

    @property
    def share(self) -> float:
        return self.n_agreed / self.n if self.n else float("nan")


class Answer(NamedTuple):
    """A label beside what the method says."""

    labelled: Labelled
    kind: Kind


def read_labels(path: Path) -> list[Labelled]:
    """Return the labels of the file. Raises FileNotFoundError, and KeyError when a column is missing."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Labelled(
                label_id=row["id"],
                unit=row["unit"],
                file=row["file"],
                part=row["part"],
                kind=row["kind"],
                sure=row["sure"] == "yes",
                groups=tuple(_unpack(group) for group in row["sentences"].split("|")),
                sha256_16=row["sha256_16"],
            )
            for row in csv.DictReader(file)
        ]


def _unpack(packed: str) -> tuple[str, ...]:
    """Return the sentence ids of "CALL:3+17 CALL:4"."""
    ids = []
    for call in packed.split():
        call_id, _, positions = call.rpartition(":")
        ids += [f"{call_id}_{int(position):04d}" for position in positions.split("+")]
    return tuple(ids)


def pack(sentence_ids: Iterable[str]) -> str:
    """Return sentence ids as the label file holds them: each call once, with its positions."""
    calls: dict[str, list[int]] = defaultdict(list)
    for sentence_id in sorted(sentence_ids):
        call_id, _, position = sentence_id.rpartition("_")
        calls[call_id].append(int(position))
    return " ".join(f"{call_id}:{'+'.join(map(str, positions))}" for call_id, positions in calls.items())


def text_digest(groups: Sequence[Sequence[str]]) -> str:
    """Return the first 16 hex digits of the SHA-256 of the sentences, in their order."""
    joined = "\n".join(text for group in groups for text in group)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def evaluate(labels: Path, data: Path) -> tuple[list[Answer], int]:
    """Return the method's answer to each label, and how many labels were lost.

    A label is lost where a sentence is missing or its text has changed, as another splitter would do.

    Raises:
        FileNotFoundError: the labels, or a file that they name, are not there.
        KeyError: a needed column is missing.
    """
    answers: list[Answer] = []
    n_lost = 0
    by_file: dict[str, list[Labelled]] = defaultdict(list)
    for labelled in read_labels(labels):
        by_file[labelled.file].append(labelled)
    for name, of_file in sorted(by_file.items()):
        wanted = {sentence_id for each in of_file for group in each.groups for sentence_id in group}
        texts: dict[str, tuple[str, bool]] = {}
        for turns in read_calls(data / name):
            for sentence in detect(turns):
                if sentence.sentence_id in wanted:
                    texts[sentence.sentence_id] = sentence.text, sentence.kind == "procedure"
        for each in of_file:
            found = [[texts.get(sentence_id, ("", False)) for sentence_id in group] for group in each.groups]
            spoken = [[text for text, _ in group] for group in found]
            if text_digest(spoken) != each.sha256_16:
                n_lost += 1
            else:
                answers.append(Answer(each, _answer(each.unit, found, spoken)))
    return answers, n_lost


def _answer(unit: str, groups: Sequence[Sequence[tuple[str, bool]]], spoken: Sequence[Sequence[str]]) -> Kind:
    kinds = [
        topic_kind(texts, [procedural for _, procedural in group], NameFinder().add(texts).names())
        for group, texts in zip(groups, spoken, strict=True)
    ]
    if unit == "topic":
        return kinds[0]
    return theme_kind(
        [
            (kind, traits(texts, NameFinder().add(texts).names()), len(texts))
            for kind, texts in zip(kinds, spoken, strict=True)
        ]
    )


def agreement(answers: Iterable[Answer], sure_only: bool = False) -> Agreement:
    """Return how far the method agrees with the labels."""
    counted = [each for each in answers if each.labelled.sure or not sure_only]
    return Agreement(len(counted), sum(each.kind == each.labelled.kind for each in counted))


def report(labels: Path, data: Path) -> str:
    """Return a table of the agreement by part and unit, and what is taken for what.

    Raises:
        FileNotFoundError: the labels, or a file that they name, are not there.
        KeyError: a needed column is missing.
    """
    answers, n_lost = evaluate(labels, data)
    lines = [
        f"{'part':10}{'unit':8}{'labels':>8}{'agreed':>8}{'share':>8}{'sure':>8}{'agreed':>8}{'share':>8}"
    ]
    for part, unit in sorted({(each.labelled.part, each.labelled.unit) for each in answers}):
        of_both = [each for each in answers if (each.labelled.part, each.labelled.unit) == (part, unit)]
        every, sure = agreement(of_both), agreement(of_both, sure_only=True)
        lines.append(
            f"{part:10}{unit:8}{every.n:8}{every.n_agreed:8}{every.share:8.3f}"
            f"{sure.n:8}{sure.n_agreed:8}{sure.share:8.3f}"
        )
    taken = Counter((each.labelled.kind, each.kind) for each in answers if each.labelled.kind != each.kind)
    lines += [f"{truth} taken for {found}: {n}" for (truth, found), n in taken.most_common()]
    lines.append(f"{len(answers)} labels compared, {n_lost} lost (text not found)")
    return "\n".join(lines)
