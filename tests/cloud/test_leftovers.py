"""What is removed at a head's end: what the executor and Snakemake left below its own prefix, and nothing else."""

import pytest

from earnings_themes.cloud.leftovers import remove_left
from tests.cloud.conftest import BUCKET
from tests.offline_aws import OfflineAWS

SOURCES = "snakemake-workflow-sources.0a1b.tar.xz"
RUNS = f"s3://{BUCKET}/runs"


def register(aws: OfflineAWS, name: str, prefix: str) -> None:
    command = f"pip install it && python -m snakemake --deploy-sources {prefix}/{SOURCES} 0a1b && python -m snakemake"
    aws.client("batch").register_job_definition(
        jobDefinitionName=name,
        type="container",
        containerProperties={
            "image": "worker:1",
            "command": ["/bin/bash", "-c", command],
            "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}],
        },
    )


def definitions(aws: OfflineAWS) -> set[str]:
    found = aws.client("batch").describe_job_definitions(status="ACTIVE")["jobDefinitions"]
    return {item["jobDefinitionName"] for item in found}


def keys(aws: OfflineAWS) -> set[str]:
    found = aws.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", ())
    return {item["Key"] for item in found}


def test_only_what_was_left_below_the_prefix_is_removed(aws: OfflineAWS) -> None:
    register(aws, "snakejob-def-topics-1", RUNS)
    register(aws, "snakejob-def-themes-2", RUNS)
    others = {
        "snakejob-def-topics-3": f"{RUNS}-of-others",
        "snakejob-def-topics-4": f"s3://{BUCKET}/more/runs",
        "worker": RUNS,
    }
    for name, prefix in others.items():
        register(aws, name, prefix)
    files = {f"more/runs/{SOURCES}", f"runs/results/q1/{SOURCES}", "runs/results/q1/firms.tsv", "runs/keep"}
    for key in (f"runs/{SOURCES}", *files):
        aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"")
    assert sorted(remove_left(RUNS)) == ["snakejob-def-themes-2", "snakejob-def-topics-1", SOURCES]
    assert definitions(aws) == set(others)
    assert keys(aws) == files
    assert remove_left(f"{RUNS}/") == []


def test_a_refusal_is_said_and_no_error(aws: OfflineAWS, caplog: pytest.LogCaptureFixture) -> None:
    register(aws, "snakejob-def-topics-1", RUNS)
    aws.refuse("POST /v1/deregisterjobdefinition", "AccessDeniedException", "not authorized", 403)
    assert remove_left(RUNS) == []
    assert "something may be left" in caplog.text
    assert "batch:DeregisterJobDefinition" in caplog.text
