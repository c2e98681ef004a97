"""A job's name: allowed by SageMaker whatever the run is called, one for one input, another for another."""

import copy
import dataclasses
import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from earnings_themes.cloud.sagemaker_request import attempt_of, base_name, job_name
from earnings_themes.config import Config, parse_config
from earnings_themes.errors import ConfigError
from earnings_themes.system.folders import FileInfo
from tests.conftest import REPO

FILES = {"a.json": FileInfo(10, "etag-a"), "b.json": FileInfo(10, "etag-b")}


def raw(**job: Any) -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((REPO / "config/config.yaml").read_text(encoding="utf-8"))
    config["reduce"]["backend"] = "sagemaker"
    config["reduce"]["sagemaker"] |= {
        "run_uri": "s3://bucket/results/{run}/",
        "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/theme-aggregator:1",
        "role": "arn:aws:iam::123456789012:role/reduce",
    } | job
    return config


def config(**job: Any) -> Config:
    return parse_config(raw(**job))


def name(
    config: Config,
    firms: bytes = b"firms",
    files: dict[str, FileInfo] = FILES,
    table: str | None = None,
    sentences: dict[str, FileInfo] = FILES,
) -> str:
    return base_name(config, firms, files, sentences, table)


@given(st.from_regex(r"\A[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}\Z"), st.integers(1, 99))
def test_every_run_has_an_allowed_name(run: str, attempt: int) -> None:
    base = name(dataclasses.replace(config(), run=run))
    job = job_name(base, attempt)
    # The pattern of the API Reference, "CreateProcessingJob".
    assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", job)
    assert attempt_of(job, base) == attempt
    assert attempt_of(f"{job}-x", base) is None
    assert attempt_of(f"other-{job}", base) is None


def test_one_input_has_one_name_and_another_input_another() -> None:
    base = config()
    assert base.reduce.sagemaker is not None
    assert base.reduce.sagemaker.run_uri == "s3://bucket/results/sample"
    same = name(base)
    assert name(config(), files=dict(reversed(FILES.items()))) == same
    # The machine changes no theme: a job that ran out of memory is asked for again on a larger one.
    assert name(config(instance_type="ml.m5.4xlarge", timeout_minutes=7, tags={"Owner": "x"})) == same
    others = [
        name(base, firms=b"other firms"),
        name(base, files=FILES | {"b.json": FileInfo(10, "etag-c")}),
        name(base, files={"a.json": FILES["a.json"]}),
        name(base, sentences=FILES | {"b.json": FileInfo(10, "etag-c")}),
        name(base, table="themes"),
        name(config(image="other")),
        name(dataclasses.replace(base, seed=1)),
        name(dataclasses.replace(base, run="sample.2")),
        name(dataclasses.replace(base, run="sample_2")),
        name(dataclasses.replace(base, themes=dataclasses.replace(base.themes, min_firms=3))),
        name(dataclasses.replace(base, themes=dataclasses.replace(base.themes, granularity=0.5))),
    ]
    assert len({same, *others}) == len(others) + 1


@pytest.mark.parametrize("key", ["run_uri", "image", "role"])
def test_what_sagemaker_needs_is_asked_for(key: str) -> None:
    with pytest.raises(ConfigError, match=rf"sagemaker needs reduce\.sagemaker\.{key}"):
        config(**{key: None})


@pytest.mark.parametrize(
    ("job", "said"),
    [
        ({"run_uri": "results/x"}, "expected s3://bucket/prefix"),
        ({"role": "reduce"}, "expected the ARN of a role"),
        ({"instance_type": "m5.xlarge"}, "expected a SageMaker instance type"),
        ({"subnets": ["subnet-1a"]}, "security_groups go together"),
        ({"volume": 3}, "did you mean reduce.sagemaker.volume_gb"),
    ],
)
def test_a_wrong_setting_is_named(job: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        config(**job)
    assert said in str(error.value)


def test_a_local_reduce_needs_none_of_it() -> None:
    local = copy.deepcopy(raw())
    del local["reduce"]["sagemaker"]
    local["reduce"]["backend"] = "local"
    assert parse_config(local).reduce.sagemaker is None
