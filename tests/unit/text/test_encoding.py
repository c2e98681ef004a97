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


@pytest.mark.parametrize(
    "text", ["plain", "Umsätze", "São Paulo", "ÂNGELA", "利润率", "Â", "Ã and Â", "a\u0085b"]
)
def test_text_that_is_right_stays(text: str) -> None:
    assert repaired(text) == text
