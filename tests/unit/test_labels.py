import pytest

from earnings_themes.abstractions.records import Keywords
from earnings_themes.labels import (
    FirmWords,
    NameFinder,
    ThemeWords,
    TopicTermAnalyzer,
    Vocabulary,
    best_example,
    example_candidates,
    label_without_terms,
    pack,
    sentence_terms,
    theme_words,
    topic_words,
    unpack,
    words_of_firm,
)

FREIGHT = [
    "Uh, our supply chain is still short of drivers, and freight rates rose 12% in March.",
    "We moved the supply chain closer to the plants, so freight rates matter less, um, to us.",
    "Supply chains in Mexico held up while drivers were hard to find.",
]
SOLAR = [
    "The solar parks in Spain came online in April, and a wind farm follows.",
    "We build solar parks with batteries, you know, and every wind farm gets one.",
    "Batteries beside solar parks pay for themselves within six years.",
]
TALK = ["I think that's fair, yeah.", "So, you know, it is what it is.", "Um, that's a great question."]


def words_in(keywords: Keywords) -> set[str]:
    return {word for term, _ in keywords for word in term.split()}


def model_words(*topics: list[str]) -> list[Keywords]:
    analyzer = TopicTermAnalyzer(3)
    found = []
    for sentences in topics:
        terms = analyzer(analyzer.SENTENCE_END.join(sentences))
        found.append(tuple((term, float(terms.count(term))) for term in dict.fromkeys(terms)))
    return found


# --- terms -------------------------------------------------------------------------------------------


def test_a_phrase_never_skips_a_word() -> None:
    assert "supply chain" in sentence_terms("Our supply chain is short.")
    for text in ("Supply, uh, chain.", "The supply of the chain.", "Supply. Chain.", "supply- chain"):
        assert "supply chain" not in sentence_terms(text), text


def test_singular_and_plural_are_one_term() -> None:
    assert sentence_terms("Supply chains hold.").keys() == sentence_terms("The supply chain holds.").keys()


@pytest.mark.parametrize(
    "text",
    [
        "Um, uh, you know, I mean, yeah.",
        "In March and on Monday of the fourth quarter of the year.",
        "12 million dollars, 3.5 percent, twenty basis, Q3 2021.",
        "I would expect that to slightly improve going forward.",
        "th- quar- prox-",
    ],
)
def test_hesitation_calendar_numbers_and_speech_about_speech_are_no_terms(text: str) -> None:
    assert sentence_terms(text) == {}


def test_a_verb_is_no_term_where_the_same_noun_is() -> None:
    assert "drill" not in sentence_terms("We drill deeper next year.")
    assert "drill" in sentence_terms("We bought a drill.")
    assert "freight rate" in sentence_terms("Freight rates rose.")
    assert "supply chain" not in sentence_terms("We supply chains to shipyards.")


def test_another_script_has_terms_too() -> None:
    assert "поставки" in sentence_terms("Наши поставки выросли.")


# --- names -------------------------------------------------------------------------------------------


def test_names_are_known_by_their_capitals_inside_sentences() -> None:
    finder = NameFinder().add(
        [
            "Thanks, Marisa, and we sold Toast to the bakers.",
            "Well, Marisa said that Toast grows.",
            "Growth in China was good, and the FDA let AI and ESG through, said Medicare.",
            "Renewables grew, and our Renewables, I mean renewables, grew again as renewables do.",
        ]
    )
    assert {"marisa", "toast"} <= finder.names()
    assert not {"china", "fda", "ai", "esg", "medicare", "renewable", "growth"} & finder.names()


def test_a_word_that_other_firms_write_in_lower_case_is_no_name() -> None:
    words = FirmWords()
    words.add(
        words_of_firm(
            "Ovens Inc", [["We call it the Packaging unit, and Crunchy is our brand, our Crunchy."]]
        )
    )
    for n in range(2):
        words.add(words_of_firm(f"Firm {n}", [["We sell packaging to bakers, and packaging is dear."]]))
    assert "crunchy" in words.names()
    assert "packaging" not in words.names()


# --- a firm's topics ---------------------------------------------------------------------------------


def test_a_topic_is_called_by_a_phrase_of_its_own() -> None:
    topics = [FREIGHT, SOLAR]
    freight, solar = topic_words(topics, model_words(*topics), frozenset(), 10)
    assert freight.label == "supply chain"
    assert solar.label == "solar parks"
    assert not words_in(freight.keywords) & {"uh", "um", "march", "mexico's", "still", "12"}
    terms = [term for term, _ in freight.keywords]
    assert "supply chain" in terms and "supply" not in terms and "chain" not in terms


def test_a_phrase_said_once_is_no_keyword() -> None:
    topics = [FREIGHT, SOLAR]
    freight, _ = topic_words(topics, model_words(*topics), frozenset(), 10)
    assert all(
        sum(set(term.split()) <= set(sentence.lower().replace(",", "").split()) for sentence in FREIGHT) > 1
        for term, _ in freight.keywords
        if " " in term and term != "supply chain"
    )


def test_names_stay_out_of_label_and_keywords() -> None:
    topics = [[*FREIGHT, "Ashquill drivers love Ashquill."], SOLAR]
    found = topic_words(topics, model_words(*topics), {"ashquill", "drivers"}, 10)
    assert not words_in(found[0].keywords) & {"ashquill", "drivers", "driver"}


def test_no_two_topics_have_one_label_and_filler_has_one_too() -> None:
    topics = [FREIGHT, FREIGHT, TALK, TALK]
    labels = [words.label for words in topic_words(topics, model_words(*topics), frozenset(), 10)]
    assert len(set(labels)) == 4
    assert all(labels)


def test_a_models_single_words_are_enough() -> None:
    model: Keywords = (("supply", 3.0), ("chain", 2.9), ("um", 2.0), ("march", 1.0), ("plants", 0.5))
    words = topic_words([FREIGHT, SOLAR], [model, ()], frozenset(), 10)
    assert words[0].label == "supply chain"
    assert "plants" in words_in(words[0].keywords)
    assert not words_in(words[0].keywords) & {"um", "march"}


def test_one_topic_and_none_are_valid() -> None:
    assert topic_words([], [], frozenset(), 10) == []
    assert topic_words([FREIGHT], model_words(FREIGHT), frozenset(), 10)[0].label == "supply chain"


# --- themes ------------------------------------------------------------------------------------------


def words_of_themes(*themes: list[list[str]], max_words: int = 3) -> list[ThemeWords]:
    """The words of themes; a theme is a list of firms, a firm its sentences."""
    words = FirmWords()
    found = [
        [(str(n), words.add(words_of_firm(f"Firm {n}", [sentences]))[0]) for n, sentences in enumerate(firms)]
        for firms in themes
    ]
    return theme_words(found, words.vocabulary, frozenset(), 10, max_words)


def test_a_theme_is_called_by_what_its_firms_share() -> None:
    freight, solar = words_of_themes(
        [FREIGHT, FREIGHT[:2], FREIGHT[1:]],
        [SOLAR, SOLAR[:2], [*SOLAR[1:], "Solar parks and heliostats, heliostats, and heliostats."]],
    )
    assert (freight.label, solar.label) == ("supply chain", "solar parks")
    assert "heliostats" not in words_in(solar.keywords)


def test_a_firm_that_talks_more_has_no_more_votes() -> None:
    loud = ["The freight rates were high."] * 50
    quiet = ["Truck drivers were short, and truck drivers left."] * 2
    theme, _ = words_of_themes([loud, quiet, quiet, [*quiet, loud[0]]], [SOLAR, SOLAR])
    assert theme.label == "truck drivers"


def test_no_two_themes_share_a_label_whatever_is_left() -> None:
    themes = words_of_themes([FREIGHT, FREIGHT], [FREIGHT, FREIGHT], [TALK, TALK], [TALK, TALK])
    labels = [words.label for words in themes]
    assert len(set(labels[:2])) == 2
    assert labels[2:] == ["", ""]
    used = set(labels)
    first = label_without_terms("filler", used)
    second = label_without_terms("filler", used | {first})
    assert (first, second) == ("general remarks", "general remarks 2")


def test_max_words_bounds_a_label() -> None:
    for words in words_of_themes([FREIGHT, FREIGHT], [SOLAR, SOLAR], max_words=1):
        assert len(words.label.split()) == 1


def test_terms_of_one_firm_are_forgotten_when_there_are_too_many_and_shared_ones_stay() -> None:
    vocabulary = Vocabulary(most=4)
    vocabulary.add_firm(["tariffs", "a one", "b one", "c one"])
    vocabulary.add_firm(["tariffs", "d one"])
    tariffs, lost = vocabulary.number("tariffs"), vocabulary.number("d one")
    vocabulary.add_firm(["tariffs", "steel"])
    assert vocabulary.terms()[tariffs] == "tariffs"
    assert vocabulary.terms()[lost] is None
    assert vocabulary.terms()[vocabulary.number("steel")] == "steel"


# --- examples ----------------------------------------------------------------------------------------


def test_an_example_is_readable_says_something_and_is_fluent() -> None:
    sentences = [
        ("1", "Great."),
        ("2", "Operator, next question please, the line is now open for you."),
        ("3", "We, uh, we, um, moved the, the plants closer to, uh, the customers who, um, need them."),
        ("4", "We moved the plants closer to the customers who need them most."),
        ("5", "Freight rates rose again " + "and again " * 40),
    ]
    assert [sentence_id for sentence_id, _ in example_candidates(sentences)] == ["4", "3"]
    assert example_candidates(sentences[:1]) == (("1", "Great."),)


def test_the_example_that_says_the_themes_words_is_chosen() -> None:
    candidates = [
        ("1", "We did well in all of the markets."),
        ("2", "Freight rates rose in all of the markets."),
    ]
    assert best_example(candidates, ["freight rate"]) == (candidates[1], 1)
    assert best_example(candidates, ["tariff"]) == (candidates[0], 0)
    assert unpack(pack(candidates)) == candidates
