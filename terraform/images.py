"""Builds both images, pushes them, looks at what was pushed, and writes their digests where `make deploy` reads them.

    python terraform/images.py dev              # make images ENV=dev

A program, because three things go wrong by hand, and each is heard of only when a job starts: an image for the
builder's own processor (a Mac's), a list of manifests where SageMaker takes one, and a tag that is pushed twice.
"""

import argparse
import json
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import boto3

HERE = Path(__file__).parent
REPO = HERE.parent
IMAGES = ("firm-topic-processor", "theme-aggregator")
PLATFORM = "linux/amd64"  # the map's machines, Fargate and ml.m5 are all x86
# The one form that SageMaker takes; it refuses an index, and the OCI form as well
# (github.com/mlflow/mlflow/issues/13834, github.com/aws/amazon-sagemaker-feedback/issues/180).
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
KEPT = 10  # images that ECR keeps of each: modules/storage/main.tf, `keep the newest ten`


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit code: 1 where what was pushed is not what is needed."""
    parser = argparse.ArgumentParser(
        prog="images.py", description=__doc__.split("\n")[0] if __doc__ else None
    )
    parser.add_argument("environment", choices=("dev", "prod"), metavar="ENV", help="dev or prod")
    given = parser.parse_args(argv)
    told = json.loads(said("terraform", f"-chdir={HERE}", "output", "-json"))
    outputs = {name: output["value"] for name, output in told.items()}
    urls: dict[str, str] = outputs["repository_urls"]
    if f"-{given.environment}/" not in urls[IMAGES[0]]:
        print(
            f"Terraform's state is of {urls[IMAGES[0]]}: `make deploy ENV={given.environment}` first.",
            file=sys.stderr,
        )
        return 1
    deployed = {name: outputs[f"{name.replace('-', '_')}_image"].rpartition("@")[2] for name in IMAGES}
    if lost := [
        name for name in IMAGES if would_go(deployed[name], all_pushed(urls[name], outputs["region"]))
    ]:
        print(
            f"Of {' and '.join(lost)} the image that {given.environment} runs is the oldest of the {KEPT} that ECR keeps: one push "
            f"more, and ECR deletes it. `make deploy ENV={given.environment}` takes the newest; then `make images` again.",
            file=sys.stderr,
        )
        return 1
    tag = tag_of_now()
    log_in(urls[IMAGES[0]].partition("/")[0], outputs["region"])
    for name in IMAGES:
        run(*build_command(name, f"{urls[name]}:{tag}", outputs["torch_index"]))
    found = {name: pushed(urls[name], tag, outputs["region"]) for name in IMAGES}
    faults = [f"{name}: {fault}" for name, details in found.items() if (fault := fault_of(details))]
    if faults:
        print("Pushed, and of no use:", *faults, sep="\n  - ", file=sys.stderr)
        return 1
    path = digest_file(given.environment)
    digests = {name.replace("-", "_"): details["imageDigest"] for name, details in found.items()}
    path.write_text(json.dumps({"image_digests": digests}, indent=2) + "\n", encoding="utf-8")
    print(
        f"{path.relative_to(REPO)}: {digests}\nNow `make deploy ENV={given.environment}`, then `make cloud-settings`."
    )
    return 0


def would_go(digest: str, images: list[dict[str, Any]]) -> bool:
    """Return whether ECR would delete the image for the next that is pushed. images: what ECR says of each it has."""
    newest = sorted(images, key=lambda each: each["imagePushedAt"], reverse=True)
    return digest in [each["imageDigest"] for each in newest[KEPT - 1 :]]


def all_pushed(url: str, region: str) -> list[dict[str, Any]]:
    """Return what ECR says of each image of a repository."""
    pages = boto3.client("ecr", region_name=region).get_paginator("describe_images")
    return [
        each for page in pages.paginate(repositoryName=url.partition("/")[2]) for each in page["imageDetails"]
    ]


def tag_of_now() -> str:
    """Return a tag that was never used: ECR takes each once, and the same commit may be built again."""
    commit = said("git", "-C", str(REPO), "rev-parse", "--short", "HEAD").strip()
    return f"{commit}-{time.strftime('%Y%m%d%H%M%S', time.gmtime())}"


def build_command(name: str, image: str, torch_index: str) -> list[str]:
    """Return the command that builds an image and pushes it: for one platform, as one plain manifest."""
    return [
        "docker", "buildx", "build", "--platform", PLATFORM, "--provenance=false", "--sbom=false",
        "--build-arg", f"TORCH_INDEX={torch_index}", "--file", str(REPO / "containers" / name / "Dockerfile"),
        "--output", f"type=image,name={image},push=true,oci-mediatypes=false", str(REPO),
    ]  # fmt: skip


def log_in(registry: str, region: str) -> None:
    """Let docker push to the registry."""
    password = said("aws", "ecr", "get-login-password", "--region", region)
    words = ["docker", "login", "--username", "AWS", "--password-stdin", registry]
    subprocess.run(words, input=password, text=True, check=True)


def pushed(url: str, tag: str, region: str) -> dict[str, Any]:
    """Return what ECR says of an image."""
    where = {"repositoryName": url.partition("/")[2], "imageIds": [{"imageTag": tag}]}
    details: dict[str, Any] = boto3.client("ecr", region_name=region).describe_images(**where)[
        "imageDetails"
    ][0]
    return details


def fault_of(details: dict[str, Any]) -> str:
    """Return why SageMaker and Batch would refuse an image; empty where they take it."""
    kind = details.get("imageManifestMediaType", "")
    if kind == MANIFEST:
        return ""
    return f"its manifest is {kind}; expected {MANIFEST}. `docker buildx version` has to be 0.10 or newer."


def digest_file(environment: str) -> Path:
    """Return the file of digests that `make deploy` gives to Terraform; git ignores it."""
    return HERE / "environments" / f"{environment}.images.tfvars.json"


def said(*words: str) -> str:
    """Return what a command prints. Raises CalledProcessError."""
    return subprocess.run(words, text=True, stdout=subprocess.PIPE, check=True).stdout


def run(*words: str) -> Sequence[str]:
    """Run a command whose output the user sees. Raises CalledProcessError."""
    print("+", *words, flush=True)
    subprocess.run(words, check=True)
    return words


if __name__ == "__main__":
    try:
        sys.exit(main())
    except FileNotFoundError as error:
        sys.exit(
            f"make images needs {error.filename}, which is not installed (terraform, git, aws, docker with buildx)."
        )
    except subprocess.CalledProcessError as error:
        # What the command said stands above.
        sys.exit(
            f"This ended with status {error.returncode}, see above: {shlex.join(error.cmd[:6])}. Is docker running?"
        )
