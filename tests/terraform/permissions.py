"""Every permission of every role, as text: moto judges none, so they are read instead.

    python -m tests.terraform.permissions STATE.json     # rewrites docs/operating/permissions.md from `terraform show -json`

`make test-terraform` compares the page with what was applied.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docs.generate.markdown import table
from tests.conftest import REPO
from tests.offline_aws import iam

PAGE = REPO / "docs/operating/permissions.md"

# The statements that may name all resources: AWS offers nothing narrower for these actions.
UNBOUND = {
    ("head", "WatchWork"),
    ("head", "FindTheReduce"),
    ("reduce", "LogInToEcr"),
    ("reduce", "WriteMetrics"),
    ("execution", "LogInToEcr"),
    ("states", "WatchHeads"),
    ("states", "Log"),
}


@dataclass(frozen=True)
class Statement:
    """One statement of a role's own policy."""

    role: str
    sid: str
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: str


def statements(resources: list[dict[str, Any]]) -> list[Statement]:
    """Return all statements of all roles, sorted by role."""
    found = []
    for resource in resources:
        if resource["type"] == "aws_iam_role_policy":
            role = resource["values"]["role"].removeprefix("earnings-themes-dev-")
            found += list(_of(role, resource["values"]["policy"]))
    return sorted(found, key=lambda statement: statement.role)


def policies(resources: list[dict[str, Any]]) -> dict[str, list[iam.Rule]]:
    """Return what the offline AWS judges by: the policies of the roles, by the role's name, and the bucket's."""
    found: dict[str, list[iam.Rule]] = {}
    for resource in resources:
        if resource["type"] == "aws_iam_role_policy":
            found.setdefault(resource["values"]["role"], []).extend(iam.rules(resource["values"]["policy"]))
        elif resource["type"] == "aws_s3_bucket_policy":
            found["bucket"] = iam.rules(resource["values"]["policy"])
    return found


def bucket_statements(resources: list[dict[str, Any]]) -> list[Statement]:
    """Return the statements of the bucket's policy."""
    policy = next(found for found in resources if found["type"] == "aws_s3_bucket_policy")
    return list(_of("bucket", policy["values"]["policy"]))


def trusted(resources: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Return who may take each role."""
    found = {}
    for resource in resources:
        if resource["type"] == "aws_iam_role":
            policy = json.loads(resource["values"]["assume_role_policy"])
            who = [name for item in policy["Statement"] for name in _list(item["Principal"]["Service"])]
            found[resource["values"]["name"].removeprefix("earnings-themes-dev-")] = who
    return found


def _of(role: str, policy: str) -> Iterator[Statement]:
    for item in _list(json.loads(policy)["Statement"]):
        yield Statement(
            role,
            item.get("Sid", ""),
            item["Effect"],
            tuple(sorted(_list(item["Action"]))),
            tuple(sorted(_list(item["Resource"]))),
            json.dumps(item["Condition"], sort_keys=True) if "Condition" in item else "",
        )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def page(resources: list[dict[str, Any]]) -> str:
    """Return docs/operating/permissions.md."""
    lines = [
        "# Permissions",
        "",
        "Every right of every role of dev in the offline AWS (account 123456789012). `make cloud-demo` writes this page.",
        "",
    ]
    trust = trusted(resources)
    all_of_them = statements(resources)
    for role in sorted(trust):
        own = [statement for statement in all_of_them if statement.role == role]
        lines += [f"## {role}", "", f"Taken by {', '.join(f'`{who}`' for who in trust[role])}.", ""]
        if own:
            lines += [_rows(own), ""]
        else:
            lines += ["AWS's own `AmazonEC2ContainerServiceforEC2Role`, and nothing of ours.", ""]
    lines += ["## The bucket, for everybody", "", _rows(bucket_statements(resources)), ""]
    return "\n".join(lines)


def _rows(found: list[Statement]) -> str:
    rows = [
        [
            statement.sid if statement.effect == "Allow" else f"{statement.sid} (denied)",
            "<br>".join(statement.actions),
            "<br>".join(dict.fromkeys(_without_ids(arn) for arn in statement.resources))
            + (f"<br>only if `{statement.condition}`" if statement.condition else ""),
        ]
        for statement in found
    ]
    return table(["statement", "actions", "resources"], rows)


def _without_ids(arn: str) -> str:
    """Return an ARN without the id of a subnet or group, which differs between deployments."""
    for kind in ("subnet/", "security-group/"):
        if kind in arn:
            return arn[: arn.index(kind) + len(kind)] + "…"
    return arn


if __name__ == "__main__":
    PAGE.write_text(page(json.loads(Path(sys.argv[1]).read_text())), encoding="utf-8")
