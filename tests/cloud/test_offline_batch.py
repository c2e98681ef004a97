"""The offline Batch: a job's command runs, fails, is tried again, stopped and killed as it would be on AWS."""

import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.offline_aws import OfflineAWS
from tests.offline_aws.batch import log_of

SPOT_RULES = [
    {"onStatusReason": "Host EC2*", "action": "RETRY"},
    {"onReason": "*", "action": "EXIT"},
]
Submit = Callable[..., dict[str, Any]]


@pytest.fixture
def submit(aws: OfflineAWS) -> Submit:
    """Submit a job of a definition of 64 MB, and return it as it is described when it has ended."""
    batch = aws.client("batch")
    aws.batch.make_queue("spot")
    batch.register_job_definition(
        jobDefinitionName="worker",
        type="container",
        containerProperties={
            "image": "image:1",
            "command": ["true"],
            "environment": [{"name": "A", "value": "of the definition"}],
            "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "256"}],
        },
        retryStrategy={"attempts": 3, "evaluateOnExit": SPOT_RULES},
    )

    def call(
        *command: str, wait: bool = True, overrides: dict[str, Any] | None = None, **more: Any
    ) -> dict[str, Any]:
        answer = batch.submit_job(
            jobName="job",
            jobQueue="spot",
            jobDefinition="worker",
            containerOverrides={"command": list(command)} | (overrides or {}),
            **more,
        )
        return ended(aws, answer["jobId"]) if wait else {"jobId": answer["jobId"]}

    return call


def described(aws: OfflineAWS, job_id: str) -> dict[str, Any]:
    job: dict[str, Any] = aws.client("batch").describe_jobs(jobs=[job_id])["jobs"][0]
    return job


def ended(aws: OfflineAWS, job_id: str) -> dict[str, Any]:
    for _ in range(1200):
        job = described(aws, job_id)
        if job["status"] in ("SUCCEEDED", "FAILED"):
            return job
        time.sleep(0.05)
    raise AssertionError(f"the job does not end: {job}")


def test_a_command_runs_with_its_environment_and_no_other_and_its_log_is_kept(
    aws: OfflineAWS, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THIS_PROCESS", "yes")
    aws.images["image:1"] = ["env", "OF_THE_IMAGE=1"]
    extra = {"environment": [{"name": "B", "value": "of the job"}]}
    job = submit("sh", "-c", 'echo "$A, $B, $AWS_BATCH_JOB_ATTEMPT, $OF_THE_IMAGE"; env', overrides=extra)
    assert (job["status"], job["container"]["exitCode"]) == ("SUCCEEDED", 0)
    log = log_of(aws, job)
    assert log.startswith("of the definition, of the job, 1, 1\n")
    assert "OF_THIS_PROCESS" not in log
    assert "AWS_DEFAULT_REGION" not in log, "a container on EC2 is not told its region"


def test_an_image_may_be_run_by_a_command_made_from_the_environment(aws: OfflineAWS, submit: Submit) -> None:
    aws.images["image:1"] = lambda environment: ["echo", environment["A"]]
    assert log_of(aws, submit("run", "this")) == "of the definition run this"


def test_a_failure_has_its_exit_code_and_is_not_tried_again(aws: OfflineAWS, submit: Submit) -> None:
    job = submit("sh", "-c", "echo boom >&2; exit 7")
    assert (job["status"], job["container"]["exitCode"], len(job["attempts"])) == ("FAILED", 7, 1)
    assert job["statusReason"] == "Essential container in task exited"
    assert log_of(aws, job) == "boom"


def test_a_program_that_is_not_there_cannot_start(submit: Submit) -> None:
    job = submit("/no/such/program")
    assert (job["status"], job["statusReason"]) == ("FAILED", "Task failed to start")
    assert job["container"]["reason"].startswith("CannotStartContainerError")


def test_a_reclaimed_host_takes_its_job_with_it_which_is_tried_again(aws: OfflineAWS, submit: Submit) -> None:
    aws.batch.reclaim = lambda job, attempt: attempt == 1
    job = submit("sh", "-c", "[ $AWS_BATCH_JOB_ATTEMPT = 2 ] || sleep 60")
    assert job["status"] == "SUCCEEDED"
    first, second = job["attempts"]
    assert first["statusReason"].startswith("Host EC2 (instance i-")
    assert "exitCode" not in first["container"]
    assert second["container"]["exitCode"] == 0


def test_a_job_s_own_retry_strategy_counts_before_its_definition_s(submit: Submit) -> None:
    job = submit("false", retryStrategy={"attempts": 2})
    assert (job["status"], len(job["attempts"]), job["retryStrategy"]) == ("FAILED", 2, {"attempts": 2})


def test_what_takes_more_time_than_it_may_is_ended_and_not_tried_again(
    aws: OfflineAWS, submit: Submit
) -> None:
    aws.speed = 600
    job = submit("sleep", "60", timeout={"attemptDurationSeconds": 60}, retryStrategy={"attempts": 3})
    assert (job["status"], len(job["attempts"])) == ("FAILED", 1)
    assert job["statusReason"] == "Job attempt duration exceeded timeout"


def test_what_takes_more_memory_than_it_may_is_killed(submit: Submit) -> None:
    job = submit(sys.executable, "-c", "x = bytearray(300 << 20); import time; time.sleep(60)")
    assert (job["status"], job["container"]["exitCode"]) == ("FAILED", 137)
    assert job["container"]["reason"] == "OutOfMemoryError: Container killed due to memory usage"
    more = {"resourceRequirements": [{"type": "MEMORY", "value": "1024"}]}
    job = submit(
        sys.executable, "-c", "x = bytearray(300 << 20); import time; time.sleep(.3)", overrides=more
    )
    assert job["status"] == "SUCCEEDED"
    wanted = {item["type"]: item["value"] for item in job["container"]["resourceRequirements"]}
    assert wanted == {"VCPU": "1", "MEMORY": "1024"}


def test_a_terminated_job_is_told_before_it_is_killed(aws: OfflineAWS, submit: Submit) -> None:
    job = submit("sh", "-c", "trap 'echo told; exit 3' TERM; echo began; sleep 60 & wait", wait=False)
    while "logStreamName" not in (now := described(aws, job["jobId"]))["container"] or "began" not in log_of(
        aws, now
    ):
        time.sleep(0.05)
    aws.client("batch").terminate_job(jobId=job["jobId"], reason="enough")
    now = ended(aws, job["jobId"])
    assert (now["status"], now["statusReason"], now["container"]["exitCode"]) == ("FAILED", "enough", 3)
    assert log_of(aws, now) == "began\ntold"
    aws.client("batch").terminate_job(jobId=job["jobId"], reason="too late")
    assert described(aws, job["jobId"])["statusReason"] == "enough"


def test_queues_do_not_take_each_other_s_slots(aws: OfflineAWS, submit: Submit) -> None:
    aws.batch.make_queue("head")
    aws.batch.slots = {"head": 1, "spot": 1}
    batch = aws.client("batch")
    sleeps = {"command": ["sleep", "60"]}
    head, waits = (
        batch.submit_job(jobName="head", jobQueue="head", jobDefinition="worker", containerOverrides=sleeps)[
            "jobId"
        ]
        for _ in range(2)
    )
    assert submit("true")["status"] == "SUCCEEDED"
    assert [described(aws, job)["status"] for job in (head, waits)] == ["RUNNING", "RUNNABLE"]
    batch.cancel_job(jobId=waits, reason="not now")
    assert ended(aws, waits)["statusReason"] == "not now"


def test_an_array_fails_with_one_of_its_jobs(aws: OfflineAWS, submit: Submit) -> None:
    job = submit("sh", "-c", "exit $AWS_BATCH_JOB_ARRAY_INDEX", arrayProperties={"size": 2})
    assert job["status"] == "FAILED"
    assert job["arrayProperties"]["statusSummary"]["FAILED"] == 1


def test_a_job_waits_for_another_and_fails_with_it(aws: OfflineAWS, submit: Submit) -> None:
    first = submit("false", wait=False)["jobId"]
    assert submit("true", dependsOn=[{"jobId": first}])["status"] == "FAILED"
