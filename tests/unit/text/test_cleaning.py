"""Cleaning: what the encoder reads, what people read, what counts as content, in any script."""

from __future__ import annotations

import pytest

from earnings_themes.text import clean, dominant_script, has_content


@pytest.mark.parametrize(
    ("said", "model_text"),
    [
        ("We saw, uh, <inaudible> in the region.", "We saw, uh, in the region."),
        ("It was <unk>.", "It was."),
        ("[indiscernible] was the reason.", "was the reason."),
        ("Sorry? (technical difficulty) Go on.", "Sorry? Go on."),
        ("I, <unk>, think so.", "I, think so."),
        ("<crosstalk>", ""),
        ("(multiple speakers) So we grew.", "So we grew."),
        ("[Interpreted] We grew.", "We grew."),
        ("(through interpreter) We grew.", "We grew."),
        ("{inaudible} We grew.", "We grew."),
        ("[Audio Gap] We grew [00:12:34] in May.", "We grew in May."),
        ("(00:12) We grew.", "We grew."),
        ("00:12:34 We grew.", "We grew."),
        ("SPEAKER_00: We grew.", "We grew."),
        ("Speaker 2: We grew.", "We grew."),
        ("<Q - Jane Doe>: We grew?", "We grew?"),
        (">> Jane Doe: We grew.", "We grew."),
        ("**Jane Doe:** We grew.", "We grew."),
        (">> We grew.", "We grew."),
        ("Q: Did you grow?", "Did you grow?"),
        ("• Lower churn", "Lower churn"),
        ("[Our] margin grew [as planned].", "[Our] margin grew [as planned]."),
        ("We grew (in the north) by 5% (FX).", "We grew (in the north) by 5% (FX)."),
        ("- and then we grew.", "and then we grew."),
        ("At 12:30 we met.", "At 12:30 we met."),
        ("Growth [this year] was fine.", "Growth [this year] was fine."),
        ("Margins <5% are rare.", "Margins <5% are rare."),
        ("Leisure grew to over [50%].", "Leisure grew to over [50%]."),
        ("A. Davidson.", "A. Davidson."),
        ("We sold audio (audio products) and so on.", "We sold audio (audio products) and so on."),
        *((f"{mark} We grew.", "We grew.") for mark in (
            "(Laughs.)", "[?]", "[SPEAKER 1]", "【笑】", "⟨inaudible⟩", "*laughs*", "♪ music ♪", "[BLANK_AUDIO]", "{BR}",
            "((inaudible))", "(bad connection)", "[audio distorted 12:30]", "（音声不明瞭）", "[END]", "[12]", "(no audible response)",
            "Analyst:", "MARTA QUILL:", "Marta Quill, Chief Executive Officer:", "(a)", "2.", "S1:", "– ", "Q -", "➢",
        )),
    ],
)  # fmt: skip
def test_the_encoder_sees_the_sentence_without_the_typists_marks(said: str, model_text: str) -> None:
    assert clean(said).model_text == model_text


def test_people_see_the_marks() -> None:
    assert clean("We saw  <inaudible>\n growth.").text == "We saw <inaudible> growth."


def test_equal_sentences_become_equal() -> None:
    assert clean("Café\u00ad growth\ufeff.") == clean("Cafe\u0301 growth.")
    assert clean("a\x00b\u200bc").text == "abc"


def test_the_result_can_always_be_written_as_utf8() -> None:
    clean("broken \ud83d emoji").text.encode("utf-8")


def test_joiners_that_spell_words_stay() -> None:
    assert "\u200c" in clean("می\u200cخواهم").text


@pytest.mark.parametrize(
    "text", ["", "...", "12.5%, 300", "And so it is with us.", "Uh, um, yeah.", "1st and 2nd", "A."]
)
def test_stop_words_points_and_digits_are_no_content(text: str) -> None:
    assert not has_content(text)


@pytest.mark.parametrize(
    "text",
    ["Pricing.", "We like R&D.", "5G is here.", "利润率", "Выручка выросла", "नमस्ते", "مبيعات", "Umsätze"],
)
def test_words_of_any_script_are_content(text: str) -> None:
    assert has_content(text)


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Revenue rose 5%.", "Latin"),
        ("Umsätze", "Latin"),
        ("Выручка Газпром Q1", "Cyrillic"),
        ("我们的收入 AI", "CJK"),
        ("매출이", "CJK"),
        ("مبيعات", "Arabic"),
        ("बिक्री", "Indic"),
        ("12.5%", "Common"),
        ("", "Common"),
        ("…€", "Common"),
    ],
)
def test_the_script_of_most_letters_is_named(text: str, script: str) -> None:
    assert dominant_script(text) == script


@pytest.mark.parametrize("mark", ["[0.00s - 4.20s]", "<<laugh>>", "Guest-1:", "Q."])
def test_marks_of_other_programs_are_the_typist_s(mark: str) -> None:
    assert clean(f"{mark} We grew.").model_text == "We grew."
