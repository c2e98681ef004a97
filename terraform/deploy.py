"""What has to be there before `make deploy` and `make destroy`, and what is made once an account.

    python terraform/deploy.py check dev        # exit status 1 and a list of what is missing; the account's quotas
    python terraform/deploy.py bootstrap dev    # once an account: the bucket of Terraform's state, and backend.tf

A program and not a note in the runbook, because Terraform's own messages for these say neither what is missing nor
what to do about it, some come only after minutes of work, and a quota is heard of when the map has been paid for.
"""

import argparse
import contextlib
import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

try:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError
except ModuleNotFoundError:
    sys.exit("terraform/deploy.py needs boto3, which is not installed. Type: make cloud")

HERE = Path(__file__).parent
BACKEND = HERE / "backend.tf"
ENVIRONMENTS = ("dev", "prod")
# Groups that AWS makes by itself, and keeps for ever: of a reduce, and of jobs of the executor aws-batch.
LOG_GROUPS = ("/aws/sagemaker/ProcessingJobs", "/aws/batch/job")
LOG_DAYS = 30


@dataclass(frozen=True)
class Quota:
    """A limit of an account: its codes, what a new account often has, what a deployment wants, and what for.

    The figures of new accounts are those of the AWS General Reference (EC2, Fargate), and as people report them
    (SageMaker); AWS may give other ones.
    """

    service: str
    code: str
    name: str
    new_account: int
    wanted: int
    what_for: str


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit code: 1 where something is missing."""
    parser = argparse.ArgumentParser(
        prog="deploy.py", description=__doc__.split("\n")[0] if __doc__ else None
    )
    parser.add_argument("command", choices=("check", "bootstrap"))
    parser.add_argument("environment", nargs="?", default="", metavar="ENV", help="dev or prod")
    given = parser.parse_args(argv)
    missing = missing_here(given.environment)
    settings = Settings(given.environment)
    account, region, fault = whose_account()
    missing += [fault] if fault else []
    if not fault and given.environment in ENVIRONMENTS:
        missing += other_region(region, settings.text("region"), given.environment)
    if given.command == "check":
        missing += missing_backend(account, region, given.environment)
        missing += nobody_to_write_to(settings, given.environment)
    if missing:
        print("Not possible yet:", *missing, sep="\n  - ", file=sys.stderr)
        return 1
    if given.command == "bootstrap":
        print(f"state of account {account}: {make_state_bucket(account, region)}")
        keep_logs_for_a_while()
    else:
        print(f"account {account}, region {region}, environment {given.environment}")
        print(*quota_lines(quotas(settings), region), sep="\n")
    return 0


class Settings:
    """What environments/ENV.tfvars says; a value that it does not name is that of variables.tf."""

    def __init__(self, environment: str) -> None:
        path = HERE / "environments" / f"{environment}.tfvars"
        self.words = path.read_text(encoding="utf-8") if path.exists() else ""
        self.variables = (HERE / "variables.tf").read_text(encoding="utf-8")

    def text(self, name: str) -> str:
        """Return a value as it is written, without the quotation marks of a text; empty where there is none."""
        found = re.search(rf"^{name}\s*=\s*(.+?)\s*(?:#.*)?$", self.words, re.MULTILINE)
        _, _, variable = self.variables.partition(f'variable "{name}" {{')
        default = re.search(r"^  default\s*=\s*(.+)$", variable.partition("\n}")[0], re.MULTILINE)
        told = found or default
        return (os.environ.get(f"TF_VAR_{name}") or (told[1] if told else "")).strip('"')


def other_region(region: str, wanted: str, environment: str) -> list[str]:
    """Return a fault where commands would go to one region and the deployment to another."""
    if region == wanted:
        return []
    return [
        f"one region: your terminal's is {region}, the deployment's is {wanted} (region in "
        f"terraform/environments/{environment}.tfvars, or its default). `export AWS_REGION={wanted} "
        f'AWS_DEFAULT_REGION={wanted}`, or write region = "{region}" into that file.'
    ]


def missing_backend(account: str, region: str, environment: str) -> list[str]:
    """Return a fault where the state has no place yet, or another account's or region's."""
    if not BACKEND.exists():
        return [_NO_BACKEND.format(environment=environment or "dev")]
    if account and f"-{account}-{region}" not in BACKEND.read_text(encoding="utf-8"):
        return [
            f"{BACKEND.name} of account {account} and region {region}: the one here is another's. With AWS_PROFILE as "
            f"it is, `.venv/bin/python terraform/deploy.py bootstrap {environment}` writes it anew."
        ]
    return []


def nobody_to_write_to(settings: Settings, environment: str) -> list[str]:
    """Return a fault where nobody hears of failed runs and of the bill."""
    if environment not in ENVIRONMENTS or "@" in settings.text("alert_emails"):
        return []
    return [
        f'an address: write alert_emails = ["you@example.org"] into terraform/environments/{environment}.tfvars. '
        "Failed runs and the budget are told to it, and to nobody else."
    ]


def quotas(settings: Settings) -> list[Quota]:
    """Return the limits that a deployment meets."""
    vcpus = int(settings.text("map_max_vcpus"))
    found = [
        Quota("ec2", "L-34B43A08", "All Standard Spot Instance Requests", 5, vcpus, "vCPUs of the map"),
        Quota(
            "ec2", "L-1216C47A", "Running On-Demand Standard instances", 5, max(4, vcpus // 8),
            "vCPUs of the map where spot has none left",
        ),
        Quota("fargate", "L-3032A538", "Fargate On-Demand vCPU resource count", 6, 4, "two heads at once"),
    ]  # fmt: skip
    if settings.text("reduce_backend") == "sagemaker":
        name = "ml.m5.xlarge for processing job usage"
        found.append(Quota("sagemaker", "L-0307F515", name, 0, 1, "the reduce"))
    if settings.text("enable_gpu") == "true":
        gpus = int(settings.text("gpu_max_vcpus"))
        found.append(
            Quota("ec2", "L-3819A6DF", "All G and VT Spot Instance Requests", 0, gpus, "encoding on GPUs")
        )
    return found


def quota_lines(wanted: list[Quota], region: str) -> list[str]:
    """Return one line per quota: what the account has, what is wanted, how to ask for it. None ends a deployment."""
    client = boto3.client("service-quotas")
    lines = ["quotas (a job above one waits; a reduce above its own fails):"]
    for quota in wanted:
        try:
            given = client.get_service_quota(ServiceCode=quota.service, QuotaCode=quota.code)["Quota"]
            has = float(given["Value"])
        except (BotoCoreError, ClientError) as error:
            lines.append(f"  ?   {quota.name}: not told ({error}); a new account has {quota.new_account}")
            continue
        enough = has >= quota.wanted
        lines.append(
            f"  {'ok ' if enough else 'LOW'} {quota.name}: {has:g}, {quota.wanted} wanted for {quota.what_for}"
        )
        if not enough:
            lines.append(
                f"      aws service-quotas request-service-quota-increase --region {region} "
                f"--service-code {quota.service} --quota-code {quota.code} --desired-value {quota.wanted}"
            )
        if not has and quota.service == "sagemaker":
            lines.append(
                '      until it is given: reduce_backend = "local" in the .tfvars file, a job of the map\'s queue'
            )
    return lines


_NO_BACKEND = (
    "terraform/backend.tf, which says where Terraform keeps its state. "
    "`.venv/bin/python terraform/deploy.py bootstrap {environment}` makes the bucket and writes the file."
)


def missing_here(environment: str) -> list[str]:
    """Return what this machine or the command line lacks."""
    missing = []
    if environment not in ENVIRONMENTS:
        missing.append(f"ENV is {environment!r}; expected dev or prod, as in `make deploy ENV=dev`.")
    if shutil.which("terraform") is None:
        missing.append("terraform 1.10 or newer, from https://developer.hashicorp.com/terraform/install.")
    return missing


def whose_account() -> tuple[str, str, str | None]:
    """Return the account and the region of the credentials in use, or a fault that says what is missing."""
    session = boto3.Session()
    if session.get_credentials() is None:
        return (
            "",
            "",
            (
                "AWS credentials: none in the environment (AWS_PROFILE, or AWS_ACCESS_KEY_ID and its secret) "
                "and none in ~/.aws. `aws configure sso` sets up short-lived ones under a name: `export "
                "AWS_PROFILE=NAME`; `aws sso login` renews them."
            ),
        )
    if session.region_name is None:
        return (
            "",
            "",
            "a region: `export AWS_DEFAULT_REGION=us-east-1`, or region in ~/.aws/config; that of the .tfvars file.",
        )
    try:
        told: Any = session.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        return "", "", f"AWS credentials that are valid now: {error} `aws sso login` renews them."
    return str(told["Account"]), session.region_name, None


def make_state_bucket(account: str, region: str) -> str:
    """Make the bucket where it is not there, and write backend.tf. Returns the bucket's name.

    Versioned, because a state that is lost or half written is a deployment that nobody can change any more.
    """
    name = f"earnings-themes-state-{account}-{region}"
    s3 = boto3.client("s3")
    where: Any = (
        {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    )
    with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=name, **where)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_public_access_block(
        Bucket=name,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    rule: Any = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    BACKEND.write_text(
        "# Written by terraform/deploy.py for one account; git ignores it. The key comes with `terraform init`.\n"
        f'terraform {{\n  backend "s3" {{\n    bucket       = "{name}"\n    region       = "{region}"\n'
        "    encrypt      = true\n    use_lockfile = true\n  }\n}\n",
        encoding="utf-8",
    )
    return name


def keep_logs_for_a_while() -> None:
    """Make the log groups that AWS would make by itself, and give those that keep everything an end."""
    logs = boto3.client("logs")
    for name in LOG_GROUPS:
        with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_group(logGroupName=name)
        found = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        if not any(group["logGroupName"] == name and "retentionInDays" in group for group in found):
            logs.put_retention_policy(logGroupName=name, retentionInDays=LOG_DAYS)


if __name__ == "__main__":
    sys.exit(main())
