"""A patch of Step Functions is kept only as long as moto needs it: each test fails when it no longer does."""

import inspect
from collections.abc import Iterator

import pytest
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (
    StateTaskService,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_batch import (
    StateTaskServiceBatch,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.utils import boto_client

from tests.offline_aws import stepfunctions


@pytest.fixture(autouse=True)
def stock() -> Iterator[None]:
    """Moto as it is released."""
    was_patched = stepfunctions.PATCHES.applied
    stepfunctions.PATCHES.undo()
    yield
    if was_patched:
        stepfunctions.PATCHES.apply()


def test_stock_moto_renames_no_parameter_and_no_answer() -> None:
    parameters = {"JobName": "head"}
    StateTaskService._normalise_parameters(object(), parameters)  # type: ignore[arg-type]
    StateTaskService._normalise_response(object(), parameters)  # type: ignore[arg-type]
    assert parameters == {"JobName": "head"}
    assert "_normalise_parameters" not in vars(StateTaskServiceBatch)


def test_stock_moto_gives_a_task_one_token_for_all_its_attempts() -> None:
    # Made when the state begins; what waits for the job takes it, and closes it at its end.
    assert "update_task_token" in inspect.getsource(StateTaskServiceCallback._eval_body)
    assert "update_task_token" not in inspect.getsource(StateTaskServiceCallback._eval_integration_pattern)


def test_stock_moto_calls_a_host_before_which_no_bucket_can_stand() -> None:
    assert "http://localhost:" in inspect.getsource(boto_client.boto_client_for)
