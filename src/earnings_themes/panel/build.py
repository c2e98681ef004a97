"""Makes panel.parquet, calls.parquet, exchanges.parquet and codebook.md of a run, some firms at a time."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from earnings_themes.panel.block import to_array, to_table
from earnings_themes.panel.codebook import codebook
from earnings_themes.panel.columns import EXCHANGES, Layout, kept_names, layout, schema
from earnings_themes.panel.count import Members, Scoring, count
from earnings_themes.panel.sentences import iter_sentences, read_calls
from earnings_themes.panel.themes import read_found_themes, seed_row, theme_table
from earnings_themes.system.files import replaced, write_atomically
from earnings_themes.themes.seeds import Answer, overlap

PANEL: Final = "panel.parquet"
CALLS: Final = "calls.parquet"
EXCHANGES_FILE: Final = "exchanges.parquet"
CODEBOOK: Final = "codebook.md"
# Rows that stand in memory before they are written as a row group of whole firms; some 150 bytes each.
_GROUP_ROWS: Final = 200_000


@dataclass(frozen=True, slots=True)
class Made:
    """How large the panel is."""

    n_rows: int
    n_calls: int
    n_themes: int


def build(
    where: str,
    out: Path,
    scoring: Scoring | None = None,
    answers: Sequence[Answer] = (),
    alone: bool = False,
) -> Made:
    """Make the panel's files of a run.

    Parameters
    ----------
    where : the run's folder, on a disk or s3://, with transcripts.parquet, sentences.parquet and
        themes.json
    out : the folder that the files are written to
    scoring : word lists and the user's own class; None for none
    answers : the user's own questions, which stand beside the themes as level 0
    alone : the questions alone, without the themes. Then calls.parquet says of no sentence that it
        settled.

    Raises
    ------
    ResultError : a file of the run is missing or damaged, or they are of different runs
    """
    scoring = scoring or Scoring()
    themes = [] if alone else read_found_themes(where)
    asked = _Asked(answers, len(themes))
    themes = [*themes, *(seed_row(a.question.theme_id, a.question.name) for a in answers)]
    source, kept = read_calls(where)
    lists = [each.name for each in scoring.lists]
    taken = [column.name for column in (*layout([], lists, True).panel, *layout([], lists, True).calls)]
    names = kept_names(kept, taken)
    columns = layout(list(names.values()), lists, scoring.scorer is not None)
    calls = _Calls(source, names, columns)
    n_rows = n_calls = 0
    with ExitStack() as stack:
        panel = _Writer(stack, out / PANEL, columns.panel)
        totals = _Writer(stack, out / CALLS, columns.calls)
        exchanges = _Writer(stack, out / EXCHANGES_FILE, EXCHANGES)
        for said, of in calls.with_sentences(where):
            counted = count(_unsettled(said) if alone else said, of, themes, scoring, asked.among(said))
            panel.add(to_table(counted.block, theme_table(themes), columns.panel))
            totals.add(_call_rows(of, counted.denominators, columns))
            exchanges.add(counted.exchanges)
            n_rows += of.num_rows * len(themes)
            n_calls += of.num_rows
        for writer in (panel, totals, exchanges):
            writer.end()
    made = Made(n_rows, n_calls, len(themes))
    shared = {a.question.theme_id: found for a, found in zip(answers, overlap(where, answers), strict=True)}
    write_atomically(out / CODEBOOK, codebook(columns, themes, made.n_calls, made.n_rows, shared))
    return made


def _unsettled(said: pa.Table) -> pa.Table:
    for name in ("theme_id", "broad_id"):
        said = said.set_column(said.column_names.index(name), name, pa.nulls(said.num_rows, pa.string()))
    return said


class _Asked:
    """The sentences that count for the user's own questions, found again among the sentences of some firms."""

    def __init__(self, answers: Sequence[Answer], n_themes: int) -> None:
        self._near: list[tuple[int, dict[str, float]]] = []
        for number, answer in enumerate(answers, n_themes):
            ids, strength = (answer.inside[name].to_pylist() for name in ("sentence_id", "strength"))
            self._near.append((number, dict(zip(ids, strength, strict=True))))

    def among(self, said: pa.Table) -> Members:
        ids = said["sentence_id"].to_pylist() if self._near else []
        found = [
            (row, number, near[sentence])
            for number, near in self._near
            for row, sentence in enumerate(ids)
            if sentence in near
        ]
        rows, themes, strength = zip(*found, strict=True) if found else ((), (), ())
        return Members(np.array(rows, np.int64), np.array(themes, np.int64), np.array(strength, np.float64))


class _Calls:
    """The calls of a run with the columns that the panel gives them, handed out with their firms' sentences."""

    def __init__(self, source: pa.Table, names: dict[str, str], columns: Layout) -> None:
        date = source["date"]
        year, quarter = (pc.cast(part(date), pa.string()) for part in (pc.year, pc.quarter))
        found: dict[str, Any] = {
            **{name: source[name] for name in ("firm_id", "firm_name", "transcript_id", "date")},
            "time": source["time_utc"],
            "quarter": pc.binary_join_element_wise(year, quarter, "Q"),
            **{ours: source[theirs] for theirs, ours in names.items()},
        }
        calls = pa.table(
            {column.name: found[column.name] for column in columns.call}, schema=schema(columns.call)
        )
        keys = [(name, "ascending") for name in ("firm_id", "date", "time", "transcript_id")]
        self._calls = calls.sort_by(keys)
        self._given: set[str] = set()

    def with_sentences(self, where: str) -> Iterator[tuple[pa.Table, pa.Table]]:
        """Give the sentences of some firms at a time with their calls; at the end the calls of firms without a sentence."""
        said = None
        for said in iter_sentences(where):
            firms = pc.unique(said["firm_id"])
            self._given.update(firms.to_pylist())
            yield said, self._calls.filter(pc.is_in(self._calls["firm_id"], value_set=firms))
        silent = pc.invert(
            pc.is_in(self._calls["firm_id"], value_set=pa.array(sorted(self._given), pa.string()))
        )
        if said is not None and pc.any(silent).as_py():
            yield said.slice(0, 0), self._calls.filter(silent)


def _call_rows(calls: pa.Table, denominators: dict[str, Any], columns: Layout) -> pa.Table:
    for column in columns.denominators:
        calls = calls.append_column(column.name, to_array(denominators[column.name], column))
    return calls.cast(schema(columns.calls))


@dataclass(slots=True)
class _Writer:
    """Writes a Parquet file in row groups of whole firms; the file is there when all went well."""

    stack: ExitStack
    path: Path
    columns: Any
    _parts: list[pa.Table] = field(default_factory=list)
    _file: Any = None
    _schema: Any = None

    def __post_init__(self) -> None:
        self._schema = self.columns if isinstance(self.columns, pa.Schema) else schema(self.columns)
        part = self.stack.enter_context(replaced(self.path))
        self._file = self.stack.enter_context(pq.ParquetWriter(part, self._schema, compression="zstd"))

    def add(self, table: pa.Table) -> None:
        self._parts.append(table)
        if sum(part.num_rows for part in self._parts) >= _GROUP_ROWS:
            self.end()

    def end(self) -> None:
        if self._parts:
            whole = pa.concat_tables(self._parts)
            if whole.num_rows:
                self._file.write_table(whole, row_group_size=whole.num_rows)
            self._parts = []
