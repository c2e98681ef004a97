"""The reduce on SageMaker, end to end: the job is the real entrypoint, run as a process by the offline AWS."""

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from earnings_themes.abstractions import Receipt
from earnings_themes.cloud import sagemaker
from earnings_themes.cloud.sagemaker import reduce_on_sagemaker
from earnings_themes.config import Publish, parse_config
from earnings_themes.errors import CloudError, CoverageError, ReduceError, ResultError
from earnings_themes.results.artifacts import read_themes
from earnings_themes.stores.dynamodb import DynamoDBThemeStore
from earnings_themes.stores.publish import publish_files
from earnings_themes.system.folders import LocalFolder
from earnings_themes.themes.run import reduce_run
from tests.cloud.conftest import BUCKET, IMAGE
from tests.conftest import REPO
from tests.dynamodb import create_table
from tests.offline_aws import OfflineAWS
from tests.published import ODD_FIRM_IDS
from tests.small_run import DAY, RUN, Said, list_firms, make_run, write_firm, write_run

Upload = Callable[[Path], None]
FIRMS = ("0012", "23", "34")

# Stand-ins for the image, where only the life of the job matters.
WORKS = [
    sys.executable,
    "-c",
    """import sys, json
from earnings_themes.abstractions import SCHEMA_VERSION
from earnings_themes.system.folders import s3_folder
out = s3_folder(sys.argv[sys.argv.index('--output') + 1])
themes = dict(schema_version=SCHEMA_VERSION, run='2023_Q1', n_themes=0, themes=[], unassigned_topics=[], skipped_firms=[])
out.write('sentences.parquet', b'')
out.write('themes.json', json.dumps({**themes, 'metadata': {'timing': {}}}).encode())
out.write('reduce.json', b'{}')""",
]
FAILS = ["sh", "-c", "echo reading 3 firms; echo the disk is full; exit 7"]
SLEEPS = ["sh", "-c", "echo began; exec sleep 600"]


@pytest.fixture
def run(tmp_path: Path, upload: Upload) -> Path:
    """A run of three firms, on this disk and on S3."""
    folder = make_run(tmp_path / "run", FIRMS)
    upload(folder)
    return folder


@pytest.fixture
def reduce(tmp_path: Path, config: dict[str, Any]) -> Callable[..., Path]:
    """Run the reduce as the rule does, and return themes.json."""

    def call(name: str = "out", **given: Any) -> Path:
        output = tmp_path / name / "themes.json"
        reduce_on_sagemaker(config, output, output.with_name("reduce.json"), poll_seconds=0.05, **given)
        return output

    return call


def statuses(aws: OfflineAWS) -> list[str]:
    jobs = aws.client("sagemaker").list_processing_jobs()["ProcessingJobSummaries"]
    return [job["ProcessingJobStatus"] for job in jobs]


def only_job(aws: OfflineAWS) -> dict[str, Any]:
    (job,) = aws.client("sagemaker").list_processing_jobs()["ProcessingJobSummaries"]
    found: dict[str, Any] = aws.client("sagemaker").describe_processing_job(
        ProcessingJobName=job["ProcessingJobName"]
    )
    return found


def without_timing(path: Path) -> dict[str, Any]:
    themes: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    del themes["metadata"]["timing"]
    return themes


def wait_until(true: Callable[[], object]) -> None:
    for _ in range(1200):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it never came true")


# --- the account's quota ---------------------------------------------------------------------------


_LIMIT = "The account-level service limit 'ml.m5.xlarge for processing job usage' is {} Instances, with …"


def test_a_machine_that_another_run_has_is_waited_for(
    aws: OfflineAWS, run: Path, reduce: Callable[..., Path]
) -> None:
    aws.refuse("CreateProcessingJob", "ResourceLimitExceeded", _LIMIT.format(1), times=2)
    assert read_themes(reduce()).themes


def test_a_quota_of_none_is_told_with_the_way_around_it(
    aws: OfflineAWS, run: Path, reduce: Callable[..., Path]
) -> None:
    aws.refuse("CreateProcessingJob", "ResourceLimitExceeded", _LIMIT.format(0))
    with pytest.raises(CloudError, match=r"may have no ml.m5.xlarge.*reduce.backend: local"):
        reduce()


# --- it works --------------------------------------------------------------------------------------


def test_a_run_on_s3_becomes_the_themes_of_a_local_reduce_and_no_firm_comes_here(
    aws: OfflineAWS, upload: Upload, reduce: Callable[..., Path], config: dict[str, Any], tmp_path: Path
) -> None:
    folder = make_run(tmp_path / "run", ODD_FIRM_IDS)
    upload(folder)
    themes = reduce()

    reduce_run(parse_config(config), LocalFolder(folder), tmp_path / "here.json", tmp_path / "receipt.json")
    assert without_timing(themes) == without_timing(tmp_path / "here.json")
    assert set(read_themes(themes).themes[0].firms) == set(ODD_FIRM_IDS)

    here = [request for container, request in aws.requests if not container]
    there = [request for container, request in aws.requests if container]
    # moto answers with keys as they are, so an encoded id is encoded once more on its way.
    assert not [request for request in here if request.startswith("GET") and "/topics/" in request]
    assert len([request for request in there if request.startswith("GET") and "/topics/" in request]) == len(
        ODD_FIRM_IDS
    )
    receipt = json.loads(themes.with_name("reduce.json").read_text())
    assert receipt["n_read"] == receipt["n_firms"] == len(ODD_FIRM_IDS)
    assert receipt["published"] is None

    reduce("again")
    assert statuses(aws) == ["Completed"], "what is done is not done again"
    assert (tmp_path / "again/themes.json").read_bytes() == themes.read_bytes()


def test_the_job_is_asked_for_what_the_config_says(
    aws: OfflineAWS, run: Path, reduce: Callable[..., Path], config: dict[str, Any]
) -> None:
    aws.images[IMAGE] = WORKS
    config["reduce"]["sagemaker"]["kms_key"] = "alias/results"
    reduce()
    job = only_job(aws)
    assert job["ProcessingResources"]["ClusterConfig"] == {
        "InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 10, "VolumeKmsKeyId": "alias/results",
    }  # fmt: skip
    assert job["StoppingCondition"] == {"MaxRuntimeInSeconds": 3600}
    assert job["NetworkConfig"]["VpcConfig"] == {
        "Subnets": ["subnet-0a1b2c3d"], "SecurityGroupIds": ["sg-0a1b2c3d"],
    }  # fmt: skip
    assert job["RoleArn"] == "arn:aws:iam::123456789012:role/theme-aggregator"
    tags = aws.client("sagemaker").list_tags(ResourceArn=job["ProcessingJobArn"])["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {
        "Project": "earnings-themes", "Environment": "dev", "Owner": "faculty", "CostCenter": "12", "Run": RUN,
    }  # fmt: skip


def test_the_job_publishes_to_the_table_and_again_when_the_table_has_lost_it(
    aws: OfflineAWS, run: Path, reduce: Callable[..., Path]
) -> None:
    store = DynamoDBThemeStore("themes")
    create_table(store)
    themes = reduce(table="themes")
    receipt = json.loads(themes.with_name("reduce.json").read_text())["published"]
    assert [(info.run, info.version) for info in store.runs()] == [(RUN, receipt["version"])]
    assert store.theme(f"{RUN}-001").firms == FIRMS
    reduce(table="themes")
    assert statuses(aws) == ["Completed"]

    # The rule `publish` finds it published, and needs no firm's file; without it, it publishes from files.
    settings = Publish("dynamodb", "", "themes")
    published, alone = themes.with_name("published.json"), run / "alone"
    alone.mkdir()
    shutil.copy2(themes.with_name("reduce.json"), alone)
    assert publish_files(RUN, LocalFolder(alone), settings, published) == Receipt(**receipt)
    assert json.loads(published.read_text()) == receipt
    store.delete(RUN)
    for name in ("themes.json", "reduce.json", "sentences.parquet"):  # where the rule's outputs lie
        shutil.copy2(themes.with_name(name), run)
    again = publish_files(RUN, LocalFolder(run), settings, published)
    assert again.digest == receipt["digest"]

    store.delete(RUN)
    reduce(table="themes")
    assert statuses(aws) == ["Completed", "Completed"]
    assert len(store.runs()) == 1


def test_two_quarters_of_one_registry_on_s3_have_the_same_themes(
    aws: OfflineAWS, tmp_path: Path, config: dict[str, Any], reduce: Callable[..., Path]
) -> None:
    config["registry"] = {"path": f"s3://{BUCKET}/registry/mine", "mode": "extend"}
    found = []
    for name, day in ((RUN, DAY), ("2023_Q3", DAY + timedelta(days=92))):
        folder = write_run(tmp_path / name, {firm: [Said(0), Said(1)] for firm in FIRMS}, run=name, day=day)
        for path in (path for path in folder.rglob("*") if path.is_file()):
            aws.client("s3").upload_file(str(path), BUCKET, f"results/{name}/{path.relative_to(folder)}")
        config["run"] = name
        found.append(
            {theme["theme_id"] for theme in json.loads(reduce(f"{name}-out").read_bytes())["themes"]}
        )
    assert statuses(aws) == ["Completed", "Completed"]
    assert found[0] and found[0] == found[1], "the second quarter settles in what the first one founded"


def test_the_rule_script_takes_the_backend_from_the_config(
    aws: OfflineAWS, run: Path, config: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import runpy
    from types import SimpleNamespace

    aws.images[IMAGE] = WORKS
    monkeypatch.setattr(sagemaker, "POLL_SECONDS", 0.05)
    outputs = [
        str(tmp_path / "results" / name) for name in ("themes.json", "reduce.json", "sentences.parquet")
    ]
    job = SimpleNamespace(config=config, input=[], log=[str(tmp_path / "log")], output=outputs)
    runpy.run_path(str(REPO / "scripts/themes.py"), {"snakemake": job}, run_name="__main__")
    assert read_themes(outputs[0]).n_themes == 0
    assert statuses(aws) == ["Completed"]


# --- it fails --------------------------------------------------------------------------------------


def test_a_failure_shows_its_reason_and_the_end_of_the_log(
    aws: OfflineAWS, run: Path, reduce: Callable[..., Path]
) -> None:
    aws.images[IMAGE] = FAILS
    with pytest.raises(ReduceError) as error:
        reduce()
    said = str(error.value)
    assert "AlgorithmError: See job logs for more information, exit code: 7" in said
    assert said.endswith("  reading 3 firms\n  the disk is full")
    assert statuses(aws) == ["Failed"], "a fault of ours is not tried again by itself"
    aws.images[IMAGE] = WORKS
    reduce()
    assert statuses(aws) == ["Failed", "Completed"], "but when the user asks again"


def test_too_few_readable_firms_are_named_by_the_job(
    aws: OfflineAWS, run: Path, upload: Upload, reduce: Callable[..., Path], config: dict[str, Any]
) -> None:
    file = run / "topics/23.json"
    file.write_bytes(file.read_bytes()[:-40])
    upload(run)
    with pytest.raises(ReduceError) as error:
        reduce()
    said = str(error.value)
    assert "exit code: 3" in said
    assert "It said: CoverageError: Topics of 2 of 3 firms can be read (66.7%)" in said
    assert "23: topics/23.json: not complete JSON" in said
    config["reduce"]["min_firm_coverage"] = 0.6
    assert [firm.firm_id for firm in read_themes(reduce()).skipped_firms] == ["23"]


@pytest.mark.parametrize("left", [(), ("0012",)])
def test_missing_firms_are_named_before_a_machine_is_paid_for(
    aws: OfflineAWS, upload: Upload, reduce: Callable[..., Path], tmp_path: Path, left: tuple[str, ...]
) -> None:
    folder = make_run(tmp_path / "run", left)
    list_firms(folder, FIRMS)
    upload(folder)
    with pytest.raises(CoverageError, match=rf"{len(left)} of 3 firms .*(?s:.*)34: topics/34.json: missing"):
        reduce()
    assert statuses(aws) == []


def test_a_run_that_is_not_there_is_asked_about(aws: OfflineAWS, reduce: Callable[..., Path]) -> None:
    with pytest.raises(
        ResultError, match=rf"s3://{BUCKET}/results/{RUN}/firms.tsv: missing.*run_uri right\?"
    ):
        reduce()


def test_a_job_that_runs_out_of_time_says_which_setting_to_raise(
    aws: OfflineAWS, run: Path, reduce: Callable[..., Path]
) -> None:
    aws.images[IMAGE] = SLEEPS
    aws.speed = 3600.0
    with pytest.raises(
        ReduceError, match=r"Stopped\.\nIt reached reduce\.sagemaker\.timeout_minutes, 60(?s:.*)began"
    ):
        reduce()


def test_a_job_that_somebody_stops_is_not_called_slow(
    aws: OfflineAWS, run: Path, reduce: Callable[..., Path]
) -> None:
    aws.images[IMAGE] = SLEEPS
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(reduce)
        wait_until(lambda: statuses(aws) == ["InProgress"])
        aws.client("sagemaker").stop_processing_job(ProcessingJobName=only_job(aws)["ProcessingJobName"])
        with pytest.raises(ReduceError, match="stopped from outside; run again"):
            waiting.result()


def test_a_fault_of_aws_is_tried_again_as_often_as_the_config_says(
    aws: OfflineAWS, run: Path, reduce: Callable[..., Path]
) -> None:
    aws.images[IMAGE] = WORKS
    aws.failures = ["CapacityError: Unable to provision requested ML compute capacity."]
    reduce()
    assert statuses(aws) == ["Failed", "Completed"]


def test_a_fault_of_aws_that_stays_ends_the_retries(
    aws: OfflineAWS, run: Path, reduce: Callable[..., Path]
) -> None:
    aws.failures = ["InternalServerError: We encountered an internal error. Please try again."] * 9
    with pytest.raises(ReduceError, match=r"internal error\. Please try again\.\nIt left no log\."):
        reduce()
    assert statuses(aws) == ["Failed"] * 3


# --- it is interrupted -----------------------------------------------------------------------------


def test_a_restart_finds_the_running_job(
    aws: OfflineAWS, run: Path, reduce: Callable[..., Path], tmp_path: Path
) -> None:
    go = tmp_path / "go"
    wait = f"while [ ! -e {go} ]; do sleep 0.05; done; exec "
    aws.images[IMAGE] = ["sh", "-c", wait + '"$@"', "sh", *WORKS]
    aws.refuse("DescribeProcessingJob", "AccessDeniedException", "the head's credentials are gone", times=1)
    with pytest.raises(CloudError, match="credentials are gone"):
        reduce()
    assert statuses(aws) == ["InProgress"]
    with ThreadPoolExecutor() as pool:
        second = pool.submit(reduce)
        wait_until(lambda: sum("DescribeProcessingJob" in request for _, request in aws.requests) > 3)
        go.touch()
        assert read_themes(second.result()).n_themes == 0
    assert statuses(aws) == ["Completed"]


def test_of_two_callers_at_once_one_starts_the_job_and_both_get_the_themes(
    aws: OfflineAWS, run: Path, reduce: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.images[IMAGE] = WORKS
    both_looked = threading.Barrier(2)
    find = sagemaker._Jobs._find

    def find_together(jobs: Any) -> bool:
        found = find(jobs)
        both_looked.wait()
        return found

    numbered = threading.Barrier(2)
    name = sagemaker.request.job_name

    def name_together(base: str, attempt: int) -> str:
        numbered.wait()
        return name(base, attempt)

    monkeypatch.setattr(sagemaker._Jobs, "_find", find_together)
    monkeypatch.setattr(sagemaker.request, "job_name", name_together)
    with ThreadPoolExecutor() as pool:
        one, other = pool.map(reduce, ["one", "other"])
    assert one.read_bytes() == other.read_bytes()
    assert statuses(aws) == ["Completed"]
    assert sum("CreateProcessingJob" in request for _, request in aws.requests) == 2


# A shell's background job, as the tests may be, ignores Ctrl-C and leaves that to its children.
CALLER = """
import json, signal, sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)
from earnings_themes.cloud.sagemaker import reduce_on_sagemaker
out = Path(sys.argv[2])
reduce_on_sagemaker(json.loads(Path(sys.argv[1]).read_text()), out, out.with_name('reduce.json'), poll_seconds=0.05)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_stop_the_job(
    aws: OfflineAWS, run: Path, config: dict[str, Any], tmp_path: Path, number: signal.Signals
) -> None:
    aws.images[IMAGE] = SLEEPS
    (tmp_path / "config.json").write_text(json.dumps(config))
    arguments = [sys.executable, "-c", CALLER, str(tmp_path / "config.json"), str(tmp_path / "themes.json")]
    with subprocess.Popen(arguments, stderr=subprocess.DEVNULL, env=os.environ) as caller:
        wait_until(lambda: any("DescribeProcessingJob" in request for _, request in aws.requests))
        caller.send_signal(number)
        caller.wait(60)
    assert caller.returncode not in (0, None)
    wait_until(lambda: statuses(aws) == ["Stopped"])


def test_a_job_that_is_stopping_is_waited_for_before_the_next_one_starts(
    aws: OfflineAWS, run: Path, reduce: Callable[..., Path]
) -> None:
    # It takes half a second to end after it was told to.
    aws.images[IMAGE] = [
        "sh",
        "-c",
        "trap 'sleep 0.5; exit 1' TERM; echo began; while true; do sleep 0.02; done",
    ]
    with ThreadPoolExecutor() as pool:
        first = pool.submit(reduce)
        wait_until(lambda: statuses(aws) == ["InProgress"])
        time.sleep(0.3)  # until the shell has set its trap
        aws.client("sagemaker").stop_processing_job(ProcessingJobName=only_job(aws)["ProcessingJobName"])
        aws.images[IMAGE] = WORKS
        reduce("second")
        with pytest.raises(ReduceError):
            first.result()
    assert statuses(aws) == ["Stopped", "Completed"]
    one, other = aws.jobs.started
    assert one.processing_end_time <= other.creation_time.replace(tzinfo=one.processing_end_time.tzinfo)


# --- AWS refuses -----------------------------------------------------------------------------------


def test_a_missing_permission_is_named(aws: OfflineAWS, run: Path, reduce: Callable[..., Path]) -> None:
    aws.refuse("CreateProcessingJob", "AccessDeniedException", "User: head is not authorized", times=1)
    with pytest.raises(
        CloudError, match=r"Cannot start job themes-2023-Q1-.*is not authorized.*iam:PassRole for arn"
    ):
        reduce()
    aws.refuse(f"GET /{BUCKET}$", "AccessDenied", "Access Denied", status=403, times=1)
    with pytest.raises(
        CloudError, match=rf"Cannot list s3://{BUCKET}/results/{RUN}/topics.*s3:ListBucket on {BUCKET}"
    ):
        reduce()


def test_a_container_without_access_says_so_and_a_log_that_cannot_be_read_hides_nothing(
    aws: OfflineAWS, run: Path, reduce: Callable[..., Path]
) -> None:
    aws.refuse("GET .*/topics/23.json", "AccessDenied", "Access Denied", status=403)
    aws.refuse("Logs_.*GetLogEvents", "AccessDeniedException", "not authorized")
    with pytest.raises(ReduceError) as error:
        reduce()
    said = str(error.value)
    assert "exit code: 4" in said
    assert (
        f"It said: CloudError: Cannot read s3://{BUCKET}/results/{RUN}/topics/23.json: AccessDenied" in said
    )
    assert "It needs s3:GetObject on" in said
    assert "Cannot read the job's log: AccessDeniedException" in said


def test_throttling_is_waited_out(aws: OfflineAWS, run: Path, reduce: Callable[..., Path]) -> None:
    aws.images[IMAGE] = WORKS
    aws.refuse("DescribeProcessingJob", "ThrottlingException", "Rate exceeded", times=2)
    aws.refuse("CreateProcessingJob", "ThrottlingException", "Rate exceeded", times=1)
    reduce()
    assert statuses(aws) == ["Completed"]


# --- what has no theme -----------------------------------------------------------------------------


def test_runs_without_a_theme_are_results(
    aws: OfflineAWS,
    upload: Upload,
    reduce: Callable[..., Path],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One firm; then two firms without topics, which is other input, and another job."""
    caplog.set_level(logging.INFO)
    upload(make_run(tmp_path / "one", ["7"]))
    alone = read_themes(reduce("alone"))
    assert (alone.n_themes, len(alone.unassigned_topics)) == (0, 2)

    quiet = tmp_path / "quiet"
    write_firm(quiet, "7", (), "no_transcript")
    write_firm(quiet, "8", (), "too_few_sentences")
    list_firms(quiet, ["7", "8"])
    upload(quiet)
    nobody = read_themes(reduce("nobody"))
    assert nobody.n_themes == 0
    assert [(firm.firm_id, firm.reason) for firm in nobody.skipped_firms] == [
        ("7", "no_transcript"), ("8", "too_few_sentences"),
    ]  # fmt: skip
    assert statuses(aws) == ["Completed", "Completed"]
    assert "Completed, waited" in caplog.text
    assert f"INFO wrote s3://{BUCKET}" in caplog.text, "the job's last line is in the progress line"
