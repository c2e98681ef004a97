"""Procedure: found in every part of a call, never at the cost of a short answer with content."""

from __future__ import annotations

import pytest

from earnings_themes.speech import flag_procedural, is_procedural

PROCEDURE = [
    "Our next question comes from the line of Jane Doe with Acme Securities.",
    "And next we have Victor Hale with Osprey Research.",
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
    "A reconciliation of these measures to GAAP can be found in our press release.",
    "This concludes today's conference call, and you may now disconnect.",
    "We look forward to speaking with you next quarter.",
    "Have a great day.",
    "Let's turn to slide seven.",
    "Switching topics for a second.",
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
    "The assembly line is open again.",
    "We opened a new line in Ohio.",
    "We turned the stores over to a franchisee.",
    "Customers call our support line less often.",
    "We decided to go ahead with the second plant.",
    "Growth came thanks to our new stores.",
    "The recording business had its best year.",
    "Revenue is recorded when the goods are shipped.",
    "Traffic on our website doubled.",
    "We have no intention to start a dividend.",
    "Good morning shows on television draw fewer viewers.",
    "We look forward to launching the vaccine in Japan.",
    "This morning we shipped the first truck.",
    "Can you walk us through the plans for the new smelter?",
]


@pytest.mark.parametrize("sentence", PROCEDURE)
def test_procedure_is_found_whoever_is_said_to_speak(sentence: str) -> None:
    assert is_procedural(sentence)
    assert is_procedural(sentence, "Executives")
    assert is_procedural(sentence, "Operator")


@pytest.mark.parametrize("sentence", CONTENT)
def test_content_is_kept(sentence: str) -> None:
    assert not is_procedural(sentence, "Executives", "Answer")


def test_an_answer_that_stands_under_operator_is_kept() -> None:
    """Speaker types are guessed: one mislabelled speaker must not delete a firm's whole answer."""
    answer = "Steel prices in Europe rose because the mills supply car makers first."
    assert flag_procedural([answer] * 3, ["Operator"] * 3, [None] * 3) == [False] * 3


def test_curly_apostrophes_and_marks_do_not_hide_a_phrase() -> None:
    assert is_procedural("That’s all from me.")
    assert is_procedural("Thank you, <unk>.")


def test_an_operators_fragment_follows_its_neighbours() -> None:
    call = ["Your next question comes from the line of Kim.", "Kim, Acme Bank.", "Brazil."]
    assert flag_procedural(call, ["Operator", "Operator", "Executives"], [None] * 3) == [True, True, False]


def test_the_middle_of_a_safe_harbour_text_belongs_to_it() -> None:
    call = [
        "These forward-looking statements involve risks and uncertainties.",
        "Changes in exchange rates and competing products of others.",
        "Please read the risk factors in our filings with the SEC.",
        "Changes in exchange rates hurt the plant in Poland.",
    ]
    assert flag_procedural(call, ["Executives"] * 4, [None] * 4) == [True, True, True, False]


def test_a_call_without_sentences_is_no_error() -> None:
    assert flag_procedural([], [], []) == []


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        flag_procedural(["Hello."], [], [])
