"""The part of docs/rating.md that comes from code: how many ratings are needed."""

import math
from statistics import NormalDist
from typing import Final

import numpy as np

from docs.generate.markdown import table
from earnings_themes.quality.ruler.figures import LEVEL, Resampled, interval

# Shares of 0, 1 and 2 that a good clustering of 56 real calls got (mean .96, p1 .69, p2 .27): where a rating spreads
# most, so what holds here is enough elsewhere.
_SHARES: Final = (0.31, 0.42, 0.27)
_FIRMS: Final = 300
_SIMULATED: Final = 40
_Z: Final = NormalDist().inv_cdf((1 + LEVEL) / 2)
_SPREAD: Final = math.sqrt(
    sum(share * score**2 for score, share in enumerate(_SHARES))
    - sum(share * score for score, share in enumerate(_SHARES)) ** 2
)


def needed() -> str:
    """Return what 75 to 1,800 pairs a system tell apart."""
    heads = [
        *(">pairs a system", ">± of a mean, formula", ">± of a mean, bootstrap"),
        *(">difference told from 0 in 80 % of sheets", ">in 90 %"),
    ]
    rows = [
        [
            f"{n:,}",
            *(
                f"{value:.2f}"
                for value in (half_width(n), bootstrapped(n), told_apart(n, 0.8), told_apart(n, 0.9))
            ),
        ]
        for n in (75, 150, 300, 450, 900, 1800)
    ]
    return table(heads, rows)


def half_width(n: int) -> float:
    """Return half the width of a mean's interval from n pairs: z · s / √n."""
    return _Z * _SPREAD / math.sqrt(n)


def told_apart(n: int, power: float) -> float:
    """Return the smallest true difference of two means that n pairs a system detect with this power."""
    return (_Z + NormalDist().inv_cdf(power)) * _SPREAD * math.sqrt(2 / n)


def bootstrapped(n: int) -> float:
    """Return the mean half-width that `figures` gives for n simulated pairs of 300 firms, over 40 simulations."""
    rng = np.random.default_rng(1)
    widths = []
    for _ in range(_SIMULATED):
        score = rng.choice(3, size=n, p=_SHARES).astype(float)
        draws = Resampled(rng.integers(_FIRMS, size=n), draws=500)
        _, low, high = interval(draws.mean(score, np.ones(n)))
        widths.append(((high or 0) - (low or 0)) / 2)
    return float(np.mean(widths))
