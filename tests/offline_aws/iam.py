"""Who may do what: a request of a role is judged by the role's policies, and refused as AWS refuses it.

moto judges none. Which role asks is told by the access key: what stands for a container has the key `role_key(ROLE)`;
every other key is the tests' own, which may do everything. Which right a request needs is in the Service Authorization
Reference, one page per service; here are the requests that a run makes, and one that is not here is an error, not a pass.

    aws.judge.know(policies)                    # by name of role; aws.judge.know_page() takes docs/operating/permissions.md
    aws.judge.refused                           # what was refused so far
    aws.judge.unused()                          # the rights that nobody asked for
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

PAGE = Path(__file__).parents[2] / "docs/operating/permissions.md"
PREFIX = "earnings-themes-dev-"
_ARN = "arn:aws:{service}:us-east-1:123456789012:{rest}"
_KEY = "offline-role."

# Rights that a run needs and that no request here shows: AWS itself uses them, or they are for what rarely happens.
# Each with its reason; tests/terraform lets no other right go unused.
OUT_OF_SIGHT = {
    ("map", "s3:AbortMultipartUpload"): "boto3 asks for it where an upload in parts breaks off",
    ("head", "s3:AbortMultipartUpload"): "boto3 asks for it where an upload in parts breaks off",
    ("execution", "ecr:BatchCheckLayerAvailability"): "the ECS agent, as it pulls; AWS's own execution policy has it",
    ("reduce", "ecr:BatchCheckLayerAvailability"): "SageMaker, as it pulls; AWS's example of a role has it",
    ("head", "batch:TerminateJob"): "Snakemake, when it is stopped; tests/cloud/batch_scenarios.py does that",
    ("head", "sagemaker:StopProcessingJob"): "the rule, when it is stopped; test_sagemaker_reduce.py does that",
    ("states", "batch:TerminateJob"): "where a head outlives its time; tests/cloud/test_state_machine.py does that",
    ("states", "batch:ListJobs"): "where a head outlives its time; tests/cloud/test_state_machine.py does that",
    ("head", "logs:DescribeLogStreams"): "a reduce that fails; tests/cloud/test_rights.py does that",
    ("head", "logs:GetLogEvents"): "a reduce that fails; tests/cloud/test_rights.py does that",
    ("states", "s3:ListBucket"): "S3, which else says 'denied' and not 'not there' of a receipt",
    ("reduce", "dynamodb:Query"): "where a run is published again, to remove the version before; test_store_dynamodb.py does that",
    ("reduce", "cloudwatch:PutMetricData"): "SageMaker, for the console's graphs of a job",
    ("scheduler", "states:StartExecution"): "EventBridge Scheduler, where a schedule is turned on",
} | {
    ("states", f"logs:{action}"): "Step Functions, as it turns the machine's log on"
    for action in (
        "CreateLogDelivery", "GetLogDelivery", "UpdateLogDelivery", "DeleteLogDelivery", "ListLogDeliveries",
        "PutResourcePolicy", "DescribeResourcePolicies", "DescribeLogGroups",
    )
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """One right that a request needs."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """One statement of a policy."""

    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: Mapping[str, Mapping[str, Any]]

    def fits(self, asked: Asked) -> bool:
        """Return whether the statement is about this."""
        context = {"aws:SecureTransport": "true"} | dict(asked.context)
        return (
            # An action's letters are the same in both cases (IAM User Guide, "Action"); a resource's are not.
            any(fnmatchcase(asked.action.lower(), action.lower()) for action in self.actions)
            and any(fnmatchcase(asked.resource, resource) for resource in self.resources)
            and all(_holds(test, wanted, context) for test, wanted in self.condition.items())
        )


def _holds(test: str, wanted: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    """Return whether a condition is met; a key that the request lacks meets none, as in IAM."""
    compare = {
        "StringEquals": lambda found, value: found == value,
        "StringLike": fnmatchcase,
        "ArnLike": fnmatchcase,
        "ArnEquals": fnmatchcase,
        "Bool": lambda found, value: found.lower() == value.lower(),
    }[test]
    return all(
        key in context and any(compare(context[key], value) for value in _list(values))
        for key, values in wanted.items()
    )


def rules(document: str) -> list[Rule]:
    """Return the statements of a policy's JSON."""
    return [
        Rule(
            item["Effect"],
            tuple(_list(item["Action"])),
            tuple(_list(item["Resource"])),
            item.get("Condition", {}),
        )
        for item in _list(json.loads(document)["Statement"])
    ]


def of_page(text: str) -> dict[str, list[Rule]]:
    """Return the statements of every role, and of the bucket, from docs/operating/permissions.md."""
    found: dict[str, list[Rule]] = {}
    for section in text.split("\n## ")[1:]:
        title, _, body = section.partition("\n")
        name = PREFIX + title if " " not in title else "bucket"
        found[name] = [
            Rule(
                "Deny" if "(denied)" in sid else "Allow",
                tuple(actions.split("<br>")),
                tuple(resource.replace("…", "*") for resource in resources.split("<br>")),
                json.loads(condition) if condition else {},
            )
            for sid, actions, resources, condition in re.findall(
                r"^\| (\w+(?: \(denied\))?) \| (\S+) \| (\S+?)(?:<br>only if `(.*)`)? \|$",
                body,
                re.MULTILINE,
            )
            if ":" in actions
        ]
    return found


class Judge:
    """The policies of the roles, and what was asked of them."""

    def __init__(self) -> None:
        self.roles: dict[str, list[Rule]] = {}
        self.bucket: list[Rule] = []
        self.used: set[tuple[str, str]] = set()
        self.refused: list[tuple[str, str, str]] = []

    def know(self, roles: Mapping[str, list[Rule]]) -> None:
        """Judge these roles from now on; `bucket` among them is the bucket's own policy, which only denies."""
        self.roles |= {name: list(found) for name, found in roles.items() if name != "bucket"}
        self.bucket = list(roles.get("bucket", self.bucket))

    def know_page(self) -> None:
        """Judge by docs/operating/permissions.md, which `make test-terraform` compares with what Terraform made."""
        self.know(of_page(PAGE.read_text(encoding="utf-8")))

    def forget(self) -> None:
        """Judge nobody."""
        self.__init__()  # type: ignore[misc]

    def allows(self, role: str, asked: Iterable[Asked]) -> Asked | None:
        """Return the first right that a role lacks, None where it has all; a role that nobody named may do all."""
        if role not in self.roles:
            return None
        for each in asked:
            self.used.add((role.removeprefix(PREFIX), each.action))
            own = [rule for rule in self.roles[role] if rule.fits(each)]
            principal = {"aws:PrincipalArn": f"arn:aws:iam::123456789012:role/{role}"}
            with_who = Asked(each.action, each.resource, dict(each.context) | principal)
            denied = any(rule.effect == "Deny" for rule in own) or any(
                rule.fits(with_who) for rule in self.bucket if rule.effect == "Deny"
            )
            if denied or not own:
                self.refused.append((role.removeprefix(PREFIX), each.action, each.resource))
                return each
        return None

    def unused(self) -> set[tuple[str, str]]:
        """Return the rights that no request needed so far, without those that AWS uses out of sight."""
        granted = {
            (role.removeprefix(PREFIX), action)
            for role, found in self.roles.items()
            for rule in found
            for action in rule.actions
        }
        return granted - self.used - set(OUT_OF_SIGHT)


def role_key(role_arn: str) -> str:
    """Return the access key of what runs with a role."""
    return _KEY + role_arn.rpartition("/")[2]


def who_asks(authorization: str) -> tuple[str, str]:
    """Return the role and the service of a signed request; no role for the tests' own keys."""
    match = re.search(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/", authorization)
    if match is None:
        return "", ""
    return (match[1].removeprefix(_KEY) if match[1].startswith(_KEY) else ""), match[2]


def message(role: str, lacking: Asked) -> str:
    """Return what AWS says."""
    return (
        f"User: arn:aws:sts::123456789012:assumed-role/{role}/offline is not authorized to perform: {lacking.action} "
        f"on resource: {lacking.resource} because no identity-based policy allows the {lacking.action} action"
    )


# --- which rights a request needs --------------------------------------------------------------------------------


def asked(
    service: str, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> list[Asked]:
    """Return the rights that a request needs. Raises KeyError for one that no run makes so far."""
    if service == "s3":
        return list(_of_s3(method, path, dict(parse_qsl(query, keep_blank_values=True)), headers))
    if service == "batch":
        operation = path.rpartition("/")[2]
    elif target := headers.get("HTTP_X_AMZ_TARGET"):
        operation = target.rpartition(".")[2]
    else:
        form = dict(parse_qsl(body.decode()))
        if service == "sts":
            return []  # GetCallerIdentity needs no right
        return [Asked(f"{service}:{form['Action']}", form.get("TopicArn", "*"))]
    given = json.loads(body or b"{}")
    return list(_SERVICES[service](operation, given))


def _of_s3(method: str, path: str, query: dict[str, str], headers: Mapping[str, str]) -> Iterator[Asked]:
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    arn = f"arn:aws:s3:::{bucket}"
    if not bucket:
        yield Asked("s3:ListAllMyBuckets", "*")
    elif not key:
        sub = next(
            (name for name in ("location", "versioning", "versions", "uploads", "delete") if name in query),
            "",
        )
        names = {
            "location": "GetBucketLocation",
            "versioning": "GetBucketVersioning",
            "versions": "ListBucketVersions",
            "uploads": "ListBucketMultipartUploads",
        }
        if method == "POST" and sub == "delete":
            yield Asked(
                "s3:DeleteObject", f"{arn}/*"
            )  # the keys are in the body; a run deletes its own one by one
        elif method in ("PUT", "DELETE"):
            yield Asked(f"s3:{'CreateBucket' if method == 'PUT' else 'DeleteBucket'}", arn)
        else:
            context = {"s3:prefix": query["prefix"]} if "prefix" in query else {}
            yield Asked(f"s3:{names.get(sub, 'ListBucket')}", arn, context)
    else:
        if source := headers.get("HTTP_X_AMZ_COPY_SOURCE"):
            yield Asked("s3:GetObject", f"arn:aws:s3:::{unquote(source).lstrip('/').partition('?')[0]}")
        # HeadObject and each part of an upload have no right of their own.
        action = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "POST": "PutObject"}.get(
            method
        )
        if action is None:
            action = "AbortMultipartUpload" if "uploadId" in query else "DeleteObject"
        yield Asked(f"s3:{action}", f"{arn}/{key}")


def _of_dynamodb(operation: str, given: dict[str, Any]) -> Iterator[Asked]:
    names = list(given.get("RequestItems", {})) or [given["TableName"]]
    for name in names:
        index = f"/index/{given['IndexName']}" if "IndexName" in given else ""
        yield Asked(f"dynamodb:{operation}", _arn("dynamodb", f"table/{name}{index}"))


def _of_batch(operation: str, given: dict[str, Any]) -> Iterator[Asked]:
    if operation == "submitjob":
        definition = _named("job-definition", given["jobDefinition"])
        # A name without a revision is the newest one's, which a policy names with `:*`.
        definition += "" if re.search(r":\d+$", definition) else ":1"
        yield Asked("batch:SubmitJob", _named("job-queue", given["jobQueue"]))
        yield Asked("batch:SubmitJob", _arn("batch", "job/new"))
        yield Asked("batch:SubmitJob", definition)
        if given.get("tags"):
            yield Asked("batch:TagResource", _arn("batch", "job/new"))
    elif operation == "terminatejob":
        yield Asked("batch:TerminateJob", _arn("batch", f"job/{given['jobId']}"))
    elif operation == "registerjobdefinition":
        yield Asked(
            "batch:RegisterJobDefinition", _arn("batch", f"job-definition/{given['jobDefinitionName']}")
        )
        if role := given.get("containerProperties", {}).get("jobRoleArn"):
            yield _passed(role, "ecs-tasks")
    elif operation == "deregisterjobdefinition":
        yield Asked("batch:DeregisterJobDefinition", _named("job-definition", given["jobDefinition"]))
    else:
        name = {
            "describejobs": "DescribeJobs",
            "listjobs": "ListJobs",
            "describejobdefinitions": "DescribeJobDefinitions",
            "describejobqueues": "DescribeJobQueues",
        }[operation]
        yield Asked(f"batch:{name}", "*")


def _of_sagemaker(operation: str, given: dict[str, Any]) -> Iterator[Asked]:
    if operation == "ListProcessingJobs":
        yield Asked("sagemaker:ListProcessingJobs", "*")
        return
    job = _arn("sagemaker", f"processing-job/{given['ProcessingJobName']}")
    yield Asked(f"sagemaker:{operation}", job)
    if operation == "CreateProcessingJob":
        if given.get("Tags"):
            yield Asked("sagemaker:AddTags", job)
        yield _passed(given["RoleArn"], "sagemaker")


def _of_logs(operation: str, given: dict[str, Any]) -> Iterator[Asked]:
    # Of all its actions but those on tags, CloudWatch Logs judges a group by its ARN with what is below it.
    stream = given.get("logStreamName", "")
    group = given.get("logGroupName", given.get("logGroupNamePrefix", ""))
    yield Asked(f"logs:{operation}", _arn("logs", f"log-group:{group}:log-stream:{stream}"))


def _of_states(operation: str, given: dict[str, Any]) -> Iterator[Asked]:
    yield Asked(f"states:{operation}", given.get("stateMachineArn", given.get("executionArn", "*")))


def _of_events(operation: str, given: dict[str, Any]) -> Iterator[Asked]:
    yield Asked(f"events:{operation}", _arn("events", f"rule/{given.get('Name', given.get('Rule', ''))}"))


_SERVICES = {
    "dynamodb": _of_dynamodb,
    "batch": _of_batch,
    "sagemaker": _of_sagemaker,
    "logs": _of_logs,
    "states": _of_states,
    "events": _of_events,
}


# --- what AWS does with a role by itself ---------------------------------------------------------------------------


def of_a_pull(image: str) -> Iterator[Asked]:
    """Return the rights that pulling an image from ECR needs; none for an image from elsewhere."""
    match = re.match(r"^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/([^:@]+)", image)
    if match:
        yield Asked("ecr:GetAuthorizationToken", "*")
        for action in ("BatchGetImage", "GetDownloadUrlForLayer"):
            yield Asked(f"ecr:{action}", _arn("ecr", f"repository/{match[1]}"))


def of_a_log(group: str, stream: str, makes_group: bool = False) -> Iterator[Asked]:
    """Return the rights that a container's log needs."""
    where = _arn("logs", f"log-group:{group}:log-stream:{stream}")
    if makes_group:
        yield Asked("logs:CreateLogGroup", _arn("logs", f"log-group:{group}"))
        yield Asked("logs:DescribeLogStreams", _arn("logs", f"log-group:{group}:log-stream:"))
    yield Asked("logs:CreateLogStream", where)
    yield Asked("logs:PutLogEvents", where)


def of_a_network_card(subnets: Iterable[str], groups: Iterable[str]) -> Iterator[Asked]:
    """Return what SageMaker needs of a role to put a job into subnets (SageMaker Developer Guide, "Roles")."""
    card = _arn("ec2", "network-interface/eni-1")
    for where in (card, *(_arn("ec2", f"subnet/{subnet}") for subnet in subnets)):
        yield Asked("ec2:CreateNetworkInterface", where)
    for group in groups:
        yield Asked("ec2:CreateNetworkInterface", _arn("ec2", f"security-group/{group}"))
    for action in (
        "CreateNetworkInterfacePermission",
        "DeleteNetworkInterface",
        "DeleteNetworkInterfacePermission",
    ):
        yield Asked(f"ec2:{action}", card)
    for what in ("NetworkInterfaces", "Vpcs", "Subnets", "SecurityGroups", "DhcpOptions"):
        yield Asked(f"ec2:Describe{what}", "*")


def of_a_waiting_state() -> Iterator[Asked]:
    """Return what submitJob.sync needs beside submitting: the rule through which Step Functions hears of the end."""
    for action in ("PutTargets", "PutRule", "DescribeRule"):
        yield Asked(f"events:{action}", _arn("events", "rule/StepFunctionsGetEventsForBatchJobsRule"))
    # It looks itself where no event came, and ends the job where the execution is stopped.
    yield Asked("batch:DescribeJobs", "*")


def _passed(role: str, to: str) -> Asked:
    return Asked("iam:PassRole", role, {"iam:PassedToService": f"{to}.amazonaws.com"})


def _named(kind: str, name: str) -> str:
    return name if name.startswith("arn:") else _arn("batch", f"{kind}/{name}")


def _arn(service: str, rest: str) -> str:
    return _ARN.format(service=service, rest=rest)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
