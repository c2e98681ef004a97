"""The sample quarter is what its README says: remade to the byte, fully labelled, and varied.

Sentences that only swap a noun in one frame would make every clusterer look good, so the overlap
inside a theme is bounded in content words, that is, words that are not in `STOP_WORDS`.
"""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[3] / "data"
FILES = ("sample_calls.csv", "sample_labels.csv")
STOP_WORDS = frozenset(
    """
    a about above after again all along also am an and another any are around as at away be because been
    before being below best both but by can could did do does doing done down each either else enough even
    ever every few first for from further get go goes going got had has have having he her here him his how
    i if in into is it its itself just last least less let like made make makes making many may maybe me
    might more most much must my neither never next no nor not now of off often on once one only or other
    our out over own per perhaps quite rather same she should since so some something still such take taken
    than that the their them then there these they thing things this those though through to together too
    toward under until up us very vs was way we well were what when where whether which while who whole why
    will with within without would yet you your
    ask call clear fair guess help keep know look mean mention note point question remember said say see
    sense sure talk tell think told want
    year years quarter quarters month months week weeks day days today ago half nearly roughly almost
    percent million billion thousand two three four five six seven eight nine ten
    """.split()
)

Row = dict[str, str]


def read(name: str) -> list[Row]:
    with (DATA / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture(scope="module")
def calls() -> list[Row]:
    return read("sample_calls.csv")


@pytest.fixture(scope="module")
def labels() -> list[Row]:
    return read("sample_labels.csv")


@pytest.fixture(scope="module")
def by_theme(labels: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in labels:
        if row["kind"] == "subject":
            found[row["theme"]].append(row)
    return found


def content_words(text: str) -> set[str]:
    """Words with meaning of their own; a contraction counts as its first half."""
    words = {word.split("'")[0] for word in re.findall(r"[a-z][a-z'-]+", text.lower())}
    return {word for word in words if len(word) > 1} - STOP_WORDS


def firms_of(rows: list[Row]) -> Counter[str]:
    return Counter(row["firm_id"] for row in rows)


def test_generator_writes_the_same_bytes_again(tmp_path: Path) -> None:
    command = [sys.executable, str(DATA / "make_sample.py"), "--out", str(tmp_path)]
    subprocess.run(command, check=True, cwd=tmp_path)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (DATA / name).read_bytes(), name


def test_one_call_a_firm_in_one_quarter(calls: list[Row]) -> None:
    assert len({row["companyid"] for row in calls}) == 24
    assert len({row["companyname"] for row in calls}) == 24
    assert len({(row["companyid"], row["transcriptid"]) for row in calls}) == 24
    assert all("2023-04-01" <= row["mostimportantdateutc"] <= "2023-06-30" for row in calls)


def test_firm_ids_stay_text(calls: list[Row], labels: list[Row]) -> None:
    ids = {row["companyid"] for row in calls}
    assert [firm for firm in ids if firm.startswith("0")] == ["0047190"]
    assert {row["firm_id"] for row in labels} == ids


def test_calls_have_the_length_of_a_call(labels: list[Row]) -> None:
    assert all(150 <= count <= 300 for count in firms_of(labels).values())


def test_turns_are_ordered_and_have_known_speakers(calls: list[Row]) -> None:
    orders: dict[str, list[int]] = defaultdict(list)
    for row in calls:
        orders[row["transcriptid"]].append(int(row["componentorder"]))
        assert row["transcriptpersonname"] and row["headline"].startswith(row["companyname"])
    assert all(order == list(range(len(order))) for order in orders.values())
    assert {row["speakertypename"] for row in calls} == {"Operator", "Executives", "Analysts"}


def test_labels_cover_exactly_the_sentences_of_the_calls(calls: list[Row], labels: list[Row]) -> None:
    texts: dict[str, list[str]] = defaultdict(list)
    said: dict[str, list[str]] = defaultdict(list)
    for row in calls:
        texts[row["transcriptid"]].append(row["componenttext"])
    for row in labels:
        assert int(row["position"]) == len(said[row["transcript_id"]])
        assert row["sentence_id"] == f"{row['firm_id']}_{row['transcript_id']}_{int(row['position']):04d}"
        said[row["transcript_id"]].append(row["text"])
    assert {key: " ".join(turns) for key, turns in texts.items()} == {
        key: " ".join(sentences) for key, sentences in said.items()
    }


def test_every_sentence_can_be_split_off(labels: list[Row]) -> None:
    """Inside a sentence a stop is an abbreviation, so a splitter that knows these never needs to guess."""
    known = {"vs.", "i.e.", "a.m.", "p.m.", "U.S.", "N.V.", "Inc.", "Corp.", "Mr.", "Ms.", "Dr."}
    seen = set()
    for row in labels:
        assert row["text"][-1] in ".?!"
        assert row["text"] == " ".join(row["text"].split())
        assert row["text"].split()[-1] not in known
        seen |= set(re.findall(r"(\S+[.?!][\"')]?) (?=\S)", row["text"]))
    assert seen == known


def test_kind_and_theme_agree(labels: list[Row]) -> None:
    for row in labels:
        if row["kind"] != "subject":
            assert row["theme"] == row["kind"]
        elif row["theme"].startswith("firm:"):
            assert row["theme"].split(":")[1] == row["firm_id"]
    assert {row["kind"] for row in labels} == {"subject", "reporting", "procedure", "filler"}


def test_themes_cross_firms_and_spread(by_theme: dict[str, list[Row]]) -> None:
    crossing = {theme: firms_of(rows) for theme, rows in by_theme.items() if not theme.startswith("firm:")}
    reach = sorted(len(firms) for firms in crossing.values())
    assert 12 <= len(reach) <= 16
    assert reach[0] == 2 and 15 <= reach[-1] <= 20
    assert sum(5 <= count <= 12 for count in reach) >= 6
    assert all(8 <= count <= 16 for firms in crossing.values() for count in firms.values())


def test_every_firm_has_topics_of_its_own(by_theme: dict[str, list[Row]]) -> None:
    own = {theme: rows for theme, rows in by_theme.items() if theme.startswith("firm:")}
    assert all(8 <= len(rows) <= 14 for rows in own.values())
    topics_a_firm = Counter(theme.split(":")[1] for theme in own)
    assert len(topics_a_firm) == 24
    assert all(2 <= count <= 4 for count in topics_a_firm.values())


def test_no_planted_sentence_is_used_twice(by_theme: dict[str, list[Row]]) -> None:
    texts = Counter(row["text"] for rows in by_theme.values() for row in rows)
    assert [text for text, count in texts.items() if count > 1] == []


def test_planted_speech_is_in_remarks_and_in_answers(
    calls: list[Row], by_theme: dict[str, list[Row]]
) -> None:
    remarks = "\n".join(r["componenttext"] for r in calls if r["componenttypename"] == "Presenter Speech")
    for theme, rows in by_theme.items():
        prepared = sum(row["text"] in remarks for row in rows)
        assert 0.2 <= prepared / len(rows) <= 0.7, theme


def test_sentences_of_a_theme_share_few_words(by_theme: dict[str, list[Row]]) -> None:
    for theme, rows in by_theme.items():
        words = [content_words(row["text"]) for row in rows]
        shared = [(len(a & b), len(a & b) / len(a | b)) for a, b in combinations(words, 2)]
        jaccard = sorted(share for _, share in shared)
        # A firm's own topic names its product again and again, as firms do.
        bound = 0.25 if theme.startswith("firm:") else 0.10
        assert max(count for count, _ in shared) <= 4, theme
        assert jaccard[int(0.95 * len(jaccard))] <= bound, theme


def test_no_year_is_in_the_future_and_files_stay_small(calls: list[Row]) -> None:
    text = " ".join(row["componenttext"] + row["headline"] for row in calls)
    assert max(int(year) for year in re.findall(r"\b20\d\d\b", text)) <= 2024
    assert all((DATA / name).stat().st_size < 2_000_000 for name in FILES)


def test_readme_counts_are_those_of_the_labels(labels: list[Row], by_theme: dict[str, list[Row]]) -> None:
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    for theme, rows in by_theme.items():
        if not theme.startswith("firm:"):
            assert f"| {theme} | {len(firms_of(rows))} | {len(rows)} |" in readme
    for kind, count in Counter(row["kind"] for row in labels).items():
        assert re.search(rf"\b{count:,}\b.*{kind}", readme), kind
