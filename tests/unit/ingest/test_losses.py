"""Nothing is lost in silence: unreadable dates, versions, one call under two firms, texts that are cut or unsplit."""

import dataclasses
import datetime as dt
import json
import logging
from pathlib import Path

import pytest

from earnings_themes.config import Source
from earnings_themes.errors import InputError
from earnings_themes.ingest.cells import turns_in
from earnings_themes.ingest.firm_list import connect, list_firms
from earnings_themes.ingest.ids import firm_of
from earnings_themes.ingest.transcripts import ingest
from earnings_themes.results.artifacts import read_sentences
from earnings_themes.results.firms import read_firms
from tests.conftest import call, write_csv

Row = dict[str, object]


def report(source: Source, folder: Path, **more: int) -> dict[str, object]:
    ingest(source, folder / "t", folder / "f", folder / "i.json", **more)  # type: ignore[arg-type]
    found: dict[str, object] = json.loads((folder / "i.json").read_text())
    return found


def table(folder: Path, *rows: Row, **settings: object) -> Source:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return Source("local_csv", str(write_csv(folder / "calls.csv", rows, columns)), **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "window", [{}, {"start_date": dt.date(2023, 1, 1), "end_date": dt.date(2023, 12, 31)}]
)
def test_lost_dates_stop_the_run_with_and_without_a_window(
    tmp_path: Path, window: dict[str, dt.date]
) -> None:
    rows = [*call("7", "Ashgrove", ["freight"]), *call("8", "Belltower", ["carbon"], date="10/27/2023")]
    source = table(tmp_path, *rows, **window)
    with pytest.raises(
        InputError, match=r"3 of 6 rows \(50\.0%\).*line 5: '10/27/2023'; firms 8 \(Belltower\)"
    ) as error:
        list_firms(source)
    assert 'source.date_format: "%m/%d/%Y", which reads all of them' in str(error.value)
    told = dataclasses.replace(source, date_format="%m/%d/%Y")
    assert list_firms(told) == ["7", "8"]
    allowed = dataclasses.replace(source, max_lost=0.5)
    assert report(allowed, tmp_path)["skipped_rows"] == {"unreadable date": 3}


def test_what_is_lost_is_said_at_the_terminal(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = [*call("7", "Ashgrove", ["freight"]), *call("8", "Belltower", ["carbon"], date="?")[:1]]
    with caplog.at_level(logging.WARNING):
        report(table(tmp_path, *rows, max_lost=0.5), tmp_path)
    assert "1 of 4 rows (25.0%) have a date that cannot be read" in caplog.text
    assert "rows left out: 1 unreadable date" in caplog.text


def edited(rows: list[Row], transcript: str, **more: object) -> list[Row]:
    """Return a call's other version: another id, and a word changed in many sentences."""
    return [
        row | {"transcriptid": transcript,
               "componenttext": str(row["componenttext"]).replace(" the ", " that ", 5), **more}
        for row in rows
    ]  # fmt: skip


@pytest.mark.parametrize("which", ["latest", "earliest"])
def test_of_a_call_s_versions_one_counts(tmp_path: Path, which: str) -> None:
    rows = call("7", "Ashgrove", ["freight", "hiring"])
    other_call = edited(call("7", "Ashgrove", ["carbon"]), "98")
    source = table(tmp_path, *rows, *edited(rows, "99"), *other_call, version=which)
    found = report(source, tmp_path)
    assert set(read_sentences(tmp_path / "t", "7")["transcript_id"]) == {
        {"latest": "99", "earliest": "97"}[which],
        "98",
    }
    assert found["skipped_rows"] == {"another version of a call": 4}


def test_a_text_that_was_filed_under_two_quarters_counts_once(tmp_path: Path) -> None:
    rows = call("7", "Ashgrove", ["freight", "hiring"])
    again = [row | {"transcriptid": "99", "mostimportantdateutc": "2023-08-02"} for row in rows]
    other = call("7", "Ashgrove", ["freight", "carbon"], date="2023-11-02")
    source = table(tmp_path, *rows, *again, *(row | {"transcriptid": "98"} for row in other))
    assert report(source, tmp_path)["skipped_rows"] == {"another version of a call": 4}
    assert set(read_sentences(tmp_path / "t", "7")["transcript_id"]) == {"98", "99"}


def test_a_quarter_that_repeats_most_of_the_last_one_is_a_call_of_its_own(tmp_path: Path) -> None:
    rows = call("7", "Ashgrove", ["freight", "hiring", "carbon", "software"])
    later = edited([row | {"mostimportantdateutc": "2023-08-02"} for row in rows], "99")
    assert report(table(tmp_path, *rows, *later), tmp_path)["skipped_rows"] == {}


def test_a_part_of_a_call_is_a_version_of_it_and_never_the_one_that_counts(tmp_path: Path) -> None:
    rows = call("7", "Ashgrove", ["freight", "hiring", "carbon", "software"])
    part = edited(rows[:3], "99", transcriptcreationdate_utc="2023-06-01")
    report(table(tmp_path, *rows, *part), tmp_path)
    assert set(read_sentences(tmp_path / "t", "7")["transcript_id"]) == {"97"}


def test_the_version_that_was_made_last_counts_whatever_its_id(tmp_path: Path) -> None:
    rows = [
        row | {"keydevid": 5, "transcriptcreationdate_utc": "2023-05-04"}
        for row in call("7", "Ashgrove", ["freight"])
    ]
    early = edited(
        call("7", "Ashgrove", ["carbon"]), "99", keydevid=5, transcriptcreationdate_utc="2023-05-03"
    )
    report(table(tmp_path, *rows, *early), tmp_path)
    assert set(read_sentences(tmp_path / "t", "7")["transcript_id"]) == {"97"}


def test_one_call_under_two_firms_counts_for_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = call("7A", "Ashgrove", ["freight", "hiring"])
    twin = [row | {"companyid": "7B", "companyname": "Ashgrove B"} for row in edited(rows, "99")]
    source = table(tmp_path, *rows, *twin, *call("8", "Belltower", ["freight", "carbon"]))
    found = report(source, tmp_path)
    assert found["skipped_rows"] == {"call of another firm": 4}
    assert "1 call is there under two firms" in caplog.text and "7B is 7A (1)" in caplog.text
    assert [firm.n_sentences > 0 for firm in read_firms(tmp_path / "f")] == [True, False, True]
    with pytest.raises(InputError, match=r"7B is 7A \(1\)\. Expected a call once.*source\.two_firms: join"):
        report(dataclasses.replace(source, two_firms="refuse"), tmp_path)


def test_an_id_that_was_a_number_with_a_gap_is_the_same_firm(tmp_path: Path) -> None:
    later = [
        row | {"transcriptid": "98.0"} for row in call("1000.0", "Ashgrove", ["carbon"], date="2023-08-02")
    ]
    source = table(tmp_path, *call("1000", "Ashgrove", ["freight"]), *later)
    assert list_firms(source) == ["1000"]
    assert len(connect(source).get_transcripts("1000").calls) == 2
    assert (
        "1 firm ids are written in two ways, in quotes, or as numbers with a gap, such as '1000.0' for '1000'"
        in str(report(source, tmp_path)["notes"])
    )
    with pytest.raises(InputError, match=r"'1000\.0' and '1000' are both there"):
        list_firms(dataclasses.replace(source, two_firms="refuse"))


def test_a_text_that_excel_cut_is_said(tmp_path: Path) -> None:
    rows = call("7", "Ashgrove", ["freight"])
    rows[1]["componenttext"] = ("We grew in May. " * 2048)[:32_767]
    assert "1 texts have exactly 32,767 characters" in str(report(table(tmp_path, *rows), tmp_path)["notes"])


def test_texts_that_a_database_cut_are_said(tmp_path: Path) -> None:
    rows = call("7", "Ashgrove", [])
    said = "We grew in the north, and margins rose. " * 7
    rows += [rows[0] | {"componentorder": 10 + n, "componenttext": f"{n} {said}"[:255]} for n in range(5)]
    notes = str(report(table(tmp_path, *rows), tmp_path)["notes"])
    assert "5 texts have exactly 255 characters and none has more" in notes and "calls.csv, line 4" in notes


def test_months_of_other_languages_are_refused_with_what_to_write(tmp_path: Path) -> None:
    rows = [*call("7", "Ashgrove", ["freight"]), *call("8", "Belltower", ["carbon"], date="7. Mai 2024")]
    with pytest.raises(
        InputError, match=r"'7\. Mai 2024'.*by their English names alone: export the day as YYYY"
    ):
        list_firms(table(tmp_path, *rows))


def test_speech_without_points_is_cut_and_said(tmp_path: Path) -> None:
    rows = call("7", "Ashgrove", ["freight", "hiring"])
    for row in rows:
        row["componenttext"] = str(row["componenttext"]).replace(".", "").lower()
    assert "1 of 3 turns are long and have no end of a sentence" in str(
        report(table(tmp_path, *rows), tmp_path)["notes"]
    )


def test_rows_of_some_words_are_joined_to_the_turn_they_are(tmp_path: Path) -> None:
    rows = [
        call("7", "Ashgrove", ["freight"])[1] | {"componentorder": order, "componenttext": text}
        for order, text in enumerate(
            ["we moved containers by air", "because the harbour was", "congested. margins fell"]
        )
    ]  # fmt: skip
    report(table(tmp_path, *rows), tmp_path)
    assert read_sentences(tmp_path / "t", "7")["text"].tolist() == [
        "we moved containers by air because the harbour was congested.",
        "margins fell",
    ]


def test_a_run_that_can_model_no_firm_stops_and_says_why(tmp_path: Path) -> None:
    rows = [*call("7", "Ashgrove", []), *call("8", "Belltower", [])]
    rows[0]["componenttext"] = "NA"
    with pytest.raises(
        InputError, match=r"no firm has 20 different sentences to model.*1 rows were left out: empty text"
    ):
        report(table(tmp_path, *rows), tmp_path, min_sentences=20)
    assert not (tmp_path / "t").exists()


def test_calls_that_are_not_english_are_named(tmp_path: Path) -> None:
    rows = call("7", "Alba", [])
    rows[0]["componenttext"] = (
        "Die Brunnen hinter dem Werk fielen um elf Meter, und der Landkreis half uns nicht. " * 9
    )
    assert "the calls of 1 firms are not English, or not all: Alba" in str(
        report(table(tmp_path, *rows), tmp_path)["notes"]
    )


def test_a_page_s_lines_are_kept_but_not_modelled(tmp_path: Path) -> None:
    rows = call("7", "Ashgrove", [])
    rows[0]["componenttext"] = (
        "We grew in the\nPage 3 of 12\nnorth.\nMarta Quill -- Chief Executive Officer\nMargins fell."
    )
    assert report(table(tmp_path, *rows), tmp_path)["lines_nobody_said"] == 2
    sentences = read_sentences(tmp_path / "t", "7")[:4]
    assert sentences["text"].tolist()[:2] == ["We grew in the north.", "Margins fell."]
    assert sentences["procedural"].tolist() == [False, False, True, True]
    assert sentences["model_text"].tolist()[2:] == ["", ""]


@pytest.mark.parametrize(
    "other", ["1000 ", "001000", "1000.00", "1,000", "'1000", '="1000"', "\u00a01000", "１０００"]
)
def test_an_id_in_two_ways_is_one_firm(tmp_path: Path, other: str) -> None:
    later = [
        row | {"companyid": other, "transcriptid": "98"}
        for row in call("1", "Ashgrove", ["carbon"], date="2023-08-02")
    ]
    source = table(tmp_path, *call("1000", "Ashgrove", ["freight"]), *later)
    used = "001000" if other == "001000" else "1000"
    assert list_firms(source) == [used]
    assert len(connect(source).get_transcripts(used).calls) == 2
    with pytest.raises(InputError, match="are both there"):
        list_firms(dataclasses.replace(source, two_firms="refuse"))


def test_ids_that_differ_in_capitals_are_said(tmp_path: Path) -> None:
    source = table(tmp_path, *call("ASH", "Ashgrove", ["freight"]), *call("ash", "Ashgrove", ["carbon"]))
    assert "2 firm ids differ in capitals, blanks and points alone, such as 'ASH' and 'ash'" in str(
        report(source, tmp_path)["notes"]
    )


def test_na_among_numbers_is_no_firm_and_among_tickers_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="companyid is 'NA' in some rows and a number in all others"):
        list_firms(table(tmp_path, *call("7", "Ashgrove", ["freight"]), *call("NA", "Bank", ["carbon"])))
    assert list_firms(table(tmp_path, *call("AB", "Ashgrove", []), *call("NA", "Bank", []))) == ["AB", "NA"]


def test_letters_that_are_lost_are_said_and_apostrophes_put_back(tmp_path: Path) -> None:
    rows = call("7", "Ashgrove", [])
    rows[1]["componenttext"] = "The caf\ufffd doesn?t pay."
    assert "1 texts hold � or a question mark inside a word" in str(
        report(table(tmp_path, *rows), tmp_path)["notes"]
    )
    assert "The caf\ufffd doesn’t pay." in read_sentences(tmp_path / "t", "7")["text"].tolist()


@pytest.mark.parametrize("other", ["1000\u200b", "\ufeff1000", "1e+03"])
def test_an_id_with_an_invisible_letter_or_in_r_s_short_form_is_the_firm(tmp_path: Path, other: str) -> None:
    rows = [*call("1000", "Ashgrove", ["freight"]), *call(other, "Ashgrove", ["carbon"], date="2023-08-01")]
    assert list_firms(table(tmp_path, *rows)) == ["1000"]


def test_firms_that_may_be_one_are_said(tmp_path: Path) -> None:
    for one, other, said in (
        (
            "BRK.B",
            "BRK/B",
            "2 firm ids differ in capitals, blanks and points alone, such as 'BRK.B' and 'BRK/B'",
        ),
        ("ASH", "ASH.N", "2 firm ids have the name of another, such as 'ASH' and 'ASH.N'"),
    ):
        rows = [
            *call(one, "Ashgrove", ["freight"]),
            *call(other, "Ashgrove", ["carbon"]),
            *call("8.0", "A", []),
        ]
        notes = str(report(table(tmp_path, *rows, *call("80", "B", [])), tmp_path)["notes"])
        assert said in notes
        assert "8.0" not in notes


def test_a_call_that_is_still_to_come_is_said(tmp_path: Path) -> None:
    rows = [*call("7", "Ashgrove", ["freight"]), *call("8", "Belltower", ["carbon"], date="2091-05-02")]
    assert "3 rows are of days to come, such as 2091-05-02" in str(
        report(table(tmp_path, *rows), tmp_path)["notes"]
    )


def test_a_call_whose_turns_have_times_is_of_the_day_it_began(tmp_path: Path) -> None:
    rows = call("7", "Ashgrove", ["freight"])
    times = ("2023-05-03 03:50", "2023-05-03 03:59", "2023-05-03 04:20")  # 23:50 to 0:20 in New York
    source = table(
        tmp_path, *(row | {"mostimportantdateutc": time} for row, time in zip(rows, times, strict=True))
    )
    (found,) = connect(source).get_transcripts("7").calls
    assert found.date == dt.date(2023, 5, 2)
    assert [turn.text for turn in found.turns] == [row["componenttext"] for row in rows]
    (tmp_path / "calls.csv").write_text((tmp_path / "calls.csv").read_text().replace("04:20", "22:20"))
    with pytest.raises(InputError, match="more than one date"):
        connect(source).get_transcripts("7")


LIST = [
    {"speaker": "Dana Doyle", "role": "CEO", "text": "We grew. It's 'so'."}, {"speaker": "Al", "text": "Why?"},
    {"speaker": "Al", "text": ""},
]  # fmt: skip


@pytest.mark.parametrize(
    "cell", [json.dumps(LIST), str(LIST), "\n ".join(str(LIST).split(", {")).replace("\n ", "\n {")]
)
def test_a_list_of_turns_in_a_cell_is_its_turns(tmp_path: Path, cell: str) -> None:
    row = {"companyid": "7", "mostimportantdateutc": "2023-05-02", "componenttext": cell}
    (found,) = connect(table(tmp_path, row)).get_transcripts("7").calls
    assert [(turn.speaker_name, turn.speaker_type, turn.text) for turn in found.turns] == [
        ("Dana Doyle", "CEO", "We grew. It's 'so'."), ("Al", "", "Why?"),
    ]  # fmt: skip
    with pytest.raises(InputError, match=r"line 2: componenttext is a list of turns that is cut"):
        connect(table(tmp_path, row | {"componenttext": cell[:-20]})).get_transcripts("7")
    with pytest.raises(
        InputError, match=r"line 2: componenttext is a list of \['said'\]; expected a whole list, with text"
    ):
        connect(table(tmp_path, row | {"componenttext": '[{"said": "x"}]'})).get_transcripts("7")


@pytest.mark.parametrize(
    ("cell", "turns"),
    [
        (json.dumps({"quarter": 1, "transcript": LIST[1:]}), [("Al", "Why?")]),
        ('[["Al", "Why?"], ["Dana", "So."]]', [("Al", "Why?"), ("Dana", "So.")]),
        ("['We grew.', 'We hired.']", [("", "We grew."), ("", "We hired.")]),
        ('["Interpreted"] We grew.', [("", '["Interpreted"] We grew.')]),
        ("{'a': 1}", [("", "{'a': 1}")]),
    ],
)
def test_other_lists_are_turns_too_and_speech_stays(
    tmp_path: Path, cell: str, turns: list[tuple[str, str]]
) -> None:
    row = {"companyid": "7", "mostimportantdateutc": "2023-05-02", "componenttext": cell}
    (found,) = connect(table(tmp_path, row)).get_transcripts("7").calls
    assert [(turn.speaker_name, turn.text) for turn in found.turns] == turns


def test_a_time_that_cannot_be_read_is_named_with_its_day(tmp_path: Path) -> None:
    rows = [row | {"mostimportanttimeutc": "75600"} for row in call("7", "Ashgrove", ["freight"])]
    with pytest.raises(InputError, match=r"is '2023-05-02 75600'.*The day can be read; the time"):
        list_firms(table(tmp_path, *rows))


@pytest.mark.parametrize("which", ["latest", "earliest"])
def test_versions_without_an_id_of_their_own_count_once(tmp_path: Path, which: str) -> None:
    rows = call("7", "Ashgrove", ["freight", "hiring"])
    both = [{name: row[name] for name in row if name != "transcriptid"} for row in [*rows, *edited(rows, "")]]
    found = report(table(tmp_path, *both, version=which), tmp_path)
    assert found["skipped_rows"] == {"another version of a call": 3, "duplicate turn": 1}
    texts = " ".join(read_sentences(tmp_path / "t", "7")["text"])
    assert (" that eastern" in texts) == (which == "latest")


def test_sections_that_are_numbered_apart_follow_each_other(tmp_path: Path) -> None:
    rows = call("7", "Ashgrove", ["freight", "hiring", "carbon", "software"])
    for place, row in enumerate(rows):
        row["componentorder"] = place % 3
    turns = connect(table(tmp_path, *rows)).get_transcripts("7").calls[0].turns
    assert [turn.text for turn in turns] == [row["componenttext"] for row in rows]
    # Rows in no order are put in order by their numbers, also where one is there twice.
    mixed = [rows[2], rows[0], rows[1], rows[0] | {"componenttext": "Once more."}]
    turns = connect(table(tmp_path, *mixed)).get_transcripts("7").calls[0].turns
    assert [turn.order for turn in turns] == [0, 0, 1, 2]


def test_one_call_under_two_events_counts_once_and_a_filled_gap_is_no_event(tmp_path: Path) -> None:
    rows = [row | {"keydevid": "5"} for row in call("7", "Ashgrove", ["freight", "hiring"])]
    again = [row | {"keydevid": "6", "transcriptid": "98"} for row in rows]
    assert report(table(tmp_path, *rows, *again), tmp_path)["skipped_rows"] == {
        "another version of a call": 4
    }
    quarters = [
        row | {"keydevid": 0, "transcriptid": month, "mostimportantdateutc": f"2023-0{month}-02"}
        for month, subject in ((2, "carbon"), (5, "software"))
        for row in call("7", "Ashgrove", [subject])
    ]
    assert report(table(tmp_path, *quarters), tmp_path)["skipped_rows"] == {}


def test_a_call_that_two_listings_date_by_other_clocks_is_one(tmp_path: Path) -> None:
    rows = call("7A", "Ashgrove", ["freight", "hiring"])
    later = [row | {"companyid": "7B", "mostimportantdateutc": "2023-05-03"} for row in rows]
    assert report(table(tmp_path, *rows, *later), tmp_path)["skipped_rows"] == {"call of another firm": 4}


def test_the_quotes_that_keep_an_id_from_being_a_number_are_no_part_of_it(tmp_path: Path) -> None:
    rows = [*call('="001000"', "Ashgrove", ["freight"]), *call("'001001", "Belltower", ["carbon"])]
    assert list_firms(table(tmp_path, *rows)) == ["001000", "001001"]


def test_one_file_of_several_that_excel_cut_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "calls"
    folder.mkdir()
    rows = call("7", "Ashgrove", ["freight"])
    write_csv(folder / "q1.csv", [rows[0], rows[1] | {"componenttext": ("We grew in May. " * 2048)[:32_767]}])
    write_csv(folder / "q2.csv", [rows[2] | {"componenttext": "We grew in June. " * 2048}])
    notes = str(report(Source("local_csv", str(folder)), tmp_path)["notes"])
    assert "1 texts have exactly 32,767 characters" in notes and "q1.csv, line 3" in notes


def test_text_that_python_wrote_as_bytes_is_read(tmp_path: Path) -> None:
    rows = [
        {name: value if name == "componentorder" else repr(str(value).replace("'", "’").encode("cp1252"))
         for name, value in row.items()}
        for row in call("7", "Ashgrove’s", ["freight"])
    ]  # fmt: skip
    data = connect(table(tmp_path, *rows)).get_transcripts("7")
    assert data.firm_name == "Ashgrove’s"
    assert [turn.text for turn in data.calls[0].turns][1].startswith("Ocean freight from")


def test_labels_with_the_columns_names_are_no_other_header(tmp_path: Path) -> None:
    rows = call("7", "Ashgrove", ["freight"])
    labels = {"companyid": "Company ID", "mostimportantdateutc": "Day (UTC)", "transcriptid": "Transcript ID",
              "componentorder": "Component Order", "componenttext": "Text", "companyname": "Company Name"}  # fmt: skip
    source = table(tmp_path, labels, *rows)
    assert report(source, tmp_path)["skipped_rows"] == {"header line again": 1}


@pytest.mark.parametrize(
    "cell",
    [
        [{"name": "Dana", "speech": ["We grew.", "Costs fell."]}, {"name": "Oren", "text": "Why?"}],
        {"prepared": [{"speaker": "Dana", "text": "We grew. Costs fell."}], "qa": [{"speaker": "Oren", "text": "Why?"}]},
        {"speakers": ["Dana", "Oren"],
         "turns": [{"speaker": "Dana", "text": "We grew. Costs fell."}, {"speaker": "Oren", "text": "Why?"}]},
        {"Dana": "We grew. Costs fell.", "Oren": "Why?"},
        [["Dana", "CEO", "We grew. Costs fell."], ["Oren", "Analyst", "Why?"]],
        [{"speaker": "Dana", "text": "We grew. Costs fell."}, {"speaker": "Oren", "text": "Why?"},
         {"speaker": "Lee", "text": float("nan")}],
    ],
    ids=["sentences", "sections", "names beside", "by speaker", "triples", "NaN"],
)  # fmt: skip
def test_a_call_in_a_cell_is_all_its_turns_whatever_holds_them(cell: object) -> None:
    for written in (json.dumps(cell), repr(cell).replace("nan", "None")):
        turns = [(speaker, text) for speaker, _, text in turns_in(written)]
        assert turns == [("Dana", "We grew. Costs fell."), ("Oren", "Why?")]
    assert turns_in('{"speaker": "Dana", "text": "We grew."}') == [("Dana", "", "We grew.")]


@pytest.mark.parametrize(
    ("headline", "firm"),
    [
        ("Q1 2024 Ashquill Inc Earnings Call", "Ashquill Inc"),
        ("Full Year 2023 Ashquill PLC Results Presentation", "Ashquill PLC"),
        ("Q2 Holdings, Inc., Q1 2024 Earnings Call", "Q2 Holdings, Inc."),
        ("Ashquill, Inc., Q1 2024 Earnings Call, May 7, 2024", "Ashquill, Inc."),
    ],
)
def test_the_firm_is_found_in_a_headline_also_behind_the_quarter(headline: str, firm: str) -> None:
    assert firm_of(headline) == firm


def test_marks_at_a_header_s_front_are_no_part_of_a_name(tmp_path: Path) -> None:
    rows = call("7", "Ashgrove", ["freight"])
    source = table(
        tmp_path,
        *({f"ï»¿{name}" if name == "companyid" else name: row[name] for name in row} for row in rows),
    )
    assert list_firms(source) == ["7"]
