"""The limits of the offline AWS: what is too large is refused or fails as there, what is too much at once waits."""

import json
import time
import uuid
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.offline_aws import OfflineAWS, limits
from tests.offline_aws import server as server_module
from tests.offline_aws.batch import tried_again
from tests.offline_aws.stepfunctions import PATCHES

NEEDS = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}]


@pytest.fixture(scope="module")
def server() -> Iterator[OfflineAWS]:
    with OfflineAWS() as aws:
        yield aws


@pytest.fixture
def aws(server: OfflineAWS) -> Iterator[OfflineAWS]:
    server.patch()
    yield server
    server.reset()


def submit(aws: OfflineAWS, name: str = "job", **overrides: Any) -> dict[str, Any]:
    """Submit a job whose image is `true`, and return it when it has ended."""
    batch = aws.client("batch")
    aws.images["image"] = ["sh", "-c", "true", "sh"]
    if not batch.describe_job_queues(jobQueues=["queue"])["jobQueues"]:
        aws.batch.make_queue("queue")
    properties = {"image": "image", "command": ["x"], "resourceRequirements": NEEDS}
    batch.register_job_definition(jobDefinitionName="d", type="container", containerProperties=properties)
    job = batch.submit_job(jobName=name, jobQueue="queue", jobDefinition="d", containerOverrides=overrides)[
        "jobId"
    ]
    for _ in range(200):
        found: dict[str, Any] = batch.describe_jobs(jobs=[job])["jobs"][0]
        if found["status"] in ("SUCCEEDED", "FAILED"):
            break
        time.sleep(0.05)
    return found


def code_of(call: Any, **given: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**given)
    return str(caught.value.response["Error"]["Code"])


def test_a_job_whose_overrides_are_too_long_is_taken_and_fails(aws: OfflineAWS) -> None:
    assert submit(aws, command=["x", "y" * 8000])["status"] == "SUCCEEDED"
    long = submit(aws, command=["x", "y" * 8192])
    assert (long["status"], long["statusReason"]) == (
        "FAILED",
        "Container Overrides length must be at most 8192",
    )


def test_a_request_to_batch_has_a_size_and_a_name(aws: OfflineAWS) -> None:
    """By our own words: moto refuses some names as well, by a pattern that is not AWS's."""
    submit(aws)
    batch = aws.client("batch")
    given = {"jobQueue": "queue", "jobDefinition": "d"}
    with pytest.raises(ClientError, match="submitjob takes 30720"):
        batch.submit_job(jobName="job", containerOverrides={"command": ["y" * 31000]}, **given)
    with pytest.raises(ClientError, match="'2023 Q2' must match"):
        batch.submit_job(jobName="2023 Q2", **given)
    properties = {"image": "i", "command": ["y" * 25000], "resourceRequirements": NEEDS}
    with pytest.raises(ClientError, match="registerjobdefinition takes 24576"):
        batch.register_job_definition(
            jobDefinitionName="other", type="container", containerProperties=properties
        )


@pytest.fixture
def one_moment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The limits' second never ends: on a busy machine a few calls may take longer than one."""
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: 0.0))
    return monkeypatch


def test_batch_takes_fifty_calls_a_second_of_all_together(
    aws: OfflineAWS, one_moment: pytest.MonkeyPatch
) -> None:
    aws.limits.batch_calls = 5
    once = aws.client("batch", retries={"total_max_attempts": 1})
    for _ in range(5):
        once.describe_jobs(jobs=["x"])
    assert code_of(once.describe_jobs, jobs=["x"]) == "TooManyRequestsException"
    one_moment.undo()
    patient = aws.client("batch", retries={"mode": "adaptive", "total_max_attempts": 10})
    for _ in range(8):
        patient.describe_jobs(jobs=["x"])


def test_sagemaker_takes_arguments_and_names_of_a_length(aws: OfflineAWS) -> None:
    given: dict[str, Any] = {
        "ProcessingJobName": "job",
        "RoleArn": "arn:aws:iam::123456789012:role/reduce",
        "AppSpecification": {"ImageUri": "image", "ContainerArguments": ["--prefix", "a" * 300]},
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
        },
    }
    sagemaker = aws.client("sagemaker")
    assert code_of(sagemaker.create_processing_job, **given) == "ValidationException"
    given["AppSpecification"] = {"ImageUri": "image"}
    given["ProcessingJobName"] = "themes_2023q2"
    assert code_of(sagemaker.create_processing_job, **given) == "ValidationException"


def test_an_execution_has_a_name_and_an_input_of_a_size(aws: OfflineAWS) -> None:
    states = aws.client("stepfunctions")
    given = {"stateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:m"}
    assert code_of(states.start_execution, input=json.dumps("x" * 300_000), **given) == "ValidationException"
    assert code_of(states.start_execution, name="n" * 81, **given) == "ValidationException"


def test_a_new_table_takes_so_many_writes_a_second(aws: OfflineAWS, one_moment: pytest.MonkeyPatch) -> None:
    aws.limits.write_units = 30
    dynamodb = aws.client("dynamodb", retries={"total_max_attempts": 1})
    dynamodb.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    items = [{"PutRequest": {"Item": {"pk": {"S": str(n)}}}} for n in range(20)]
    dynamodb.batch_write_item(RequestItems={"t": items})
    assert code_of(dynamodb.batch_write_item, RequestItems={"t": items}) == "ThrottlingException"
    one_moment.undo()
    dynamodb.batch_write_item(RequestItems={"t": items})


def test_a_request_takes_as_long_as_it_is_told(aws: OfflineAWS, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(server_module, "time", SimpleNamespace(sleep=slept.append))
    aws.latency = 0.02
    for _ in range(3):
        aws.client("s3").list_buckets()
    assert slept == [0.02] * 3


class _Job:
    """A job that a machine took down."""

    exit_code, reason = None, None

    def __init__(self, rules: list[dict[str, str]]) -> None:
        self.retry_strategy = {"attempts": 3, "evaluateOnExit": rules}


@pytest.mark.parametrize(("pattern", "again"), [("Host EC2*", True), ("host ec2*", False)])
def test_a_pattern_fits_in_its_own_case_alone(pattern: str, again: bool) -> None:
    rules = [{"onStatusReason": pattern, "action": "retry"}, {"onReason": "*", "action": "EXIT"}]
    assert tried_again(_Job(rules), 1, "Host EC2 (instance i-0a1b) terminated.") is again


def executed(aws: OfflineAWS, states: dict[str, Any], given: Any) -> dict[str, Any]:
    """Run a machine of these states, of which the first begins, and return how it ended."""
    assert PATCHES.applied
    client = aws.client("stepfunctions")
    machine = {"StartAt": next(iter(states)), "States": states | {"Caught": {"Type": "Succeed"}}}
    role = "arn:aws:iam::123456789012:role/states"
    made = client.create_state_machine(name="m", definition=json.dumps(machine), roleArn=role)
    asked = {"name": uuid.uuid4().hex, "input": json.dumps(given)}  # moto calls every nameless one the same
    arn = client.start_execution(stateMachineArn=made["stateMachineArn"], **asked)["executionArn"]
    for _ in range(200):
        ended: dict[str, Any] = client.describe_execution(executionArn=arn)
        if ended["status"] != "RUNNING":
            break
        time.sleep(0.05)
    return ended


ONE_PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
CATCH_ALL = {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}], "End": True}


def test_a_runtime_error_of_a_state_machine_cannot_be_caught(aws: OfflineAWS) -> None:
    each = {"Type": "Map", "ItemsPath": "$.runs", "ItemProcessor": ONE_PASS}
    assert executed(aws, {"Each": each | CATCH_ALL}, {"runs": []})["status"] == "SUCCEEDED"
    assert executed(aws, {"Each": each | CATCH_ALL}, {})["status"] == "FAILED"


def test_a_state_that_returns_too_much_ends_the_execution_whatever_is_caught(aws: OfflineAWS) -> None:
    thrice = {"Thrice": {"Type": "Parallel", "Branches": [ONE_PASS] * 3} | CATCH_ALL}
    assert executed(aws, thrice, "x" * 10_000)["status"] == "SUCCEEDED"
    assert executed(aws, thrice, "x" * 100_000)["status"] == "FAILED"
