"""The workflow as its users meet it: the snakemake command, what it runs, and what it runs again."""

import copy
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from earnings_themes.results.artifacts import read_firm_topics, read_themes
from earnings_themes.results.firms import read_firms
from tests.conftest import REPO
from tests.workflow.conftest import SETTINGS, Finished, Folder, make_folder

TAIL = [
    "Counting sentences by call and theme",
    "Finding the themes of all firms and settling every sentence",
    "Measuring the run and drawing its report",
    "Publishing the run to the theme store",
]


def settings(**changes: dict[str, Any]) -> dict[str, Any]:
    changed = copy.deepcopy(SETTINGS)
    for section, values in changes.items():
        changed[section] = changed.get(section, {}) | values
    return changed


def topics_of(*firms: str) -> list[str]:
    return [f"Finding the topics of firm {firm}" for firm in firms]


def without_timing(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    content["metadata"].pop("timing")
    return content


def test_a_dry_run_on_a_fresh_clone_shows_every_firm_and_does_nothing(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "work")
    shown = folder.snakemake("-n")
    assert shown.status == 0, shown.text
    firms = pd.read_csv(REPO / "data/sample_calls.csv", dtype=str)["companyid"].unique()
    assert [job for job in shown.jobs if job.startswith("Finding the topics")] == topics_of(*sorted(firms))
    assert not folder.results("sample").exists()


def test_the_rulegraph_has_every_step(fresh: Folder) -> None:
    graph = fresh.snakemake("--rulegraph")
    for rule in ("ingest", "embed", "topics", "themes", "panel", "publish", "report"):
        assert f'label = "{rule}"' in graph.text


def test_a_run_leaves_every_file_of_the_design(finished: Folder) -> None:
    results = finished.results()
    names = "transcripts.parquet firms.tsv ingest.json themes.json published.json quality.json".split()
    for name in [
        *names,
        "sentences.parquet",
        "panel.parquet",
        "calls.parquet",
        "codebook.md",
        "panel.csv",
        "panel.dta",
        "report.html",
    ]:
        assert (results / name).stat().st_size > 0
    firms = read_firms(results / "firms.tsv")
    statuses = {f.firm_id: read_firm_topics(results / f"topics/{f.firm_id}.json").status for f in firms}
    assert statuses == dict.fromkeys(["0012", "23", "34", "45"], "ok") | {"56": "too_few_sentences"}
    themes = read_themes(results / "themes.json")
    assert themes.n_themes >= 2
    assert [firm.firm_id for firm in themes.skipped_firms] == ["56"]
    for rule in ("ingest", "themes", "panel", "publish", "report"):
        assert (results / f"logs/{rule}.log").exists()
        assert (results / f"benchmarks/{rule}.tsv").read_text().startswith("s\t")
    assert (results / "logs/topics/0012.log").exists()
    published = json.loads((results / "published.json").read_text())
    with sqlite3.connect(finished.path / "results/themes.sqlite") as store:
        assert store.execute("PRAGMA foreign_key_check").fetchall() == []
    assert published["run"] == "tiny"


def test_the_panel_has_every_call_and_theme(finished: Folder) -> None:
    panel = pd.read_parquet(finished.results() / "panel.parquet")
    assert set(panel["firm_id"]) == {"0012", "23", "34", "45", "56"}
    assert panel["share"].dropna().between(0, 1).all()
    assert panel[panel["level"] == 1].groupby("transcript_id")["share"].sum().le(1 + 1e-9).all()
    as_csv = pd.read_csv(finished.results() / "panel.csv", dtype=str, encoding="utf-8-sig")
    assert as_csv["firm_id"].tolist() == panel["firm_id"].tolist()


def test_a_second_call_has_nothing_to_do(finished: Folder) -> None:
    again = finished.snakemake()
    assert again.status == 0
    assert again.jobs == []


@pytest.fixture(scope="module")
def one_failed(tmp_path_factory: pytest.TempPathFactory, quarter: Path) -> tuple[Folder, Finished]:
    """A folder after a first call in which one firm failed, and that call."""
    folder = make_folder(tmp_path_factory.mktemp("failed") / "work")
    shutil.copy2(quarter, folder.path / "calls.csv")
    folder.configure(**SETTINGS)
    (folder.path / "fail").touch()
    return folder, folder.snakemake("--keep-going")


def test_a_failed_firm_stops_no_other_and_is_tried_again(one_failed: tuple[Folder, Finished]) -> None:
    folder, first = one_failed
    assert first.status != 0
    assert {path.stem for path in (folder.results() / "topics").glob("*.json")} == {"0012", "23", "45", "56"}
    assert "the machine went away" in (folder.results() / "logs/topics/34.log").read_text()
    assert first.jobs.count("Finding the topics of firm 34") == 2


def test_the_workflow_can_be_called_from_a_folder_that_is_not_its_own(quarter: Path, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "Ana's files")
    folder.path.mkdir()
    sample = folder.snakemake("-n")
    assert sample.status == 0, sample.text
    shutil.copy2(quarter, folder.path / "mine.csv")
    folder.configure(run=2024, source={"path": "mine.csv"})
    own = folder.snakemake("-n")
    assert own.status == 0, own.text
    assert sum(job.startswith("Finding the topics") for job in own.jobs) == 5


def test_only_the_failed_firm_runs_again(one_failed: tuple[Folder, Finished], tmp_path: Path) -> None:
    folder = one_failed[0].copy(tmp_path / "copy")
    (folder.path / "fail").unlink()
    second = folder.snakemake("--keep-going")
    assert second.status == 0, second.text
    assert second.jobs == sorted([*topics_of("34"), *TAIL])


def test_themes_can_be_built_from_the_firms_that_succeeded(
    one_failed: tuple[Folder, Finished], tmp_path: Path
) -> None:
    folder = one_failed[0].copy(tmp_path / "copy")
    folder.configure(**settings(reduce={"min_firm_coverage": 0.75}))
    run = folder.snakemake("--keep-going")
    assert run.status == 0, run.text
    assert run.jobs == TAIL
    themes = read_themes(folder.results() / "themes.json")
    said = {firm.firm_id: firm.reason for firm in themes.skipped_firms}
    assert said["56"] == "too_few_sentences"
    assert "34.json: missing; its job ended with: " in said["34"]
    assert "Left out: " in run.text and said["34"] in run.text
    # While it fails the themes stay; once it is mended one call takes it in.
    again = folder.snakemake("--keep-going")
    assert again.status != 0
    assert set(again.jobs) == {"Finding the topics of firm 34"}
    assert read_themes(folder.results() / "themes.json") == themes
    (folder.path / "fail").unlink()
    mended = folder.snakemake("--keep-going")
    assert mended.status == 0, mended.text
    assert mended.jobs == sorted([*topics_of("34"), *TAIL])
    assert "34" not in {firm.firm_id for firm in read_themes(folder.results() / "themes.json").skipped_firms}
    assert folder.snakemake("-n").jobs == []


def test_a_clustering_parameter_re_encodes_nothing(finished: Folder, tmp_path: Path) -> None:
    folder = finished.copy(tmp_path / "copy")
    folder.configure(**settings(topics={"params": {"neighbours": 8}}))
    run = folder.snakemake()
    assert run.status == 0, run.text
    assert run.jobs == sorted([*topics_of("0012", "23", "34", "45", "56"), *TAIL])


@pytest.mark.parametrize(
    "themes", [{"labels": {"n_keywords": 5}}, {"max_firm_share": 0.4}, {"granularity": 0.5}]
)
def test_a_label_or_theme_parameter_refits_no_firm(
    finished: Folder, tmp_path: Path, themes: dict[str, Any]
) -> None:
    folder = finished.copy(tmp_path / "copy")
    folder.configure(**settings(themes=themes))
    assert folder.snakemake("-n").jobs == TAIL


def test_a_new_firm_in_the_csv_encodes_only_its_own_sentences(finished: Folder, tmp_path: Path) -> None:
    folder = finished.copy(tmp_path / "copy")
    before = read_firm_topics(folder.results() / "topics/23.json")
    with (folder.path / "calls.csv").open("a", encoding="utf-8") as file:
        file.write('78,Fallow Inc.,978,2023-05-04,0,"Barley prices rose on a poor harvest.",,,,\n')
    run = folder.snakemake()
    assert run.status == 0, run.text
    assert "Finding the topics of firm 78" in run.jobs
    after = read_firm_topics(folder.results() / "topics/23.json")
    assert (after.topics, after.centroids) == (before.topics, before.centroids)


def test_two_runs_give_the_same_bytes(finished: Folder, fresh: Folder) -> None:
    assert fresh.snakemake("--until", "themes").status == 0
    for path in sorted((finished.results() / "topics").glob("*.json")):
        assert without_timing(path) == without_timing(fresh.results() / "topics" / path.name)
    assert without_timing(finished.results() / "themes.json") == without_timing(
        fresh.results() / "themes.json"
    )
    for name in ("transcripts.parquet", "embeddings/0000.parquet"):
        assert (finished.results() / name).read_bytes() == (fresh.results() / name).read_bytes()


def test_a_source_of_ones_own_is_one_line_of_config(fresh: Folder) -> None:
    fresh.configure(**settings(source={"kind": "tests.workflow.own_parts:MemoryConnector", "path": "memory"}))
    run = fresh.snakemake("--until", "themes")
    assert run.status == 0, run.text
    assert {path.name for path in (fresh.results() / "topics").iterdir()} == {
        "a%2Fb.json", "c%20d.json", "%C3%A9.json",
    }  # fmt: skip
    # The three say the same words: one call under three firms counts once, under the first id.
    said = pq.read_table(fresh.results() / "sentences.parquet")
    assert set(said["firm_id"].to_pylist()) == {"a/b"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"themes": {"min_firm": 3}}, "themes.min_firm is not a known key; did you mean themes.min_firms?"),
        ({"topics": {"params": {}, "model": "ldaa"}}, "topics.model: 'ldaa' is not known."),
        (
            {"topics": {"model": "bertopic", "params": {"neighbors": 8}}},
            "did you mean topics.params.neighbours?",
        ),
        ({"themes": {"granularty": 0.2}}, "did you mean themes.granularity?"),
        ({"publish": {"store": "sqllite"}}, "publish.store: 'sqllite' is not known."),
        ({"report": {"labels": "nowhere.csv"}}, "report.labels names nowhere.csv, which cannot be read"),
        ({"source": {"path": "nowhere.csv"}}, "nowhere.csv: cannot be opened"),
        ({"source": {"start_date": "2031-01-01"}}, "no firm has a call between 2031-01-01"),
    ],
)
def test_a_mistake_in_the_config_is_one_clear_message(
    fresh: Folder, change: dict[str, Any], said: str
) -> None:
    fresh.configure(**settings(**change))
    run = fresh.snakemake("-n")
    assert run.status != 0
    assert said in run.text
    assert "Traceback (most recent call last)" not in run.text


def test_it_can_be_called_in_another_folder_with_a_class_that_lies_there(
    tmp_path: Path, quarter: Path
) -> None:
    folder = Folder(tmp_path)  # without config/ and data/
    shutil.copy2(quarter, tmp_path / "calls.csv")
    model = (
        "from earnings_themes.topics.lda_model import LDAModel\n"
        "class Mine(LDAModel):\n    def __init__(self, seed=42, words: int = 8): super().__init__(seed)\n"
    )
    (tmp_path / "beside_my_config.py").write_text(model)
    folder.configure(**settings(topics={"model": "beside_my_config:Mine", "params": {"words": 3}}))
    run = folder.snakemake("--until", "topics")
    assert run.status == 0, run.text
    sample = folder.snakemake("-n", "--configfile", str(REPO / "config/config.yaml"))
    assert sample.status == 0 and "topics        24" in sample.text, sample.text
    folder.configure(**settings(topics={"model": "beside_my_config:Mine", "params": {"wrods": 3}}))
    wrong = folder.snakemake("-n")
    assert "did you mean topics.params.words?" in wrong.text


def test_a_broken_row_stops_the_run_with_its_line_and_before_any_model(fresh: Folder) -> None:
    with (fresh.path / "calls.csv").open("a", encoding="utf-8") as file:
        file.write("78,Fallow Inc.,978,2023-05-04,first,Barley prices rose.,,,,\n")
    run = fresh.snakemake()
    assert run.status != 0
    assert "componentorder is 'first'; expected a whole number" in run.text
    assert "Encoding" not in run.text
    assert "Traceback" not in (fresh.results() / "logs/ingest.log").read_text()
