"""The map's command on local files: it finds what the workflow's own steps find, and says what went wrong."""

import dataclasses
import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from earnings_themes.cloud import firm_container as firm_command
from earnings_themes.config import parse_config
from earnings_themes.embedding.shard import embed
from earnings_themes.embedding.space import load_space
from earnings_themes.ingest.local_csv import LocalCSVConnector
from earnings_themes.ingest.transcripts import ingest
from earnings_themes.results.artifacts import read_firm_topics
from earnings_themes.results.firms import read_firms
from earnings_themes.system.job import WORKFLOW_CODE
from earnings_themes.topics.firm import process_firm_files
from tests.conftest import REPO, MadeEncoder, call, write_csv
from tests.container_command import call as call_command


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(autouse=True)
def _made_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    # What the encoder does has its own tests; the image's tests run the real one.
    monkeypatch.setattr("earnings_themes.embedding.shard.Encoder", lambda *_: MadeEncoder())


@pytest.fixture
def config(tmp_path: Path) -> Path:
    raw = yaml.safe_load((REPO / "config/config.yaml").read_text(encoding="utf-8"))
    raw["run"] = "mine"
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(raw), encoding="utf-8")
    return path


def command(config: Path, source: Path, firm: str, output: Path) -> int:
    words = [
        "--firm-id",
        firm,
        "--data-source",
        source,
        "--output-bucket",
        output,
        "--output-prefix",
        "results/mine",
    ]
    return call_command("firm-topic-processor", [*map(str, words), "--config", str(config)])


def without_timing(path: Path) -> dict[str, Any]:
    firm: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    del firm["metadata"]["timing"]
    return firm


def test_one_firm_alone_gets_the_topics_that_it_gets_among_others(
    config: Path, quarter: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert command(config, quarter, "0012", tmp_path) == 0
    written = tmp_path / "results/mine/topics/0012.json"
    assert read_firm_topics(written).n_topics >= 2

    settings = parse_config(yaml.safe_load(config.read_text(encoding="utf-8")) | {
        "source": {"kind": "local_csv", "path": str(quarter)},
    })  # fmt: skip
    folder = tmp_path / "whole"
    transcripts, firms, vectors, topics = (
        folder / name for name in ("t.parquet", "firms.tsv", "v", "topics.json")
    )
    ingest(settings.source, transcripts, firms, folder / "ingest.json")
    embed(transcripts, read_firms(firms), vectors, MadeEncoder(), load_space(), False)
    process_firm_files("mine", "0012", firms, transcripts, vectors, topics, settings.topics, settings.seed)
    assert without_timing(written) == without_timing(topics)


def test_an_id_that_is_no_file_name_gets_one(config: Path, tmp_path: Path) -> None:
    source = write_csv(tmp_path / "calls.csv", call("../a b", "Odd", ["freight", "hiring"]))
    assert command(config, source, "../a b", tmp_path) == 0
    assert read_firm_topics(tmp_path / "results/mine/topics/%2E%2E%2Fa%20b.json").firm_id == "../a b"


def test_too_little_text_and_none_are_results(config: Path, quarter: Path, tmp_path: Path) -> None:
    assert command(config, quarter, "56", tmp_path) == 0
    assert read_firm_topics(tmp_path / "results/mine/topics/56.json").status == "too_few_sentences"
    empty = write_csv(
        tmp_path / "empty.csv", [turn | {"componenttext": " "} for turn in call("7", "Empty", [])]
    )
    assert command(config, empty, "7", tmp_path) == 0
    assert read_firm_topics(tmp_path / "results/mine/topics/7.json").status == "no_transcript"


def test_what_is_wrong_has_a_code_and_a_message(
    config: Path,
    quarter: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert command(config, quarter, "0013", tmp_path) == 3
    assert "Did you mean '0012'?" in caplog.text
    assert command(config, tmp_path / "none.csv", "0012", tmp_path) == 2
    assert "none.csv: cannot be opened" in caplog.text
    assert command(tmp_path / "none.yaml", quarter, "0012", tmp_path) == 2
    monkeypatch.setattr(firm_command, "process_firm_files", lambda *_: 1 / 0)
    assert command(config, quarter, "0012", tmp_path) == 1
    assert "ZeroDivisionError" in caplog.text
    monkeypatch.setenv(WORKFLOW_CODE, "0.0.9+0123456789ab")
    assert command(config, quarter, "0012", tmp_path) == 2
    assert "the workflow that sent the job has 0.0.9" in caplog.text
    assert not (tmp_path / "results").exists()


def test_a_connector_of_ones_own_stays_whatever_the_address_is(
    config: Path, quarter: Path, tmp_path: Path
) -> None:
    raw = yaml.safe_load(config.read_text(encoding="utf-8"))
    raw["source"]["kind"] = "tests.unit.cloud.test_firm_command:Renamed"
    config.write_text(yaml.safe_dump(raw), encoding="utf-8")
    shutil.copy(quarter, tmp_path / "calls.data")
    assert command(config, tmp_path / "calls.data", "FIRM 0012", tmp_path) == 0


class Renamed(LocalCSVConnector):
    """Another source: its ids have a word before them."""

    def get_firms(self, *dates: Any) -> list[str]:
        return [f"FIRM {firm}" for firm in super().get_firms(*dates)]

    def get_transcripts(self, firm_id: str) -> Any:
        data = super().get_transcripts(firm_id.removeprefix("FIRM "))
        return dataclasses.replace(data, firm_id=firm_id)
