"""The runbook's commands on an AWS that is as `make deploy` leaves it.

`make test-runbook`, and not `make test`, because it takes minutes.
"""

import csv
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from earnings_themes.cloud import head as cloud_head
from earnings_themes.cloud import settings as cloud
from earnings_themes.stores.dynamodb import DynamoDBThemeStore
from tests.cloud.cloud_run import BUCKET, EXECUTION_ROLE, HEAD_ROLE, IMAGE, CloudRun
from tests.conftest import REPO, write_csv
from tests.docs.commands import project_copy, run
from tests.dynamodb import create_table
from tests.offline_aws import OfflineAWS

NAME = "earnings-themes-dev"  # as the deployed ones are called, so that their policies fit
TABLE = f"{NAME}-themes"
# The firms that the runbook tries first are the whole quarter here: 24 would take minutes more, and show no other command.
FIRMS = ("0047190", "118827", "143396")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[OfflineAWS]:
    with OfflineAWS() as server:
        server.client("s3").create_bucket(Bucket=BUCKET)
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


def deploy(aws: OfflineAWS, folder: Path, commands: Path) -> None:
    """Make what `make deploy` and `make cloud-settings` make; the image has the workflow and the firm's command."""
    folder.mkdir()
    create_table(DynamoDBThemeStore(TABLE))
    CloudRun(aws, folder, profile="aws-basic-batch", prefix="earnings-themes").prepare()
    settings = json.loads((folder / cloud.FOLDER / cloud.SETTINGS).read_text(encoding="utf-8"))
    settings |= {"table_name": TABLE}
    cloud.write_settings(settings | state_machine(aws, settings), folder / cloud.FOLDER)
    shutil.copytree(REPO / "data", folder / "data")
    with (REPO / "data/sample_calls.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        kept = [row for row in rows if row["companyid"] in FIRMS]
        write_csv(folder / "data/sample_calls.csv", kept, rows.fieldnames or ())
    # Jobs here take seconds; a test need not look every ten.
    profile = folder / "config/profiles/aws-basic-batch/config.yaml"
    text = profile.read_text(encoding="utf-8")
    profile.write_text(text.replace("seconds-between-status-checks: 10", "seconds-between-status-checks: 1"))

    commands.mkdir()
    (commands / "firm-topic-processor").symlink_to(REPO / "containers/firm-topic-processor/entrypoint.py")
    path = f"PATH={commands}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    enter = ["env", path, "bash", "-c", 'exec "$@"', "bash"]
    brings = aws.images[IMAGE]
    aws.images[IMAGE] = lambda env: [*brings(env), *enter]


def state_machine(aws: OfflineAWS, settings: dict[str, Any]) -> dict[str, str]:
    """Make the deployed state machine and its head, of the same image; return what Terraform's outputs say of them."""
    queue = aws.batch.make_queue(f"{NAME}-head")
    topic = aws.client("sns").create_topic(Name=f"{NAME}-alerts")["TopicArn"]
    given = {cloud_head.CLOUD: json.dumps(settings | {"head_queue_arn": queue})}
    given[cloud_head.PROFILE] = "config/profiles/aws-basic-batch"
    logs = {"logDriver": "awslogs", "options": {"awslogs-group": f"/{NAME}/head"}}
    head = aws.client("batch").register_job_definition(
        jobDefinitionName=f"{NAME}-head",
        type="container",
        containerProperties={
            "image": IMAGE,
            "jobRoleArn": HEAD_ROLE,
            "executionRoleArn": EXECUTION_ROLE,
            "logConfiguration": logs,
            "environment": [{"name": name, "value": value} for name, value in given.items()],
            "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}],
        },
    )["jobDefinitionArn"]
    names = {
        "name": NAME, "partition": "aws", "head_queue": queue, "head_job_definition": head,
        "bucket": BUCKET, "results_prefix": settings["results_prefix"], "topic": topic,
    }  # fmt: skip
    text = (REPO / "terraform/modules/orchestration/pipeline.asl.json").read_text(encoding="utf-8")
    for name, value in names.items():
        text = text.replace("${" + name + "}", value)
    role = f"arn:aws:iam::123456789012:role/{NAME}-states"
    made = aws.client("stepfunctions").create_state_machine(
        name=f"{NAME}-pipeline", definition=text, roleArn=role
    )
    return {"state_machine_arn": made["stateMachineArn"], "head_queue_arn": queue}


def ended(aws: OfflineAWS, execution: str) -> str:
    """Return how the execution of this name ended, when it has."""
    states = aws.client("stepfunctions")
    (machine,) = states.list_state_machines()["stateMachines"]
    arn = machine["stateMachineArn"].replace(":stateMachine:", ":execution:") + f":{execution}"
    while (status := states.describe_execution(executionArn=arn)["status"]) == "RUNNING":
        time.sleep(1)
    return str(status)


def test_a_quarter_from_the_upload_to_the_cleaning_up(aws: OfflineAWS, tmp_path: Path) -> None:
    if shutil.which("aws") is None:
        pytest.skip("the AWS CLI is not installed: pip install awscli")
    deploy(aws, tmp_path / "work", tmp_path / "bin")
    said = run(REPO / "docs/operating/runbook.md", project_copy(tmp_path / "work"), {}, "offline-aws")
    print(said)
    assert "0047190.json" in said, "the single firm's result"
    assert "Nothing to be done" in said, "the second call has nothing left"
    assert ended(aws, "2023q2") == "SUCCEEDED", "the quarter that the state machine ran beside the rest"
    assert [run.run for run in DynamoDBThemeStore(TABLE).runs()] == ["2023q2"], "the tried one was removed"
    assert aws.judge.refused == [], "every job asks for what its role may, and nothing else"
    left = aws.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="earnings-themes/results/2023q2-try/")
    assert "Contents" not in left
