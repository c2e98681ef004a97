"""Makes panel.parquet, calls.parquet, exchanges.parquet and codebook.md of a run, some firms at a time."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from earnings_themes.panel.block import to_array, to_table
from earnings_themes.panel.codebook import codebook
from earnings_themes.panel.columns import CALL_ORDER, EXCHANGES, Layout, kept_names, layout, schema
from earnings_themes.panel.count import NOBODY, Scoring, SeedMembers, count_panel
from earnings_themes.panel.sentences import iter_settled, read_calls
from earnings_themes.panel.themes import read_found_themes, seed_row, theme_table
from earnings_themes.system.files import replaced, write_atomically
from earnings_themes.themes.seeds import Answer, overlap

PANEL: Final = "panel.parquet"
CALLS: Final = "calls.parquet"
EXCHANGES_FILE: Final = "exchanges.parquet"
CODEBOOK: Final = "codebook.md"
# Rows that stand in memory before they are written as a row group of whole firms; some 150 bytes each.
_GROUP_ROWS: Final = 200_000


def build_panel(
    where: str, out: Path, scoring: Scoring | None = None, answers: Sequence[Answer] = (), alone: bool = False
) -> int:
    """Make the panel's files of a run; return how many rows the panel has.

    where: the run's folder, on a disk or s3://. answers: the user's own questions, which stand beside the themes as level 0.
    alone: only the questions; calls.parquet then counts no sentence as settled. Raises ResultError where a file of the run is
    missing or damaged, or the files are of different runs.
    """
    scoring = scoring or Scoring()
    found = [] if alone else read_found_themes(where)
    themes = [*found, *(seed_row(a.question.theme_id, a.question.name) for a in answers)]
    source, kept = read_calls(where)
    lists = [each.name for each in scoring.lists]
    names = kept_names(kept, lists)
    columns = layout(list(names.values()), lists, scoring.scorer is not None)
    calls = _calls(source, names, columns)
    n_calls = 0
    with ExitStack() as stack:
        panel = _Writer(stack, out / PANEL, schema(columns.panel))
        totals = _Writer(stack, out / CALLS, schema(columns.calls))
        exchanges = _Writer(stack, out / EXCHANGES_FILE, EXCHANGES)
        for said, of in _with_sentences(calls, where):
            asked_for = _asked_for(said, answers, len(found))
            said = _unsettled(said) if alone else said
            block, of_calls, in_qa = count_panel(said, of, themes, scoring, asked_for)
            panel.add(to_table(block, theme_table(themes), columns.panel))
            totals.add(_call_rows(of, of_calls, columns))
            exchanges.add(in_qa)
            n_calls += of.num_rows
    shared = {a.question.theme_id: most for a, most in zip(answers, overlap(where, answers), strict=True)}
    write_atomically(out / CODEBOOK, codebook(columns, themes, n_calls, shared))
    return n_calls * len(themes)


def _unsettled(said: pa.Table) -> pa.Table:
    for name in ("theme_id", "broad_id"):
        said = said.set_column(said.column_names.index(name), name, pa.nulls(said.num_rows, pa.string()))
    return said


def _asked_for(said: pa.Table, answers: Sequence[Answer], first: int) -> SeedMembers:
    """Return which of these sentences count for the user's own questions. first: the first question's number among the themes."""
    found = [NOBODY]
    for number, answer in enumerate(answers, first):
        inside = answer.inside.combine_chunks()
        place = pc.index_in(said["sentence_id"], value_set=inside["sentence_id"].combine_chunks())
        rows = np.flatnonzero(place.is_valid().to_numpy())
        strength = inside["strength"].take(place.drop_null()).to_numpy().astype(np.float64)
        found.append(SeedMembers(rows, np.full(len(rows), number), strength))
    return SeedMembers(
        np.concatenate([each.rows for each in found]),
        np.concatenate([each.themes for each in found]),
        np.concatenate([each.strength for each in found]),
    )


def _calls(source: pa.Table, names: dict[str, str], columns: Layout) -> pa.Table:
    """Return the calls of a run with the columns that the panel gives them, a firm's together and by day."""
    date = source["date"]
    year, quarter = (pc.cast(part(date), pa.string()) for part in (pc.year, pc.quarter))
    found: dict[str, Any] = {
        **{name: source[name] for name in ("firm_id", "firm_name", "transcript_id", "date")},
        "time": source["time_utc"],
        "quarter": pc.binary_join_element_wise(year, quarter, "Q"),
        **{ours: source[theirs] for theirs, ours in names.items()},
    }
    return pa.table(found, schema=schema(columns.call)).sort_by(CALL_ORDER)


def _with_sentences(calls: pa.Table, where: str) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Give the sentences of some firms at a time with their calls; at the end the calls of firms without a sentence."""
    said = None
    for said in iter_settled(where):
        here = pc.is_in(calls["firm_id"], value_set=pc.unique(said["firm_id"]))
        yield said, calls.filter(here)
        calls = calls.filter(pc.invert(here))
    if said is not None and calls.num_rows:
        yield said.slice(0, 0), calls


def _call_rows(calls: pa.Table, denominators: dict[str, Any], columns: Layout) -> pa.Table:
    for column in columns.denominators:
        calls = calls.append_column(column.name, to_array(denominators[column.name], column))
    return calls.cast(schema(columns.calls))


class _Writer:
    """Writes a Parquet file in row groups of whole firms; the file is there when the stack ends without an error."""

    def __init__(self, stack: ExitStack, path: Path, columns: pa.Schema) -> None:
        part = stack.enter_context(replaced(path))
        self._file = stack.enter_context(pq.ParquetWriter(part, columns, compression="zstd"))
        self._parts: list[pa.Table] = []
        stack.callback(self._end_group)

    def add(self, table: pa.Table) -> None:
        self._parts.append(table)
        if sum(part.num_rows for part in self._parts) >= _GROUP_ROWS:
            self._end_group()

    def _end_group(self) -> None:
        n_rows = sum(part.num_rows for part in self._parts)
        if n_rows:
            self._file.write_table(pa.concat_tables(self._parts), row_group_size=n_rows)
        self._parts = []
