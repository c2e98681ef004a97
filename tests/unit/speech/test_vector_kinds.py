"""Kinds from vectors: what the packaged weights say, in their own space only, and what a theme is when its sentences differ."""

import numpy as np
import pytest

from earnings_themes.embedding.space import load_space
from earnings_themes.speech.kinds import KindModel, commonest, kinds_of, packaged_kinds

REPORTING = [
    "Adjusted EBITDA margin was 18.4%, up 120 basis points.",
    "We expect full year revenue of 2.1 to 2.2 billion and earnings per share of 4.10.",
    "Free cash flow was 310 million and net debt fell to 1.4 times EBITDA.",
    "Our effective tax rate was 23% in the third quarter.",
]
SUBJECT = [
    "Nurses are hard to hire in our rural hospitals.",
    "The new vaccine was approved in Japan.",
    "Port congestion delayed our spring shipments.",
    "Hackers failed to get past the new login protection.",
]


def kinds(texts: list[str], content: float = 1.0, procedural: bool = False, space: str = "") -> list[str]:
    static = load_space().vectors(texts, [str(i) for i in range(len(texts))], [0] * len(texts))
    n = len(texts)
    digest = space or load_space().digest
    return kinds_of(static.rows, np.full(n, content >= 0.5), np.full(n, procedural), digest).tolist()


def test_results_and_guidance_are_reporting_and_what_the_firm_does_is_subject_matter() -> None:
    assert kinds(REPORTING) == ["reporting"] * len(REPORTING)
    assert kinds(SUBJECT) == ["subject"] * len(SUBJECT)


def test_what_says_nothing_is_filler_and_what_was_flagged_stays_procedure() -> None:
    assert kinds(REPORTING, content=0.1) == ["filler"] * len(REPORTING)
    assert kinds(SUBJECT, procedural=True) == ["procedure"] * len(SUBJECT)


def test_vectors_of_another_space_are_not_asked_for_reporting() -> None:
    assert kinds(REPORTING, space="of my own") == ["subject"] * len(REPORTING)


def test_the_packaged_weights_belong_to_the_packaged_space() -> None:
    """Who learns another space fits the kinds anew: python -m evaluation.fit_kinds."""
    assert packaged_kinds().provenance["space"] == load_space().digest


def test_the_product_of_a_vector_and_the_weights_is_exact() -> None:
    """The sum of the largest parts stays whole in float32, so no machine's order of summing decides a kind."""
    model = packaged_kinds()
    for length, weights in model.weights.items():
        rows = np.random.default_rng(0).integers(-60, 61, size=(500, length)).astype(np.int8)
        exact = rows.astype(np.int64) @ weights.astype(np.int64) + model.bias[length] > 0
        assert np.array_equal(model.reporting(rows), exact)
        assert float(np.linalg.norm(weights.astype(np.float64))) * 256 < 2**24


def test_other_weights_are_not_those_that_were_measured() -> None:
    model = packaged_kinds()
    turned = KindModel({length: -row for length, row in model.weights.items()}, model.bias, model.provenance)
    assert model.digest() == model.provenance["sha256"] != turned.digest()


@pytest.mark.parametrize(
    ("of_sentences", "expected"),
    [
        (["reporting", "reporting", "subject"], "reporting"),
        (["reporting", "subject"], "subject"),
        (["filler", "procedure", "filler"], "filler"),
        ([], "subject"),
    ],
)
def test_a_theme_is_what_most_of_its_sentences_are(of_sentences: list[str], expected: str) -> None:
    assert commonest(of_sentences) == expected  # type: ignore[arg-type]
