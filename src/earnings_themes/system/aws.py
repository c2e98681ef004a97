"""AWS clients that retry when throttled, and AWS errors as messages that say what to change."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from earnings_themes.errors import CloudError
from earnings_themes.system.folders import PARALLEL_REQUESTS

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

# S3 answers HEAD and denied keys with a bare status, the other services with a name.
REFUSED: Final = "AccessDenied AccessDeniedException 403 UnrecognizedClientException ExpiredToken".split()


# Adaptive slows the whole client down when AWS throttles (AWS SDKs Reference Guide, "Retry behavior").
# Ten attempts outlast a minute of throttling.
_CONFIG: Final = Config(
    retries={"mode": "adaptive", "max_attempts": 10}, max_pool_connections=PARALLEL_REQUESTS
)


def s3_client() -> "S3Client":
    """Return a client for S3; region and credentials are boto3's own. Raises CloudError."""
    with aws_errors("use S3", "a region and credentials"):
        return boto3.client("s3", config=_CONFIG)


def sagemaker_client() -> "SageMakerClient":
    """Return a client for SageMaker. Raises CloudError."""
    with aws_errors("use SageMaker", "a region and credentials"):
        return boto3.client("sagemaker", config=_CONFIG)


def logs_client() -> "CloudWatchLogsClient":
    """Return a client for CloudWatch Logs. Raises CloudError."""
    with aws_errors("use CloudWatch Logs", "a region and credentials"):
        return boto3.client("logs", config=_CONFIG)


def error_code(error: ClientError) -> str:
    """Return the short name of the error, such as AccessDenied."""
    return error.response.get("Error", {}).get("Code", "")


@contextmanager
def aws_errors(doing: str, needs: str) -> Iterator[None]:
    """Turn what boto3 raises into CloudError: the attempted action, AWS's answer, what is missing.

    needs: the permission, or whatever else, that the request requires.
    """
    try:
        yield
    except ClientError as error:
        said = error.response.get("Error", {})
        hint = f" It needs {needs}." if error_code(error) in REFUSED else ""
        raise CloudError(
            f"Cannot {doing}: {error_code(error)}: {said.get('Message', 'no message')}.{hint}"
        ) from error
    except BotoCoreError as error:
        raise CloudError(
            f"Cannot {doing}: {str(error).rstrip('.')}. It needs {needs}, and a way to reach AWS."
        ) from error
