"""How far groups of vectors stand apart in the raw embedding space."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import silhouette_score

from earnings_themes.quality.metric import Metric, missing

# The silhouette needs all distances between n vectors: 3,000 take 0.5 s and 70 MB, 30,000 a hundred times both.
SAMPLE = 3_000


def silhouette(
    vectors: NDArray[np.float32],
    groups: Sequence[str | None],
    of: str,
    unassigned_alone: bool,
    seed: int = 42,
) -> Metric:
    """Mean silhouette, (b − a) / max(a, b) of cosine distances: a to the own group, b to the nearest other.

    Rousseeuw 1987, "Silhouettes: a graphical aid" (scikit-learn). −1 to 1. vectors: (n, dim), one a group
    entry; above SAMPLE vectors a sample with a fixed seed is used. None is unassigned: left out, or, with
    unassigned_alone, each a group of its own, which scores 0.
    """
    places = [place for place, group in enumerate(groups) if group is not None or unassigned_alone]
    if len(places) > SAMPLE:
        chosen = np.random.default_rng(seed).choice(len(places), SAMPLE, replace=False)
        places = [places[number] for number in sorted(chosen.tolist())]
    # Integers for scikit-learn; the unassigned get numbers that nothing else has.
    names = {group: number for number, group in enumerate(dict.fromkeys(groups[place] for place in places))}
    numbers = [
        names[group] if (group := groups[place]) is not None else len(names) + place for place in places
    ]
    n_groups = len(set(numbers))
    if n_groups < 2 or n_groups >= len(numbers):
        return missing(
            of, f"needs two groups and one with two members; there are {n_groups} of {len(numbers)}"
        )
    return Metric(float(silhouette_score(vectors[places], numbers, metric="cosine")), len(places), of)
