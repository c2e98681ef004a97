"""Removes job definitions and source archives that Snakemake leaves in AWS.

The executor aws-batch registers a definition for each job and removes it when it sees the job end; the head
uploads an archive of the workflow's sources and removes it at its own end. Both stay if a job is refused or
cancelled early, or the head is killed.
"""

import logging
from typing import Final

import boto3

from earnings_themes.errors import CloudError
from earnings_themes.system.aws import aws_errors, s3_client
from earnings_themes.system.folders import s3_folder

log = logging.getLogger("earnings_themes")

# snakemake_executor_plugin_aws_batch/batch_job_builder.py, build_job_definition; snakemake/workflow.py, source_archive
_DEFINITIONS: Final = "snakejob-def-"
_SOURCES: Final = "snakemake-workflow-sources."
_NEEDS: Final = (
    "batch:DescribeJobDefinitions, batch:DeregisterJobDefinition, s3:ListBucket and s3:DeleteObject"
)


def remove_left(prefix: str) -> list[str]:
    """Remove what is left of the runs below a prefix, and return the names.

    prefix: the address of all runs, such as s3://bucket/runs. Only one head may use it at a time, so nothing of it is
    needed when that head ends; jobs on their way keep the definition that they were submitted with. What AWS refuses is
    logged and is no error: the results are there.
    """
    prefix = prefix.rstrip("/")
    removed = []
    try:
        with aws_errors("remove what earlier calls left", _NEEDS):
            batch = boto3.client("batch")
            for page in batch.get_paginator("describe_job_definitions").paginate(status="ACTIVE"):
                for definition in page["jobDefinitions"]:
                    name = definition["jobDefinitionName"]
                    # Every command begins with fetching the sources.
                    words = definition.get("containerProperties", {}).get("command", [])
                    if name.startswith(_DEFINITIONS) and any(
                        f" {prefix}/{_SOURCES}" in word for word in words
                    ):
                        batch.deregister_job_definition(jobDefinition=definition["jobDefinitionArn"])
                        removed.append(name)
            folder = s3_folder(prefix)
            for name in folder.list():
                if name.startswith(_SOURCES):
                    s3_client().delete_object(Bucket=folder.bucket, Key=f"{folder.prefix}/{name}")
                    removed.append(name)
    except CloudError as error:
        log.warning("something may be left of this call: %s", error)
    return removed
