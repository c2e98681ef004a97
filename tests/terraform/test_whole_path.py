"""dev applied to the offline AWS, once: what is there, and runs on it, from the state machine to the table.

It takes minutes, most of them the provider's own pauses, so it has a command of its own: `make test-terraform`.
"""

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.events.models import EventPattern

from tests.offline_aws import OfflineAWS
from tests.terraform import permissions
from tests.terraform.applied import (
    Applied,
    applied_dev,
    execute,
    file,
    head_log,
    make_images,
    messages,
    put_calls,
    receipt,
)
from tests.terraform.conftest import Terraform

pytestmark = pytest.mark.skipif(
    "EARNINGS_THEMES_WHOLE_PATH" not in os.environ, reason="takes minutes: make test-terraform"
)

OPTIONS: dict[str, Any] = {
    "topics": {"min_sentences": 10, "model": "tests.cloud.own_parts:MarkedModel"},
    "embedding": {"shards": 1},
    "themes": {"stability_runs": 1},
}


@pytest.fixture(scope="module")
def dev(terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Applied]:
    """The deployment. Its last act is a test of its own: nothing is left."""
    with OfflineAWS() as aws, applied_dev(aws, tmp_path_factory.mktemp("dev")) as applied:
        yield applied


@pytest.fixture(scope="module")
def markers(dev: Applied, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files in this folder tell firms to fail."""
    return make_images(dev, tmp_path_factory.mktemp("images"))


def test_a_second_plan_changes_nothing(dev: Applied) -> None:
    again = dev.plan_again()
    assert again.returncode == 0, again.stdout
    assert "No changes." in again.stdout


def test_everything_that_can_carries_the_tags(dev: Applied) -> None:
    wanted = {"Project", "Environment", "Owner", "CostCenter", "Run"}
    tagged = [found for found in dev.resources() if found["values"].get("tags_all")]
    assert len(tagged) > 30
    for found in tagged:
        assert wanted <= set(found["values"]["tags_all"]), found["address"]


def test_no_role_may_do_anything_to_everything(dev: Applied) -> None:
    found = permissions.statements(dev.resources())
    assert {statement.role for statement in found} == {
        "execution", "head", "map", "reduce", "scheduler", "states",
    }  # fmt: skip
    for statement in found:
        assert statement.effect == "Allow"
        wild = [action for action in statement.actions if "*" in action]
        assert wild == [], f"{statement.role}/{statement.sid} allows {wild}"
        if "*" in statement.resources:
            assert (statement.role, statement.sid) in permissions.UNBOUND, f"{statement.role}/{statement.sid}"
    unbound = {(s.role, s.sid) for s in found if "*" in s.resources}
    assert unbound == permissions.UNBOUND, "a statement is on the list, and needs it no more"


def test_a_worker_reads_and_writes_files_and_nothing_else(dev: Applied) -> None:
    mine = [found for found in permissions.statements(dev.resources()) if found.role == "map"]
    actions = {action for statement in mine for action in statement.actions}
    assert {action.split(":")[0] for action in actions} == {"s3"}
    assert not {"s3:DeleteBucket", "s3:PutBucketPolicy"} & actions
    bucket = dev.outputs["results_bucket"]
    for statement in mine:
        assert all(arn.startswith(f"arn:aws:s3:::{bucket}") for arn in statement.resources)


def test_nobody_writes_without_tls_and_no_role_deletes_the_bucket(dev: Applied) -> None:
    denied = {statement.sid: statement for statement in permissions.bucket_statements(dev.resources())}
    assert {statement.effect for statement in denied.values()} == {"Deny"}
    assert json.loads(denied["TlsOnly"].condition) == {"Bool": {"aws:SecureTransport": "false"}}
    assert denied["NoJobDeletesTheBucket"].actions == ("s3:DeleteBucket",)


def test_the_page_of_permissions_is_what_was_applied(dev: Applied) -> None:
    said = permissions.PAGE.read_text(encoding="utf-8")
    assert said == permissions.page(dev.resources()), (
        "docs/operating/permissions.md is stale: make cloud-demo"
    )


def test_a_quarter_goes_from_the_state_machine_to_the_table(
    dev: Applied, markers: Path, quarter: Path
) -> None:
    source = put_calls(dev, "q1", quarter)
    ended = execute(dev, "whole", {"runs": [{"run": "q1", "source": source}], "options": OPTIONS})
    assert ended.status == "SUCCEEDED", (ended.history[-2:], messages(dev), head_log(dev))
    assert ended.states[-3:] == ["Judge", "Verdict", "Succeeded"]
    assert [(run["run"], run["status"]) for run in ended.output] == [("q1", "SUCCEEDED")]
    told = receipt(dev, "q1")
    assert (told["status"], told["firms"]["total"], told["firms"]["failed"]) == ("SUCCEEDED", 5, [])
    assert told["execution"] == "whole-0"
    assert told["seconds"] > 0 and told["cost_estimate_usd"] > 0
    # The jobs were those of the applied queues, and the reduce a Processing job.
    queues = {job.job_queue.name for job in dev.aws.batch.submitted}
    assert queues == {"earnings-themes-dev-head", "earnings-themes-dev-map"}
    assert len(dev.aws.jobs.started) == 1

    store = f"dynamodb:{dev.outputs['table_name']}"
    asked = subprocess.run(
        [sys.executable, "-m", "earnings_themes.cli", "--store", store, "--format", "csv", "themes", "--run", "q1"],
        env=os.environ | dev.aws.environment, text=True, capture_output=True, check=True,
    )  # fmt: skip
    themes = list(csv.DictReader(asked.stdout.splitlines()))
    assert themes and all(int(theme["n_firms"]) >= 2 for theme in themes)


def test_the_same_name_starts_nothing_twice(dev: Applied, markers: Path) -> None:
    before = len(dev.aws.batch.submitted)
    states = dev.aws.client("stepfunctions")
    with pytest.raises(states.exceptions.ExecutionAlreadyExists):
        states.start_execution(stateMachineArn=dev.outputs["state_machine_arn"], name="whole", input="{}")
    assert len(dev.aws.batch.submitted) == before


def test_a_run_whose_firm_fails_is_partial_names_it_and_then_runs_it_alone(
    dev: Applied, markers: Path, quarter: Path
) -> None:
    source = put_calls(dev, "q2", quarter)
    given = {
        "runs": [{"run": "q2", "source": source}],
        "options": OPTIONS | {"reduce": {"min_firm_coverage": 0.5, "backend": "local"}},
    }
    (markers / "fail").touch()
    try:
        ended = execute(dev, "partial", given)
    finally:
        (markers / "fail").unlink()  # else the quarters of the next tests fail as well
    assert ended.status == "SUCCEEDED", (ended.history[-2:], messages(dev), head_log(dev))
    assert ended.states[-1] == "PartiallySucceeded"
    assert receipt(dev, "q2")["status"] == "PARTIAL"
    failed = receipt(dev, "q2")["firms"]["failed"]
    assert len(failed) == 1
    mail = messages(dev)[-1]
    assert json.dumps(failed) in mail.replace('","', '", "')
    assert dev.outputs["state_machine_arn"] in mail

    # The command in the mail: its input is whole, and only what failed is run.
    again = json.loads(mail.split("--input '")[1].rstrip("'"))
    assert again == given
    submitted = len(dev.aws.batch.submitted)
    ended = execute(dev, "rest", again)
    assert ended.states[-1] == "Succeeded", head_log(dev)
    assert receipt(dev, "q2")["firms"]["failed"] == []
    names = [job.job_name for job in dev.aws.batch.submitted[submitted:]]
    assert not [name for name in names if "ingest" in name or "embed" in name]


def test_two_quarters_of_one_registry_go_in_order_and_the_second_has_the_first_ones_themes(
    dev: Applied, markers: Path, quarter: Path, tmp_path: Path
) -> None:
    registry = f"s3://{dev.outputs['results_bucket']}/{dev.outputs['results_prefix']}/registry/mine"
    later = tmp_path / "calls.csv"
    later.write_text(
        quarter.read_text(encoding="utf-8").replace("2023-05-02", "2023-08-02"), encoding="utf-8"
    )
    runs = [
        {"run": name, "source": put_calls(dev, name, calls), "registry": {"path": registry}}
        for name, calls in (("r1", quarter), ("r2", later))
    ]
    before = len(dev.aws.jobs.started)
    ended = execute(dev, "registry", {"runs": runs, "options": OPTIONS})
    assert ended.status == "SUCCEEDED", (ended.history[-2:], messages(dev), head_log(dev))
    assert len(dev.aws.jobs.started) == before + 2, "each reduce is a Processing job"
    first, second = (
        {theme["theme_id"] for theme in file(dev, name, "themes.json")["themes"]} for name in ("r1", "r2")
    )
    assert first and first == second


def test_a_run_that_cannot_work_fails_and_says_why(dev: Applied, markers: Path) -> None:
    bad = {"run": "q3", "source": {"kind": "s3", "path": "s3://x/y"}, "topics": {"modle": "lda"}}
    ended = execute(dev, "wrong", {"runs": [bad]})
    assert ended.status == "FAILED"
    assert ended.states[-1] == "Failed"
    assert receipt(dev, "q3")["status"] == "FAILED"
    assert "modle" in messages(dev)[-1]


def test_an_execution_without_runs_says_what_is_missing(dev: Applied, markers: Path) -> None:
    ended = execute(dev, "empty", {"quarters": []})
    assert (ended.status, ended.states) == ("FAILED", ["HasRuns", "NotifyNoRuns", "Broken"])
    assert "runs" in messages(dev)[-1]


def test_no_request_was_refused_and_every_right_was_used(dev: Applied, markers: Path) -> None:
    """A right that no run uses is one that only an intruder would; iam.py lists those that are used out of sight."""
    assert dev.aws.judge.refused == []
    assert sorted(dev.aws.judge.unused()) == []


def test_nothing_was_left_to_be_filled_in(dev: Applied) -> None:
    """In HCL "$${" is a "${" that stays: a budget's filter that names no tag, and nobody notices."""
    left = [
        found["address"]
        for found in dev.resources()
        if re.search(r"[$%]\{[a-z_.]+\}", json.dumps(found["values"], ensure_ascii=False))
    ]
    assert left == []


@pytest.mark.parametrize(
    ("status", "error", "told"),
    [
        ("TIMED_OUT", None, True),
        ("ABORTED", None, True),
        ("FAILED", "States.Runtime", True),
        ("FAILED", "RunsFailed", False),
        ("FAILED", "ExecutionBroken", False),
        ("SUCCEEDED", None, False),
    ],
)
def test_an_execution_that_could_write_no_mail_is_told_by_eventbridge(
    dev: Applied, status: str, error: str | None, told: bool
) -> None:
    (rule,) = [found for found in dev.resources() if found["type"] == "aws_cloudwatch_event_rule"]
    pattern = EventPattern.load(rule["values"]["event_pattern"])
    detail = {"stateMachineArn": dev.outputs["state_machine_arn"], "status": status}
    detail |= {"error": error} if error else {}
    event = {
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "detail": detail,
    }
    assert pattern.matches_event(event) is told  # type: ignore[arg-type]


def test_destroy_leaves_nothing(dev: Applied) -> None:
    done = dev.destroy()
    assert done.returncode == 0, done.stdout
    assert json.loads(dev.terraform.run("show", "-json").stdout).get("values") is None
    assert dev.aws.client("s3").list_buckets()["Buckets"] == []
