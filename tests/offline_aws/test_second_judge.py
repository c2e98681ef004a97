"""Two judges of the same policies agree: the offline AWS's own, and a library that knows all of IAM."""

import itertools

import pytest

from tests.offline_aws import iam, second_judge
from tests.offline_aws.second_judge import Request

pytestmark = pytest.mark.skipif(not second_judge.PACKAGE.exists(), reason="needs iam-simulate: npm ci")

ROLES = iam.of_page(iam.PAGE.read_text(encoding="utf-8"))


def _one(action: str, pattern: str) -> str:
    """Return a resource that a statement is about."""
    if action in (
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    ):  # of a stream; policies name its group and `:*`
        return pattern.removesuffix(":*") + ":log-stream:made"
    return pattern if pattern == "*" else pattern.replace("*", "made")


def _whole(rule: iam.Rule) -> dict[str, str]:
    """Return a request's context that meets a statement's conditions."""
    return {key: str(value) for keys in rule.condition.values() for key, value in keys.items()}


def test_both_judges_say_the_same_of_every_role_and_every_right_that_any_role_has() -> None:
    """Each right of each role is asked for by all roles: most of those requests are to be refused."""
    known = [
        iam.Asked(action, _one(action, resource), _whole(rule))
        for name, rules in ROLES.items()
        if name != "bucket"
        for rule in rules
        for action, resource in itertools.product(rule.actions, rule.resources)
    ]
    names = sorted(name.removeprefix(iam.PREFIX) for name in ROLES if name != "bucket")
    requests = [Request(role, asked) for role in names for asked in known]
    judge = iam.Judge()
    judge.know(ROLES)
    own = [judge.allows(iam.PREFIX + role, [asked]) is None for role, asked in requests]
    assert 0 < sum(own) < len(own)
    other = second_judge.answers(ROLES, requests)
    differ = [
        (*request, mine, theirs)
        for request, mine, theirs in zip(requests, own, other, strict=True)
        if theirs not in (("Allowed",) if mine else ("ImplicitlyDenied", "ExplicitlyDenied"))
    ]
    assert differ == []


def test_the_second_judge_refuses_what_the_bucket_denies_and_names_an_action_that_does_not_exist() -> None:
    bucket = "arn:aws:s3:::earnings-themes-dev-123456789012"
    wide = {**ROLES, iam.PREFIX + "map": [iam.Rule("Allow", ("s3:DeleteBucket",), ("*",), {})]}
    deletes = Request("map", iam.Asked("s3:DeleteBucket", bucket))
    plain = Request("map", iam.Asked("s3:GetObject", f"{bucket}/input/a", {"aws:SecureTransport": "false"}))
    assert second_judge.answers(wide, [deletes]) == ["ExplicitlyDenied"]
    assert second_judge.answers(ROLES, [plain]) == ["ExplicitlyDenied"]
    (wrong,) = second_judge.answers(ROLES, [Request("map", iam.Asked("s3:ReadObject", f"{bucket}/input/a"))])
    assert "message" in wrong
