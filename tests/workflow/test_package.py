"""`earnings-themes package` on a finished run: what is in it, what is not, and that it runs where it is unpacked."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from earnings_themes.errors import ResultError
from earnings_themes.replication import write_package
from tests.workflow.conftest import Folder


@pytest.fixture(scope="module")
def unpacked(finished: Folder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of the small run, unpacked in an empty folder."""
    empty = tmp_path_factory.mktemp("empty")
    write_package(finished.results(), empty / "paper.zip", cores=2, added=[Path(__file__)])
    with zipfile.ZipFile(empty / "paper.zip") as packed:
        packed.extractall(empty)
    return empty / "paper"


def test_no_sentence_of_the_run_is_in_a_file_that_was_made_from_it(unpacked: Path, finished: Folder) -> None:
    said = pd.read_parquet(finished.results() / "transcripts.parquet")["text"]
    sentences = [text for text in said.unique() if len(text.split()) >= 5]
    assert len(sentences) > 20, "the small run is large enough for the search to mean something"
    themes = json.loads((finished.results() / "themes.json").read_text())
    assert themes["themes"][0]["representative_sentences"][0]["text"] in set(said)
    for path in unpacked.rglob("*"):
        name = path.relative_to(unpacked).as_posix()
        if not path.is_file() or name.startswith(("code/", "pseudo/sample_")):
            continue
        held = (
            pd.read_parquet(path).to_csv() if path.suffix == ".parquet" else path.read_text(encoding="utf-8")
        )
        assert not [text for text in sentences if text in held], name


def test_it_holds_what_a_journal_asks_for(unpacked: Path, finished: Folder) -> None:
    for name in (
        *("LICENSE", "Dockerfile", "config.yaml", "code/envs/workflow.txt", "output/codebook.md"),
        *("logs/themes.log", "analysis/test_package.py", "pseudo/sample_calls.csv"),
    ):
        assert (unpacked / name).stat().st_size > 0, name
    panel = finished.results() / "panel.parquet"
    assert (unpacked / "output/panel.parquet").read_bytes() == panel.read_bytes()
    readme = (unpacked / "README.md").read_text()
    for section in ("Data Availability and Provenance", "Computational requirements", "Instructions to Repl"):
        assert section in readme
    assert f"{len(pd.read_parquet(panel)):,} rows" in readme


def _call(unpacked: Path, *command: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"PYTHONPATH": str(unpacked / "code/src"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *command], cwd=unpacked, env=env, text=True, capture_output=True, check=False
    )


def test_unpacked_it_gives_the_promised_panel_and_tells_one_that_differs(unpacked: Path) -> None:
    """The commands of run.sh, but for the installation, which would need a package index."""
    assert "as they were packed" in _call(unpacked, "check.py", "files").stdout
    call = ["-m", "snakemake", "--snakefile", "code/Snakefile", "--cores", "2"]
    done = _call(unpacked, *call, "--configfile", "pseudo/config.yaml")
    assert done.returncode == 0, done.stderr[-2000:]
    made, promised = "results/pseudo/panel.parquet", "pseudo/expected_panel.parquet"
    assert "byte for byte" in _call(unpacked, "check.py", "panel", promised, made).stdout
    panel = pd.read_parquet(unpacked / made)
    panel.loc[3, "n"] += 1
    panel.to_parquet(unpacked / made)
    assert "is not the promised panel" in _call(unpacked, "check.py", "panel", promised, made).stderr


def test_text_in_a_log_is_refused_and_nothing_is_written(finished: Folder, tmp_path: Path) -> None:
    folder = finished.copy(tmp_path / "copy")
    said = pd.read_parquet(folder.results() / "transcripts.parquet")["text"]
    with (folder.results() / "logs/themes.log").open("a") as log:
        log.write(f"WARNING cannot read {max(said, key=len)!r}\n")
    n = (said == max(said, key=len)).sum()  # firms of the small run repeat each other
    with pytest.raises(ResultError, match=rf"logs/themes\.log \({n}, such as "):
        write_package(folder.results(), tmp_path / "paper.zip", cores=1)
    assert not (tmp_path / "paper.zip").exists()
