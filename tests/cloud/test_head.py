"""The head by itself: what it refuses, what it counts, what its receipt says, and how it is stopped."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from earnings_themes.cloud import head, made_with, settings
from earnings_themes.cloud.receipt import RECEIPT
from earnings_themes.errors import ConfigError
from tests.cloud.cloud_run import IMPORTS
from tests.cloud.conftest import BUCKET
from tests.conftest import REPO
from tests.offline_aws import OfflineAWS
from tests.small_run import RUN, make_run

BUILT: dict[str, Any] = {
    "region": "us-east-1",
    "results_bucket": BUCKET,
    "results_prefix": "p",
    "map_queue_arn": "arn:aws:batch:us-east-1:123456789012:job-queue/map",
    "map_job_role_arn": "arn:aws:iam::123456789012:role/map",
    "map_job_definition_arn": "arn:aws:batch:us-east-1:123456789012:job-definition/map:1",
    "head_queue_arn": "head",
    "firm_topic_processor_image": "firm-topic-processor@sha256:1",
    "theme_aggregator_image": "theme-aggregator@sha256:2",
    "sagemaker_role_arn": "arn:aws:iam::123456789012:role/reduce",
    "sagemaker_subnets": [],
    "sagemaker_security_groups": [],
    "table_name": "themes",
    "tags": {"Project": "earnings-themes"},
}


@pytest.fixture
def built(aws: OfflineAWS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A head's folder and environment."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.yaml").write_bytes((REPO / "config/config.yaml").read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AWS_BATCH_JOB_ID", raising=False)
    monkeypatch.setenv(head.CLOUD, json.dumps(BUILT))
    return BUILT


def receipt(aws: OfflineAWS, run: str = RUN) -> dict[str, Any]:
    key = f"p/results/{run}/{RECEIPT}"
    return dict(json.loads(aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()))


def put(aws: OfflineAWS, folder: Path) -> None:
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        key = f"p/results/{RUN}/{path.relative_to(folder)}"
        aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=path.read_bytes())


def test_settings_win_over_options_and_both_over_what_was_built(built: dict[str, Any]) -> None:
    options = {"themes": {"min_firms": 3}, "reduce": {"min_firm_coverage": 0.9}}
    settings = {"run": "ignored", "themes": {"min_firms": 4}}
    run = head.read_run("q1", json.dumps(settings), json.dumps(options), built)
    assert run.config["run"] == "q1"
    assert run.config["themes"]["min_firms"] == 4
    shipped = yaml.safe_load((REPO / "config/config.yaml").read_text(encoding="utf-8"))
    assert run.config["themes"]["max_firm_share"] == shipped["themes"]["max_firm_share"]
    assert run.config["publish"] == {"store": "dynamodb", "path": "results/themes.sqlite", "table": "themes"}
    assert run.config["reduce"]["sagemaker"]["run_uri"] == f"s3://{BUCKET}/p/results/q1"
    assert run.config["embedding"]["cache"] is None, "a folder of a container, which is gone with it"
    words = head.command(run, "config/profiles/aws-batch", coverage=0.9)
    settings = json.loads(Path(words[words.index("--configfile") + 1]).read_text())
    assert settings["reduce"]["min_firm_coverage"] == 0.9


def test_a_long_list_of_firms_travels_as_a_file(aws: OfflineAWS, built: dict[str, Any]) -> None:
    """A job's command holds 8,192 characters: 610 ids of seven digits, and the head would not start."""
    firms = [str(1_000_000 + number) for number in range(5_000)]
    file = json.dumps(
        {"source": {"kind": "s3", "path": "s3://b/k", "firms": firms}, "themes": {"min_firms": 3}}
    )
    aws.client("s3").put_object(Bucket=BUCKET, Key="input/q.yaml", Body=file.encode())
    given = {"run": "q1", "settings": f"s3://{BUCKET}/input/q.yaml", "themes": {"min_firms": 4}}
    run = head.read_run("q1", json.dumps(given), "{}", built)
    assert run.config["source"]["firms"] == firms
    assert run.config["themes"]["min_firms"] == 4, "what is said beside the file wins"
    assert len(" ".join(head.command(run, "config/profiles/aws-basic-batch", coverage=1.0))) < 500


def test_a_registry_that_the_state_machine_cannot_see_is_refused(
    aws: OfflineAWS, built: dict[str, Any]
) -> None:
    """Its quarters would go on side by side, and each begin without the other's themes."""
    registry = {"registry": {"path": f"s3://{BUCKET}/p/registry/mine"}}
    aws.client("s3").put_object(Bucket=BUCKET, Key="input/q.yaml", Body=json.dumps(registry).encode())
    given = {"run": "q1", "settings": f"s3://{BUCKET}/input/q.yaml"}
    with pytest.raises(ConfigError, match="in the execution's input"):
        head.read_run("q1", json.dumps(given), "{}", built)
    assert head.read_run("q1", json.dumps(given), json.dumps(registry), built).config["registry"]["path"]


@pytest.mark.parametrize(
    ("named", "said"),
    [("quarter.yaml", "expected the address"), ("s3://{}/input/none.yaml", "aws s3 cp quarter.yaml s3://")],
)
def test_a_file_of_settings_that_is_not_there_is_told(
    aws: OfflineAWS, built: dict[str, Any], named: str, said: str
) -> None:
    given = json.dumps({"settings": named.format(BUCKET)})
    assert head.run_head(["--run", RUN, "--settings", given]) == 2
    assert said in receipt(aws)["message"]


def test_a_name_whose_run_holds_other_firms_ends_before_anything_starts(
    aws: OfflineAWS, built: dict[str, Any]
) -> None:
    run = head.read_run(
        RUN, json.dumps({"source": {"kind": "s3", "path": "s3://b/k", "firms": ["1"]}}), "{}", built
    )
    made_with.write_differences(run.folder, run.config, REPO / "scripts")
    given = json.dumps({"source": {"kind": "s3", "path": "s3://b/k"}})
    assert head.run_head(["--run", RUN, "--settings", given]) == 2
    assert 'firms: ["1"] then, all now' in receipt(aws)["message"]


@pytest.mark.parametrize("bad", ["[1]", "{", '{"themes": {"min_frims": 3}}'])
def test_settings_that_cannot_be_used_end_before_anything_starts_and_are_in_the_receipt(
    aws: OfflineAWS, built: dict[str, Any], bad: str
) -> None:
    assert head.run_head(["--run", RUN, "--execution", "e-0", "--settings", bad]) == 2
    told = receipt(aws)
    assert (told["status"], told["execution"]) == ("FAILED", "e-0")
    assert "ConfigError" in told["message"]


def test_without_the_deployments_values_it_says_where_they_come_from(
    built: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(head.CLOUD)
    with pytest.raises(ConfigError, match="terraform output -json"):
        head.what_was_built()


def test_a_deployment_without_an_image_is_refused_before_a_job_waits_for_it(built: dict[str, Any]) -> None:
    image = {"firm_topic_processor_image": "registry/firm-topic-processor:not-pushed-yet"}
    with pytest.raises(ConfigError, match=r"`make images`, `make deploy`, then `make cloud-settings`"):
        settings.write_from(json.dumps(built | image))


def finished(monkeypatch: pytest.MonkeyPatch, *statuses: int) -> list[list[str]]:
    """Let Snakemake end with these statuses, one a call; return the calls."""
    calls: list[list[str]] = []
    left = list(statuses)

    def call(words: list[str]) -> int:
        settings = json.loads(Path(words[words.index("--configfile") + 1]).read_text())
        calls.append([*words, f"coverage {settings['reduce']['min_firm_coverage']}"])
        return left.pop(0)

    monkeypatch.setattr(head, "call_snakemake", call)
    return calls


def test_all_firms_there_is_a_success(
    aws: OfflineAWS, built: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(aws, make_run(tmp_path / "run", ["a", "b/c"]))
    calls = finished(monkeypatch, 0)
    assert head.run_head(["--run", RUN]) == 0
    told = receipt(aws)
    assert len(calls) == 1
    assert told["status"] == "SUCCEEDED"
    assert told["firms"] == {
        "total": 2, "ok": 2, "n_failed": 0, "failed": [], "n_skipped": 0, "skipped": [],
    }  # fmt: skip
    assert told["versions"]["theme_aggregator_image"] == "theme-aggregator@sha256:2"


@pytest.mark.parametrize(
    ("coverage", "calls_made", "status", "code"),
    [(0.5, 2, "PARTIAL", 0), (0.9, 1, "FAILED", 1), (1.0, 1, "FAILED", 1)],
)
def test_a_missing_firm_is_named_and_enough_of_the_others_are_enough(
    aws: OfflineAWS,
    built: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    coverage: float,
    calls_made: int,
    status: str,
    code: int,
) -> None:
    folder = make_run(tmp_path / "run", ["a", "b/c"])
    (folder / "topics/b%2Fc.json").unlink()
    put(aws, folder)
    calls = finished(monkeypatch, 1, 0)
    options = json.dumps({"reduce": {"min_firm_coverage": coverage}})
    assert head.run_head(["--run", RUN, "--options", options]) == code
    assert len(calls) == calls_made
    asked = [words[-1] for words in calls]
    wanted = [f"coverage {least}" for least in (1.0, coverage)]
    assert asked == wanted[:calls_made], "first all firms, and only then without those that failed"
    assert [words[-3:-1] == ["--forcerun", "themes"] for words in calls] == [True, False][:calls_made]
    assert receipt(aws)["status"] == status
    assert receipt(aws)["firms"]["failed"] == ["b/c"]


def test_of_two_heads_of_a_run_the_younger_ends_and_leaves_the_receipt_alone(
    aws: OfflineAWS, built: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.batch.make_queue("head")
    aws.images["image"] = ["sh", "-c", "sleep 60", "sh"]
    batch = aws.client("batch")
    needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}]
    batch.register_job_definition(
        jobDefinitionName="head",
        type="container",
        containerProperties={"image": "image", "command": ["x"], "resourceRequirements": needs},
    )

    def submit(run: str) -> str:
        command = {"command": ["python", "-m", "earnings_themes.cloud.head", "--run", run]}
        job = batch.submit_job(
            jobName="head", jobQueue="head", jobDefinition="head", containerOverrides=command
        )
        return str(job["jobId"])

    monkeypatch.setattr(head, "_DESCRIBED", 1)  # as where there are more heads than one question may name
    older = submit(RUN)
    time.sleep(0.01)  # creation is told in milliseconds
    other, younger = submit("another"), submit(RUN)
    for job in (older, other):
        monkeypatch.setenv("AWS_BATCH_JOB_ID", job)
        head.refuse_a_second_head(RUN if job == older else "another", built)
    monkeypatch.setenv("AWS_BATCH_JOB_ID", younger)
    assert head.run_head(["--run", RUN]) == 2
    listed = aws.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=f"p/results/{RUN}/")
    assert "Contents" not in listed


def test_sigterm_reaches_snakemake_as_the_signal_that_cancels_jobs(
    tmp_path: Path, wait_for: Callable[[Path], None]
) -> None:
    child = tmp_path / "child.py"
    child.write_text(
        "import pathlib, time\n"
        f"here = pathlib.Path({str(tmp_path)!r})\n"
        "try:\n    (here / 'started').touch()\n    time.sleep(60)\n"
        "except KeyboardInterrupt:\n    (here / 'cancelled').touch()\n    raise SystemExit(1)\n"
    )
    imports = "import sys; from earnings_themes.cloud.head import call_snakemake"
    program = f"{imports}; sys.exit(call_snakemake([sys.executable, {str(child)!r}]))"
    process = subprocess.Popen([sys.executable, "-c", program], env=os.environ | {"PYTHONPATH": IMPORTS})
    wait_for(tmp_path / "started")
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 143
    assert (tmp_path / "cancelled").exists()


@pytest.fixture
def wait_for() -> Callable[[Path], None]:
    def wait(path: Path) -> None:
        for _ in range(1200):
            if path.exists():
                return
            time.sleep(0.05)
        raise AssertionError(f"{path} never came")

    return wait
