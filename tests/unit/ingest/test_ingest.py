"""Ingest: ids that never move, a firm in one row group, and every row that is not used is accounted for."""

import datetime as dt
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from earnings_themes.config import Source
from earnings_themes.errors import InputError
from earnings_themes.ingest.firm_list import known_firms, list_firms
from earnings_themes.ingest.transcripts import ingest
from earnings_themes.results.artifacts import TRANSCRIPT_SCHEMA, iter_sentences, read_sentences
from earnings_themes.results.firms import read_firms
from earnings_themes.system.folders import LocalFolder
from tests.conftest import call, write_csv


def run(source: Source, folder: Path, workers: int = 1) -> Path:
    ingest(source, folder / "transcripts.parquet", folder / "firms.tsv", folder / "ingest.json", workers)
    return folder


def test_a_row_group_holds_whole_firms_in_the_order_of_firms_tsv(
    quarter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two of the large firms fit; the small one at the end goes with the second pair.
    monkeypatch.setattr("earnings_themes.results.artifacts.GROUP_ROWS", 90)
    run(Source("local_csv", str(quarter)), tmp_path)
    file = pq.ParquetFile(tmp_path / "transcripts.parquet")
    assert file.schema_arrow.names == TRANSCRIPT_SCHEMA.names
    firms = read_firms(tmp_path / "firms.tsv")
    assert [firm.firm_id for firm in firms] == ["0012", "23", "34", "45", "56"]
    assert [firm.row_group for firm in firms] == [0, 0, 1, 1, 1]
    for firm in firms:
        group = file.read_row_group(firm.row_group)["firm_id"].to_pylist()
        assert group.count(firm.firm_id) == firm.n_sentences
        assert read_sentences(tmp_path / "transcripts.parquet", firm.firm_id).shape[0] == firm.n_sentences
    frames = {
        firm.firm_id: frame["firm_id"].tolist()
        for firm, frame in iter_sentences(tmp_path / "transcripts.parquet", firms, ["firm_id"])
    }
    assert frames == {firm.firm_id: [firm.firm_id] * firm.n_sentences for firm in firms}


def test_sentence_ids_count_every_sentence_of_the_call(quarter: Path, tmp_path: Path) -> None:
    run(Source("local_csv", str(quarter)), tmp_path)
    sentences = read_sentences(tmp_path / "transcripts.parquet", "0012")
    assert sentences["sentence_id"].tolist() == [f"0012_90012_{n:04d}" for n in range(len(sentences))]
    assert sentences["position"].tolist() == list(range(len(sentences)))
    assert sentences.iloc[0]["procedural"]
    assert sentences.iloc[0]["text"] == "Good morning, and welcome to the conference call."


def test_the_number_of_workers_changes_nothing(quarter: Path, tmp_path: Path) -> None:
    one = run(Source("local_csv", str(quarter)), tmp_path / "1", workers=1)
    three = run(Source("local_csv", str(quarter)), tmp_path / "3", workers=3)
    for name in ("transcripts.parquet", "firms.tsv"):
        assert (one / name).read_bytes() == (three / name).read_bytes()


def test_calls_outside_the_dates_are_left_out(tmp_path: Path) -> None:
    rows = call("7", "Firm", ["hiring"]) + [
        turn | {"transcriptid": "71"} for turn in call("7", "Firm", ["carbon"], date="2023-08-01")
    ]
    source = Source("local_csv", str(write_csv(tmp_path / "calls.csv", rows)), end_date=dt.date(2023, 7, 31))
    run(source, tmp_path)
    assert set(read_sentences(tmp_path / "transcripts.parquet", "7")["transcript_id"]) == {"97"}


def test_the_report_accounts_for_what_was_left_out(tmp_path: Path) -> None:
    rows = call("7", "Firm", ["hiring"])
    rows += [rows[1], rows[1] | {"componentorder": 8, "componenttext": " "}]
    rows += [{**rows[1], "companyid": "8", "mostimportantdateutc": "?"}]
    run(Source("local_csv", str(write_csv(tmp_path / "calls.csv", rows)), max_lost=0.5), tmp_path)
    report = json.loads((tmp_path / "ingest.json").read_text())
    assert report["skipped_rows"] == {"duplicate turn": 1, "empty text": 1, "unreadable date": 1}
    assert (report["firms"], report["calls"]) == (2, 1)
    eight = read_firms(tmp_path / "firms.tsv")[1]
    assert (eight.n_sentences, eight.row_group) == (0, -1)
    assert read_sentences(tmp_path / "transcripts.parquet", "8").empty


def test_a_firm_s_digest_changes_with_its_content_alone(tmp_path: Path) -> None:
    before = call("7", "Firm", ["hiring"]) + call("8", "Other", ["carbon"])
    after = call("7", "Firm", ["hiring"]) + call("8", "Other", ["software"])
    digests = []
    for name, rows in (("a", before), ("b", after)):
        folder = tmp_path / name
        folder.mkdir()
        run(Source("local_csv", str(write_csv(folder / "calls.csv", rows))), folder)
        digests.append([firm.digest for firm in read_firms(folder / "firms.tsv")])
    assert digests[0][0] == digests[1][0]
    assert digests[0][1] != digests[1][1]


def test_the_firm_list_comes_from_ingest_only_where_it_is_of_this_source(
    quarter: Path, tmp_path: Path
) -> None:
    source = Source("local_csv", str(quarter))
    run(source, tmp_path)
    folder = LocalFolder(tmp_path)
    (tmp_path / "firms.tsv").write_text(
        "\n".join((tmp_path / "firms.tsv").read_text().splitlines()[:3]) + "\n"
    )
    assert known_firms(source, folder) == ["0012", "23"]
    narrower = Source("local_csv", str(quarter), firms=("34", "45"))
    assert known_firms(narrower, folder) == ["34", "45"]


def test_no_firm_and_unknown_firms_are_named(quarter: Path) -> None:
    with pytest.raises(InputError, match="no firm has a call between 2030-01-01"):
        list_firms(Source("local_csv", str(quarter), start_date=dt.date(2030, 1, 1)))
    with pytest.raises(InputError, match=r"names \['012'\].*Did you mean '0012'"):
        list_firms(Source("local_csv", str(quarter), firms=("012", "23")))
