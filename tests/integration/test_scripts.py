"""The rules' scripts in one chain, as Snakemake calls them: each takes the files of the one before."""

import json
import runpy
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from earnings_themes.results.artifacts import read_themes
from earnings_themes.results.firms import encode_firm, read_firms
from tests.conftest import REPO


class Files(list[str]):
    """A list of paths, some of which have names, as Snakemake hands them over."""

    def __init__(self, *paths: str, **named: Any) -> None:
        flat = [path for value in named.values() for path in ([value] if isinstance(value, str) else value)]
        super().__init__([*paths, *flat])
        self.__dict__.update(named)


def run(script: str, config: dict[str, Any], **given: Any) -> None:
    snakemake = SimpleNamespace(config=config, log=Files(f"logs/{script}.log"), threads=1, **given)
    runpy.run_path(str(REPO / f"scripts/{script}.py"), {"snakemake": snakemake}, run_name="__main__")


def test_the_scripts_hand_a_run_from_file_to_file(
    quarter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy2(quarter, "calls.csv")
    config = yaml.safe_load((REPO / "config/config.yaml").read_text(encoding="utf-8"))
    config["run"] = "chain"
    config["source"]["path"] = "calls.csv"
    config["topics"]["min_sentences"] = 10
    config["report"]["labels"] = None
    out = "results/chain"
    ingested = {
        name: f"{out}/{name}"
        for name in ("transcripts.parquet", "firms.tsv", "source_calls.parquet", "ingest.json")
    }
    files = Files(
        transcripts=ingested["transcripts.parquet"],
        firms=ingested["firms.tsv"],
        calls=ingested["source_calls.parquet"],
        report=ingested["ingest.json"],
    )
    run("ingest", config, input=Files("calls.csv"), output=files)
    vectors = f"{out}/embeddings/0000.parquet"
    run("embed", config, input=files, output=Files(vectors), wildcards=SimpleNamespace(shard="0000"))
    topics = []
    for firm in read_firms(ingested["firms.tsv"]):
        name = encode_firm(firm.firm_id)
        topics.append(f"{out}/topics/{name}.json")
        settings = json.dumps({name: config[name] for name in ("run", "topics", "seed")})
        read = [files.firms, files.transcripts, vectors]
        monkeypatch.setattr(sys, "argv", ["topics", settings, name, *read, topics[-1], "logs/topics.log"])
        with pytest.raises(SystemExit, match="0"):
            runpy.run_module("earnings_themes.topics", run_name="__main__")
    run(
        "themes",
        config,
        input=Files(topics=topics, firms=files.firms),
        output=Files(f"{out}/themes.json", f"{out}/reduce.json", f"{out}/sentences.parquet"),
        params=SimpleNamespace(folder=out),
    )
    themes = [f"{out}/themes.json", f"{out}/reduce.json"]
    params = SimpleNamespace(folder=out)
    given = Files(firms=files.firms, themes=themes)
    run("publish", config, input=given, output=Files(f"{out}/published.json"), params=params)
    panel = f"{out}/panel.parquet"
    run("panel", config, input=Files(), output=Files(panel, panel=panel), params=params)
    html = f"{out}/report.html"
    run("report", config, input=Files(), output=Files(html, html=html), params=params)
    assert read_themes(f"{out}/themes.json").n_themes >= 2
    assert Path(f"{out}/published.json").stat().st_size > 0
    assert Path(html).stat().st_size > 0
    for script in ("ingest", "embed", "topics", "themes", "publish", "panel", "report"):
        assert Path(f"logs/{script}.log").exists()
