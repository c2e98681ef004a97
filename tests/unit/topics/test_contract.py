"""What every built-in topic model promises, on what real firms give it: little text, odd text, damaged vectors."""

import numpy as np
import pytest
from numpy.typing import NDArray

from earnings_themes.abstractions import TopicModelInterface, TopicModelResult
from earnings_themes.errors import ModelError
from earnings_themes.implementations import MODELS, model_class
from tests.conftest import SUBJECTS, made_vector

KINDS = {name: (name, {}) for name in MODELS}
NEEDS_VECTORS = [name for name in KINDS if name != "lda"]

SENTENCES = sorted(text for said in SUBJECTS.values() for text in said)
CYRILLIC = [
    f"{subject} {verb} {when}."
    for subject in ("Добыча нефти", "Цена на газ", "Прибыль банка", "Выручка завода")
    for verb in ("выросла", "снизилась")
    for when in ("в первом квартале", "во втором квартале", "в прошлом году")
]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """A built-in model's name."""
    return str(request.param)


def make(kind: str, seed: int = 42) -> TopicModelInterface:
    name, params = KINDS[kind]
    return model_class(name)(seed=seed, **params)


def vectors(texts: list[str]) -> NDArray[np.float32]:
    return np.stack([made_vector(text) for text in texts])


def fit(kind: str, texts: list[str], seed: int = 42) -> TopicModelResult:
    """Fit and check what holds for every result, whatever the texts."""
    model = make(kind, seed)
    assert model.get_topics() == []
    given = vectors(texts)
    result = model.fit(list(texts), given)
    n = len(texts)
    assert result.assignments.shape == (n,) and result.assignments.dtype == np.int64
    assert result.probabilities.shape == (n,) and result.probabilities.dtype == np.float32
    assert ((result.probabilities >= 0) & (result.probabilities <= 1)).all()
    assert (result.probabilities[result.assignments == -1] == 0).all()
    assert [topic.topic_id for topic in result.topics] == list(range(len(result.topics)))
    assert set(result.assignments.tolist()) - {-1} == set(range(len(result.topics)))
    for topic in result.topics:
        assert topic.size == (result.assignments == topic.topic_id).sum()
        weights = [weight for _, weight in topic.keywords]
        assert weights == sorted(weights, reverse=True) and all(word for word, _ in topic.keywords)
    assert model.get_topics() == list(result.topics)
    assert model.get_embeddings().shape == given.shape and model.get_embeddings().dtype == np.float32
    return result


def groups(result: TopicModelResult, texts: list[str]) -> set[frozenset[str]]:
    """The topics as sets of texts, which neither numbers nor the order of rows can change."""
    return {
        frozenset(text for text, topic in zip(texts, result.assignments, strict=True) if topic == number)
        for number in range(len(result.topics))
    }


def test_it_finds_topics_with_words(kind: str) -> None:
    result = fit(kind, SENTENCES)
    assert len(result.topics) >= 2
    assert all(topic.keywords and topic.label for topic in result.topics)


def test_same_seed_same_result(kind: str) -> None:
    first, second = fit(kind, SENTENCES), fit(kind, SENTENCES)
    assert first.topics == second.topics
    np.testing.assert_array_equal(first.assignments, second.assignments)
    np.testing.assert_array_equal(first.probabilities, second.probabilities)


def test_the_order_of_rows_changes_nothing(kind: str) -> None:
    shuffled = [SENTENCES[row] for row in np.random.default_rng(1).permutation(len(SENTENCES))]
    assert groups(fit(kind, shuffled), shuffled) == groups(fit(kind, SENTENCES), SENTENCES)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 8, 11, 12, 13, 20])
def test_few_documents_are_no_failure(kind: str, n: int) -> None:
    fit(kind, SENTENCES[:n])


@pytest.mark.parametrize("n", [2, 40])
def test_identical_texts_are_one_topic_or_none(kind: str, n: int) -> None:
    assert len(fit(kind, ["Our margins improved because of pricing."] * n).topics) <= 1


def test_texts_about_one_thing_are_no_failure(kind: str) -> None:
    fit(kind, list(SUBJECTS["freight"]))


@pytest.mark.parametrize(
    "texts", [["and so it is what it was", "well you know", "that is it"] * 8, ["..."] * 30]
)
def test_texts_without_content_are_no_failure(kind: str, texts: list[str]) -> None:
    fit(kind, texts)


def test_distinct_texts_without_content_are_no_failure(kind: str) -> None:
    filler = ["and", "so", "it", "is", "what", "was", "you", "the", "of", "to", "in", "that"]
    fit(kind, [f"{a} {b}" for a in filler for b in filler if a != b][:60])


def test_words_of_another_script_are_words(kind: str) -> None:
    result = fit(kind, CYRILLIC)
    if not result.topics:
        pytest.skip(f"{kind} finds no topic in so few sentences")
    words = {word for topic in result.topics for word, _ in topic.keywords}
    assert any("а" <= letter <= "я" for word in words for letter in word)


def test_a_script_without_spaces_is_no_failure(kind: str) -> None:
    fit(kind, [f"売上高は前年比{n}倍に増加しました" for n in "一二三四五六七八九十"] * 3)


@pytest.mark.parametrize("damage", [np.nan, np.inf, 0.0])
def test_damaged_vectors_are_refused_by_row(kind: str, damage: float) -> None:
    broken = vectors(SENTENCES)
    broken[[3, 7]] = damage
    with pytest.raises(ModelError, match=r"2 of 48 documents .*rows 3, 7"):
        make(kind).fit(SENTENCES, broken)


def test_vectors_of_another_length_are_refused(kind: str) -> None:
    with pytest.raises(ModelError, match="48 documents have embeddings of shape"):
        make(kind).fit(SENTENCES, vectors(SENTENCES[:-1]))


@pytest.mark.parametrize("kind", NEEDS_VECTORS)
def test_a_model_that_needs_vectors_says_so(kind: str) -> None:
    with pytest.raises(ModelError, match="needs one embedding per document"):
        make(kind).fit(SENTENCES)


def test_lda_needs_no_vectors_and_then_gives_its_own() -> None:
    model = make("lda")
    result = model.fit(SENTENCES)
    shares = model.get_embeddings()
    assert shares.dtype == np.float32 and len(shares) == len(SENTENCES)
    np.testing.assert_allclose(shares[result.assignments >= 0].sum(axis=1), 1, atol=1e-4)


@pytest.mark.parametrize("kind", ["lda", "neural"])
def test_the_number_of_topics_can_be_set(kind: str) -> None:
    model = model_class(kind)(seed=1, n_topics=4, min_share=0.0, min_topic_size=1)
    assert 2 <= len(model.fit(SENTENCES, vectors(SENTENCES)).topics) <= 4


@pytest.mark.parametrize("kind", ["bertopic", "neural"])
def test_vectors_find_the_subjects(kind: str) -> None:
    result = fit(kind, SENTENCES)
    subject = {text: name for name, said in SUBJECTS.items() for text in said}
    for topic in groups(result, SENTENCES):
        assert len({subject[text] for text in topic}) == 1
