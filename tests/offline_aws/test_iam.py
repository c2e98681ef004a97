"""The judge of the offline AWS: what a role may, may not, and may under a condition; and that a refusal is AWS's."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.offline_aws import OfflineAWS, iam
from tests.offline_aws.iam import Asked

BUCKET = "earnings-themes-dev-123456789012"
ROLE = "arn:aws:iam::123456789012:role/earnings-themes-dev-"


@pytest.fixture(scope="module")
def server() -> Iterator[OfflineAWS]:
    with OfflineAWS() as aws:
        yield aws


@pytest.fixture
def aws(server: OfflineAWS) -> Iterator[OfflineAWS]:
    server.patch()
    server.client("s3").create_bucket(Bucket=BUCKET)
    server.judge.know_page()
    yield server
    server.reset()


def client(aws: OfflineAWS, service: str, role: str) -> Any:
    """Return a client of what runs with this role."""
    keys = {"aws_access_key_id": iam.role_key(ROLE + role), "aws_secret_access_key": "x"}
    return boto3.client(service, endpoint_url=aws.url, region_name="us-east-1", **keys)  # type: ignore[call-overload]


def code_of(call: Any, **given: Any) -> str:
    """Return what a call is refused with; empty where it is not."""
    try:
        call(**given)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def test_a_worker_writes_below_its_prefix_and_nowhere_else(aws: OfflineAWS) -> None:
    s3 = client(aws, "s3", "map")
    assert code_of(s3.put_object, Bucket=BUCKET, Key="earnings-themes/results/a", Body=b"") == ""
    assert code_of(s3.put_object, Bucket=BUCKET, Key="try/topics/a", Body=b"") == "AccessDenied"
    assert code_of(s3.get_object, Bucket=BUCKET, Key="try/topics/a") == "AccessDenied"
    assert code_of(s3.delete_bucket, Bucket=BUCKET) == "AccessDenied"
    assert ("map", "s3:PutObject", f"arn:aws:s3:::{BUCKET}/try/topics/a") in aws.judge.refused


def test_a_worker_has_no_right_to_the_table_and_a_person_is_not_judged(aws: OfflineAWS) -> None:
    given = {"TableName": "earnings-themes-dev-themes", "Key": {"pk": {"S": "a"}, "sk": {"S": "b"}}}
    assert code_of(client(aws, "dynamodb", "map").get_item, **given) == "AccessDeniedException"
    assert code_of(aws.client("dynamodb").get_item, **given) == "ResourceNotFoundException"


def test_the_head_submits_to_its_queue_alone(aws: OfflineAWS) -> None:
    batch = client(aws, "batch", "head")
    given = {
        "jobName": "a",
        "jobQueue": "earnings-themes-dev-head",
        "jobDefinition": "earnings-themes-dev-map:1",
    }
    assert code_of(batch.submit_job, **given) == "AccessDeniedException"


def test_a_condition_decides() -> None:
    (rule,) = iam.rules(
        '{"Statement": {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",'
        '"Condition": {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}}}'
    )
    to = {
        name: Asked("iam:PassRole", "r", {"iam:PassedToService": f"{name}.amazonaws.com"})
        for name in ("sagemaker", "ec2")
    }
    assert rule.fits(to["sagemaker"])
    assert not rule.fits(to["ec2"])
    assert not rule.fits(Asked("iam:PassRole", "r")), "a key that the request lacks meets no condition"


def test_a_denial_wins() -> None:
    judge = iam.Judge()
    allow = '{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}, %s]}'
    deny = '{"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}'
    judge.know({"r": iam.rules(allow % deny)})
    assert judge.allows("r", [Asked("s3:GetObject", "a")]) is None
    assert judge.allows("r", [Asked("s3:DeleteBucket", "a")]) is not None
    assert judge.used == {("r", "s3:GetObject"), ("r", "s3:DeleteBucket")}


def test_a_right_that_nobody_asked_for_is_named() -> None:
    judge = iam.Judge()
    allow = (
        '{"Statement": {"Effect": "Allow", "Action": ["s3:GetObject", "batch:CancelJob"], "Resource": "*"}}'
    )
    judge.know({"earnings-themes-dev-head": iam.rules(allow)})
    assert judge.allows("earnings-themes-dev-head", [Asked("s3:GetObject", "a")]) is None
    assert judge.unused() == {("head", "batch:CancelJob")}


@pytest.mark.parametrize(
    ("role", "asked"),
    [
        (
            "head",
            Asked(
                "dynamodb:DeleteItem",
                "arn:aws:dynamodb:us-east-1:123456789012:table/earnings-themes-dev-themes",
            ),
        ),
        ("head", Asked("iam:PassRole", ROLE + "reduce", {"iam:PassedToService": "sagemaker.amazonaws.com"})),
        (
            "head",
            Asked(
                "logs:DescribeLogStreams",
                "arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/ProcessingJobs:log-stream:",
            ),
        ),
    ],
    ids=lambda value: getattr(value, "action", value),
)
def test_the_page_of_permissions_allows_what_a_run_needs(role: str, asked: Asked) -> None:
    judge = iam.Judge()
    judge.know_page()
    assert judge.allows(f"earnings-themes-dev-{role}", [asked]) is None
