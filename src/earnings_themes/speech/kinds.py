"""Says of what kind an encoded sentence is: subject matter, reporting, procedure or filler.

After encoding the vector knows more than any word list: one multinomial logistic regression on it, fitted on the
labels of docs/labels. What is left of procedure by then is what `flag_procedural` has missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from earnings_themes.abstractions.records import Kind

KINDS: Final[tuple[Kind, ...]] = ("filler", "procedure", "reporting", "subject")
# Strength of the penalty beside the mean log loss. 3e-5 to 1e-3 give held-out content AUCs within .02 (docs/labels).
_PENALTY = 3e-4
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class KindModel:
    """weights: shape (dimensions, kinds), float32. bias: shape (kinds,). Kinds in the order of `KINDS`."""

    weights: Vectors
    bias: Vectors

    def likelihoods(self, vectors: Vectors) -> Vectors:
        """How likely each kind is: shape (sentences, kinds), rows sum to 1.

        vectors: shape (sentences, dimensions), of length 1.
        """
        scores = vectors @ self.weights + self.bias
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        likely: Vectors = (raised / raised.sum(axis=1, keepdims=True)).astype(np.float32)
        return likely

    def predict(self, vectors: Vectors) -> list[Kind]:
        """The likeliest kind of each sentence."""
        return [KINDS[best] for best in self.likelihoods(vectors).argmax(axis=1)]

    def content(self, vectors: Vectors) -> Vectors:
        """How likely each sentence says something: 1 less filler and procedure, shape (sentences,)."""
        likely = self.likelihoods(vectors)
        return 1 - likely[:, KINDS.index("filler")] - likely[:, KINDS.index("procedure")]


def fit_kinds(
    vectors: Vectors,
    labels: Sequence[Kind],
    sample_weight: Sequence[float] | None = None,
    penalty: float = _PENALTY,
) -> KindModel:
    """Fit the regression by L-BFGS from zero: the same input gives the same weights.

    vectors: shape (sentences, dimensions), of length 1. labels: one a sentence. sample_weight: how much each counts.

    Raises:
        ValueError: lengths differ, or a label is no kind.
    """
    unknown = sorted(set(labels) - set(KINDS))
    if unknown or len(labels) != len(vectors):
        raise ValueError(
            f"found {len(vectors)} vectors, {len(labels)} labels and the unknown kinds {unknown}; "
            f"expected one label of {', '.join(KINDS)} a vector"
        )
    seen = vectors.astype(np.float64)
    truth = np.eye(len(KINDS))[[KINDS.index(label) for label in labels]]
    weight = np.ones(len(labels)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    weight = weight / weight.sum()
    shape = (seen.shape[1] + 1, len(KINDS))

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        parameters = flat.reshape(shape)
        scores = seen @ parameters[:-1] + parameters[-1]
        scores -= scores.max(axis=1, keepdims=True)
        log_likely = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        slope = (np.exp(log_likely) - truth) * weight[:, None]
        value = -float(weight @ (truth * log_likely).sum(axis=1)) + penalty * float(
            (parameters[:-1] ** 2).sum()
        )
        gradient = np.vstack([seen.T @ slope + 2 * penalty * parameters[:-1], slope.sum(axis=0)])
        return value, gradient.ravel()

    found = minimize(
        loss, np.zeros(shape[0] * shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 500}
    ).x
    parameters = found.reshape(shape).astype(np.float32)
    return KindModel(parameters[:-1], parameters[-1])
