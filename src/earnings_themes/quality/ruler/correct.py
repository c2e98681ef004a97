"""Counts by call and theme, corrected by judged sentences.

Design-based supervised learning (Egami, Hinck, Stewart and Wei 2023, "Using imperfect surrogates for
downstream inference", NeurIPS): the program's count plus, for each judged sentence, (judgement − program) ÷
its probability of being drawn. Its expectation is the true count, whatever errors the program makes, so
coefficients of a regression *of* it are unbiased, with wider errors. A corrected count is noisy by call and
may be negative: use it as an outcome, not as a regressor.

ppi_py assumes ratings drawn at random from all sentences; these are drawn by strata, so the weights are
computed here.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from earnings_themes.errors import InputError, ResultError
from earnings_themes.panel.build import CALLS
from earnings_themes.quality.settled import read_settled
from earnings_themes.themes.seeds import SENTENCES as SEED_SENTENCES

_CALL = ["firm_id", "transcript_id"]


def corrected_counts(run: Path, rated: pd.DataFrame) -> pd.DataFrame:
    """Return one row per call and judged theme, in the calls' order.

    run: folder of the run that the sentences were drawn from. rated: one row per rating, from `ratings.read_rated`, of a sheet
    drawn with `--for`. modelled is the denominator, n_rated the judged sentences of the call. Raises InputError for ratings of
    another kind of sheet or of sentences that the run lacks, ResultError where a file of the run is missing or damaged.
    """
    if rated["kind"].iloc[0] != "members":
        raise InputError(
            f"these ratings are of {rated['kind'].iloc[0]}; expected those of a sheet drawn --for a theme."
        )
    try:
        calls = pq.read_table(run / CALLS, columns=[*_CALL, "date", "quarter", "modelled"]).to_pandas()
    except OSError as error:
        raise ResultError(f"{run / CALLS}: cannot be read ({error}). The run's panel makes it.") from error
    settled = read_settled(run, ["sentence_id", *_CALL, "theme_id"]).astype(str).set_index("sentence_id")
    judged = _judged(rated)
    lost = judged.index.difference(settled.index)
    if len(lost):
        raise InputError(
            f"{run} has no sentence {lost[0]!r}, which was judged. Give the run that the sheet was drawn of."
        )
    found = []
    for theme, mine in judged.groupby("theme_id"):
        n = settled.loc[_members(run, settled, str(theme)), _CALL].value_counts()
        rows = mine.join(settled[_CALL]).groupby(_CALL)
        table = calls.assign(theme_id=theme).set_index(_CALL)
        table["n"] = n.reindex(table.index, fill_value=0).astype(int)
        table["n_corrected"] = table["n"] + rows["error"].sum().reindex(table.index, fill_value=0.0)
        table["n_rated"] = rows.size().reindex(table.index, fill_value=0).astype(int)
        for name in ("", "_corrected"):
            table[f"share{name}"] = table[f"n{name}"] / table["modelled"].where(table["modelled"] > 0, np.nan)
        found.append(table.reset_index())
    columns = [
        *_CALL, "date", "quarter", "theme_id", "modelled", "n", "n_corrected", "share", "share_corrected", "n_rated",
    ]  # fmt: skip
    whole: pd.DataFrame = pd.concat(found, ignore_index=True)[columns]
    return whole


def _judged(rated: pd.DataFrame) -> pd.DataFrame:
    """Return one row per judged sentence and theme, indexed by sentence_id: theme_id, error ((judgement − program) ÷ probability)."""
    rows = rated.assign(about=rated["about"].eq("y"), weight=rated["weight"].astype(float))
    of_unit = rows.groupby("unit").agg(
        sentence_id=("sentence_id_a", "first"), theme_id=("arm", "first"), weight=("weight", "first"),
        inside=("inside", "first"), about=("about", "mean"),
    )  # fmt: skip
    of_unit["error"] = (of_unit["about"] - of_unit["inside"].eq("yes")) * of_unit["weight"]
    found: pd.DataFrame = of_unit.set_index("sentence_id")[["theme_id", "error"]]
    return found


def _members(run: Path, settled: pd.DataFrame, theme: str) -> pd.Index:
    """Return the ids of the sentences that the run counts for a theme or a question."""
    if (settled["theme_id"] == theme).any() or not (run / SEED_SENTENCES).exists():
        found: pd.Index = settled.index[settled["theme_id"] == theme]
    else:
        asked = pq.read_table(run / SEED_SENTENCES).to_pandas()
        found = pd.Index(asked.loc[asked["theme_id"] == theme, "sentence_id"])
    return found
