"""Filler, reporting and names: what decides a theme's kind and keeps names out of its keywords."""

from __future__ import annotations

import pytest

from earnings_themes.speech import introduced_names, is_filler, is_reporting, reporting_score, sentence_kind


@pytest.mark.parametrize(
    "sentence",
    [
        "I think that's right.",
        "Yeah, so, look, as I said.",
        "Uh, you know, it is what it is.",
        "…",
        "Okay.",
        "We think about it a lot, and I would say we're comfortable with where we are.",
    ],
)
def test_speech_without_content_is_filler(sentence: str) -> None:
    assert is_filler(sentence)


@pytest.mark.parametrize(
    "sentence", ["Brazil.", "It was pricing.", "Yes, 12%.", "Two plants, I think.", "我们的收入"]
)
def test_a_short_answer_is_not_filler(sentence: str) -> None:
    assert not is_filler(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Revenue was $1.2 billion, up 12% year over year.",
        "Adjusted EBITDA margin expanded 90 basis points.",
        "We reiterate our full-year guidance for organic growth and EPS.",
    ],
)
def test_results_language_is_reporting(sentence: str) -> None:
    assert is_reporting(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Our new vaccine cut hospital stays in the trial.",
        "Chip shortages delayed the truck plant.",
        "Okay.",
        "",
    ],
)
def test_subject_matter_is_not_reporting(sentence: str) -> None:
    assert not is_reporting(sentence)
    assert 0 <= reporting_score(sentence) <= 1


def test_kinds_are_asked_in_order() -> None:
    assert sentence_kind("Revenue rose 5%.", procedural=True) == "procedure"
    assert sentence_kind("Okay.", procedural=False) == "filler"
    assert sentence_kind("Revenue rose 5%.", procedural=False) == "reporting"
    assert sentence_kind("Chip shortages delayed the truck plant.", procedural=False) == "subject"


def test_names_come_from_introductions_and_from_the_transcript() -> None:
    call = [
        "Our next question comes from the line of Jane Okafor with Acme Bank.",
        "Thank you, Dana.",
        "Good morning, Steve.",
        "We think the mark will fall, thank you, Mark.",
    ]
    call += [
        "Sales moved over to South America.",
        "Thanks, HMO volumes rose.",
        "I will turn it over to Nadia.",
    ]
    names = introduced_names(call, ["Luis Ortega", "Speaker 3", None])
    assert {"jane", "okafor", "dana", "steve", "luis", "ortega", "nadia"} <= names
    assert "mark" not in names, "the call also uses it as a word"
    assert not names & {"speaker", "bank", "thank", "with", "south", "america", "hmo"}
