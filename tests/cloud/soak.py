"""A quarter of many small firms in a cloud where everything goes wrong, until it is through: `make soak`.

    python -m tests.cloud.soak --firms 200 --seed 7

The real snakemake command, plugins and profile aws-basic-batch on the offline AWS, whose Batch jobs run. From a seed
come: spot machines that are taken away, workers killed by SIGKILL, S3, Batch and DynamoDB that throttle, and heads
killed while firms are modelled and while they publish. Whoever is killed is called again, as the state machine does,
until a head ends well. Then everything must be as after a run on one machine that nobody disturbed: the topics, the
themes, every item of the table; and nothing may be left over: jobs, job definitions, files, versions, processes.

Sentences and made vectors lie ready, so that the time goes to what is disturbed; calls are two dozen sentences long.
"""

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from subprocess import Popen
from typing import Any

import psutil

from earnings_themes.config import Publish
from earnings_themes.stores.dynamodb import DynamoDBThemeStore
from earnings_themes.stores.publish import publish_files
from earnings_themes.system.folders import LocalFolder
from tests.cloud.cloud_run import BUCKET, CloudRun, killed, put_sentences, put_source
from tests.conftest import write_quarter
from tests.dynamodb import create_table
from tests.offline_aws import OfflineAWS
from tests.unit.stores.dynamo import VERSION
from tests.workflow.conftest import Folder, make_folder

RUN = "soak"
TABLE = "earnings-themes-dev-themes"  # the table that the head's role may write
SETTINGS: dict[str, Any] = {
    "run": RUN,
    "source": {"kind": "s3", "path": f"s3://{BUCKET}/input/calls.csv"},
    "topics": {"min_sentences": 10},
    "embedding": {"shards": 1, "cache": None},
    "reduce": {"backend": "local"},
    "themes": {"stability_runs": 1},
    "publish": {"store": "dynamodb", "table": TABLE},
    "report": {"labels": None},
}
# Every one is a throttle or a fault of AWS's own, which clients have to repeat.
THROTTLES = (
    (rf"GET /{BUCKET}/.*/topics/", "SlowDown", 503),
    (rf"PUT /{BUCKET}/.*/topics/", "SlowDown", 503),
    (rf"GET /{BUCKET}/.*transcripts", "InternalError", 500),
    (r"DynamoDB_20120810\.BatchWriteItem", "ProvisionedThroughputExceededException", 400),
    (r"DynamoDB_20120810\.Query", "ThrottlingException", 400),
    (r"POST /v1/describejobs", "TooManyRequestsException", 429),
)
MOST_HEADS = 15
# What counts as how far a head has come, before it is killed.
UNITS = {"firms": "firms", "publish": "writes to the table"}


class Trouble:
    """Makes trouble in a thread of its own, and counts it."""

    def __init__(self, aws: OfflineAWS, chance: random.Random) -> None:
        self.aws, self.chance = aws, chance
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._go, daemon=True)
        self._refused: list[tuple[int, Any]] = []

    def __enter__(self) -> "Trouble":
        self.aws.batch.reclaim = self._reclaim
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.aws.batch.reclaim = None
        self.counts["requests throttled"] = sum(
            asked - max(left.times or 0, 0) for asked, left in self._refused
        )
        self.aws.refusals = []

    def _reclaim(self, job: object, attempt: int) -> bool:
        with self._lock:
            taken = self.chance.random() < 0.0002  # 20 looks a second: after 250 seconds of a job, on average
            if taken:
                self.counts["spot machines taken away"] += 1
                print("a spot machine is taken away", flush=True)
            return taken

    def _go(self) -> None:
        while not self._stop.wait(self.chance.uniform(2, 5)):
            with self._lock:
                if self.chance.random() < 0.05:  # every minute or so
                    self._kill_a_worker()
                else:
                    pattern, code, status = self.chance.choice(THROTTLES)
                    times = self.chance.randint(1, 3)
                    # One at a time: what nobody asked for must not heap up for the first who does.
                    self.aws.refusals = []
                    self.aws.refuse(pattern, code, "slower, please", status, times)
                    self._refused.append((times, self.aws.refusals[-1]))

    def _kill_a_worker(self) -> None:
        if workers := worker_processes():
            victim = self.chance.choice(workers)
            if victim.pid > 1 and victim.is_running():
                said = " ".join(victim.cmdline())[-60:]
                victim.kill()
                self.counts["workers killed"] += 1
                print(f"killed: …{said}", flush=True)


def worker_processes() -> list[psutil.Process]:
    """Return the processes below this one that work in a Batch job's folder."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if Path(process.cwd()).name.startswith("batch-job-"):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def processes_of(aws: OfflineAWS) -> list[psutil.Process]:
    """Return all other processes on this machine that know this AWS: heads, jobs, and what they started."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get("AWS_ENDPOINT_URL") == aws.url:
                found.append(process)
        except (psutil.Error, OSError):
            continue  # another user's, or gone
    return found


def drive(run: CloudRun, trouble: Trouble, n_firms: int, chance: random.Random) -> int:
    """Call heads until one ends well, killing the first ones; return how many it took."""
    plan = ["firms", "publish", "publish"]
    began = time.monotonic()
    for number in range(1, MOST_HEADS + 1):
        head = run.start("--group-components", f"firms={firms_a_job(n_firms)}")
        try:
            status = watch(run, head, plan, trouble, n_firms, chance)
        finally:
            if head.poll() is None:
                with killed(head):
                    print(f"head {number} is given up", flush=True)
        if status == 0:
            assert not plan, f"the run was through before a head could be killed: {plan}"
            return number
        print(
            f"head {number} ended with {status} after {minutes(began)}; firms: {progress(run, 'firms', 0)}",
            flush=True,
        )
        # Batch gives the next head an empty folder; sometimes jobs of the last one are still there when it begins.
        shutil.rmtree(run.path / ".snakemake", ignore_errors=True)
        if chance.random() < 0.5:
            while any(job["status"] not in ("SUCCEEDED", "FAILED") for job in run.batch_jobs()):
                time.sleep(0.5)
    raise AssertionError(
        f"{MOST_HEADS} heads were not enough:\n{(run.path / 'head.log').read_text()[-3000:]}"
    )


def watch(
    run: CloudRun, head: "Popen[str]", plan: list[str], trouble: Trouble, n_firms: int, chance: random.Random
) -> int:
    """Wait for a head's end, or kill it as soon as enough is done of what the plan has next; return its status."""
    begun = len(run.aws.requests)
    enough = {
        "firms": chance.randint(n_firms // 10, n_firms // 2),
        "publish": chance.randint(2, max(3, n_firms // 6)),
    }
    while (status := head.poll()) is None:
        time.sleep(0.3)
        if plan and progress(run, plan[0], begun) >= enough[plan[0]]:
            with killed(head):
                print(f"a head is killed after {enough[plan[0]]} {UNITS[plan[0]]}", flush=True)
            trouble.counts[f"heads killed, {plan.pop(0)}"] += 1
    return status


def minutes(began: float) -> str:
    """Return how long ago that was."""
    return f"{(time.monotonic() - began) / 60:.1f} min"


def firms_a_job(n_firms: int) -> int:
    """Return 20 as the profile does, or fewer where there would be less than five jobs."""
    return max(1, min(20, n_firms // 5))


def progress(run: CloudRun, what: str, begun: int) -> int:
    """Return how many firms are there, or how often the table was written to."""
    if what == "publish":
        return sum("BatchWriteItem" in request for _, request in run.aws.requests[begun:])
    return len(run.keys("topics/"))


def undisturbed(path: Path, calls: Path, made: Path) -> Folder:
    """Run the same quarter on this machine, by itself."""
    folder = make_folder(path)
    shutil.copy2(calls, path / "calls.csv")
    shutil.copytree(made, folder.results(RUN))
    here = {"source": {"path": "calls.csv"}, "publish": {"store": "sqlite", "path": "themes.sqlite"}}
    folder.configure(**SETTINGS | here)
    done = folder.snakemake("--rerun-triggers", "mtime", "--until", "publish")
    assert done.status == 0, done.text
    return folder


def without_timing(text: bytes) -> dict[str, Any]:
    """Return a result without what differs between two runs of it."""
    found: dict[str, Any] = json.loads(text)
    found["metadata"].pop("timing", None)
    return found


def items(aws: OfflineAWS, table: str) -> tuple[dict[tuple[str, str], str], set[str]]:
    """Return a table's items but for the list of runs, with every version called V; and the versions there are."""
    pages = aws.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    found, versions = {}, set()
    for item in (item for page in pages for item in page["Items"]):
        text = json.dumps(item, sort_keys=True)
        versions |= set(VERSION.findall(text))
        if item["pk"]["S"] == "RUNS":
            assert not {"writing", "stale"} & set(item), "a publish was left half done"
            continue
        text = VERSION.sub("V", text)
        about = json.loads(text)
        found[about["pk"]["S"], about["sk"]["S"]] = text
    return found, versions


def check(run: CloudRun, folder: Folder) -> dict[str, int]:
    """Assert that all is as after the undisturbed run, and nothing is left over; return what was compared."""
    aws, local = run.aws, folder.results(RUN)
    names = sorted(path.name for path in (local / "topics").iterdir())
    assert run.keys("topics/") == [f"topics/{name}" for name in names], (
        "firms are missing, or there are others"
    )
    for name in (*(f"topics/{name}" for name in names), "themes.json"):
        assert without_timing(run.read(name)) == without_timing((local / name).read_bytes()), name
    publish_undisturbed(folder, "reference")
    mine, published = items(aws, TABLE)
    other, _ = items(aws, "reference")
    assert mine == other, f"items differ: {sorted(set(mine) ^ set(other))[:5]}"
    assert len(published) == 1, f"more than one version is left in the table: {published}"
    firms_made_again = 0
    # Firms share a job, so a job that is tried again makes all of its firms again: just the same, or it would be seen.
    for key, versions in run.is_clean(once=False).items():
        found = [
            without_timing(
                aws.client("s3").get_object(Bucket=BUCKET, Key=key, VersionId=version)["Body"].read()
            )
            for version in versions
        ]
        assert all(one == found[0] for one in found), f"{key} was made twice, and not the same"
        firms_made_again += len(found) - 1
    expected = {"transcripts.parquet", "firms.tsv", "ingest.json", "embeddings/0000.parquet", "themes.json",
                "reduce.json", "published.json", "quality.json", "report.html", "panel.parquet",
                "calls.parquet", "exchanges.parquet", "codebook.md", "sentences.parquet", "source_calls.parquet"}  # fmt: skip
    left = {
        key
        for key in run.keys("")
        if not key.startswith(("topics/", "logs/", "benchmarks/", "figures/", "settings/", "dossier/"))
    }
    assert left == expected, left ^ expected
    assert processes_of(aws) == [], "processes are left"
    return {
        "firms, identical": len(names),
        "items, identical": len(mine),
        "firms made again": firms_made_again,
    }


def publish_undisturbed(folder: Folder, table: str) -> None:
    """Publish the undisturbed run's files to a table of its own."""
    create_table(DynamoDBThemeStore(table))
    local = LocalFolder(folder.results(RUN))
    publish_files(RUN, local, Publish("dynamodb", "", table), folder.path / "published.json")


def main() -> int:
    """Run the soak and print what happened."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.cloud.soak", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--firms", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak-") as name, OfflineAWS() as aws:
        os.environ.update(aws.environment)
        os.environ.pop("AWS_PROFILE", None)
        folder = Path(name)
        (folder / "head").mkdir()
        (folder / "made/embeddings").mkdir(parents=True)
        calls = write_quarter(folder / "calls.csv", given.firms, random.Random(given.seed))
        aws.client("s3").create_bucket(Bucket=BUCKET)
        put_source(aws, calls)
        create_table(DynamoDBThemeStore(TABLE))
        run = CloudRun(aws, folder / "head")
        run.prepare()
        run.configure(**SETTINGS)
        put_sentences(run, folder / "made")
        reference = undisturbed(folder / "undisturbed", calls, folder / "made")
        print(f"undisturbed run: {time.monotonic() - began:.0f} s", flush=True)
        with Trouble(aws, random.Random(given.seed + 1)) as trouble:
            heads = drive(run, trouble, given.firms, random.Random(given.seed + 2))
        compared = check(run, reference)
        jobs = run.batch_jobs()
        attempts = sum(len(job["attempts"]) for job in jobs)
        print(
            f"{heads} heads, {len(jobs)} Batch jobs in {attempts} attempts, {time.monotonic() - began:.0f} s"
        )
        for what, count in [*sorted(trouble.counts.items()), *compared.items()]:
            print(f"{count:6d} {what}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
