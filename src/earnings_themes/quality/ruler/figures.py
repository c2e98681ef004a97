"""Figures of ratings with 90 % intervals, for all runs of a sheet.

Percentile bootstrap (Efron and Tibshirani 1993) over firms, because pairs of one firm are dependent; a pair
belongs to one of its two firms, at random. Groups of five firms are resampled themselves. All runs use the
same draws, so differences are paired.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from earnings_themes.panel.block import ratio
from earnings_themes.quality.ruler.inputs import RESERVED
from earnings_themes.quality.ruler.members import estimates

LEVEL: Final = 0.90
DRAWS: Final = 2_000
_SEED: Final = 1
# What is computed of each kind, the first being the one that says most.
MEASURES: Final = {
    "pairs": ("mean", "p1", "p2", "content"),
    "intruders": ("found",),
    "labels": ("coherence", "four_of_five", "good", "so_so", "misleading"),
    "members": ("about",),
}
# The measure that is low for random items, unless raters are careless or saw the key.
CONTROLS: Final = {"pairs": "mean", "labels": "good", "intruders": "found"}
SOURCES: Final = ("words", "neighbours", "random")


@dataclass(frozen=True)
class Figure:
    """One number: part, run, value, 90 % interval (None if it has none), n."""

    part: str
    run: str
    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None


class Resampled:
    """One set of bootstrap draws of some units. clusters: (units,) what each belongs to: a firm."""

    def __init__(self, clusters: Sequence[str] | NDArray[Any], draws: int = DRAWS) -> None:
        self._code = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)[1]
        n = int(self._code.max()) + 1 if len(self._code) else 1
        counts = np.random.default_rng(_SEED).multinomial(n, np.full(n, 1 / n), size=draws)
        # The first row is what was seen; the others are drawn.
        self._times = np.vstack([np.ones(n), counts])

    def mean(self, values: NDArray[np.floating], weights: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the weighted mean of values (units,), as seen and in each draw: (1 + draws,); nan without weight."""
        above, below = (
            self._times @ np.bincount(self._code, part, self._times.shape[1]).astype(np.float64)
            for part in (values * weights, weights)
        )
        return ratio(above, below)


def interval(seen: NDArray[np.float64]) -> tuple[float | None, float | None, float | None]:
    """Return the value and the ends of its 90 % interval; None where undefined."""
    if np.isnan(seen[0]):
        return None, None, None
    tail = (1 - LEVEL) / 2
    low, high = (
        np.nanquantile(seen[1:], [tail, 1 - tail]) if not np.isnan(seen[1:]).all() else (np.nan, np.nan)
    )
    return float(seen[0]), float(low), float(high)


def units(rated: pd.DataFrame) -> pd.DataFrame:
    """Return one row per item, ratings averaged: unit, arm, cluster, weight, measures, together_*."""
    kind = rated["kind"].iloc[0]
    table = rated[["unit", "arm"]].copy()
    table["weight"] = rated["weight"].astype(np.float64)
    if kind == "pairs":
        # One firm of the two, by chance, and the same one where an item stands again with its sides changed.
        lower = (rated["sentence_id_a"] < rated["sentence_id_b"]) == rated["unit"].astype(int).mod(2).eq(0)
        table["cluster"] = rated["firm_a"].where(lower, rated["firm_b"])
        score = rated["score"].astype(int)
        content = (rated["content_a"].eq("c").astype(np.float64) + rated["content_b"].eq("c")) / 2
        table = table.assign(mean=score, p1=score.ge(1), p2=score.ge(2), content=content)
    elif kind == "labels":
        n = rated["n"].astype(int)
        fit = rated["fit"]
        table = table.assign(cluster=rated["unit"], coherence=n / 5, four_of_five=n.ge(4))
        table = table.assign(good=fit.eq("g"), so_so=fit.eq("s"), misleading=fit.eq("m"))
    elif kind == "members":
        table = table.assign(cluster=rated["firm_a"], about=rated["about"].eq("y"))
    else:
        table = table.assign(cluster=rated["unit"], found=rated["answer"].eq(rated["intruder"]))
    means = table.astype(dict.fromkeys(MEASURES[kind], float)).groupby("unit")[list(MEASURES[kind])].mean()
    fixed = table.groupby("unit")[["arm", "cluster", "weight"]].first()
    together = [name for name in map(str, rated) if name.startswith("together_")]
    return fixed.join(means).join(rated.groupby("unit")[together].first()).reset_index()


def figures(rated: pd.DataFrame, facts: dict[str, Any]) -> list[Figure]:
    """Return every figure: of runs, differences, recall, raters and random items.

    rated: one row per rating, from `ratings.read_rated`. facts: the content of runs.json; {} without it.
    """
    kind = rated["kind"].iloc[0]
    table = units(rated)
    if kind == "members":
        return [*_of_members(table, rated), *_raters(rated)]
    draws = Resampled(table["cluster"].to_numpy())
    measures = MEASURES[kind]
    of_arm = {arm: table["arm"].eq(arm).astype(float).to_numpy() for arm in table["arm"].unique()}
    runs = sorted(set(of_arm) - set(RESERVED))
    arms = [*runs, *(arm for arm in ("ceiling", "random") if arm in of_arm)]
    means = {
        (arm, name): draws.mean(table[name].to_numpy(np.float64), of_arm[arm])
        for arm in arms
        for name in measures
    }
    found = []
    for arm in arms:
        n = int(of_arm[arm].sum())
        found += [Figure("run", arm, name, *interval(means[arm, name]), n) for name in measures]
        if arm in runs and ("ceiling", "mean") in means:
            of_ceiling = ratio(means[arm, "mean"], means["ceiling", "mean"])
            found.append(Figure("run", arm, "of_ceiling", *interval(of_ceiling), n))
        found += [
            Figure("run", arm, name, facts["runs"][arm][name])
            for name in ("n_themes", "effective_themes", "effective_themes_of_all", "coverage")
            if arm in facts.get("runs", {})
        ]
    for one, other in combinations(runs, 2):
        found += [
            Figure("difference", f"{one} − {other}", name, *interval(means[one, name] - means[other, name]))
            for name in measures
        ]
    if kind == "pairs":
        found += _recall(table, draws)
        found += _coverage_of_content(rated)
    return [*found, *_raters(rated), *_controls(rated)]


def _of_members(table: pd.DataFrame, rated: pd.DataFrame) -> Iterator[Figure]:
    """Yield the estimates of each theme from sentences of known probability (members.py)."""
    of_unit = rated.groupby("unit").agg(stratum=("stratum", "first"), inside=("inside", "first"))
    whole = table.merge(of_unit, left_on="unit", right_index=True)
    whole["inside"] = whole["inside"].eq("yes")
    for (theme, name), seen in estimates(whole, DRAWS, _SEED).items():
        n = int(whole["arm"].eq(theme).sum())
        value, low, high = interval(seen) if len(seen) > 1 else (float(seen[0]), None, None)
        yield Figure("theme", theme, name, value, low, high, n)


def _recall(table: pd.DataFrame, draws: Resampled) -> Iterator[Figure]:
    """Return the share that a run puts together, of pairs from elsewhere that raters scored at least 1, or 2.

    By source, and over all sources with each pair weighted by the pairs it stands for (Horvitz and Thompson
    1952). n: pairs with such a score.
    """
    if not table["arm"].eq("words").any():
        return  # random controls alone: next to none of them belong together
    source = table["arm"].isin(SOURCES) & (table.filter(like="together_") != "").any(axis=1)
    stands_for = table["weight"].to_numpy(np.float64)
    for column in (name for name in map(str, table) if name.startswith("together_")):
        run = column.removeprefix("together_")
        for inside, accepted in (("", ["sure"]), ("_of_all", ["sure", "all"])):
            together = table[column].isin(accepted).astype(float).to_numpy()
            for measure, name in product(("p1", "p2"), ("weighted", *SOURCES)):
                of = source if name == "weighted" else source & table["arm"].eq(name)
                if of.any():
                    right = of.to_numpy(np.float64) * table[measure].to_numpy(np.float64)
                    seen = draws.mean(together, right * stands_for if name == "weighted" else right)
                    n = int((right > 0).sum())
                    yield Figure("recall", run, f"{name}_{measure}{inside}", *interval(seen), n)


def _coverage_of_content(rated: pd.DataFrame) -> Iterator[Figure]:
    """Return the share with a theme, of the random sentences that raters say have content."""
    random = rated[rated["arm"] == "random"]
    for column in (name for name in map(str, rated) if name.startswith("themed_a_")):
        run = column.removeprefix("themed_a_")
        both = [random[[f"firm_{x}", f"content_{x}", f"themed_{x}_{run}"]] for x in "ab"]
        rows = pd.concat([side.set_axis(["firm", "content", "themed"], axis=1) for side in both])
        draws = Resampled(rows["firm"].to_numpy())
        content = rows["content"].eq("c").to_numpy().astype(np.float64)
        for name, accepted in (("content_covered", ["sure"]), ("content_covered_of_all", ["sure", "all"])):
            themed = rows["themed"].isin(accepted).to_numpy().astype(np.float64)
            yield Figure("run", run, name, *interval(draws.mean(themed, content)), int(content.sum()))


def twice_rated(rated: pd.DataFrame) -> pd.DataFrame:
    """Return one row per two ratings of one item: who ("same" rater or "two"), and both values.

    Values follow one fixed order of the item's sentences, whatever order the sheets showed.
    """
    fixed = _in_fixed_order(rated)
    first = fixed[fixed["role"] != "again"]
    same = first.merge(
        fixed[fixed["role"] == "again"], on=["unit", "sheet", "rater"], suffixes=("_1", "_2")
    ).assign(who="same")
    two = first.merge(first, on="unit", suffixes=("_1", "_2"))
    two = two[two["rater_1"] < two["rater_2"]].assign(who="two")
    return pd.concat([same, two], ignore_index=True)


def _in_fixed_order(rated: pd.DataFrame) -> pd.DataFrame:
    kind = rated["kind"].iloc[0]
    table = rated[["unit", "sheet", "rater", "role"]].copy()
    if kind == "pairs":
        turned = rated["sentence_id_a"] > rated["sentence_id_b"]
        table["score"] = rated["score"].astype(int)
        table["content_a"] = rated["content_a"].where(~turned, rated["content_b"])
        table["content_b"] = rated["content_b"].where(~turned, rated["content_a"])
    elif kind == "labels":
        table["n"] = rated["n"].astype(int)
        table["fit"] = rated["fit"].map({"m": 0, "s": 1, "g": 2})
    elif kind == "members":
        table["about"] = rated["about"]
    else:
        ids = rated[[f"sentence_id_{letter}" for letter in "abcde"]].to_numpy()
        chosen = ids[np.arange(len(ids)), rated["answer"].map("abcde".index)]
        table["answer"] = (ids < chosen[:, None]).sum(axis=1)
    return table


def kappa(one: Sequence[Any], other: Sequence[Any], weights: str | None) -> float | None:
    """Return Cohen's kappa of two ratings a row (scikit-learn); None without ratings or variation.

    weights: None, "linear" or "quadratic"; quadratic kappa is the intraclass correlation (Fleiss and Cohen 1973).
    """
    from sklearn.metrics import cohen_kappa_score

    if not len(one) or len(set(one) | set(other)) < 2:
        return None
    return float(cohen_kappa_score(one, other, weights=weights))


# What agreement is computed of, a kind: the name, its columns, its weights.
KAPPAS: Final[dict[str, tuple[tuple[str, tuple[str, ...], str | None], ...]]] = {
    "pairs": (
        ("score", ("score",), "quadratic"),
        ("score_linear", ("score",), "linear"),
        ("content", ("content_a", "content_b"), None),
    ),
    "labels": (("n", ("n",), "quadratic"), ("fit", ("fit",), "quadratic")),
    "intruders": (("answer", ("answer",), None),),
    "members": (("about", ("about",), None),),
}


def _raters(rated: pd.DataFrame) -> Iterator[Figure]:
    both = twice_rated(rated)
    for name, columns, weights in KAPPAS[rated["kind"].iloc[0]]:
        for who in ("all", "same", "two"):
            rows = both if who == "all" else both[both["who"] == who]
            one, other = ([x for column in columns for x in rows[f"{column}_{i}"]] for i in (1, 2))
            yield Figure("raters", who, f"kappa_{name}", kappa(one, other, weights), n=len(rows))


def _controls(rated: pd.DataFrame) -> Iterator[Figure]:
    """Return the figures of random items by sheet and rater."""
    name = CONTROLS[rated["kind"].iloc[0]]
    for (sheet, rater), rows in rated[rated["arm"] == "random"].groupby(["sheet", "rater"]):
        who = str(sheet if rater == sheet else f"{sheet}.{rater}")
        yield Figure("random", who, name, float(units(rows)[name].mean()), n=int(rows["unit"].nunique()))
