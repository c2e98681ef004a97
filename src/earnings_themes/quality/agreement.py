"""Agreement between the themes that were found and labels that people planted or gave.

ARI: Hubert and Arabie 1985, "Comparing partitions". AMI: Vinh, Epps and Bailey 2010, "Information
theoretic measures for clusterings comparison". Both are 1 for equal partitions and 0 on average for
random ones. Both treat every label as a cluster, so what was assigned to nothing has to be decided first:
each of the three FORMS is given, because each alone can be gamed.
"""

from collections.abc import Callable, Sequence
from typing import Literal, get_args

from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from earnings_themes.quality.metric import Metric, missing

Form = Literal["left_out", "singletons", "one_class"]
FORMS: tuple[Form, ...] = get_args(Form)


def resolve(truth: Sequence[str], found: Sequence[str | None], form: Form) -> tuple[list[int], list[int]]:
    """Return both partitions as integers, with the unassigned (None in found) treated as `form` says.

    left_out: they do not count, which flatters a method that assigns little.
    singletons: each is a cluster of its own, which punishes every one of them.
    one_class: all are one cluster, which is what ARI and AMI make of a raw −1.
    """
    pairs = [(a, b) for a, b in zip(truth, found, strict=True) if form != "left_out" or b is not None]
    truth_ids = {label: number for number, label in enumerate(dict.fromkeys(a for a, _ in pairs))}
    found_ids = {
        label: number for number, label in enumerate(dict.fromkeys(b for _, b in pairs if b is not None))
    }
    free = len(found_ids)
    predicted = [
        found_ids[label] if label is not None else free + (place if form == "singletons" else 0)
        for place, (_, label) in enumerate(pairs)
    ]
    return [truth_ids[label] for label, _ in pairs], predicted


def ari(truth: Sequence[str], found: Sequence[str | None], form: Form) -> Metric:
    """Adjusted Rand index: (RI − E[RI]) / (max RI − E[RI]) over pairs of sentences (scikit-learn)."""
    return _score(adjusted_rand_score, truth, found, form)


def ami(truth: Sequence[str], found: Sequence[str | None], form: Form) -> Metric:
    """Adjusted mutual information: (MI − E[MI]) / (mean(H(truth), H(found)) − E[MI]) (scikit-learn)."""
    return _score(adjusted_mutual_info_score, truth, found, form)


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
