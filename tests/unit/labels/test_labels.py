"""What labels promise, on invented sentences."""

import random

import numpy as np
import pytest
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from earnings_themes.labels import PhraseCounter, ThemeCount, ThemeWords, choose_labels
from earnings_themes.labels.counter import _WINDOW
from earnings_themes.labels.words import listed, phrases_of, word_of, words_and_signs

# Sentences of no theme: what everyone says, so that a theme's own words stand out and words are seen in more than one use.
EVERYWHERE = [
    "Our customers were pleased with the products and the service in the region.",
    "We will hire people for the plant, and the cost of the project is in the plan.",
    "Sales and margins were in line with the plan, and the team did well.",
    "The market for our products grew, and prices were stable for the customers.",
    "We expect that demand will grow, to the benefit of the company and the owners.",
    "The rate of the tax was low, and the estate of the founder was sold to the state.",
]


def counted(themes: list[list[str]], firms: int = 6) -> PhraseCounter:
    """Each firm says every sentence of every theme, and some of what everyone says."""
    counter = PhraseCounter()
    for theme, texts in enumerate(themes):
        for firm in range(firms):
            counter.add(theme, f"{firm:04d}", texts)
    for firm in range(10 * firms):
        counter.add(-1, f"{firm:04d}", EVERYWHERE)
    return counter


def described(counter: PhraseCounter, names: frozenset[str] = frozenset()) -> list[ThemeWords]:
    counts = [counter.themes[theme] for theme in sorted(counter.themes) if theme >= 0]
    return choose_labels(counts, counter, all_near, np.ones((len(counts), 1)), names=names)


def all_near(phrases: list[str]) -> np.ndarray:
    """Phrases that all lie at every centroid."""
    return np.ones((len(phrases), 1))


def keywords(counter: PhraseCounter, names: frozenset[str] = frozenset()) -> set[str]:
    return {phrase for phrase, _ in described(counter, names)[0].keywords}


def labels(*themes: list[str], names: frozenset[str] = frozenset()) -> list[str]:
    return [words.label for words in described(counted(list(themes)), names)]


def terms(text: str) -> list[str]:
    return [word.term for word in words_and_signs(text) if word.term]


@pytest.mark.parametrize("word", ["GLP-1", "covid-19", "401k", "5G", "h100", "R&D", "COVID-19", "b2b"])
def test_words_with_digits_are_words(word):
    assert word_of(word).term == word.lower()


@pytest.mark.parametrize("word", ["37", "10.5", "2023", "20k", "100k", "30th", "Q3", "4Q", "H1", "FY24", "60-70", "100bps", "90s",
                                  "3x", "year-over-year", "10-year", "million", "March", "Tuesday", "quarters"])  # fmt: skip
def test_figures_and_times_are_no_words(word):
    assert word_of(word).term == ""


@pytest.mark.parametrize(
    ("plural", "singular"),
    [("flows", "flow"), ("laws", "law"), ("movies", "movie"), ("viruses", "virus"), ("GLP-1s", "glp-1"), ("APIs", "api"),
     ("women", "woman"), ("leases", "lease"), ("lens", "lens"), ("logistics", "logistics"), ("media", "media"), ("gas", "gas")],
)  # fmt: skip
def test_singular_and_plural_are_one(plural, singular):
    assert word_of(plural).term == word_of(singular).term == singular


def test_adverbs_end_a_phrase_and_supply_is_none():
    assert terms("the supply grew organically in Italy") == ["supply", "italy"]


def test_activities_stay_what_they_are():
    assert terms("leasing, charging and hiring") == ["leasing", "charging", "hiring"]


def test_a_phrase_is_not_joined_over_a_stop_word_or_a_sign():
    said = [
        phrase for phrase, _ in phrases_of(words_and_signs("Cost of capital, supply chains were on the farm"))
    ]
    assert said == ["cost", "cost of capital", "capital", "supply", "supply chain", "chain", "farm"]


@pytest.mark.parametrize(
    "phrase",
    ["real estate", "per diem", "free cash flow", "working capital", "market share", "cost of capital"],
)
def test_a_phrase_takes_the_place_of_its_words(phrase):
    texts = [
        f"The {phrase} is what they asked about.",
        f"We see {phrase} in the plan.",
        f"So {phrase} was fine.",
    ]
    assert labels(texts, ["Our wheat harvest was fine.", "The wheat was sold."])[0] in (
        phrase,
        phrase.removeprefix("per "),
    )


def test_no_half_phrase():
    texts = [
        "The supply chain challenges were there.",
        "Our supply chain is fine.",
        "And supply chain costs were fine.",
    ]
    words = described(counted([texts]))[0]
    halves = {"supply", "chain", "chain challenges", "chain costs"}
    assert words.phrases[0] == "supply chain"
    assert not halves & {*words.phrases, *(phrase for phrase, _ in words.keywords)}


def test_abbreviations_keep_their_dots():
    texts = ["Demand in the U.S. was fine.", "The U.S. and the wheat.", "We sold it in the U.S."]
    assert "U.S." in keywords(counted([texts]))


def test_the_commonest_form_is_shown():
    texts = [
        "Our leases were long.",
        "The leases were fine.",
        "A lease was signed.",
        "The GLP-1 was in the leases.",
    ]
    assert labels(texts) == ["leases; GLP-1"]


def test_titles_are_written_small_and_names_are_not():
    texts = [
        "This is Wind Power for you.",
        "And the wind power was fine in China.",
        "We sold the wind power to China.",
    ]
    assert keywords(counted([texts])) == {"wind power", "China"}


def test_verbs_and_predicates_are_no_labels():
    texts = [
        "We renovated the hotel.",
        "To renovate is what they renovated.",
        "They renovate the hotel.",
        "The hotel is renovated.",
    ]
    assert labels(texts) == ["hotel"]


def test_given_names_are_left_out_unless_they_are_ordinary_words_or_places():
    texts = [
        "Thanks to Kowalska for the tariffs.",
        "And Kowalska said that tariffs on steel in Chile were fine.",
        "The steel in Chile.",
    ]
    shown = keywords(counted([texts]), frozenset({"Kowalska", "Steel", "Chile"}))
    assert shown == {"tariffs", "Chile", "steel"}


def test_a_capital_that_few_firms_say_is_a_name():
    counter = counted([["The turbine was fine.", "A turbine was sold."]], firms=40)
    for firm in range(40, 80):
        counter.add(
            0, f"{firm:04d}", ["The turbine of Zyx was fine."] if firm < 43 else ["The turbine was in China."]
        )
    shown = keywords(counter)
    assert "China" in shown
    assert not any("Zyx" in phrase for phrase in shown)


def test_two_themes_never_share_a_label():
    one = ["The wheat was fine.", "Our wheat and the rain.", "The wheat was sold."]
    found = labels(one, [*one[:2], "The rain was a wheat rain."], one)
    assert len({label for label in found if label}) == len([label for label in found if label])
    assert "wheat" in found
    assert all(part in {"wheat", "rain", "wheat rain", ""} for label in found for part in label.split("; "))


def test_one_word_is_told_by_what_is_said_of_it():
    texts = ["The cost was fine.", "Our labor cost was fine.", "The cost of it.", "And energy cost was fine."]
    assert labels(texts)[0].split("; ")[0] == "cost"
    assert set(labels(texts)[0].split("; ")[1:]) == {"labor cost", "energy cost"}


def test_a_label_tells_how_much_of_its_sentences_it_carries():
    empty = ["It was fine, and so were they."] * 18
    mixture = ["The wind power was fine.", "The clinical trial was fine.", *empty]
    found = described(counted([mixture, ["Our wheat."] * 9]))
    assert set(found[0].phrases) == {"wind power", "clinical trial"}
    assert [words.carried for words in found] == pytest.approx([0.1, 1.0])


@pytest.mark.parametrize(
    "texts",
    [
        ["We're glad, it's fine.", "That's what they had."],
        ["It grew by 5% to 30 million in the quarter."],
        [""],
    ],
)
def test_without_a_subject_nothing_is_invented(texts):
    assert labels(texts) == [""]


def test_a_word_of_everyone_alone_is_no_label():
    assert labels(["The business was fine.", "Our business had growth.", "And growth was fine."]) == [""]


def test_nearness_decides_between_equals():
    texts = ["The wheat and the rain.", "A rain for the wheat."]
    space = {"wheat": [1.0, 0.0], "rain": [0.6, 0.8]}
    near = lambda phrases: np.array([space[p] for p in phrases])  # noqa: E731
    counter = counted([texts])

    def best(*centroid: float) -> str:
        return choose_labels([counter.themes[0]], counter, near, np.array([centroid]))[0].label

    assert best(1.0, 0.0).startswith("wheat")
    assert best(0.06, 0.08).startswith("rain")
    assert best(-1.0, 0.0) == ""


def test_themes_without_sentences_have_no_words():
    counter = counted([["The wheat was fine."]])
    found = choose_labels([ThemeCount()] * 2, counter, all_near, np.ones((2, 1)))
    assert [(words.label, words.keywords) for words in found] == [("", [])] * 2


def test_what_two_themes_say_together_is_counted_together():
    counter = counted(
        [["The wheat was fine.", "The rain was fine."], ["The wheat was sold.", "Our coal was fine."]]
    )
    both = ThemeCount.together([counter.themes[0], counter.themes[1]])
    assert described(counter)[0].phrases[0] in ("wheat", "rain")
    assert choose_labels([both], counter, all_near, np.ones((1, 1)))[0].phrases[0] == "wheat"
    assert counter.themes[0].phrases["wheat"].sentences == 6


def test_the_order_of_themes_changes_nothing_and_firms_must_ascend():
    rows = [
        (t, f"{f:03d}", [f"The {w} was fine in the {v}."])
        for t, w, v in ((0, "wheat", "barn"), (1, "coal", "pit"))
        for f in range(50)
    ]
    first, second = PhraseCounter(), PhraseCounter()
    for row in rows:
        first.add(*row)
    for row in sorted(rows, key=lambda row: (row[1], -row[0])):
        second.add(*row)
    assert described(first) == described(second)
    with pytest.raises(ValueError, match="ascending"):
        first.add(0, "049", ["The wheat."])


def test_memory_is_bounded_and_what_many_say_is_counted():
    counter, draw = PhraseCounter(), random.Random(1)
    for firm in range(40 * _WINDOW):
        rare = " ".join(f"w{draw.randrange(10**6)}x" for _ in range(6))
        counter.add(0, f"{firm:05d}", [rare, "The wheat was fine."] if firm % 5 == 0 else [rare])
    assert len(counter.themes[0].phrases) < 1000  # of 24,000 said
    assert counter.themes[0].phrases["wheat"].firms == 8 * _WINDOW
    assert counter.everywhere(["wheat"])[0] >= 8 * _WINDOW


def test_stop_words_are_scikit_learns() -> None:
    assert listed("stop_words.txt") == ENGLISH_STOP_WORDS
