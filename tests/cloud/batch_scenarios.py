"""What goes wrong in the cloud, and what a run makes of it: `make test-cloud`.

The real snakemake command, the plugins as released and the profiles, on the offline AWS, whose jobs run, with both
executors. Each takes a minute or two; `make test` has the undisturbed run of aws-basic-batch alone (test_batch_run.py).
Sentences and vectors lie ready on S3, so that the firms' jobs come first.
"""

import json
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cloud.cloud_run import (
    BUCKET,
    PROFILES,
    CloudRun,
    killed,
    put_sentences,
    put_source,
    wait_until,
)
from tests.cloud.test_batch_run import FIRMS, SETTINGS
from tests.offline_aws import OfflineAWS
from tests.offline_aws.batch import TIMED_OUT

# The firm whose job misbehaves, see own_parts: the only one that never says "harbour".
ODD = "34"
# One job per firm.
ALONE = ("--groups", "topics=firms", "--group-components", "firms=1")
both = pytest.mark.parametrize("run", PROFILES, indirect=True)


def prepared(aws: OfflineAWS, folder: Path, profile: str, name: str = SETTINGS["run"]) -> CloudRun:
    """Return a head whose transcripts are there, and sentences and vectors as well."""
    (folder / "head").mkdir(parents=True)
    (folder / "made/embeddings").mkdir(parents=True)
    run = CloudRun(aws, folder / "head", profile)
    run.prepare()
    run.configure(**SETTINGS | {"run": name})
    put_sentences(run, folder / "made")
    return run


@pytest.fixture
def run(aws: OfflineAWS, tmp_path: Path, quarter: Path, request: pytest.FixtureRequest) -> CloudRun:
    put_source(aws, quarter)
    return prepared(aws, tmp_path, getattr(request, "param", PROFILES[0]))


def firms_done(run: CloudRun) -> list[str]:
    return sorted(name.removesuffix(".json") for name in run.versions())


def test_a_quarter_from_csv_to_report_on_the_other_executor_though_the_first_machine_is_taken_away(
    aws: OfflineAWS, tmp_path: Path, quarter: Path
) -> None:
    put_source(aws, quarter)
    run = CloudRun(aws, tmp_path, "aws-batch")
    run.prepare()
    run.configure(**SETTINGS)
    taken: list[Any] = []

    def reclaim(job: Any, attempt: int) -> bool:
        if not taken:  # nothing can run beside rule ingest
            taken.append(job)
            return True
        return False

    aws.batch.reclaim = reclaim
    ended = run.snakemake()
    assert ended.status == 0, ended.text
    assert [job["statusReason"][:8] for job in run.batch_jobs() if job["status"] == "FAILED"] == ["Host EC2"]
    assert {"transcripts.parquet", "themes.json", "published.json", "report.html"} <= set(run.keys())
    assert json.loads(run.read("themes.json"))["n_themes"] >= 2
    assert firms_done(run) == FIRMS
    print("batch jobs:", len(run.batch_jobs()))
    run.is_clean()
    assert run.snakemake().jobs == []


@both
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


@both
def test_a_spot_machine_is_taken_away_and_its_job_is_tried_again(run: CloudRun, aws: OfflineAWS) -> None:
    (run.markers / "hang").touch()

    def reclaim(job: Any, attempt: int) -> bool:
        of_odd = f"firm={ODD}" in " ".join(job._get_container_property("command", []))
        if of_odd and attempt == 1 and (run.markers / "hanging").exists():
            (run.markers / "hang").unlink(missing_ok=True)
            (run.markers / "hanging").unlink(missing_ok=True)
            return True
        return False

    aws.batch.reclaim = reclaim
    ended = run.snakemake(*ALONE)
    assert ended.status == 0, ended.text
    attempts = [len(job["attempts"]) for job in run.batch_jobs()]
    lost = [job["statusReason"] for job in run.batch_jobs() if job["status"] == "FAILED"]
    print("attempts of the jobs:", attempts, "failed:", lost)
    if run.profile == "aws-basic-batch":
        assert (max(attempts), lost) == (2, []), "the definition's retry strategy"
    else:
        assert max(attempts) == 1, (
            "Snakemake's own definitions have none: it is a failed job, submitted again"
        )
        assert len(lost) == 1
        assert lost[0].startswith("Host EC2")
    assert firms_done(run) == FIRMS
    run.is_clean()


@both
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


@both
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


@both
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
    run.is_clean()


@both
def test_a_head_that_is_stopped_cancels_its_jobs(run: CloudRun) -> None:
    """What Batch does to a head whose state has timed out; tests/cloud/test_state_machine.py has the part before."""
    (run.markers / "hang").touch()
    words = run.command(*ALONE)
    program = "import sys; from earnings_themes.cloud.head import call_snakemake; sys.exit(call_snakemake(sys.argv[1:]))"
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


@both
def test_a_job_over_its_time_costs_its_firm_alone(run: CloudRun, aws: OfflineAWS) -> None:
    (run.markers / "hang").touch()
    head = run.start(*ALONE)
    others = [firm for firm in FIRMS if firm != ODD]

    def only_one_goes_on() -> bool:
        ended = [job["status"] for job in run.batch_jobs()].count("SUCCEEDED") == len(others)
        return ended and (run.markers / "hanging").exists()

    wait_until(lambda: only_one_goes_on() or head.poll(), seconds=300)
    # The profile's hour passes in a second.
    aws.speed = 3600
    first = run.wait(head)
    assert first.status != 0
    assert firms_done(run) == others
    failed = [job for job in run.batch_jobs() if job["status"] == "FAILED"]
    print("failed:", [job["statusReason"] for job in failed])
    assert [job["statusReason"] for job in failed] == [TIMED_OUT] * 2, (
        "the rule's second try has no more time"
    )
    aws.speed = 1
    (run.markers / "hang").unlink()
    second = run.snakemake(*ALONE)
    assert second.status == 0, second.text
    assert [job for job in second.jobs if "topics of firm" in job] == [f"Finding the topics of firm {ODD}"]
    run.is_clean()


@pytest.mark.parametrize("profile", PROFILES)
def test_two_runs_at_once(aws: OfflineAWS, tmp_path: Path, quarter: Path, profile: str) -> None:
    put_source(aws, quarter)
    runs = [prepared(aws, tmp_path / name, profile, name) for name in ("spring", "autumn")]
    heads = [run.start() for run in runs]
    for run, head in zip(runs, heads, strict=True):
        ended = run.wait(head)
        assert ended.status == 0, ended.text
    for run in runs:
        assert firms_done(run) == FIRMS
        assert "report.html" in run.keys("report")
        run.is_clean()


@pytest.mark.parametrize("profile", PROFILES)
def test_a_bucket_with_nothing_in_it_stays_and_is_named(
    aws: OfflineAWS, tmp_path: Path, profile: str
) -> None:
    run = CloudRun(aws, tmp_path, profile)
    run.prepare()
    run.configure(**SETTINGS)
    ended = run.snakemake()
    assert ended.status != 0
    assert "nothing is there" in ended.text
    assert "Traceback (most recent call last)" not in ended.text
    assert run.batch_jobs() == []
    print(*[line for line in ended.text.splitlines() if "nothing is there" in line])
    run.is_clean()


@both
def test_a_missing_right_is_named(run: CloudRun, aws: OfflineAWS) -> None:
    aws.refuse(
        "POST /v1/submitjob", "AccessDeniedException", "not authorized to perform: batch:SubmitJob", 403
    )
    ended = run.snakemake(*ALONE)
    assert ended.status != 0
    assert "batch:SubmitJob" in ended.text
    assert "Traceback (most recent call last)" not in ended.text
    assert firms_done(run) == []
    # aws-batch registers a definition before it asks for the job, and forgets it when that is refused: ours to remove.
    run.is_clean()


def test_a_head_with_an_empty_disk_makes_again_exactly_what_changed(
    aws: OfflineAWS, tmp_path: Path, quarter: Path
) -> None:
    put_source(aws, quarter)
    run = CloudRun(aws, tmp_path)
    run.prepare()

    def head(*arguments: str, **settings: Any) -> list[str]:
        """Let a head with an empty disk work; return what its jobs say."""
        shutil.rmtree(run.path / ".snakemake", ignore_errors=True)
        run.configure(**SETTINGS | settings)
        ended = run.snakemake(*arguments)
        assert ended.status == 0, ended.text
        return [job for job in ended.jobs if not job.startswith("all")]

    last = ["Counting sentences by call and theme", "Finding the themes of all firms and settling every sentence",
            "Measuring the run and drawing its report", "Publishing the run to the theme store"]  # fmt: skip
    assert len(head()) == len(FIRMS) + 6
    assert head() == []
    topics = run.versions()
    other = {"themes": {"stability_runs": 0}}
    assert head("--dry-run", **other) == last
    assert head(**other) == last
    assert run.versions() == topics
    assert head(**other) == []

    topics_too = other | {"topics": SETTINGS["topics"] | {"min_sentences": 11}}
    told = head("--dry-run", **topics_too)
    assert [job for job in told if job not in last] == [
        f"Finding the topics of firm {firm}" for firm in FIRMS
    ]

    run.configure(**SETTINGS | {"source": SETTINGS["source"] | {"firms": FIRMS[:2]}})
    refused = run.snakemake()
    assert refused.status != 0
    assert "is a run of other firms" in refused.text and "another name" in refused.text
