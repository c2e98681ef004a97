"""Rejects ratings that cannot be trusted: random items that score, raters who disagree."""

from collections.abc import Iterator, Sequence
from typing import Final

import pandas as pd

from earnings_themes.quality.ruler.figures import CONTROLS, Figure, units

# Language models that rated by the codebook gave random pairs .04 to .05; their kappa was .88 to .97 (docs/validation.md).
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
    kind = rated["kind"].iloc[0]
    # Of members, what lies far outside is drawn too, and is no control: some of it may well be about the theme.
    if kind != "members":
        yield from _of_random(kind, rated[rated["arm"] == "random"], found)
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


def _of_random(kind: str, random: pd.DataFrame, found: Sequence[Figure]) -> Iterator[str]:
    from scipy.stats import binomtest

    if random.empty:
        yield "no random items are among the ratings: how low the raters go is unknown. Rate whole sheets."
        return
    values = units(random)[CONTROLS[kind]]
    if kind == "intruders":
        if binomtest(round(values.sum()), len(values), _GUESSED, "greater").pvalue < _CHANCE:
            yield (
                f"the intruder of random groups was found in {values.mean():.2f} of {len(values)}, where "
                "guessing finds .20: the key was seen. Give other sheets to other raters."
            )
    elif values.mean() > MAX_RANDOM:
        what = "pairs score" if kind == "pairs" else "labels are called good in"
        worst = max((x for x in found if x.part == "random"), key=lambda x: x.value or 0)
        yield (
            f"random {what} {values.mean():.2f} of {len(values)} items, more than {MAX_RANDOM:.1f}; the "
            f"highest is sheet {worst.run} with {worst.value:.2f}. Have it rated again, by the codebook."
        )
    if kind != "pairs":
        return
    # Each sheet too: one careless rater hardly moves the mean of all.
    for (sheet, rater), rows in random.groupby(["sheet", "rater"]):
        high, n = round(units(rows)["p1"].sum()), rows["unit"].nunique()
        if binomtest(high, n, MAX_RANDOM, "greater").pvalue < _CHANCE:
            yield (
                f"sheet {sheet} (rater {rater}): {high} of {n} random pairs score 1 or 2, too many for chance. "
                "Have it rated again, by somebody else."
            )
