"""Precision against coverage: what a higher floor on strength keeps, and how sure it is.

Without a calibration the curve shows mean strength; with one, expected precision: the share of pairs of such
sentences that people would call related.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from earnings_themes.quality.settled import has_content

_STEP: Final = 0.025


def curve(
    sentences: pd.DataFrame, floor: float, calibration: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    """Return a point a floor, for sentences of at least that strength.

    Parameters
    ----------
    sentences : the run's, with content, theme_id and strength
    floor : the run's own, where the curve begins, because nothing settles below it
    calibration : {"strength": [...], "precision": [...]} by rising strength, or None

    Returns
    -------
    {floor, n, coverage (of sentences with content), strength (mean), precision (None without calibration)} each
    """
    content = has_content(sentences)
    n_content = int(content.sum())
    kept = sentences.loc[content & sentences["theme_id"].notna(), "strength"]
    strength = np.sort(kept.to_numpy(dtype=np.float64))
    if not len(strength):
        return []
    expected = None
    if calibration:
        expected = np.interp(strength, calibration["strength"], calibration["precision"])
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
