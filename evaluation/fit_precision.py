"""Fits what strength says of precision: of two sentences of one theme, how often people see one subject, or one area.

    python -m evaluation.fit_precision --learn results/rev results/maec --check results/q305

The runs are of rev_large, maec_quarters and quarter305, with default settings and the encoder in question. Learned are the
two numbers of a logistic curve, from rated pairs that a run has in one theme; they stand in quality/curve.py. Only pairs that
were drawn at random within the themes of some earlier clustering are learned from: near ones were chosen for being near.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from earnings_themes.quality.curve import precision_of

RATINGS: Final = Path(__file__).parent / "ratings"
WITHIN_THEMES: Final = ("leiden250", "leiden800", "v1")
# No theme stands behind these pairs of quarter305.
NOT_THEMES: Final = ("ceiling", "random", "senstopic")
_BANDS: Final = (0, 0.35, 0.4, 0.45, 0.5, 0.55, 1)


def rated(runs: Sequence[Path], ratings: Path) -> pd.DataFrame:
    """Return the rated pairs that a run has in one theme: arm, score, strength (the root of the product of both)."""
    settled = pd.concat(
        pd.read_parquet(run / "sentences.parquet", columns=["sentence_id", "theme_id", "strength"])
        for run in runs
    ).set_index("sentence_id")
    pairs = pd.read_csv(ratings, dtype={"sentence_id_a": str, "sentence_id_b": str})
    pairs = pairs[pairs["sentence_id_a"].isin(settled.index) & pairs["sentence_id_b"].isin(settled.index)]
    one, other = (settled.loc[pairs[f"sentence_id_{side}"]].reset_index(drop=True) for side in "ab")
    pairs = pairs.reset_index(drop=True).assign(strength=np.sqrt(one["strength"] * other["strength"]))
    together = one["theme_id"].notna() & (one["theme_id"] == other["theme_id"])
    return pairs.loc[together, ["arm", "score", "strength"]]


def main() -> None:
    """Print the two numbers, and what they say of other pairs beside what raters said."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--learn", type=Path, nargs="+", required=True, help="runs of rev_large and maec_quarters"
    )
    parser.add_argument("--check", type=Path, help="a run of quarter305")
    given = parser.parse_args()
    pairs = rated(given.learn, RATINGS / "learned.csv.gz")
    pairs = pairs[pairs["arm"].isin(WITHIN_THEMES)]
    model = LogisticRegression(C=1e6).fit(pairs[["strength"]].to_numpy(), pairs["score"] >= 1)
    curve = (round(float(model.intercept_[0]), 2), round(float(model.coef_[0, 0]), 2))
    print(f"{len(pairs):,} pairs: {curve}")
    if given.check:
        pairs = rated([given.check], RATINGS / "reported.csv.gz")
        pairs = pairs[~pairs["arm"].isin(NOT_THEMES)]
        pairs["observed"] = pairs["score"] >= 1
        pairs["expected"] = precision_of(pairs["strength"].to_numpy(), curve)
        bands = pairs.groupby(pd.cut(pairs["strength"], _BANDS), observed=True)
        print(
            bands.agg(
                n=("score", "size"), observed=("observed", "mean"), expected=("expected", "mean")
            ).round(2)
        )
        print(
            f"all {len(pairs):,}: {pairs['observed'].mean():.3f} observed, {pairs['expected'].mean():.3f} expected"
        )


if __name__ == "__main__":
    main()
