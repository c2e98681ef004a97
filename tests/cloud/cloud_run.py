"""A run in the cloud as a user makes it: the real snakemake command, plugins and profiles on the offline AWS."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from snakemake.utils import update_config

from earnings_themes.cloud import made_with
from earnings_themes.cloud import settings as cloud
from earnings_themes.config import Source
from earnings_themes.embedding.shard import embed
from earnings_themes.embedding.space import load_space
from earnings_themes.ingest.transcripts import ingest
from earnings_themes.results.firms import read_firms
from earnings_themes.system.s3 import S3Folder
from tests.conftest import REPO, MadeEncoder
from tests.offline_aws import OfflineAWS, iam, image

BUCKET = "earnings-themes-dev-123456789012"  # as the deployed one is called, so that its policies fit
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/earnings-themes-dev/firm-topic-processor:1"
ROLE = "arn:aws:iam::123456789012:role/earnings-themes-dev-map"
EXECUTION_ROLE = "arn:aws:iam::123456789012:role/earnings-themes-dev-execution"
HEAD_ROLE = "arn:aws:iam::123456789012:role/earnings-themes-dev-head"
MAP = "earnings-themes-dev-map"  # queue and definition
SOURCE = f"s3://{BUCKET}/input/calls.csv"
# This checkout's package and tests, whatever is installed.
IMPORTS = f"{REPO}{os.pathsep}{REPO / 'src'}"
PROFILES = ("aws-basic-batch", "aws-batch")
# Host failures are Batch's to try again; everything else is Snakemake's, as in terraform/.
RETRY_STRATEGY = {
    "attempts": 3,
    "evaluateOnExit": [
        {"onStatusReason": "Host EC2*", "action": "RETRY"},
        {"onReason": "*", "action": "EXIT"},
    ],
}
# What the image has as its working folder.
_WORKFLOW = ("Snakefile", "rules", "scripts", "config", "envs")


@dataclass
class Ended:
    """What a call of snakemake left: its exit status, all it printed, and the messages of the jobs it ran."""

    status: int
    text: str

    @property
    def jobs(self) -> list[str]:
        return sorted(re.findall(r"^ *Job \d+: (.+)$", self.text, flags=re.MULTILINE))


@dataclass
class CloudRun:
    """A head's working folder, and what it sees of the cloud. `prefix` is below the bucket."""

    aws: OfflineAWS
    path: Path
    profile: str = PROFILES[0]
    prefix: str = "earnings-themes"
    gpu_queue: str | None = None
    # Whether the image holds the wheel that a worker of aws-batch installs; without it, pip asks an index.
    baked: bool = True
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def markers(self) -> Path:
        """Files here tell the workers to misbehave, see own_parts."""
        return self.path / "markers"

    def prepare(self) -> None:
        """Make the head's folder, and the settings that `make cloud-settings` would write there."""
        for name in _WORKFLOW:
            whole = shutil.copytree if (REPO / name).is_dir() else shutil.copy2
            whole(REPO / name, self.path / name)
        self.markers.mkdir()
        batch = self.aws.client("batch")
        queue = next(
            (item["jobQueueArn"] for item in batch.describe_job_queues(jobQueues=[MAP])["jobQueues"]), None
        ) or self.aws.batch.make_queue(MAP)
        definition = batch.register_job_definition(
            jobDefinitionName=MAP,
            type="container",
            containerProperties={
                "image": IMAGE,
                "jobRoleArn": ROLE,
                "executionRoleArn": EXECUTION_ROLE,
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {"awslogs-group": f"/{MAP[:-4]}/map"},
                },
                "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}],
            },
            retryStrategy=RETRY_STRATEGY,
        )
        outputs = {
            "region": "us-east-1",
            "results_bucket": BUCKET,
            "results_prefix": self.prefix,
            "map_queue_arn": queue,
            "map_gpu_queue_arn": self.gpu_queue,
            "map_job_role_arn": ROLE,
            "map_job_definition_arn": definition["jobDefinitionArn"],
            "firm_topic_processor_image": IMAGE,
        }
        cloud.write_settings(
            {name: {"value": value} for name, value in outputs.items()}, self.path / cloud.FOLDER
        )
        self.aws.images[IMAGE] = self._image
        self.aws.judge.know_page()

    def _image(self, environment: dict[str, str]) -> list[str]:
        """Return what the image brings: its variables, the wheel that a worker of aws-batch installs, its folder."""
        brought = {"PYTHONPATH": IMPORTS, "OMP_NUM_THREADS": "1", "TEST_MARKERS": str(self.markers)}
        if self.baked:
            brought |= {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_FIND_LINKS": str(wheels())}
        enter = ["true"]
        if self.profile == "aws-basic-batch":
            # What the Dockerfile copies of the workflow, and nothing else: no file that the user wrote here.
            enter = [f"cp -r {image.build(self.path / 'image', self.path)}/. ."]
        script = f'PATH={Path(sys.executable).parent}:$PATH; {" && ".join(enter)} && exec "$@"'
        return ["env", *(f"{key}={value}" for key, value in brought.items()), "bash", "-c", script, "bash"]

    def configure(self, **settings: Any) -> None:
        """Write the user's own config file."""
        self.settings = settings
        (self.path / "my.yaml").write_text(yaml.safe_dump(settings))

    def command(self, *arguments: str) -> list[str]:
        """Return the head's command; its pauses are a test's."""
        command = [sys.executable, "-m", "snakemake", "--profile", f"config/profiles/{self.profile}"]
        command += ["--configfile", "config/cloud/config.yaml", "my.yaml"]
        return [*command, "--seconds-between-status-checks", "1", *arguments]

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start the head; its output goes to head.log."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        env = kept | self.aws.environment | {"PYTHONPATH": IMPORTS, "OMP_NUM_THREADS": "1"}
        if self.profile == "aws-basic-batch":
            # No more rights than the head has in the cloud.
            env["AWS_ACCESS_KEY_ID"] = iam.role_key(HEAD_ROLE)
        with (self.path / "head.log").open("w") as log:
            return subprocess.Popen(
                self.command(*arguments), cwd=self.path, env=env, text=True, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def wait(self, head: "subprocess.Popen[str]", limit_s: int = 1800) -> Ended:
        """Wait until the head has ended. Raises TimeoutExpired after limit_s seconds."""
        head.wait(limit_s)
        return Ended(head.returncode, (self.path / "head.log").read_text())

    def snakemake(self, *arguments: str, limit_s: int = 1800) -> Ended:
        """Run the head."""
        return self.wait(self.start(*arguments), limit_s)

    # --- what is there ---

    @property
    def run(self) -> str:
        return f"{self.prefix}/results/{self.settings['run']}"

    def keys(self, below: str = "") -> list[str]:
        """Return the keys of the run's objects below a folder, without the run's own."""
        pages = self.aws.client("s3").get_paginator("list_objects_v2")
        found = pages.paginate(Bucket=BUCKET, Prefix=f"{self.run}/{below}")
        return [
            item["Key"].removeprefix(f"{self.run}/") for page in found for item in page.get("Contents", ())
        ]

    def read(self, name: str) -> bytes:
        """Return an object of the run."""
        data: bytes = self.aws.client("s3").get_object(Bucket=BUCKET, Key=f"{self.run}/{name}")["Body"].read()
        return data

    def versions(self) -> dict[str, Any]:
        """Return when each firm's topics were written, to see that none is written twice."""
        s3 = self.aws.client("s3")
        where = f"{self.run}/topics/"
        found = s3.list_objects_v2(Bucket=BUCKET, Prefix=where).get("Contents", ())
        return {item["Key"].removeprefix(where): item["LastModified"] for item in found}

    def batch_jobs(self) -> list[dict[str, Any]]:
        """Return all Batch jobs so far, as they are described."""
        return [job.describe() for job in self.aws.batch.submitted]

    def note_first_lines(self) -> None:
        """Let the command of rule topics begin with writing down when it begins, for `overhead`."""
        note_beginning(self.path / "rules/topics.smk", self.markers)

    def overhead(self) -> list[float]:
        """Return each firm's job's seconds from its start, as Batch describes it, to its command."""
        return sorted(
            float((self.markers / job["jobId"]).read_text()) - job["startedAt"] / 1000
            for job in self.batch_jobs()
            if (self.markers / job["jobId"]).exists()
        )

    def calls(self) -> Counter[str]:
        """Return how often AWS was asked for what, by kind and by who asked."""
        return Counter(
            f"{'workers' if served.job else 'head'}: {kind_of(served.request)}" for served in self.aws.served
        )

    def is_clean(self, once: bool = True) -> dict[str, list[str]]:
        """Assert what must hold after everything, and return the ids of the versions of each firm's result.

        The bucket is there; no job definition, job or archive is left; no firm's result is lost, and with `once` none
        was made twice: the bucket keeps every version.
        """
        self.aws.client("s3").head_bucket(Bucket=BUCKET)
        left = self.aws.client("batch").describe_job_definitions(status="ACTIVE")["jobDefinitions"]
        names = {item["jobDefinitionName"] for item in left} - {MAP}
        assert not names, f"job definitions are left: {names}"
        assert not [job for job in self.batch_jobs() if job["status"] not in ("SUCCEEDED", "FAILED")]
        found = self.aws.client("s3").list_objects_v2(
            Bucket=BUCKET, Prefix=f"{self.prefix}/snakemake-workflow"
        )
        assert "Contents" not in found
        pages = self.aws.client("s3").get_paginator("list_object_versions")
        kept = pages.paginate(Bucket=BUCKET, Prefix=f"{self.run}/topics/")
        made: dict[str, list[str]] = {}
        for item in (item for page in kept for item in page.get("Versions", ())):
            made.setdefault(item["Key"], []).append(item["VersionId"])
        twice = {key: len(versions) for key, versions in made.items() if len(versions) > 1}
        assert not (once and twice), f"made twice: {twice}"
        assert len(made) == len(self.versions()), "a result was deleted"
        return made


def note_beginning(rule: Path, markers: Path) -> None:
    """Let the command of rule topics write the time to a file of the job's id, before all else."""
    command = '"python -m earnings_themes.topics'
    text = rule.read_text(encoding="utf-8")
    assert command in text
    noted = command.replace('"', f'"date +%s.%N > {markers}/$AWS_BATCH_JOB_ID && ')
    rule.write_text(text.replace(command, noted), encoding="utf-8")


def kind_of(request: str) -> str:
    """Return what a request is called in AWS's price list and documentation."""
    if request.startswith("POST /v1/"):
        return "Batch " + request.removeprefix("POST /v1/")
    method, _, path = request.partition(" ")
    if path.count("/") < 2 or path.endswith(f"/{BUCKET}/"):
        return f"S3 {'LIST' if method == 'GET' else method + ' bucket'}"
    return f"S3 {method}" if path.startswith(f"/{BUCKET}") else request


def put_source(aws: OfflineAWS, calls: Path) -> None:
    """Make the bucket and put the transcripts there, with the object that keeps the bucket from being empty."""
    s3 = aws.client("s3")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=BUCKET, Key="keep", Body=b"")
    s3.put_object(Bucket=BUCKET, Key="input/calls.csv", Body=calls.read_bytes())


def put_sentences(run: CloudRun, scratch: Path) -> None:
    """Put on S3 what ingest and embed leave, with made vectors, so that a test begins with the firms' jobs."""
    source = Source("s3", SOURCE)
    made = ("transcripts.parquet", "firms.tsv", "ingest.json", "source_calls.parquet")
    ingest(source, *(scratch / name for name in made[:3]), calls=scratch / made[3])
    vectors = scratch / "embeddings/0000.parquet"
    embed(scratch / made[0], read_firms(scratch / made[1]), vectors, MadeEncoder(), load_space(), False)
    # What they were made with, as a run would have left it: else they count as made with something else.
    config: dict[str, Any] = yaml.safe_load((run.path / "config/config.yaml").read_text(encoding="utf-8"))
    for name in ("config/cloud/config.yaml", "my.yaml"):
        update_config(config, yaml.safe_load((run.path / name).read_text(encoding="utf-8")))
    folder = S3Folder(BUCKET, run.run, run.aws.client("s3"))
    made_with.write_differences(folder, config, run.path / "scripts")
    for name in (*made, "embeddings/0000.parquet"):
        run.aws.client("s3").upload_file(str(scratch / name), BUCKET, f"{run.run}/{name}")


def wheels() -> Path:
    """Return a folder with a wheel of the storage plugin that is installed here, as the image has one."""
    import importlib.metadata
    import tempfile
    import zipfile

    name, version = "snakemake_storage_plugin_s3", importlib.metadata.version("snakemake-storage-plugin-s3")
    folder = Path(tempfile.gettempdir(), f"worker-wheels-{os.getuid()}-{version}")
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    if not wheel.exists():
        folder.mkdir(exist_ok=True)
        part = wheel.with_suffix(f".{os.getpid()}.part")
        with zipfile.ZipFile(part, "w") as archive:
            for file in importlib.metadata.files("snakemake-storage-plugin-s3") or ():
                if file.suffix != ".pyc" and ".." not in file.parts:
                    archive.write(file.locate(), str(file))
        part.replace(wheel)
    return folder


def wait_until(true: Callable[[], object], seconds: float = 120) -> None:
    """Wait until something is true."""
    for _ in range(int(seconds * 20)):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it never came true")


@contextmanager
def killed(head: "subprocess.Popen[str]") -> Iterator[None]:
    """Kill the head without a word at the end of the block."""
    try:
        yield
    finally:
        os.killpg(head.pid, signal.SIGKILL)
        head.wait()
