"""Properties of the input's path, tried on made-up quarters: what goes in comes out, or one error says why.

hypothesis looks for the smallest quarter that breaks a property; the seed is fixed so that a run repeats.
`make fuzz` goes further, from bytes instead of rows.
"""

import csv
import datetime as dt
import gzip
import io
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from earnings_themes.config import Source
from earnings_themes.errors import InputError, ResultError
from earnings_themes.ingest.columns import DEFAULTED, OPTIONAL, REQUIRED
from earnings_themes.ingest.dates import call_day
from earnings_themes.ingest.ids import plain_ids, source_id_fault
from earnings_themes.ingest.local_csv import LocalCSVConnector
from earnings_themes.ingest.transcripts import ingest
from earnings_themes.results.artifacts import read_sentences
from earnings_themes.results.firms import (
    FirmRow,
    decode_firm,
    encode_firm,
    id_fault,
    one_line,
    parse_firms,
    read_firms,
    write_firms,
)
from earnings_themes.text import MAX_CHARACTERS, clean, repeated_lines, split_sentences, without_unsaid
from tests.fuzz.csv_target import try_csv

ALL = (*REQUIRED, *DEFAULTED)
TEXT = st.text(max_size=30)
# Few ids, so that firms have several calls and calls several turns; from spellings that are easily confused.
IDS = st.one_of(
    st.sampled_from(["7", "07", "7.0", "1e5", " 7", "..", "a/b", "😀", "é", "e\u0301", "-", "nan"]),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=4),
)
ROWS = st.fixed_dictionaries(
    {
        "companyid": IDS,
        "companyname": TEXT,
        "transcriptid": IDS,
        "mostimportantdateutc": st.one_of(
            st.sampled_from(["2023-05-02", "2023-05-02T01:00:00+03:00", "02.05.2023", ""]),
            st.dates(dt.date(2023, 5, 1), dt.date(2023, 5, 2)).map(str),
        ),
        "componentorder": st.one_of(st.integers(-3, 9).map(str), st.sampled_from(["1.0", "x", "1e400"])),
        "componenttext": st.one_of(st.just("We grew. Margins fell."), TEXT),
    },
    optional=dict.fromkeys((*OPTIONAL, "extra"), TEXT),
)


@given(
    rows=st.lists(ROWS, max_size=8),
    order=st.permutations([*ALL, *OPTIONAL, "extra"]),
    ending=st.sampled_from(["\n", "\r\n"]),
    mark=st.booleans(),
    packed=st.booleans(),
)
def test_every_row_comes_through_whole_or_is_accounted_for(
    rows: list[dict[str, str]], order: list[str], ending: str, mark: bool, packed: bool
) -> None:
    lines = io.StringIO(newline="")
    writer = csv.DictWriter(lines, order, restval="", lineterminator=ending, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    data = lines.getvalue().encode("utf-8-sig" if mark else "utf-8", "surrogatepass")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "calls.csv")
        path.write_bytes(gzip.compress(data) if packed else data)
        connector = LocalCSVConnector(str(path))
        connector.source = Source("local_csv", str(path), max_lost=1)
        try:
            firms = connector.get_firms()
            found = {firm: connector.get_transcripts(firm) for firm in firms}
        except InputError as error:
            assert str(error).startswith(str(path))
            assert _has_fault(rows), f"refused without a reason: {error}"
            return
    # 7.0 is 7 where both are there, or where all ids end so.
    ids = plain_ids({row["companyid"] for row in rows})
    assert firms == sorted(set(ids.values()))
    for firm, data_of_firm in found.items():
        own = [row for row in rows if ids[row["companyid"]] == firm]
        turns = [turn for call in data_of_firm.calls for turn in call.turns]
        assert len(turns) + sum(data_of_firm.skipped.values()) == len(own)
        assert {turn.text for turn in turns} <= {row["componenttext"] for row in own}
        assert {call.transcript_id for call in data_of_firm.calls} <= {
            row["transcriptid"].replace("7.0", "7") for row in own
        }
        assert len({call.transcript_id for call in data_of_firm.calls}) == len(data_of_firm.calls)


def _has_fault(rows: list[dict[str, str]]) -> bool:
    dates: dict[tuple[str, str], set[str]] = {}
    ids = plain_ids({row["companyid"] for row in rows})
    for row in rows:
        dates.setdefault((ids[row["companyid"]], row["transcriptid"].replace("7.0", "7")), set()).add(
            row["mostimportantdateutc"]
        )
    return (
        not rows
        or any(row["componentorder"] in ("x", "1e400") for row in rows)
        or any(source_id_fault(row[name]) for row in rows for name in ("companyid", "transcriptid"))
        or any(len(of_call) > 1 for of_call in dates.values())
        or all(
            call_day(row["mostimportantdateutc"], row.get("mostimportanttimeutc", "")) is None for row in rows
        )
    )


@given(st.text(min_size=1))
@settings(max_examples=1000)
def test_any_id_has_a_file_of_its_own_in_its_folder(firm: str) -> None:
    if id_fault(firm):
        return
    name = f"{encode_firm(firm)}.json"
    assert Path("topics", name).resolve().parent == Path("topics").resolve()
    assert len(f".{name}.1234567.part") <= 255
    assert all(letter.isascii() and (letter.isalnum() or letter in "-_%") for letter in encode_firm(firm))
    assert decode_firm(encode_firm(firm)) == firm


@given(st.lists(st.tuples(IDS.filter(lambda text: not id_fault(text)), st.text()), max_size=5))
def test_firms_tsv_gives_back_what_was_written(rows: list[tuple[str, str]]) -> None:
    firms = [FirmRow(firm, one_line(name), 1, n, n - 1, "0f") for n, (firm, name) in enumerate(rows)]
    with tempfile.TemporaryDirectory() as folder:
        write_firms(Path(folder, "firms.tsv"), firms)
        assert read_firms(Path(folder, "firms.tsv")) == firms
        data = Path(folder, "firms.tsv").read_bytes()
    # A cut within a line is noticed; one between lines is what the file's digest is for (test_run_guard.py).
    for end in range(len(data)):
        try:
            found = parse_firms(data[:end], "firms.tsv")
        except ResultError:
            continue
        assert found == firms[: len(found)]


@given(st.text(), st.sampled_from(["", " ", ".", ". ", "\n\n", "…", "! "]))
@settings(max_examples=1000)
def test_splitting_loses_no_letter_and_gives_no_empty_or_endless_sentence(text: str, between: str) -> None:
    whole = (text + between) * 3
    sentences = split_sentences(whole)
    assert all(sentence.strip() and len(sentence) <= MAX_CHARACTERS for sentence in sentences)
    assert "".join("".join(sentences).split()) == "".join(whole.split())


@given(st.text(st.characters(codec=None)))
@settings(max_examples=1000)
def test_a_cleaned_sentence_is_one_line_that_utf_8_can_hold(text: str) -> None:
    for form in clean(text):
        form.encode("utf-8")
        assert "\x00" not in form
        assert not form.splitlines()[1:]
        assert form == form.strip()


@given(st.data())
@settings(max_examples=60)
def test_sentence_ids_do_not_depend_on_the_order_of_the_rows(data: Any) -> None:
    turns = [
        {"companyid": firm, "companyname": "F", "transcriptid": f"T{firm}", "mostimportantdateutc": "2023-05-02",
         "componentorder": str(order), "componenttext": f"We said {order}. Then we said more."}
        for firm in ("1", "01", "1.0") for order in range(3)
    ]  # fmt: skip
    shuffled = data.draw(st.permutations(turns))
    frames = []
    for rows in (turns, shuffled):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            with (folder / "calls.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, ALL)
                writer.writeheader()
                writer.writerows(rows)
            ingest(
                Source("local_csv", str(folder / "calls.csv")),
                folder / "transcripts.parquet",
                folder / "firms.tsv",
                folder / "ingest.json",
            )
            frames.append(
                [read_sentences(folder / "transcripts.parquet", firm) for firm in ("01", "1", "1.0")]
            )
    for before, after in zip(*frames, strict=True):
        assert before["sentence_id"].tolist() == after["sentence_id"].tolist()
        assert before["text"].tolist() == after["text"].tolist()


CELLS = st.one_of(
    TEXT, st.sampled_from(["NA", "05/06/2023", "27OCT2022", "7.0", "We grew. Margins fell.", "[", "\ufffd"])
)


@given(
    rows=st.lists(st.lists(CELLS, min_size=4, max_size=4), max_size=5),
    kind=st.sampled_from(["parquet", "xlsx", "dta"]),
)
@settings(max_examples=60)
def test_any_table_of_another_kind_is_read_whole_or_refused_by_name(rows: list[list[str]], kind: str) -> None:
    import openpyxl
    import pandas as pd

    names = ["companyid", "mostimportantdateutc", "componenttext", "headline"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"calls.{kind}")
        frame = pd.DataFrame(rows, columns=names, dtype=str)
        try:
            if kind == "parquet":
                frame.to_parquet(path)
            elif kind == "dta":
                frame.to_stata(path, write_index=False, version=118)
            else:
                book = openpyxl.Workbook()
                for row in (names, *rows):
                    book.active.append(row)
                book.save(path)
        except (ValueError, UnicodeError, openpyxl.utils.exceptions.IllegalCharacterError):
            return  # no such file can be
        connector = LocalCSVConnector(str(path))
        connector.source = Source("local_csv", str(path), max_lost=1)
        try:
            found = [connector.get_transcripts(firm) for firm in connector.get_firms()]
        except InputError as error:
            assert str(error).startswith(str(path))
            assert len(str(error).splitlines()) == 1
            return
        n_kept = sum(len(call.turns) for data in found for call in data.calls)
        n_skipped = sum(sum(data.skipped.values()) for data in found)
        assert n_kept + n_skipped + connector.account().skipped.get("header line again", 0) <= len(rows)


@given(st.text(max_size=40))
@settings(max_examples=1000)
def test_any_cell_is_a_day_of_our_time_or_none(cell: str) -> None:
    for date_format in (None, "%m/%d/%Y"):
        found = call_day(cell, cell, date_format)
        assert found is None or 1979 <= found.day.year <= 2101


@given(st.text(st.sampled_from("aA .\n\t|-—•©1%[]<>:"), max_size=200))
@settings(max_examples=500)
def test_taking_out_what_nobody_said_loses_no_letter(text: str) -> None:
    said, unsaid = without_unsaid(text, repeated_lines([text] * 4))
    letters = "".join(text.split())
    assert sorted("".join("".join((said, *unsaid)).split())) == sorted(letters)


@given(st.binary(max_size=400))
@settings(max_examples=300)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try_csv(data)
    try_csv((",".join(ALL) + "\n").encode() + data)


def test_the_kept_corpus_of_the_fuzzer_is_read_or_refused() -> None:
    files = sorted((Path(__file__).parents[2] / "fuzz/corpus").iterdir())
    assert len(files) >= 10
    outcomes = {try_csv(file.read_bytes()) for file in files}
    assert outcomes == {"read", "refused"}
