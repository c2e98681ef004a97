"""Cuts of the panel and their files: by firm and quarter, wide, CSV, Stata, and how alike firms are."""

import datetime as dt
import warnings
from pathlib import Path

import boto3
import numpy as np
import pandas as pd
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from earnings_themes.cli.app import app
from earnings_themes.errors import ConfigError, ResultError
from earnings_themes.panel.build import build_panel
from earnings_themes.panel.files import harmless
from tests.panel_run import random_sentences, write_run

COUNTS = ["n", "n_presentation", "n_qa", "n_management", "n_analysts", "words", "asked", "answered"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four firms with two calls in a quarter, and a third one in the next."""
    lines = random_sentences()
    for line in lines:
        if line["transcript_id"] == "t1":
            line["date"] = dt.date(2023, 3, 1)
    folder = write_run(
        tmp_path_factory.mktemp("run"), lines, silent=(("zzz", "t1"),), keep=("gvkey", "share")
    )
    build_panel(str(folder), folder)
    return folder


def _asked(*words: str) -> str:
    done = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_firm_quarters_are_sums_of_their_calls(run: Path, tmp_path: Path) -> None:
    _asked("panel", str(run), "--by", "firm-quarter", "--out", str(tmp_path / "q.parquet"))
    got = pd.read_parquet(tmp_path / "q.parquet").set_index(["firm_id", "quarter", "theme_id"])
    panel = pd.read_parquet(run / "panel.parquet")
    panel["weighted"] = panel["strength"] * panel["n"]
    by = panel.groupby(["firm_id", "quarter", "theme_id"])
    assert len(got) == by.ngroups == (4 * 2 + 1) * 4
    for column in COUNTS:
        want = by[column].sum(min_count=1)
        pd.testing.assert_series_equal(
            got[column].sort_index().astype(float), want.astype(float), check_names=False
        )
    strength = by["weighted"].sum() / by["n"].sum().replace(0, np.nan)
    np.testing.assert_allclose(got["strength"].sort_index(), strength, rtol=1e-5)
    modelled = pd.read_parquet(run / "calls.parquet").groupby(["firm_id", "quarter"])["modelled"].sum()
    rows = got.reset_index()
    whole = [modelled[firm, quarter] for firm, quarter in zip(rows["firm_id"], rows["quarter"], strict=True)]
    assert rows["modelled"].tolist() == whole
    np.testing.assert_allclose(rows["share"], rows["n"] / pd.Series(whole).replace(0, np.nan))
    assert rows.groupby(["firm_id", "quarter"])["calls"].first()["000", "2023Q1"] == 2
    pair = got["share"].unstack("quarter")
    change = got["abnormal_share"].unstack("quarter")["2023Q3"]
    np.testing.assert_allclose(change, pair["2023Q3"] - pair["2023Q1"])


def test_wide_has_a_column_a_theme_of_the_level_and_kind(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "wide.parquet"
    said = _asked(
        "panel", str(run), "--level", "1", "--kind", "subject", "--wide", "--value", "n", "--out", str(out)
    )
    assert "13 rows" in said and "2 themes" in said
    wide = pd.read_parquet(out)
    assert list(wide.columns[-4:]) == ["gvkey", "source_share", "n_made_001", "n_made_002"]
    panel = pd.read_parquet(run / "panel.parquet")
    assert wide["n_made_002"].tolist() == panel[panel["theme_id"] == "made-002"]["n"].tolist()


def test_csv_is_text_that_pandas_and_a_spreadsheet_read_alike(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "panel.csv"
    said = _asked("panel", str(run), "--out", str(out))
    assert "dtype=str" in said
    raw = out.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") and b"\r" not in raw
    read = pd.read_csv(out, dtype=str, encoding="utf-8-sig")
    panel = pd.read_parquet(run / "panel.parquet")
    assert read["firm_id"].tolist() == panel["firm_id"].tolist()
    assert list(read.columns) == list(panel.columns)
    assert read["share"].isna().tolist() == panel["share"].isna().tolist()
    np.testing.assert_allclose(pd.to_numeric(read["share"]), panel["share"], rtol=1e-5)
    assert (read["n"].astype(int) == panel["n"]).all()
    assert set(read["label"]) == {"freight | cost", "'=wages", "outlook", "cost"}
    assert read["time"].iloc[0] == "2023-02-03T21:00:00Z"
    _asked("panel", str(run), "--out", str(tmp_path / "again.csv"))
    assert (tmp_path / "again.csv").read_bytes() == raw


@pytest.mark.parametrize("plain", ["0047190", "-12", "-ABC", "=A1", "1000.0", "@acme", ""])
def test_ids_that_can_call_nothing_stay_as_they_are(plain: str) -> None:
    assert harmless(plain) == plain


@pytest.mark.parametrize(
    "formula", ["=1+1", "=HYPERLINK(1)", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "+A1;B2", "＝1"]
)
def test_what_a_spreadsheet_would_run_begins_with_an_apostrophe(formula: str) -> None:
    assert harmless(formula) == harmless(formula, for_people=True) == f"'{formula}"


def test_stata_reads_the_same_numbers_and_the_bytes_stay(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "panel.dta"
    _asked("panel", str(run), "--out", str(out))
    read = pd.read_stata(out)
    panel = pd.read_parquet(run / "panel.parquet")
    assert read["firm_id"].tolist() == panel["firm_id"].tolist()
    np.testing.assert_allclose(read["share"], panel["share"])
    assert read["n_qa"].isna().tolist() == panel["n_qa"].isna().tolist()
    assert read["date"].dt.date.tolist() == panel["date"].tolist()
    assert read["time"].iloc[0] == pd.Timestamp(2023, 2, 3, 21)
    with pd.read_stata(out, iterator=True) as reader:
        assert reader.variable_labels()["n"].startswith("Sentences of the call")
    _asked("panel", str(run), "--out", str(tmp_path / "again.dta"))
    assert (tmp_path / "again.dta").read_bytes() == out.read_bytes()


def test_a_kept_columns_name_that_stata_takes_not_stands_in_the_label(tmp_path: Path) -> None:
    own = (
        "SIC code, four digits, as the provider has it",
        "SIC code, four digits, as the provider had it",
        "2015",
    )
    folder = write_run(tmp_path / "run", random_sentences(2, 1), keep=own)
    build_panel(str(folder), folder)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _asked("panel", str(folder), "--out", str(tmp_path / "panel.dta"))
    with pd.read_stata(tmp_path / "panel.dta", iterator=True) as reader:
        labels = reader.variable_labels()
    assert set(own) <= set(labels.values())
    assert pd.read_stata(tmp_path / "panel.dta")["_2015"].iloc[0] == "2015 of 000"


def test_firms_are_alike_by_the_cosine_of_their_counts(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "alike.csv"
    assert "12 pairs of 5 firms" in _asked("likeness", str(run), "--out", str(out))
    read = pd.read_csv(out, dtype={"firm_id": str, "other_firm_id": str}, encoding="utf-8-sig")
    panel = pd.read_parquet(run / "panel.parquet").query("level == 1 and kind == 'subject'")
    counts = panel.pivot_table(index="firm_id", columns="theme_id", values="n", aggfunc="sum")
    for row in read.itertuples():
        a, b = counts.loc[row.firm_id], counts.loc[row.other_firm_id]
        assert row.likeness == pytest.approx((a @ b) / np.sqrt((a @ a) * (b @ b)), rel=1e-4)
    assert read.groupby("firm_id")["likeness"].apply(lambda x: x.is_monotonic_decreasing).all()
    assert "[default: subject]" in " ".join(_asked("likeness", "--help").split())
    assert "4 pairs" in _asked("likeness", str(run), "--nearest", "1", "--out", str(out))


def test_a_run_in_s3_is_counted_and_cut_where_it_lies(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="bucket")
        for path in run.iterdir():
            client.put_object(Bucket="bucket", Key=f"results/made/{path.name}", Body=path.read_bytes())
        _asked("panel", "s3://bucket/results/made/", "--out", str(tmp_path / "cut.parquet"))
        build_panel("s3://bucket/results/made", tmp_path)
    want = pd.read_parquet(run / "panel.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "cut.parquet"), want)
    assert (tmp_path / "panel.parquet").read_bytes() == (run / "panel.parquet").read_bytes()


def test_what_is_not_there_is_said(run: Path, tmp_path: Path) -> None:
    def refused(*words: str) -> str:
        error = CliRunner().invoke(app, ["panel", *words]).exception
        assert isinstance(error, ResultError | ConfigError)
        return str(error)

    assert "snakemake" not in refused(str(tmp_path), "--out", str(tmp_path / "x.csv"))
    assert "says no form" in refused(str(run), "--out", str(tmp_path / "x.xls"))
    assert "no theme is of that level and kind" in refused(
        str(run), "--kind", "filler", "--out", str(tmp_path / "x.csv")
    )
    assert "no column 'tone'" in refused(
        str(run), "--wide", "--value", "tone", "--out", str(tmp_path / "x.csv")
    )
    csv = str(tmp_path / "x.csv")
    assert "Add --wide" in refused(str(run), "--value", "n", "--out", csv)
    assert "Carry it there: source.keep: [sic]" in refused(str(run), "--industry", "sic", "--out", csv)
    assert "the kept column is source_share" in refused(str(run), "--industry", "share", "--out", csv)
    assert not list(tmp_path.iterdir())
