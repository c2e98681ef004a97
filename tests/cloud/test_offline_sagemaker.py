"""The offline Processing jobs: a command runs with its folders, its failures and its name as on SageMaker."""

import time
from typing import Any

import pytest

from tests.cloud.conftest import BUCKET, IMAGE
from tests.offline_aws import OfflineAWS


def request(**more: Any) -> dict[str, Any]:
    source = {"S3Uri": f"s3://{BUCKET}/in", "LocalPath": "/opt/ml/processing/input", "S3DataType": "S3Prefix"}
    target = {
        "S3Uri": f"s3://{BUCKET}/out",
        "LocalPath": "/opt/ml/processing/output",
        "S3UploadMode": "EndOfJob",
    }
    return {
        "ProcessingJobName": "job",
        "RoleArn": "arn:aws:iam::123456789012:role/reduce",
        "AppSpecification": {
            "ImageUri": IMAGE,
            "ContainerArguments": [
                "/opt/ml/processing/input",
                "/opt/ml/processing/output",
                "/opt/ml/output/message",
            ],
        },
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
        },
        "ProcessingInputs": [{"InputName": "in", "S3Input": source | {"S3InputMode": "File"}}],
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "out", "S3Output": target}]},
        "Environment": {"WORD": "value"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    } | more


def ended(aws: OfflineAWS) -> dict[str, Any]:
    for _ in range(600):
        job: dict[str, Any] = aws.client("sagemaker").describe_processing_job(ProcessingJobName="job")
        if job["ProcessingJobStatus"] not in ("InProgress", "Stopping"):
            return job
        time.sleep(0.05)
    raise AssertionError("the job does not end")


def test_a_command_gets_its_input_and_its_output_is_kept(aws: OfflineAWS) -> None:
    aws.client("s3").put_object(Bucket=BUCKET, Key="in/below/a.txt", Body=b"said ")
    script = 'cat "$1/below/a.txt" > "$2/b.txt"; printf "$WORD" >> "$2/b.txt"; printf done > "$3"'
    aws.images[IMAGE] = ["sh", "-ec", script, "sh"]
    aws.client("sagemaker").create_processing_job(**request())
    job = ended(aws)
    assert (job["ProcessingJobStatus"], job["ExitMessage"]) == ("Completed", "done")
    assert aws.client("s3").get_object(Bucket=BUCKET, Key="out/b.txt")["Body"].read() == b"said value"


def test_an_input_that_is_not_there_and_an_image_that_nobody_knows_fail(aws: OfflineAWS) -> None:
    sagemaker = aws.client("sagemaker")
    sagemaker.create_processing_job(**request())
    assert "No S3 objects found" in ended(aws)["FailureReason"]
    with pytest.raises(sagemaker.exceptions.ResourceInUse):
        sagemaker.create_processing_job(**request())
