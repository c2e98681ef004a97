"""Write the sample quarter: 24 invented firms, one earnings call each, and the truth about it.

Real transcripts may not be passed on, and nobody knows their true themes. This sample can be
shared, and its themes were planted, so a run can be marked. Every subject-matter sentence was
written singly in `bank/` and is used once; these scripts deal the sentences into calls, add the
speech around them and draw the numbers.

    python data/make_sample.py               # writes both files next to this script
    python data/make_sample.py --out DIR

The bytes are the same on every machine and Python version. Standard library only.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from bank_reader import Dice, Firm, lower_case_words, read_firms
from call_writer import CallWriter, Turn

SEED = "earnings-themes sample, first quarter of 2023"
CALL_COLUMNS = [
    "companyid",
    "companyname",
    "transcriptid",
    "headline",
    "mostimportantdateutc",
    "componentorder",
    "componenttypename",
    "speakertypename",
    "transcriptpersonname",
    "componenttext",
]
LABEL_COLUMNS = ["sentence_id", "firm_id", "transcript_id", "position", "kind", "theme", "text"]


def call_rows(firm: Firm, turns: Sequence[Turn]) -> Iterable[list[object]]:
    """One row a speaker turn, in the Capital IQ shape."""
    day = date.fromisoformat(firm["date"])
    headline = f"{firm['name']}, Q1 2023 Earnings Call, {day:%b} {day.day}, {day.year}"
    for order, turn in enumerate(turns):
        yield [
            firm["id"],
            firm["name"],
            firm["transcript"],
            headline,
            firm["date"],
            order,
            turn.component,
            turn.speaker_type,
            turn.speaker,
            " ".join(sentence.text for sentence in turn.sentences),
        ]


def label_rows(firm: Firm, turns: Sequence[Turn]) -> Iterable[list[object]]:
    """One row a sentence; position counts over the whole call."""
    sentences = [sentence for turn in turns for sentence in turn.sentences]
    for position, sentence in enumerate(sentences):
        sentence_id = f"{firm['id']}_{firm['transcript']}_{position:04d}"
        place = [sentence_id, firm["id"], firm["transcript"], position]
        yield [*place, sentence.kind, sentence.theme, sentence.text]


def write_csv(path: Path, header: list[str], rows: Iterable[list[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def make_sample(out: Path) -> None:
    """Write `sample_calls.csv` and `sample_labels.csv` into out."""
    lower = lower_case_words()
    calls = [(firm, CallWriter(firm, Dice(f"{SEED}, {firm['id']}"), lower).write()) for firm in read_firms()]
    rows = (row for firm, turns in calls for row in call_rows(firm, turns))
    write_csv(out / "sample_calls.csv", CALL_COLUMNS, rows)
    rows = (row for firm, turns in calls for row in label_rows(firm, turns))
    write_csv(out / "sample_labels.csv", LABEL_COLUMNS, rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent)
    make_sample(parser.parse_args().out)
