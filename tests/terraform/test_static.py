"""What Terraform itself says of the code, and what every variable and resource has to have; no AWS at all."""

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore import xform_name
from moto import mock_aws

from tests.conftest import REPO
from tests.terraform.conftest import Terraform

ROOT = REPO / "terraform/variables.tf"
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
    roots = ROOT.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if line.startswith("resource "):
            assert lines[number - 1].startswith("# "), (
                f"{path}:{number + 1}: {line} has no comment that says why"
            )
        if line.startswith(("variable ", "output ")):
            block = "\n".join(lines[number : lines.index("}", number)])
            wanted = ["description"] + (["type "] if line.startswith("variable") else [])
            # What the root checks, a module need not check again.
            wanted += (
                ["validation {"]
                if line.startswith("variable") and (path == ROOT or line not in roots)
                else []
            )
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
    assert ".tfvars" not in said.stderr, "no such file is there to be written"


def deploy_module() -> dict[str, Any]:
    return runpy.run_path(str(REPO / "terraform/deploy.py"))


def test_deploy_refuses_another_region_than_the_deployments() -> None:
    """Else the state lies in one region, the machines in another, and the images in a third."""
    (fault,) = deploy_module()["other_region"]("eu-west-1", "us-east-1", "dev")
    assert "eu-west-1" in fault and "export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1" in fault
    assert deploy_module()["other_region"]("us-east-1", "us-east-1", "dev") == []


def test_deploy_refuses_where_nobody_is_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    deploy = deploy_module()
    monkeypatch.delenv("TF_VAR_alert_emails", raising=False)
    (fault,) = deploy["nobody_to_write_to"](deploy["Settings"]("dev"), "dev")
    assert 'alert_emails = ["you@example.org"]' in fault
    monkeypatch.setenv("TF_VAR_alert_emails", '["me@example.org"]')
    assert deploy["nobody_to_write_to"](deploy["Settings"]("dev"), "dev") == []


def test_deploy_refuses_another_accounts_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = deploy_module()["missing_backend"]
    monkeypatch.setitem(missing.__globals__, "BACKEND", tmp_path / "backend.tf")
    (fault,) = missing("123456789012", "us-east-1", "dev")
    assert "bootstrap dev" in fault
    (tmp_path / "backend.tf").write_text('bucket = "earnings-themes-state-210987654321-us-east-1"\n')
    (fault,) = missing("123456789012", "us-east-1", "dev")
    assert "is another's" in fault
    (tmp_path / "backend.tf").write_text('bucket = "earnings-themes-state-123456789012-us-east-1"\n')
    assert missing("123456789012", "us-east-1", "dev") == []


class _NewAccount:
    """The quotas of a new account."""

    def get_service_quota(self, ServiceCode: str, QuotaCode: str) -> dict[str, Any]:  # noqa: N803
        return {"Quota": {"Value": {"L-3032A538": 6.0, "L-0307F515": 0.0}.get(QuotaCode, 5.0)}}


def test_deploy_tells_which_quotas_of_a_new_account_are_low_and_how_to_ask(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Jobs above a quota wait for ever, and a reduce above its own fails when the map has been paid for."""
    deploy = deploy_module()
    monkeypatch.setattr(boto3, "client", lambda service: _NewAccount())
    lines = deploy["quota_lines"](deploy["quotas"](deploy["Settings"]("dev")), "us-east-1")
    said = "\n".join(lines)
    assert "LOW All Standard Spot Instance Requests: 5, 16 wanted" in said
    assert "ok  Running On-Demand Standard instances: 5, 4 wanted" in said
    assert "ok  Fargate On-Demand vCPU resource count: 6, 4 wanted" in said
    assert "LOW ml.m5.xlarge for processing job usage: 0, 1 wanted" in said
    assert 'reduce_backend = "local"' in said
    asked = [line.split() for line in lines if "request-service-quota-increase" in line]
    model = botocore.session.get_session().get_service_model("service-quotas")
    needed = model.operation_model("RequestServiceQuotaIncrease").input_shape.required_members
    for words in asked:
        assert {f"--{xform_name(name, '-')}" for name in needed} <= set(words)


def test_check_tells_region_address_and_quotas_before_anything_is_deployed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main = deploy_module()["main"]
    backend = tmp_path / "backend.tf"
    backend.write_text('bucket = "earnings-themes-state-123456789012-us-east-1"\n')
    monkeypatch.setitem(main.__globals__, "BACKEND", backend)
    monkeypatch.setattr(boto3, "client", lambda service: _NewAccount())
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "TF_VAR_alert_emails"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        assert main(["check", "dev"]) == 1
        said = capsys.readouterr().err
        assert "your terminal's is eu-west-1, the deployment's is us-east-1" in said
        assert "an address: write alert_emails" in said
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.setenv("TF_VAR_alert_emails", '["me@example.org"]')
        assert main(["check", "dev"]) == 0
        assert "LOW ml.m5.xlarge for processing job usage: 0, 1 wanted" in capsys.readouterr().out


def test_the_variable_that_deploy_asks_for_is_one_that_gives_boto3_its_region(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command line of AWS reads AWS_REGION; boto3 does not."""
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    _, _, fault = deploy_module()["whose_account"]()
    ((name, value),) = re.findall(r"`export (\w+)=(\S+)`", fault)
    monkeypatch.setenv(name, value)
    assert boto3.Session().region_name == value


def test_the_same_commit_gets_a_tag_that_ecr_has_not_seen() -> None:
    """Tags are immutable: a commit's own name could be pushed once."""
    images = runpy.run_path(str(REPO / "terraform/images.py"))
    images["tag_of_now"].__globals__["said"] = lambda *words: "878df36\n"
    assert re.fullmatch(r"878df36-20\d{12}", images["tag_of_now"]())


def test_a_push_that_would_let_go_of_the_deployed_image_is_known() -> None:
    """ECR keeps ten; nothing tells it which of them the job definitions name."""
    would_go = runpy.run_path(str(REPO / "terraform/images.py"))["would_go"]
    rule = (REPO / "terraform/modules/storage/main.tf").read_text(encoding="utf-8")
    kept = int(re.findall(r'"imageCountMoreThan", countNumber = (\d+)', rule)[0])
    images = [
        {"imageDigest": f"sha256:{n}", "imagePushedAt": datetime(2026, 1, n, tzinfo=UTC)}
        for n in range(1, kept + 1)
    ]
    assert would_go("sha256:1", images)
    assert not would_go("sha256:1", images[:-1])
    assert not would_go("sha256:2", images)


def test_an_image_is_built_for_the_machines_that_run_it_and_as_one_plain_manifest() -> None:
    images = runpy.run_path(str(REPO / "terraform/images.py"))
    words = " ".join(images["build_command"]("theme-aggregator", "registry/theme-aggregator:tag", "index"))
    for needed in (
        "--platform linux/amd64",
        "--provenance=false",
        "--sbom=false",
        "push=true,oci-mediatypes=false",
    ):
        assert needed in words
    assert (
        images["fault_of"]({"imageManifestMediaType": "application/vnd.docker.distribution.manifest.v2+json"})
        == ""
    )
    for other in ("application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json"):
        assert other in images["fault_of"]({"imageManifestMediaType": other})


def test_a_missing_program_ends_the_images_in_one_line(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, str(REPO / "terraform/images.py"), "dev"],
        env={"PATH": str(tmp_path)}, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert said.returncode == 1
    assert (
        said.stderr.startswith("make images needs terraform, which is not installed")
        and "\n" not in said.stderr.strip()
    )


def test_no_document_builds_an_image_for_the_cloud_in_another_way() -> None:
    for page in [REPO / "README.md", *(REPO / "docs").rglob("*.md")]:
        for line in page.read_text(encoding="utf-8").splitlines():
            assert not ("docker build" in line and "$REGISTRY" in line), (
                f"{page.name}: {line}; it is `make images`"
            )


def test_the_accounts_own_log_groups_do_not_keep_everything_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    keep = deploy_module()["keep_logs_for_a_while"]
    with mock_aws():
        logs = boto3.client("logs", region_name="us-east-1")
        logs.create_log_group(logGroupName="/aws/batch/job")
        logs.put_retention_policy(logGroupName="/aws/batch/job", retentionInDays=7)
        keep()
        keep()
        kept = {
            group["logGroupName"]: group["retentionInDays"]
            for group in logs.describe_log_groups()["logGroups"]
        }
    assert kept == {"/aws/sagemaker/ProcessingJobs": 30, "/aws/batch/job": 7}


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
