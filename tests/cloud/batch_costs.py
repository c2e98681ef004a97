"""What a run on Batch takes beside its science, printed for docs/operating/batch.md: calls of AWS, and seconds before a script.

`make test-cloud` runs it after the scenarios. Little is asserted here: the figures are for people to read.
"""

import csv
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.cloud.batch_scenarios import ALONE, prepared
from tests.cloud.cloud_run import BUCKET, MAP, CloudRun, put_source
from tests.conftest import REPO
from tests.offline_aws import OfflineAWS

SAMPLE = REPO / "data/sample_calls.csv"
GROUP = 20  # firms a job, as in the profiles


def some_firms(path: Path, n_firms: int) -> Path:
    """Write the sample's first firms to a file of their own."""
    with (
        SAMPLE.open(encoding="utf-8", newline="") as source,
        path.open("w", encoding="utf-8", newline="") as to,
    ):
        rows = csv.reader(source)
        header = next(rows)
        written = csv.writer(to)
        written.writerow(header)
        firms: set[str] = set()
        for row in rows:
            if row[0] in firms or len(firms) < n_firms:
                firms.add(row[0])
                written.writerow(row)
    return path


def calls_of(run: CloudRun, *arguments: str) -> Counter[str]:
    """Return what a call of snakemake asks AWS for, with the profile's pause between two looks."""
    begun = run.calls()
    ended = run.snakemake("--retries", "0", *arguments, "--seconds-between-status-checks", "10")
    assert ended.status == 0, ended.text
    return run.calls() - begun


def parts(n_firms: int, size: int) -> list[int]:
    """Return what the calls are told from: 1, the jobs of firms, the firms, and the squares of the jobs' firms."""
    jobs = [min(size, n_firms - begun) for begun in range(0, n_firms, size)]
    return [1, len(jobs), n_firms, sum(n * n for n in jobs)]


def test_the_calls_that_aws_is_asked_for(aws: OfflineAWS, tmp_path: Path) -> None:
    """Fits each kind on four runs; the fifth, and the largest difference, show whether that holds.

    The squares are there because a worker looks at all its firms' files after each firm.
    """
    runs: dict[tuple[int, int], Counter[str]] = {}
    for n_firms, sizes in ((6, (1, GROUP)), (24, (1, GROUP, 8))):
        put_source(aws, some_firms(tmp_path / f"{n_firms}.csv", n_firms))
        for size in sizes:
            name = f"firms{n_firms}by{size}"
            run = prepared(aws, tmp_path / name, "aws-basic-batch", name)
            assert len(run.read("firms.tsv").splitlines()) - 1 == n_firms
            runs[n_firms, size] = calls_of(
                run, "--groups", "topics=firms", "--group-components", f"firms={size}"
            )
    # One DescribeJobs a look and unfinished job: they depend on how long jobs wait, and nothing is told from them.
    looks = "head: Batch describejobs"
    print(f"\n{looks}:", {sizes: calls.pop(looks) for sizes, calls in runs.items()})
    kinds = sorted({kind for calls in runs.values() for kind in calls})
    told = [(n_firms, size) for n_firms in (1000, 10000) for size in (1, GROUP)]
    known = np.array([parts(*sizes) for sizes in runs], dtype=float)
    print(f"\n{'call':24s}", *(f"{n_firms:>5}/{size:<3}" for n_firms, size in runs), "fixed, a job, a firm, a square |",
          *(f"{n_firms:>6}/{size:<3}" for n_firms, size in told))  # fmt: skip
    for kind in kinds:
        counted = np.array([runs[sizes][kind] for sizes in runs])
        fitted = np.linalg.solve(known[:4], counted[:4])
        off = abs(known @ fitted - counted).max()
        print(f"{kind:24s}", *(f"{n:9d}" for n in counted), *(f"{part:7.2f}" for part in fitted), f"off {off:.0f} |",
              *(f"{np.dot(parts(*sizes), fitted):10.0f}" for sizes in told))  # fmt: skip
    assert runs[24, GROUP]["head: Batch submitjob"] < runs[24, 1]["head: Batch submitjob"]


@pytest.mark.parametrize("n_firms", [24, 1000])
def test_the_calls_of_a_head_that_only_looks(
    aws: OfflineAWS, tmp_path: Path, quarter: Path, n_firms: int
) -> None:
    """A dry run builds the graph as a run does: what that asks S3 for is counted, not told from fewer firms."""
    put_source(aws, quarter)
    run = prepared(aws, tmp_path, "aws-basic-batch")
    columns, first, *_ = run.read("firms.tsv").decode().splitlines()
    rows = ["\t".join([f"{number:05d}", *first.split("\t")[1:]]) for number in range(n_firms)]
    body = "\n".join([columns, *rows, ""]).encode()
    aws.client("s3").put_object(Bucket=BUCKET, Key=f"{run.run}/firms.tsv", Body=body)
    print(f"\n{n_firms} firms:", dict(calls_of(run, "--dry-run", "--quiet", "all")))


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
