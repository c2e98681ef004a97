"""Text that was decoded once too often is mended; other text is left alone, to the letter."""

import pytest

from earnings_themes.text import repaired


@pytest.mark.parametrize(
    "text", ["Don’t — it’s 5 €", "Jürgens & Søn", "“quoted”…", "Société Générale", "naïve"]
)
def test_utf_8_read_as_windows_1252_and_windows_1252_read_as_latin_1(text: str) -> None:
    assert repaired(text.encode().decode("cp1252", "replace")) == text or "\ufffd" in text.encode().decode(
        "cp1252", "replace"
    )
    assert repaired(text.encode("cp1252").decode("latin-1")) == text


@pytest.mark.parametrize("page", ["mac_roman", "cp850", "cp437", "cp1251", "cp1250", "gbk"])
def test_utf_8_read_by_other_code_pages(page: str) -> None:
    assert repaired("Don’t stop.".encode().decode(page)) == "Don’t stop."


@pytest.mark.parametrize(
    ("found", "written"),
    [
        ("We grew.\\r\\n\\r\\nWe hired.", "We grew.\n\nWe hired."),
        ("We grew.<br/>We hired.", "We grew.\nWe hired."),
        ("<p>We grew.</p><p>We hired.</p>", "\nWe grew.\n\nWe hired.\n"),
        ("We grew._x000D_\nWe hired.", "We grew.\nWe hired."),
        ("We are R&amp;amp;D led, it&#8217;s so.", "We are R&D led, it’s so."),
        ('He said \\"we\\u2019re here\\".', 'He said "we’re here".'),
        ("It doesn?t, and it\ufffds fine. Why? To grow.", "It doesn’t, and it’s fine. Why? To grow."),
        # HTML, subtitles, Markdown; what is said stays, and so does a bold speaker.
        (
            '<p class="x"><span style="a: 12px">We <b>grew</b>.</span></p><!-- ad --><script>f(1)</script>',
            "\nWe grew.\n",
        ),
        ('our <a href="http://x.org/?a=1&b=2" target=_blank>water</a> plant', "our water plant"),
        ("<table><tr><td>Sales</td><td>12</td></tr></table>", "\n\n\tSales\t\t12\t\n\n"),
        ("<v Dana Doyle>We grew.</v>", "We grew."),
        ('<speaker name="Al">We grew.</speaker><speaker name="Bo">Why?</speaker>', "\nWe grew.\n\nWhy?\n"),
        ("**We** grew [water](https://x.org) sales.", "We grew water sales."),
        ("**Dana Doyle:** We grew.", "**Dana Doyle:** We grew."),
        # Invisible letters are a blank between sentences and nothing elsewhere.
        ("It fell.\u200bWe sold\0 the wa\xadter\ufeff.", "It fell. We sold the water."),
        ("eﬃcient ﬁrms ﬂoat", "efficient firms float"),
    ],
)
def test_what_was_escaped_is_written_out(found: str, written: str) -> None:
    assert repaired(found) == written


@pytest.mark.parametrize(
    "text", ["plain", "R&D and AT&T", "a <5% share", "Who? We.", "Umsätze", "São Paulo", "ÂNGELA", "利润率", "Â", "Ã and Â", "a\u0085b",
             "<Q - Dana>",
             "<inaudible>", "a <b or c> d", "5 ** 2 ** 3", "(1) [Our] (plant)"]
)  # fmt: skip
def test_text_that_is_right_stays(text: str) -> None:
    assert repaired(text) == text


def test_mac_s_and_windows_letters_are_told_apart_by_their_apostrophes() -> None:
    said = "We don’t pump, “it” isn’t café."
    assert repaired(said.encode("mac_roman").decode("cp1252")) == said
    assert repaired(said.encode("cp1252").decode("mac_roman")) == said
    for other in ("El país creció aquí, y Denís leíste más.", "São João e Õ."):
        assert repaired(other) == other
