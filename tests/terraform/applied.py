"""The dev environment, applied to the offline AWS; what tests and the demo do with it."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.offline_aws import OfflineAWS
from tests.offline_aws.terraform import load_managed_policies
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
    yield applied
