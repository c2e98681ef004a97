"""The metrics on data so small that each value can be computed by hand."""

import math
from typing import Literal

import numpy as np
import pytest
from earnings_themes.quality.coherence import coherence, tokens, topic_diversity
from earnings_themes.quality.coverage import (
    firms_with_theme,
    kind_share,
    largest_themes,
    outlier_share,
    sentences_in_theme,
    topics_in_theme,
)
from earnings_themes.quality.separation import SAMPLE, silhouette
from gensim.corpora import Dictionary
from gensim.models import CoherenceModel

from earnings_themes.abstractions import Theme, Themes, ThemeTopic, UnassignedTopic
from earnings_themes.quality.against_labels import cross_firm
from earnings_themes.quality.agreement import ami, ari, resolve
from earnings_themes.quality.metric import Metric, guarded, mean, share

# --- agreement -------------------------------------------------------------------------------------


def test_equal_partitions_agree_fully_whatever_the_names() -> None:
    truth, found = ["a", "a", "b", "b"], ["7", "7", "2", "2"]
    assert ari(truth, found, "left_out").value == 1
    assert ami(truth, found, "left_out").value == pytest.approx(1)


def test_ari_counts_pairs_as_the_formula_says() -> None:
    # Pairs together in both: {1,2}; in truth 2, in found 3; of 6 pairs. Expected: 2·3/6 = 1.
    # (1 − 1) / ((2 + 3)/2 − 1) = 0.
    assert ari(["a", "a", "b", "b"], ["x", "x", "x", "y"], "left_out").value == pytest.approx(0)


def test_ami_of_one_group_against_two_is_zero() -> None:
    assert ami(["a", "a", "b", "b"], ["x", "x", "x", "x"], "left_out").value == pytest.approx(0)


def test_each_form_treats_the_unassigned_as_it_says() -> None:
    truth = ["a", "a", "b", "b"]
    found = ["x", "x", None, None]
    assert resolve(truth, found, "left_out") == ([0, 0], [0, 0])
    assert resolve(truth, found, "singletons")[1] == [0, 0, 3, 4]
    assert resolve(truth, found, "one_class")[1] == [0, 0, 1, 1]
    # Together in truth 2 pairs, in found 1, in both 1: (1 − 2·1/6) / (1.5 − 2·1/6) = 4/7.
    assert ari(truth, found, "singletons").value == pytest.approx(4 / 7)
    assert ari(truth, found, "one_class").value == 1
    assert ari(truth, found, "left_out").n == 2


def test_agreement_of_nothing_is_missing_with_a_reason() -> None:
    metric = ari(["a", "b"], [None, None], "left_out")
    assert metric.value is None
    assert metric.reason == "fewer than two labelled sentences are left to compare"


def test_a_theme_crosses_firms_from_two_on() -> None:
    assert cross_firm([("a", "1"), ("a", "2"), ("b", "1"), ("b", "1")]) == {"a"}


# --- words -----------------------------------------------------------------------------------------


def test_diversity_is_the_share_of_distinct_words() -> None:
    assert topic_diversity([["a", "b"], ["b", "c"]]) == 3 / 4
    assert topic_diversity([["a", "b"], ["c", "d"]]) == 1
    assert topic_diversity([["a", "b"]] * 4) == 1 / 4


def test_diversity_looks_at_ten_words_a_topic() -> None:
    first = [f"w{number}" for number in range(10)]
    assert topic_diversity([[*first, "shared"], ["shared"]]) == 1


def test_diversity_without_words_is_unknown() -> None:
    assert topic_diversity([]) is None
    assert topic_diversity([[]]) is None


def test_npmi_is_one_for_words_that_only_come_together() -> None:
    texts = tokens(["supply chain", "supply chain", "cloud data", "cloud data"])
    assert coherence([["supply", "chain"]], texts, "c_npmi").value == pytest.approx(1, abs=1e-6)


def test_npmi_is_minus_one_for_words_that_never_meet() -> None:
    texts = tokens(["supply chain", "cloud data"])
    metric = coherence([["supply", "cloud"]], texts, "c_npmi")
    # 1e-12 is added to p(a,b): log(1e-12 / ¼) / −log(1e-12) = −0.95.
    assert metric.value == pytest.approx(math.log(1e-12 / 0.25) / -math.log(1e-12))


def test_npmi_by_hand() -> None:
    # Of 4 texts, a in 2, b in 3, both in 2: log(½ / (½·¾)) / −log ½ = 0.415.
    texts = tokens(["aa bb", "aa bb", "bb cc", "cc dd"])
    assert coherence([["aa", "bb"]], texts, "c_npmi").value == pytest.approx(
        math.log(0.5 / 0.375) / math.log(2)
    )


def test_cv_is_one_for_words_that_only_come_together_and_lower_for_others() -> None:
    texts = tokens(["supply chain", "supply chain", "cloud data", "cloud data"])
    together = coherence([["supply", "chain"]], texts, "c_v").value
    apart = coherence([["supply", "cloud"]], texts, "c_v").value
    assert together == pytest.approx(1, abs=1e-6)
    assert apart is not None and apart < 0.1


def test_coherence_does_not_depend_on_the_other_topics() -> None:
    texts = tokens(["supply chain freight", "supply chain port", "cloud data port", "cloud freight"])
    one = coherence([["supply", "freight", "port"]], texts, "c_v").value
    other = coherence([["cloud", "data", "port"]], texts, "c_v").value
    many = coherence([["supply", "freight", "port"], ["cloud", "data", "port"]] * 40, texts, "c_v")
    assert one is not None and other is not None
    assert many.value == pytest.approx((one + other) / 2)
    assert many.n == 80


def test_a_phrase_counts_as_its_words_and_unknown_words_are_left_out() -> None:
    texts = tokens(["supply chain", "supply chain", "cloud data"])
    phrase = coherence([["supply chain", "nowhere"]], texts, "c_npmi")
    assert phrase.value == coherence([["supply", "chain"]], texts, "c_npmi").value
    assert coherence([["nowhere", "supply"]], texts, "c_npmi").value is None
    assert coherence([], [], "c_v").value is None


@pytest.mark.parametrize("measure", ["c_npmi", "c_v"])
def test_coherence_is_gensims(measure: Literal["c_npmi", "c_v"]) -> None:
    # Texts longer than c_v's window of 110, shorter than c_npmi's of 10, and words that come again in a window.
    chance = np.random.default_rng(7)
    texts = [[f"w{n}" for n in chance.zipf(1.4, size) % 60] for size in (5, 9, 10, 11, 40, 109, 130, 200)] * 5
    topics = [[f"w{n}" for n in chance.choice(60, 10, replace=False)] for _ in range(12)]
    model = CoherenceModel(
        topics=topics, texts=texts, dictionary=Dictionary(texts), coherence=measure, topn=10, processes=1
    )
    found = coherence(topics, [*texts, []], measure)
    assert found.value == pytest.approx(float(np.mean(model.get_coherence_per_topic())), rel=1e-12)
    assert found.n == 12


def test_coherence_reads_other_scripts() -> None:
    texts = tokens(["цепочка поставок", "цепочка поставок", "облако данных"])
    assert coherence([["цепочка", "поставок"]], texts, "c_npmi").value == pytest.approx(1, abs=1e-6)


# --- separation ------------------------------------------------------------------------------------

RIGHT, UP = [1.0, 0.0], [0.0, 1.0]


def test_silhouette_of_tight_and_distant_groups_is_one() -> None:
    vectors = np.array([RIGHT, RIGHT, UP, UP], dtype=np.float32)
    assert silhouette(vectors, ["a", "a", "b", "b"], "topics", False).value == pytest.approx(1)


def test_silhouette_of_mixed_groups_by_hand() -> None:
    # Each vector: a = cosine distance to its one partner = 1, b = mean of 0 and 1 = ½; (½ − 1) / 1 = −½.
    vectors = np.array([RIGHT, UP, RIGHT, UP], dtype=np.float32)
    assert silhouette(vectors, ["a", "a", "b", "b"], "topics", False).value == pytest.approx(-0.5)


def test_the_unassigned_are_left_out_or_count_as_zero() -> None:
    vectors = np.array([RIGHT, RIGHT, UP, UP, [1.0, 1.0], [-1.0, 0.0]], dtype=np.float32)
    groups = ["a", "a", "b", "b", None, None]
    assert silhouette(vectors, groups, "topics", False).value == pytest.approx(1)
    counted = silhouette(vectors, groups, "topics", True)
    assert counted.n == 6
    assert counted.value is not None and counted.value == pytest.approx(4 / 6)


@pytest.mark.parametrize("groups", [[], [None, None], ["a", "a"], ["a", "b"]])
def test_silhouette_that_is_not_defined_has_a_reason(groups: list[str | None]) -> None:
    metric = silhouette(np.ones((len(groups), 2), dtype=np.float32), groups, "topics", False)
    assert metric.value is None
    assert metric.reason is not None and metric.reason.startswith("needs two groups")


def test_silhouette_of_many_vectors_uses_a_fixed_sample() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(SAMPLE + 500, 4)).astype(np.float32)
    groups = [str(number % 3) for number in range(len(vectors))]
    first = silhouette(vectors, groups, "topics", False)
    assert first.n == SAMPLE
    assert silhouette(vectors, groups, "topics", False) == first


# --- coverage --------------------------------------------------------------------------------------


def _theme(rank: int, kind: str, firms: tuple[str, ...], n_sentences: int) -> Theme:
    topics = tuple(ThemeTopic(firm, rank, "", 1, 1.0) for firm in firms)
    return Theme(
        f"r-{rank:03d}",
        kind,
        "",
        (),
        len(firms),
        len(firms),
        n_sentences,
        (1.0,),
        1.0,
        None,
        firms,
        topics,
        (),
    )  # type: ignore[arg-type]


def _themes(themes: list[Theme], unassigned: list[str]) -> Themes:
    topics = tuple(UnassignedTopic("z", number, reason) for number, reason in enumerate(unassigned))
    return Themes(1, "r", len(themes), tuple(themes), topics, (), {})


def test_coverage_by_hand() -> None:
    themes = _themes(
        [_theme(1, "subject", ("a", "b"), 30), _theme(2, "reporting", ("b", "c", "d"), 10)],
        ["outlier", "procedural", "procedural"],
    )
    assert topics_in_theme(themes, count_procedural=True) == Metric(5 / 8, 8, "topics")
    assert topics_in_theme(themes, count_procedural=False) == Metric(5 / 6, 6, "topics")
    assert firms_with_theme(themes, 8, "firms") == Metric(0.5, 8, "firms")
    assert sentences_in_theme(themes, 160, "sentences") == Metric(0.25, 160, "sentences")
    assert outlier_share(15, 85) == Metric(0.15, 100, "sentences")


def test_coverage_of_an_empty_run_is_missing_not_zero() -> None:
    empty = _themes([], [])
    for metric in (
        topics_in_theme(empty, count_procedural=True),
        firms_with_theme(empty, 0, "firms"),
        sentences_in_theme(empty, 0, "sentences"),
        outlier_share(0, 0),
        kind_share([], "procedure"),
    ):
        assert metric.value is None
        assert metric.reason


def test_firms_without_any_theme_are_a_share_of_zero() -> None:
    assert firms_with_theme(_themes([], ["outlier"]), 3, "firms").value == 0


def test_the_largest_themes_are_by_firms_whatever_their_rank() -> None:
    small = [_theme(rank, "subject", ("a", "b"), 5) for rank in range(1, 11)]
    call = _theme(11, "procedure", ("a", "b", "c"), 1)
    largest = largest_themes([*small, call])
    assert largest[0] is call
    assert kind_share(largest, "procedure").value == 0.1
    assert kind_share([*small, call][:10], "procedure").value == 0


# --- missing values --------------------------------------------------------------------------------


def test_a_mean_ignores_what_is_unknown_and_says_how_many_are_left() -> None:
    assert mean([0.5, None, 1.0, float("nan")], "topics", "none") == Metric(0.75, 2, "topics")
    assert mean([None], "topics", "not measured") == Metric(None, 0, "topics", "not measured")


def test_what_a_library_refuses_becomes_a_reason() -> None:
    def refuse() -> Metric:
        raise ValueError("too few")

    assert guarded(refuse, "topics") == Metric(None, 0, "topics", "too few")
    assert (
        guarded(lambda: Metric(float("nan"), 3, "topics"), "topics").reason == "not defined for these values"
    )
    assert share(1, 4, "x", "none").value == 0.25
