"""How many ratings separate two systems: by formula, and by bootstrap of simulated ratings."""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Final

import numpy as np

from earnings_themes.quality.ruler.figures import Resampled, interval

# Shares of 0, 1 and 2 that a good clustering of 56 real calls got (mean .96, p1 .69, p2 .27): where a rating spreads
# most, so what holds here is enough elsewhere.
SHARES: Final = (0.31, 0.42, 0.27)
_FIRMS: Final = 300
_SIMULATED: Final = 40


def spread(shares: Sequence[float] = SHARES) -> float:
    """Return the standard deviation of one rating, from the shares of 0, 1 and 2."""
    mean = sum(score * share for score, share in enumerate(shares))
    return math.sqrt(sum(share * (score - mean) ** 2 for score, share in enumerate(shares)))


def half_width(n: int, shares: Sequence[float] = SHARES, level: float = 0.90) -> float:
    """Return half the width of a mean's interval from n pairs: z · s / √n."""
    return NormalDist().inv_cdf((1 + level) / 2) * spread(shares) / math.sqrt(n)


def needed(
    difference: float, power: float = 0.80, shares: Sequence[float] = SHARES, level: float = 0.90
) -> int:
    """Return the pairs a system that detect a true difference of two means with this power.

    n = 2 · ((z(level) + z(power)) · s / difference)² for independent means. Raises ValueError for a
    difference of 0.
    """
    if not difference:
        raise ValueError("No number of ratings tells two equal systems apart; difference must not be 0.")
    normal = NormalDist()
    z = normal.inv_cdf((1 + level) / 2) + normal.inv_cdf(power)
    return math.ceil(2 * (z * spread(shares) / difference) ** 2)


def told_apart(n: int, power: float = 0.80, shares: Sequence[float] = SHARES, level: float = 0.90) -> float:
    """Return the smallest true difference that n pairs a system detect; the inverse of `needed`."""
    normal = NormalDist()
    return (normal.inv_cdf((1 + level) / 2) + normal.inv_cdf(power)) * spread(shares) * math.sqrt(2 / n)


def bootstrapped(n: int, shares: Sequence[float] = SHARES, seed: int = 1) -> float:
    """Return the mean half-width that `figures` gives for n simulated pairs of 300 firms, over 40
    simulations.
    """
    rng = np.random.default_rng(seed)
    widths = []
    for _ in range(_SIMULATED):
        score = rng.choice(3, size=n, p=shares).astype(float)
        draws = Resampled(rng.integers(_FIRMS, size=n), draws=500)
        _, low, high = interval(draws.mean(score, np.ones(n)))
        widths.append(((high or 0) - (low or 0)) / 2)
    return float(np.mean(widths))
