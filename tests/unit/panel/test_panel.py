"""panel.parquet and calls.parquet, recounted by a few independent lines."""

import re
import shutil
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from earnings_themes.config import Panel
from earnings_themes.errors import ResultError
from earnings_themes.panel.build import build_panel
from earnings_themes.panel.make import make
from tests.panel_run import THEMES, random_sentences, sentence, write_run

KEY = ["firm_id", "transcript_id"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_run(
        tmp_path_factory.mktemp("run"),
        random_sentences(),
        silent=(("001", "t9"), ("zzz", "t1")),
        keep=("gvkey", "share"),
    )
    build_panel(str(folder), folder)
    return folder


@pytest.fixture(scope="module")
def said(run: Path) -> pd.DataFrame:
    """One row per sentence and theme, with the level-2 rows below."""
    frame = pd.DataFrame(random_sentences())
    one = frame[frame["theme_id"].notna()].assign(theme=frame["theme_id"])
    two = frame[frame["broad_id"].notna()].assign(theme=frame["broad_id"])
    return pd.concat([one, two])


def _panel(run: Path) -> pd.DataFrame:
    return pd.read_parquet(run / "panel.parquet")


def test_every_call_that_was_read_has_a_row_for_every_theme(run: Path) -> None:
    panel = _panel(run)
    assert len(panel) == (4 * 3 + 2) * len(THEMES)
    assert not panel.duplicated([*KEY, "theme_id"]).any()
    silent = panel[(panel["firm_id"] == "zzz") | (panel["transcript_id"] == "t9")]
    assert len(silent) == 2 * len(THEMES)
    assert (silent["n"] == 0).all() and silent["share"].isna().all() and silent["n_qa"].isna().all()
    assert silent["strength"].isna().all() and silent["time"].isna().all()


@pytest.mark.parametrize(
    ("column", "mask"),
    [
        ("n", "firm_id == firm_id"),
        ("n_presentation", "section.str.startswith('Present')"),
        ("n_qa", "section.str.contains('Question|Answer')"),
        ("n_management", "speaker_type == 'Executives'"),
        ("n_analysts", "speaker_type == 'Analysts'"),
        ("n_ceo", "speaker_name.str.contains('CEO')"),
        ("n_cfo", "speaker_name.str.contains('Financial')"),
    ],
)
def test_counts_are_what_a_group_by_counts(run: Path, said: pd.DataFrame, column: str, mask: str) -> None:
    wanted = said.query(mask, engine="python").groupby([*KEY, "theme"]).size()
    panel = _panel(run).set_index([*KEY, "theme_id"])[column].dropna().astype(int)
    assert len(panel) == 4 * 3 * len(THEMES) + (2 * len(THEMES) if column == "n" else 0)
    assert panel[panel > 0].to_dict() == wanted.to_dict()


def test_words_strength_and_share_are_what_a_group_by_gives(run: Path, said: pd.DataFrame) -> None:
    panel = _panel(run).set_index([*KEY, "theme_id"])
    some = panel[panel["n"] > 0]
    said = said.assign(
        words=[sum(bool(re.search(r"\w", word)) for word in text.split()) for text in said["text"]]
    )
    found = said.groupby([*KEY, "theme"]).agg(words=("words", "sum"), strength=("strength", "mean"))
    assert some["words"].to_dict() == found["words"].to_dict()
    assert some["strength"].to_dict() == pytest.approx(found["strength"].to_dict(), rel=1e-5)
    modelled = pd.DataFrame(random_sentences()).groupby(KEY)["content"].count()
    n = some["n"].to_dict()
    assert some["share"].to_dict() == pytest.approx({key: n[key] / modelled[key[:2]] for key in n})
    assert (panel["strength"].isna() == (panel["n"] == 0)).all()


def test_abnormal_share_is_less_the_firms_earlier_calls(run: Path) -> None:
    panel = _panel(run).sort_values("date")
    for (firm, _), rows in panel.groupby(["firm_id", "theme_id"]):
        if firm in ("001", "zzz"):
            continue
        shares = rows["share"].tolist()
        assert pd.isna(rows["abnormal_share"].iloc[0])
        for n in range(1, len(shares)):
            assert rows["abnormal_share"].iloc[n] == pytest.approx(shares[n] - sum(shares[:n]) / n)


def test_denominators_are_what_a_group_by_counts(run: Path) -> None:
    calls = pd.read_parquet(run / "calls.parquet").set_index(KEY)
    assert len(calls) == 4 * 3 + 2
    frame = pd.DataFrame(random_sentences())
    for column, rows in {
        "sentences": frame,
        "modelled": frame[frame["content"].notna()],
        "content": frame[frame["content"] >= 0.5],
        "settled": frame[frame["theme_id"].notna()],
        "settled_broad": frame[frame["broad_id"].notna()],
        "qa": frame[frame["section"].str.contains("Question|Answer")],
        "analysts": frame[frame["speaker_type"] == "Analysts"],
        "modelled_management": frame[(frame["speaker_type"] == "Executives") & frame["content"].notna()],
    }.items():
        found = calls[column].dropna().astype(int)
        assert found[found > 0].to_dict() == rows.groupby(KEY).size().to_dict(), column
    spoken = calls[calls["sentences"] > 0]
    assert (spoken["sentences"] >= spoken["presentation"] + spoken["qa"]).all()
    assert calls.loc[("001", "t9"), "sentences"] == 0


def test_ids_quarter_time_and_kept_columns_are_carried(run: Path) -> None:
    panel = _panel(run)
    first = panel.iloc[0]
    assert first["firm_id"] == "000" and first["quarter"] == "2023Q1"
    assert first["gvkey"] == "gvkey of 000"
    # A kept column with the name of one of ours stands beside it.
    assert first["source_share"] == "share of 000"
    assert str(first["time"]) == "2023-02-03 21:00:00+00:00"
    assert set(panel[panel["date"].astype(str) == "2023-08-04"]["quarter"]) == {"2023Q3"}


def test_unknown_sections_and_speakers_are_null_and_not_zero(tmp_path: Path) -> None:
    lines = random_sentences(n_firms=1)
    for line in lines:
        if line["transcript_id"] == "t0":
            line |= {"section": "", "speaker_type": "", "speaker_name": "Jane Director"}
    write_run(tmp_path, lines)
    build_panel(str(tmp_path), tmp_path)
    panel = _panel(tmp_path)
    nulls = [
        "n_presentation",
        "n_qa",
        "n_management",
        "n_analysts",
        "n_ceo",
        "n_cfo",
        "asked",
        "answered",
        "raised_by",
    ]
    unknown = panel[panel["transcript_id"] == "t0"]
    assert unknown[nulls].isna().all().all() and (unknown["n"] > 0).any()
    assert panel[panel["transcript_id"] == "t1"][nulls[:-1]].notna().all().all()


def _asked(*turns: tuple[str, str, str, str | None]) -> list[dict[str, object]]:
    return [
        sentence(
            firm_id="1", firm_name="One", transcript_id="t", date=pd.Timestamp(2023, 5, 2).date(),
            sentence_id=f"1_t_{n:04d}", section=section, speaker_type=speaker, speaker_name=name, text="Word.",
            content=1.0, theme_id=theme,
        )
        for n, (section, speaker, name, theme) in enumerate(turns)
    ]  # fmt: skip


def test_exchanges_who_raised_a_theme_and_whether_it_was_answered(tmp_path: Path) -> None:
    one, two, three = "made-001", "made-002", "made-003"
    lines = _asked(
        (
            "Presenter Speech",
            "Executives",
            "Ann",
            one,
        ),  # prepared remarks raise nothing in questions and answers
        ("Question Operator", "Operator", "Op", None),
        ("Question", "Analysts", "Cy", one),
        ("Answer", "Executives", "Ann", one),
        ("Answer", "Executives", "Ann", two),
        (
            "Question",
            "Analysts",
            "Cy",
            two,
        ),  # the same analyst goes on: one exchange, but nobody answers after
        ("Answer Operator", "Operator", "Op", None),
        ("Question", "Analysts", "Di", three),
        ("Answer", "Executives", "Ann", None),
        ("Question", "Analysts", "Ed", one),
        ("Answer", "Executives", "Ann", two),
    )
    write_run(tmp_path, lines)
    build_panel(str(tmp_path), tmp_path)
    rows = _panel(tmp_path).set_index("theme_id")
    assert rows["raised_by"].dropna().to_dict() == {one: "analysts", two: "management", three: "analysts"}
    assert rows["asked"].to_dict() == {one: 2, two: 1, three: 1, "made-B01": 0}
    assert rows["answered"].to_dict() == {one: 1, two: 0, three: 0, "made-B01": 0}
    found = pd.read_parquet(tmp_path / "exchanges.parquet")
    assert found["sentence_id"].str[-2:].astype(int).tolist() == [2, 3, 4, 5, 7, 8, 9, 10]
    assert found["exchange"].tolist() == [1, 1, 1, 1, 2, 2, 3, 3]
    assert found["role"].tolist()[:2] == ["analysts", "management"]
    assert pd.read_parquet(tmp_path / "calls.parquet")["exchanges"].tolist() == [3]


def test_the_same_run_gives_the_same_bytes(run: Path, tmp_path: Path) -> None:
    build_panel(str(run), tmp_path)
    for name in ("panel.parquet", "calls.parquet", "exchanges.parquet", "codebook.md"):
        assert (tmp_path / name).read_bytes() == (run / name).read_bytes(), name
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "calls.parquet",
        "codebook.md",
        "exchanges.parquet",
        "panel.parquet",
    ]


def test_the_codebook_names_every_column_and_theme(run: Path) -> None:
    text = (run / "codebook.md").read_text()
    for name in ("panel.parquet", "calls.parquet"):
        for column in pq.read_schema(run / name).names:
            assert f"| `{column}` |" in text
    assert "| made-001 | 1 | subject | freight \\| cost | made-B01 |" in text


def test_a_run_without_themes_has_its_calls(tmp_path: Path) -> None:
    lines = [line | {"theme_id": None, "broad_id": None} for line in random_sentences(1, 1)]
    write_run(tmp_path, lines, themes=())
    build_panel(str(tmp_path), tmp_path)
    assert len(_panel(tmp_path)) == 0 and len(pd.read_parquet(tmp_path / "calls.parquet")) == 1


def test_files_of_different_runs_are_refused(tmp_path: Path) -> None:
    write_run(tmp_path, random_sentences(2))
    table = pq.read_table(tmp_path / "sentences.parquet")
    pq.write_table(table.slice(1), tmp_path / "sentences.parquet")
    with pytest.raises(ResultError, match=r"360 sentences, sentences.parquet 359"):
        build_panel(str(tmp_path), tmp_path)
    pq.write_table(pa.concat_tables([table.slice(1), table.slice(0, 1)]), tmp_path / "sentences.parquet")
    with pytest.raises(ResultError, match="name different sentences"):
        build_panel(str(tmp_path), tmp_path)
    pq.write_table(table.drop_columns("broad_id"), tmp_path / "sentences.parquet")
    with pytest.raises(ResultError, match="no column broad_id"):
        build_panel(str(tmp_path), tmp_path)
    write_run(tmp_path, random_sentences(2), themes=THEMES[1:])
    with pytest.raises(ResultError, match=r"theme_id 'made-001', which themes\.json lacks"):
        build_panel(str(tmp_path), tmp_path)
    assert not (tmp_path / "panel.parquet").exists()
    (tmp_path / "themes.json").unlink()
    with pytest.raises(ResultError, match=r"no themes\.json"):
        build_panel(str(tmp_path), tmp_path)


def test_the_run_writes_spreadsheets_up_to_a_size_and_takes_old_ones_away(run: Path, tmp_path: Path) -> None:
    for name in ("transcripts.parquet", "sentences.parquet", "source_calls.parquet", "themes.json"):
        shutil.copy(run / name, tmp_path)
    n_rows = make(str(tmp_path), tmp_path, Panel())
    assert (tmp_path / "panel.csv").exists() and (tmp_path / "panel.dta").exists()
    make(str(tmp_path), tmp_path, Panel(spreadsheet_rows=n_rows - 1))
    assert not (tmp_path / "panel.csv").exists() and not (tmp_path / "panel.dta").exists()
