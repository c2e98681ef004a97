"""What a run on Batch takes beside its science, for docs/operating/batch.md: requests, and seconds before a script.

`make test-cloud` runs it after the scenarios. For other numbers of firms, printed file by file:

    python -m tests.cloud.batch_costs 1000          # a whole run, a quarter of an hour
    python -m tests.cloud.batch_costs 10000 head    # the firms' jobs alone, and a stand-in for what they do: the head's; half an hour
"""

import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

from earnings_themes.results.firms import parse_firms
from tests.cloud.batch_scenarios import ALONE, prepared
from tests.cloud.cloud_run import (
    BUCKET,
    IMAGE,
    MAP,
    SOURCE,
    CloudRun,
    kind_of,
    put_sentences,
    put_source,
)
from tests.conftest import write_quarter
from tests.offline_aws import OfflineAWS
from tests.offline_aws.server import CONTAINER_APP

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


# Puts the files of a job's firms where the job would have, in one process: with one a file, the stand-in took longer than the head.
STAND_IN = f"""for firm in $(grep -oE 'topics:firm=[A-Za-z0-9_%-]+' <<< "$*" | cut -d= -f2); do
  for file in topics/$firm.json logs/topics/$firm.log; do
    echo next
    echo "url = $AWS_ENDPOINT_URL/{BUCKET}/earnings-themes/results/counted/$file"
    printf '%s\n' 'request = PUT' 'data = x' 'user-agent = {CONTAINER_APP}' 'silent' 'output = /dev/null'
  done
done | tail -n +2 | curl --config -"""


def requests_of(
    aws: OfflineAWS, folder: Path, n_firms: int, whole: bool = True
) -> Counter[tuple[str, str, str]]:
    """Let n_firms made firms of two subjects go from CSV to report; return who asked what of which file, how often.

    whole: False begins with the sentences, ends with the topics, and lets a stand-in be the workers: only the head's count.
    """
    put_source(aws, write_quarter(folder / "calls.csv", n_firms, random.Random(1)))
    (folder / "head").mkdir()
    run = CloudRun(aws, folder / "head")
    run.prepare()
    run.configure(**SETTINGS)
    more: tuple[str, ...] = ("--set-threads", "embed=2", "themes=2")
    if not whole:
        (folder / "made/embeddings").mkdir(parents=True)
        put_sentences(run, folder / "made")
        aws.images[IMAGE] = ["bash", "-c", STAND_IN, "bash"]
        more = ("--until", "topics")
    aws.latency = LATENCY
    begun = len(aws.served)
    ended = run.snakemake("--seconds-between-status-checks", "10", *more, limit_s=7200)
    aws.latency = 0.0
    assert ended.status == 0, ended.text
    firms = parse_firms(run.read("firms.tsv"), "firms.tsv")
    assert len(firms) == n_firms and all(firm.n_sentences for firm in firms), "a firm without text asks less"
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


def test_a_firm_takes_five_requests_and_the_run_itself_two_hundred(aws: OfflineAWS, tmp_path: Path) -> None:
    """At 24 firms most of all is what a run takes once; at 1,000 it is a fraction of one a firm."""
    requests = {key: n for key, n in requests_of(aws, tmp_path, 24).items() if key[1].startswith("S3")}
    each = {key: n for key, n in requests.items() if n >= 20 and key[2]}
    assert sum(each.values()) / 24 <= 6, f"a firm takes more: {each}"
    assert sum(requests.values()) - sum(each.values()) <= 190
    assert sum(n for (by, _, _), n in requests.items() if by == "head") <= 3 * 24, (
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


def main(n_firms: int, whole: bool) -> None:
    """Count, and print."""
    with tempfile.TemporaryDirectory(prefix="requests-") as folder, OfflineAWS() as aws:
        os.environ.update(aws.environment)
        aws.client("s3").create_bucket(Bucket=BUCKET)
        began = time.monotonic()
        requests = requests_of(aws, Path(folder), n_firms, whole)
        for (by, kind, file), n in requests.most_common():
            print(f"{n:7d} {n / n_firms:7.2f}  {by}  {kind}  {file}")
        print(
            f"{n_firms} firms: head {a_firm(requests, n_firms, 'head'):.2f} a firm, all "
            f"{a_firm(requests, n_firms, 'head', 'workers'):.2f}; {time.monotonic() - began:.0f} s here"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]), whole=sys.argv[2:] != ["head"])
