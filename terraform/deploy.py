"""What has to be there before `make deploy` and `make destroy`, and the bucket of Terraform's state.

    python terraform/deploy.py check dev        # exit status 1 and a list of what is missing
    python terraform/deploy.py bootstrap dev    # once an account: makes the state bucket, writes backend.tf

A program and not a note in the runbook, because Terraform's own messages for these say neither what is missing nor
what to do about it, and one of them comes only after minutes of work.
"""

import argparse
import contextlib
import shutil
import sys
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

HERE = Path(__file__).parent
BACKEND = HERE / "backend.tf"
ENVIRONMENTS = ("dev", "prod")


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit code: 1 where something is missing."""
    parser = argparse.ArgumentParser(
        prog="deploy.py", description=__doc__.split("\n")[0] if __doc__ else None
    )
    parser.add_argument("command", choices=("check", "bootstrap"))
    parser.add_argument("environment", nargs="?", default="", metavar="ENV", help="dev or prod")
    given = parser.parse_args(argv)
    missing = missing_here(given.environment)
    account, region, fault = whose_account()
    missing += [fault] if fault else []
    if given.command == "check":
        missing += [] if BACKEND.exists() else [_NO_BACKEND.format(environment=given.environment or "dev")]
    if missing:
        print("Not possible yet:", *missing, sep="\n  - ", file=sys.stderr)
        return 1
    if given.command == "bootstrap":
        print(f"state of account {account}: {make_state_bucket(account, region)}")
    else:
        print(f"account {account}, region {region}, environment {given.environment}")
    return 0


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
                "and none in ~/.aws. `aws configure sso` sets up short-lived ones, `aws sso login` renews them."
            ),
        )
    if session.region_name is None:
        return (
            "",
            "",
            "a region: set AWS_REGION, or region in ~/.aws/config; it has to be that of the .tfvars file.",
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


if __name__ == "__main__":
    sys.exit(main())
