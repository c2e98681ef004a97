"""Kinds from vectors: the same input gives the same answer, and what is no kind is refused."""

from __future__ import annotations

import numpy as np
import pytest

from earnings_themes.speech.kinds import KINDS, fit_kinds


def directions(per_kind: int = 30) -> tuple[np.ndarray, list[str]]:
    """Vectors of length 1 around one direction a kind."""
    drawn = np.random.default_rng(0).normal(size=(per_kind * len(KINDS), 16)) * 0.1
    labels = [kind for kind in KINDS for _ in range(per_kind)]
    for i in range(len(labels)):
        drawn[i, i // per_kind] += 1
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32), labels


def test_kinds_that_lie_apart_are_told_apart_and_content_is_the_rest() -> None:
    vectors, labels = directions()
    model = fit_kinds(vectors, labels)
    assert model.predict(vectors) == labels
    np.testing.assert_allclose(model.likelihoods(vectors).sum(axis=1), 1, atol=1e-6)
    says_something = np.isin(labels, ["subject", "reporting"])
    assert model.content(vectors)[says_something].min() > model.content(vectors)[~says_something].max()


def test_the_same_labels_give_the_same_weights() -> None:
    vectors, labels = directions()
    assert np.array_equal(fit_kinds(vectors, labels).weights, fit_kinds(vectors, labels).weights)


def test_a_label_that_is_no_kind_is_refused() -> None:
    vectors, labels = directions()
    with pytest.raises(ValueError, match="unknown kinds"):
        fit_kinds(vectors, ["chat", *labels[1:]])
