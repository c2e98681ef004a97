"""Known classes against themes (evaluation/labelled.py), on the sample's sentences, whose subjects were planted."""

from argparse import Namespace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation.labelled import deal, measured, plant, trials
from tests.conftest import REPO

CLASSES = ["share_repurchase", "cybersecurity", "wages_labour"]


@pytest.fixture(scope="module")
def documents() -> pd.DataFrame:
    labels = pd.read_csv(REPO / "data/sample_labels.csv", dtype=str).drop_duplicates("text")
    labels = labels[labels["theme"].isin(CLASSES)].rename(columns={"theme": "label"})
    # Of four sentences each, which all are of one class.
    place = labels.groupby("label").cumcount() // 4
    return labels.groupby(["label", place])["text"].agg(" ".join).reset_index()[["label", "text"]]


def test_each_class_goes_to_many_firms_and_no_document_twice(documents: pd.DataFrame) -> None:
    calls = deal(documents, 6, 20, np.random.default_rng(1))
    number = calls["transcriptpersonname"].str.removeprefix("d").astype(int)
    assert number.is_unique
    dealt = documents.loc[number].assign(firm=calls["companyid"].to_numpy())
    assert (dealt["text"].to_numpy() == calls["componenttext"].to_numpy()).all()
    assert (dealt.groupby("label")["firm"].nunique() == 6).all()
    # A third of the 6 · 20 sentences each; the last document of a class is shorter.
    assert dealt["label"].value_counts().isin([10, 11]).all()


def test_planted_texts_stand_between_turns_that_stay_as_they_were(documents: pd.DataFrame) -> None:
    calls = pd.read_csv(REPO / "data/sample_calls.csv", dtype=str, keep_default_na=False).head(300)
    made = plant(documents, calls, 12, np.random.default_rng(1))
    new = made["transcriptpersonname"].str.fullmatch(r"d\d+")
    assert 3 * 3 <= new.sum() <= 3 * 4
    own = made[~new].drop(columns="componentorder").reset_index(drop=True)
    pd.testing.assert_frame_equal(own, calls.drop(columns="componentorder"))
    assert made.groupby("transcriptid")["componentorder"].apply(lambda order: order.is_unique).all()


def test_clear_classes_are_found_and_shuffled_ones_are_not(documents: pd.DataFrame, tmp_path: Path) -> None:
    file = tmp_path / "texts.csv"
    documents.to_csv(file, index=False)
    given = Namespace(
        file=file, into=None, classes=0, least=2, draws=1, firms=6, sentences=25, model="static", fit=False,
        out=tmp_path / "out", seed=1,
    )  # fmt: skip
    (line,) = trials(given)
    assert line["classes"] == sorted(CLASSES) and line["sentences"] > 100
    assert line["themes"]["classes"] == 3 and line["themes"]["found"] >= 1
    assert line["themes"]["ami_assigned"] > 0.5 and line["broad"]["coverage"] >= line["themes"]["coverage"]
    shuffled = documents.assign(label=documents["label"].sample(frac=1, random_state=1).to_numpy())
    (folder,) = (each for each in (tmp_path / "out").iterdir() if each.is_dir())
    control = measured(folder, shuffled)
    assert control["themes"]["ami_assigned"] < 0.2 and control["themes"]["found"] == 0
