"""Agreement between the themes that were found and labels that people planted or gave.

ARI: Hubert and Arabie 1985, "Comparing partitions". AMI: Vinh, Epps and Bailey 2010, "Information theoretic measures
for clusterings comparison". Both are 1 for equal partitions and 0 on average for random ones. Both treat every label as
a cluster, so what was assigned to nothing has to be decided first: each FORM is given, because each alone can be gamed.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from earnings_themes.quality.metric import Metric, missing

Form = Literal["assigned", "all"]
FORMS: tuple[Form, ...] = get_args(Form)


@dataclass(frozen=True, slots=True)
class Match:
    """The theme that fits a label best: F1 = 2 · both / (n_label + n_theme), over the labelled sentences."""

    label: str
    n: int
    theme_id: str | None
    precision: float
    recall: float
    f1: float


def resolve(truth: Sequence[str], found: Sequence[str | None], form: Form) -> tuple[list[int], list[int]]:
    """Return both partitions as integers, with the unassigned (None in found) treated as `form` says.

    assigned: left out, which flatters a method that assigns little. all: each is a cluster of its own, which
    punishes it.
    """
    both = pd.DataFrame({"truth": truth, "found": found}, dtype=object)
    if form == "assigned":
        both = both.dropna(subset="found")
    codes = pd.factorize(both["found"])[0]
    alone = codes < 0
    codes[alone] = codes.max(initial=-1) + 1 + np.flatnonzero(alone)
    return pd.factorize(both["truth"])[0].tolist(), codes.tolist()


def ari(truth: Sequence[str], found: Sequence[str | None], form: Form) -> Metric:
    """Adjusted Rand index: (RI − E[RI]) / (max RI − E[RI]) over pairs of sentences (scikit-learn)."""
    return _score(adjusted_rand_score, truth, found, form)


def ami(truth: Sequence[str], found: Sequence[str | None], form: Form) -> Metric:
    """Adjusted mutual information: (MI − E[MI]) / (mean(H(truth), H(found)) − E[MI]) (scikit-learn)."""
    return _score(adjusted_mutual_info_score, truth, found, form)


def best_matches(truth: Sequence[str], found: Sequence[str | None]) -> list[Match]:
    """Return the best theme of each label, largest labels first."""
    of_label, of_theme = Counter(truth), Counter(theme for theme in found if theme is not None)
    both = Counter((label, theme) for label, theme in zip(truth, found, strict=True) if theme is not None)
    best = {label: Match(label, n, None, 0.0, 0.0, 0.0) for label, n in of_label.items()}
    for (label, theme), n in sorted(both.items()):
        f1 = 2 * n / (of_label[label] + of_theme[theme])
        if f1 > best[label].f1:
            best[label] = Match(label, of_label[label], theme, n / of_theme[theme], n / of_label[label], f1)
    return sorted(best.values(), key=lambda match: (-match.n, match.label))


def _score(
    score: Callable[[list[int], list[int]], float],
    truth: Sequence[str],
    found: Sequence[str | None],
    form: Form,
) -> Metric:
    left, right = resolve(truth, found, form)
    if len(left) < 2:
        return missing("sentences", "fewer than two labelled sentences are left to compare", len(left))
    return Metric(float(score(left, right)), len(left), "sentences")
