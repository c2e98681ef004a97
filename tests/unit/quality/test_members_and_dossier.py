"""A theme judged by sentences of known probability, counts corrected by them, and the dossier of a run."""

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from earnings_themes.cli.app import main
from earnings_themes.config import Panel
from earnings_themes.errors import ResultError
from earnings_themes.panel.make import make
from earnings_themes.quality.dossier.basic import write_basic
from earnings_themes.quality.dossier.whole import write_whole
from earnings_themes.quality.ruler import members
from earnings_themes.quality.ruler.correct import corrected_counts
from earnings_themes.quality.ruler.ratings import read_rated
from earnings_themes.quality.ruler.sheets import PlacedItem
from tests.small_run import Said
from tests.unit.themes.test_theme_aggregator import reduced

# Eight firms; the sentences on subject 2 lie so far out that only some of them settle.
SPOKEN = {
    f"{n:02d}": [Said(0, 20), Said(1, 15), Said(2, 20, spread=0.12), Said(3 + n % 3, 12, spread=0.1)]
    for n in range(8)
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    reduced(folder, SPOKEN)
    make(str(folder), folder, Panel(spreadsheet_rows=0))
    return folder


def truth(run: Path) -> pd.Series:
    """Whether each sentence is "about" the theme, by a rule that errs on both sides of where it settled."""
    settled = pd.read_parquet(run / "sentences.parquet").set_index("sentence_id")
    theme = theme_of(run)
    draw = np.random.default_rng(7).random(len(settled))
    return pd.Series(np.where(settled["theme_id"] == theme, draw < 0.6, draw < 0.05), settled.index)


def theme_of(run: Path) -> str:
    counts = pd.read_parquet(run / "sentences.parquet")["theme_id"].value_counts()
    return str(counts.index[0])


def rated(run: Path, seed: int, n: int = 60) -> pd.DataFrame:
    """Return the ratings of one drawing, by the truth."""
    about = truth(run)
    items = members.draw_members(run, members.targets(run, [theme_of(run)]), n, seed)
    placed = [PlacedItem("members_001", number, number, "new", item) for number, item in enumerate(items)]
    return pd.DataFrame(
        {
            "kind": "members", "sheet": p.sheet, "rater": "a", "unit": str(p.unit), "role": p.role, "arm": p.item.arm,
            "weight": p.item.weight, "sentence_id_a": p.item.sentences[0], "firm_a": p.item.sentences[0].split("_")[0],
            "stratum": p.item.stratum, "inside": "yes" if p.item.inside else "no",
            "about": "y" if about[p.item.sentences[0]] else "n",
        }
        for p in placed
    )  # fmt: skip


def test_every_sentence_counts_by_its_probability(run: Path) -> None:
    ratings = rated(run, 1)
    modelled = pd.read_parquet(run / "sentences.parquet")["content"].notna().sum()
    assert ratings["weight"].sum() == pytest.approx(modelled)
    inside = ratings[ratings["inside"] == "yes"]
    settled = pd.read_parquet(run / "sentences.parquet")["theme_id"].eq(theme_of(run)).sum()
    assert inside["weight"].sum() == pytest.approx(settled)


def test_precision_recall_and_corrected_counts_are_right_on_average(run: Path) -> None:
    about, theme = truth(run), theme_of(run)
    settled = pd.read_parquet(run / "sentences.parquet").set_index("sentence_id")
    inside = settled["theme_id"].eq(theme)
    modelled = settled["content"].notna()
    precision = about[inside].mean()
    recall = (about & inside).sum() / (about & modelled).sum()
    seen, corrected, covered = [], [], 0
    for seed in range(60):
        ratings = rated(run, seed)
        units = ratings.assign(
            about=ratings["about"].eq("y").astype(float), inside=ratings["inside"].eq("yes")
        )
        found = members.estimates(units, 400, 1)
        seen.append((found[theme, "precision"][0], found[theme, "recall"][0]))
        low, high = np.quantile(found[theme, "precision"][1:], [0.05, 0.95])
        covered += low <= precision <= high
        corrected.append(corrected_counts(run, ratings)["n_corrected"].sum())
    assert np.mean([p for p, _ in seen]) == pytest.approx(precision, abs=0.03)
    assert np.mean([r for _, r in seen]) == pytest.approx(recall, abs=0.06)
    # 90 % intervals of 60 drawings: 44 and more with probability .999.
    assert covered >= 44
    true = (about & modelled).sum()
    assert abs(np.mean(corrected) - true) < 0.25 * abs(inside.sum() - true)


def test_nothing_found_outside_is_no_proof_that_nothing_is_there(run: Path) -> None:
    units = rated(run, 1).assign(about=lambda t: t["inside"].eq("yes").astype(float))
    units["inside"] = units["inside"].eq("yes")
    found = members.estimates(units, 50, 1)
    theme = theme_of(run)
    assert found[theme, "recall"][0] == 1
    assert found[theme, "recall_floor"][0] < 0.9


def test_a_theme_goes_from_sheet_to_score_and_table(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    about, out = truth(run), tmp_path / "rating"
    _typed("sheet", str(run), "--for", theme_of(run), "--n", "60", "--out", str(out))
    shown = (out / "sheets/members_001.csv").read_text(encoding="utf-8-sig")
    assert (
        "settled" not in shown
        and theme_of(run) not in shown
        and "THEME " in (out / "sheets/codebook.txt").read_text()
    )
    key = pd.read_csv(out / "key/key.csv", dtype=str).set_index(["sheet", "item"])
    assert key["probability"].astype(float).between(0, 1).all()
    sheets = sorted((out / "sheets").glob("*.csv"))
    for sheet in sheets:
        with sheet.open(encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            row["about"] = "y" if about[key.loc[(row["sheet"], row["item"]), "sentence_id_a"]] else "n"
        pd.DataFrame(rows).to_csv(sheet, index=False)
    capsys.readouterr()
    table = tmp_path / "corrected.csv"
    _typed(
        "score",
        str(out / "key"),
        *map(str, sheets),
        "--run",
        str(run),
        "--corrected",
        str(table),
        "--format",
        "json",
    )
    figures = {f["name"]: f for f in json.loads(capsys.readouterr().out)["figures"] if f["part"] == "theme"}
    assert figures["precision"]["low"] <= figures["precision"]["value"] <= figures["precision"]["high"]
    corrected = pd.read_csv(table, dtype={"firm_id": str})
    assert corrected["firm_id"].tolist() == [f"{n:02d}" for n in range(8)]
    assert corrected["n_corrected"].sum() == pytest.approx(figures["true_sentences"]["value"])


def test_sentences_of_some_sheets_stand_for_those_of_the_others(run: Path, tmp_path: Path) -> None:
    modelled = pd.read_parquet(run / "sentences.parquet")["content"].notna().sum()
    for share, out in ((0.7, tmp_path / "most"), (0.03, tmp_path / "few")):
        _typed("sheet", str(run), "--for", theme_of(run), "--second", str(share), "--out", str(out))
        sheet = out / "sheets/second_001.csv"
        pd.read_csv(sheet, encoding="utf-8-sig").assign(about="y").to_csv(sheet, index=False)
    ratings = read_rated(tmp_path / "most/key", [tmp_path / "most/sheets/second_001.csv"])
    assert ratings.drop_duplicates("unit")["weight"].astype(float).sum() == pytest.approx(modelled, rel=1e-4)
    with pytest.raises(ResultError, match=r"no sentence of .* is judged"):
        read_rated(tmp_path / "few/key", [tmp_path / "few/sheets/second_001.csv"])


def test_the_runs_own_part_of_the_dossier_holds_no_text_and_says_what_is_missing(run: Path) -> None:
    write_basic(str(run), run)
    index = (run / "dossier/index.md").read_text()
    assert "stability.csv](stability.csv)" in index
    assert "holdout.csv: themes found anew" in index and "Not there yet: `earnings-themes dossier" in index
    texts = set(pd.read_parquet(run / "transcripts.parquet")["text"])
    for path in (run / "dossier").iterdir():
        assert not any(text in path.read_text() for text in texts), path
    made = json.loads((run / "dossier/made_with.json").read_text())
    assert made["made"]["seed"] == 42 and len(made["sha256"]["panel.parquet"]) == 64
    before = {path.name: path.read_bytes() for path in (run / "dossier").iterdir()}
    write_basic(str(run), run)
    assert before == {path.name: path.read_bytes() for path in (run / "dossier").iterdir()}


def test_the_whole_dossier_shows_what_settled_what_missed_and_what_a_tenth_of_the_firms_changes(
    run: Path,
) -> None:
    left_out = write_whole(run)
    settled = pd.read_parquet(run / "sentences.parquet").set_index("sentence_id")
    shown = pd.read_csv(run / "dossier/examples.csv", dtype={"firm_id": str})
    inside, missed = (shown[shown["side"] == side] for side in ("settled", "missed"))
    assert (settled.loc[inside["sentence_id"], "theme_id"].to_numpy() == inside["theme_id"]).all()
    assert settled.loc[missed["sentence_id"], "theme_id"].isna().all() and (missed["strength"] < 0.25).all()
    assert inside["strength"].to_numpy() == pytest.approx(
        settled.loc[inside["sentence_id"], "strength"].to_numpy(), abs=0.02
    )
    assert shown["text"].notna().all() and inside.groupby("theme_id").size().max() == 20
    holdout = pd.read_csv(run / "dossier/holdout.csv")
    # What every firm says plainly is found without any of them.
    plain = holdout[holdout["theme_id"] == theme_of(run)].iloc[0]
    assert plain["least"] > 0.9
    assert holdout.filter(like="without_").shape[1] == 10
    changed = pd.read_csv(run / "dossier/sensitivity.csv")
    assert set(changed["changed"]) == {"granularity", "encoder"}
    assert changed["jaccard"].between(0, 1).all()
    assert set(left_out) <= {"rating/pairs", "rating/labels", "rating/intruders"}
    assert (run / "dossier/rating/labels/key/key.csv").exists()


def _typed(*words: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    assert ended.value.code == 0
