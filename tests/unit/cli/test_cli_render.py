"""Cells, widths and what a terminal or a spreadsheet would make of a text."""

import csv
import io

import pytest

from earnings_themes.cli.render import Column, cut, display_width, fold, plain, table, write_csv


def test_numbers_stand_right_and_texts_left() -> None:
    columns = [Column("name"), Column("n"), Column("share", right=True)]
    lines = list(table(columns, [("a", 1234, "5.0%"), ("bcd", None, "12.5%")], None))
    assert lines == ["name      n  share", "a     1,234   5.0%", "bcd       -  12.5%"]


def test_an_id_of_digits_is_a_text() -> None:
    assert list(table([Column("firm")], [("12",), ("00012",)], None)) == ["firm", "12", "00012"]


def test_the_widest_flexible_column_is_cut_first() -> None:
    columns = [Column("id"), Column("label", flexible=True), Column("keywords", flexible=True)]
    _, line = table(columns, [("sample-001", "supply chain", "x" * 60)], 50)
    assert len(line) == 50
    assert "supply chain" in line
    assert line.endswith("x…")


def test_the_last_column_is_folded_under_itself() -> None:
    lines = "\n".join(
        table([Column("n"), Column("text", wrapped=True)], [(1, "one two three four five")], 16)
    )
    assert lines == "n  text\n1  one two three\n   four five"


def test_a_terminal_too_narrow_for_any_table_still_gets_one() -> None:
    columns = [Column("label", flexible=True)] * 3
    assert len(next(iter(table(columns, [("x" * 30,) * 3], 10)))) > 10


def test_wide_letters_keep_the_columns_aligned() -> None:
    lines = list(table([Column("name"), Column("n")], [("東京", 1), ("abcd", 2), ("e\u0301", 3)], None))
    assert [display_width(line) for line in lines] == [7, 7, 7, 7]


@pytest.mark.parametrize(
    ("text", "width", "shown"), [("abcdef", 4, "abc…"), ("東京都", 5, "東京…"), ("abc", 3, "abc")]
)
def test_cutting_counts_cells_not_letters(text: str, width: int, shown: str) -> None:
    assert cut(text, width) == shown


def test_control_characters_of_a_transcript_do_not_reach_the_terminal() -> None:
    assert plain("a\x1b[2Jb\r\nc\x07\u2028d\x9be") == "a [2Jb c d e"
    _, line = table([Column("text")], [("\x1b]0;owned\x07",)], None)
    assert "\x1b" not in line
    assert "\x07" not in line


def test_folding_keeps_every_word() -> None:
    assert fold("", 10) == [""]
    assert " ".join(fold("a-b c-d " * 10, 12)) == ("a-b c-d " * 10).strip()


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＠x", '=HYPERLINK("http://x","y")'],
)
def test_no_text_starts_a_formula_in_a_spreadsheet(text: str) -> None:
    out = io.StringIO()
    write_csv(["a", "b"], [(text, "safe")], out)
    assert list(csv.reader(io.StringIO(out.getvalue())))[1] == ["'" + text, "safe"]


def test_a_formula_behind_a_semicolon_stays_inside_its_cell() -> None:
    out = io.StringIO()
    write_csv(["a"], [("a;=1+1",)], out)
    assert next(iter(csv.reader(io.StringIO(out.getvalue().splitlines()[1]), delimiter=";"))) == ["a;=1+1"]


def test_numbers_keep_their_sign_and_missing_values_are_empty() -> None:
    out = io.StringIO()
    write_csv(["a", "b", "c"], [(-0.25, None, 3)], out)
    assert out.getvalue() == '"a","b","c"\n-0.25,"",3\n'


def test_a_column_that_gives_way_is_cut_before_every_other_and_then_left_out() -> None:
    columns = [
        Column("label", flexible=True),
        Column("n"),
        Column("keywords", flexible=True, first_to_go=True),
    ]
    row = ("expenses and prices", 7, "expense, price, cost, wage, rate, margin")
    cut, gone = (list(table(columns, [row], width)) for width in (50, 40))
    assert cut[1].startswith("expenses and prices  7  expense, price")
    assert cut[1].endswith("…") and len(cut[1]) <= 50
    assert gone == ["label                n", "expenses and prices  7"]
