"""The exposures panel: the rows that a regression starts from."""

import csv
import datetime as dt
import json
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from earnings_themes.errors import ResultError
from earnings_themes.report.exposures import SCHEMA, write_exposures
from earnings_themes.results import artifacts as results
from earnings_themes.results.run_files import open_run
from earnings_themes.system.spreadsheet import safe_cell
from tests.unit.report.synthetic import write_run


def _write(run_dir: Path) -> tuple[Path, Path]:
    parquet, table = run_dir / "exposures.parquet", run_dir / "exposures.csv"
    write_exposures(open_run(run_dir), parquet, table)
    return parquet, table


def test_a_row_a_firm_call_and_theme_with_its_share_of_the_call(tmp_path: Path) -> None:
    parquet, _ = _write(write_run(tmp_path, n_firms=2))
    frame = pd.read_parquet(parquet)
    assert list(frame.columns[:7]) == [
        "firm_id", "firm_name", "date", "theme_id", "label", "n_sentences", "share",
    ]  # fmt: skip
    assert len(frame) == 2 * 4
    first = frame.iloc[0].to_dict()
    assert first["firm_id"] == "000000"
    assert first["firm_name"] == "Firm 0 Inc"
    assert first["date"] == dt.date(2024, 1, 1)
    assert first["theme_id"] == "made-up-001"
    assert first["label"] == "supply chain"
    assert first["n_sentences"] == 4
    # Of all 22 sentences of the call: 20 in topics, an outlier and a procedural one.
    assert first["share"] == pytest.approx(4 / 22)
    assert first["n_call_sentences"] == 22
    assert pq.read_schema(parquet).equals(SCHEMA)


def test_two_calls_of_a_firm_are_rows_of_their_own(tmp_path: Path) -> None:
    run_dir = write_run(tmp_path, n_firms=2, n_skipped=0)
    path = run_dir / "transcripts.parquet"
    frames = [pq.ParquetFile(path).read_row_group(number).to_pylist() for number in range(2)]
    # Three of theme 1's four sentences, and nothing else, were said on an earlier call.
    for line in frames[0][:3]:
        line |= {"transcript_id": "t9", "date": dt.date(2023, 10, 1)}
    with pq.ParquetWriter(path, results.TRANSCRIPT_SCHEMA) as writer:
        for lines in frames:
            writer.write_table(results.pa.Table.from_pylist(lines, results.TRANSCRIPT_SCHEMA))
    frame = pd.read_parquet(_write(run_dir)[0])
    rows = frame[(frame["firm_id"] == "000000") & (frame["theme_id"] == "made-up-001")]
    assert rows["date"].tolist() == [dt.date(2023, 10, 1), dt.date(2024, 1, 1)]
    assert rows["n_sentences"].tolist() == [3, 1]
    assert rows["share"].tolist() == [pytest.approx(3 / 3), pytest.approx(1 / 19)]


def test_csv_and_parquet_hold_the_same_rows_and_ids_stay_text(tmp_path: Path) -> None:
    parquet, table = _write(write_run(tmp_path))
    text = pd.read_csv(table, dtype={"firm_id": str})
    assert text["firm_id"].tolist() == pd.read_parquet(parquet)["firm_id"].tolist()
    assert "000003" in table.read_text()
    with table.open(newline="") as file:
        assert next(csv.reader(file)) == SCHEMA.names


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    run_dir = write_run(tmp_path)
    first = [path.read_bytes() for path in _write(run_dir)]
    assert [path.read_bytes() for path in _write(run_dir)] == first
    assert not list(run_dir.glob(".*.part"))


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-2",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        '=HYPERLINK("http://x")',
        "＝1",
        "＋1",
        "－2",
        "＠SUM(A1)",
    ],
)
def test_no_cell_runs_as_a_formula_in_a_spreadsheet(tmp_path: Path, text: str) -> None:
    assert safe_cell(text) == "'" + text
    parquet, table = _write(write_run(tmp_path, label=text))
    with table.open(newline="") as file:
        assert all(row["label"].startswith("'" + text) for row in csv.DictReader(file))
    # Programs read the label as it is.
    assert pd.read_parquet(parquet)["label"].str.startswith(text).all()


@pytest.mark.parametrize("text", ["supply chain", "a=b", "3M", "供应链", "", "1-2"])
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert safe_cell(text) == text


@pytest.mark.parametrize(("n_firms", "n_skipped"), [(0, 0), (0, 3), (3, 0)])
def test_a_run_without_themes_has_a_panel_without_rows(tmp_path: Path, n_firms: int, n_skipped: int) -> None:
    parquet, table = _write(write_run(tmp_path, n_firms=n_firms, n_skipped=n_skipped, n_themes=0))
    assert pd.read_parquet(parquet).empty
    assert len(table.read_text().splitlines()) == 1


def test_topics_of_another_run_are_refused(tmp_path: Path) -> None:
    run_dir = write_run(tmp_path)
    path = run_dir / "topics" / "000001.json"
    firm = json.loads(path.read_text())
    firm["topics"][0]["sentences"][0]["sentence_id"] = "gone"
    path.write_text(json.dumps(firm))
    with pytest.raises(
        ResultError, match=r"'000001' hold the sentence 'gone', which transcripts.parquet lacks"
    ):
        _write(run_dir)
    # The files of before, or none: never half of them.
    assert not (run_dir / "exposures.csv").exists()
    assert not list(run_dir.glob(".*.part"))


def test_a_missing_topic_file_is_named(tmp_path: Path) -> None:
    run_dir = write_run(tmp_path)
    (run_dir / "topics" / "000002.json").unlink()
    with pytest.raises(ResultError, match=r"000002.json: missing"):
        _write(run_dir)
