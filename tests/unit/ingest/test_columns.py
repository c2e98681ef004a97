"""Columns are found by the names that files have; what is missing has its default or one message."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from earnings_themes.config import Source
from earnings_themes.errors import ConfigError, InputError
from earnings_themes.ingest.firm_list import connect
from earnings_themes.ingest.transcripts import ingest
from tests.conftest import call, write_csv

LEAST = ["companyid", "mostimportantdateutc", "componenttext"]


def written(path: Path, header: str, *rows: str, **settings: object) -> Source:
    path = path / "calls.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return Source("local_csv", str(path), **settings)  # type: ignore[arg-type]


def test_wrds_own_names_are_read(tmp_path: Path) -> None:
    source = written(
        tmp_path,
        "CompanyId,TRANSCRIPT_ID,transcriptcomponenttypename,MostImportantDateUTC,mostimportanttimeutc,"
        "keydevid,Component Order,componenttext",
        "7,70.0,Question,2022-10-28,01:00:00,9.0,0,Did you grow?",
    )
    found = connect(source).get_transcripts("7").calls[0]
    assert (found.transcript_id, found.event_id, found.date.isoformat()) == ("70", "9", "2022-10-27")
    assert found.turns[0].section == "Question"


def test_what_a_file_lacks_is_taken_from_rows_headline_and_day(tmp_path: Path) -> None:
    source = written(
        tmp_path,
        "companyid,headline,mostimportantdateutc,componenttext",
        '7,"Ashquill Holdings, Inc., Q1 2023 Earnings Call, May 5, 2023",2023-05-05,First.',
        '7,"Ashquill Holdings, Inc., Q1 2023 Earnings Call, May 5, 2023",2023-05-05,Second.',
        "8,,2023-05-06,Third.",
    )
    seven, eight = (connect(source).get_transcripts(firm) for firm in "78")
    assert seven.firm_name == "Ashquill Holdings, Inc."
    assert [turn.text for turn in seven.calls[0].turns] == ["First.", "Second."]
    assert (eight.firm_name, eight.calls[0].transcript_id) == ("8", "2023-05-06")


def test_columns_are_mapped_and_kept(tmp_path: Path) -> None:
    source = written(
        tmp_path, "gvkey,date,time,text,permno,sic", "001004,2022-10-28,01:00:00,We grew.,NA,35",
        "001004,2022-10-28,01:00:00,More.,12,35",
        columns={"companyid": "GVKEY", "mostimportantdateutc": "date", "mostimportanttimeutc": "time",
                 "componenttext": "text"},
        keep=("permno", "sic", "date"),
    )  # fmt: skip
    ingest(source, tmp_path / "t", tmp_path / "f", tmp_path / "i.json", calls=tmp_path / "c")
    (row,) = pq.read_table(tmp_path / "c").to_pylist()
    assert (row["firm_id"], row["permno"], row["sic"], row["source_date"]) == (
        "001004",
        "12",
        "35",
        "2022-10-28",
    )
    assert (row["date"].isoformat(), row["time_utc"].isoformat()) == (
        "2022-10-27",
        "2022-10-28T01:00:00+00:00",
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, r"no column mostimportantdateutc.*source\.columns: \{mostimportantdateutc: date\}"),
        ({"columns": {"mostimportantdateutc": "day"}},
         r"no column day, which source\.columns\.mostimportantdateutc names"),
        ({"columns": {"mostimportantdateutc": "date"}, "keep": ("permn",)},
         r"no column permn, which source\.keep names.*'permno'"),
        ({"columns": {"mostimportantdateutc": "date"}, "keep": ("headline",)},
         r"no column headline, which source\.keep names"),
        ({"columns": {"mostimportantdateutc": "date"}, "keep": ("permno",)},
         r"permno has two values.*'1' \(line 2\), '2' \(line 3\)"),
    ],
)  # fmt: skip
def test_a_column_that_is_not_there_or_not_constant_is_named(
    tmp_path: Path, settings: dict[str, object], said: str
) -> None:
    source = written(
        tmp_path, "companyid,date,componenttext,permno", "7,2023-05-05,A.,1", "7,2023-05-05,B.,2", **settings
    )
    with pytest.raises(InputError, match=said):
        connect(source).get_transcripts("7")


def test_a_column_of_parquet_may_be_mapped_and_kept(tmp_path: Path) -> None:
    row = {"gvkey": ["7"], "mostimportantdateutc": ["2023-05-05"], "componenttext": ["We grew."]}
    pq.write_table(pa.table(row), tmp_path / "calls.parquet")
    settings = Source(
        "local_csv", str(tmp_path / "calls.parquet"), columns={"companyid": "gvkey"}, keep=("gvkey",)
    )
    source = connect(settings)
    assert source.get_firms() == ["7"]
    assert source.get_transcripts("7").calls[0].kept == {"gvkey": "7"}


def test_a_mapping_of_an_unknown_column_is_a_mistake_in_the_settings(tmp_path: Path) -> None:
    source = written(tmp_path, ",".join(LEAST), "7,2023-05-05,A.", columns={"company_id": "x"})
    with pytest.raises(
        ConfigError, match=r"source\.columns\.company_id is no column .*did you mean companyid"
    ):
        connect(source).get_firms()


def test_a_zone_that_is_none_is_a_mistake_in_the_settings(tmp_path: Path) -> None:
    source = written(tmp_path, ",".join(LEAST), "7,2023-05-05,A.", time_zone="New York")
    with pytest.raises(
        ConfigError, match=r"source\.time_zone is 'New York'; expected a zone such as America"
    ):
        connect(source).get_firms()


def test_what_programs_write_for_nothing_is_nothing(tmp_path: Path) -> None:
    rows = call("7", "NA", ["freight"])
    rows += [rows[1] | {"componentorder": 9 + n, "componenttext": text, "transcriptpersonname": "nan"}
             for n, text in enumerate(["NA", "nan", "None", "NULL", "#N/A", "<NA>", " "])]  # fmt: skip
    data = connect(Source("local_csv", str(write_csv(tmp_path / "calls.csv", rows)))).get_transcripts("7")
    assert data.skipped == {"empty text": 7}
    assert data.firm_name == "7"


def test_a_header_in_the_middle_is_no_firm(tmp_path: Path) -> None:
    header = ",".join(LEAST)
    source = connect(written(tmp_path, header, "7,2023-05-05,A.", header.upper(), "8,2023-05-05,B."))
    assert source.get_firms() == ["7", "8"]
    assert source.account().skipped == {"header line again": 1}
