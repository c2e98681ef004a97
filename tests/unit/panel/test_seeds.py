"""Questions of one's own: what counts, what the panel then holds, and what it must not touch."""

import json
from contextlib import suppress
from pathlib import Path
from unittest.mock import Mock

import pandas as pd
import pytest

from earnings_themes.cli.app import main
from earnings_themes.config import Panel, Seed, parse_config
from earnings_themes.embedding.shard import embed
from earnings_themes.embedding.space import load_space
from earnings_themes.errors import ConfigError, ModelError
from earnings_themes.panel.make import make
from earnings_themes.results.firms import FirmRow
from earnings_themes.themes.seeds import Question, answer_questions, overlap
from tests.longer.recount import differences
from tests.panel_run import random_sentences, write_run

WAGES = (
    "We raised the wages of our production workers to keep them.",
    "It was hard to hire enough workers, and overtime rose.",
)
OTHERS = (
    "The share repurchase programme was completed in the quarter.",
    "Ransomware stopped the computers of one plant for two days.",
    "The hurricane flooded two of our warehouses on the coast.",
)
WANTED = Seed(name="hiring", sentences=("We pay our workers higher wages.",), words=("hiring workers",))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of three firms, with static vectors; every ninth sentence is about wages."""
    said = random_sentences(3, 2, 36)
    for place, line in enumerate(said):
        line["text"] = line["model_text"] = WAGES[place % 2] if place % 9 == 0 else OTHERS[place % 3]
    folder = write_run(tmp_path / "run", said, silent=(("000", "t9"),))
    firms = [FirmRow(firm, firm, 2, 72, 0, "0") for firm in ("000", "001", "002")]
    (folder / "embeddings").mkdir()
    embed(
        folder / "transcripts.parquet", firms, folder / "embeddings/0000.parquet", None, load_space(), False
    )
    themes = json.loads((folder / "themes.json").read_text())
    space = load_space().digest
    themes["metadata"] |= {"embedding_model": "static", "embedding_sha256": space, "space": space}
    (folder / "themes.json").write_text(json.dumps(themes))
    return folder


def about_wages(folder: Path) -> set[str]:
    said = pd.read_parquet(folder / "transcripts.parquet")
    return set(said.loc[said["text"].isin(WAGES), "sentence_id"])


def test_what_is_near_to_the_examples_counts_and_the_rest_does_not(run: Path) -> None:
    (answer,) = answer_questions(str(run), [Question("hiring", (*WANTED.sentences, *WANTED.words), 0.3)])
    assert set(answer.inside["sentence_id"].to_pylist()) == about_wages(run)
    settled = pd.read_parquet(run / "sentences.parquet").set_index("sentence_id")["theme_id"]
    counts = settled[list(about_wages(run))].value_counts()
    assert dict(overlap(str(run), [answer])[0]) == counts.to_dict()


def test_the_examples_shown_lie_on_both_sides_of_the_threshold(run: Path) -> None:
    (all_of_them,) = answer_questions(str(run), [Question("q", ("workers",), 0.01)])
    middle = sorted(all_of_them.near["strength"].to_pylist())[len(all_of_them.near) // 2]
    (answer,) = answer_questions(str(run), [Question("q", ("workers",), middle)])
    above, below = answer.examples()
    assert min(above["strength"].to_pylist()) >= middle - 1e-6 > max(below["strength"].to_pylist())
    inside, outside = answer.inside["strength"].to_pylist(), answer.near["strength"].to_pylist()
    assert above["strength"][0].as_py() == min(inside)
    assert below["strength"][0].as_py() == max(value for value in outside if value < min(inside))


def test_the_panel_has_the_question_beside_the_themes_and_leaves_them_alone(run: Path) -> None:
    make(str(run), run, Panel(spreadsheet_rows=0))
    before = pd.read_parquet(run / "panel.parquet")
    make(str(run), run, Panel(), [WANTED])
    panel = pd.read_parquet(run / "panel.parquet")
    pd.testing.assert_frame_equal(panel[panel["level"] > 0].reset_index(drop=True), before)
    own = panel[panel["level"] == 0]
    assert len(own) == 7 and set(own["theme_id"]) == {"seed-hiring"} and set(own["kind"]) == {"seed"}
    assert own["n"].sum() == len(about_wages(run))
    assert own.loc[own["transcript_id"] == "t9", "n"].tolist() == [0]
    assert differences(run) == []
    assert "shares sentences with" in (run / "codebook.md").read_text()


def test_a_recount_notices_a_wrong_panel(run: Path) -> None:
    make(str(run), run, Panel(), [WANTED])
    panel = pd.read_parquet(run / "panel.parquet")
    panel.loc[3, "n_qa"] += 1
    panel.to_parquet(run / "panel.parquet")
    assert [line.partition(":")[0] for line in differences(run)] == ["panel.n_qa"]


def test_a_run_that_is_asked_nothing_any_more_forgets_the_question(run: Path) -> None:
    make(str(run), run, Panel(), [WANTED])
    make(str(run), run, Panel())
    assert not (run / "seeds.json").exists() and not (run / "seeds.parquet").exists()
    assert set(pd.read_parquet(run / "panel.parquet")["level"]) == {1, 2}


def test_vectors_of_another_space_are_refused(run: Path) -> None:
    themes = json.loads((run / "themes.json").read_text())
    themes["metadata"]["space"] = "0" * 64
    (run / "themes.json").write_text(json.dumps(themes))
    with pytest.raises(ModelError, match="subject space 000000000000"):
        answer_questions(str(run), [Question("q", ("wages",), 0.4)])


def test_ask_shows_the_answer_and_writes_its_panel(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "hiring.csv"
    with pytest.raises(SystemExit) as ended:
        main(["ask", "higher wages for workers", "--run", str(run), "--threshold", ".3", "--out", str(out)])
    assert ended.value.code == 0
    assert f"{len(about_wages(run))} sentences of 3 firms reach the strength 0.30" in capsys.readouterr().out
    rows = pd.read_csv(out, dtype=str, encoding="utf-8-sig")
    assert len(rows) == 7 and rows["n"].astype(int).sum() == len(about_wages(run))
    assert set(rows["theme_id"]) == {"seed-higher-wages-for-workers"} and "000" in set(rows["firm_id"])


def test_the_panel_of_a_question_is_there_where_nobody_reads_the_answer_to_its_end(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("earnings_themes.cli.questions._print_answer", Mock(side_effect=BrokenPipeError))
    with suppress(SystemExit, BrokenPipeError):
        main(["ask", "wages", "--run", str(run), "--out", str(tmp_path / "wages.csv")])
    assert (tmp_path / "wages.csv").exists()


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        ([{"name": "empty"}], "empty has neither sentences nor words"),
        ([{"name": "A", "words": ["x"]}, {"name": "a", "words": ["y"]}], "a stands twice"),
        ([{"name": "two words", "words": ["x"]}], "themes.seeds.0.name is 'two words'; expected a name"),
    ],
)
def test_a_question_that_cannot_be_asked_is_named(seeds: list[dict[str, object]], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_config({"themes": {"seeds": seeds}})
