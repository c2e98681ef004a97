"""Write the sample quarter: 24 invented firms, one earnings call each, and the truth about it.

Real transcripts may not be passed on, and nobody knows their true themes. This sample can be
shared, and its themes were planted, so a run can be marked. Every subject-matter sentence was
written singly in `bank/` and is used once; these scripts deal the sentences into calls, add the
speech around them and draw the numbers.

    python data/make_sample.py               # writes both files next to this script
    python data/make_sample.py --out DIR
    python data/make_sample.py --quarters 4 --out DIR   # quarters_calls.csv, quarters_labels.csv

With --quarters the same firms speak every quarter, each time of some of their subjects and with some of the sentences: a
panel for docs/notebooks. What they say of dates and results stays that of the first quarter.

The bytes are the same on every machine and Python version. Standard library only.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
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
    """One row per speaker turn, in the Capital IQ shape."""
    day = date.fromisoformat(firm["date"])
    # A quarter's call is held in the next.
    ended = day - timedelta(91)
    quarter = f"Q{(ended.month + 2) // 3} {ended.year}"
    headline = f"{firm['name']}, {quarter} Earnings Call, {day:%b} {day.day}, {day.year}"
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
    """One row per sentence; position counts over the whole call."""
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


def in_quarter(firm: Firm, number: int) -> Firm:
    """The firm some quarters later, with a part of its subjects, and of each a part of what it has to say."""
    dice = Dice(f"{SEED}, {firm['id']}, quarter {number}")
    day = date.fromisoformat(firm["date"]) + timedelta(91 * number)
    profile = {"date": day.isoformat(), "transcript": f"{firm['transcript']}-{number + 1}"}
    # CallWriter parts what is said before the questions from what is said after: that takes four statements.
    blocks = [
        replace(block, statements=dice.shuffled(block.statements)[: dice.integer(4, len(block.statements))])
        for block in dice.shuffled(firm.blocks)[: dice.integer(2, len(firm.blocks))]
    ]
    return replace(firm, profile=firm.profile | profile, blocks=blocks)


def make_sample(out: Path, quarters: int | None = None) -> None:
    """Write `sample_calls.csv` and `sample_labels.csv` into out; with quarters, `quarters_calls.csv` and its labels."""
    lower = lower_case_words()
    firms = read_firms()
    name = "sample" if quarters is None else "quarters"
    if quarters is not None:
        firms = [in_quarter(firm, number) for firm in firms for number in range(quarters)]
    calls = [
        (
            firm,
            CallWriter(
                firm, Dice(f"{SEED}, {firm['id']}{firm['transcript'] * bool(quarters)}"), lower
            ).write(),
        )
        for firm in firms
    ]
    rows = (row for firm, turns in calls for row in call_rows(firm, turns))
    write_csv(out / f"{name}_calls.csv", CALL_COLUMNS, rows)
    rows = (row for firm, turns in calls for row in label_rows(firm, turns))
    write_csv(out / f"{name}_labels.csv", LABEL_COLUMNS, rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--quarters", type=int, help="a panel of the same firms in place of the sample")
    asked = parser.parse_args()
    make_sample(asked.out, asked.quarters)
