"""How far a theme's exposure goes with a measure of the user's own, by firm and quarter.

A referee asks it in three ways. *Overall*: Spearman's rank correlation over all firm-quarters. *Within firms*: of ranks less
the firm's mean rank, so that only changes over time count. *Within quarters*: of ranks less the quarter's mean rank, so that only
firms of one quarter are compared. Beside each stands a placebo: the measure is dealt out again among the firms of each
quarter many times (a permutation test within blocks, Good 2005, "Permutation, parametric and bootstrap tests of hypotheses"). A
theme whose correlation is no larger than the placebo's says nothing of the measure; among many themes some will be by
chance, so p is also given as adjusted for their number (Benjamini and Hochberg 1995).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from earnings_themes.errors import InputError
from earnings_themes.panel.columns import no_column
from earnings_themes.panel.cuts import Cut, Wish
from earnings_themes.panel.written import Written
from earnings_themes.quality.ruler.inputs import read_table

WAYS: Final = ("overall", "within_firm", "within_quarter")
# Shuffles of the placebo: p is known to 1 in a thousand.
SHUFFLES: Final = 999
# Fewer firm-quarters tell nothing: a rank correlation of 20 is within ± .44 by chance alone, 19 times in 20.
_LEAST: Final = 20


def read_measure(path: Path, firm: str, value: str | None) -> pd.DataFrame:
    """Read a measure by firm and quarter; return firm (text), quarter (text), value (float), one row each.

    path: a CSV or Parquet file with the column `firm`, quarter (2023Q1) or date, and the measure. firm: the column that names
    the firm; the panel has one of that name (firm_id, or one of `source.keep`). value: the column of the measure; None where
    it is the only other one. Raises InputError where a column is missing, a firm and quarter stand twice, or a value is no number.
    """
    table = read_table(path)
    there = ", ".join(map(str, table))
    if firm not in table:
        raise InputError(f"{path} lacks the column {firm!r}. Found {there}; --firm names another.")
    if "quarter" in table:
        quarter = table["quarter"].astype(str).str.strip()
    elif "date" in table:
        quarter = pd.to_datetime(table["date"], errors="coerce").dt.to_period("Q").astype(str)
    else:
        raise InputError(f"{path} lacks the column quarter (such as 2023Q1), or date. Found {there}.")
    wrong = table.loc[~quarter.str.fullmatch(r"\d{4}Q[1-4]")]
    if len(wrong):
        raise InputError(
            f"{path}, row {wrong.index[0] + 2}: the quarter is {quarter[wrong.index[0]]!r}; expected such as 2023Q1."
        )
    others = [str(name) for name in table if name not in (firm, "quarter", "date")]
    if value is None and len(others) != 1:
        raise InputError(
            f"{path} has the columns {', '.join(others)} beside firm and quarter. Say which one: --value NAME."
        )
    chosen = value or others[0]
    if chosen not in table:
        raise InputError(f"{path} lacks the column {chosen!r}. Found {there}.")
    cells = table[chosen].astype(object).where(table[chosen].notna(), "").astype(str).str.strip()
    given = ~cells.isin(["", "."])
    numbers = pd.to_numeric(cells.where(given), errors="coerce")
    bad = table.index[numbers.isna() & given]
    if len(bad):
        raise InputError(
            f"{path}, row {bad[0] + 2}: {chosen} is {cells[bad[0]]!r}; expected a number, or nothing."
        )
    found = pd.DataFrame(
        {"firm": table[firm].astype(str).str.strip(), "quarter": quarter, "value": numbers}
    ).dropna()
    twice = found[found.duplicated(["firm", "quarter"])]
    if len(twice):
        one = twice.iloc[0]
        raise InputError(f"{path}: firm {one['firm']} has two values in {one['quarter']}; expected one.")
    return found


def exposures(
    where: str, firm: str, level: int, kinds: Sequence[str]
) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """Return the shares by firm and quarter, and the themes as (theme_id, label).

    The frame has firm, quarter and one column per theme, named by its id. Raises ResultError where the panel is missing or
    has no such column.
    """
    cut = Cut(Written(where), Wish(by="firm-quarter", level=level, kinds=tuple(kinds)))
    found = [column.name for column in cut.columns]
    if firm not in found:
        raise no_column(where, firm, found)
    parts = [table.select([firm, "quarter", "theme_id", "share"]).to_pandas() for table in cut.tables()]
    long = pd.concat(parts, ignore_index=True)
    wide = long.pivot_table(index=[firm, "quarter"], columns="theme_id", values="share", aggfunc="first")
    ids = [theme.theme_id for theme in cut.themes]
    frame = wide.reindex(columns=ids).reset_index().rename(columns={firm: "firm"})
    return frame, [(theme.theme_id, theme.label) for theme in cut.themes]


def correlations(shares: pd.DataFrame, measure: pd.DataFrame, seed: int = 1) -> pd.DataFrame:
    """Return one row per theme and way of comparing. Raises InputError where fewer than 20 firm-quarters are in both.

    shares: firm, quarter, and one column per theme: the exposures. measure: firm, quarter, value. Returns theme_id, way, n
    (firm-quarters), rho, placebo_low and placebo_high (where 95 % of the shuffles lie), p (share of shuffles with as large a
    correlation, either sign), p_adjusted (for the number of themes); rho is null where nothing varies, as within firms of one
    quarter.
    """
    themes = [name for name in shares if name not in ("firm", "quarter")]
    both = shares.merge(measure, on=["firm", "quarter"]).dropna(subset=[*themes[:1], "value"])
    both = both.sort_values(["quarter", "firm"], ignore_index=True)
    if len(both) < _LEAST:
        raise InputError(
            f"{len(both)} firm-quarters are in the panel and in the measure; expected {_LEAST} or more. The panel's firms "
            f"begin {', '.join(shares['firm'].unique()[:3])}, the measure's {', '.join(measure['firm'].unique()[:3])}; are "
            "the ids text, with their zeros?"
        )
    dealt = _shuffled(both["value"].to_numpy(np.float64), both["quarter"].to_numpy(), seed)
    found = []
    for way in WAYS:
        groups = None if way == "overall" else both["firm" if way == "within_firm" else "quarter"]
        ours = _scores(both[themes].to_numpy(np.float64), groups)
        rho = ours.T @ _scores(dealt, groups)  # themes × (as it is, and shuffles)
        seen, placebo = rho[:, 0], rho[:, 1:]
        with np.errstate(invalid="ignore"):
            p = (1 + (np.abs(placebo) >= np.abs(seen[:, None]) - 1e-12).sum(axis=1)) / (1 + SHUFFLES)
            low, high = np.quantile(placebo, [0.025, 0.975], axis=1)
        p = np.where(np.isnan(seen), np.nan, p)
        found.append(
            pd.DataFrame(
                {
                    "theme_id": themes, "way": way, "n": len(both), "rho": seen, "placebo_low": low, "placebo_high": high,
                    "p": p, "p_adjusted": _adjusted(p),
                }
            )
        )  # fmt: skip
    return pd.concat(found, ignore_index=True)


def _shuffled(values: NDArray[np.float64], blocks: NDArray[np.object_], seed: int) -> NDArray[np.float64]:
    """Return (rows, 1 + SHUFFLES): the values, then dealt out again among the rows of each block."""
    rng = np.random.default_rng(seed)
    found = np.repeat(values[:, None], SHUFFLES + 1, axis=1)
    for block in pd.unique(blocks):
        inside = blocks == block
        found[inside, 1:] = rng.permuted(found[inside, 1:], axis=0)
    return found


def _scores(values: NDArray[np.float64], groups: pd.Series | None) -> NDArray[np.float64]:
    """Return ranks of each column, less the group's mean, at length 1: their products are correlations. NaN where nothing varies."""
    ranks = pd.DataFrame(values).rank()
    ranks = ranks - (ranks.mean() if groups is None else ranks.groupby(groups.to_numpy()).transform("mean"))
    found = ranks.to_numpy(np.float64)
    lengths = np.linalg.norm(found, axis=0)
    scaled: NDArray[np.float64] = found / np.where(lengths > 1e-9, lengths, np.nan)
    return scaled


def _adjusted(p: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.stats import false_discovery_control

    found = np.full(len(p), np.nan)
    known = ~np.isnan(p)
    if known.any():
        found[known] = false_discovery_control(p[known])
    return found
