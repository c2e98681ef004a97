"""What the profiles ask of an account, against what it allows and what its machines hold."""

import json
import re
from typing import Any

import pytest
import yaml

from earnings_themes.cloud import head
from tests.cloud.cloud_run import PROFILES
from tests.conftest import REPO

# AWS re:Post, "aws-batch-requests-error": of all kinds, in an account and second.
BATCH_CALLS = 50
# A submission takes aws-batch three: it registers a definition, submits, and removes the definition.
CALLS_A_JOB = {"aws-basic-batch": 1, "aws-batch": 3}
# c6i.2xlarge has 8 vCPUs and 16 GB, of which the system and the ECS agent keep up to one.
USABLE_MB = 15 * 1024


def profile(name: str) -> dict[str, Any]:
    text = (REPO / f"config/profiles/{name}/config.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text.replace("?cloud", "cloud")))


@pytest.mark.parametrize("name", PROFILES)
def test_two_heads_stay_below_what_batch_takes_of_an_account(name: str) -> None:
    """Two, or as many as an execution begins at once; a refused submission ends a run."""
    machine = (REPO / "terraform/modules/orchestration/pipeline.asl.json").read_text(encoding="utf-8")
    heads = json.loads(machine)["States"]["UsualPace"]["Result"]["at_once"]
    assert heads >= 2
    settings = profile(name)
    submissions = int(settings["max-jobs-per-timespan"].split("/")[0])
    calls = heads * (int(settings["max-status-checks-per-second"]) + CALLS_A_JOB[name] * submissions)
    assert calls < BATCH_CALLS, f"{heads} heads ask Batch {calls} times a second"


@pytest.mark.parametrize("name", PROFILES)
def test_two_of_the_largest_jobs_share_a_machine_so_that_half_of_it_is_not_idle(name: str) -> None:
    rules = profile(name)["set-resources"]
    asked = {rule: needs.get("aws_batch_mem_mb") or needs["mem_mb"] for rule, needs in rules.items()}
    assert {rule: mb for rule, mb in asked.items() if 2 * mb > USABLE_MB} == {}


def test_nothing_that_a_user_types_or_deploys_starts_a_privileged_container() -> None:
    """aws-batch makes privileged definitions, on the machine's own network; it has to be asked for by name."""
    runbook = (REPO / "docs/operating/runbook.md").read_text(encoding="utf-8")
    assert set(re.findall(r"config/profiles/(aws-[a-z-]+)", runbook)) == {"aws-basic-batch"}
    variables = (REPO / "terraform/variables.tf").read_text(encoding="utf-8")
    (default,) = re.findall(r'^variable "executor" \{.*?^  default += "(.+?)"', variables, re.M | re.S)
    assert default == "aws-basic-batch"
    assert head.arguments(["--run", "r"]).profile == "config/profiles/aws-basic-batch"
