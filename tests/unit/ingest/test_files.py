"""One table in every kind of file is the same calls; what cannot be read is named for what it is."""

import bz2
import gzip
import lzma
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from earnings_themes.config import Source, parse_config
from earnings_themes.errors import InputError
from earnings_themes.ingest.firm_list import connect
from tests.conftest import call, write_csv

ROWS = [*call("0012", "Ashgrove Freight", ["freight"]), *call("23", "Belltower", ["software"])]


def frame() -> pd.DataFrame:
    return pd.DataFrame(ROWS)


def to_xlsx(path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(list(ROWS[0]))
    for row in ROWS:
        book.active.append(list(row.values()))
    book.active.append([])
    book.save(path)


def to_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(write_csv(path.with_name("in.csv"), ROWS), "folder/calls.csv")
        archive.writestr("__MACOSX/folder/._calls.csv", b"\x00")
    path.with_name("in.csv").unlink()


def packed(pack: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(pack(write_csv(path, ROWS).read_bytes()))

    return write


def separated(mark: str) -> Callable[[Path], None]:
    return lambda path: frame().to_csv(path, sep=mark, index=False)


def in_folder(path: Path) -> None:
    (path / "quarter=1").mkdir(parents=True)
    write_csv(path / "quarter=1" / "b.csv", ROWS[2:])
    frame()[:2].to_parquet(path / "a.parquet")
    (path / "notes.md").write_text("not a table")
    (path / "_receipt.csv").write_text("not a table")


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("calls.parquet", lambda path: frame().to_parquet(path)),
        ("calls.xlsx", to_xlsx),
        ("calls.dta", lambda path: frame().to_stata(path, write_index=False, version=118)),
        ("old.dta",
         lambda path: frame().assign(componenttext="We grew.").to_stata(path, write_index=False, version=114)),
        ("calls.zip", to_zip),
        ("calls.csv.gz", packed(gzip.compress)),
        ("calls.csv.bz2", packed(bz2.compress)),
        ("calls.csv.xz", packed(lzma.compress)),
        ("named_wrong.csv", lambda path: frame().to_parquet(path)),
        ("semicolons.csv", separated(";")),
        ("tabs.txt", separated("\t")),
        ("bars.csv", separated("|")),
        ("folder", in_folder),
        ("hive", lambda path: frame().to_parquet(path, partition_cols=["companyid"])),
    ],
)  # fmt: skip
def test_every_kind_of_file_gives_the_same_calls(
    tmp_path: Path, name: str, write: Callable[[Path], None]
) -> None:
    write(tmp_path / name)
    usual = connect(Source("local_csv", str(write_csv(tmp_path / "usual.csv", ROWS))))
    found = connect(Source("local_csv", str(tmp_path / name)))
    assert found.get_firms() == usual.get_firms() == ["0012", "23"]
    for firm in found.get_firms():
        if name != "old.dta":  # its text is cut at 244 letters by Stata itself
            assert found.get_transcripts(firm) == usual.get_transcripts(firm)
    assert found.version() is not None


def test_a_glob_is_several_files_and_a_message_names_the_one(tmp_path: Path) -> None:
    write_csv(tmp_path / "q1.csv", ROWS[:2])
    write_csv(tmp_path / "q2.csv", [*ROWS[2:], ROWS[0] | {"companyid": ""}])
    source = connect(Source("local_csv", str(tmp_path / "q*.csv")))
    with pytest.raises(InputError, match=rf"q2\.csv, line {len(ROWS[2:]) + 2}: companyid is empty"):
        source.get_firms()


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (bytes(12) + b"\xc2\xea\x81\x60" + bytes(300),
         r"found a SAS data set .*pandas\.read_sas\('f', enc.*to_parquet"),
        (b"HEADER RECORD*******LIBRARY HEADER", "found a SAS transport file"),
        (b"\xd0\xcf\x11\xe0" + bytes(300), r"found an old Excel .*pandas\.read_excel"),
        (b"\x28\xb5\x2f\xfd" + bytes(30), r"packed with Zstandard.*compression='zstd'"),
        (b"ARROW1\0\0", r"found Arrow or Feather.*read_feather"),
        (b"\x80\x05\x95pandas.core.frame", r"found a pandas pickle.*read_pickle"),
        (b'[{"companyid": 7}]', r"found JSON.*read_json"),
        (b'\xef\xbb\xbf  {"companyid": 7}\n{"companyid": 8}', r"found JSON.*lines=True"),
        (b"<?xml version='1.0'?>", 'found XML.*docs/input.md, "Other files"'),
        (b'<Event Id="1"><EventStory/></Event>', "found XML"),
        (b"<table border=1><tr><td>companyid", "found a web page"),
        (b"<SEC-DOCUMENT>0000320193-24-000069.txt", "found a filing as EDGAR has it"),
        (b'{\n "date": "2024-05-07"}', "found one JSON object"),
        (b"%PDF-1.7", "found a PDF.*pdftotext"),
        (b"RDX3\nX", r"found R's data.*arrow::write_parquet"),
        (gzip.compress(b"RDX3\nX" + bytes(99), mtime=0), "packed as gzip, found R's data"),
        (gzip.compress(b"X\n\0\0\0" + bytes(99), mtime=0), r'packed as gzip, .*readRDS\("f"\)'),
        (b"7z\xbc\xaf\x27\x1c", "found a 7z archive"),
        (b"PK\x03\x04 cut", "a zip file that cannot be unpacked"),
        (b"PAR1 cut", "not readable as Parquet"),
        (b"BZh9 cut", "a bz2 file that is damaged"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_named_and_never_sent_to_iconv(tmp_path: Path, start: bytes, said: str) -> None:
    file = tmp_path / "f"
    file.write_bytes(start)
    with pytest.raises(InputError, match=said) as error:
        connect(Source("local_csv", str(file))).get_firms()
    assert "iconv" not in str(error.value)
    assert str(error.value).startswith(str(file))
    assert len(str(error.value).splitlines()) == 1


def test_paths_that_hold_nothing_say_what_is_expected(tmp_path: Path) -> None:
    for path, said in (
        (str(tmp_path), "a folder without a table"),
        (f"{tmp_path}/*.csv", "no file has such a name"),
    ):
        with pytest.raises(InputError, match=said):
            connect(Source("local_csv", path)).get_firms()


def test_a_list_of_files_is_read_as_one_source(tmp_path: Path) -> None:
    write_csv(tmp_path / "q1.csv", ROWS[:2])
    frame()[2:].drop(columns="companyname").to_parquet(tmp_path / "q2.parquet")
    raw = {"source": {"path": [str(tmp_path / "q1.csv"), str(tmp_path / "q2*"), str(tmp_path / "q1.csv")]}}
    source = connect(parse_config(raw).source)
    assert source.get_firms() == ["0012", "23"]
    assert len(source.get_transcripts("0012").calls[0].turns) == len(call("0012", "Ashgrove", ["freight"]))


def test_a_column_that_cannot_be_text_and_a_partition_without_a_value_are_named(tmp_path: Path) -> None:
    frame().assign(componenttext=[{"said": "We grew."}] * len(ROWS)).to_parquet(tmp_path / "lists.parquet")
    with pytest.raises(InputError, match=r"no column componenttext.*hold lists or records: componenttext"):
        connect(Source("local_csv", str(tmp_path / "lists.parquet"))).get_firms()
    frame().assign(companyid=None).to_parquet(tmp_path / "parts", partition_cols=["companyid"])
    with pytest.raises(InputError, match="companyid is empty; expected an id"):
        connect(Source("local_csv", str(tmp_path / "parts"))).get_firms()


def test_a_listed_file_that_is_not_there_is_named_before_any_is_read(tmp_path: Path) -> None:
    (tmp_path / "q1.csv").write_text("no table")
    write_csv(tmp_path / "q2 calls.csv", ROWS)
    path = parse_config(
        {"source": {"path": [str(tmp_path / "q1.csv"), str(tmp_path / "q2 call.csv")]}}
    ).source.path
    with pytest.raises(InputError, match=r"q2 call\.csv: cannot be opened.*Did you mean 'q2 calls\.csv'\?"):
        connect(Source("local_csv", path)).get_firms()


def test_tables_of_a_zip_file_and_sheets_of_a_workbook_are_all_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "calls.zip", "w") as archive:
        archive.writestr("README.txt", "two quarters")
        for name, rows in (("q1.csv", ROWS[:2]), ("q2.csv", ROWS[2:])):
            archive.write(write_csv(tmp_path / name, rows), name)
    with pd.ExcelWriter(tmp_path / "calls.xlsx") as book:
        pd.DataFrame({"about": ["made in May"]}).to_excel(book, sheet_name="Notes", index=False)
        frame()[:2].to_excel(book, sheet_name="Q1", index=False)
        frame()[2:][list(reversed(list(ROWS[0])))].to_excel(book, sheet_name="Q2", index=False)
    usual = connect(Source("local_csv", str(write_csv(tmp_path / "usual.csv", ROWS))))
    for name in ("calls.zip", "calls.xlsx"):
        found = connect(Source("local_csv", str(tmp_path / name)))
        assert found.get_firms() == usual.get_firms()
        assert all(found.get_transcripts(firm) == usual.get_transcripts(firm) for firm in usual.get_firms())


@pytest.mark.parametrize(
    "start",
    [b"\x89PNG\r\n\x1a\n" + bytes(300), bytes(range(256)) * 2, b"\x1f\x9d" + bytes(300), b"\x93NUMPY\x01\0v\0",
     b"\0\1\0\0Standard ACE DB" + bytes(300), b"<!doctype html>\n<html>",
     b"version https://git-lfs.github.com/spec/v1\n"],
)  # fmt: skip
def test_other_binary_files_are_never_sent_to_iconv(tmp_path: Path, start: bytes) -> None:
    (tmp_path / "f").write_bytes(start)
    with pytest.raises(InputError, match=r"f: found a.* expected CSV") as error:
        connect(Source("local_csv", str(tmp_path / "f"))).get_firms()
    assert "iconv" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("calls.json", lambda path: frame().to_json(path, orient="records")),
        ("calls.json.gz", lambda path: frame().to_json(path, orient="records", lines=True)),
        ("calls.feather", lambda path: frame().to_feather(path)),
        ("calls.pkl", lambda path: frame().to_pickle(path)),
    ],
)
def test_what_a_message_advises_makes_a_table_of_the_same_calls(
    tmp_path: Path, name: str, write: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / name)
    with pytest.raises(InputError, match="Convert it: ") as error:
        connect(Source("local_csv", str(tmp_path / name))).get_firms()
    command = shlex.split(str(error.value).split("Convert it: ")[1])
    subprocess.run([sys.executable, *command[1:]], cwd=tmp_path, check=True)
    usual = connect(Source("local_csv", str(write_csv(tmp_path / "usual.csv", ROWS))))
    found = connect(Source("local_csv", str(tmp_path / "calls.parquet")))
    assert found.get_firms() == usual.get_firms()
    assert all(found.get_transcripts(firm) == usual.get_transcripts(firm) for firm in usual.get_firms())


def test_columns_of_parquet_are_mapped(tmp_path: Path) -> None:
    names = {"companyid": "gvkey", "mostimportantdateutc": "day", "componenttext": "speech"}
    frame().rename(columns=names).to_parquet(tmp_path / "calls.parquet")
    found = connect(Source("local_csv", str(tmp_path / "calls.parquet"), columns=names))
    assert found.get_firms() == ["0012", "23"]
    assert found.get_transcripts("23").calls[0].turns[-1].text == ROWS[-1]["componenttext"]


def test_a_list_of_turns_in_parquet_is_its_turns(tmp_path: Path) -> None:
    turns = [{"speaker": row["transcriptpersonname"], "text": row["componenttext"]} for row in ROWS]
    calls = pd.DataFrame(
        {"companyid": ["7"], "mostimportantdateutc": ["2023-05-02"], "componenttext": [turns]}
    )
    calls.to_parquet(tmp_path / "calls.parquet")
    (found,) = connect(Source("local_csv", str(tmp_path / "calls.parquet"))).get_transcripts("7").calls
    assert [(turn.speaker_name, turn.text) for turn in found.turns] == [
        tuple(turn.values()) for turn in turns
    ]


@pytest.mark.parametrize(("unit", "first"), [("tq", "'2023Q2'"), ("tm", "'2023-05'"), ("td", None)])
def test_a_quarter_of_stata_s_is_no_day(tmp_path: Path, unit: str, first: str | None) -> None:
    days = frame().assign(mostimportantdateutc=pd.to_datetime(frame()["mostimportantdateutc"]))
    days.to_stata(
        tmp_path / "c.dta", write_index=False, version=118, convert_dates={"mostimportantdateutc": unit}
    )
    source = connect(Source("local_csv", str(tmp_path / "c.dta")))
    if first is None:
        assert source.get_firms() == ["0012", "23"]
        return
    with pytest.raises(InputError, match=f"is {first}.*do not say the day of a call"):
        source.get_firms()


def test_an_address_a_table_without_a_header_and_quotes_as_letters_are_named(tmp_path: Path) -> None:
    for path, said in (("https://example.org/c.csv", "download it"), ("s3://b/c.csv", "source.kind: s3")):
        with pytest.raises(InputError, match=f"found an address; .*{said}"):
            connect(Source("local_csv", path)).get_firms()
    (tmp_path / "c.csv").write_text("\n".join(LINES))
    with pytest.raises(InputError, match="The first line is a row: add a line above it"):
        connect(Source("local_csv", str(tmp_path / "c.csv"))).get_firms()
    quoted = frame().assign(componenttext='"Well," we said.').to_csv(sep="\t", index=False, quoting=3)
    (tmp_path / "c.csv").write_text(quoted)
    with pytest.raises(InputError, match=r"sep=chr\(9\), quoting=3"):
        connect(Source("local_csv", str(tmp_path / "c.csv"))).get_firms()


def test_titles_stand_above_the_header_of_a_sheet(tmp_path: Path) -> None:
    with pd.ExcelWriter(tmp_path / "calls.xlsx") as book:
        frame().to_excel(book, index=False, startrow=3)
        book.sheets["Sheet1"]["A1"] = "Exported on Tuesday"
    found = connect(Source("local_csv", str(tmp_path / "calls.xlsx")))
    assert found.get_firms() == ["0012", "23"]
    frame().rename(columns={"companyid": "RIC"}).to_excel(tmp_path / "calls.xlsx", index=False, startrow=3)
    with pytest.raises(InputError, match=r"row 4: no column companyid\. Found ric, companyname"):
        connect(Source("local_csv", str(tmp_path / "calls.xlsx"))).get_firms()


def test_a_folder_says_what_lies_there_and_leaves_excel_s_own_files_alone(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    with pytest.raises(InputError, match=r"of its 1 files the first is a\.pdf: found a PDF"):
        connect(Source("local_csv", str(tmp_path))).get_firms()
    to_xlsx(tmp_path / "calls.xlsx")
    (tmp_path / "~$calls.xlsx").write_bytes(b"\x04Dana" + bytes(160))
    assert connect(Source("local_csv", str(tmp_path))).get_firms() == ["0012", "23"]
    (tmp_path / "README.txt").write_text("These are the calls.\nCite us.")
    with pytest.raises(InputError, match=r"README\.txt, line 1: .*It is text, not a table\..*FOLDER/\*\.csv"):
        connect(Source("local_csv", str(tmp_path))).get_firms()


HEADER, *LINES = frame().to_csv(index=False, lineterminator="\n").splitlines()


@pytest.mark.parametrize(
    "lines",
    [
        [HEADER, *(f"{line}," for line in LINES)],
        [HEADER, *(f"{n},{line}" for n, line in enumerate(LINES, 1))],
        [HEADER, ",".join(["VARCHAR"] * len(ROWS[0])), *LINES],
        [HEADER, *LINES, "Source: somebody" + "," * (len(ROWS[0]) - 1)],
        [HEADER, ",".join(f"label of {name}" for name in ROWS[0]), ",".join(["str"] * len(ROWS[0])), *LINES],
    ],
    ids=["separator at the end", "R's row names", "types", "a remark", "labels and types"],
)
def test_what_programs_put_around_rows_is_none_of_them(tmp_path: Path, lines: list[str]) -> None:
    (tmp_path / "calls.csv").write_text("\n".join(lines))
    found = connect(Source("local_csv", str(tmp_path / "calls.csv")))
    usual = connect(Source("local_csv", str(write_csv(tmp_path / "usual.csv", ROWS))))
    assert found.get_firms() == usual.get_firms()
    assert all(found.get_transcripts(firm) == usual.get_transcripts(firm) for firm in usual.get_firms())


def test_zeros_at_the_end_are_named(tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_bytes("\n".join([HEADER, *LINES, ""]).encode() + bytes(99))
    with pytest.raises(InputError, match="zeros, which a copy that was cut leaves"):
        connect(Source("local_csv", str(tmp_path / "calls.csv"))).get_firms()


def notes_of(path: Path) -> str:
    source = connect(Source("local_csv", str(path)))
    source.get_firms()
    return " ".join(source.account().notes)


def test_what_lies_beside_the_tables_and_may_hold_calls_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "calls"
    folder.mkdir()
    for name in ("q1.csv", "q2.dat"):
        write_csv(folder / name, ROWS)
    (folder / "q3.xls").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(300))
    (folder / "notes.md").write_text("Of WRDS.")
    (folder / "q1.json").write_text('{\n "asked": 1}')
    assert f"may be calls in it: {folder / 'q2.dat'}, {folder / 'q3.xls'}. Where" in notes_of(folder)
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.write(folder / "q1.csv", "q1.csv")
        archive.writestr("README.txt", "Of WRDS.")
        archive.writestr("q2.parquet", frame().to_parquet())
    assert f"calls in it: {tmp_path / 'c.zip'} (q2.parquet). Where" in notes_of(tmp_path / "c.zip")
    with pd.ExcelWriter(tmp_path / "c.xlsx") as book:
        frame().to_excel(book, sheet_name="Q1", index=False)
        frame().rename(columns=lambda name: f"x{name}").to_excel(book, sheet_name="Q2", index=False)
        pd.DataFrame({"Of": ["WRDS"]}).to_excel(book, sheet_name="Notes", index=False)
    assert f"calls in it: {tmp_path / 'c.xlsx'} (Q2). Where" in notes_of(tmp_path / "c.xlsx")
    assert notes_of(write_csv(tmp_path / "alone.csv", ROWS)) == ""


def test_a_path_that_is_not_there_is_guessed_and_brackets_of_a_folder_are_no_pattern(tmp_path: Path) -> None:
    folder = tmp_path / "My [calls]"
    folder.mkdir()
    write_csv(folder / "q1.csv", ROWS)
    assert connect(Source("local_csv", f"{folder}/*.csv")).get_firms() == ["0012", "23"]
    with pytest.raises(InputError, match=r"q1\.cvs: cannot be opened.*Did you mean 'q1\.csv'\?"):
        connect(Source("local_csv", f"{folder}/q1.cvs")).get_firms()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("We don’t pump.".encode("mac_roman"), "iconv -f MACINTOSH"),
        ("We don’t pump.".encode("cp1252"), "iconv -f WINDOWS-1252"),
    ],
)
def test_the_page_that_a_file_is_in_is_guessed(tmp_path: Path, content: bytes, said: str) -> None:
    header = b"companyid,mostimportantdateutc,componenttext\n"
    (tmp_path / "calls.csv").write_bytes(header + b"7,2023-05-02," + content + b"\n")
    with pytest.raises(InputError, match=said):
        connect(Source("local_csv", str(tmp_path / "calls.csv"))).get_firms()


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("“We” grew.\n8,2023-05-02,".encode() + "“We” fell.".encode("cp1252"), "“We” fell."),
        (b"We grew.\n8,2023-05-02, \"We, too, fell.\"", "We, too, fell."),
        (b"We grew.\n8,2023-05-02,'We, too, fell.'", "We, too, fell."),
    ],
    ids=["two encodings", "a blank before quotes", "single quotes"],
)  # fmt: skip
def test_the_command_of_a_message_mends_the_file(tmp_path: Path, content: bytes, text: str) -> None:
    file = tmp_path / "calls.csv"
    file.write_bytes(b"companyid,mostimportantdateutc,componenttext\n7,2023-05-02," + content + b"\n")
    with pytest.raises(InputError) as error:
        connect(Source("local_csv", str(file))).get_firms()
    command = "python -c" + str(error.value).partition("python -c")[2]
    subprocess.run([sys.executable, *shlex.split(command)[1:]], cwd=tmp_path, check=True)
    mended = next(path for path in tmp_path.iterdir() if path != file)
    turns = connect(Source("local_csv", str(mended))).get_transcripts("8").calls[0].turns
    assert [turn.text for turn in turns] == [text]


def test_a_week_of_stata_s_is_no_day(tmp_path: Path) -> None:
    weeks = frame().assign(mostimportantdateutc=pd.Timestamp("2023-05-02"))
    weeks.to_stata(
        tmp_path / "c.dta", write_index=False, version=118, convert_dates={"mostimportantdateutc": "tw"}
    )
    with pytest.raises(InputError, match="mostimportantdateutc is '2023-"):
        connect(Source("local_csv", str(tmp_path / "c.dta"))).get_firms()
