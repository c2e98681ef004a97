"""The server: moto behind a layer that notes every request, and refuses what AWS refuses.

That is what a role has no right to (iam.py), what is too large or too much at once (limits.py), and what a test wants
refused.
"""

import io
import json
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Thread
from typing import Any

import boto3
from botocore.config import Config
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.offline_aws import batch, iam, limits, listing, sagemaker, stepfunctions, terraform

REGION = "us-east-1"
# What the container's requests are told apart by: boto3 puts it into the User-Agent header.
CONTAINER_APP = "offline-container"

Environ = dict[str, Any]


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@dataclass
class Refusal:
    """Requests that match `pattern` get this error, `times` times or always."""

    pattern: str
    code: str
    message: str
    status: int
    times: int | None

    def applies(self, request: str) -> bool:
        """Return whether this request is refused, and count it."""
        # Two requests at once may both be the last one: below 0 is used up, too.
        if not re.search(self.pattern, request) or (self.times is not None and self.times <= 0):
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass(frozen=True, slots=True)
class Served:
    """A request and its answer. job: which job asked, as CONTAINER_APP and its id say; empty for others."""

    job: str
    request: str
    query: str
    status: int
    n_bytes: int


class OfflineAWS:
    """S3, DynamoDB, CloudWatch Logs, SageMaker Processing, Batch and Step Functions at `url`, with whatever else
    Terraform asks for; a context manager.

    requests: all so far, as (from the container, "GET /bucket/key" or "SageMaker.CreateProcessingJob").
    served: the same with what was answered. images: the command that each container image stands for; batch.py
    says more. failures: reasons for which the next Processing jobs fail before they begin. speed: how many
    seconds of a job's time limit pass in a second. judge: whose requests are judged, and by what; see iam.py.
    latency: seconds that each request takes beside moto's own; S3's median on AWS is tens of milliseconds.
    limits: what AWS refuses as too large or too much at once; see limits.py.
    """

    def __init__(self) -> None:
        self.requests: list[tuple[bool, str]] = []
        self.refusals: list[Refusal] = []
        self.served: list[Served] = []
        self.images: dict[str, Any] = {}
        self.failures: list[str] = []
        self.speed = 1.0
        self.latency = 0.0
        self.judge = iam.Judge()
        self.limits = limits.Limits()
        self.jobs = sagemaker.Jobs(self)
        self.batch = batch.Batch(self)
        self._app = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True, request_handler=_Quiet)
        # An address, not "localhost": boto3 then puts the bucket's name into the path, not before the host.
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "OfflineAWS":
        self.patch()
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def patch(self) -> None:
        """Put this server's methods in the place of moto's, or of another server's in the same process."""
        sagemaker.patch(self.jobs)
        batch.patch(self.batch)
        stepfunctions.patch(self)
        terraform.patch()
        listing.PATCHES.apply()

    def __exit__(self, *_: object) -> None:
        self.reset()
        self._server.shutdown()
        self._server.server_close()
        sagemaker.unpatch()
        # In the other order: both stand for methods of moto's Batch.
        listing.PATCHES.undo()
        terraform.unpatch()
        stepfunctions.unpatch()
        batch.unpatch()

    @property
    def environment(self) -> dict[str, str]:
        """What boto3 needs in the environment to come here, and to look nowhere else."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
        }

    def client(self, service: str, **settings: Any) -> Any:
        """Return a boto3 client for this server, whatever the environment says. settings: botocore's Config's."""
        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        return boto3.client(  # type: ignore[call-overload]
            service, endpoint_url=self.url, region_name=REGION, config=Config(**settings), **keys
        )

    def refuse(
        self, pattern: str, code: str, message: str = "no", status: int = 400, times: int | None = None
    ) -> None:
        """Refuse requests that match, see `requests` for what they look like."""
        self.refusals.append(Refusal(pattern, code, message, status, times))

    def reset(self) -> None:
        """Stop every job and forget everything."""
        self.jobs.end()
        self.batch.end()
        self.refusals, self.images, self.failures, self.speed = [], {}, [], 1.0
        self.latency, self.limits = 0.0, limits.Limits()
        self.judge.forget()
        from moto.backends import get_backend

        for service in ("s3", "sagemaker", "logs", "dynamodb", "batch", "ecs", "ec2", "iam", "stepfunctions"):
            get_backend(service).reset()  # type: ignore[call-overload]
        self.requests, self.served = [], []

    def _answer(self, environ: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        request = environ.get("HTTP_X_AMZ_TARGET") or f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        agent = environ.get("HTTP_USER_AGENT", "")
        self.requests.append((CONTAINER_APP in agent, request))
        job = re.search(rf"{CONTAINER_APP}[-0-9a-f]*", agent)
        statuses: list[int] = []

        def noting(status: str, *more: Any) -> Any:
            statuses.append(int(status.split()[0]))
            return start(status, *more)

        time.sleep(self.latency)
        refusal = next((each for each in self.refusals if each.applies(request)), None) or self._judged(
            environ
        )
        if refusal is not None:
            json_protocol = "HTTP_X_AMZ_TARGET" in environ or environ["PATH_INFO"].startswith("/v1/")
            body = _refused(refusal, json_protocol, noting)
        else:
            body = list(self._app(environ, noting))
        n_bytes = 0 if environ["REQUEST_METHOD"] == "HEAD" else sum(map(len, body))
        self.served.append(
            Served(job[0] if job else "", request, environ.get("QUERY_STRING", ""), statuses[-1], n_bytes)
        )
        return body

    def _judged(self, environ: Environ) -> Refusal | None:
        """Return what AWS answers to a request that its role has no right to, or that is over a limit."""
        role, service = iam.who_asks(environ.get("HTTP_AUTHORIZATION", ""))
        body = b""
        if service not in ("", "s3"):
            # Small, and read here as well; the application reads it after this.
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
        if role in self.judge.roles:
            method, path, query = (
                environ["REQUEST_METHOD"],
                environ["PATH_INFO"],
                environ.get("QUERY_STRING", ""),
            )
            needed = iam.asked(service, method, path, query, environ, body)
            if lacking := self.judge.allows(role, needed):
                return Refusal(
                    "", _DENIED.get(service, "AccessDeniedException"), iam.message(role, lacking), 403, None
                )
        if fault := self.limits.refuse(service, environ, body):
            return Refusal("", *fault, None)
        return None


# What the services call a refusal; S3 and the oldest ones have their own word.
_DENIED = {"s3": "AccessDenied", "sns": "AuthorizationError"}


def _refused(refusal: Refusal, json_protocol: bool, start: Callable[..., Any]) -> list[bytes]:
    if json_protocol:
        body = json.dumps({"__type": refusal.code, "message": refusal.message})
    else:
        body = f"<Error><Code>{refusal.code}</Code><Message>{refusal.message}</Message></Error>"
    headers = [
        ("x-amzn-errortype", refusal.code),
        ("x-amzn-requestid", "00000000-0000-4000-8000-000000000000"),
    ]
    start(f"{refusal.status} Refused", [("Content-Length", str(len(body.encode()))), *headers])
    return [body.encode()]
