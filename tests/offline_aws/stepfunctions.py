"""Step Functions whose tasks reach this server: moto's interpreter, with what it lost of its origin put back.

moto 5.2.5 took its interpreter from LocalStack, and left out the step between the names of Step Functions
(JobName) and those of boto3 (jobName). test_stepfunctions_patches.py fails when stock moto no longer needs this.
"""

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore import xform_name
from moto.core import config as moto_config
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (
    StateTaskService,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_batch import (
    StateTaskServiceBatch,
)
from moto.stepfunctions.parser.asl.utils import boto_client

from tests.offline_aws.patching import Patches

if TYPE_CHECKING:
    from tests.offline_aws.server import OfflineAWS

PATCHES = Patches()
_STOCK_WAIT = StateTaskServiceBatch._eval_integration_pattern
_models = botocore.session.get_session()


def _operation(task: Any, service: str | None, action: str | None) -> Any:
    name = task._get_boto_service_name(service)
    try:
        model = _models.get_service_model(name)
    except botocore.exceptions.UnknownServiceError:
        return None
    wanted = action if action and "_" in action else task._get_boto_service_action(action)
    return next((model.operation_model(n) for n in model.operation_names if xform_name(n) == wanted), None)


@PATCHES.replaces(StateTaskService, "_normalise_parameters")
def normalise_parameters(
    self: Any,
    parameters: dict[str, Any],
    boto_service_name: str | None = None,
    service_action_name: str | None = None,
) -> None:
    """Rename the parameters as boto3 wants them. Stock moto: submitJob ends with KeyError 'jobName'."""
    operation = _operation(self, boto_service_name, service_action_name)
    if operation is not None and operation.input_shape is not None:
        self._to_boto_request(parameters, operation.input_shape)


@PATCHES.replaces(StateTaskService, "_normalise_response")
def normalise_response(
    self: Any, response: Any, boto_service_name: str | None = None, service_action_name: str | None = None
) -> None:
    """Rename the answer as Step Functions shows it, and read a body. Stock moto: $.Body is no text."""
    operation = _operation(self, boto_service_name, service_action_name)
    if operation is not None and operation.output_shape is not None:
        self._from_boto_response(response, operation.output_shape)


@PATCHES.replaces(StateTaskServiceBatch, "_eval_integration_pattern")
def wait_for_the_job(self: Any, env: Any, **named: Any) -> None:
    """Wait with a token of its own. Stock moto: a Retry waits with the closed token, and times out at once."""
    env.callback_pool_manager.add(env.states.context_object.update_task_token())
    _STOCK_WAIT(self, env=env, **named)


def patch(aws: "OfflineAWS") -> None:
    """Let state machines run, and their tasks come here."""
    PATCHES.apply()
    # Stock moto: a machine that is made before this is said is never run.
    moto_config.default_user_config["stepfunctions"] = {"execute_state_machine": True}

    def client(*arguments: Any, **named: Any) -> Any:
        # Stock moto calls "localhost", before which boto3 puts the bucket's name: such a host does not exist.
        return boto3.client(*arguments, **named | {"endpoint_url": aws.url})

    boto_client.boto3 = SimpleNamespace(client=client)


def unpatch() -> None:
    """Give moto its own methods back."""
    PATCHES.undo()
    moto_config.default_user_config["stepfunctions"] = {"execute_state_machine": False}
    boto_client.boto3 = boto3
