"""The stores that the contract tests run on. A store that is added here meets the whole contract.

Two stand in for DynamoDB: moto, in this process, and dynalite, a server that checks requests more strictly.
dynalite is an npm package: `npm ci` in the repository's root, or DYNALITE=path of its command.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from earnings_themes.abstractions import ThemeStore
from earnings_themes.stores.dynamodb import DynamoDBThemeStore
from earnings_themes.stores.sqlite import SQLiteThemeStore
from tests.dynamodb import mocked_dynamodb
from tests.unit.stores.dynamo import new_store

ROOT = Path(__file__).parents[3]


@pytest.fixture(params=["sqlite", "moto", "dynalite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ThemeStore:
    """An empty store of each kind."""
    if request.param == "sqlite":
        return SQLiteThemeStore(tmp_path / "themes.sqlite")
    found: ThemeStore = request.getfixturevalue(f"{request.param}_store")
    return found


@pytest.fixture
def many(request: pytest.FixtureRequest) -> int:
    """How many sentences or topics are many: 5,000, but fewer for moto, which takes a millisecond each."""
    return 1000 if "moto" in request.node.callspec.params.values() else 5000


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """No request can reach a real account."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def moto_store(aws: None) -> Iterator[DynamoDBThemeStore]:
    """A table of moto's, in this process."""
    with mocked_dynamodb():
        yield new_store()


@pytest.fixture
def dynalite_store(aws: None, dynalite: str, monkeypatch: pytest.MonkeyPatch) -> DynamoDBThemeStore:
    """A table of its own on the dynalite server."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", dynalite)
    return new_store()


@pytest.fixture(scope="session")
def dynalite() -> Iterator[str]:
    """The URL of a dynalite server, for all tests of the session."""
    local = ROOT / "node_modules" / ".bin" / "dynalite"
    command = os.environ.get("DYNALITE") or (str(local) if local.exists() else None)
    if command is None:
        pytest.skip("dynalite is not installed: npm ci, or DYNALITE=path of its command")
    if shutil.which("node") is None:
        pytest.skip("node is not installed, and dynalite needs it")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [command, "--host", "127.0.0.1", "--port", str(port), "--createTableMs", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: socket.create_connection(("127.0.0.1", port), timeout=1).close())
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=10)


def wait_until(works: Callable[[], None], seconds: float = 20.0) -> None:
    """Call `works` until it raises no OSError."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return works()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
