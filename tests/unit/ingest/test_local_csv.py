"""The CSV connector: ids and text come through untouched, and each fault is named where it is."""

import datetime as dt
import gzip
from pathlib import Path

import pytest

from earnings_themes.config import Source
from earnings_themes.errors import InputError
from earnings_themes.ingest.local_csv import LocalCSVConnector
from tests.conftest import COLUMNS, call, write_csv


def row(**cells: object) -> dict[str, object]:
    usual = {
        "companyid": "7", "companyname": "Firm", "transcriptid": "70", "mostimportantdateutc": "2023-05-02",
        "componentorder": "0", "componenttext": "We grew.",
    }  # fmt: skip
    return usual | cells


def connector(path: Path, *rows: dict[str, object]) -> LocalCSVConnector:
    source = Source("local_csv", str(write_csv(path / "calls.csv", rows)), max_lost=1)
    found = LocalCSVConnector(source.path)
    found.source = source
    return found


def test_ids_stay_text(tmp_path: Path) -> None:
    ids = ["007", "1e5", " x ", "a/b", "..", "é😀", "8.0"]
    source = connector(tmp_path, *(row(companyid=firm, transcriptid=f"{n}") for n, firm in enumerate(ids)))
    assert source.get_firms() == sorted(ids)
    assert [source.get_transcripts(firm).firm_id for firm in ids] == ids


def test_both_ends_of_the_dates_are_inclusive(tmp_path: Path) -> None:
    days = ["2023-03-31", "2023-04-01", "2023-06-30 17:00:00", "2023-07-01"]
    source = connector(tmp_path, *(row(companyid=day[:10], mostimportantdateutc=day) for day in days))
    assert source.get_firms(dt.date(2023, 4, 1), dt.date(2023, 6, 30)) == ["2023-04-01", "2023-06-30"]
    assert source.get_firms(dt.date(2023, 7, 1)) == ["2023-07-01"]


def test_turns_come_in_their_order_whatever_the_order_of_the_rows(tmp_path: Path) -> None:
    rows = [row(componentorder=order, componenttext=f"Turn {order}.") for order in (10, 2, 0)]
    later = row(transcriptid="69", mostimportantdateutc="2023-08-02", companyname="Firm Renamed")
    data = connector(tmp_path, later, *rows).get_transcripts("7")
    assert [turn.text for turn in data.calls[0].turns] == ["Turn 0.", "Turn 2.", "Turn 10."]
    assert [call.transcript_id for call in data.calls] == ["70", "69"]
    assert data.firm_name == "Firm Renamed"


def test_rows_left_out_are_counted_by_reason(tmp_path: Path) -> None:
    source = connector(
        tmp_path,
        row(),
        row(),
        row(componenttext="  "),
        row(mostimportantdateutc="soon"),
        row(componentorder="1", componenttext="We grew."),
    )
    data = source.get_transcripts("7")
    assert data.skipped == {"duplicate turn": 1, "empty text": 1, "unreadable date": 1}
    assert len(data.calls[0].turns) == 2


def test_a_firm_without_one_readable_row_is_listed_not_lost(tmp_path: Path) -> None:
    source = connector(tmp_path, row(companyid="8", mostimportantdateutc="??"), row())
    assert source.get_firms() == ["7", "8"]
    assert source.get_transcripts("8").calls == ()


def test_columns_in_any_order_and_case_and_extra_ones(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(
        "extra,ComponentText,COMPONENTORDER,mostimportantdateutc,transcriptid,companyname,companyid\r\n"
        'x,"Two\nlines, and ""quotes"".",1.0,2023-05-02,70,Firm,7\r\n',
        encoding="utf-8-sig",
        newline="",
    )
    turn = LocalCSVConnector(str(path)).get_transcripts("7").calls[0].turns[0]
    assert turn.text == 'Two\nlines, and "quotes".'
    assert (turn.order, turn.speaker_type) == (1, "")


def test_gzip_reads_the_same(tmp_path: Path, quarter: Path) -> None:
    packed = tmp_path / "calls.csv.gz"
    packed.write_bytes(gzip.compress(quarter.read_bytes()))
    assert LocalCSVConnector(str(packed)).get_firms() == LocalCSVConnector(str(quarter)).get_firms()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"companyid,companyname\n7,Firm\n", "line 1: no column mostimportantdateutc, componenttext"),
        ("{h},companyid\n", "line 1: column companyid appears more than once"),
        ("{h}\n7,Firm,70,2023-05-02,0,We grew, a lot.,,,,\n", "line 2: 11 cells; expected 10"),
        ("{h}\n7,Firm,70,2023-05-02,0,A,,,,\n7,Firm,70,2023-05-02,first,B,,,,\n",
         "line 3: componentorder is 'first'; expected a whole number"),
        ("{h}\n,Firm,70,2023-05-02,0,A,,,,\n", "line 2: companyid is empty"),
        ('{h}\n7,Firm,70,2023-05-02,0,"A\nB\n",,,,\n7,Firm,,2023-05-02,1,A,,,,\n', "line 5: transcriptid is empty"),
        (b"companyid,companyname,transcriptid,mostimportantdateutc,componentorder,componenttext\n"
         b"7,Soci\xe9t\xe9,70,2023-05-02,0,A\n", "byte 0xe9 is not UTF-8"),
        ('{h}\n7,Firm,70,2023-05-02,0,"never closed,,,,\n', "not readable as CSV"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_line(tmp_path: Path, content: str | bytes, said: str) -> None:
    path = tmp_path / "calls.csv"
    data = content if isinstance(content, bytes) else content.format(h=",".join(COLUMNS)).encode()
    path.write_bytes(data)
    with pytest.raises(InputError) as error:
        LocalCSVConnector(str(path)).get_transcripts("7")
    assert said in str(error.value)
    assert str(path) in str(error.value)


def test_a_transcript_with_two_dates_is_refused(tmp_path: Path) -> None:
    source = connector(tmp_path, row(), row(componentorder="1", mostimportantdateutc="2023-05-03"))
    with pytest.raises(InputError, match=r"2023-05-02 \(line 2\), 2023-05-03 \(line 3\)"):
        source.get_transcripts("7")


def test_missing_things_are_named(tmp_path: Path, quarter: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.csv: cannot be opened"):
        LocalCSVConnector(str(tmp_path / "nowhere.csv")).get_firms()
    with pytest.raises(InputError, match="no row with companyid 'nobody'"):
        LocalCSVConnector(str(quarter)).get_transcripts("nobody")
    broken = tmp_path / "calls.csv.gz"
    broken.write_bytes(gzip.compress(quarter.read_bytes())[:-20])
    with pytest.raises(InputError, match="a gzip file that is damaged or not complete"):
        LocalCSVConnector(str(broken)).get_firms()


def test_many_rows_go_through_in_batches(tmp_path: Path) -> None:
    rows = [row(componentorder=n, componenttext=f"Sentence {n}.") for n in range(10_050)] + [
        row(componentorder=3, componenttext="Sentence 3.")
    ]
    data = connector(tmp_path, *rows, *call("8", "Other", ["hiring"])).get_transcripts("7")
    assert len(data.calls[0].turns) == 10_050
    assert data.skipped == {"duplicate turn": 1}
