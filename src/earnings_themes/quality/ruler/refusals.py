"""Rejects ratings that cannot be trusted: random items that score, raters who disagree."""

from collections.abc import Iterator, Sequence
from typing import Final

import pandas as pd

from earnings_themes.quality.ruler.figures import Figure, units

# Random pairs got .04, and kappa was .79 to .92, from language models that rated by the codebook (docs/rating.md).
MAX_RANDOM: Final = 0.10
MIN_KAPPA: Final = 0.70
# One of five sentences is found by guessing.
_GUESSED: Final = 0.20
# A single sheet has few random items: it is refused alone only where chance would do this once in a hundred sheets.
_CHANCE: Final = 0.01
_JUDGED: Final = ("kappa_score", "kappa_n", "kappa_fit", "kappa_answer", "kappa_about")


def refusals(rated: pd.DataFrame, found: Sequence[Figure]) -> Iterator[str]:
    """Yield a sentence for each reason to reject the ratings.

    Kappa is over all items rated twice, by one rater or two. Kappa of content rejects nothing: it is low by
    itself where nearly every sentence has content.
    """
    from scipy.stats import binomtest

    kind = rated["kind"].iloc[0]
    random = units(rated[rated["arm"] == "random"]) if (rated["arm"] == "random").any() else None
    name = {"pairs": "mean", "labels": "good", "intruders": "found"}.get(kind, "")
    if kind == "members":
        pass  # what lies far outside is drawn too, and is no control: some of it may well be about the theme
    elif random is None:
        yield "no random items are among the ratings: how low the raters go is unknown. Rate whole sheets."
    elif kind == "intruders":
        if binomtest(round(random[name].sum()), len(random), _GUESSED, "greater").pvalue < _CHANCE:
            yield (
                f"the intruder of random groups was found in {random[name].mean():.2f} of {len(random)}, where "
                "guessing finds .20: the key was seen. Give other sheets to other raters."
            )
    elif random[name].mean() > MAX_RANDOM:
        what = "pairs score" if kind == "pairs" else "labels are called good in"
        worst = max((x for x in found if x.part == "random"), key=lambda x: x.value or 0)
        yield (
            f"random {what} {random[name].mean():.2f} of {len(random)} items, more than {MAX_RANDOM:.1f}; the "
            f"highest is sheet {worst.run} with {worst.value:.2f}. Have it rated again, by the codebook."
        )
    if kind == "pairs" and random is not None:
        yield from _single_sheets(rated[rated["arm"] == "random"])
    for figure in found:
        if figure.part != "raters" or figure.run != "all" or figure.name not in _JUDGED:
            continue
        if figure.value is None:
            yield (
                f"{figure.name}: {figure.n} items were rated twice, too few or too alike for a kappa. "
                "Have the sheets called second rated as well."
            )
        elif figure.value < MIN_KAPPA:
            yield (
                f"{figure.name} is {figure.value:.2f} over {figure.n} items rated twice, under {MIN_KAPPA:.1f}: "
                "raters do not agree. Read the codebook with them, then rate again."
            )


def _single_sheets(random: pd.DataFrame) -> Iterator[str]:
    """Check each sheet, because one careless rater hardly moves the mean of all."""
    from scipy.stats import binomtest

    for (sheet, rater), rows in random.groupby(["sheet", "rater"]):
        high, n = round(units(rows)["p1"].sum()), rows["unit"].nunique()
        if binomtest(high, n, MAX_RANDOM, "greater").pvalue < _CHANCE:
            yield (
                f"sheet {sheet} (rater {rater}): {high} of {n} random pairs score 1 or 2, too many for chance. "
                "Have it rated again, by somebody else."
            )
