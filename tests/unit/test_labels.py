"""What labels promise, on invented sentences."""

import random

import numpy as np
import pytest

from earnings_themes.labels import PhraseCounter, ThemeWords, describe
from earnings_themes.labels.phrases import phrases

N_FIRMS = 8
WHEAT = ("Our wheat harvest was fine.", "They sold the wheat harvest to a mill.")
COAL = ("Our coal pit was flooded.", "They closed the coal pit.")


def named(
    *themes: tuple[str, ...], names: frozenset[str] = frozenset(), firms: list[str] | None = None
) -> list[ThemeWords]:
    """Each firm says every sentence of every theme."""
    counter = PhraseCounter()
    for firm in firms or [str(number) for number in range(N_FIRMS)]:
        for theme, texts in enumerate(themes):
            counter.add(theme, firm, texts)
    return describe(counter, None, np.eye(len(themes)), 3, 10, names, len(themes))


def shown(words: ThemeWords) -> set[str]:
    return {phrase for phrase, _ in words.keywords}


@pytest.mark.parametrize("phrase", ["real estate", "per diem", "free cash flow"])
def test_a_whole_phrase_takes_the_place_of_its_words(phrase: str) -> None:
    theme = (f"We have the {phrase} here.", f"They asked how {phrase} could do that.")
    words, _ = named(theme, WHEAT)
    assert words.label == phrase
    assert not shown(words) & set(phrase.split())


@pytest.mark.parametrize("word", ["GLP-1", "COVID-19", "401k"])
def test_a_word_with_digits_can_be_a_label(word: str) -> None:
    words, _ = named((f"We have {word} here.", f"They asked about {word}."), WHEAT)
    assert words.label == word.lower()


def test_a_bare_number_is_no_phrase() -> None:
    assert [key for key, _ in phrases("We sold 12 in 2024.")] == ["sell"]


@pytest.mark.parametrize(
    ("plural", "singular"),
    [("free cash flows", "free cash flow"), ("companies", "company"), ("tariffs", "tariff")],
)
def test_singular_and_plural_are_one(plural: str, singular: str) -> None:
    assert [key for key, _ in phrases(plural)] == [key for key, _ in phrases(singular)]


def test_only_of_and_and_join_the_words_of_a_phrase() -> None:
    said = [phrase for _, phrase in phrases("Cost of capital; oil and gas; wheat for the barn.")]
    assert said == ["cost", "cost of capital", "capital", "oil", "oil and gas", "gas", "wheat", "barn"]


def test_the_form_that_was_said_most_is_shown() -> None:
    words, _ = named(("Our tariffs were here.", "They asked about tariffs.", "A tariff was there."), WHEAT)
    assert words.label == "tariffs"
    assert "tariff" not in shown(words)


def test_names_of_firms_and_people_are_in_no_label_and_no_keyword() -> None:
    theme = (
        "Quillmark's tariffs were paid by Kowalska.",
        "Tariffs of Quillmark were paid, said Kowalska.",
        "Kowalska’s tariffs were there.",
        "Vale tariffs were paid.",
    )
    words, _ = named(theme, WHEAT, names=frozenset({"Quillmark Inc.", "Marta Kowalska", "Oren Vale"}))
    assert words.label == "tariffs"
    assert not any(
        name in phrase for phrase in shown(words) for name in ("quillmark", "kowalska", "vale", "oren")
    )


def test_a_word_of_a_name_that_is_written_small_is_a_word() -> None:
    theme = ("Our steel was here.", "They asked about steel.")
    assert named(theme, WHEAT, names=frozenset({"Seahaven Steel Inc."}))[0].label == "steel"


def test_a_capital_that_few_firms_say_is_a_name_in_however_many_themes_they_say_it() -> None:
    counter = PhraseCounter()
    for number in range(N_FIRMS):
        for theme, texts in enumerate((WHEAT, COAL, ("Our tariffs were here.",), ("A drug was there.",))):
            said = (*texts, "They have that of Zyxoria here.") if number < 2 else texts
            counter.add(theme, str(number), said)
    found = describe(counter, None, np.eye(4), 3, 10, frozenset(), 4)
    assert not any("zyxoria" in phrase for words in found for phrase in shown(words))


def test_two_themes_never_share_a_label() -> None:
    found = [words.label for words in named(WHEAT, WHEAT, WHEAT, COAL)]
    told = [label for label in found if label]
    assert len(set(told)) == len(told)
    assert found[3] == "coal pit"
    assert found[0] == "wheat harvest"


def test_a_theme_without_a_common_phrase_gets_an_empty_label() -> None:
    counter = PhraseCounter()
    alone = ["barn", "turbine", "lens", "drug", "hotel", "ship", "loan", "cable"]
    for number, word in enumerate(alone):
        counter.add(0, str(number), [f"We have the {word} here."])
        counter.add(1, str(number), WHEAT)
    found = describe(counter, None, np.eye(2), 3, 10, frozenset(), 2)
    assert [words.label for words in found] == ["", "wheat harvest"]
    assert named(("We have it here.",), WHEAT)[0] == ThemeWords("", ())


def test_the_order_of_firms_changes_nothing() -> None:
    themes = (WHEAT, COAL, ("Our real estate loans were here.", "A real estate tax, a real estate loan."))
    firms = [str(number) for number in range(N_FIRMS)]
    shuffled = random.Random(1).sample(firms, len(firms))
    assert named(*themes, firms=firms) == named(*themes, firms=shuffled)


def test_the_order_of_firms_that_say_different_things_changes_nothing() -> None:
    said = {
        str(number): [f"Our {first} tariff was here.", f"They sold the tariff {last} there."]
        for number, (first, last) in enumerate(
            [("steel", "loan"), ("drug", "tax"), ("steel", "tax"), ("drug", "loan")] * 3
        )
    }

    def found(firms: list[str]) -> list[ThemeWords]:
        counter = PhraseCounter()
        for firm in firms:
            counter.add(0, firm, said[firm])
            counter.add(1, firm, WHEAT)
        return describe(counter, None, np.eye(2), 3, 10, frozenset(), 2)

    assert found(list(said)) == found(list(reversed(said)))


def test_nearness_decides_between_phrases_that_are_said_alike() -> None:
    space = {"wheat": (1.0, 0.0), "rain": (0.6, 0.8)}

    def nearness(texts: list[str]) -> np.ndarray:
        return np.array([space.get(text, (0.0, 0.0)) for text in texts])

    def label(*centroid: float) -> str:
        counter = PhraseCounter()
        for number in range(N_FIRMS):
            counter.add(0, str(number), ["Our wheat was there.", "The rain was here."])
            counter.add(1, str(number), COAL)
        return describe(counter, nearness, np.array([centroid, (0.0, -1.0)]), 3, 10, frozenset(), 2)[0].label

    assert label(1.0, 0.0) == "wheat"
    assert label(0.0, 1.0) == "rain"
