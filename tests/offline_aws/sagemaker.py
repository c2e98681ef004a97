"""SageMaker Processing that runs the container's command, with the folders of /opt/ml, as a process here.

Stock moto 5.2.5 runs nothing: see `patch` for each method, and test_patches.py, which fails when stock moto
no longer needs one.

A path under /opt/ml in the arguments or the environment becomes one under a temporary folder, so nothing
needs to be mounted and two jobs do not meet. A container must therefore be told its paths, not assume them.
"""

import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from moto.sagemaker.exceptions import ResourceInUseException
from moto.sagemaker.models import FakeProcessingJob, SageMakerModelBackend
from moto.sagemaker.responses import SageMakerResponse

from tests.offline_aws import iam

if TYPE_CHECKING:
    from tests.offline_aws.server import OfflineAWS

LOG_GROUP = "/aws/sagemaker/ProcessingJobs"
_STOCK_CREATE = SageMakerResponse.create_processing_job
_STOCK_STOP = SageMakerModelBackend.stop_processing_job


def patch(jobs: "Jobs") -> None:
    """Replace the methods of moto that pretend."""

    def create_processing_job(self: SageMakerResponse) -> Any:
        """Start the job, and take a name once.

        Stock moto: the job is Completed at once and nothing ran; a name can be taken again and replaces the
        first job; ProcessingResources and Environment are forgotten.
        """
        name = self._get_param("ProcessingJobName")
        with jobs.lock:
            if name in self.sagemaker_backend.processing_jobs:
                raise ResourceInUseException("Job name must be unique within an AWS account and region")
            answer = _STOCK_CREATE(self)
            job: Any = self.sagemaker_backend.processing_jobs[name]
            job.processing_resources = self._get_param("ProcessingResources")
            job.environment = self._get_param("Environment") or {}
            job.processing_job_status, job.processing_end_time = "InProgress", None
            jobs.start(job)
        return answer

    def stop_processing_job(self: SageMakerModelBackend, processing_job_name: str) -> None:
        """Ask the job to stop; it is Stopped when its process has ended.

        Stock moto: the job is Stopped at once, and one that has ended can be stopped as well.
        """
        job = self.processing_jobs.get(processing_job_name)
        if job is None:
            _STOCK_STOP(self, processing_job_name)
        elif job.processing_job_status == "InProgress":
            job.processing_job_status = "Stopping"

    SageMakerResponse.create_processing_job = create_processing_job  # type: ignore[method-assign]
    SageMakerModelBackend.stop_processing_job = stop_processing_job  # type: ignore[method-assign]


def unpatch() -> None:
    """Give moto its own methods back."""
    SageMakerResponse.create_processing_job = _STOCK_CREATE  # type: ignore[method-assign]
    SageMakerModelBackend.stop_processing_job = _STOCK_STOP  # type: ignore[method-assign]


class Jobs:
    """The Processing jobs of a server, each a thread that waits for a process."""

    def __init__(self, aws: "OfflineAWS") -> None:
        self.aws = aws
        self.lock = threading.Lock()
        self.started: list[Any] = []
        self._threads: list[threading.Thread] = []

    def start(self, job: FakeProcessingJob) -> None:
        """Run a job in the background."""
        self.started.append(job)
        thread = threading.Thread(target=self._run, args=(job,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def end(self) -> None:
        """Stop all jobs and wait for them."""
        for job in self.started:
            if job.processing_job_status == "InProgress":
                job.processing_job_status = "Stopping"
        for thread in self._threads:
            thread.join()
        self.started, self._threads = [], []

    def _run(self, job: Any) -> None:
        job.processing_start_time = dt.datetime.now(dt.UTC)
        root = Path(tempfile.mkdtemp(prefix="processing-"))
        try:
            if lacking := self._start_lacks(job):
                status, job.failure_reason = "Failed", f"ClientError: {lacking}"
            elif self.aws.failures:
                status, job.failure_reason = "Failed", self.aws.failures.pop(0)
            else:
                status = self._run_in(root / "ml", job)
        except Exception as error:
            status, job.failure_reason = "Failed", f"ClientError: {error}"
        finally:
            shutil.rmtree(root, ignore_errors=True)
        # Last, because whoever waits looks at the status.
        job.processing_end_time = job.processing_end_time or dt.datetime.now(dt.UTC)
        job.processing_job_status = status

    def _start_lacks(self, job: Any) -> str:
        """Return which right the job's role lacks before its command begins: image, log, network card."""
        role = job.role_arn.rpartition("/")[2]
        vpc = (job.network_config or {}).get("VpcConfig") or {}
        needed = [
            *iam.of_a_pull(job.app_specification["ImageUri"]),
            *iam.of_a_log(LOG_GROUP, f"{job.processing_job_name}/algo-1-1", makes_group=True),
            *(iam.of_a_network_card(vpc["Subnets"], vpc["SecurityGroupIds"]) if vpc else ()),
        ]
        lacking = self.aws.judge.allows(role, needed)
        return iam.message(role, lacking) if lacking else ""

    def _run_in(self, ml: Path, job: Any) -> str:
        outputs = (job.processing_output_config or {}).get("Outputs", [])
        for name in ("config", "output", "processing"):
            (ml / name).mkdir(parents=True)
        for given in job.processing_inputs or []:
            self._download(given["S3Input"]["S3Uri"], _below(ml, given["S3Input"]["LocalPath"]))
        for wanted in outputs:
            _below(ml, wanted["S3Output"]["LocalPath"]).mkdir(parents=True, exist_ok=True)
        about = {"ProcessingJobArn": job.arn, "AppSpecification": job.app_specification}
        (ml / "config/processingjobconfig.json").write_text(json.dumps(about))

        status, code = self._execute(ml, job)
        message = ml / "output/message"
        if message.exists():
            job.exit_message = message.read_text(encoding="utf-8")[:1024]
        if status == "Completed" and code:
            job.failure_reason = f"AlgorithmError: See job logs for more information, exit code: {code}"
            return "Failed"
        if status == "Completed":
            for wanted in outputs:
                self._upload(_below(ml, wanted["S3Output"]["LocalPath"]), wanted["S3Output"]["S3Uri"])
        return status

    def _execute(self, ml: Path, job: Any) -> tuple[str, int]:
        spec = job.app_specification
        kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        given = self.aws.environment | {"AWS_SDK_UA_APP_ID": _container_app()} | job.environment
        given["AWS_ACCESS_KEY_ID"] = iam.role_key(job.role_arn)
        image = self.aws.images[spec["ImageUri"]]
        command = [*(image(given) if callable(image) else image), *spec.get("ContainerArguments", [])]
        command = [word.replace("/opt/ml", str(ml)) for word in command]
        env = kept | given
        limit = job.stopping_condition["MaxRuntimeInSeconds"]
        began = time.monotonic()
        with (ml / "log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=ml, env=env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
            status = "Completed"
            while process.poll() is None:
                if (time.monotonic() - began) * self.aws.speed >= limit:
                    # AWS gives no reason for it: github.com/spore-host/spawn, issue 106.
                    status = "Stopped"
                    job.processing_end_time = job.processing_start_time + dt.timedelta(seconds=limit)
                elif job.processing_job_status == "Stopping":
                    status = "Stopped"
                if status == "Stopped":
                    _kill(process)
                time.sleep(0.02)
        self._write_log(job.processing_job_name, (ml / "log").read_text(errors="replace"))
        return status, process.returncode

    def _write_log(self, name: str, text: str) -> None:
        logs = self.aws.client("logs")
        if not logs.describe_log_groups(logGroupNamePrefix=LOG_GROUP)["logGroups"]:
            logs.create_log_group(logGroupName=LOG_GROUP)
        now = int(time.time() * 1000)
        stream = f"{name}/algo-1-{now}"
        logs.create_log_stream(logGroupName=LOG_GROUP, logStreamName=stream)
        events = [{"timestamp": now + n, "message": line} for n, line in enumerate(text.splitlines()) if line]
        if events:
            logs.put_log_events(logGroupName=LOG_GROUP, logStreamName=stream, logEvents=events)

    def _download(self, uri: str, folder: Path) -> None:
        s3 = self.aws.client("s3")
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
        if not keys:
            raise FileNotFoundError(f'No S3 objects found under S3 URL "{uri}"')
        for key in keys:
            # A prefix that is a whole key gives the file its own name.
            path = folder / (os.path.relpath(key, prefix) if key != prefix else PurePosixPath(key).name)
            path.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(bucket, key, str(path))

    def _upload(self, folder: Path, uri: str) -> None:
        s3 = self.aws.client("s3")
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            s3.upload_file(str(path), bucket, f"{prefix}/{path.relative_to(folder)}")


def _below(ml: Path, path: str) -> Path:
    return ml / PurePosixPath(path).relative_to("/opt/ml")


def _container_app() -> str:
    from tests.offline_aws.server import CONTAINER_APP

    return CONTAINER_APP


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """SIGTERM, and SIGKILL to what ignores it; AWS waits 120 seconds between them, a test does not."""
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
