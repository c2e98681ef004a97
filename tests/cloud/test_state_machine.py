"""The state machine by itself: what it does when the head fails, hangs, or leaves a receipt that cannot be believed.

The definition is the deployed one, with its names filled in and its longest waits shortened. The head is a script
here, so that it can end in every way; tests/terraform has the real one.
"""

import itertools
import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from moto.sns import sns_backends

from tests.cloud.conftest import BUCKET
from tests.conftest import REPO
from tests.offline_aws import OfflineAWS

DEFINITION = REPO / "terraform/modules/orchestration/pipeline.asl.json"
IMAGE = "head"
RUNS = {"runs": [{"run": "q1", "source": {"kind": "s3"}}]}

# Writes the receipt that its first argument gives, then sleeps or exits; SIGTERM is answered as the head does.
HEAD = (
    f"BUCKET = {BUCKET!r}"
    + """
import json, signal, sys, time
import boto3

status, seconds, code = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
words = sys.argv[4:]
run, execution = words[words.index("--run") + 1], words[words.index("--execution") + 1]

def write(status, message):
    body = status
    if status.isupper():
        firms = {"failed": ["34"] if status == "PARTIAL" else []}
        body = json.dumps({"status": status, "message": message, "execution": execution, "firms": firms})
    where = dict(Bucket=BUCKET, Key=f"results/results/{run}/run_receipt.json")
    boto3.client("s3", region_name="us-east-1").put_object(Body=body.encode(), **where)

def stopped(*_):
    write("FAILED", "stopped from outside (SIGTERM)")
    sys.exit(143)

signal.signal(signal.SIGTERM, stopped)
if status != "nothing":
    write(status, "as it was told")
time.sleep(seconds)
sys.exit(code)
"""
)


class Machine:
    """The deployed state machine, and what a test tells its head to do."""

    def __init__(self, aws: OfflineAWS, folder: Path) -> None:
        self.aws = aws
        self.script = folder / "head.py"
        self.script.write_text(HEAD)
        self.topic = aws.client("sns").create_topic(Name="alerts")["TopicArn"]
        queue = aws.batch.make_queue("head")
        needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}]
        definition = aws.client("batch").register_job_definition(
            jobDefinitionName="head",
            type="container",
            containerProperties={"image": IMAGE, "command": ["x"], "resourceRequirements": needs},
        )["jobDefinitionArn"]
        names = {
            "name": "earnings-themes-dev", "partition": "aws", "head_queue": queue, "head_job_definition": definition,
            "bucket": BUCKET, "results_prefix": "results", "topic": self.topic,
        }  # fmt: skip
        self.text = DEFINITION.read_text(encoding="utf-8")
        for name, value in names.items():
            self.text = self.text.replace("${" + name + "}", value)
        for long, short in (
            ('"Seconds": 45', '"Seconds": 2'),
            ('"IntervalSeconds": 15', '"IntervalSeconds": 1'),
            ('"IntervalSeconds": 5', '"IntervalSeconds": 1'),
        ):
            assert long in self.text
            self.text = self.text.replace(long, short)

    def run(
        self, status: str, seconds: float = 0, code: int = 0, given: Any = None, limit: int = 300
    ) -> dict[str, Any]:
        """Execute with a head that writes this receipt, sleeps, and exits; return how the execution ended.

        limit: the seconds after which the machine ends a head; the deployed one has hours.
        """
        assert '"TimeoutSeconds": 43200' in self.text
        text = self.text.replace('"TimeoutSeconds": 43200', f'"TimeoutSeconds": {limit}')
        self.aws.images[IMAGE] = [sys.executable, str(self.script), status, str(seconds), str(code)]
        states = self.aws.client("stepfunctions")
        role = "arn:aws:iam::123456789012:role/states"
        machine = states.create_state_machine(name="pipeline", definition=text, roleArn=role)
        arn = states.start_execution(
            stateMachineArn=machine["stateMachineArn"], name="e", input=json.dumps(given or RUNS)
        )["executionArn"]
        began = time.monotonic()
        while (ended := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
            assert time.monotonic() - began < 300
            time.sleep(0.1)
        return dict(ended)

    @property
    def mails(self) -> list[str]:
        """Subject and text of each message to the alerts topic."""
        sent = sns_backends["123456789012"]["us-east-1"].topics[self.topic].sent_notifications
        return [f"{subject}: {text}" for _, text, subject, *_ in sent]

    def heads(self) -> list[dict[str, Any]]:
        """The head's jobs so far."""
        return [job.describe() for job in self.aws.batch.submitted]


@pytest.fixture
def machine(aws: OfflineAWS, tmp_path: Path) -> Machine:
    return Machine(aws, tmp_path)


def test_a_head_that_takes_too_long_is_stopped_and_its_last_words_are_in_the_mail(machine: Machine) -> None:
    ended = machine.run("RUNNING", seconds=600, limit=15)
    assert (ended["status"], ended["error"]) == ("FAILED", "RunsFailed")
    (head,) = machine.heads()
    assert (head["status"], head["statusReason"]) == ("FAILED", "the state machine's time was over")
    (mail,) = machine.mails
    assert "a run FAILED: Run q1 has no themes. What was said: stopped from outside (SIGTERM)" in mail


def test_a_head_that_is_killed_is_not_quoted_with_the_words_it_began_with(machine: Machine) -> None:
    machine.run("RUNNING", code=137)
    (mail,) = machine.mails
    assert "before it could say why: Run q1 left no receipt" in mail
    again = json.loads(mail.split("--input '")[1].rstrip("'"))
    assert again == RUNS | {"options": {}}, "the mail's command starts the same run"


@pytest.mark.parametrize("receipt", ["nothing", "no json", "RUNNING"])
def test_a_head_that_ends_well_without_a_receipt_to_show_for_it_is_no_success(
    machine: Machine, receipt: str
) -> None:
    ended = machine.run(receipt)
    assert (ended["status"], ended["error"]) == ("FAILED", "RunsFailed")
    assert ["before it could say why" in mail for mail in machine.mails] == [True]


def test_a_receipt_of_another_execution_says_nothing_about_this_one(machine: Machine) -> None:
    old = {"status": "SUCCEEDED", "message": "", "execution": "yesterday-0", "firms": {"failed": []}}
    machine.aws.client("s3").put_object(
        Bucket=BUCKET, Key="results/results/q1/run_receipt.json", Body=json.dumps(old).encode()
    )
    assert machine.run("nothing")["status"] == "FAILED"


@pytest.mark.parametrize(("status", "mails"), [("SUCCEEDED", 0), ("PARTIAL", 1)])
def test_a_request_that_batch_refuses_for_a_while_is_made_again(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, status: str, mails: int
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")  # boto3's own patience would hide the state machine's
    machine.aws.refuse("v1/submitjob", "ServerException", "try again", status=500, times=2)
    ended = machine.run(status)
    assert ended["status"] == "SUCCEEDED", ended
    assert [run["status"] for run in json.loads(ended["output"])] == [status]
    assert len(machine.mails) == mails
    assert len(machine.heads()) == 1


@pytest.mark.parametrize("given", [{"quarters": []}, {"runs": []}, {"runs": "q1"}])
def test_an_execution_without_runs_says_so_by_mail(machine: Machine, given: Any) -> None:
    """A path that leads nowhere is States.Runtime, which no Catch sees: nobody would be written to."""
    ended = machine.run("SUCCEEDED", given=given)
    assert (ended["status"], ended["error"]) == ("FAILED", "ExecutionBroken")
    assert ["has nothing to run" in mail for mail in machine.mails] == [True]
    assert machine.heads() == []


@pytest.mark.parametrize("entry", [{"source": {"kind": "s3"}}, {"run": 20232}, "q2"])
def test_an_entry_without_a_name_is_written_about_and_the_others_run(machine: Machine, entry: Any) -> None:
    ended = machine.run("SUCCEEDED", given={"runs": [{"run": "q1"}, entry]})
    assert (ended["status"], ended["error"]) == ("FAILED", "RunsFailed")
    assert [head["status"] for head in machine.heads()] == ["SUCCEEDED"]
    (mail,) = machine.mails
    assert "it has no name" in mail


REGISTRY = {"registry": {"path": "s3://bucket/registry/mine"}}


@pytest.mark.parametrize(
    ("entries", "more"),
    [
        ([{}, {}, {}], {"at_once": 1}),
        ([REGISTRY, REGISTRY, REGISTRY], {"at_once": 3}),
        ([{}, {}, {}], {"options": REGISTRY}),
    ],
    ids=["asked for", "of one registry", "of one registry, in options"],
)
def test_runs_go_on_in_their_order_one_after_the_other(
    machine: Machine, entries: list[dict[str, Any]], more: dict[str, Any]
) -> None:
    runs = [{"run": name, **entry} for name, entry in zip(("q3", "q1", "q2"), entries, strict=True)]
    assert machine.run("SUCCEEDED", seconds=1, given={"runs": runs, **more})["status"] == "SUCCEEDED"
    heads = sorted(machine.heads(), key=lambda head: head["startedAt"])
    names = [head["container"]["command"][head["container"]["command"].index("--run") + 1] for head in heads]
    assert names == ["q3", "q1", "q2"]
    assert all(before["stoppedAt"] <= after["startedAt"] for before, after in itertools.pairwise(heads))


def test_a_quarter_that_fails_stops_those_after_it_which_begin_with_its_themes(machine: Machine) -> None:
    machine.script.write_text(HEAD.replace("time.sleep(seconds)", "time.sleep(seconds); code = run == 'q2'"))
    given = {"runs": [{"run": name, **REGISTRY} for name in ("q1", "q2", "q3", "q4")]}
    ended = machine.run("SUCCEEDED", given=given)
    assert (ended["status"], ended["error"]) == ("FAILED", "RunsFailed")
    assert [head["status"] for head in machine.heads()] == ["SUCCEEDED", "FAILED"]
    (mail,) = machine.mails
    assert "Run q2" in mail
    again = json.loads(mail.split("--input '")[1].rstrip("'"))
    assert again == given, "the mail's command goes on with those that did not begin"


def test_runs_that_share_nothing_go_on_side_by_side(machine: Machine) -> None:
    assert (
        machine.run("SUCCEEDED", seconds=5, given={"runs": [{"run": "q1"}, {"run": "q2"}]})["status"]
        == "SUCCEEDED"
    )
    first, second = machine.heads()
    assert second["startedAt"] < first["stoppedAt"]


def test_one_quarter_that_fails_leaves_the_others_and_fails_the_execution(machine: Machine) -> None:
    machine.script.write_text(HEAD.replace("time.sleep(seconds)", "time.sleep(seconds); code = run == 'q2'"))
    ended = machine.run("SUCCEEDED", given={"runs": [{"run": name} for name in ("q1", "q2", "q3")]})
    assert (ended["status"], ended["error"]) == ("FAILED", "RunsFailed")
    assert sorted(head["status"] for head in machine.heads()) == ["FAILED", "SUCCEEDED", "SUCCEEDED"]
    (mail,) = machine.mails
    assert "Run q2" in mail
