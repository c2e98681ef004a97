"""Counts sentences.parquet by firm and theme, and reads the sentences that the report shows."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from earnings_themes.abstractions import Theme
from earnings_themes.errors import ResultError
from earnings_themes.panel.sentences import iter_settled
from earnings_themes.quality.settled import read_settled, was_modelled

# A list of more would be a file that a browser opens slowly: some 2 MB. The command gives all of them.
LISTED: Final = 5_000


@dataclass(frozen=True, slots=True)
class Counted:
    """Sentences by where they settled; a row is a row of sentences.parquet."""

    n_modelled: Mapping[str, int]  # firm → modelled sentences
    n_by_theme: Mapping[str, Mapping[int, int]]  # firm → theme number → settled sentences
    n_by_broad: Mapping[str, int]  # broad theme → sentences of its themes and of it alone
    surest: Mapping[tuple[str, int], int]  # (firm, theme number) → row of the surest sentence
    # theme or broad theme → rows, surest first, at most LISTED; of a broad theme those settled in it alone
    listed: Mapping[str, tuple[int, ...]]
    representative: Mapping[str, tuple[int, ...]]  # theme → rows of its representative sentences


def count_run(run_dir: Path, themes: tuple[Theme, ...]) -> Counted:
    """Count a run's sentences. Raises ResultError if the file is damaged or names an unknown theme."""
    numbers = {theme.theme_id: number for number, theme in enumerate(themes)}
    frame = read_settled(run_dir)
    settled = frame[frame["theme_id"].notna()]
    by_firm: dict[str, dict[int, int]] = defaultdict(dict)
    sizes = settled.groupby(["firm_id", "theme_id"], observed=True).size().reset_index(name="n")
    for firm, theme, n in sizes.itertuples(index=False):
        if theme not in numbers:
            raise ResultError(
                f"{run_dir}/sentences.parquet: has the theme {theme!r}, which themes.json lacks. They are of two runs: "
                "run themes again."
            )
        by_firm[firm][numbers[theme]] = int(n)
    # A stable sort: of equally sure sentences the first said.
    settled = settled.sort_values("strength", ascending=False, kind="stable")
    best = settled.drop_duplicates(["firm_id", "theme_id"])
    alone = frame[frame["theme_id"].isna() & frame["broad_id"].notna()]
    alone = alone.sort_values("strength", ascending=False, kind="stable")
    return Counted(
        _sizes(frame[was_modelled(frame)]["firm_id"]),
        by_firm,
        _sizes(frame["broad_id"]),
        {(firm, numbers[theme]): row for row, firm, theme in best[["firm_id", "theme_id"]].itertuples()},
        _listed(settled, "theme_id") | _listed(alone, "broad_id"),
        _representative(run_dir, themes),
    )


def _listed(frame: pd.DataFrame, column: str) -> dict[str, tuple[int, ...]]:
    groups = frame.groupby(column, observed=True, sort=False)
    return {str(name): tuple(rows.index[:LISTED].tolist()) for name, rows in groups}


def _representative(run_dir: Path, themes: tuple[Theme, ...]) -> dict[str, tuple[int, ...]]:
    ids = [sentence.sentence_id for theme in themes for sentence in theme.representative_sentences]
    column = pq.read_table(run_dir / "sentences.parquet", columns=["sentence_id"])["sentence_id"]
    rows = np.flatnonzero(pc.is_in(column, value_set=pa.array(ids, pa.string())).to_numpy())
    row_of = dict(zip(column.take(rows).to_pylist(), rows.tolist(), strict=True))
    return {
        theme.theme_id: tuple(
            row_of[sentence.sentence_id]
            for sentence in theme.representative_sentences
            if sentence.sentence_id in row_of
        )
        for theme in themes
    }


def _sizes(column: "pd.Series[Any]") -> dict[str, int]:
    return {str(name): int(n) for name, n in column.value_counts().items()}


@dataclass(frozen=True, slots=True)
class ShownSentence:
    """A sentence; strength is None if it settled in no theme."""

    text: str
    firm_id: str
    firm_name: str
    said: str  # its date, speaker and section, as far as they are known
    strength: float | None
    sentence_id: str


def read_sources(run_dir: Path, rows: Iterable[int]) -> dict[int, ShownSentence]:
    """Return the sentences at these rows of sentences.parquet, by row. Raises ResultError."""
    found: dict[int, ShownSentence] = {}
    wanted = np.unique(np.fromiter(rows, dtype=np.int64))
    start = 0
    for table in iter_settled(str(run_dir)) if len(wanted) else ():
        first, last = np.searchsorted(wanted, [start, start + table.num_rows])
        here = wanted[first:last]
        for row, line in zip(here.tolist(), table.take(here - start).to_pylist(), strict=True):
            said = (str(line["date"]), line["speaker_name"] or line["speaker_type"], line["section"])
            found[row] = ShownSentence(
                line["text"], line["firm_id"], line["firm_name"], ", ".join(filter(None, said)), line["strength"],
                line["sentence_id"],
            )  # fmt: skip
        start += table.num_rows
    return found
