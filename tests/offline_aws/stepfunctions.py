"""Step Functions whose tasks reach this server: moto's interpreter, with what it lost of its origin put back.

moto 5.2.5 took its interpreter from LocalStack, and left out the step between the names of Step Functions
(JobName) and those of boto3 (jobName). test_stepfunctions_patches.py fails when stock moto no longer needs this.
"""

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore import xform_name
from moto.core import config as moto_config
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (
    StateTaskService,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_batch import (
    StateTaskServiceBatch,
)
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from tests.offline_aws import iam
from tests.offline_aws.patching import Patches

if TYPE_CHECKING:
    from tests.offline_aws.server import OfflineAWS

PATCHES = Patches()
# The server whose judge is asked; one at a time patches moto.
_server: Any = None
_STOCK_WAIT = StateTaskServiceBatch._eval_integration_pattern
_STOCK_MATCH = ErrorEqualsDecl._eval_body
_STOCK_ERROR = ExecutionState._from_error
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
    if lacking := _server.judge.allows(machines_role().rpartition("/")[2], iam.of_a_waiting_state()):
        raise PermissionError(iam.message(machines_role(), lacking))
    _STOCK_WAIT(self, env=env, **named)


@PATCHES.replaces(ErrorEqualsDecl, "_eval_body")
def matches(self: Any, env: Any) -> None:
    """Match neither States.Runtime nor States.DataLimitExceeded by States.ALL, as Step Functions does not.

    "Errors" in its Developer Guide: the first is never retried nor caught, the second not by States.ALL. Stock moto:
    States.ALL catches both.
    """
    kind = getattr(env.stack[-1], "error_name", "")
    named = [getattr(name, "error_name", "") for name in self.error_names]
    if kind == "States.Runtime" or (kind == "States.DataLimitExceeded" and kind not in named):
        env.stack[-1] = False
    else:
        _STOCK_MATCH(self, env)


@PATCHES.replaces(ExecutionState, "_from_error")
def from_error(self: Any, env: Any, ex: Exception) -> Any:
    """Name a text that is no JSON an intrinsic's failure, which may be caught. Stock moto: States.Runtime."""
    failure = _STOCK_ERROR(self, env, ex)
    if isinstance(ex, json.JSONDecodeError):
        failure.error_name = StatesErrorName(StatesErrorNameType.StatesIntrinsicFailure)
    return failure


def machines_role() -> str:
    """Return the role of the state machines; there is one deployment at a time here, and so one role."""
    backend = stepfunctions_parser_backends["123456789012"]["us-east-1"]
    return next((machine.roleArn for machine in backend.state_machines), "")


def patch(aws: "OfflineAWS") -> None:
    """Let state machines run, and their tasks come here."""
    global _server
    _server = aws
    PATCHES.apply()
    # Stock moto: a machine that is made before this is said is never run.
    moto_config.default_user_config["stepfunctions"] = {"execute_state_machine": True}

    def client(*arguments: Any, **named: Any) -> Any:
        # Stock moto calls "localhost", before which boto3 puts the bucket's name: such a host does not exist.
        # And with the role of the machine, which asks.
        key = iam.role_key(machines_role())
        return boto3.client(*arguments, **named | {"endpoint_url": aws.url, "aws_access_key_id": key})

    boto_client.boto3 = SimpleNamespace(client=client)


def unpatch() -> None:
    """Give moto its own methods back."""
    PATCHES.undo()
    moto_config.default_user_config["stepfunctions"] = {"execute_state_machine": False}
    boto_client.boto3 = boto3
