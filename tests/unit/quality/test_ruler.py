"""The ruler tells good themes from bad ones, hides whose they are, and refuses raters who cannot be believed."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from docs.generate.rating import bootstrapped, half_width
from earnings_themes.cli import main
from tests.unit.quality.ruler_calls import clustering, fill, true_theme, write_calls

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    def run(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(x) for x in arguments])
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """A folder with transcripts, themes as they are (good) and half of them at random (bad)."""
    transcripts = write_calls(tmp_path)
    clustering(transcripts, tmp_path / "good.csv", 0)
    clustering(transcripts, tmp_path / "bad.csv", 0.5)
    return tmp_path


def draw(command: Command, calls: Path, *more: str | Path, out: str = "rating") -> str:
    """Write sheets for both clusterings, and return what was said of them."""
    tables = (calls / "good.csv", calls / "bad.csv")
    code, said, err = command(
        "sheet", *tables, "--transcripts", calls / "transcripts.parquet", "--out", calls / out, *more
    )
    assert code == 0, err
    return said + err


def scored(command: Command, calls: Path) -> dict[tuple[str, str, str], dict[str, float]]:
    """Every figure by part, run and name."""
    sheets = sorted((calls / "rating/sheets").glob("*.csv"))
    code, out, err = command("score", calls / "rating/key", *sheets, "--format", "json")
    assert (code, err) == (0, "")
    return {(x["part"], x["run"], x["name"]): x for x in json.loads(out)["figures"]}


# --- what it measures ------------------------------------------------------------------------------


def test_themes_as_they_are_score_above_shuffled_ones(command: Command, calls: Path) -> None:
    draw(command, calls, "--n", "150")
    fill(calls / "rating/sheets", calls / "rating/key")
    found = scored(command, calls)
    good, bad = found["run", "good", "mean"], found["run", "bad", "mean"]
    assert good["value"] == 2
    assert bad["high"] < good["low"]
    assert bad["low"] < bad["value"] < bad["high"]
    assert found["difference", "bad − good", "mean"]["high"] < -0.5
    assert found["run", "good", "p2"]["value"] == 1
    assert found["random", "pairs_001", "mean"]["value"] < 0.3
    assert found["raters", "two", "kappa_score"]["value"] == 1


def test_labels_and_intruders_tell_them_apart_too(command: Command, calls: Path) -> None:
    for kind, name in (("labels", "coherence"), ("intruders", "found")):
        draw(command, calls, "--kind", kind, "--n", "50", "--coverage", "1")
        fill(calls / "rating/sheets", calls / "rating/key")
        found = scored(command, calls)
        assert found["run", "good", name]["value"] == 1
        assert found["run", "bad", name]["high"] < 0.9
        if kind == "labels":
            assert found["run", "good", "good"]["value"] == 1
            assert found["run", "bad", "misleading"]["value"] > 0.1
        (calls / "rating").rename(calls / kind)


def test_recall_counts_pairs_that_no_run_made(command: Command, calls: Path) -> None:
    draw(command, calls, "--n", "40", "--recall", "150", "--coverage", "1")
    fill(calls / "rating/sheets", calls / "rating/key")
    found = scored(command, calls)
    # Words find the same subject, which `good` always has together and `bad` in a quarter of the cases.
    assert found["recall", "good", "words_p2"]["value"] == 1
    assert found["recall", "bad", "words_p2"]["high"] < 0.5
    assert (
        found["recall", "good", "weighted_p1"]["value"] < 0.7
    )  # an area is three themes, put together nowhere
    assert ("recall", "good", "neighbours_p2") not in found  # no vectors were given


def test_the_ceiling_is_the_nearest_sentence_of_another_firm(command: Command, calls: Path) -> None:
    table = pd.read_parquet(calls / "transcripts.parquet").query("not procedural")
    vectors = [[float(true_theme(x) == t) for t in range(60)] for x in table["sentence_id"]]
    pd.DataFrame({"sentence_id": table["sentence_id"], "vector": vectors}).to_parquet(calls / "v.parquet")
    draw(command, calls, "--n", "100", "--vectors", calls / "v.parquet")
    fill(calls / "rating/sheets", calls / "rating/key")
    found = scored(command, calls)
    assert found["run", "ceiling", "mean"]["value"] == 2
    assert found["run", "good", "of_ceiling"]["value"] == 1
    assert found["run", "bad", "of_ceiling"]["high"] < 1


def test_only_the_surest_sentences_are_judged(command: Command, calls: Path) -> None:
    said = draw(command, calls, "--n", "100", "--coverage", ".25")
    assert "25% of the modelled sentences" in said
    key = pd.read_csv(calls / "rating/key/key.csv", dtype=str)
    strength = pd.read_csv(calls / "good.csv").set_index("sentence_id")["strength"]
    judged = key.loc[key["arm"] == "good", ["sentence_id_a", "sentence_id_b"]].to_numpy().ravel()
    assert strength[judged].min() >= strength.quantile(0.74)


def test_coverage_is_counted_over_what_raters_call_content(command: Command, calls: Path) -> None:
    # Raters find content in the sentences of half of the firms; `good` keeps those of the others alone.
    table = pd.read_csv(calls / "good.csv")
    table[table["sentence_id"] < "f15"].to_csv(calls / "good.csv", index=False)
    draw(command, calls, "--n", "100", "--recall", "100", "--coverage", "1")
    fill(calls / "rating/sheets", calls / "rating/key")
    found = scored(command, calls)
    assert found["run", "good", "content_covered"]["value"] == 0
    assert found["run", "bad", "content_covered"]["value"] == 1
    assert 0.1 < found["run", "random", "content"]["value"] < 0.9


def run_folder(calls: Path, name: str) -> Path:
    """Make a run's folder of good.csv: sentences, transcripts, labels and vectors."""
    folder = calls / name
    (folder / "embeddings").mkdir(parents=True)
    (folder / "transcripts.parquet").write_bytes((calls / "transcripts.parquet").read_bytes())
    themes = pd.read_csv(calls / "good.csv").set_index("sentence_id")
    rows = pd.read_parquet(folder / "transcripts.parquet", columns=["sentence_id", "firm_id", "procedural"])
    rows["theme_id"] = [f"t{themes['theme'][x]}" if x in themes.index else None for x in rows["sentence_id"]]
    rows["strength"] = [themes["strength"].get(x) for x in rows["sentence_id"]]
    rows.drop(columns="procedural").to_parquet(folder / "sentences.parquet")
    said = [{"theme_id": f"t{t}", "label": f"subject{t}"} for t in range(60)]
    (folder / "themes.json").write_text(json.dumps({"themes": said}))
    spoken = rows[~rows["procedural"]]
    vectors = [(100 * np.eye(60, dtype=np.int8))[true_theme(x)].tobytes() for x in spoken["sentence_id"]]
    spoken.assign(vector=vectors)[["firm_id", "sentence_id", "vector"]].to_parquet(
        folder / "embeddings/0.parquet"
    )
    return folder


def test_a_runs_folder_is_judged_beside_a_table(command: Command, calls: Path) -> None:
    folder = run_folder(calls, "mine")
    run = ("sheet", folder, f"other={calls / 'bad.csv'}", "--out", calls / "rating")
    code, said, err = command(*run, "--n", "60", "--recall", "50")
    assert (code, err) == (0, "")
    assert "mine: 60 items; 60 themes, 58 effective, 50% of the modelled sentences" in said
    fill(calls / "rating/sheets", calls / "rating/key")
    found = scored(command, calls)
    assert found["run", "mine", "mean"]["value"] == 2
    assert found["recall", "mine", "neighbours_p2_of_all"]["value"] == 1
    code, _, err = command("sheet", folder, "--kind", "labels", "--n", "30", "--out", calls / "labels")
    assert (code, err) == (0, "")
    assert pd.read_csv(calls / "labels/sheets/labels_001.csv")["label"].str.startswith("subject").all()


def test_runs_of_other_calls_cannot_share_a_sheet(command: Command, calls: Path) -> None:
    one, other = run_folder(calls, "one"), run_folder(calls, "other")
    table = pd.read_parquet(other / "transcripts.parquet")
    table["text"] = table["text"].str.replace("moved", "went")
    table.to_parquet(other / "transcripts.parquet")
    code, _, err = command("sheet", one, other, "--out", calls / "rating")
    assert code == 1
    assert "holds other sentences than the first run's transcripts" in err


# --- what a sheet hides ----------------------------------------------------------------------------


def test_a_sheet_does_not_say_whose_a_pair_is(command: Command, calls: Path) -> None:
    draw(command, calls, "--n", "190", "--recall", "60")
    sheets = sorted((calls / "rating/sheets").glob("*.csv"))
    assert len(sheets) == 4  # 540 items and the repeats on three, a fifth for a second rater
    shown = [pd.read_csv(path, dtype=str, keep_default_na=False) for path in sheets]
    expected = [
        "sheet",
        "item",
        "before_a",
        "sentence_a",
        "before_b",
        "sentence_b",
        "score",
        "content_a",
        "content_b",
    ]
    for table, path in zip(shown, sheets, strict=True):
        assert list(table) == expected
        text = path.read_text(encoding="utf-8-sig")
        assert not any(word in text for word in ("good", "bad", "random", "words", "f1_", "c1,"))
    key = pd.read_csv(calls / "rating/key/key.csv", dtype=str)
    # The order tells nothing: each arm stands in the first and the second half of a sheet alike, and on both sides.
    for arm in ("good", "bad"):
        number = key.loc[(key["arm"] == arm) & key["sheet"].str.startswith("pairs"), "item"].astype(int)
        assert 0.4 < (number > 93).mean() < 0.6
        first = key[(key["arm"] == arm) & (key["role"] == "new")]
        assert 0.35 < (first["sentence_id_a"] < first["sentence_id_b"]).mean() < 0.65
    both = key[["firm_a", "firm_b"]]
    assert (both["firm_a"] != both["firm_b"]).all()
    assert set(key["role"]) == {"new", "again", "second"}
    assert (key["arm"] == "random").mean() > 0.07


def test_what_stands_twice_in_a_sheet_stands_the_other_way_round(command: Command, calls: Path) -> None:
    draw(command, calls, "--n", "90")
    key = pd.read_csv(calls / "rating/key/key.csv", dtype=str)
    again = key[key["role"] == "again"].merge(key[key["role"] == "new"], on="unit", suffixes=("", "_new"))
    assert len(again) >= 5
    assert (again["sentence_id_a"] == again["sentence_id_b_new"]).all()
    assert (again["sheet"] == again["sheet_new"]).all()


def test_the_same_seed_gives_the_same_bytes(command: Command, calls: Path) -> None:
    for out in ("one", "two"):
        draw(command, calls, "--n", "60", "--recall", "20", out=out)
    draw(command, calls, "--n", "60", "--recall", "20", "--seed", "2", out="other")
    files = sorted(x.relative_to(calls / "one") for x in (calls / "one").rglob("*.*"))
    assert len(files) == 5
    assert all((calls / "one" / x).read_bytes() == (calls / "two" / x).read_bytes() for x in files)
    assert (calls / "one/sheets/pairs_001.csv").read_bytes() != (
        calls / "other/sheets/pairs_001.csv"
    ).read_bytes()


def test_pairs_that_were_judged_are_not_drawn_again(command: Command, calls: Path) -> None:
    draw(command, calls, "--n", "80", out="one")
    draw(command, calls, "--n", "80", "--seed", "2", "--exclude", calls / "one/key/key.csv", out="two")

    def drawn(out: str) -> set[frozenset[str]]:
        key = pd.read_csv(calls / out / "key/key.csv", dtype=str)
        return {frozenset(x) for x in zip(key["sentence_id_a"], key["sentence_id_b"], strict=True)}

    assert not drawn("one") & drawn("two")


def test_unequal_runs_are_named(command: Command, calls: Path) -> None:
    table = clustering(calls / "transcripts.parquet", calls / "bad.csv", 0, strength=False)
    coarse = pd.read_csv(table)
    coarse.assign(theme=coarse["theme"] // 2).to_csv(table, index=False)
    said = draw(command, calls, "--n", "20")
    assert "bad has no strength: all its sentences count, 100% of the modelled sentences" in said
    assert "good has 58 effective themes and bad 30, more than 15 % apart" in said


# --- what is refused -------------------------------------------------------------------------------


def refused(command: Command, calls: Path) -> str:
    code, out, err = command("score", calls / "rating/key", *sorted((calls / "rating/sheets").glob("*.csv")))
    assert (code, out) == (1, "")
    return err


def test_raters_who_score_random_pairs_are_refused(command: Command, calls: Path) -> None:
    draw(command, calls, "--n", "100", "--recall", "40")
    for path in fill(calls / "rating/sheets", calls / "rating/key"):
        table = pd.read_csv(path, dtype=str)
        table["score"] = table["score"].replace("0", "1")
        table.to_csv(path, index=False)
    err = refused(command, calls)
    assert "random pairs score 1." in err
    assert "sheet pairs_001 (rater pairs_001):" in err


def test_raters_who_do_not_agree_are_refused_unless_one_insists(command: Command, calls: Path) -> None:
    draw(command, calls, "--n", "100")
    paths = fill(calls / "rating/sheets", calls / "rating/key", blunder=0.5)
    assert "raters do not agree" in refused(command, calls)
    code, out, err = command("score", calls / "rating/key", *paths, "--anyway")
    assert code == 0
    assert "raters do not agree" in err
    assert "good" in out


def test_ratings_without_a_second_look_are_refused(command: Command, calls: Path) -> None:
    draw(command, calls, "--n", "100", "--second", "0")
    paths = fill(calls / "rating/sheets", calls / "rating/key")
    saved = calls / "judged.csv"
    assert command("score", calls / "rating/key", *paths, "--save", saved)[0] == 0
    judged = pd.read_csv(saved, dtype=str)
    judged[judged["role"] == "new"].to_csv(saved, index=False)
    code, _, err = command("score", saved)
    assert code == 1
    assert "kappa_score: 0 items were rated twice" in err


@pytest.mark.parametrize(
    ("value", "said"), [("", "score is empty"), ("3", "score is '3', expected one of 0, 1, 2")]
)
def test_an_item_that_is_not_rated_is_named(command: Command, calls: Path, value: str, said: str) -> None:
    draw(command, calls, "--n", "30")
    path = fill(calls / "rating/sheets", calls / "rating/key")[0]
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table.loc[table["item"] == "7", "score"] = value
    table.to_csv(path, index=False)
    assert f"1 items are not rated as the codebook asks: sheet pairs_001, item 7: {said}." in refused(
        command, calls
    )


def test_sheets_with_ratings_are_not_written_over(command: Command, calls: Path) -> None:
    draw(command, calls, "--n", "20")
    tables = (calls / "good.csv", "--transcripts", calls / "transcripts.parquet")
    code, _, err = command("sheet", *tables, "--n", "20", "--out", calls / "rating")
    assert code == 1
    assert "holds sheets, and perhaps ratings. Give another --out" in err


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("sentence_id,topic\na,1\n", "lacks the column 'theme'"),
        (
            "sentence_id,theme\nnobody,1\n",
            "1 of 1 sentence ids are not in the transcripts, the first 'nobody'",
        ),
        ("sentence_id,theme\nf0_s60t0,-1\n", "no sentence has a theme"),
    ],
)
def test_a_table_that_cannot_be_judged_is_explained(
    command: Command, calls: Path, table: str, said: str
) -> None:
    (calls / "odd.csv").write_text(table)
    code, _, err = command(
        "sheet", calls / "odd.csv", "--transcripts", calls / "transcripts.parquet", "--out", calls / "x"
    )
    assert code == 1
    assert said in err
    code, _, err = command("sheet", calls / "odd.csv", "--out", calls / "x")
    assert "Add --transcripts FILE" in err


# --- how ratings are kept --------------------------------------------------------------------------


def test_kept_ratings_hold_no_text_and_score_alike(command: Command, calls: Path) -> None:
    draw(command, calls, "--n", "100")
    paths = fill(calls / "rating/sheets", calls / "rating/key")
    first = command("score", calls / "rating/key", *paths, "--save", calls / "judged.csv", "--format", "csv")
    kept = (calls / "judged.csv").read_text()
    assert "subject" not in kept
    again = command("score", calls / "judged.csv", "--format", "csv")
    lines = [
        x for x in first[1].splitlines() if "themes" not in x and "coverage" not in x
    ]  # these are in runs.json
    assert lines == again[1].splitlines()


def test_the_order_of_files_and_lines_changes_no_figure(command: Command, calls: Path) -> None:
    draw(command, calls, "--n", "190", "--recall", "60")
    paths = fill(calls / "rating/sheets", calls / "rating/key", blunder=0.05)
    before = command("score", calls / "rating/key", *paths, "--format", "csv")
    for path in paths:
        pd.read_csv(path, dtype=str).iloc[::-1].to_csv(path, index=False)
    assert command("score", calls / "rating/key", *reversed(paths), "--format", "csv") == before
    assert before[0] == 0


def test_a_sheet_may_come_back_as_spreadsheets_save_it(command: Command, calls: Path) -> None:
    draw(command, calls, "--n", "100")
    paths = fill(calls / "rating/sheets", calls / "rating/key")
    before = command("score", calls / "rating/key", *paths, "--format", "csv")[1]
    table = pd.read_csv(paths[0], dtype=str)
    table.to_csv(paths[0], index=False, sep=";", encoding="cp1252")
    assert command("score", calls / "rating/key", *paths, "--format", "csv")[1] == before
    short = table.rename(columns={"content_a": "a", "content_b": "b"})[["item", "score", "a", "b"]]
    short.to_csv(paths[0], index=False)
    assert command("score", calls / "rating/key", *paths, "--format", "csv")[1] == before


def test_two_people_who_rate_one_sheet_are_compared(command: Command, calls: Path) -> None:
    draw(command, calls, "--n", "80", "--second", "0")
    path = fill(calls / "rating/sheets", calls / "rating/key")[0]
    other = path.with_name("pairs_001.berta.csv")
    other.write_bytes(path.read_bytes())
    code, out, _ = command("score", calls / "rating/key", path, other, "--format", "json")
    figures = {(x["run"], x["name"]): x for x in json.loads(out)["figures"] if x["part"] == "raters"}
    assert code == 0
    assert figures["two", "kappa_score"] | {"n": 0} == figures["same", "kappa_score"] | {"n": 0, "run": "two"}
    assert figures["two", "kappa_score"]["n"] > 150


# --- how many ratings ------------------------------------------------------------------------------


def test_the_formula_and_the_bootstrap_agree_on_how_many_ratings_are_needed() -> None:
    assert half_width(150) == pytest.approx(0.10, abs=0.005)
    assert bootstrapped(150) == pytest.approx(half_width(150), rel=0.1)
