"""A measure of the user's own: what is planted is found, where it is planted, and nothing else is."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from earnings_themes.errors import InputError
from earnings_themes.quality.against_measure import correlations, read_measure


def panel(seed: int = 5, n_firms: int = 40, n_quarters: int = 6) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Exposures to four themes, and a measure: `both` drives it, `levels` only by its firms' means, two are noise."""
    draw = np.random.default_rng(seed)
    firm, quarter = np.divmod(np.arange(n_firms * n_quarters), n_quarters)
    level = draw.normal(size=n_firms)[firm]
    both = draw.normal(size=len(firm))
    shares = pd.DataFrame(
        {
            "firm": [f"{n:03d}" for n in firm],
            "quarter": [f"20{20 + q // 4}Q{q % 4 + 1}" for q in quarter],
            "both": both,
            "levels": level + 0.1 * draw.normal(size=len(firm)),
            "noise": draw.normal(size=len(firm)),
            "other": draw.normal(size=len(firm)),
        }
    )
    measure = shares[["firm", "quarter"]].assign(value=both + level)
    return shares, measure


def test_a_planted_relation_is_found_within_firms_where_it_is_one_of_changes() -> None:
    found = correlations(*panel()).set_index(["theme_id", "way"])
    for way in ("overall", "within_firm", "within_quarter"):
        assert found.loc[("both", way), "rho"] > 0.5 and found.loc[("both", way), "p_adjusted"] < 0.01
    assert found.loc[("levels", "overall"), "rho"] > 0.5
    assert abs(found.loc[("levels", "within_firm"), "rho"]) < 0.2
    one = found.loc[("both", "overall")]
    assert one["placebo_low"] < 0 < one["placebo_high"] < one["rho"]


def test_the_placebo_lets_a_theme_that_says_nothing_pass_as_often_as_it_should() -> None:
    passed = [
        correlations(*panel(seed)).query("theme_id in ('noise', 'other') and way == 'overall'")["p"] < 0.1
        for seed in range(40)
    ]
    # 80 tests at .1: between 1 and 17 with probability .999.
    assert 1 <= sum(some.sum() for some in passed) <= 17


def test_correlations_are_spearmans() -> None:
    from scipy.stats import spearmanr

    shares, measure = panel()
    found = correlations(shares, measure).set_index(["theme_id", "way"])["rho"]
    assert found["both", "overall"] == pytest.approx(spearmanr(shares["both"], measure["value"]).statistic)


def test_ids_that_do_not_meet_are_said_with_examples_of_both() -> None:
    shares, measure = panel()
    with pytest.raises(InputError, match=r"0 firm-quarters.*begin 000, 001, 002.*measure's 0, 1, 2"):
        correlations(shares, measure.assign(firm=measure["firm"].astype(int).astype(str)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gvkey,quarter,x\n1,2020Q1,2\n", "lacks the column 'firm_id'"),
        ("firm_id,quarter,x\n1,2020-1,2\n", "row 2: the quarter is '2020-1'"),
        ("firm_id,quarter,x,y\n1,2020Q1,2,3\n", "Say which one"),
        ("firm_id,quarter,x\n1,2020Q1,high\n", "row 2: x is 'high'"),
        ("firm_id,quarter,x\n1,2020Q1,2\n1,2020Q1,3\n", "firm 1 has two values in 2020Q1"),
    ],
)
def test_a_measure_that_cannot_be_read_is_refused_by_its_row(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "m.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        read_measure(path, "firm_id", None)


def test_a_date_is_read_as_its_quarter_and_an_empty_value_left_out(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("firm_id,date,prisk\n007,2023-05-02,1.5\n008,2023-05-02,\n")
    found = read_measure(path, "firm_id", None)
    assert found.to_dict("records") == [{"firm": "007", "quarter": "2023Q2", "value": 1.5}]
