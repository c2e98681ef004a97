"""The dev environment, applied to the offline AWS, and runs on what was applied.

The images stand for what they hold: the workflow in a folder, the package, and the reduce's entrypoint. Everything
else is what was applied: the bucket, the table, the queues, the job definitions and the state machine.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moto.sns import sns_backends

from tests.cloud.cloud_run import IMPORTS, wheels
from tests.conftest import REPO
from tests.offline_aws import OfflineAWS, image
from tests.offline_aws.terraform import load_managed_policies
from tests.terraform import permissions
from tests.terraform.conftest import Terraform, make_terraform, provider_mirror

# An address, so that the subscription and the budget's notification are made as well.
VARIABLES = (
    "-var-file=environments/dev.tfvars",
    '-var=alert_emails=["faculty@example.org"]',
    '-var=image_digests={firm_topic_processor="sha256:'
    + "1" * 64
    + '",theme_aggregator="sha256:'
    + "2" * 64
    + '"}',
)


@dataclass
class Applied:
    """What apply left: its outputs and state, and the seconds that each command took."""

    aws: OfflineAWS
    terraform: Terraform
    outputs: dict[str, Any]
    state: dict[str, Any]
    seconds: dict[str, float] = field(default_factory=dict)

    def resources(self) -> list[dict[str, Any]]:
        """Return every resource in the state, of all modules."""
        found: list[dict[str, Any]] = []

        def collect(module: dict[str, Any]) -> None:
            found.extend(module.get("resources", []))
            for child in module.get("child_modules", []):
                collect(child)

        collect(self.state["values"]["root_module"])
        return [resource for resource in found if resource["mode"] == "managed"]

    def timed(self, name: str, *arguments: str, check: bool = True) -> Any:
        """Run terraform and note how long it took."""
        started = time.monotonic()
        done = self.terraform.run(*arguments, check=check)
        self.seconds[name] = time.monotonic() - started
        return done

    def plan_again(self) -> Any:
        """Plan what is applied already; exit status 0 means no change."""
        return self.timed(
            "second plan", "plan", "-no-color", "-input=false", "-detailed-exitcode", *VARIABLES, check=False
        )

    def destroy(self) -> Any:
        """Destroy everything."""
        return self.timed(
            "destroy", "destroy", "-no-color", "-input=false", "-auto-approve", *VARIABLES, check=False
        )


@contextmanager
def applied_dev(aws: OfflineAWS, folder: Path) -> Iterator[Applied]:
    """Apply dev to an offline AWS. What is left of it goes with the server."""
    load_managed_policies()
    terraform = make_terraform(folder, provider_mirror())
    # One attempt: an answer that this AWS lacks would otherwise be asked for 25 times.
    terraform.environment |= aws.environment | {"AWS_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1"}
    applied = Applied(aws, terraform, {}, {})
    applied.timed("plan", "plan", "-no-color", "-input=false", "-out=plan", *VARIABLES)
    applied.timed("apply", "apply", "-no-color", "-input=false", "plan")
    outputs = json.loads(terraform.run("output", "-json").stdout)
    applied.outputs = {name: output["value"] for name, output in outputs.items()}
    applied.state = json.loads(terraform.run("show", "-json").stdout)
    # From here on every request of a role is judged by what was applied.
    aws.judge.know(permissions.policies(applied.resources()))
    yield applied


def make_images(applied: Applied, folder: Path) -> Path:
    """Let the two images be what they hold, and return the folder whose files tell firms to fail."""
    work, markers = folder / "image", folder / "markers"
    work.mkdir()
    markers.mkdir()
    image.build(work)
    for profile in (work / "config/profiles").glob("aws-*/config.yaml"):
        # A machine that is already there needs no patience.
        text = profile.read_text().replace(
            "seconds-between-status-checks: 10", "seconds-between-status-checks: 1"
        )
        profile.write_text(text.replace("retries: 2", "retries: 0").replace("retries: 3", "retries: 0"))
    brought = {"PYTHONPATH": IMPORTS, "OMP_NUM_THREADS": "1", "TEST_MARKERS": str(markers)}
    brought |= {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_FIND_LINKS": str(wheels())}
    script = f'PATH={Path(sys.executable).parent}:$PATH; cp -r {work}/. . && exec "$@"'
    words = ["env", *(f"{key}={value}" for key, value in brought.items()), "bash", "-c", script, "bash"]
    applied.aws.images[applied.outputs["firm_topic_processor_image"]] = words
    reduce = str(REPO / "containers/theme-aggregator/entrypoint.py")
    applied.aws.images[applied.outputs["theme_aggregator_image"]] = [sys.executable, reduce]
    return markers


def put_calls(applied: Applied, name: str, calls: Path) -> dict[str, str]:
    """Put transcripts below input/ of the results bucket, and return what config.yaml calls its source."""
    bucket = applied.outputs["results_bucket"]
    applied.aws.client("s3").upload_file(str(calls), bucket, f"input/{name}/calls.csv")
    return {"kind": "s3", "path": f"s3://{bucket}/input/{name}/calls.csv"}


@dataclass(frozen=True)
class Execution:
    """An execution of the state machine that has ended."""

    status: str
    output: Any
    history: list[dict[str, Any]]
    seconds: float

    @property
    def states(self) -> list[str]:
        """Return the states that were entered, in order."""
        entered = (event.get("stateEnteredEventDetails", {}).get("name") for event in self.history)
        return [name for name in entered if name]


def execute(applied: Applied, name: str, given: dict[str, Any], patience: float = 1200) -> Execution:
    """Start an execution and wait for its end."""
    states = applied.aws.client("stepfunctions")
    began = time.monotonic()
    arn = states.start_execution(
        stateMachineArn=applied.outputs["state_machine_arn"], name=name, input=json.dumps(given)
    )["executionArn"]
    while (told := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
        assert time.monotonic() - began < patience, head_log(applied)
        time.sleep(0.5)
    history = states.get_execution_history(executionArn=arn)["events"]
    output = json.loads(told["output"]) if told.get("output") else None
    return Execution(told["status"], output, history, time.monotonic() - began)


def head_log(applied: Applied) -> str:
    """Return what all heads printed."""
    logs, group = applied.aws.client("logs"), "/earnings-themes-dev/head"
    lines = []
    for stream in logs.describe_log_streams(logGroupName=group)["logStreams"]:
        found = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])
        lines += [event["message"] for event in found["events"]]
    return "\n".join(lines)


def file(applied: Applied, run: str, name: str) -> dict[str, Any]:
    """Return a JSON file of a run."""
    key = f"{applied.outputs['results_prefix']}/results/{run}/{name}"
    body = applied.aws.client("s3").get_object(Bucket=applied.outputs["results_bucket"], Key=key)["Body"]
    return dict(json.loads(body.read()))


def receipt(applied: Applied, run: str) -> dict[str, Any]:
    """Return a run's receipt."""
    return file(applied, run, "run_receipt.json")


def messages(applied: Applied) -> list[str]:
    """Return what was sent to the alerts topic, subject and text, in order."""
    topic = applied.outputs["alerts_topic_arn"]
    sent = sns_backends["123456789012"]["us-east-1"].topics[topic].sent_notifications
    return [f"{subject}: {text}" for _, text, subject, *_ in sent]
