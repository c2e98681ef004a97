"""`make cloud-demo`: the whole cloud path on this machine, as one command and without an account.

Applies dev to the offline AWS, executes the state machine on the sample quarter, asks the table for its themes, runs a
second quarter in which a firm fails, and destroys everything. Needs terraform and the AWS provider (from the
registry, or a mirror on this machine). It also rewrites docs/operating/permissions.md from what was applied.

    python -m tests.terraform.demo [CALLS.csv]   # of the first quarter; without it, five made firms
"""

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.conftest import REPO, call, write_csv
from tests.offline_aws import OfflineAWS
from tests.terraform import permissions
from tests.terraform.applied import (
    Applied,
    Execution,
    applied_dev,
    execute,
    head_log,
    make_images,
    messages,
    put_calls,
    receipt,
)

# A quarter of five firms, as the tests have it: the point is the path, not the themes.
OPTIONS: dict[str, Any] = {
    "topics": {"min_sentences": 10, "model": "tests.cloud.own_parts:MarkedModel"},
    "embedding": {"shards": 1},
    "themes": {"stability_runs": 1},
}


def main(calls: str = "") -> int:
    """Run the demo; exit status 1 when a step does not end as it should. calls: transcripts of the first quarter."""
    if shutil.which("terraform") is None:
        print("cloud-demo needs terraform 1.10 or newer: https://developer.hashicorp.com/terraform/install")
        return 1
    # moto logs it as an error where a Choice asks whether a key is there.
    logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="cloud-demo-") as scratch, OfflineAWS() as aws:
        folder = Path(scratch)
        say("terraform init, plan, apply of terraform/environments/dev.tfvars to an AWS on this machine")
        with applied_dev(aws, folder) as applied:
            ended = run(applied, folder, Path(calls) if calls else None)
        print_seconds(applied, time.monotonic() - began)
    return 0 if ended else 1


def run(applied: Applied, folder: Path, calls: Path | None) -> bool:
    """Do what can be done with a deployment, and take it away; return whether all of it ended as it should."""
    count = Counter(found["address"].split(".")[1] for found in applied.resources())
    print(
        f"{len(applied.resources())} resources:",
        ", ".join(f"{name} {n}" for name, n in sorted(count.items())),
    )
    permissions.PAGE.write_text(permissions.page(applied.resources()), encoding="utf-8")

    say("terraform plan, again")
    again = applied.plan_again()
    print(next((line for line in again.stdout.splitlines() if "No changes" in line), again.stdout))

    markers = make_images(applied, folder)
    small = quarter(folder / "calls.csv")
    say("aws stepfunctions start-execution: one quarter")
    given = {"runs": [{"run": "q1", "source": put_calls(applied, "q1", calls or small)}], "options": OPTIONS}
    whole = execute(applied, "whole", given, patience=3600)
    show(applied, whole, "q1")

    say("earnings-themes themes --run q1, and theme q1-001, from DynamoDB")
    asked = [ask(applied, "themes", "--run", "q1"), ask(applied, "theme", "q1-001")]

    say("the same, and the machine of one firm fails")
    (markers / "fail").touch()
    options = OPTIONS | {"reduce": {"min_firm_coverage": 0.5, "backend": "local"}}
    given = {"runs": [{"run": "q2", "source": put_calls(applied, "q2", small)}], "options": options}
    partial = execute(applied, "partial", given, patience=3600)
    show(applied, partial, "q2")
    print("mail:", messages(applied)[-1])

    say("terraform destroy")
    gone = applied.destroy()
    print(next((line for line in gone.stdout.splitlines() if "Destroy complete" in line), gone.stdout))
    as_it_should = [again.returncode, gone.returncode, *asked] == [0, 0, 0, 0]
    return as_it_should and (whole.states[-1], partial.states[-1]) == ("Succeeded", "PartiallySucceeded")


def ask(applied: Applied, *question: str) -> int:
    """Ask the table as a user does, and return the command's exit status."""
    store = f"dynamodb:{applied.outputs['table_name']}"
    command = [sys.executable, "-m", "earnings_themes.cli", "--store", store, *question]
    return subprocess.run(command, env=os.environ | applied.aws.environment, check=False).returncode


def quarter(path: Path) -> Path:
    """Write five firms' calls."""
    rows = [
        *call("0012", "Ashgrove Freight Inc.", ["freight", "hiring", "carbon"]),
        *call("23", "Belltower Systems", ["software", "hiring", "freight"]),
        *call("34", "Corvid Power", ["carbon", "software", "hiring"]),
        *call("45", "Dunmore Mills", ["freight", "carbon", "software"]),
        *call("56", "Elder Quiet", [])[:1],
    ]
    return write_csv(path, rows)


def show(applied: Applied, ended: Execution, run: str) -> None:
    """Print an execution's history, its jobs' and its receipt."""
    start = ended.history[0]["timestamp"]
    for event in ended.history:
        seconds = (event["timestamp"] - start).total_seconds()
        name = event.get("stateEnteredEventDetails", event.get("stateExitedEventDetails", {})).get("name", "")
        print(f"  {seconds:6.1f} s  {event['type']} {name}")
    print(f"  {ended.status} at {ended.states[-1]} after {ended.seconds:.0f} s")
    if ended.status != "SUCCEEDED":
        print(head_log(applied))
    told = receipt(applied, run)
    print("  run_receipt.json:", json.dumps({key: told[key] for key in ("status", "firms", "seconds")}))


def say(what: str) -> None:
    """Print what comes now."""
    print(f"\n== {what}", flush=True)


def print_seconds(applied: Applied, all_in_all: float) -> None:
    """Print how long each of Terraform's commands took."""
    told = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in applied.seconds.items())
    print(f"\n{told}; all in all {all_in_all / 60:.1f} min")


if __name__ == "__main__":
    os.chdir(REPO)
    sys.exit(main(*sys.argv[1:2]))
