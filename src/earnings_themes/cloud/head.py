"""The head: runs Snakemake for one run in the cloud, and leaves a receipt that says how it ended.

The state machine starts it as a Batch job, with a run, and reads the receipt afterwards: Snakemake's exit status says
only that something failed, the receipt that these three firms are missing.

    python -m earnings_themes.cloud.head --run 2024Q3 --settings '{"settings": "s3://b/input/q3/quarter.yaml"}'

Where things are (bucket, queues, roles, table) comes in EARNINGS_THEMES_CLOUD, which Terraform writes into the job
definition: the same names as `terraform output`.
"""

import argparse
import copy
import json
import logging
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from snakemake.utils import update_config

from earnings_themes import __version__
from earnings_themes.cloud import made_with
from earnings_themes.cloud import settings as cloud
from earnings_themes.cloud.receipt import Firms, RunReceipt, address, count_firms
from earnings_themes.config import parse_config
from earnings_themes.errors import ConfigError, EarningsThemesError
from earnings_themes.system.aws import aws_errors
from earnings_themes.system.folders import locate, s3_folder
from earnings_themes.system.s3 import S3Folder

log = logging.getLogger("earnings_themes")

# In config/cloud: what Snakemake is called with.
SETTINGS: Final = "run.json"
_LONGEST_LINE: Final = 4000  # of the log; a list of firms is longer
CLOUD: Final = "EARNINGS_THEMES_CLOUD"
PROFILE: Final = "EARNINGS_THEMES_PROFILE"
_ACTIVE: Final = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING")
# DescribeJobs takes a hundred ids (AWS Batch API reference).
_DESCRIBED: Final = 100

EXIT_CODES: Final = """\
exit codes:
  0  the themes are there, of all firms or of enough of them; the receipt says which are missing
  1  no themes: firms failed, or a step after them; the log and the receipt say which
  2  the run's settings cannot be used, or another head is working on the run
  4  AWS refused a request
  143  stopped from outside (SIGTERM); the jobs that were started are cancelled
"""


class AnotherHeadError(ConfigError):
    """Somebody is making this run already."""


@dataclass(frozen=True, slots=True)
class RunToMake:
    """One run to make: its name, where its files go, its whole configuration, and what of that is not config.yaml's."""

    name: str
    folder: S3Folder
    config: dict[str, Any]
    differs: dict[str, Any]


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the parsed command line; exits with status 2 and a message when it is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m earnings_themes.cloud.head",
        description="Runs Snakemake for one run in the cloud, and leaves run_receipt.json beside its results.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--run", required=True, metavar="RUN", help="the run's name")
    parser.add_argument(
        "--settings",
        default="{}",
        metavar="JSON",
        help='what differs from config/config.yaml; {"settings": "s3://…/quarter.yaml"} names a file of it',
    )
    parser.add_argument(
        "--options", default="{}", metavar="JSON", help="the same for all runs of an execution; settings win"
    )
    parser.add_argument("--execution", default="", metavar="NAME", help="who asked; copied into the receipt")
    parser.add_argument(
        "--profile",
        default=os.environ.get(PROFILE, "config/profiles/aws-basic-batch"),
        metavar="DIR",
        help=f"Snakemake's profile  [default: ${PROFILE}, or config/profiles/aws-basic-batch]",
    )
    parser.add_argument("--version", action="version", version=__version__)
    return parser.parse_args(argv)


def run_head(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code, see EXIT_CODES."""
    given = arguments(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stdout)
    try:
        built = what_was_built()
        receipt = RunReceipt(given.run, given.execution, built)
        try:
            refuse_a_second_head(given.run, built)
            receipt.write("RUNNING", "the head has begun")
            run = read_run(given.run, given.settings, given.options, built)
            return make_run(run, given.profile, receipt)
        except AnotherHeadError:
            raise  # the receipt is the other's to write
        except EarningsThemesError as error:
            receipt.write("FAILED", f"{type(error).__name__}: {error}")
            raise
    except EarningsThemesError as error:
        log.error("%s: %s", type(error).__name__, error)
        return 2 if isinstance(error, ConfigError) else 4


def make_run(run: RunToMake, profile: str, receipt: RunReceipt) -> int:
    """Run Snakemake for all firms, then without those that failed where enough are there. Returns the exit code.

    The first call wants every firm, whatever reduce.min_firm_coverage is: with less, Snakemake would be content with
    the firms of an earlier call, and never try the missing ones again. Where themes are there without them it also has
    to be told to make the themes anew, because it asks for no input of what is newer than everything else.
    """
    before = count_firms(run.folder)
    anew = ["--forcerun", "themes"] if before is not None and before.failed else []
    status = call_snakemake([*command(run, profile, coverage=1.0), *anew])
    firms = count_firms(run.folder)
    if status and firms is not None and firms.failed and _enough(run, firms):
        log.warning("%d of %d firms failed; the themes are made without them", len(firms.failed), firms.total)
        status = call_snakemake(command(run, profile, coverage=run.config["reduce"]["min_firm_coverage"]))
        firms = count_firms(run.folder)
    if status == 128 + signal.SIGTERM:
        receipt.write("FAILED", "stopped from outside (SIGTERM); its jobs were cancelled", firms)
        return status
    if status:
        receipt.write("FAILED", f"Snakemake exited with status {status}; its log names the jobs", firms)
        return 1
    missing = firms is not None and bool(firms.failed)
    receipt.write("PARTIAL" if missing else "SUCCEEDED", "the themes are published", firms)
    return 0


def _enough(run: RunToMake, firms: Firms) -> bool:
    least: float = run.config["reduce"]["min_firm_coverage"]
    return least < 1 and firms.total - len(firms.failed) >= least * firms.total


# --- what is to be run -----------------------------------------------------------------------------


def what_was_built() -> dict[str, Any]:
    """Return the values of Terraform's outputs, and give them to the profile. Raises ConfigError."""
    try:
        built: dict[str, Any] = json.loads(os.environ[CLOUD])
    except (KeyError, ValueError) as error:
        raise ConfigError(
            f"{CLOUD} is missing or no JSON ({error}). Terraform sets it in the head's job definition; elsewhere, "
            "set it to the values of `terraform output -json`."
        ) from error
    cloud.write_settings(built)
    return built


def read_run(name: str, settings: str, options: str, built: Mapping[str, Any]) -> RunToMake:
    """Return the run from its JSON. Raises ConfigError."""
    differs = cloud.workflow_config(built)
    sagemaker = {"reduce": {"sagemaker": {"run_uri": address(name, built)}}}
    for overlay in (sagemaker, _object("--options", options), _object("--settings", settings), {"run": name}):
        update_config(differs, overlay)
    config: dict[str, Any] = yaml.safe_load(Path("config/config.yaml").read_text(encoding="utf-8"))
    update_config(config, differs)
    parse_config(config)  # a wrong key is an error here, before anything costs money
    if config["registry"] and not any("registry" in json.loads(given) for given in (options, settings)):
        raise ConfigError(
            "registry stands in the file of settings, where the state machine does not see that such runs wait for each "
            'other. Name it in the execution\'s input, in options or beside run: "registry": '
            f"{json.dumps(config['registry'])}."
        )
    folder = s3_folder(address(name, built))
    made_with.refuse_other_firms(folder, config)
    log.info("settings of this run: %s", json.dumps(differs, sort_keys=True, default=str)[:_LONGEST_LINE])
    return RunToMake(name, folder, config, differs)


def _object(name: str, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"{name} is no JSON ({error}): {text[:200]!r}") from error
    if not isinstance(value, dict):
        raise ConfigError(f"{name} is {type(value).__name__}; expected an object with keys of config.yaml.")
    # A file, because a job's command holds 8,192 characters, and a list of firms may not fit.
    file = value.pop("settings", None)
    whole = _file(file) if file is not None else {}
    update_config(whole, value)
    return whole


def _file(address: Any) -> dict[str, Any]:
    """Return a part of config.yaml that lies in S3. Raises ConfigError, CloudError."""
    if not str(address).startswith("s3://"):
        raise ConfigError(
            f"settings is {address!r}; expected the address of a file, such as s3://bucket/input/quarter.yaml."
        )
    folder, name = locate(address)
    try:
        value = yaml.safe_load(folder.read(name))
    except FileNotFoundError as error:
        raise ConfigError(
            f"settings: {address} is not there. Put it there: aws s3 cp quarter.yaml {address}"
        ) from error
    except yaml.YAMLError as error:
        raise ConfigError(f"settings: {address} is no YAML: {error}") from error
    if not isinstance(value, dict):
        raise ConfigError(f"settings: {address} holds {type(value).__name__}; expected keys of config.yaml.")
    return value


def refuse_a_second_head(name: str, built: Mapping[str, Any]) -> None:
    """Raise AnotherHeadError when an older head is working on the same run: both would write the same files."""
    own = os.environ.get("AWS_BATCH_JOB_ID")
    if not own:
        return
    import boto3

    with aws_errors("look for another head of this run", "batch:ListJobs and batch:DescribeJobs"):
        batch = boto3.client("batch", region_name=built["region"])
        pages = batch.get_paginator("list_jobs")
        found = [
            job["jobId"]
            for status in _ACTIVE
            for page in pages.paginate(jobQueue=built["head_queue_arn"], jobStatus=status)
            for job in page["jobSummaryList"]
        ]
        asked = sorted({own, *found})
        jobs = [
            job
            for start in range(0, len(asked), _DESCRIBED)
            for job in batch.describe_jobs(jobs=asked[start : start + _DESCRIBED])["jobs"]
        ]
    mine = next((job for job in jobs if job["jobId"] == own), None)
    if mine is None:
        return
    for job in jobs:
        words = job.get("container", {}).get("command", [])
        same = "--run" in words and words[words.index("--run") + 1] == name
        older = (job["createdAt"], job["jobId"]) < (mine["createdAt"], own)
        if job["jobId"] != own and same and older:
            raise AnotherHeadError(
                f"Job {job['jobId']} ({job['jobName']}) is working on run {name} already. Wait for it, or end "
                "it: aws batch terminate-job."
            )


# --- Snakemake -------------------------------------------------------------------------------------


def command(run: RunToMake, profile: str, coverage: float) -> list[str]:
    """Return the call of Snakemake, and write the file of settings that it names.

    What is the same in every run is in the profile. Workers get the settings from the run's folder, see made_with.
    """
    settings = copy.deepcopy(run.differs)
    update_config(settings, {"reduce": {"min_firm_coverage": coverage}})
    file = cloud.FOLDER / SETTINGS
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(settings, default=str), encoding="utf-8")
    return [sys.executable, "-m", "snakemake", "--profile", profile, "--configfile", str(file)]


def call_snakemake(words: Sequence[str]) -> int:
    """Run Snakemake to its end and return its status; SIGTERM makes it cancel its jobs, and the status 143.

    To Snakemake SIGTERM means "finish what runs, start nothing new", for which Batch gives 30 seconds; SIGINT
    means "cancel", and that is what is passed on.
    """
    log.info("%s", shlex.join(words))
    # What a script started in the background ignores SIGINT, and so would Snakemake.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    stopped = False
    with subprocess.Popen(list(words)) as process:

        def cancel(*_: object) -> None:
            nonlocal stopped
            log.warning("SIGTERM: Snakemake is told to cancel its jobs")
            stopped = True
            process.send_signal(signal.SIGINT)

        before = signal.signal(signal.SIGTERM, cancel)
        try:
            status = process.wait()
        finally:
            signal.signal(signal.SIGTERM, before)
    return 128 + signal.SIGTERM if stopped else status


if __name__ == "__main__":
    sys.exit(run_head())
