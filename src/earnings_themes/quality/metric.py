"""One figure of quality.json."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median as _median


@dataclass(frozen=True, slots=True)
class Metric:
    """A value, the number of things it was computed on, and the reason if it is None."""

    value: float | int | None
    n: int
    of: str
    reason: str | None = None


def missing(of: str, reason: str, n: int = 0) -> Metric:
    """A metric that cannot be computed here, and why."""
    return Metric(None, n, of, reason)


def share(part: int, whole: int, of: str, none: str) -> Metric:
    """Return part / whole; `none` is the reason given for an empty whole."""
    return Metric(part / whole, whole, of) if whole else missing(of, none)


def median(values: Sequence[float | None], of: str, none: str) -> Metric:
    """The median of the values that are numbers; `none` is the reason given when no value is one."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    return Metric(_median(known), len(known), of) if known else missing(of, none)
