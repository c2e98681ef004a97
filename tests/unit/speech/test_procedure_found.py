"""Procedure: found in every part of a call, never at the cost of a short answer with content."""

from __future__ import annotations

import csv
from collections import Counter
from itertools import groupby
from pathlib import Path

import pytest

from earnings_themes.speech import flag_procedural
from earnings_themes.speech.features import place_features
from earnings_themes.speech.procedure import packaged_model

ROOT = Path(__file__).parents[3]
PROCEDURE = [
    "Our next question comes from the line of Jane Doe with Acme Securities.",
    "Press star one on your telephone keypad to ask a question.",
    "Your line is now open.",
    "Good morning, everyone, and thank you for joining us today.",
    "Thank you, Dana.",
    "Thanks, that's very helpful.",
    "Um, th- thank you, uh, thank you so much.",
    "Good morning.",
    "Congratulations on the quarter.",
    "Can you hear me?",
    "I have two questions, if I may.",
    "That's, that's all from me.",
    "With that, I'll turn the call over to Ana for the financial review.",
    "Joining me today are Ana Ruiz, our chief executive officer, and Tom Hale, our chief financial officer.",
    "Before we begin, I'd like to remind you that today's remarks contain forward-looking statements.",
    "Actual results may differ materially from those expressed today.",
    "A replay of this webcast will be available on our website.",
    "WE UNDERTAKE NO OBLIGATION TO UPDATE ANY FORWARD-LOOKING STATEMENT.",
    "A reconciliation of these measures to GAAP can be found in our press release.",
    "This concludes today's conference call, and you may now disconnect.",
    "We look forward to speaking with you next quarter.",
    "Have a great day.",
    "Let's turn to slide seven.",
    "Sure, Tomasz, let me take that one.",
    "My name is Victor, and I will be your operator for today.",
    "I'm Ana Ruiz, head of investor relations.",
]
CONTENT = [
    "Brazil.",
    "It was mostly pricing.",
    "Yes, in Texas.",
    "Thank you, and on pricing, we raised list prices twice in the spring.",
    "My second question is on pricing.",
    "I have a question on Germany.",
    "And the third question involves the Ukrainian operations.",
    "On slide twelve you see the ramp of the new refinery.",
    "We opened a new line in Ohio.",
    "We turned the stores over to a franchisee.",
    "Customers call our support line less often.",
    "We decided to go ahead with the second plant.",
    "Growth came thanks to our new stores.",
    "The recording business had its best year.",
    "Revenue is recorded when the goods are shipped.",
    "We have no intention to start a dividend.",
    "We look forward to launching the vaccine in Japan.",
    "This morning we shipped the first truck.",
    "Can you walk us through the plans for the new smelter?",
]


def is_procedural(sentence: str) -> bool:
    return packaged_model().first([sentence], place_features([sentence], [None], [None]))[0] > 0


@pytest.mark.parametrize("sentence", PROCEDURE)
def test_procedure_is_found_without_anything_around_it(sentence: str) -> None:
    assert is_procedural(sentence)


@pytest.mark.parametrize("sentence", CONTENT)
def test_content_is_kept(sentence: str) -> None:
    assert not is_procedural(sentence)


def test_procedure_of_calls_that_the_model_never_saw_is_found() -> None:
    """The sample's calls are invented and teach nothing, so they show what a user's first run will flag."""
    counts: Counter[tuple[bool, bool]] = Counter()
    with (ROOT / "data/sample_labels.csv").open(encoding="utf-8", newline="") as file:
        for _, rows in groupby(csv.DictReader(file), key=lambda row: row["transcript_id"]):
            call = list(rows)
            flags = flag_procedural([row["text"] for row in call], [None] * len(call), [None] * len(call))
            counts.update((row["kind"] == "procedure", flag) for row, flag in zip(call, flags, strict=True))
    assert counts[True, True] / (counts[True, True] + counts[False, True]) > 0.95
    assert counts[True, True] / (counts[True, True] + counts[True, False]) > 0.95


def test_an_answer_that_stands_under_operator_is_kept() -> None:
    """Speaker types are guessed: one mislabelled speaker must not delete a firm's whole answer."""
    answer = "Steel prices in Europe rose because the mills supply car makers first."
    call = ["We opened the plant in May."] * 20 + [answer] * 3 + ["Demand from car makers was strong."] * 20
    flags = flag_procedural(call, ["Executives"] * 20 + ["Operator"] * 3 + ["Executives"] * 20, [None] * 43)
    assert not any(flags[20:23])


def test_hesitations_names_and_curly_apostrophes_do_not_hide_a_phrase() -> None:
    assert is_procedural("That’s all from me.")
    assert is_procedural("Um, the next, uh, question comes from, uh, Zbigniew Xu of Qwert Zuiop.")


def test_a_name_alone_follows_its_neighbours() -> None:
    queue = ["Your next question comes from the line of Kim.", "Kim, Acme Bank.", "Please go ahead."]
    answer = ["Chip prices fell in Asia.", "Kim, Acme Bank.", "The plant in Ohio runs at capacity."]
    around = ["We opened the plant in May."] * 20
    assert flag_procedural(around + queue + around, [None] * 43, [None] * 43)[21]
    assert not any(flag_procedural(around + answer[::2] + around, [None] * 42, [None] * 42)[20:22])


def test_the_packaged_weights_are_those_that_were_measured() -> None:
    """The digest stands in docs/labels beside the figures; other weights need other figures."""
    model = packaged_model()
    assert model.digest() == model.provenance["sha256"]
    assert model.digest()[:16] in (ROOT / "docs/labels/README.md").read_text(encoding="utf-8")


def test_a_call_without_sentences_is_no_error() -> None:
    assert flag_procedural([], [], []) == []
    assert flag_procedural(["", "…"], [None, None], [None, None]) == [False, False]
