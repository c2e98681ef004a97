"""The workflow in the cloud: the snakemake command and the plugins as they are released, on the offline AWS."""

import json
from pathlib import Path

import pytest

from tests.cloud.cloud_run import SOURCE, CloudRun, put_source
from tests.offline_aws import OfflineAWS

SETTINGS = {
    "run": "tiny",
    "source": {"kind": "s3", "path": SOURCE},
    "topics": {"min_sentences": 10, "model": "tests.cloud.own_parts:MarkedModel"},
    "embedding": {"shards": 1, "cache": None},
    "reduce": {"backend": "local"},
    "themes": {"stability_runs": 1},
    "publish": {"store": "sqlite", "path": "themes.sqlite", "table": None},
}
FIRMS = ["0012", "23", "34", "45", "56"]


@pytest.fixture
def run(aws: OfflineAWS, tmp_path: Path, quarter: Path) -> CloudRun:
    put_source(aws, quarter)
    run = CloudRun(aws, tmp_path)
    run.prepare()
    run.configure(**SETTINGS)
    return run


def test_a_quarter_goes_through_from_csv_to_report_and_every_file_is_on_s3(run: CloudRun) -> None:
    looked = run.snakemake("--dry-run")
    assert (looked.status, len(looked.jobs)) == (0, 5 + 6), looked.text
    assert run.keys() == [], "a dry run writes nothing"
    ended = run.snakemake("--set-threads", "embed=2")
    assert ended.status == 0, ended.text
    assert "Trying to restart" not in ended.text, "no job needs a second try"
    there = run.keys()
    names = "transcripts.parquet firms.tsv ingest.json themes.json published.json quality.json report.html"
    assert set(names.split()) <= set(there)
    assert [key for key in there if key.startswith("topics/")] == [f"topics/{firm}.json" for firm in FIRMS]
    assert json.loads(run.read("themes.json"))["n_themes"] >= 2
    assert not (run.path / "results").exists()
    jobs = run.batch_jobs()
    assert {job["status"] for job in jobs} == {"SUCCEEDED"}
    assert len(jobs) == 5, "five firms share a job; the head counts the panel and publishes"
    commands = [" ".join(job["container"]["command"]) for job in jobs]
    assert all("settings_at=s3://" in command and "my.yaml" not in command for command in commands)
    assert max(map(len, commands)) < 4000, "however many firms the settings list; ECS takes 8,192 characters"
    assert run.aws.judge.refused == [], "the head and its workers ask for nothing that their roles may not"
    run.is_clean()

    again = run.snakemake()
    assert (again.status, again.jobs) == (0, [])
    assert len(run.batch_jobs()) == 5
