"""How a run in the cloud ended: run_receipt.json beside its results, which the state machine reads."""

import logging
import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from earnings_themes import __version__
from earnings_themes.cloud import cost
from earnings_themes.results.artifacts import parse_themes, write_json
from earnings_themes.results.firms import encode_firm, parse_firms
from earnings_themes.system.folders import s3_folder
from earnings_themes.system.s3 import S3Folder

log = logging.getLogger("earnings_themes")

RECEIPT: Final = "run_receipt.json"
# The state machine's data are limited to 256 KB (Step Functions Developer Guide, "Quotas"), so a receipt that
# it reads names this many firms at most; firms.tsv and topics/ name the others.
MOST_NAMES: Final = 500


@dataclass(frozen=True, slots=True)
class Firms:
    """The firms of a run: how many have topics, which have no file, and which had too little text."""

    total: int
    ok: int
    failed: tuple[str, ...]
    skipped: tuple[str, ...]


def address(name: str, built: Mapping[str, Any]) -> str:
    """Return where the run's files are."""
    return f"s3://{built['results_bucket']}/{built['results_prefix']}/results/{name}"


def count_firms(folder: S3Folder) -> Firms | None:
    """Return which firms have topics, from what lies in S3; None when the run did not get as far as firms.tsv."""
    try:
        firms = [row.firm_id for row in parse_firms(folder.read("firms.tsv"), f"{folder}/firms.tsv")]
    except FileNotFoundError:
        return None
    there = folder.child("topics").list()
    failed = tuple(firm for firm in firms if f"{encode_firm(firm)}.json" not in there)
    try:
        themes = parse_themes(folder.read("themes.json"), f"{folder}/themes.json")
    except FileNotFoundError:
        skipped: tuple[str, ...] = ()
    else:
        skipped = tuple(firm.firm_id for firm in themes.skipped_firms if firm.firm_id not in failed)
    return Firms(len(firms), len(firms) - len(failed) - len(skipped), failed, skipped)


class RunReceipt:
    """run_receipt.json: how a run ended, small enough for the state machine to read."""

    def __init__(self, run: str, execution: str, built: Mapping[str, Any]) -> None:
        self.run = run
        self.execution = execution
        self.folder = s3_folder(address(run, built))
        self.images = {
            name: built.get(name) for name in ("firm_topic_processor_image", "theme_aggregator_image")
        }
        self.started = time.time()

    def write(self, status: str, message: str, firms: Firms | None = None) -> None:
        """Write it, over the one before. status: RUNNING, SUCCEEDED, PARTIAL or FAILED."""
        log.info("%s: %s", status, message)
        firms = firms or Firms(0, 0, (), ())
        seconds = round(time.time() - self.started, 1)
        receipt = {
            "schema_version": 1,
            "run": self.run,
            "status": status,
            "message": message,
            "execution": self.execution,
            "batch_job": os.environ.get("AWS_BATCH_JOB_ID"),
            "firms": {
                "total": firms.total,
                "ok": firms.ok,
                "n_failed": len(firms.failed),
                "failed": list(firms.failed[:MOST_NAMES]),
                "n_skipped": len(firms.skipped),
                "skipped": list(firms.skipped[:MOST_NAMES]),
            },
            "seconds": seconds,
            "versions": {"earnings-themes": __version__, **self.images},
            # From the measured seconds a firm and the price table, not from a bill; docs/operating/cost.md says how.
            "cost_estimate_usd": cost.estimate(firms.total).total if firms.total else None,
        }
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / RECEIPT
            write_json(path, receipt)
            self.folder.write(RECEIPT, path.read_bytes())
