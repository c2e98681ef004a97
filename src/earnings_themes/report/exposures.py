"""The panel that regressions start from: how much of each firm's call is about each theme.

A row a firm, call and theme with at least one sentence; a firm's theme that is not there was not spoken
of on that call, so a missing row is a zero. Written as Parquet for programs and as CSV for people.
"""

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from earnings_themes.abstractions import FirmTopics, Theme
from earnings_themes.errors import ResultError
from earnings_themes.results.artifacts import SIGNIFICANT_DIGITS
from earnings_themes.results.run_files import Run, TopicKey
from earnings_themes.system.spreadsheet import safe_cell

SCHEMA: Final = pa.schema(
    [
        ("firm_id", pa.string()),
        ("firm_name", pa.string()),
        ("date", pa.date32()),
        ("theme_id", pa.string()),
        ("label", pa.string()),
        ("n_sentences", pa.int32()),
        # Of all the firm's sentences on that call, procedure and outliers included.
        ("share", pa.float64()),
        ("transcript_id", pa.string()),
        ("kind", pa.string()),
        ("n_call_sentences", pa.int32()),
    ]
)
_ROWS_A_GROUP: Final = 50_000


def write_exposures(run: Run, parquet: Path, table: Path) -> int:
    """Write both files, firm by firm, and return the number of rows.

    The same run gives the same bytes. Rows are in the order of firms.tsv, then date, transcript_id and the
    theme's rank. Raises ResultError when a topic holds a sentence that transcripts.parquet lacks.
    """
    parts = [path.with_name(f".{path.name}.{os.getpid()}.part") for path in (parquet, table)]
    n_rows, waiting = 0, []
    try:
        with (
            pq.ParquetWriter(parts[0], SCHEMA) as writer,
            parts[1].open("w", encoding="utf-8", newline="") as file,
        ):
            # Text in quotes, so that a line end within a name does not end the row.
            lines = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
            lines.writerow(SCHEMA.names)
            for row in _rows(run):
                lines.writerow(_cell(value) for value in row.values())
                waiting.append(row)
                n_rows += 1
                if len(waiting) == _ROWS_A_GROUP:
                    writer.write_table(pa.Table.from_pylist(waiting, SCHEMA))
                    waiting = []
            writer.write_table(pa.Table.from_pylist(waiting, SCHEMA))
        for part, path in zip(parts, (parquet, table), strict=True):
            part.replace(path)
    finally:
        for part in parts:
            part.unlink(missing_ok=True)
    return n_rows


def _cell(value: object) -> object:
    if isinstance(value, str):
        return safe_cell(value)
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}") if isinstance(value, float) else value


def _rows(run: Run) -> Iterator[dict[str, Any]]:
    themes = {theme.theme_id: (rank, theme) for rank, theme in enumerate(run.themes.themes)}
    theme_of = run.theme_of()
    columns = ["sentence_id", "transcript_id", "date"]
    for row, frame in run.sentences(run.read_firms, columns):
        yield from _firm_rows(run.topics(row), frame.to_dict("list"), theme_of, themes)


def _firm_rows(
    firm: FirmTopics,
    sentences: dict[Any, list[Any]],
    theme_of: dict[TopicKey, str],
    themes: dict[str, tuple[int, Theme]],
) -> Iterator[dict[str, Any]]:
    calls = dict(
        zip(
            sentences["sentence_id"],
            zip(sentences["date"], sentences["transcript_id"], strict=True),
            strict=True,
        )
    )
    n_of_call: dict[Any, int] = {}
    for call in calls.values():
        n_of_call[call] = n_of_call.get(call, 0) + 1
    counts: dict[tuple[Any, int], int] = {}
    for topic in firm.topics:
        theme_id = theme_of.get((firm.firm_id, topic.topic_id))
        if theme_id is None:
            continue
        rank, _ = themes[theme_id]
        for sentence in topic.sentences:
            if sentence.sentence_id not in calls:
                raise ResultError(
                    f"topics of firm {firm.firm_id!r} hold the sentence {sentence.sentence_id!r}, which "
                    "transcripts.parquet lacks: the two are of different runs. Run the workflow again."
                )
            key = (calls[sentence.sentence_id], rank)
            counts[key] = counts.get(key, 0) + 1
    ranked = [theme for _, theme in themes.values()]
    for (call, rank), n in sorted(counts.items()):
        date, transcript_id = call
        total = n_of_call[call]
        yield {
            "firm_id": firm.firm_id,
            "firm_name": firm.firm_name,
            "date": date,
            "theme_id": ranked[rank].theme_id,
            "label": ranked[rank].label,
            "n_sentences": n,
            "share": n / total,
            "transcript_id": transcript_id,
            "kind": ranked[rank].kind,
            "n_call_sentences": total,
        }
