"""What a run on Batch takes beside its science, for docs/operating/batch.md: requests, and seconds before a script.

`make test-cloud` runs it after the scenarios. For other numbers of firms, printed file by file (1,000 take an hour or more):

    python -m tests.cloud.batch_costs 1000
"""

import os
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.cloud.batch_scenarios import ALONE, prepared
from tests.cloud.cloud_run import BUCKET, MAP, SOURCE, CloudRun, kind_of, put_source
from tests.conftest import SUBJECTS, call, write_csv
from tests.offline_aws import OfflineAWS

LATENCY = 0.02  # seconds a request, AWS's "tens of milliseconds" for S3's first byte
SETTINGS = {
    "run": "counted",
    "source": {"kind": "s3", "path": SOURCE},
    "topics": {"min_sentences": 10},
    "embedding": {"model": "static", "shards": 1, "cache": None},
    "reduce": {"backend": "local"},
    "themes": {"stability_runs": 0},
    "publish": {"store": "sqlite", "path": "themes.sqlite", "table": None},
}


def requests_of(aws: OfflineAWS, folder: Path, n_firms: int) -> Counter[tuple[str, str, str]]:
    """Let n_firms made firms of two subjects go from CSV to report; return who asked what of which file, how often."""
    names = sorted(SUBJECTS)
    firms = {
        f"{1000 + number:06d}": (names[number % len(names)], names[number // 2 % len(names)])
        for number in range(n_firms)
    }
    rows = [turn for firm, subjects in firms.items() for turn in call(firm, f"Firm {firm}", subjects)]
    put_source(aws, write_csv(folder / "calls.csv", rows))
    (folder / "head").mkdir()
    run = CloudRun(aws, folder / "head")
    run.prepare()
    run.configure(**SETTINGS)
    aws.latency = LATENCY
    begun = len(aws.served)
    ended = run.snakemake(
        "--retries", "0", "--seconds-between-status-checks", "10", "--set-threads", "embed=2", "themes=2"
    )
    aws.latency = 0.0
    assert ended.status == 0, ended.text
    return Counter(
        ("workers" if served.job else "head", kind_of(served.request), _file(served.request))
        for served in aws.served[begun:]
    )


def _file(request: str) -> str:
    """Return a run's file of a request, the numbers in its name as N."""
    path = request.partition(f"{BUCKET}/")[2].rpartition("results/counted/")[2]
    return re.sub(r"\d{4,6}", "N", path)


def a_firm(requests: Counter[tuple[str, str, str]], n_firms: int, *who: str) -> float:
    """Return how many requests of S3 those who are named made for each firm."""
    return sum(n for (by, kind, _), n in requests.items() if by in who and kind.startswith("S3")) / n_firms


def test_a_firm_takes_seven_requests_and_the_run_itself_a_few_hundred(
    aws: OfflineAWS, tmp_path: Path
) -> None:
    """At 24 firms most of all is what a run takes once; at 1,000 it is a fraction of one a firm."""
    requests = {key: n for key, n in requests_of(aws, tmp_path, 24).items() if key[1].startswith("S3")}
    each = {key: n for key, n in requests.items() if n >= 20 and key[2]}
    assert sum(each.values()) / 24 <= 7, f"a firm takes more: {each}"
    assert sum(requests.values()) - sum(each.values()) <= 230
    assert sum(n for (by, _, _), n in requests.items() if by == "head") <= 110, (
        "one waits for the other there"
    )


@pytest.mark.parametrize(
    ("profile", "baked"), [("aws-basic-batch", True), ("aws-batch", True), ("aws-batch", False)]
)
def test_the_seconds_from_a_jobs_start_to_its_scripts_first_line(
    aws: OfflineAWS, tmp_path: Path, quarter: Path, profile: str, baked: bool
) -> None:
    if not baked and "EARNINGS_THEMES_INDEX" not in os.environ:
        pytest.skip("pip would ask a package index; EARNINGS_THEMES_INDEX=1 lets it")
    put_source(aws, quarter)
    run = prepared(aws, tmp_path, profile)
    run.baked = baked
    run.note_first_lines()
    aws.batch.slots[MAP] = 1
    ended = run.snakemake(*ALONE, "--until", "topics")
    assert ended.status == 0, ended.text
    seconds = run.overhead()
    print(f"\n{profile}, baked {baked}: seconds to the first line:", [round(n, 2) for n in seconds])
    assert len(seconds) == 5


def main(n_firms: int) -> None:
    """Count, and print."""
    with tempfile.TemporaryDirectory(prefix="requests-") as folder, OfflineAWS() as aws:
        os.environ.update(aws.environment)
        aws.client("s3").create_bucket(Bucket=BUCKET)
        began = time.monotonic()
        requests = requests_of(aws, Path(folder), n_firms)
        for (by, kind, file), n in requests.most_common():
            print(f"{n:7d} {n / n_firms:7.2f}  {by}  {kind}  {file}")
        print(
            f"{n_firms} firms: head {a_firm(requests, n_firms, 'head'):.2f} a firm, all "
            f"{a_firm(requests, n_firms, 'head', 'workers'):.2f}; {time.monotonic() - began:.0f} s here"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]))
