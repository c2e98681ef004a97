"""What AWS refuses as too large or as too much at once, and moto takes.

| limit | where AWS says it |
| --- | --- |
| a job's overrides, 8,192 characters: it is taken, and fails at its start | ECS API Reference, "ContainerOverride" |
| SubmitJob 30 KiB, RegisterJobDefinition 24 KiB | AWS Batch User Guide, "Service quotas" |
| 50 calls of Batch a second in an account | AWS re:Post, "aws-batch-requests-error" |
| 4,000 write units a second of a new on-demand table | DynamoDB Developer Guide, "Initial throughput" |
| lengths and patterns of SageMaker's and Step Functions' arguments | the services' own models, as botocore has them |
"""

import json
import re
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import botocore.session

OVERRIDES_CHARACTERS = 8192
SUBMIT_BYTES = 30 * 1024
DEFINITION_BYTES = 24 * 1024
JOB_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$")  # AWS Batch API Reference, "SubmitJob"

Fault = tuple[str, str, int]


class Limits:
    """The limits of an account. batch_calls and write_units are a second's; None is no limit."""

    def __init__(self) -> None:
        self.batch_calls: int | None = 50
        self.write_units: int | None = 4000
        self.throttled = 0
        self._lock = threading.Lock()
        self._calls: deque[float] = deque()
        self._units: deque[tuple[float, int]] = deque()

    def refuse(self, service: str, environ: Mapping[str, Any], body: bytes) -> Fault | None:
        """Return code, message and status of what AWS answers instead of doing it; None where it does it."""
        if service == "batch":
            return self._too_many_calls() or _too_large(environ["PATH_INFO"].rpartition("/")[2], body)
        operation = str(environ.get("HTTP_X_AMZ_TARGET", "")).rpartition(".")[2]
        if service == "dynamodb" and operation == "BatchWriteItem":
            return self._too_many_writes(json.loads(body))
        if service in _MODELS and operation:
            return _against_the_model(service, operation, json.loads(body or b"{}"))
        return None

    def _too_many_calls(self) -> Fault | None:
        if self.batch_calls is None:
            return None
        with self._lock:
            now = time.monotonic()
            while self._calls and now - self._calls[0] > 1:
                self._calls.popleft()
            if len(self._calls) >= self.batch_calls:
                self.throttled += 1
                return "TooManyRequestsException", "Too Many Requests", 429
            self._calls.append(now)
        return None

    def _too_many_writes(self, given: dict[str, Any]) -> Fault | None:
        if self.write_units is None:
            return None
        units = sum(
            max(1, -(-len(json.dumps(request)) // 1024))
            for found in given["RequestItems"].values()
            for request in found
        )
        with self._lock:
            now = time.monotonic()
            while self._units and now - self._units[0][0] > 1:
                self._units.popleft()
            if self._units and sum(n for _, n in self._units) + units > self.write_units:
                self.throttled += 1
                said = "Throughput exceeds the current capacity of your table or index."
                return "ThrottlingException", said, 400
            self._units.append((now, units))
        return None


def overrides_fault(overrides: Mapping[str, Any]) -> str:
    """Return the reason for which a job with these overrides fails when it is to start; empty where it starts."""
    if len(json.dumps(overrides, separators=(",", ":"))) <= OVERRIDES_CHARACTERS:
        return ""
    return f"Container Overrides length must be at most {OVERRIDES_CHARACTERS}"


def _too_large(operation: str, body: bytes) -> Fault | None:
    most = {"submitjob": SUBMIT_BYTES, "registerjobdefinition": DEFINITION_BYTES}.get(operation)
    if most is None:
        return None
    if len(body) > most:
        return "ClientException", f"The request has {len(body)} bytes; {operation} takes {most}", 400
    given = json.loads(body)
    name = given.get("jobName", given.get("jobDefinitionName", ""))
    if not JOB_NAME.match(name):
        return "ClientException", f"{name!r} must match {JOB_NAME.pattern}", 400
    return None


# By the name that signs a request.
_MODELS = {"sagemaker": "sagemaker", "states": "stepfunctions"}


@cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(_MODELS[service])


def _against_the_model(service: str, operation: str, given: dict[str, Any]) -> Fault | None:
    """Return what the service says to arguments that are longer than its model allows, or of another pattern.

    botocore knows the model's limits and checks only that nothing is missing or of another type.
    """
    model = _model(service)
    if operation not in model.operation_names:
        return None
    faults = list(_faults(given, model.operation_model(operation).input_shape, operation))
    return ("ValidationException", "; ".join(faults[:5]), 400) if faults else None


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.fullmatch(pattern, value, re.DOTALL) is not None
    except re.error:
        return True  # some are in another language's words, such as \\p{L} for a letter


def _faults(value: Any, shape: Any, where: str) -> Iterator[str]:
    limits = shape.metadata
    if shape.type_name in ("string", "list", "map", "blob"):
        size = len(value)
        if not limits.get("min", 0) <= size <= limits.get("max", size):
            yield f"{where}: {size} long; {limits.get('min', 0)} to {limits.get('max', 'any')} is allowed"
        pattern = limits.get("pattern", "") if shape.type_name == "string" else ""
        if pattern and not _matches(pattern, value):
            yield f"{where}: {value[:60]!r} does not match {pattern}"
    elif shape.type_name in ("integer", "long") and not limits.get("min", value) <= value <= limits.get(
        "max", value
    ):
        yield f"{where}: {value}; {limits.get('min')} to {limits.get('max')} is allowed"
    if shape.type_name == "structure":
        for name, inner in value.items():
            if name in shape.members and inner is not None:
                yield from _faults(inner, shape.members[name], f"{where}.{name}")
    elif shape.type_name == "list":
        for inner in value:
            yield from _faults(inner, shape.member, where)
    elif shape.type_name == "map":
        for name, inner in value.items():
            yield from _faults(name, shape.key, where)
            yield from _faults(inner, shape.value, f"{where}.{name}")
