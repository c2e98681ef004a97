"""What Terraform itself says of the code, and what every variable and resource has to have; no AWS at all."""

import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from tests.conftest import REPO
from tests.terraform.conftest import Terraform

FILES = sorted(path for path in (REPO / "terraform").rglob("*.tf") if ".terraform" not in path.parts)


def test_the_code_is_valid_and_formatted(terraform: Terraform) -> None:
    terraform.run("validate", "-no-color")
    assert terraform.run("fmt", "-check", "-recursive", "-no-color").stdout == ""


def test_variables_counts_and_refusals(terraform: Terraform) -> None:
    said = terraform.run("test", "-no-color").stdout
    assert re.search(r"Success! \d+ passed, 0 failed", said), said


def test_the_lock_file_holds_for_every_machine_that_terraform_runs_on() -> None:
    """With one platform's hash, `make deploy` on a Mac ends in "doesn't match any of the checksums"."""
    text = (REPO / "terraform/.terraform.lock.hcl").read_text(encoding="utf-8")
    hashes = re.findall(r'"(h1|zh):([^"]+)"', text)
    assert sum(kind == "h1" for kind, _ in hashes) >= 3, "linux, linux on arm, Mac at least"
    # The registry signs this list, an archive a platform: with it any platform's download can be checked.
    assert sum(kind == "zh" for kind, _ in hashes) >= 10


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(REPO / "terraform")))
def test_everything_is_explained(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if line.startswith("resource "):
            assert lines[number - 1].startswith("# "), (
                f"{path}:{number + 1}: {line} has no comment that says why"
            )
        if line.startswith(("variable ", "output ")):
            block = "\n".join(lines[number : lines.index("}", number)])
            wanted = ["description"] + (["type ", "validation {"] if line.startswith("variable") else [])
            missing = [word for word in wanted if word not in block]
            assert not missing, f"{path}:{number + 1}: {line} lacks {missing}"


def test_the_state_machine_is_a_json_file_of_its_own_in_which_nothing_waits_for_ever() -> None:
    path = REPO / "terraform/modules/orchestration/pipeline.asl.json"
    machine = json.loads(path.read_text(encoding="utf-8"))
    assert "TimeoutSeconds" in machine
    tasks = dict(_tasks(machine["States"]))
    assert tasks
    assert [name for name, state in tasks.items() if "TimeoutSeconds" not in state] == []
    # Each failure has a way to a person: a retry, a catch, or both.
    assert [name for name, state in tasks.items() if not {"Retry", "Catch"} & set(state)] == []


def test_the_state_machine_is_valid_to_the_validator_of_aws_labs_origin() -> None:
    """moto's parser reads it in tests/cloud/test_state_machine.py; this one knows other rules."""
    validator = REPO / "node_modules/.bin/asl-validator"
    if not validator.exists():
        pytest.skip("needs asl-validator: npm ci")
    text = (REPO / "terraform/modules/orchestration/pipeline.asl.json").read_text(encoding="utf-8")
    said = subprocess.run(
        [validator, "--json-definition", text.replace("${partition}", "aws")],
        text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stdout + said.stderr


def _tasks(states: dict) -> list[tuple[str, dict]]:  # type: ignore[type-arg]
    found = []
    for name, state in states.items():
        if state["Type"] == "Task":
            found.append((name, state))
        if "ItemProcessor" in state:
            found += _tasks(state["ItemProcessor"]["States"])
    return found


def test_deploy_refuses_without_credentials_and_says_what_is_missing(tmp_path: Path) -> None:
    bare = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}
    said = subprocess.run(
        [sys.executable, str(REPO / "terraform/deploy.py"), "check", "qa"],
        env=bare, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert said.returncode == 1
    for missing in ("ENV is 'qa'", "AWS credentials", "backend.tf"):
        assert missing in said.stderr


def test_the_state_bucket_is_made_once_and_named_in_the_backend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    deploy = runpy.run_path(str(REPO / "terraform/deploy.py"))
    make = deploy["make_state_bucket"]
    monkeypatch.setitem(make.__globals__, "BACKEND", tmp_path / "backend.tf")
    with mock_aws():
        name = make("123456789012", "eu-west-1")
        assert make("123456789012", "eu-west-1") == name
        assert boto3.client("s3").get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    backend = (tmp_path / "backend.tf").read_text()
    assert name in backend and "use_lockfile = true" in backend
