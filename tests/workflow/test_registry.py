"""Quarters of one registry by the real command: what a decision changes is made again in every quarter, and nothing else."""

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from earnings_themes.cli.app import app
from tests.conftest import SUBJECTS, call, write_csv
from tests.workflow.conftest import SETTINGS, Finished, Folder, make_folder

DAYS = {"q1": dt.date(2023, 2, 1), "q2": dt.date(2023, 5, 1)}


@pytest.fixture(scope="module")
def quarters(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Two quarters of eight firms, each on two of four subjects, in one registry."""
    folder = make_folder(tmp_path_factory.mktemp("quarters") / "work")
    subjects = sorted(SUBJECTS)
    for name, first in DAYS.items():
        rows = []
        for n in range(8):
            spoken = [subjects[n % 4], subjects[(n + 1 + n // 4) % 4]]
            day = (first + dt.timedelta(2 * n)).isoformat()
            turns = call(f"{1000 + n:06d}", f"Firm {n} Inc.", spoken, day)
            rows += [turn | {"transcriptid": f"{name}_{n}"} for turn in turns]
        write_csv(folder.path / f"{name}.csv", rows)
        ended = taken(folder, name)
        assert ended.status == 0, ended.text
    return folder


def taken(folder: Folder, name: str, *more: str) -> Finished:
    """Take a quarter through the workflow, as far as the panel."""
    settings: dict[str, Any] = SETTINGS | {
        "run": name,
        "source": {"path": f"{name}.csv"},
        "topics": {"min_sentences": 10},
        "embedding": {"model": "static"},
        "registry": {"path": "registry/mine", "mode": "extend"},
    }
    folder.configure(**settings)
    return folder.snakemake(*more, "--until", "panel")


def curated(folder: Folder, **decisions: Any) -> None:
    file = folder.path / "decisions.yaml"
    file.write_text(yaml.safe_dump(decisions))
    said = CliRunner().invoke(
        app, ["registry", "curate", str(file), "--registry", str(folder.path / "registry/mine")]
    )
    assert said.exit_code == 0, said.output


def counted(folder: Folder, name: str) -> pd.Series:
    """Return theme id → sentences of a quarter that are in it."""
    return pd.read_parquet(folder.results(name) / "sentences.parquet")["theme_id"].value_counts()


def test_a_split_is_made_again_in_both_quarters_and_its_parts_are_the_whole(
    quarters: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = quarters.copy(tmp_path / "work")
    before = {name: counted(folder, name) for name in DAYS}
    first, second = before["q1"].index[:2]
    assert second in before["q2"].index, "an id lasts"
    curated(folder, merge={second: first})
    curated(folder, split={first: ["one half", "other half"]})
    for name in DAYS:
        ended = taken(folder, name)
        assert ended.status == 0, ended.text
        assert not any(job.startswith("Finding the topics") for job in ended.jobs)
        now = counted(folder, name)
        new = now.index.difference(before[name].index)
        assert len(new) == 2 and not {first, second} & set(now.index)
        # Of what was in the two, a sentence that is weak in the nearer part is in none.
        was = before[name][[first, second]].sum()
        assert 0.8 * was <= now[new].sum() <= was
        assert now.drop(new).equals(before[name].drop([first, second]).reindex(now.drop(new).index))
        again = taken(folder, name, "-n")
        assert again.status == 0 and not again.jobs, again.text
    monkeypatch.chdir(folder.path)
    said = CliRunner().invoke(app, ["panel", "registry/mine", "--out", "all.parquet"])
    assert said.exit_code == 0, said.output
    counts = pd.read_parquet("all.parquet").groupby("theme_id")["n"].sum()
    for theme_id in new:
        assert counts[theme_id] == sum(counted(folder, name)[theme_id] for name in DAYS)
