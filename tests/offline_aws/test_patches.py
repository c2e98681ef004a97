"""A patch of moto is kept only as long as moto needs it: each test fails when it no longer does."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.offline_aws import sagemaker

REQUEST: dict[str, Any] = {
    "ProcessingJobName": "stock",
    "RoleArn": "arn:aws:iam::123456789012:role/reduce",
    "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": ["false"]},
    "ProcessingResources": {
        "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
    },
    "Environment": {"KEY": "value"},
}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of moto as it is released."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    patched = (
        sagemaker.SageMakerResponse.create_processing_job,
        sagemaker.SageMakerModelBackend.stop_processing_job,
    )
    sagemaker.unpatch()
    with mock_aws():
        yield boto3.client("sagemaker", region_name="us-east-1")
    sagemaker.SageMakerResponse.create_processing_job = patched[0]  # type: ignore[method-assign]
    sagemaker.SageMakerModelBackend.stop_processing_job = patched[1]  # type: ignore[method-assign]


def test_stock_moto_completes_a_job_at_once_without_running_it(client: Any) -> None:
    client.create_processing_job(**REQUEST)
    job = client.describe_processing_job(ProcessingJobName="stock")
    assert job["ProcessingJobStatus"] == "Completed"  # its command is `false`
    assert "ExitMessage" not in job


def test_stock_moto_forgets_resources_and_environment(client: Any) -> None:
    client.create_processing_job(**REQUEST)
    job = client.describe_processing_job(ProcessingJobName="stock")
    assert "ProcessingResources" not in job
    assert "Environment" not in job


def test_stock_moto_takes_a_name_twice(client: Any) -> None:
    client.create_processing_job(**REQUEST)
    client.create_processing_job(**REQUEST)


def test_stock_moto_stops_a_job_that_has_ended(client: Any) -> None:
    client.create_processing_job(**REQUEST)
    client.stop_processing_job(ProcessingJobName="stock")
    assert client.describe_processing_job(ProcessingJobName="stock")["ProcessingJobStatus"] == "Stopped"
