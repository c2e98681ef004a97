"""The trial's parts on groups that are known: what is counted, what is left out, and what the page keeps."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation import page, trial
from evaluation.clusterers import (
    DEFAULT,
    THEME_CLUSTERERS,
    THEME_SETTINGS,
    TOPIC_CLUSTERERS,
    TOPIC_SETTINGS,
    TooManyRowsError,
    any_firm,
    average,
)
from evaluation.data import NO_THEME, Labelled, Sentences, intent_sample, planted_firms

DIM = 384


@pytest.fixture(scope="module")
def labelled() -> Labelled:
    """Thirty labels of sixty sentences, well apart."""
    draw = np.random.default_rng(0)
    labels = np.repeat([f"label {number:02d}" for number in range(30)], 60)
    centers = draw.normal(size=(30, DIM))
    rows = np.repeat(centers, 60, axis=0) + 0.8 * draw.normal(size=(1800, DIM))
    return Labelled(
        (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), labels, tuple(labels)
    )


@pytest.fixture(scope="module")
def firms(labelled: Labelled) -> list[Sentences]:
    return planted_firms(labelled, 6, 14, seed=1)


@pytest.fixture(scope="module")
def topics(firms: list[Sentences]) -> trial.Topics:
    return trial.topics_of(firms, TOPIC_CLUSTERERS[DEFAULT])


def test_an_intent_sample_has_what_was_asked_for(labelled: Labelled) -> None:
    sample = intent_sample(labelled, 5, 7, seed=0)
    names, counts = np.unique(sample.topic, return_counts=True)
    assert (len(names), set(counts.tolist())) == (5, {7})


def test_planted_firms_share_themes_and_have_strays(firms: list[Sentences]) -> None:
    assert len(firms) == 6
    for firm in firms:
        themes = set(firm.theme.tolist()) - {NO_THEME}
        assert len(themes) == 12
        assert 10 < (firm.theme == NO_THEME).sum() < 30
        assert len(np.unique(firm.vectors, axis=0)) == len(firm.vectors)


@pytest.mark.parametrize("name", TOPIC_CLUSTERERS)
def test_every_topic_method_labels_every_row(name: str, labelled: Labelled) -> None:
    sample = intent_sample(labelled, 6, 15, seed=0)
    labels = TOPIC_CLUSTERERS[name](sample.context)
    assert labels.shape == (90,)
    table = trial.agreement_of_topics(trial.by_context({name: TOPIC_CLUSTERERS[name]}), {"set": [sample]})
    assert "of 6)" in table.loc[name, "set"]


@pytest.mark.parametrize("name", THEME_CLUSTERERS)
def test_every_theme_method_labels_every_topic(name: str, topics: trial.Topics) -> None:
    assert THEME_CLUSTERERS[name](topics.vectors, topics.firms).shape == (len(topics.vectors),)


@pytest.mark.parametrize(
    ("heading", "name"), [(h, n) for s in (TOPIC_SETTINGS, THEME_SETTINGS) for h, ms in s.items() for n in ms]
)
def test_every_setting_runs(heading: str, name: str, labelled: Labelled, topics: trial.Topics) -> None:
    if heading in TOPIC_SETTINGS:
        assert TOPIC_SETTINGS[heading][name](intent_sample(labelled, 4, 12, seed=0).context).shape == (48,)
    else:
        assert len(THEME_SETTINGS[heading][name](topics.vectors, topics.firms)) == len(topics.vectors)


def test_the_default_finds_what_was_planted(topics: trial.Topics) -> None:
    table = trial.agreement_of_themes({DEFAULT: THEME_CLUSTERERS[DEFAULT]}, {"planted": topics})
    full, _ = table.loc[0, "AMI, sentences"].split(" / ")
    assert float(full) > 0.9


def test_a_method_that_takes_too_many_rows_is_left_out(
    topics: trial.Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evaluation.clusterers.MOST_PAIRS", 10)
    with pytest.raises(TooManyRowsError):
        average(0.5)(topics.vectors)
    assert trial.agreement_of_themes({"average": any_firm(average(0.5))}, {"planted": topics}).empty


def test_outliers_in_two_forms() -> None:
    vectors = np.eye(3, dtype=np.float32)[[0, 0, 1, 1, 1]]
    labels = np.array([0, 0, 1, -1, -1])
    assert trial.filled(vectors, labels).tolist() == [0, 0, 1, 1, 1]
    assert trial.alone(labels).tolist() == [0, 0, 1, 2, 3]
    none = np.full(5, -1)
    assert trial.filled(vectors, none).tolist() == none.tolist()


def test_a_theme_needs_two_firms() -> None:
    assert trial.shared_themes(np.array([0, 0, 1, 1, -1]), list("AABCA")).tolist() == [-1, -1, 0, 0, -1]


def test_stability_is_one_where_the_answer_is_clear(labelled: Labelled) -> None:
    clear = intent_sample(labelled, 4, 20, seed=0)
    table = trial.stability_of_topics(trial.by_context({DEFAULT: TOPIC_CLUSTERERS[DEFAULT]}), [clear])
    assert table.loc[DEFAULT, "row orders, raw"] == "1.00"
    assert float(table.loc[DEFAULT, "10 % dropped, filled"]) > 0.9


def test_context_is_made_anew_with_the_share_that_is_asked_for(labelled: Labelled) -> None:
    rows = np.concatenate([labelled.rows(f"label {number:02d}")[:15] for number in range(4)])
    vectors, names = labelled.vectors[rows], labelled.labels[rows]
    firm = Sentences("A", vectors, vectors, names, names, calls=("c",) * 60, positions=tuple(range(60)))
    table = trial.effect_of_context([firm], [firm], (0.0, 0.5))
    assert table.index.tolist() == ["share 0", "share 0.5"]


def test_size_is_measured_on_as_many_firms_as_asked_for(topics: trial.Topics) -> None:
    table = trial.size_of_the_reduce(topics, 20)
    assert table.loc[0, ["firms", "topics"]].tolist() == ["20", "560"]


def test_themes_of_real_calls_counts_firms(topics: trial.Topics) -> None:
    table = trial.themes_of_real_calls(
        {"one": lambda vectors, firms: np.zeros(len(firms), dtype=int)}, {"x": topics}
    )
    assert table.loc[0, ["themes", "firms a theme: median, most", "topics in a theme"]].tolist() == [
        1,
        "6, 6",
        "100%",
    ]


class TestPage:
    table = pd.DataFrame({"a": [1], "b": ["x|y"]})

    def test_only_what_is_between_the_marks_changes(self, tmp_path: Path) -> None:
        out = tmp_path / "validation.md"
        out.write_text("# Other measurements\n\nkept before\n", encoding="utf-8")
        page.write(out, {"Themes": [("Caption", self.table)]}, ["Made today."], {"Caption": ["first"]})
        out.write_text(out.read_text(encoding="utf-8") + "kept after\n", encoding="utf-8")
        by_hand = {"Kinds against labels given by hand": "held-out theme .96"}
        page.write(out, {"Themes": [("", self.table)]}, ["Made tomorrow."], {}, by_hand)
        assert "```text\nheld-out theme .96\n```" in out.read_text(encoding="utf-8")
        text = out.read_text(encoding="utf-8")
        assert text.startswith("# Other measurements\n\nkept before\n")
        assert text.endswith("kept after\n")
        assert "Made tomorrow." in text
        assert "Made today." not in text
        assert text.count(page.BEGIN) == text.count(page.END) == 1

    def test_a_table_in_markdown(self) -> None:
        assert page.markdown(self.table) == ["| a | b |", "| --- | --- |", "| 1 | x\\|y |"]
        named = pd.DataFrame({"a": [1]}, index=["row"])
        assert page.markdown(named)[2] == "| row | 1 |"
