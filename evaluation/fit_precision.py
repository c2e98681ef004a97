"""Fits what strength says of precision: of two sentences of one theme, how often people see one subject, or one area.

    python -m evaluation.fit_precision --learn results/rev results/rev_static results/maec_static --check results/q305

The runs are of rev_large, maec_quarters and quarter305, with default settings. Learned are the two numbers of a logistic curve,
from rated pairs that a run has in one theme; they stand in quality/curve.py. Strength is made in the same way with either
encoder, so there is one curve. Only pairs that were drawn at random within the themes of some earlier clustering are learned
from: near ones were chosen for being near.
"""

import argparse
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from earnings_themes.quality.curve import precision_of
from earnings_themes.results.artifacts import read_themes

RATINGS: Final = Path(__file__).parent / "ratings"
WITHIN_THEMES: Final = ("leiden250", "leiden800", "v1", "wide", "fine")
# No theme stands behind these pairs of quarter305.
NOT_THEMES: Final = ("ceiling", "static_ceiling", "random", "senstopic")
# Two sets of sheets, whose raters were not equally strict.
CHECKS: Final = ("reported", "spaces")
_BANDS: Final = (0, 0.35, 0.4, 0.45, 0.5, 0.55, 1)
_OF_THEMES: Final = {
    "cohesion": (0, 0.36, 0.4, 0.44, 1),
    "stability": (0, 0.5, 0.6, 0.75, 1),
    "mixed": (-1, 0, 1),
}


def rated(run: Path, ratings: Path) -> pd.DataFrame:
    """Return the rated pairs that a run has in one theme, with what the run says of pair and theme.

    Columns: arm, score, strength (the root of the product of both), and the theme's cohesion, stability and whether it is
    labelled as mixed.
    """
    settled = pd.read_parquet(run / "sentences.parquet", columns=["sentence_id", "theme_id", "strength"])
    settled = settled.set_index("sentence_id")
    pairs = pd.read_csv(ratings, dtype={"sentence_id_a": str, "sentence_id_b": str})
    pairs = pairs[pairs["sentence_id_a"].isin(settled.index) & pairs["sentence_id_b"].isin(settled.index)]
    one, other = (settled.loc[pairs[f"sentence_id_{side}"]].reset_index(drop=True) for side in "ab")
    pairs = pairs.reset_index(drop=True).assign(strength=np.sqrt(one["strength"] * other["strength"]))
    together = one["theme_id"].notna() & (one["theme_id"] == other["theme_id"])
    themes = {theme.theme_id: theme for theme in read_themes(run / "themes.json").themes}
    own = [themes[theme] for theme in one.loc[together, "theme_id"]]
    return pairs.loc[together, ["arm", "score", "strength"]].assign(
        cohesion=[theme.cohesion for theme in own],
        stability=[theme.stability for theme in own],
        mixed=[theme.label.startswith("mixed") for theme in own],
    )


def main() -> None:
    """Print the two numbers, and what they say of other pairs beside what raters said."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learn", type=Path, nargs="+", required=True, help="runs of Rev and MAEC")
    parser.add_argument("--check", type=Path, nargs="*", default=[], help="runs of quarter305")
    given = parser.parse_args()
    pairs = pd.concat(rated(run, RATINGS / "learned.csv.gz") for run in given.learn)
    pairs = pairs[pairs["arm"].isin(WITHIN_THEMES)]
    model = LogisticRegression(C=1e6).fit(pairs[["strength"]].to_numpy(), pairs["score"] >= 1)
    curve = (round(float(model.intercept_[0]), 2), round(float(model.coef_[0, 0]), 2))
    print(f"{len(pairs):,} pairs: {curve}")
    for run, name in product(given.check, CHECKS):
        pairs = rated(run, RATINGS / f"{name}.csv.gz")
        pairs = pairs[~pairs["arm"].isin(NOT_THEMES)]
        pairs["observed"] = pairs["score"] >= 1
        pairs["expected"] = precision_of(pairs["strength"].to_numpy(), curve)
        bands = pairs.groupby(pd.cut(pairs["strength"], _BANDS), observed=True)
        print(bands[["observed", "expected"]].mean().round(2).assign(n=bands.size()))
        seen, said = pairs["observed"].mean(), pairs["expected"].mean()
        print(f"{run}, {name}: {len(pairs):,} pairs, {seen:.3f} observed, {said:.3f} expected")
        for figure, ends in _OF_THEMES.items():
            bands = pairs.groupby(pd.cut(pairs[figure].astype(float), ends), observed=True)
            print(bands[["score", "observed"]].mean().round(2).assign(n=bands.size()))


if __name__ == "__main__":
    main()
