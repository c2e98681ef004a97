"""What goes wrong in the cloud, and what a run makes of it: `make test-cloud`.

The real snakemake command, the plugins as released and the profile aws-basic-batch, on the offline AWS, whose jobs run.
Each scenario takes a minute or so; `make test` has the undisturbed run alone (test_batch_run.py). Sentences and
vectors lie ready on S3, so that the firms' jobs come first.
"""

import shutil
import signal
import sys
from pathlib import Path

import pytest

from tests.cloud.cloud_run import (
    BUCKET,
    CloudRun,
    killed,
    put_sentences,
    put_source,
    wait_until,
)
from tests.cloud.test_batch_run import FIRMS, SETTINGS
from tests.offline_aws import OfflineAWS

# The firm whose job misbehaves, see own_parts: the only one that never says "harbour".
ODD = "34"
# A job a firm, and no second try by Snakemake but the one that rule topics asks for.
ALONE = ("--groups", "topics=firms", "--group-components", "firms=1", "--retries", "0")


@pytest.fixture
def run(aws: OfflineAWS, tmp_path: Path, quarter: Path) -> CloudRun:
    (tmp_path / "head").mkdir()
    (tmp_path / "made/embeddings").mkdir(parents=True)
    put_source(aws, quarter)
    run = CloudRun(aws, tmp_path / "head")
    run.prepare()
    run.configure(**SETTINGS)
    put_sentences(run, tmp_path / "made")
    return run


def firms_done(run: CloudRun) -> list[str]:
    return sorted(name.removesuffix(".json") for name in run.versions())


def test_a_firm_fails_and_the_second_call_runs_it_alone(run: CloudRun) -> None:
    (run.markers / "fail").touch()
    first = run.snakemake(*ALONE)
    assert first.status != 0
    assert firms_done(run) == [firm for firm in FIRMS if firm != ODD]
    before = run.versions()
    n_jobs = len(run.batch_jobs())
    (run.markers / "fail").unlink()
    second = run.snakemake(*ALONE)
    assert second.status == 0, second.text
    assert [job for job in second.jobs if "topics of firm" in job] == [f"Finding the topics of firm {ODD}"]
    print("second call:", *second.jobs, sep="\n  ")
    print("batch jobs:", n_jobs, "then", len(run.batch_jobs()) - n_jobs)
    assert before.items() <= run.versions().items(), "a firm that was done was done again"
    run.is_clean()


def test_a_spot_machine_is_taken_away_and_batch_tries_again(run: CloudRun, aws: OfflineAWS) -> None:
    (run.markers / "hang").touch()

    def reclaim(job: object, attempt: int) -> bool:
        if attempt == 1 and (run.markers / "hanging").exists():
            (run.markers / "hang").unlink(missing_ok=True)
            (run.markers / "hanging").unlink(missing_ok=True)
            return True
        return False

    aws.batch.reclaim = reclaim
    ended = run.snakemake(*ALONE)
    assert ended.status == 0, ended.text
    attempts = [len(job["attempts"]) for job in run.batch_jobs()]
    print("attempts of the jobs:", attempts)
    assert max(attempts) == 2
    assert firms_done(run) == FIRMS
    run.is_clean()


@pytest.mark.parametrize("marker", ["die", "eat"])
def test_a_killed_job_costs_its_firm_alone(run: CloudRun, marker: str) -> None:
    (run.markers / marker).touch()
    first = run.snakemake(*ALONE)
    assert first.status != 0
    assert firms_done(run) == [firm for firm in FIRMS if firm != ODD]
    failed = [job for job in run.batch_jobs() if job["status"] == "FAILED"]
    print("failed:", [(job.get("statusReason"), job["attempts"][-1]["container"]) for job in failed])
    assert len(failed) == 2, "the firm's job, and the one retry that the rule asks for"
    (run.markers / marker).unlink()
    assert run.snakemake(*ALONE).status == 0
    assert firms_done(run) == FIRMS
    run.is_clean()


def test_s3_is_slow_for_a_while(run: CloudRun, aws: OfflineAWS) -> None:
    aws.refuse(rf"GET /{BUCKET}/.*/topics/|PUT /{BUCKET}/.*/topics/", "SlowDown", "reduce", 503, times=3)
    aws.refuse(rf"GET /{BUCKET}/.*transcripts", "InternalError", "again", 500, times=2)
    ended = run.snakemake(*ALONE)
    assert ended.status == 0, ended.text
    assert [refusal.times for refusal in aws.refusals] == [0, 0], (
        "nothing was refused: the scenario shows nothing"
    )
    assert firms_done(run) == FIRMS
    run.is_clean()


def test_the_head_is_killed_and_started_again(run: CloudRun) -> None:
    with killed(run.start(*ALONE)):
        wait_until(lambda: len(firms_done(run)) >= 1, seconds=240)
    before = run.versions()
    wait_until(lambda: all(job["status"] in ("SUCCEEDED", "FAILED") for job in run.batch_jobs()), seconds=240)
    print("done when it was killed:", sorted(before), "and when its jobs had ended:", firms_done(run))
    after_jobs = run.versions()
    # Batch gives the next head an empty folder; in the same one, Snakemake asks for --unlock first.
    shutil.rmtree(run.path / ".snakemake")
    again = run.snakemake(*ALONE)
    assert again.status == 0, again.text
    assert after_jobs.items() <= run.versions().items(), "a firm that was done was done again"
    print("second call:", *again.jobs, sep="\n  ")
    assert firms_done(run) == FIRMS


def test_a_head_that_is_stopped_cancels_its_jobs(run: CloudRun) -> None:
    """What Batch does to a head whose state has timed out; tests/cloud/test_state_machine.py has the part before."""
    (run.markers / "hang").touch()
    words = run.command(*ALONE)
    program = "import sys; from earnings_themes.head import call; sys.exit(call(sys.argv[1:]))"
    run.command = lambda: [sys.executable, "-c", program, *words]  # type: ignore[method-assign]
    head = run.start()
    wait_until(lambda: (run.markers / "hanging").exists(), seconds=240)
    head.send_signal(signal.SIGTERM)
    ended = run.wait(head)
    assert ended.status == 143, ended.text
    left = [job for job in run.batch_jobs() if job["status"] not in ("SUCCEEDED", "FAILED")]
    assert left == [], "jobs go on that nobody waits for"
    cancelled = [job["statusReason"] for job in run.batch_jobs() if job["status"] == "FAILED"]
    print("cancelled:", cancelled)
    assert cancelled
    assert ODD not in firms_done(run)


def test_a_missing_right_is_named(run: CloudRun, aws: OfflineAWS) -> None:
    aws.refuse(
        "POST /v1/submitjob", "AccessDeniedException", "not authorized to perform: batch:SubmitJob", 403
    )
    ended = run.snakemake(*ALONE)
    assert ended.status != 0
    assert "batch:SubmitJob" in ended.text
    assert firms_done(run) == []
    run.is_clean()


def test_the_calls_that_aws_is_asked_for(run: CloudRun, aws: OfflineAWS) -> None:
    """Not a check of a number: prints the counts by kind, a job a firm and all in one, for docs/batch.md."""
    begun = run.calls()
    assert run.snakemake(*ALONE).status == 0
    alone = run.calls() - begun
    s3 = aws.client("s3")
    for key in list(run.keys()):
        if not key.startswith(("transcripts", "firms", "ingest", "embeddings")):
            s3.delete_object(Bucket=BUCKET, Key=f"{run.run}/{key}")
    begun = run.calls()
    assert run.snakemake("--retries", "0").status == 0
    grouped = run.calls() - begun
    print(f"{'call':40s} a job a firm, grouped ({len(FIRMS)} firms)")
    for kind in sorted({*alone, *grouped}):
        print(f"{kind:40s} {alone[kind]:5d} {grouped[kind]:5d}")
    assert grouped["Batch submitjob"] < alone["Batch submitjob"]
