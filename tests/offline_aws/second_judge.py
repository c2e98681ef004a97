"""A second opinion on who may do what: IAM's rules as a library has them, beside iam.py's few lines.

iam.py judges while a run goes on, and knows only what our policies use. @cloud-copilot/iam-simulate (npm; a tool of the
tests, licensed AGPL-3.0) knows all of IAM and, for each action, which resources and keys AWS has: so it also finds a
right that does not exist. It is asked afterwards, as it takes a process of its own.
"""

import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.conftest import REPO
from tests.offline_aws import iam

PACKAGE = REPO / "node_modules/@cloud-copilot/iam-simulate"
_SCRIPT = Path(__file__).with_suffix(".mjs")


class Request(NamedTuple):
    """What a role asked for. role: without the deployment's prefix."""

    role: str
    asked: iam.Asked


def answers(roles: Mapping[str, Sequence[iam.Rule]], requests: Iterable[Request]) -> list[Any]:
    """Return Allowed, ImplicitlyDenied or ExplicitlyDenied for each request, or what is wrong with it, as an object.

    roles: the statements by the role's full name; `bucket` names the bucket's.
    """
    given = {
        "identity": {name: _document(found) for name, found in roles.items() if name != "bucket"},
        "bucket": _document(roles["bucket"], Principal="*") if roles.get("bucket") else None,
        "requests": [
            {
                "role": iam.PREFIX + role,
                "action": asked.action,
                "resource": asked.resource,
                "context": {
                    "aws:SecureTransport": "true",
                    "aws:PrincipalArn": f"arn:aws:iam::123456789012:role/{iam.PREFIX}{role}",
                    **asked.context,
                },
            }
            for role, asked in requests
        ],
    }
    said = subprocess.run(
        ["node", str(_SCRIPT)], input=json.dumps(given), cwd=REPO, text=True, capture_output=True, check=False
    )
    assert said.returncode == 0, said.stderr
    return list(json.loads(said.stdout))


def _document(rules: Sequence[iam.Rule], **more: Any) -> dict[str, Any]:
    """Return a policy as AWS takes it."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": rule.effect,
                "Action": list(rule.actions),
                "Resource": list(rule.resources),
                **({"Condition": rule.condition} if rule.condition else {}),
                **more,
            }
            for rule in rules
        ],
    }
