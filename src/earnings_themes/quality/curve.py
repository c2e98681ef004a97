"""Precision against coverage: what a higher floor on strength keeps, and how sure it is.

Expected precision is the share of pairs of such sentences, of one theme and two firms, in which readers would see one subject
or one area. It is known for the encoders and themes that were rated, and null for others.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from earnings_themes.embedding.space import load_space
from earnings_themes.quality.settled import has_subject

Curve = tuple[float, float]

# Intercept and slope over strength: 5,892 rated pairs of Rev and MAEC (evaluation/fit_precision.py). Of 1,607 pairs of 305
# other firms with MiniLM it expects .69 and raters saw .72, of 1,672 with the static encoder .71 and .72; earlier raters saw .78
# and .79 of theirs (docs/validation.md, "Precision against coverage").
_RATED: Final = (-4.74, 11.93)
_ENCODERS: Final = ("all-MiniLM-L6-v2", "static")
# Checked there. In finer themes strength rises, and says less.
_GRANULARITY: Final = (0.39, 0.44)
_STEP: Final = 0.025


def rated_curve(made_with: Mapping[str, Any]) -> Curve | None:
    """Return the curve that holds for themes made with these settings (themes.json's metadata); None for no such."""
    lowest, highest = _GRANULARITY
    known = made_with.get("embedding_model") in _ENCODERS and made_with.get("space") == load_space().digest
    return _RATED if known and lowest <= made_with["granularity"] <= highest else None


def precision_of(strength: NDArray[np.float64], rated: Curve) -> NDArray[np.float64]:
    """Return (n,) the expected precision of pairs of these strengths (n,)."""
    intercept, slope = rated
    expected: NDArray[np.float64] = 1 / (1 + np.exp(-(intercept + slope * strength)))
    return expected


def precision_curve(sentences: pd.DataFrame, floor: float, rated: Curve | None) -> list[dict[str, Any]]:
    """Return one point per floor, for sentences of at least that strength.

    sentences: the run's, with content, theme_id and strength. floor: the run's own, where the curve begins, because nothing
    settles below it. rated: what turns strength into expected precision, or None. A point is {floor, n, coverage (of
    sentences with content), strength (mean), precision (None where it is not known)}.
    """
    content = has_subject(sentences)
    n_content = int(content.sum())
    kept = sentences.loc[content & sentences["theme_id"].notna(), "strength"]
    strength = np.sort(kept.to_numpy(dtype=np.float64))
    if not len(strength):
        return []
    expected = precision_of(strength, rated) if rated else None
    points = []
    for at in _floors(floor, float(strength[-1])):
        left = int(np.searchsorted(strength, at - 1e-9))
        if left == len(strength):
            break
        points.append(
            {
                "floor": at,
                "n": len(strength) - left,
                "coverage": (len(strength) - left) / n_content,
                "strength": float(strength[left:].mean()),
                "precision": None if expected is None else float(expected[left:].mean()),
            }
        )
    return points


def _floors(floor: float, most: float) -> list[float]:
    steps = int((most - floor) / _STEP + 1e-9) if most > floor else 0
    # Rounded, so that the same floor is written the same way on every machine.
    return [round(floor + _STEP * step, 6) for step in range(steps + 1)]
