"""Lines that nobody said reach no sentence that is modelled, and interrupt none; what was said stays whole."""

import pytest

from earnings_themes.text import repeated_lines, split_sentences, without_pages, without_unsaid

FOOTER = (
    "\n\n{n} Copyright © 2024 Quillmark Data, LLC\n1-800-555-0199 www.quillmark.example"
    "\n\nBexley Rill (BRW)\nQ1 2024 Earnings Call\n\n"
)


def test_a_page_s_footer_interrupts_no_sentence() -> None:
    turns = [
        f"We opened {word} plants between the coast and the"
        + FOOTER.format(n=n)
        + f"Carolinas. Margins grew {word} times."
        for n, word in enumerate(("seven", "eight", "nine", "ten"))
    ]
    repeated = repeated_lines(turns)
    said, unsaid = without_unsaid(turns[2], repeated)
    assert split_sentences(said) == [
        "We opened nine plants between the coast and the\nCarolinas.",
        "Margins grew nine times.",
    ]
    assert unsaid == [
        "2 Copyright © 2024 Quillmark Data, LLC", "1-800-555-0199 www.quillmark.example", "Bexley Rill (BRW)",
        "Q1 2024 Earnings Call",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        "Marta Quill -- Chief Executive Officer",
        "Marta Quill, Chief Executive Officer",
        "Marta Quill (CEO)",
        "Marta Quill | Chief Executive Officer",
        "MARTA QUILL - CHIEF EXECUTIVE OFFICER",
        "Marta Quill {BIO 123456 <GO>}",
        "CORPORATE PARTICIPANTS",
        "QUESTION AND ANSWER",
        "Table of Contents",
        "Q1 2024 Quillmark Foods Earnings Call Transcript",
        "Tuesday, May 7, 2024 9:00 AM ET",
        "FINAL TRANSCRIPT",
        "3",
        "[3]",
        "12:34",
        "* * *",
        "1-877-QUILLMARK",
        "Revenue 12.3 14.5 16.1",
        "Oren Vale - Acme Securities - Analyst",
        "Prepared Remarks:",
        "Operator",
        "Operator [1]",
        "Oren Vale - Acme Securities",
        "Bea Lo -- Bank of Quill & Co.",
        "Analyst, Acme Securities LLC Q",
        "Marta Quill 1:15",
        "Marta Quill (00:12):",
        "Unknown Speaker | 1:02:15",
        "Quillmark, Inc. (NYSE:QMK) Q1 2024 Earnings Conference Call May 7, 2024 5:00 PM ET",
        "Questions & Answers:",
        "Call Participants",
        "Duration: 62 minutes",
        "Page 3 of 12",
        "- 4 -",
        "www.quillmark.example",
        "ir@quillmark.example",
        "© 2024 Quillmark. All rights reserved.",
        "00:00:01,000 --> 00:00:04,500",
        "Revenue\t1,204\t1,100\t9%",
        "Gross margin | 41.2% | 39.0% | 2.2",
        "Net income      (12.4)     8.1     n/a",
    ],
)
def test_a_line_of_a_page_is_not_speech(line: str) -> None:
    said, unsaid = without_unsaid(f"We grew in the north.\n{line}\nMargins fell.")
    assert unsaid == [" ".join(line.split())]
    assert split_sentences(said) == ["We grew in the north.", "Margins fell."]


@pytest.mark.parametrize(
    "turn",
    [
        "Thank you.",
        "We grew 5% -- more than we thought.",
        "Marta Quill -- she is our new chief of sales -- joined us in May.",
        "We sold 12, 14 and\n16 plants in the three years.",
        "Our presentation is on the web.\nPlease see www.quillmark.example for it.",
        "We Grew In Asia - Margins Rose.\nThank You.",
        "At 9:30\nMarta Quill will speak.",
        "Growth was 4%\nin the north,  9%  in the south and  3%  elsewhere.",
    ],
)
def test_what_was_said_stays(turn: str) -> None:
    assert without_unsaid(turn) == (turn, [])


def test_subtitles_are_one_speech() -> None:
    said, lines = without_unsaid(
        "WEBVTT\n\n00:01.000 --> 00:02.000\nWe signed a\n\n00:02.000 --> 00:03.000\ncontract.\n"
    )
    assert " ".join(said.split()) == "We signed a contract."
    assert len(lines) == 3


def test_a_short_answer_that_is_given_often_is_no_footer() -> None:
    assert repeated_lines(["Thank you.", "Yes."] * 9) == frozenset()


def test_a_footer_that_lost_its_line_breaks_interrupts_no_sentence() -> None:
    foot = " © 2024 Quillmark Data, LLC www.quillmark.example {n} "
    said = [
        ("We opened seven plants", "in the Carolinas. Margins grew."),
        ("Nurses left, so wages", "had to rise. That was dear."),
        ("The dam held. Rain", "filled it once more."),
        ("Freight by air costs twice", "what a ship does, as ever."),
    ]
    turns = [f"{before}{foot.format(n=n)}{after}" for n, (before, after) in enumerate(said)]
    for (before, after), (left, pages) in zip(said, without_pages(turns), strict=True):
        assert left == f"{before} {after}"
        assert len(pages) == 1 and "Quillmark Data" in pages[0]


def test_speech_that_comes_back_is_no_footer() -> None:
    turns = ["Thank you for taking my question. On page 12 of 30 we show that."] * 3
    assert without_pages(turns) == [(turn, []) for turn in turns]


@pytest.mark.parametrize(
    "line", ["Thank you.", "Operator error cost us a week.", "That is 3 of 12.", "Copy that.", "12 plants."]
)
def test_what_is_said_is_no_page_s_line(line: str) -> None:
    assert without_unsaid(f"We grew.\n{line}\nMargins fell.")[1] == []


def test_subtitles_that_name_the_speaker_again_break_no_sentence() -> None:
    said, lines = without_unsaid(
        "1\n00:01.000 --> 00:02.000\nMarta Quill: Good morning, and as of today we signed a\n\n"
        "2\n00:02.000 --> 00:03.000\nMarta Quill: contract.\n\n3\n00:03.000 --> 00:04.000\nOren Vale: Why?\n"
    )
    assert split_sentences(said) == [
        "Marta Quill: Good morning, and as of today we signed a\ncontract.", "Oren Vale: Why?",
    ]  # fmt: skip
    assert len(lines) == 6
