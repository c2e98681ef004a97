"""The reduce on SageMaker Processing: starts the job or finds it, waits, and fetches themes.json.

Firms' files are not downloaded. A job started by another process, or before a restart, is found by its name
and waited for; a completed one is used again.
"""

import json
import logging
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from earnings_themes.abstractions import Receipt
from earnings_themes.cloud import sagemaker_request as request
from earnings_themes.config import parse_config
from earnings_themes.errors import CloudError, ReduceError, ResultError
from earnings_themes.registry.reference import open_registry
from earnings_themes.results.artifacts import parse_themes
from earnings_themes.results.firms import parse_firms
from earnings_themes.results.topics_reader import TopicsReader
from earnings_themes.stores import open_store
from earnings_themes.stores.publish import still_shows
from earnings_themes.system.aws import aws_errors, error_code, logs_client, sagemaker_client
from earnings_themes.system.files import write_atomically
from earnings_themes.system.folders import FileInfo, s3_folder
from earnings_themes.system.s3 import S3Folder
from earnings_themes.themes.run import RECEIPT, SENTENCES, THEMES

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DescribeProcessingJobResponseTypeDef as Job

log = logging.getLogger(__name__)

LOG_GROUP: Final = "/aws/sagemaker/ProcessingJobs"
_TAIL_LINES: Final = 30
# A job takes minutes to begin; asking six times a minute is far under the account's limits.
POLL_SECONDS: Final = 10.0
_SECONDS_A_LINE: Final = 60.0
# How FailureReason begins when the cause is AWS's: the same job may succeed when it is asked for again.
_FAULTS_OF_AWS: Final = ("InternalServerError", "CapacityError")
_RUNNING: Final = ("InProgress", "Stopping")
# As long as the longest reduce of another run may take.
_QUOTA_PATIENCE_SECONDS: Final = 3600.0
# "The account-level service limit 'ml.m5.xlarge for processing job usage' is 0 Instances, with …"
_NO_MACHINE: Final = "is 0 Instances"
_QUOTA_IS_ZERO: Final = (
    "This account may have no {type} for Processing jobs. Ask for one (`python terraform/deploy.py check dev` prints "
    "the command), or set reduce.backend: local (reduce_backend in terraform/environments/) and run again: what "
    "is done stays done."
)


def reduce_on_sagemaker(
    raw_config: Mapping[str, Any],
    output: Path,
    receipt: Path,
    table: str | None = None,
    poll_seconds: float = POLL_SECONDS,
) -> None:
    """Let SageMaker make the themes of the run at `reduce.sagemaker.run_uri`; write them and their receipt.

    raw_config: the workflow's whole config, which the job gets. table: the DynamoDB table that the job publishes to, if
    any. Ctrl-C and SIGTERM stop the job, whoever started it.

    Raises ConfigError; CoverageError, before anything is started, when too many firms' files are missing; CloudError when
    AWS refuses; ReduceError when the job fails, is stopped or runs out of time; ResultError for a damaged file.
    """
    results = _Jobs(raw_config, table, poll_seconds).finish()
    themes = results.read(THEMES)
    parse_themes(themes, f"{results}/{THEMES}")
    write_atomically(receipt, results.read(RECEIPT).decode())
    results.copy(SENTENCES, output.with_name(SENTENCES))
    write_atomically(output, themes.decode())
    log.info("the themes are those of %s", results)


class _Jobs:
    """The jobs of one input: at most one at a time, and another only when the last one gave no themes."""

    def __init__(self, raw_config: Mapping[str, Any], table: str | None, poll_seconds: float) -> None:
        self.config = parse_config(raw_config)
        assert self.config.reduce.sagemaker is not None, "the caller looked at reduce.backend"
        self.settings = self.config.reduce.sagemaker
        self.config_bytes = json.dumps(raw_config, default=str).encode()
        self.table = table
        self.poll_seconds = poll_seconds
        self.folder = s3_folder(self.settings.run_uri)
        self.client = sagemaker_client()
        self.base = self._base_name()
        self.name = ""

    def _base_name(self) -> str:
        """Return the name that stands for the input. Raises CoverageError, before a machine is paid for."""
        try:
            firms = self.folder.read("firms.tsv")
        except FileNotFoundError as error:
            raise ResultError(
                f"{error}: missing. Ingest makes it; is reduce.sagemaker.run_uri right?"
            ) from error
        ids = [firm.firm_id for firm in parse_firms(firms, f"{self.folder}/firms.tsv")]
        reader = TopicsReader(self.folder.child("topics"), ids, self.config.run)
        topics = {name: reader.files[name] for _, name in reader.look()}
        reader.check_coverage(self.config.reduce.min_firm_coverage)
        kept = self.config.registry
        basis = ""
        if kept:
            basis = open_registry(kept, self.config.embedding.model).basis(self.config.run, kept.mode)
        return request.base_name(self.config, firms, topics, self._sentences(), self.table, basis)

    def _sentences(self) -> dict[str, FileInfo]:
        """Return the files of sentences and vectors: the run's, or where a container made them the firms'."""
        run = {name: file for name, file in self.folder.list().items() if name == "transcripts.parquet"}
        where = "embeddings" if run else "sentences"
        return run | {f"{where}/{name}": file for name, file in self.folder.child(where).list().items()}

    def finish(self) -> S3Folder:
        """Find or start the job, wait for it, and return the folder with its results."""
        with self._stopped_on_signal():
            for retries_left in range(self.settings.retries, -1, -1):
                if not self._find():
                    self._start()
                job = self._wait()
                if job["ProcessingJobStatus"] == "Completed":
                    return self._results(self.name)
                reason = job.get("FailureReason", "")
                if not (retries_left and reason.startswith(_FAULTS_OF_AWS)):
                    break
                log.warning("job %s failed by a fault of AWS: %s", self.name, reason)
        raise ReduceError(self._what_happened(job))

    def _find(self) -> bool:
        """Return whether there is a job to wait for or to use, and remember its name."""
        while "Stopping" in (attempts := self._attempts()).values():
            log.info("waiting for a job of the same input to stop")
            time.sleep(self.poll_seconds)
        for name, status in reversed(attempts.items()):
            if status == "InProgress" or (status == "Completed" and self._is_whole(name)):
                log.info("found job %s: %s", name, status)
                self.name = name
                return True
        return False

    def _attempts(self) -> dict[str, str]:
        """Return the jobs of this input and their status, the first attempt first."""
        with aws_errors("list the jobs", "sagemaker:ListProcessingJobs"):
            pages = self.client.get_paginator("list_processing_jobs").paginate(NameContains=self.base)
            found = {
                job["ProcessingJobName"]: str(job["ProcessingJobStatus"])
                for page in pages
                for job in page["ProcessingJobSummaries"]
                if self._number(job["ProcessingJobName"])
            }
        return {name: found[name] for name in sorted(found, key=self._number)}

    def _number(self, name: str) -> int:
        return request.attempt_of(name, self.base) or 0

    def _is_whole(self, name: str) -> bool:
        """Return whether what a completed job made is still there, in the table too where it published."""
        results = self._results(name)
        if not {SENTENCES, THEMES, RECEIPT} <= results.list().keys():
            return False
        if self.table is None:
            return True
        receipt = Receipt(**json.loads(results.read(RECEIPT))["published"])
        return still_shows(open_store(f"dynamodb:{self.table}"), receipt)

    def _results(self, name: str) -> S3Folder:
        return self.folder.child("reduce").child(name)

    def _start(self) -> None:
        self.name = request.job_name(self.base, max(map(self._number, self._attempts()), default=0) + 1)
        results = self._results(self.name)
        results.write(request.CONFIG_FILE, self.config_bytes)
        wanted = request.job_request(
            self.name, self.settings, self.config.run, self.folder, results, self.table,
            self.client.meta.region_name,
        )  # fmt: skip
        needs = f"sagemaker:CreateProcessingJob, sagemaker:AddTags, and iam:PassRole for {self.settings.role}"
        with aws_errors(f"start job {self.name}", needs):
            deadline = time.monotonic() + _QUOTA_PATIENCE_SECONDS
            while True:
                try:
                    self.client.create_processing_job(**wanted)
                    log.info("started job %s on %s", self.name, self.settings.instance_type)
                    return
                except ClientError as error:
                    if error_code(error) == "ResourceInUse":
                        log.info("job %s was started by another process at the same moment", self.name)
                        return
                    if error_code(error) != "ResourceLimitExceeded":
                        raise
                    # Of two runs at once one waits for the other's machine; where there never is one, nobody waits.
                    if _NO_MACHINE in str(error):
                        raise CloudError(_QUOTA_IS_ZERO.format(type=self.settings.instance_type)) from error
                    if time.monotonic() >= deadline:
                        raise
                    log.info("the account has as many %s as it may: waiting", self.settings.instance_type)
                    time.sleep(max(self.poll_seconds, 0.05))

    def _wait(self) -> "Job":
        """Return the job when it has ended, and say in the log how it is going."""
        started = time.monotonic()
        said = -_SECONDS_A_LINE
        while True:
            with aws_errors(f"look at job {self.name}", "sagemaker:DescribeProcessingJob"):
                job = self.client.describe_processing_job(ProcessingJobName=self.name)
            status, waited = job["ProcessingJobStatus"], time.monotonic() - started
            ended = status not in _RUNNING
            if ended or waited - said >= _SECONDS_A_LINE:
                said = waited
                log.info("job %s: %s, waited %.0f s%s", self.name, status, waited, self._last_line())
            if ended:
                return job
            time.sleep(self.poll_seconds)

    def _last_line(self) -> str:
        try:
            return "".join(f"; it says: {line}" for line in log_tail(self.name, 1))
        except CloudError:
            return ""  # progress without a log is progress; a failure says what is missing

    @contextmanager
    def _stopped_on_signal(self) -> Iterator[None]:
        """Stop the job when this process is told to end, because the job costs money."""
        main = threading.current_thread() is threading.main_thread()
        before = signal.signal(signal.SIGTERM, _end) if main else None
        try:
            yield
        except (KeyboardInterrupt, SystemExit):
            if self.name:
                log.warning("stopping job %s", self.name)
                try:
                    self.client.stop_processing_job(ProcessingJobName=self.name)
                except ClientError as error:
                    log.error("job %s could not be stopped: %s", self.name, error)
            raise
        finally:
            if main:
                signal.signal(signal.SIGTERM, before)

    def _what_happened(self, job: "Job") -> str:
        status = job["ProcessingJobStatus"]
        lines = [f"job {self.name}: {status}. {job.get('FailureReason', '')}".rstrip()]
        if _ran_out_of_time(job):
            lines.append(
                f"It reached reduce.sagemaker.timeout_minutes, {self.settings.timeout_minutes}: raise it, or "
                "take a larger instance_type."
            )
        elif status == "Stopped":
            lines.append("It was stopped from outside; run again to start another.")
        if message := job.get("ExitMessage"):
            lines.append(f"It said: {message}")
        try:
            tail = log_tail(self.name, _TAIL_LINES)
            lines.append(f"The end of its log ({LOG_GROUP}, {self.name}/):" if tail else "It left no log.")
            lines += [f"  {line}" for line in tail]
        except CloudError as error:
            lines.append(str(error))
        return "\n".join(lines)


def log_tail(job: str, n_lines: int) -> list[str]:
    """Return the last lines of a job's log, none while it has no log. Raises CloudError."""
    client = logs_client()
    with aws_errors("read the job's log", "logs:DescribeLogStreams and logs:GetLogEvents"):
        try:
            streams = client.describe_log_streams(logGroupName=LOG_GROUP, logStreamNamePrefix=f"{job}/")
            if not streams["logStreams"]:
                return []
            stream = streams["logStreams"][0]["logStreamName"]  # one instance, one stream
            events = client.get_log_events(
                logGroupName=LOG_GROUP, logStreamName=stream, limit=n_lines, startFromHead=False
            )
        except ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                return []
            raise
    return [event["message"].rstrip() for event in events["events"]]


def _ran_out_of_time(job: "Job") -> bool:
    # SageMaker stops such a job without a reason, so that it looks like one that somebody stopped.
    if job["ProcessingJobStatus"] not in ("Stopped", "Failed") or "ProcessingStartTime" not in job:
        return False
    ran = job["ProcessingEndTime"] - job["ProcessingStartTime"]
    return ran.total_seconds() >= job["StoppingCondition"]["MaxRuntimeInSeconds"]


def _end(*_: object) -> None:
    # 128 and the signal's number, as a shell says it.
    raise SystemExit(128 + signal.SIGTERM)
