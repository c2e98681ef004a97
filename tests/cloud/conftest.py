"""A server that stands for AWS, one for all tests and empty for each, and a run on its S3."""

import copy
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import REPO
from tests.offline_aws import OfflineAWS
from tests.small_run import RUN

BUCKET = "earnings-themes-dev-123456789012"  # as the deployed one is called, so that its policies fit
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/theme-aggregator:1"
ENTRYPOINT = [sys.executable, str(REPO / "containers/theme-aggregator/entrypoint.py")]


@pytest.fixture(scope="session")
def server() -> Iterator[OfflineAWS]:
    with OfflineAWS() as aws:
        yield aws


@pytest.fixture
def aws(server: OfflineAWS, monkeypatch: pytest.MonkeyPatch) -> Iterator[OfflineAWS]:
    """An empty AWS with a bucket, which boto3 finds by itself; the image's command is the real entrypoint."""
    server.patch()
    for key, value in server.environment.items():
        monkeypatch.setenv(key, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    server.client("s3").create_bucket(Bucket=BUCKET)
    server.images[IMAGE] = ENTRYPOINT
    yield server
    server.reset()


@pytest.fixture
def upload(aws: OfflineAWS) -> Callable[[Path], None]:
    """Put a run's folder on S3, where the config says."""

    def put(folder: Path) -> None:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            key = f"results/{RUN}/{path.relative_to(folder)}"
            aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=path.read_bytes())

    return put


@pytest.fixture
def config() -> dict[str, Any]:
    """The shipped config, with a reduce on SageMaker."""
    raw: dict[str, Any] = copy.deepcopy(
        yaml.safe_load((REPO / "config/config.yaml").read_text(encoding="utf-8"))
    )
    raw["run"] = RUN
    raw["themes"]["stability_runs"] = 1
    raw["reduce"]["backend"] = "sagemaker"
    raw["reduce"]["sagemaker"] |= {
        "run_uri": f"s3://{BUCKET}/results/{{run}}",
        "image": IMAGE,
        "role": "arn:aws:iam::123456789012:role/theme-aggregator",
        "subnets": ["subnet-0a1b2c3d"],
        "security_groups": ["sg-0a1b2c3d"],
        "tags": {"Project": "earnings-themes", "Environment": "dev", "Owner": "faculty", "CostCenter": "12"},
    }
    return raw
