"""Reads what is judged: the sentences of a run, and clusterings of them from any tool.

A clustering is a table of sentence_id and theme, with strength and label where known.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from earnings_themes.errors import InputError, ResultError
from earnings_themes.text import has_content

# What other tools write for "in no theme".
_NONE: Final = {"", "-1", "-1.0", "nan", "None"}
_NEEDED: Final = ("sentence_id", "firm_id", "transcript_id", "position", "text")
_NOT_WORD: Final = re.compile(r"[\W_]+")


@dataclass
class JudgedCorpus:
    """The sentences that can be judged.

    table: one row per sentence in the order of the calls, indexed by sentence_id: firm_id, text, before (the previous sentence of
    the call, None for the first), modelled (bool: not procedural, with a word of content).
    """

    table: pd.DataFrame

    @cached_property
    def firm(self) -> dict[str, str]:
        """sentence_id → firm_id."""
        return dict(zip(self.table.index, self.table["firm_id"], strict=True))

    @cached_property
    def ids(self) -> NDArray[np.object_]:
        """The modelled sentences' ids, in the order of the table."""
        return self.table.index[self.table["modelled"]].to_numpy(dtype=object)

    @cached_property
    def firms(self) -> NDArray[np.object_]:
        """Their firms, in the same order."""
        found: NDArray[np.object_] = self.table.loc[self.table["modelled"], "firm_id"].to_numpy(dtype=object)
        return found

    def same_text(self, a: str, b: str) -> bool:
        """Whether two sentences differ only in case, spaces and full stops; such a pair tells nothing."""
        first, second = (_NOT_WORD.sub("", str(self.table.at[x, "text"])).lower() for x in (a, b))
        return first == second


@dataclass
class Clustering:
    """One system's themes."""

    name: str  # in the key; the sheets do not show it
    # one row per modelled sentence with a theme: sentence_id, theme (text), strength (float), firm
    table: pd.DataFrame
    has_strength: bool  # False if the source had none: then no sentence is surer than another
    labels: dict[str, str] = field(default_factory=dict)  # theme → label, empty if the source had none
    n_unmodelled: int = 0  # sentences of the source that are procedure or without content; not judged

    def surest(self, coverage: float, n_modelled: int) -> pd.DataFrame:
        """Return the rows of the surest `coverage` share (0 to 1) of all modelled sentences.

        All rows if fewer have a theme or there is no strength. Ties are in the order of ids.
        """
        if not self.has_strength:
            return self.table
        ordered = self.table.sort_values(["strength", "sentence_id"], ascending=[False, True])
        return ordered.head(round(coverage * n_modelled)).sort_index()


def effective(themes: pd.Series) -> float:
    """Return the effective number of themes, 1 / Σ share² (inverse Simpson index, Hill 1973); 0 for none."""
    shares = themes.value_counts(normalize=True).to_numpy()
    return float(1 / (shares**2).sum()) if len(shares) else 0.0


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV or Parquet table; columns of a CSV as text. Raises InputError."""
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except FileNotFoundError as error:
        raise InputError(f"{path} is not there. Give the path of a CSV or Parquet file.") from error
    except (ValueError, UnicodeDecodeError, pa.ArrowInvalid) as error:
        raise InputError(
            f"{path} cannot be read as a table ({error}). Expected CSV in UTF-8, or Parquet."
        ) from error


def read_judged(path: Path) -> JudgedCorpus:
    """Read a run's transcripts.parquet, or a table with its first columns.

    Without the columns procedural and model_text, every sentence with a word of content is modelled. Raises
    InputError if the file or a column is missing, or an id is repeated.
    """
    table = read_table(path)
    need(table, _NEEDED, path)
    table = table.astype(dict.fromkeys(("sentence_id", "firm_id", "transcript_id", "text"), str))
    table["position"] = pd.to_numeric(table["position"])
    twice = table["sentence_id"][table["sentence_id"].duplicated()]
    if len(twice):
        raise InputError(
            f"{path}: sentence_id {twice.iloc[0]!r} stands twice. Every sentence needs an id of its own."
        )
    table = table.sort_values(["firm_id", "transcript_id", "position"], kind="stable")
    call = table["transcript_id"]
    before = table["text"].shift(1).where(call.eq(call.shift(1)))
    content = table["model_text" if "model_text" in table else "text"].astype(str).map(has_content)
    procedural = (
        table["procedural"].astype(str).str.lower().isin(["true", "1"]) if "procedural" in table else False
    )
    table = table.assign(before=before, modelled=content.astype(bool) & ~procedural)
    return JudgedCorpus(table.set_index("sentence_id")[["firm_id", "text", "before", "modelled"]])


def read_runs(specs: Sequence[str], transcripts: Path | None) -> tuple[JudgedCorpus, list[Clustering]]:
    """Read the runs to be compared, and the one set of sentences that they cluster.

    specs: a run's folder or a table's path each, or NAME=PATH. transcripts: the sentences' table; None for the first run
    folder's. Raises InputError where a path, a column or the transcripts are missing, two runs have one name, a table names
    an unknown sentence, or the runs read different calls.
    """
    named = [_named(spec) for spec in specs]
    folders = [path for _, path in named if path.is_dir()]
    if transcripts is None and not folders:
        raise InputError(
            "A table says nothing of the sentences' text. Add --transcripts FILE, a run's transcripts.parquet."
        )
    corpus = read_judged(transcripts or folders[0] / "transcripts.parquet")
    # Without --transcripts the others are compared with the first folder's.
    for folder in folders if transcripts else folders[1:]:
        _same_calls(corpus, folder)
    runs = [_read_clustering(name, path, corpus) for name, path in named]
    for name in {run.name for run in runs}:
        if sum(run.name == name for run in runs) > 1 or name in RESERVED:
            raise InputError(f"Two arms are called {name!r}. Name the runs: OTHER={dict(named)[name]}")
    return corpus, runs


# The arms that are no run's.
RESERVED: Final = ("random", "ceiling", "words", "neighbours")


def _named(spec: str) -> tuple[str, Path]:
    name, equals, rest = spec.partition("=")
    path = Path(rest if equals else spec)
    if not path.exists():
        raise InputError(
            f"{path} is not there. Expected a run's folder (results/NAME) or a table sentence_id,theme."
        )
    return (name, path) if equals else (path.resolve().name if path.is_dir() else path.stem, path)


def _same_calls(corpus: JudgedCorpus, folder: Path) -> None:
    path = folder / "transcripts.parquet"
    if path.exists() and not read_judged(path).table["text"].equals(corpus.table["text"]):
        raise InputError(
            f"{path} holds other sentences than the first run's transcripts, so one sheet cannot compare them. "
            "Run both on one input, with one version of this project."
        )


def _read_clustering(name: str, path: Path, corpus: JudgedCorpus) -> Clustering:
    labels: dict[str, str] = {}
    if path.is_dir():
        source = path / "sentences.parquet"
        table = read_table(source)
        need(table, ("sentence_id", "theme_id", "strength"), source)
        table = table.rename(columns={"theme_id": "theme"})
        if (path / "themes.json").exists():
            labels = {theme["theme_id"]: theme["label"] for theme in _themes(path / "themes.json")}
    else:
        source = path
        table = read_table(path)
        need(table, ("sentence_id", "theme"), path)
    theme = table["theme"]
    if pd.api.types.is_float_dtype(theme):
        theme = theme.astype("Int64")  # numbers with gaps: 3.0 is theme 3
    theme = theme.astype(object).where(theme.notna(), "").astype(str)
    rows = pd.DataFrame({"sentence_id": table["sentence_id"].astype(str), "theme": theme})
    has_strength = "strength" in table
    rows["strength"] = pd.to_numeric(table["strength"], errors="coerce") if has_strength else 1.0
    if "label" in table:
        labels = dict(zip(rows["theme"], table["label"].astype(str), strict=True))
    rows = rows[~rows["theme"].isin(_NONE)]
    _check_rows(rows, source, corpus, has_strength)
    modelled = rows["sentence_id"].isin(set(corpus.ids))
    kept = rows[modelled].sort_values("sentence_id").reset_index(drop=True)
    kept["firm"] = kept["sentence_id"].map(corpus.firm)
    return Clustering(name, kept, has_strength, labels, int((~modelled).sum()))


def _check_rows(rows: pd.DataFrame, source: Path, corpus: JudgedCorpus, has_strength: bool) -> None:
    unknown = rows["sentence_id"][~rows["sentence_id"].isin(corpus.table.index)]
    if len(unknown):
        raise InputError(
            f"{source}: {len(unknown):,} of {len(rows):,} sentence ids are not in the transcripts, the first "
            f"{unknown.iloc[0]!r}. Give the --transcripts that the table was made of."
        )
    twice = rows["sentence_id"][rows["sentence_id"].duplicated()]
    if len(twice):
        raise InputError(
            f"{source}: sentence {twice.iloc[0]!r} has two themes. Expected one row per sentence."
        )
    if has_strength and rows["strength"].isna().any():
        first = rows["sentence_id"][rows["strength"].isna()].iloc[0]
        raise InputError(
            f"{source}: sentence {first!r} has a theme and no strength. Expected one number per row, or no such column."
        )
    if rows.empty:
        raise InputError(f"{source}: no sentence has a theme, so there is nothing to judge.")


def _themes(path: Path) -> Iterator[dict[str, Any]]:
    try:
        yield from json.loads(path.read_text(encoding="utf-8"))["themes"]
    except (ValueError, KeyError) as error:
        raise ResultError(f"{path} is no list of themes ({error}). Make the run again.") from error


def need(table: pd.DataFrame, columns: Sequence[str], path: Path) -> None:
    """Raise InputError where a table lacks one of the columns."""
    missing = [name for name in columns if name not in table]
    if missing:
        raise InputError(
            f"{path} lacks the column {missing[0]!r}. Found {', '.join(map(str, table))}; "
            f"expected {', '.join(columns)}."
        )
