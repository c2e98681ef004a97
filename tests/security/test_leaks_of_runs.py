"""Transcripts are licensed and keys are secret: neither shows up in what a run logs, submits or uploads as source."""

import json
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from tests.cloud.cloud_run import BUCKET, CloudRun, put_sentences, put_source
from tests.cloud.conftest import aws, server
from tests.cloud.test_batch_run import SETTINGS as CLOUD_SETTINGS
from tests.conftest import call, write_csv
from tests.offline_aws import OfflineAWS
from tests.security.test_leaks import KEY, KEY_ID, SENTENCE, holding
from tests.workflow.conftest import SETTINGS, make_folder

__all__ = ["aws", "server"]

SPOKEN = f"We were told to use {KEY_ID} and {KEY} by mistake."


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """A quarter of three firms, one of which says the sentence, and reads keys aloud."""
    rows = call("12", "Ashgrove Freight Inc.", ["freight", "hiring", "carbon"])
    rows[2]["componenttext"] = f"{rows[2]['componenttext']} {SENTENCE} {SPOKEN}"
    rows += call("23", "Belltower Systems", ["software", "hiring", "freight"])
    rows += call("34", "Corvid Power", ["carbon", "software", "hiring"])
    return write_csv(tmp_path / "planted.csv", rows)


def test_no_log_of_a_run_holds_a_sentence_or_a_key(
    tmp_path: Path, calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY)
    folder = make_folder(tmp_path / "work")
    shutil.copy2(calls, folder.path / "calls.csv")
    folder.configure(**SETTINGS | {"topics": {"min_sentences": 10}})
    done = folder.snakemake("--show-failed-logs", "--verbose")
    assert done.status == 0, done.text
    assert not [text for text in (SENTENCE, KEY_ID, KEY) if text in done.text], "printed"
    there = holding(folder.path, SENTENCE, KEY_ID, KEY)
    # Where the text belongs: the source, the sentences made of it, the store, the report that quotes it.
    results = folder.results()
    content = {"calls.csv", "results/themes.sqlite", *(
        str((results / name).relative_to(folder.path))
        for name in ("transcripts.parquet", "themes.json", "report.html")
    )}  # fmt: skip
    assert there <= content, there - content
    texts = pd.read_parquet(results / "transcripts.parquet")["text"]
    assert texts.str.contains(SENTENCE, regex=False).any(), "the sentence went nowhere: nothing is shown"
    assert list((folder.path / ".snakemake/log").glob("*.log")), "there was no log to look into"


@pytest.mark.parametrize("profile", ["aws-basic-batch", "aws-batch"])
def test_no_job_no_log_and_no_source_archive_in_the_cloud_holds_a_sentence_or_a_key(
    aws: OfflineAWS, tmp_path: Path, calls: Path, profile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "head").mkdir()
    (tmp_path / "made/embeddings").mkdir(parents=True)
    s3 = aws.client("s3")
    # Every version stays readable, the source archive that is deleted at the end as well.
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    put_source(aws, calls)
    run = CloudRun(aws, tmp_path / "head", profile)
    run.prepare()
    run.configure(**CLOUD_SETTINGS | {"topics": {"min_sentences": 10}})
    put_sentences(run, tmp_path / "made")
    for name in (".env", "notes.txt", "config/.aws-credentials"):
        (run.path / name).write_text(f"aws_secret_access_key = {KEY}\n")
    definitions: list[str] = []
    monkeypatch.setattr(
        OfflineAWS, "environment",
        property(lambda self, real=OfflineAWS.environment.fget: real(self) | {  # type: ignore[attr-defined]
            "AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": KEY}),
    )  # fmt: skip
    ended = run.snakemake("--retries", "0")
    assert ended.status == 0, ended.text
    assert not [text for text in (SENTENCE, KEY_ID, KEY) if text in ended.text], "printed by the head"

    for job in aws.batch.submitted:
        definitions.append(json.dumps(job.describe(), default=str))
        definitions.append(json.dumps(job.job_definition.describe(), default=str))
    assert definitions
    assert not [text for text in (SENTENCE, KEY_ID, KEY) for each in definitions if text in each], "in a job"

    logs = aws.client("logs")
    events = [
        event["message"]
        for group in logs.describe_log_groups()["logGroups"]
        for stream in logs.describe_log_streams(logGroupName=group["logGroupName"])["logStreams"]
        for event in logs.get_log_events(
            logGroupName=group["logGroupName"], logStreamName=stream["logStreamName"], startFromHead=True
        )["events"]
    ]
    assert events
    assert not [event for event in events if any(text in event for text in (SENTENCE, KEY_ID, KEY))], "logged"

    archives = 0
    for version in s3.list_object_versions(Bucket=BUCKET)["Versions"]:
        key = version["Key"]
        body = s3.get_object(Bucket=BUCKET, Key=key, VersionId=version["VersionId"])["Body"].read()
        if key.startswith("earnings-themes/snakemake-workflow"):
            archives += 1
            packed = tmp_path / f"archive{archives}"
            packed.write_bytes(body)
            into = tmp_path / f"unpacked{archives}"
            into.mkdir()
            subprocess.run(["tar", "-xf", str(packed), "-C", str(into)], check=True)
            assert not holding(into, SENTENCE, KEY_ID, KEY), "in the source archive"
        elif KEY.encode() in body:
            assert key == "input/calls.csv" or key.endswith((".parquet", ".json", ".html", ".sqlite")), key
    assert archives == (1 if profile == "aws-batch" else 0)
