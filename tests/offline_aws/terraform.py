"""What Terraform's AWS provider asks for and moto 5.2.5 does not answer, or forgets.

With these an apply ends, a second plan shows no change, and destroy leaves nothing. test_terraform_patches.py
fails when stock moto no longer needs one of them.
"""

import json
from typing import Any

from moto.backends import get_backend
from moto.batch.responses import BatchResponse
from moto.budgets.responses import BudgetsResponse
from moto.core import config as moto_config
from moto.core.responses import ActionResult
from moto.ec2.models.launch_templates import LaunchTemplate
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.iam import iam_backends
from moto.iam.access_control import IAMPolicyStatement, PermissionResult
from moto.s3.models import FakeDeleteMarker
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.responses import StepFunctionResponse

from tests.offline_aws.patching import Patches

PATCHES = Patches()

# What moto's Batch forgets, by ARN.
_kept: dict[str, dict[str, Any]] = {}

_STOCK = {
    name: getattr(owner, name)
    for owner, names in (
        (
            BatchResponse,
            ("createcomputeenvironment", "updatecomputeenvironment", "describecomputeenvironments"),
        ),
        (BatchResponse, ("createjobqueue", "updatejobqueue", "describejobqueues")),
        (BudgetsResponse, ("create_budget",)),
        (IAMPolicyStatement, ("is_action_permitted",)),
    )
    for name in names
}
_STOCK_TEMPLATE = LaunchTemplate.__init__


# --- Step Functions: the provider checks a definition before it plans -----------------------------------------


@PATCHES.replaces(StepFunctionResponse, "validate_state_machine_definition")
def validate_state_machine_definition(self: StepFunctionResponse) -> ActionResult:
    """Answer what moto's own parser says. Stock moto: no such action, so every plan fails."""
    try:
        AmazonStateLanguageParser.parse(self._get_param("definition"))
    except Exception as error:
        fault = {"severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "message": repr(error)[:1000]}
        return ActionResult(
            {"result": "FAIL", "truncated": False, "diagnostics": [fault | {"location": "/"}]}
        )
    return ActionResult({"result": "OK", "diagnostics": [], "truncated": False})


@PATCHES.replaces(StepFunctionResponse, "list_state_machine_versions")
def list_state_machine_versions(self: StepFunctionResponse) -> ActionResult:
    """Answer that there are none. Stock moto: no such action, so a machine cannot be read back."""
    return ActionResult({"stateMachineVersions": []})


# --- Budgets --------------------------------------------------------------------------------------------------


@PATCHES.replaces(BudgetsResponse, "create_budget")
def create_budget(self: BudgetsResponse) -> Any:
    """Keep the tags. Stock moto: they are forgotten, and the next plan adds them again."""
    answer = _STOCK["create_budget"](self)
    budgets = self.backend.budgets[self._get_param("AccountId")]
    budgets[self._get_param("Budget")["BudgetName"]].resource_tags = self._get_param("ResourceTags") or []  # type: ignore[attr-defined]
    return answer


@PATCHES.replaces(BudgetsResponse, "list_tags_for_resource")
def list_tags_for_resource(self: BudgetsResponse) -> str:
    """Give the tags back. Stock moto: no such action, so a budget cannot be read back."""
    account, _, name = self._get_param("ResourceARN").partition("::")[2].partition(":budget/")
    return json.dumps({"ResourceTags": self.backend.budgets[account][name].resource_tags})  # type: ignore[attr-defined]


@PATCHES.replaces(BudgetsResponse, "describe_subscribers_for_notification")
def describe_subscribers_for_notification(self: BudgetsResponse) -> str:
    """Give a notification's subscribers. Stock moto: no such action, so a budget cannot be read back."""
    wanted = self._get_param("Notification")
    budget = self.backend.budgets[self._get_param("AccountId")][self._get_param("BudgetName")]
    for known in budget.notifications:
        same = all(
            known.details.get(key) == wanted.get(key) for key in ("NotificationType", "ComparisonOperator")
        )
        if same and float(known.details["Threshold"]) == float(wanted["Threshold"]):
            return json.dumps({"Subscribers": known.subscribers})
    return json.dumps({"Subscribers": []})


# --- Batch ----------------------------------------------------------------------------------------------------


def _keep(answer: str, arn: str, field: str, value: Any) -> str:
    if value is not None:
        _kept.setdefault(json.loads(answer)[arn], {})[field] = value
    return answer


def _with_kept(answer: str, listing: str, arn: str) -> str:
    told = json.loads(answer)
    for item in told[listing]:
        item.update(_kept.get(item[arn], {}))
    return json.dumps(told)


def _set_param(self: BatchResponse, name: str, value: Any) -> None:
    self.body = json.dumps(json.loads(self.body) | {name: value})
    if self.automated_parameter_parsing:
        self.params[name] = value


def _service_linked_role(self: BatchResponse) -> str:
    roles = iam_backends[self.current_account][self.partition]
    path, name = "/aws-service-role/batch.amazonaws.com/", "AWSServiceRoleForBatch"
    known = [role for role in roles.get_roles() if role.name == name]
    role = known[0] if known else roles.create_role(name, "{}", path, None, "", [], "3600")
    return str(role.arn)


@PATCHES.replaces(BatchResponse, "createcomputeenvironment")
def createcomputeenvironment(self: BatchResponse) -> str:
    """Give the service-linked role where none is named, as AWS does, and keep updatePolicy.

    Stock moto: "ServiceRole is required."; updatePolicy is forgotten, and the next plan sets it again.
    """
    if not self._get_param("serviceRole"):
        _set_param(self, "serviceRole", _service_linked_role(self))
    answer = _STOCK["createcomputeenvironment"](self)
    return _keep(answer, "computeEnvironmentArn", "updatePolicy", self._get_param("updatePolicy"))


@PATCHES.replaces(BatchResponse, "updatecomputeenvironment")
def updatecomputeenvironment(self: BatchResponse) -> str:
    """Keep updatePolicy, which the provider sets here. Stock moto: it is forgotten."""
    answer = _STOCK["updatecomputeenvironment"](self)
    return _keep(answer, "computeEnvironmentArn", "updatePolicy", self._get_param("updatePolicy"))


@PATCHES.replaces(BatchResponse, "describecomputeenvironments")
def describecomputeenvironments(self: BatchResponse) -> str:
    """Give updatePolicy back."""
    answer = _STOCK["describecomputeenvironments"](self)
    return _with_kept(answer, "computeEnvironments", "computeEnvironmentArn")


@PATCHES.replaces(BatchResponse, "createjobqueue")
def createjobqueue(self: BatchResponse) -> str:
    """Keep jobStateTimeLimitActions. Stock moto: they are forgotten, and the next plan sets them again."""
    answer = _STOCK["createjobqueue"](self)
    actions = self._get_param("jobStateTimeLimitActions")
    return _keep(answer, "jobQueueArn", "jobStateTimeLimitActions", actions)


@PATCHES.replaces(BatchResponse, "describejobqueues")
def describejobqueues(self: BatchResponse) -> str:
    """Give jobStateTimeLimitActions back."""
    return _with_kept(_STOCK["describejobqueues"](self), "jobQueues", "jobQueueArn")


# --- EC2 ------------------------------------------------------------------------------------------------------


@PATCHES.replaces(LaunchTemplate, "__init__")
def launch_template(
    self: LaunchTemplate, backend: Any, name: str, data: dict[str, Any], description: str, tag_spec: Any
) -> None:
    """Keep the template's own tags apart. Stock moto: they become tags of the machines, and the next plan differs."""
    specifications = data.get("TagSpecifications", [])
    data["TagSpecifications"] = [spec for spec in specifications if spec["ResourceType"] != "launch-template"]
    _STOCK_TEMPLATE(self, backend, name, data, description, tag_spec)


@PATCHES.replaces(SecurityGroupRule, "description")
@property  # type: ignore[misc]
def rule_description(self: SecurityGroupRule) -> str | None:
    """Find the description of a rule for a group too. Stock moto: only ranges of addresses have one."""
    return self.ip_range.get("Description") or (self.source_group or {}).get("Description")


# --- S3 -------------------------------------------------------------------------------------------------------


@PATCHES.replaces(IAMPolicyStatement, "is_action_permitted")
def is_action_permitted(self: IAMPolicyStatement, *arguments: Any, **named: Any) -> PermissionResult:
    """Pass over a denial that has a condition. Stock moto: an unmet condition denies, so "TLS only" denies all.

    moto is no judge of permissions: they are tested as text.
    """
    if self._statement.get("Effect") == "Deny" and self._statement.get("Condition"):
        return PermissionResult.NEUTRAL
    permitted: PermissionResult = _STOCK["is_action_permitted"](self, *arguments, **named)
    return permitted


@PATCHES.replaces(FakeDeleteMarker, "dispose")
def dispose(self: FakeDeleteMarker, garbage: bool = False) -> None:
    """Do nothing. Stock moto: a delete marker cannot be deleted by its version, so a full bucket stays."""


def load_managed_policies() -> None:
    """Let IAM know AWS's own policies, which roles are given. Stock moto leaves them out unless told."""
    moto_config.default_user_config["iam"] = {"load_aws_managed_policies": True}
    get_backend("iam").reset()  # type: ignore[call-overload]


def patch() -> None:
    """Replace the methods that Terraform needs."""
    PATCHES.apply()


def unpatch() -> None:
    """Give moto its own methods back."""
    PATCHES.undo()
    _kept.clear()
    moto_config.default_user_config["iam"] = {"load_aws_managed_policies": False}
