"""A head that is stopped ends its jobs several at once: the executor's own class, against the offline Batch."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from snakemake_executor_plugin_aws_basic_batch import Executor
from snakemake_executor_plugin_aws_basic_batch.batch_client import BatchClient

from earnings_themes.cloud import cancelling
from tests.offline_aws import OfflineAWS


class Meeting(BatchClient):
    """The executor's client, whose requests wait for each other: asked one by one, they would wait in vain."""

    def __init__(self) -> None:
        super().__init__(region_name="us-east-1")
        self.met = threading.Barrier(4)

    def terminate_job(self, **given: Any) -> Any:
        self.met.wait(30)
        return super().terminate_job(**given)


@pytest.fixture
def executor() -> Any:
    """The executor as it is when its jobs are to be cancelled; its class is a copy, so that the plugin's stays as it is."""
    kind = type("Stopped", (Executor,), {})
    cancelling.several_at_once(kind)
    cancelling.several_at_once(kind)
    made = kind.__new__(kind)
    made.warnings = []
    made.logger = SimpleNamespace(info=print, debug=print, warning=made.warnings.append)
    return made


def test_all_jobs_are_ended_several_at_once(aws: OfflineAWS, executor: Any) -> None:
    executor.batch_client = Meeting()
    executor.cancel_jobs([SimpleNamespace(external_jobid=f"job-{number}") for number in range(8)])
    asked = [request for _, request in aws.requests if request.endswith("terminatejob")]
    assert len(asked) == 8
    assert not [text for text in executor.warnings if "Barrier" in text or "broken" in text.lower()]


def test_one_that_is_refused_leaves_the_others(aws: OfflineAWS, executor: Any) -> None:
    aws.refuse("v1/terminatejob", "ClientException", "no", times=1)
    executor.batch_client = BatchClient(region_name="us-east-1")
    executor.cancel_jobs([SimpleNamespace(external_jobid=f"job-{number}") for number in range(3)])
    assert len([request for _, request in aws.requests if request.endswith("terminatejob")]) == 3
