"""AWS Batch whose jobs really run: each attempt of a job is its command, as a process here.

Stock moto 5.2.5 wants a Docker engine for that, or does not run the command at all: see `patch` for each method,
and test_batch_patches.py, which fails when stock moto no longer needs one.

What an attempt meets is what it meets on AWS, as far as a process can: an empty folder, the environment of the job
and none of this process's, its log in CloudWatch Logs, a limit of memory and of time, SIGTERM before SIGKILL, and a
host that is taken away when `Batch.reclaim` says so. Whether it is tried again is what its retry strategy says.
Queues have slots of their own, so that jobs which wait for other jobs do not take their places.

    aws.images["IMAGE"] = ["env", "PIP_NO_INDEX=1"]                 # a command before the job's own, or
    aws.images["IMAGE"] = lambda env: ["buildah", "run", …, "--"]   # one that is made from the job's environment
"""

import copy
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import psutil
from moto.batch.models import Job
from moto.batch.responses import BatchResponse
from moto.batch.utils import JobStatus
from moto.moto_api import state_manager

from tests.offline_aws import iam, limits

if TYPE_CHECKING:
    from tests.offline_aws.server import OfflineAWS

LOG_GROUP = "/aws/batch/job"
# The texts that AWS gives, which retry strategies match (AWS Batch User Guide, "Automated job retries").
ENDED = "Essential container in task exited"
TIMED_OUT = "Job attempt duration exceeded timeout"
OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
# What a process needs to run at all; everything else comes from the job, or it would not be there on AWS either.
# The COVERAGE_ ones measure the package's code in the workers.
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")
_SLOTS = 2
_POLL_SECONDS = 0.05
# ECS waits 30 seconds between SIGTERM and SIGKILL; what has not ended after these never will.
_GRACE_SECONDS = 5.0

STOCK: dict[tuple[type, str], Any] = {
    (kind, name): getattr(kind, name)
    for kind, names in (
        (Job, ("__init__", "run", "describe", "terminate", "_container_details")),
        (BatchResponse, ("submitjob",)),
    )
    for name in names
}
_submitting = threading.local()


def patch(batch: "Batch") -> None:
    """Replace the methods of moto that pretend."""
    # Stock moto moves a job on whenever somebody looks at it; here only `run` does.
    state_manager.set_transition("batch::job", {"progression": "manual", "times": 10**9})

    def run(self: Any) -> None:
        """Run the job's command, once an attempt.

        Stock moto: without a Docker engine the job is FAILED at once.
        """
        batch.run(self)

    def submitjob(self: BatchResponse) -> str:
        """Keep what `init` needs of the request. Stock moto: a job's own retryStrategy is forgotten."""
        _submitting.retry_strategy = self._get_param("retryStrategy")
        answer: str = STOCK[BatchResponse, "submitjob"](self)
        return answer

    def init(self: Any, *args: Any, **more: Any) -> None:
        """Remember the retry strategy, and the reason that the container gives. Stock moto has neither."""
        STOCK[Job, "__init__"](self, *args, **more)
        self.retry_strategy = (
            getattr(_submitting, "retry_strategy", None) or self.job_definition.retry_strategy
        )
        self.reason = None
        batch.submitted.append(self)

    def container_details(self: Any) -> dict[str, Any]:
        """Return what a finished job is judged by.

        Stock moto: exitCode is in describe_short, and lost in describe; reason, image, role and
        resourceRequirements, overridden or not, are left out; and each look adds the job's id to its overrides, which
        are then too long to start.
        """
        overrides = copy.deepcopy(self.container_overrides)
        details: dict[str, Any] = STOCK[Job, "_container_details"](self)
        self.container_overrides = overrides
        properties = self.job_definition.container_properties
        details["resourceRequirements"] = [
            {"type": kind, "value": value} for kind, value in requirements(self).items()
        ]
        found = {"exitCode": self.exit_code, "reason": self.reason, "image": properties.get("image")}
        found |= {key: properties.get(key) for key in ("jobRoleArn", "executionRoleArn", "logConfiguration")}
        return details | {key: value for key, value in found.items() if value is not None}

    def describe(self: Any) -> dict[str, Any]:
        """Return an array job as FAILED when a child failed and none is left. Stock moto: PENDING for ever."""
        job: dict[str, Any] = STOCK[Job, "describe"](self)
        job["retryStrategy"] = self.retry_strategy or {"attempts": 1}
        children = {child.status for child in self._child_jobs or ()}
        if JobStatus.FAILED in children and children <= {JobStatus.FAILED, JobStatus.SUCCEEDED}:
            self.status = job["status"] = JobStatus.FAILED
        return job

    def terminate(self: Any, reason: str) -> None:
        """End a job that runs. Stock moto: one that has ended gets another statusReason."""
        if not self.job_stopped:
            STOCK[Job, "terminate"](self, reason)

    for kind, name, replacement in (
        (Job, "run", run),
        (Job, "__init__", init),
        (Job, "describe", describe),
        (Job, "terminate", terminate),
        (Job, "_container_details", container_details),
        (BatchResponse, "submitjob", submitjob),
    ):
        setattr(kind, name, replacement)


def unpatch() -> None:
    """Give moto its own methods back."""
    state_manager.unset_transition("batch::job")
    for (kind, name), method in STOCK.items():
        setattr(kind, name, method)


class Batch:
    """The Batch jobs of a server, each a thread that waits for a process.

    slots: how many jobs of a queue run at once, by the queue's name; 2 where it is not named.
    reclaim: asked again and again with the job and the number of its attempt; True takes the host away.
    submitted: every job so far.
    """

    def __init__(self, aws: "OfflineAWS") -> None:
        self.aws = aws
        self.slots: dict[str, int] = {}
        self.reclaim: Callable[[Any, int], bool] | None = None
        self.submitted: list[Any] = []
        self._running: dict[str, int] = {}
        self._free = threading.Condition()

    def make_queue(self, name: str) -> str:
        """Make a queue on machines that nobody has to describe, and return its ARN."""
        client = self.aws.client("batch")
        iam = self.aws.client("iam")
        roles = iam.list_roles(PathPrefix="/batch/")["Roles"] or [
            iam.create_role(RoleName="service", Path="/batch/", AssumeRolePolicyDocument="{}")["Role"]
        ]
        machines = client.create_compute_environment(
            computeEnvironmentName=f"{name}-machines",
            type="UNMANAGED",
            state="ENABLED",
            serviceRole=roles[0]["Arn"],
        )["computeEnvironmentArn"]
        arn: str = client.create_job_queue(
            jobQueueName=name,
            state="ENABLED",
            priority=1,
            computeEnvironmentOrder=[{"order": 1, "computeEnvironment": machines}],
        )["jobQueueArn"]
        return arn

    def end(self) -> None:
        """Stop all jobs and wait for them."""
        for job in self.submitted:
            job.terminate("the server ends")
        for job in self.submitted:
            if job.ident is not None:  # an array's parent is no thread that runs
                job.join()
        self.submitted, self.slots, self.reclaim = [], {}, None

    def run(self, job: Any) -> None:
        """Try a job as often as its retry strategy allows."""
        job.status = JobStatus.RUNNABLE
        if job.depends_on and not job._wait_for_dependencies():
            return
        for number in range(1, 11):
            if not self._take_slot(job):
                break
            try:
                succeeded, reason, timed_out = _Attempt(self, job, number).run()
            finally:
                self._give_slot(job)
            job.job_stopped_reason = reason
            # AWS retries neither what ran out of time nor what somebody ended.
            if succeeded or job.stop or timed_out or not tried_again(job, number, reason):
                job._mark_stopped(success=succeeded)
                return
            job.status = JobStatus.RUNNABLE
        job._mark_stopped(success=False)

    def _take_slot(self, job: Any) -> bool:
        name = job.job_queue.name
        with self._free:
            while self._running.get(name, 0) >= self.slots.get(name, _SLOTS):
                self._free.wait(_POLL_SECONDS)
                if job.stop:
                    return False
            self._running[name] = self._running.get(name, 0) + 1
        return not job.stop or self._give_slot(job)

    def _give_slot(self, job: Any) -> bool:
        with self._free:
            self._running[job.job_queue.name] -= 1
            self._free.notify_all()
        return False


class _Attempt:
    """One attempt of a job: a process in an empty folder."""

    def __init__(self, batch: Batch, job: Any, number: int) -> None:
        self.batch, self.job, self.number = batch, job, number
        self.lines: list[dict[str, Any]] = []
        self.logs = job._log_backend
        options = (job.job_definition.container_properties.get("logConfiguration") or {}).get("options", {})
        self.log_group = options.get("awslogs-group", LOG_GROUP)
        prefix = options.get("awslogs-stream-prefix", job.job_definition.name)
        self.log_stream = f"{prefix}/default/{uuid.uuid4().hex}"

    def run(self) -> tuple[bool, str, bool]:
        """Return whether it succeeded, AWS's reason for its end, and whether it ran out of time."""
        job = self.job
        job.log_stream_name, job.exit_code, job.reason = self.log_stream, None, None
        job.job_started_at = datetime.now()
        job._start_attempt()
        job.status = JobStatus.RUNNING
        self.logs.ensure_log_group(self.log_group)
        self.logs.ensure_log_stream(self.log_group, self.log_stream)
        if fault := limits.overrides_fault(job.container_overrides):
            return self._ended(None, fault, False)
        if lacking := self._start_lacks():
            job.reason = f"CannotPullContainerError or ResourceInitializationError: {lacking}"
            return self._ended(None, "Task failed to start", False)
        folder = tempfile.mkdtemp(prefix="batch-job-")
        try:
            environment = environment_of(self.batch.aws, job, self.number)
            process = subprocess.Popen(
                command_of(self.batch.aws, job, environment),
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            job.reason = f"CannotStartContainerError: {error}"
            shutil.rmtree(folder)
            return self._ended(None, "Task failed to start", False)
        reader = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
        reader.start()
        try:
            why, host_lost = self._watch(process)
            process.wait()
            reader.join(_GRACE_SECONDS)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        self._write_log()
        # Of a machine that is gone nobody says how its container ended.
        code = (
            None
            if host_lost
            else (process.returncode if process.returncode >= 0 else 128 - process.returncode)
        )
        return self._ended(code, why or ENDED, why == TIMED_OUT)

    def _start_lacks(self) -> str:
        """Return which right the execution role lacks to start the container: its image, its log."""
        properties = self.job.job_definition.container_properties
        role = properties.get("executionRoleArn", "").rpartition("/")[2]
        needed = [*iam.of_a_pull(properties.get("image", "")), *iam.of_a_log(self.log_group, self.log_stream)]
        lacking = self.batch.aws.judge.allows(role, needed)
        return iam.message(role, lacking) if lacking else ""

    def _ended(self, code: int | None, reason: str, timed_out: bool) -> tuple[bool, str, bool]:
        job = self.job
        job.exit_code, job.job_stopped_at = code, datetime.now()
        job._stop_attempt()
        attempt = job.latest_attempt
        attempt["statusReason"] = reason
        attempt["container"] |= {
            key: value for key, value in (("exitCode", code), ("reason", job.reason)) if value is not None
        }
        return code == 0 and reason == ENDED, reason, timed_out

    def _watch(self, process: "subprocess.Popen[bytes]") -> tuple[str | None, bool]:
        """Wait for the process, ending it when it must; return why it was ended, and whether its host is gone."""
        job, batch = self.job, self.batch
        limit_seconds, limit_mb = job._get_attempt_duration(), float(requirements(job)["MEMORY"])
        began = time.monotonic()
        while process.poll() is None:
            if batch.reclaim is not None and batch.reclaim(job, self.number):
                _kill(process, at_once=True)
                return f"Host EC2 (instance i-{uuid.uuid4().hex[:17]}) terminated.", True
            if job.stop:
                _kill(process)
                return job.job_stopped_reason or "Terminated", False
            if limit_seconds and (time.monotonic() - began) * batch.aws.speed >= limit_seconds:
                _kill(process)
                return TIMED_OUT, False
            if _kill_largest_over(process.pid, limit_mb):
                job.reason = OUT_OF_MEMORY
            self._write_log()
            time.sleep(_POLL_SECONDS)
        return None, False

    def _read(self, stream: Any) -> None:
        for line in stream:
            # CloudWatch takes no empty message.
            text = line.decode(errors="replace").rstrip("\n") or " "
            self.lines.append({"timestamp": int(time.time() * 1000), "message": text})

    def _write_log(self) -> None:
        lines, self.lines = self.lines, []
        if lines:
            self.logs.put_log_events(self.log_group, self.log_stream, lines)


def requirements(job: Any) -> dict[str, str]:
    """Return what a job is given, such as {"VCPU": "1", "MEMORY": "2048"}: its own demand, else its definition's."""
    given: dict[str, str] = {"VCPU": "1", "MEMORY": "2048"}
    for properties in (job.job_definition.container_properties, job.container_overrides):
        given |= {item["type"]: item["value"] for item in properties.get("resourceRequirements", ())}
    return given


def environment_of(aws: "OfflineAWS", job: Any, number: int) -> dict[str, str]:
    """Return the environment of an attempt: what Batch sets, what the job brings, and the way to this server."""
    from tests.offline_aws.server import CONTAINER_APP

    environment = {key: os.environ[key] for key in _KEPT if key in os.environ} | aws.environment
    if "FARGATE" not in (job.job_definition.platform_capabilities or ()):
        # ECS tells the region to containers on Fargate, and not to those on EC2.
        del environment["AWS_DEFAULT_REGION"]
    if role := job.job_definition.container_properties.get("jobRoleArn"):
        environment["AWS_ACCESS_KEY_ID"] = iam.role_key(role)
    for properties in (job.job_definition.container_properties, job.container_overrides):
        environment |= {item["name"]: item["value"] for item in properties.get("environment", ())}
    environment |= {
        "AWS_BATCH_JOB_ID": job.job_id,
        "AWS_BATCH_JOB_ATTEMPT": str(number),
        "AWS_BATCH_JQ_NAME": job.job_queue.name,
        "AWS_BATCH_CE_NAME": job.job_queue.environments[0].name,
        # Tells the requests of this job from all others; boto3 takes up to 50 letters.
        "AWS_SDK_UA_APP_ID": f"{CONTAINER_APP}-{job.job_id[:8]}",
    }
    if "index" in job.array_properties:
        environment["AWS_BATCH_JOB_ARRAY_INDEX"] = str(job.array_properties["index"])
    return environment


def command_of(aws: "OfflineAWS", job: Any, environment: dict[str, str]) -> list[str]:
    """Return what is executed: what stands for the image, and the job's command."""
    image = aws.images.get(job.job_definition.container_properties.get("image", ""), [])
    before = image(environment) if callable(image) else image
    return [*before, *job._add_parameters_to_command(job._get_container_property("command", []))]


def tried_again(job: Any, number: int, status_reason: str) -> bool:
    """Return whether a failed attempt is followed by another: the first rule that fits decides, else it is."""
    strategy = job.retry_strategy or {}
    if number >= int(strategy.get("attempts", 1)):
        return False
    code = "" if job.exit_code is None else str(job.exit_code)
    said = {"onExitCode": code, "onReason": job.reason or "", "onStatusReason": status_reason}
    for rule in strategy.get("evaluateOnExit", ()):
        if all(_fits(rule[key], text) for key, text in said.items() if key in rule):
            return str(rule["action"]).upper() == "RETRY"
    return True


def _fits(pattern: str, text: str) -> bool:
    # A star may only stand at the end; "the start of the string needs to be an exact match" (AWS Batch API Reference,
    # "EvaluateOnExit"), which says of `action` alone that case does not matter.
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern


def _kill_largest_over(pid: int, limit_mb: float) -> bool:
    """Kill the largest process below `pid` if together they have more memory of their own, as the kernel does."""
    own: list[tuple[int, psutil.Process]] = []
    try:
        main = psutil.Process(pid)
        for process in [main, *main.children(recursive=True)]:
            memory = process.memory_info()
            own.append((memory.rss - memory.shared, process))
        if sum(size for size, _ in own) <= limit_mb * 2**20:
            return False
        max(own, key=lambda item: item[0])[1].kill()
    except psutil.NoSuchProcess:
        return False  # it ended while it was looked at; the next look is soon
    return True


def _kill(process: "subprocess.Popen[bytes]", at_once: bool = False) -> None:
    """End a process and all below it, those in groups of their own as well."""
    try:
        below = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        below = []
    if not at_once:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            at_once = True
    if at_once and process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    for child in below:
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue
    process.wait()


def log_of(aws: "OfflineAWS", job: dict[str, Any]) -> str:
    """Return the log of a described job's last attempt."""
    where = {"logGroupName": LOG_GROUP, "logStreamName": job["container"]["logStreamName"]}
    if options := (job["container"].get("logConfiguration") or {}).get("options"):
        where["logGroupName"] = options.get("awslogs-group", LOG_GROUP)
    events = aws.client("logs").get_log_events(**where, startFromHead=True)["events"]
    return "\n".join(event["message"] for event in events)
