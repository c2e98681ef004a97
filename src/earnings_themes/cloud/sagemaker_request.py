"""The request of the reduce's Processing job, and the job's name, which identifies its input.

The same input gives the same name on every machine. SageMaker accepts a name once, so the name is a lock: of
two callers one starts the job and the other finds it. Limits are those of the Amazon SageMaker API Reference,
"CreateProcessingJob".
"""

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from earnings_themes import __version__
from earnings_themes.config import Config, SageMaker
from earnings_themes.system.folders import FileInfo
from earnings_themes.system.job import WORKFLOW_CODE, code_version
from earnings_themes.system.s3 import S3Folder

# A name has up to 63 letters, digits and '-', and no '-' at either end.
_NAME_LENGTH: Final = 63
# 64 bits: two inputs of one run share a digest with a chance of 1 in 10**19.
_DIGEST_DIGITS: Final = 16
_ATTEMPT_DIGITS: Final = 2
_RUN_LENGTH: Final = _NAME_LENGTH - len("themes---") - _DIGEST_DIGITS - _ATTEMPT_DIGITS

CONFIG_FILE: Final = "config.yaml"


def base_name(
    config: Config,
    firms: bytes,
    topics: Mapping[str, FileInfo],
    sentences: Mapping[str, FileInfo],
    table: str | None,
    basis: str = "",
) -> str:
    """Return the name of the job for this input, to which the number of the attempt is added.

    firms: the bytes of firms.tsv. topics: the files of topics/ with their versions. sentences: the same of
    the sentences and their vectors. basis: of the registry, what the run starts from (Registry.basis). The machine
    and its network are left out: they change no theme.
    """
    job = config.reduce.sagemaker
    assert job is not None
    matters = {
        "run": config.run,
        "run_uri": job.run_uri,
        "image": job.image,
        "version": __version__,
        "themes": dataclasses.asdict(config.themes),
        "registry": [dataclasses.asdict(config.registry), basis] if config.registry else None,
        "min_firm_coverage": config.reduce.min_firm_coverage,
        "seed": config.seed,
        "table": table,
        "firms": hashlib.sha256(firms).hexdigest(),
        "space": config.embedding.space,
        "topics": {name: [file.size, file.version] for name, file in sorted(topics.items())},
        "sentences": {name: [file.size, file.version] for name, file in sorted(sentences.items())},
    }
    text = json.dumps(matters, sort_keys=True, ensure_ascii=True, default=dict)
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_DIGITS]
    run = re.sub("[^A-Za-z0-9]+", "-", config.run)[:_RUN_LENGTH].strip("-") or "run"
    return f"themes-{run}-{digest}"


def job_name(base: str, attempt: int) -> str:
    """Return the name of the attempt, counted from 1."""
    return f"{base}-{attempt}"


def attempt_of(name: str, base: str) -> int | None:
    """Return which attempt a job is, or None for a job of another input."""
    number = name.removeprefix(f"{base}-")
    return int(number) if name.startswith(f"{base}-") and number.isdecimal() else None


def job_request(
    name: str, job: SageMaker, run: str, folder: S3Folder, results: S3Folder, table: str | None, region: str
) -> dict[str, Any]:
    """Return the arguments of create_processing_job.

    folder: the run's files. results: where config.yaml lies, and where themes.json and the receipt go. The
    container reads and writes both itself, so the request names no ProcessingInputs and no outputs.
    """
    arguments = ["--input-bucket", folder.bucket, "--input-prefix", folder.prefix]
    arguments += ["--dynamodb-table", table] if table else []
    arguments += ["--config", f"{results}/{CONFIG_FILE}", "--output", str(results)]
    # SageMaker shows what a container leaves here as the job's ExitMessage.
    arguments += ["--message-file", "/opt/ml/output/message"]
    cluster = {"InstanceCount": 1, "InstanceType": job.instance_type, "VolumeSizeInGB": job.volume_gb}
    if job.kms_key:
        cluster["VolumeKmsKeyId"] = job.kms_key
    network: dict[str, Any] = {"EnableNetworkIsolation": False}
    if job.subnets:
        network["VpcConfig"] = {"Subnets": job.subnets, "SecurityGroupIds": job.security_groups}
    tags = {**job.tags, "Run": run}
    return {
        "ProcessingJobName": name,
        "RoleArn": job.role,
        "AppSpecification": {"ImageUri": job.image, "ContainerArguments": arguments},
        # SageMaker sets AWS_REGION, which boto3 does not look at. An image of another commit stops by itself.
        "Environment": {"AWS_DEFAULT_REGION": region, WORKFLOW_CODE: code_version()},
        "ProcessingResources": {"ClusterConfig": cluster},
        "NetworkConfig": network,
        "StoppingCondition": {"MaxRuntimeInSeconds": 60 * job.timeout_minutes},
        "Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())],
    }
