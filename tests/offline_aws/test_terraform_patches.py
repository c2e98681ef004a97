"""A patch that Terraform needs is kept only as long as moto needs it: each test fails when it no longer does."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.budgets.responses import BudgetsResponse
from moto.s3.models import FakeDeleteMarker
from moto.stepfunctions.responses import StepFunctionResponse

from tests.offline_aws import terraform

ACCOUNT = "123456789012"
BUDGET: dict[str, Any] = {
    "BudgetName": "monthly",
    "BudgetType": "COST",
    "TimeUnit": "MONTHLY",
    "BudgetLimit": {"Amount": "1", "Unit": "USD"},
}


@pytest.fixture(autouse=True)
def stock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Moto as it is released."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    was_patched = terraform.PATCHES.applied
    terraform.PATCHES.undo()
    with mock_aws():
        yield
    if was_patched:
        terraform.PATCHES.apply()


def network() -> tuple[str, str]:
    ec2 = boto3.client("ec2")
    return (
        ec2.describe_subnets()["Subnets"][0]["SubnetId"],
        ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"],
    )


def environment(name: str, **more: Any) -> Any:
    subnet, group = network()
    machines = {"type": "FARGATE", "maxvCpus": 2, "subnets": [subnet], "securityGroupIds": [group]}
    return boto3.client("batch").create_compute_environment(
        computeEnvironmentName=name,
        type="MANAGED",
        computeResources=machines,
        **more,  # type: ignore[arg-type]
    )


def role() -> str:
    made = boto3.client("iam").create_role(RoleName="role", AssumeRolePolicyDocument="{}")
    return str(made["Role"]["Arn"])


def test_stock_moto_checks_no_state_machine_and_lists_no_versions() -> None:
    assert not hasattr(StepFunctionResponse, "validate_state_machine_definition")
    assert not hasattr(StepFunctionResponse, "list_state_machine_versions")


def test_stock_moto_cannot_read_a_budget_back() -> None:
    assert not hasattr(BudgetsResponse, "list_tags_for_resource")
    assert not hasattr(BudgetsResponse, "describe_subscribers_for_notification")


def test_stock_moto_forgets_a_budgets_tags() -> None:
    boto3.client("budgets").create_budget(
        AccountId=ACCOUNT, Budget=BUDGET, ResourceTags=[{"Key": "Project", "Value": "p"}]
    )
    from moto.budgets.models import budgets_backends

    assert not hasattr(budgets_backends[ACCOUNT]["aws"].budgets[ACCOUNT]["monthly"], "resource_tags")


def test_stock_moto_wants_a_service_role() -> None:
    with pytest.raises(ClientError, match="ServiceRole is required"):
        environment("without")


def test_stock_moto_forgets_update_policy_and_time_limits() -> None:
    batch = boto3.client("batch")
    arn = environment("with", serviceRole=role())["computeEnvironmentArn"]
    policy = {"terminateJobsOnUpdate": False, "jobExecutionTimeoutMinutes": 5}
    batch.update_compute_environment(computeEnvironment=arn, updatePolicy=policy)  # type: ignore[arg-type]
    assert "updatePolicy" not in batch.describe_compute_environments()["computeEnvironments"][0]
    batch.create_job_queue(
        jobQueueName="queue",
        state="ENABLED",
        priority=1,
        computeEnvironmentOrder=[{"order": 1, "computeEnvironment": arn}],
        jobStateTimeLimitActions=[
            {"reason": "r", "state": "RUNNABLE", "maxTimeSeconds": 600, "action": "CANCEL"}
        ],
    )
    assert "jobStateTimeLimitActions" not in batch.describe_job_queues()["jobQueues"][0]


def test_stock_moto_gives_a_templates_own_tags_to_its_machines() -> None:
    ec2 = boto3.client("ec2")
    tags = [{"ResourceType": "launch-template", "Tags": [{"Key": "Project", "Value": "p"}]}]
    ec2.create_launch_template(
        LaunchTemplateName="template",
        LaunchTemplateData={"EbsOptimized": True},
        TagSpecifications=tags,  # type: ignore[arg-type]
    )
    data = ec2.describe_launch_template_versions(LaunchTemplateName="template")["LaunchTemplateVersions"][0]
    assert "TagSpecifications" in data["LaunchTemplateData"]


def test_stock_moto_loses_the_description_of_a_rule_for_a_group() -> None:
    ec2 = boto3.client("ec2")
    _, group = network()
    pair = {"GroupId": group, "Description": "from jobs"}
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [pair]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])  # type: ignore[list-item]
    rules = ec2.describe_security_group_rules()["SecurityGroupRules"]
    assert [found.get("Description") for found in rules if found.get("FromPort") == 443] == [None]


def test_stock_moto_takes_an_unmet_condition_of_a_denial_for_a_denial() -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="bucket")
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "arn:aws:s3:::bucket/*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(
        Bucket="bucket", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    with pytest.raises(ClientError, match="Forbidden"):
        s3.put_object(Bucket="bucket", Key="key", Body=b"")


def test_stock_moto_cannot_delete_a_delete_marker() -> None:
    assert not hasattr(FakeDeleteMarker, "dispose")
