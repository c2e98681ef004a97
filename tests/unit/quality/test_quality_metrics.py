"""The figures on data so small that each value can be computed by hand."""

import numpy as np
import pandas as pd
import pytest

from earnings_themes.embedding.space import load_space
from earnings_themes.quality.agreement import ami, ari, best_matches, resolve
from earnings_themes.quality.curve import precision_curve, rated_curve
from earnings_themes.quality.metric import Metric, median, share
from earnings_themes.quality.summary import effective_number, quartiles

# --- agreement -------------------------------------------------------------------------------------


def test_equal_partitions_agree_fully_whatever_the_names() -> None:
    truth, found = ["a", "a", "b", "b"], ["7", "7", "2", "2"]
    assert ari(truth, found, "assigned").value == 1
    assert ami(truth, found, "assigned").value == pytest.approx(1)


def test_ari_counts_pairs_as_the_formula_says() -> None:
    # Pairs together in both: {1,2}; in truth 2, in found 3; of 6 pairs. Expected: 2·3/6 = 1.
    # (1 − 1) / ((2 + 3)/2 − 1) = 0.
    assert ari(["a", "a", "b", "b"], ["x", "x", "x", "y"], "assigned").value == pytest.approx(0)


def test_ami_of_one_group_against_two_is_zero() -> None:
    assert ami(["a", "a", "b", "b"], ["x", "x", "x", "x"], "assigned").value == pytest.approx(0)


def test_each_form_treats_the_unassigned_as_it_says() -> None:
    truth = ["a", "a", "b", "b"]
    found = ["x", "x", None, None]
    assert resolve(truth, found, "assigned") == ([0, 0], [0, 0])
    assert resolve(truth, found, "all")[1] == [0, 0, 3, 4]
    # Together in truth 2 pairs, in found 1, in both 1: (1 − 2·1/6) / (1.5 − 2·1/6) = 4/7.
    assert ari(truth, found, "all").value == pytest.approx(4 / 7)
    assert ari(truth, found, "assigned").n == 2


def test_agreement_of_nothing_is_missing_with_a_reason() -> None:
    metric = ari(["a", "b"], [None, None], "assigned")
    assert metric.value is None
    assert metric.reason == "fewer than two labelled sentences are left to compare"


def test_a_label_is_matched_with_the_theme_that_has_most_of_it_and_little_else() -> None:
    truth = ["a", "a", "a", "b", "b", "c"]
    found = ["x", "x", "y", "x", "x", None]
    a, b, c = best_matches(truth, found)
    # Of x's four sentences two are a's: 2·2 / (3 + 4); y: 2·1 / (3 + 1).
    assert (a.theme_id, a.f1, a.precision, a.recall) == ("x", pytest.approx(4 / 7), 0.5, pytest.approx(2 / 3))
    assert (b.theme_id, b.f1) == ("x", pytest.approx(4 / 6))
    assert (c.theme_id, c.f1) == (None, 0)


# --- themes ----------------------------------------------------------------------------------------


def test_equal_themes_count_fully_and_one_large_one_hides_the_small() -> None:
    assert effective_number(pd.Series(["a", "b", "c", None])).value == pytest.approx(3)
    # 1 / (.8² + .1² + .1²)
    assert effective_number(pd.Series(["a"] * 8 + ["b", "c"])).value == pytest.approx(1 / 0.66)
    assert effective_number(pd.Series([None, None], dtype=object)).reason == "no sentence settled in a theme"


def test_quartiles_leave_out_what_was_not_measured() -> None:
    assert quartiles([0.1, None, 0.5, 0.3]) == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    assert quartiles([None]) is None


# --- precision against coverage --------------------------------------------------------------------


def _sentences(strengths: list[float | None], content: float = 0.9) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "content": [content] * len(strengths),
            "theme_id": [None if value is None else "t" for value in strengths],
            "strength": np.array([np.nan if value is None else value for value in strengths]),
        }
    )


def test_a_higher_floor_covers_less_and_is_surer() -> None:
    points = precision_curve(_sentences([0.25, 0.3, 0.35, None]), 0.25, None)
    assert [point["floor"] for point in points] == [0.25, 0.275, 0.3, 0.325, 0.35]
    assert [point["n"] for point in points] == [3, 2, 2, 1, 1]
    assert points[0]["coverage"] == 0.75
    assert points[0]["strength"] == pytest.approx(0.3)
    assert points[-1]["strength"] == pytest.approx(0.35)
    assert points[0]["precision"] is None


def test_ratings_turn_strength_into_expected_precision() -> None:
    points = precision_curve(_sentences([0.25, 0.35]), 0.25, (-3.0, 10.0))
    assert points[-1]["precision"] == pytest.approx(1 / (1 + np.exp(-0.5)))
    assert points[0]["precision"] == pytest.approx((1 / (1 + np.exp(0.5)) + 1 / (1 + np.exp(-0.5))) / 2)


def test_precision_is_expected_only_of_what_was_rated() -> None:
    made_with = {"embedding_model": "static", "space": load_space().digest, "granularity": 0.39}
    assert rated_curve(made_with) is not None
    for other in (
        {"granularity": 0.3},
        {"granularity": 0.49},
        {"space": "of one's own"},
        {"embedding_model": "my/model"},
    ):
        assert rated_curve(made_with | other) is None


def test_sentences_without_content_are_on_neither_side_of_the_curve() -> None:
    both = pd.concat([_sentences([0.3]), _sentences([0.9], content=0.1)])
    assert precision_curve(both, 0.25, None)[0] | {} == {
        "floor": 0.25, "n": 1, "coverage": 1.0, "strength": 0.3, "precision": None,
    }  # fmt: skip
    assert precision_curve(_sentences([None, None]), 0.25, None) == []


# --- a figure --------------------------------------------------------------------------------------


def test_nothing_to_divide_by_is_a_reason_not_a_zero() -> None:
    assert share(0, 0, "firms", "there is no firm") == Metric(None, 0, "firms", "there is no firm")
    assert median([None, float("nan")], "themes", "not measured").reason == "not measured"
    assert median([None, 0.5, 0.7, 0.9], "themes", "") == Metric(0.7, 3, "themes")
