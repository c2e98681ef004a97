"""Whatever researchers feed it: each hard input gives the right result, or one error that says what to mend.

An error is right when it names the file, the line, the column, what was found and what is expected. The
inputs here are each one that somebody has; test_input_properties.py makes up the rest.
"""

import csv
import dataclasses
import gzip
import io
import json
import re
from pathlib import Path

import pytest
import yaml

from earnings_themes.config import Limits, Source
from earnings_themes.errors import InputError
from earnings_themes.ingest.firm_list import connect, list_firms
from earnings_themes.ingest.local_csv import LocalCSVConnector
from earnings_themes.ingest.transcripts import ingest
from earnings_themes.results.artifacts import read_sentences
from earnings_themes.results.firms import decode_firm, encode_firm, id_fault, read_firms
from earnings_themes.speech import flag_procedural
from earnings_themes.text import MAX_CHARACTERS, MAX_WORDS, split_sentences
from tests.conftest import REPO

HEADER = "companyid,companyname,transcriptid,mostimportantdateutc,componentorder,componenttext\n"
ROW = "7,Firm,70,2023-05-02,0,We grew.\n"


def source(path: Path, content: str | bytes, **limits: int) -> LocalCSVConnector:
    file = path / "calls.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    connector = connect(Source("local_csv", str(file), limits=Limits(**limits)))
    assert isinstance(connector, LocalCSVConnector)
    return connector


def text_of(connector: LocalCSVConnector, firm: str = "7") -> list[str]:
    return [turn.text for call in connector.get_transcripts(firm).calls for turn in call.turns]


def fault(connector: LocalCSVConnector) -> str:
    with pytest.raises(InputError) as error:
        connector.get_firms()
        connector.get_transcripts("7")
    assert str(error.value).startswith(connector.path)
    return str(error.value)


@pytest.mark.parametrize(
    "content",
    [
        (HEADER + ROW).encode("utf-8-sig"),
        (HEADER + ROW).replace("\n", "\r\n").encode(),
        (HEADER + ROW).replace("\n", "\r").encode(),
        (HEADER + ROW).rstrip("\n").encode(),
        (HEADER + ROW + "\n\r\n").encode(),
        gzip.compress((HEADER + ROW).encode(), mtime=0),
        gzip.compress(HEADER.encode(), mtime=0) + gzip.compress(ROW.encode(), mtime=0),
        *((HEADER + ROW).encode(name) for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be")),
        ("sep=;\n" + (HEADER + ROW).replace(",", ";")).encode(),
        ("\nCalls of May\n" + HEADER + ROW).encode(),
        (HEADER + ROW).replace(",", "\x01").encode(),
        (HEADER + ROW + ",,,,,\n  \n").encode(),
        (HEADER + ROW + "\ufeff" + HEADER.upper()).encode(),
        ('"' + HEADER.strip().upper().replace(",", ' ","') + '"\n' + ROW).encode(),
        (
            b"componenttext,extra,componentorder,transcriptid,extra,mostimportantdateutc,companyname,companyid\n"
            b"We grew.,x,0,70,y,2023-05-02,Firm,7\n"
        ),
    ],
    ids=["mark", "CRLF", "CR", "no last line end", "empty lines", "gzip without its name", "two gzip members",
         "UTF-16", "UTF-16 without a mark", "UTF-16 of the other order", "UTF-32", "UTF-32 of the other order",
         "Excel's sep", "a title", "U+0001", "separators alone", "header again behind a mark", "quoted header",
         "other order, two extra columns of one name"],
)  # fmt: skip
def test_the_same_rows_in_another_form_are_the_same(tmp_path: Path, content: bytes) -> None:
    connector = source(tmp_path, content)
    assert connector.get_firms() == ["7"]
    assert text_of(connector) == ["We grew."]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ((HEADER + ROW).encode("utf-16") + b"\x00", "begins as utf-16-le does, and goes on as something else"),
        (HEADER + ROW.replace("7,", "nan,", 1), "companyid is 'nan', which programs write where there is nothing"),
        (HEADER + ROW.replace("7,", "1.5E+09,", 1), "companyid is '1.5E+09': Excel, and Stata's float, shorten"),
        (HEADER + ROW + "componenttext," + HEADER.replace(",componenttext", "") + "We grew.,7,Firm,70,2023-05-02,0\n",
         "line 3: found a header again, with its columns in another order"),
        (HEADER + ROW + HEADER.replace("companyname,", "") + "7,70,2023-05-02,0,We grew.\n",
         "line 3: 5 cells; expected 6, one a column. It is the header of another table"),
        (HEADER + ROW.replace("We grew.", '"He said \\"we, too\\", and left."'), "A backslash before a quote"),
        ((HEADER + ROW + ROW.replace("Firm", "Société")).encode("latin-1"),
         "line 3: column companyname, byte 0xe9 is not UTF-8"),
        ((HEADER + ROW.replace("Firm", "Société")).encode() + ROW.replace("We", "“We”").encode("cp1252"),
         "line 3: column componenttext, byte 0x93 is not UTF-8"),
        (HEADER.encode() + b'7,Firm,70,2023-05-02,0,"a\nb\nc"\n7,Firm,70,2023-05-02,1,\xff\n',
         "line 5: column componenttext, byte 0xff"),
        (gzip.compress((HEADER + ROW * 9).encode(), mtime=0)[:-9], "a gzip file that is damaged or not complete"),
        (gzip.compress((HEADER + ROW * 9).encode(), mtime=0)[:30] + b"\xff" * 9, "a gzip file that is damaged"),
        (HEADER.replace(",", ";") + ROW, "line 2: 1 cells; expected 6, one a column. A semicolon or a quote"),
        (HEADER + ROW.replace("We", '"We"'), "line 2: not readable as CSV"),
        (HEADER + ROW.replace("7,", "7\x00,", 1), "line 2: companyid is '7\\x00'; expected an id without control"),
        (HEADER + ROW.replace("70", '"70\n"'), "line 2: transcriptid is '70\\n'; expected an id without"),
        (HEADER + ROW.replace("7,", "😀" * 16 + ",", 1), "characters); expected at most 180 (percent-encoded)"),
        (HEADER + ROW.replace("7,", "x" * 300 + ",", 1), "line 2: companyid is 'xxx"),
        (HEADER + ROW.replace(",0,", ",1e300,"), "line 2: componentorder is '1e300'; expected a whole number"),
        (HEADER + ROW.replace(",0,", ",1_0,"), "componentorder is '1_0'"),
        (HEADER + ROW.replace(",0,", ",nan,"), "componentorder is 'nan'"),
        (HEADER + ROW.replace(",0,", f",{'9' * 5000},"), "… (5,000 characters); expected a whole number"),
        (HEADER, "found a header and no row below it"),
        (HEADER + ROW.replace("2023-05-02", "02/05/2023"),
         "line 2: mostimportantdateutc is '02/05/2023', and no other row has a date that can be read either"),
        (b'"a\nb"' + b"_" * 99 + b",c\n\xff\n", "line 3: column a b____"),
        ('x' * 2_000_000 + HEADER + ROW, "line 1: no column companyid"),
    ],
)  # fmt: skip
def test_a_fault_is_one_message_that_says_where_and_what(
    tmp_path: Path, content: str | bytes, said: str
) -> None:
    message = fault(source(tmp_path, content))
    assert said in message
    assert len(message) < 1500
    assert "\n" not in message


def test_a_cell_of_50_mb_is_named_with_its_column(tmp_path: Path) -> None:
    message = fault(source(tmp_path, HEADER + ROW + ROW.replace("We grew.", "We grew. " * 5_600_000)))
    assert "line 3: componenttext has 50,400,000 characters; expected at most 1,000,000" in message


def test_a_quote_that_never_closes_does_not_take_the_file_into_memory(tmp_path: Path) -> None:
    rows = ROW.replace("We grew.", '"We grew.') + ROW.replace('"', "") * 20_000
    message = fault(source(tmp_path, HEADER + rows, cell_characters=1000))
    assert "line 2: a cell of more than 100,000 characters; expected at most 1,000" in message


def test_no_message_quotes_what_was_said_on_a_call(tmp_path: Path) -> None:
    said = "the merger with Norvale is off"
    for content in (
        HEADER.encode() + ROW.encode().replace(b"We grew.", said.encode() + b"\xe9"),
        (HEADER + ROW.replace("We grew.", f'"{said}" x')).encode(),
        (HEADER + ROW.replace("We grew.", f"{said}, they said")).encode(),
    ):
        assert "Norvale" not in fault(source(tmp_path, content))


def test_no_row_and_one_row(tmp_path: Path) -> None:
    none = Source("local_csv", source(tmp_path, HEADER).path)
    with pytest.raises(InputError, match=r"calls\.csv: found a header and no row"):
        list_firms(none)
    one = source(tmp_path, HEADER + ROW)
    assert list_firms(Source("local_csv", one.path)) == ["7"]
    assert text_of(one) == ["We grew."]


def test_nul_bytes_and_line_breaks_in_a_text_reach_no_sentence(tmp_path: Path) -> None:
    connector = source(tmp_path, HEADER + ROW.replace("We grew.", '"We\x00 gr\x00ew.\r\n\r\nMargins\nfell."'))
    run(connector, tmp_path)
    texts = read_sentences(tmp_path / "transcripts.parquet", "7")["text"].tolist()
    assert texts == ["We grew.", "Margins fell."]


def test_a_name_with_line_breaks_stays_one_line_of_firms_tsv(tmp_path: Path) -> None:
    connector = source(tmp_path, HEADER + ROW.replace("Firm", '"Fi\rrm\t\nCo\x00"'))
    run(connector, tmp_path)
    assert read_firms(tmp_path / "firms.tsv")[0].firm_name == "Fi rm Co"


IDS = ["a/b", "..", ".", "../../etc/passwd", " x ", "006", "7", "8.0", "1e5", "100000", "é", "e\u0301", "😀",
       "a b", "A", "-x", "~", "%41", "CON", "a_b", "NAN", "True", "=1+1", "<b>", "$HOME", "{firm}", "*",
       "0x1F", "1,5", 'q"q', "a\\b", "\u202e", "C:", "x" * 180]  # fmt: skip


def test_an_id_never_changes_and_never_leaves_its_folder(tmp_path: Path) -> None:
    rows = io.StringIO()
    csv.writer(rows).writerows(
        [firm, f"Firm {firm}", f"T {firm}"[:170], "2023-05-02", 0, "We grew."] for firm in IDS
    )
    connector = source(tmp_path, HEADER + rows.getvalue())
    run(connector, tmp_path)
    firms = read_firms(tmp_path / "firms.tsv")
    assert [firm.firm_id for firm in firms] == sorted(IDS)
    files = {firm: tmp_path / "topics" / f"{encode_firm(firm)}.json" for firm in IDS}
    assert len({str(file) for file in files.values()}) == len(IDS)
    for firm, file in files.items():
        assert file.parent == tmp_path / "topics"
        assert file.resolve() == file, "the name is a folder or leads out of it"
        assert decode_firm(file.stem) == firm
        frame = read_sentences(tmp_path / "transcripts.parquet", firm)
        assert frame["firm_id"].tolist() == [firm]
        assert frame["sentence_id"].tolist() == [f"{firm}_{f'T {firm}'[:170]}_0000"]


def test_one_id_under_two_names_is_one_firm_with_its_latest_name(tmp_path: Path) -> None:
    later = ROW.replace("Firm", "New Firm").replace("70", "71").replace("2023-05", "2023-08")
    data = source(tmp_path, HEADER + later + ROW).get_transcripts("7")
    assert (data.firm_name, len(data.calls)) == ("New Firm", 2)


def test_a_call_delivered_twice_counts_once_whatever_its_ids(tmp_path: Path) -> None:
    said = [ROW.replace(",0,We grew.", f",{order},Part {order}.") for order in range(3)]
    again = [row.replace(",70,", ",99,") for row in said]
    connector = source(tmp_path, HEADER + "".join([*again, *said, *said]))
    run(connector, tmp_path)
    # The latest of a call's versions counts, and two that say the same are such.
    assert set(read_sentences(tmp_path / "transcripts.parquet", "7")["transcript_id"]) == {"99"}
    left_out = json.loads((tmp_path / "ingest.json").read_text())["skipped_rows"]
    assert left_out == {"another version of a call": 3, "duplicate turn": 3}


def test_ids_that_would_give_two_firms_the_same_sentence_ids_are_refused(tmp_path: Path) -> None:
    rows = "a_b,One,c,2023-05-02,0,We grew.\na,Two,b_c,2023-05-02,0,We fell.\n"
    with pytest.raises(InputError, match="number their sentences a_b_c_0000 and on"):
        run(source(tmp_path, HEADER + rows), tmp_path)
    assert not (tmp_path / "transcripts.parquet").exists()


def test_each_limit_says_what_was_found_and_which_key_to_raise(tmp_path: Path) -> None:
    content = HEADER + "".join(f"{n},Firm,7{n},2023-05-02,0,One. Two. Three.\n" for n in range(3))
    for limit, said in (
        ({"firms": 2}, "found 3 firms; expected at most 2 in one run"),
        ({"sentences_a_firm": 2}, "found 3 sentences of firm '0' in 1 calls; expected at most 2"),
    ):
        with pytest.raises(InputError, match=said) as error:
            run(source(tmp_path, content, **limit), tmp_path, Limits(**limit))
        assert f"source.limits.{next(iter(limit))}" in str(error.value)
    assert "found more than 1 MB of text" in fault(source(tmp_path, HEADER + ROW * 50_000, file_mb=1))
    packed = gzip.compress((HEADER + ROW * 50_000).encode())
    assert len(packed) < 10_000
    assert "source.limits.file_mb" in fault(source(tmp_path, packed, file_mb=1))


def test_the_page_of_limits_has_the_limits_of_the_code_and_of_the_shipped_config() -> None:
    page = (REPO / "docs/limits.md").read_text(encoding="utf-8")
    said = {
        name: int(n.replace(",", "")) for name, n in re.findall(r"^\| `(\w+)` \| ([\d,]+) \|", page, re.M)
    }
    shipped = yaml.safe_load((REPO / "config/config.yaml").read_text(encoding="utf-8"))["source"]["limits"]
    assert said == shipped == dataclasses.asdict(Limits())
    assert f"at most {MAX_WORDS} words" in page
    assert f"{MAX_CHARACTERS:,} characters" in page
    id_fault_at = next(n for n in range(1, 1000) if id_fault("x" * n))
    assert f"at most {id_fault_at - 1} characters once percent-encoded" in page


@pytest.mark.parametrize(
    "unit",
    [".", "a.\t", "!? ", "\n \t", " ", "No.\t1\t", "a,", "1", "1,", "<", "[unk", "؟", "A", "- ", "\u200b"],
)
def test_400_kb_of_one_thing_are_split_and_flagged_in_time_that_grows_with_it(unit: str) -> None:
    """Steps that grow with the square take many minutes here; the longest of these takes a second."""
    sentences = split_sentences(unit * (400_000 // len(unit)) + "x")
    assert max(map(len, sentences)) <= MAX_CHARACTERS
    some = sentences[:50]
    assert len(flag_procedural(some, [""] * len(some), [""] * len(some))) == len(some)


def run(connector: LocalCSVConnector, folder: Path, limits: Limits | None = None) -> None:
    settings = Source("local_csv", connector.path, limits=limits or Limits())
    ingest(settings, folder / "transcripts.parquet", folder / "firms.tsv", folder / "ingest.json")
    assert json.loads((folder / "ingest.json").read_text())["firms"] >= 1
