"""Writes what Terraform built into the files that profiles and workflow read.

    terraform -chdir=terraform output -json | earnings-themes cloud-settings      # make cloud-settings

writes config/cloud/settings.json, which the profiles read, and config/cloud/config.yaml, which they pass to
the workflow; git ignores both. The head gets the same values from its environment and calls `write_settings`.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from earnings_themes.errors import ConfigError, require

FOLDER: Final = Path("config/cloud")
SETTINGS: Final = "settings.json"
CONFIG: Final = "config.yaml"
# Without these no profile is whole.
_NEEDED: Final = (
    "region results_bucket results_prefix map_queue_arn map_job_role_arn map_job_definition_arn "
    "firm_topic_processor_image"
).split()
# What terraform/main.tf names an image of which it has no digest.
_NOT_PUSHED: Final = ":not-pushed-yet"
# boto3's own settings, for every AWS client of the head and of its workers. Adaptive slows a client down when AWS
# throttles it, where the default gives up after four tries; ten outlast a minute of that.
_RETRIES: Final = {"AWS_RETRY_MODE": "adaptive", "AWS_MAX_ATTEMPTS": "10"}


def write_settings(outputs: Mapping[str, Any], folder: Path = FOLDER) -> None:
    """Write both files from Terraform's outputs, as `terraform output -json` gives them or as plain values.

    Raises ConfigError when an output is missing.
    """
    values = {
        name: value["value"] if isinstance(value, Mapping) and "value" in value else value
        for name, value in outputs.items()
    }
    _check(values, "Terraform's outputs")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SETTINGS).write_text(json.dumps(values, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    text = "# Written by `make cloud-settings` from Terraform's outputs; a file of your own comes after this one.\n"
    (folder / CONFIG).write_text(text + yaml.safe_dump(workflow_config(values)), encoding="utf-8")


def write_from(text: str) -> list[Path]:
    """Write both files from what `terraform output -json` printed, and return them. Raises ConfigError."""
    try:
        outputs = json.loads(text)
    except ValueError as error:
        raise ConfigError(
            f"stdin: expected what `terraform output -json` prints, found something else ({error})."
        ) from error
    write_settings(outputs)
    return [FOLDER / SETTINGS, FOLDER / CONFIG]


def workflow_config(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of config.yaml that follows from what was built; the source is the user's to name."""
    config: dict[str, Any] = {
        # Of the sample only; a job in the cloud has no file of this machine.
        "report": {"labels": None},
        # An encoding job fills its machine for some minutes at 25 to 50 firms.
        # No cache: the disk of a job in the cloud is gone with it.
        "embedding": {"shards": 20, "cache": None},
    }
    if values.get("map_gpu_queue_arn"):
        config["embedding"]["device"] = "cuda"
    if values.get("table_name"):
        config["publish"] = {"store": "dynamodb", "table": values["table_name"]}
    backend = values.get("reduce_backend", "sagemaker")
    if backend == "sagemaker" and values.get("theme_aggregator_image") and values.get("sagemaker_role_arn"):
        config["reduce"] = {
            "backend": "sagemaker",
            "sagemaker": {
                "image": values["theme_aggregator_image"],
                "role": values["sagemaker_role_arn"],
                "subnets": values.get("sagemaker_subnets") or [],
                "security_groups": values.get("sagemaker_security_groups") or [],
                "tags": values.get("tags") or {},
            },
        }
    return config


def settings(one_queue: bool = False) -> dict[str, Any]:
    """Return the values for a profile, and set what AWS's library reads from the environment.

    `prefix` is the address of all runs, `gpu` whether encoding goes to the GPU queue. one_queue: whether the
    profile's executor sends every job to the same queue. Raises ConfigError when the file is missing or not whole, or
    asks for what one queue cannot do, or when what the profile needs is not installed.
    """
    # Before Snakemake looks for the executor, whose absence it explains by a list of those that are there.
    require("snakemake_storage_plugin_s3", "A profile of the cloud", "make cloud")
    path = FOLDER / SETTINGS
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"{path}: {error.strerror}. `make cloud-settings` writes it, after `make deploy`."
        ) from error
    except ValueError as error:
        raise ConfigError(
            f"{path}: not JSON ({error}). Write it again with `make cloud-settings`."
        ) from error
    _check(values, str(path))
    if one_queue and values.get("map_gpu_queue_arn"):
        raise ConfigError(
            f"{path}: there is a GPU queue, but this executor sends every job to one queue, where one that asks for a "
            "GPU would wait for ever. Use the profile aws-basic-batch, or set enable_gpu = false, `make deploy` and "
            "`make cloud-settings`."
        )
    for name, value in {**_RETRIES, "AWS_DEFAULT_REGION": values["region"]}.items():
        # The profile names them in `envvars`, so that the workers have them too.
        os.environ.setdefault(name, value)
    values["prefix"] = f"s3://{values['results_bucket']}/{values['results_prefix'].strip('/')}"
    values["gpu"] = int(bool(values.get("map_gpu_queue_arn")))
    values["encoding_queue_arn"] = values.get("map_gpu_queue_arn") or values["map_queue_arn"]
    return values


def _check(values: Mapping[str, Any], where: str) -> None:
    if missing := [name for name in _NEEDED if not values.get(name)]:
        raise ConfigError(
            f"{where}: no {', '.join(missing)}. Apply terraform/ first, then `make cloud-settings`."
        )
    if values["firm_topic_processor_image"].endswith(_NOT_PUSHED):
        raise ConfigError(
            f"{where}: no image is deployed yet, so no job can start. `make images`, `make deploy`, then "
            "`make cloud-settings`, each with ENV=dev or prod."
        )
