"""A patch of moto's Batch is kept only as long as moto needs it: each test fails when it no longer does."""

import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.batch.models import Job
from moto.moto_api import state_manager

from tests.offline_aws import batch

ENDED = ("SUCCEEDED", "FAILED")


@pytest.fixture
def stock() -> Iterator[None]:
    """Moto as it is released; what a server that is up in this process put in its place comes back at the end."""
    patched = {(kind, name): getattr(kind, name) for kind, name in batch.STOCK}
    transition = state_manager.get_transition("batch::job")
    batch.unpatch()
    yield
    for (kind, name), method in patched.items():
        setattr(kind, name, method)
    state_manager.set_transition("batch::job", transition)


@pytest.fixture
def client(stock: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of that moto, with a queue and a definition whose command is `false`.

    `stock` comes first, so that what a test sets by monkeypatch is undone before `stock` puts the server's back.
    """
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("batch", region_name="us-east-1")
        made = boto3.client("iam").create_role(RoleName="role", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        machines = client.create_compute_environment(
            computeEnvironmentName="machines", type="UNMANAGED", state="ENABLED", serviceRole=made
        )["computeEnvironmentArn"]
        order = [{"order": 1, "computeEnvironment": machines}]
        client.create_job_queue(
            jobQueueName="queue", state="ENABLED", priority=1, computeEnvironmentOrder=order
        )
        needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}]
        properties = {"image": "image", "command": ["false"], "resourceRequirements": needs}
        client.register_job_definition(
            jobDefinitionName="definition",
            type="container",
            containerProperties=properties,  # type: ignore[arg-type]
        )
        yield client


def ended(client: Any, **more: Any) -> dict[str, Any]:
    job_id = client.submit_job(jobName="job", jobQueue="queue", jobDefinition="definition", **more)["jobId"]
    for _ in range(400):
        job: dict[str, Any] = client.describe_jobs(jobs=[job_id])["jobs"][0]
        if job["status"] in ENDED:
            return job
        time.sleep(0.05)
    return job


def test_each_look_at_a_job_makes_its_overrides_longer(client: Any) -> None:
    job = ended(client, containerOverrides={"environment": [{"name": "A", "value": "b"}]})
    again = client.describe_jobs(jobs=[job["jobId"]])["jobs"][0]
    first, second = (
        sum(one["name"] == "AWS_BATCH_JOB_ID" for one in seen["container"]["environment"])
        for seen in (job, again)
    )
    assert second > first > 0


def test_stock_moto_runs_nothing_without_a_docker_engine(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    job = ended(client)
    assert job["status"] == "FAILED"
    assert "exitCode" not in job["container"]


def test_stock_moto_forgets_a_job_s_retry_strategy(client: Any) -> None:
    assert "retryStrategy" not in ended(client, retryStrategy={"attempts": 2})


def test_stock_moto_tells_neither_exit_code_nor_image_nor_what_was_asked_for(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(self: Job) -> None:
        self.exit_code = 1
        self._mark_stopped(success=False)

    monkeypatch.setattr(Job, "run", run)
    container = ended(client)["container"]
    assert not {"exitCode", "image", "resourceRequirements"} & container.keys()


def test_stock_moto_leaves_an_array_pending_when_a_child_has_failed(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Job, "run", lambda self: self._mark_stopped(success=False))
    job_id = client.submit_job(
        jobName="job", jobQueue="queue", jobDefinition="definition", arrayProperties={"size": 2}
    )["jobId"]
    for _ in range(20):
        job = client.describe_jobs(jobs=[job_id])["jobs"][0]
    assert job["arrayProperties"]["statusSummary"]["FAILED"] == 2
    assert job["status"] not in ENDED


def test_stock_moto_gives_a_job_that_has_ended_another_reason(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Job, "run", lambda self: self._mark_stopped(success=False))
    job = ended(client)
    client.terminate_job(jobId=job["jobId"], reason="too late")
    assert client.describe_jobs(jobs=[job["jobId"]])["jobs"][0]["statusReason"] == "too late"
