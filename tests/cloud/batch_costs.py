"""What a run on Batch takes beside its science, printed for docs/batch.md: calls of AWS, and seconds before a script.

`make test-cloud` runs it after the scenarios. Little is asserted here: the figures are for people to read.
"""

import csv
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.cloud.batch_scenarios import ALONE, prepared
from tests.cloud.cloud_run import BUCKET, CloudRun, put_source
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


def test_the_calls_that_aws_is_asked_for(aws: OfflineAWS, tmp_path: Path) -> None:
    """Each kind is fitted as a fixed part, a part a job of firms and a part a firm, on four runs."""
    runs: dict[tuple[int, int], Counter[str]] = {}
    for n_firms in (6, 24):
        put_source(aws, some_firms(tmp_path / f"{n_firms}.csv", n_firms))
        for size in (1, GROUP):
            name = f"firms{n_firms}by{size}"
            run = prepared(aws, tmp_path / name, "aws-basic-batch", name)
            assert len(run.read("firms.tsv").splitlines()) - 1 == n_firms
            runs[n_firms, size] = calls_of(
                run, "--groups", "topics=firms", "--group-components", f"firms={size}"
            )
    kinds = sorted({kind for calls in runs.values() for kind in calls})
    known = np.array([[1, -(-n_firms // size), n_firms] for n_firms, size in runs])
    print(f"\n{'call':35s}", *(f"{n_firms:>5}/{size:<3}" for n_firms, size in runs), "fixed  a job a firm |",
          *(f"{n_firms:>6}/{size:<3}" for n_firms in (1000, 10000) for size in (1, GROUP)))  # fmt: skip
    for kind in kinds:
        counted = [runs[sizes][kind] for sizes in runs]
        fixed, a_job, a_firm = np.linalg.lstsq(known, np.array(counted), rcond=None)[0]
        told = [
            fixed + a_job * -(-n_firms // size) + a_firm * n_firms
            for n_firms in (1000, 10000)
            for size in (1, GROUP)
        ]
        print(f"{kind:35s}", *(f"{n:9d}" for n in counted), f"{fixed:6.1f} {a_job:6.2f} {a_firm:6.2f} |",
              *(f"{n:10.0f}" for n in told))  # fmt: skip
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
    aws.batch.slots["map"] = 1
    ended = run.snakemake(*ALONE, "--until", "topics")
    assert ended.status == 0, ended.text
    seconds = run.overhead()
    print(f"\n{profile}, baked {baked}: seconds to the first line:", [round(n, 2) for n in seconds])
    assert len(seconds) == 5
