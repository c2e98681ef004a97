"""Firms whose calls are not English are noticed; a few words are not judged."""

import pytest

from earnings_themes.text import is_english
from tests.conftest import SUBJECTS


def test_english_is_english_however_it_is_written() -> None:
    text = [" ".join(f"And so it is that {sentence}" for sentence in SUBJECTS["freight"])]
    for form in (str.lower, str.upper, str.title):
        assert is_english([*map(form, text)])
    assert is_english(["Danke."])


@pytest.mark.parametrize(
    "sentence",
    [
        "Die Brunnen hinter dem Werk fielen um elf Meter, und der Landkreis bat uns, nicht zu pumpen.",
        "Los pozos detrás de la planta bajaron once metros y el condado nos pidió no bombear los domingos.",
        "工場裏の井戸は十一フィート下がり、郡から週末の揚水を止めるよう求められました。",
        "Скважины за заводом опустились на одиннадцать метров, и округ попросил нас не качать.",
    ],
)
def test_another_language_is_not(sentence: str) -> None:
    assert not is_english([sentence] * 20)
    # A call of which a part is in another language.
    english = [f"And so it is that {text}" for text in SUBJECTS["freight"]]
    assert not is_english([*english, *[sentence] * 4])
