"""Builds the containers' images and runs commands in them, with buildah, which needs no Docker engine.

    python -m tests.images theme-aggregator theme-aggregator --help      # an image, then a command in it

Where the base image that the recipes pin cannot be pulled, Debian's debootstrap makes one of the same release and minor
version of Python. Root is needed for both.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.conftest import REPO

STAND_IN = "localhost/debian-bookworm-python3.11"
NAMES = ("firm-topic-processor", "theme-aggregator")
# A build step inherits these from whoever calls; the defaults are more than a container may ask for here.
LIMITS = '[containers]\ndefault_ulimits = ["nofile=1024:1024","nproc=1024:1024"]\n'


class UnavailableError(Exception):
    """Images cannot be built on this machine; the message says what is missing."""


@dataclass
class Finished:
    """How a command in a container ended, and what it took; the memory is that of its largest process."""

    code: int
    text: str
    seconds: float
    peak_memory_mb: float


def build(name: str) -> str:
    """Build an image, and its base where there is none, and return its name. Raises UnavailableError."""
    recipe = f"containers/{name}/Dockerfile"
    base = _base(
        re.findall(r"^ARG BASE=(\S+)$", (REPO / recipe).read_text(encoding="utf-8"), re.MULTILINE)[0]
    )
    print(f"{name} is built on {base}")
    buildah(
        "bud", "--layers", "--isolation", "chroot", "--network", "host", "--build-arg", f"BASE={base}",
        *_pip_settings(), "--file", recipe, "--tag", name, ".",
    )  # fmt: skip
    return name


def size_mb(name: str) -> float:
    """Return the size of an image's files in MB of 10**6 bytes, uncompressed."""
    with container(name) as made:
        folder = buildah("mount", made).strip()
        size = subprocess.run(["du", "-sbx", folder], text=True, capture_output=True, check=True).stdout
        return int(size.split()[0]) / 1e6


def entrypoint(name: str) -> list[str]:
    """Return the image's ENTRYPOINT, which `buildah run` leaves out."""
    found = json.loads(buildah("inspect", "--type", "image", name))["OCIv1"]["config"].get("Entrypoint")
    return found or []


@contextlib.contextmanager
def container(name: str) -> Iterator[str]:
    """Give a new container of an image, which is gone afterwards."""
    made = buildah("from", "--pull-never", name).strip()
    try:
        yield made
    finally:
        buildah("rm", made)


def command(
    made: str, words: Sequence[str], environment: Mapping[str, str], folders: Sequence[Path] = ()
) -> list[str]:
    """Return the command that runs `words` in a container; folders are there as they are here."""
    env = [word for pair in environment.items() for word in ("--env", "=".join(pair))]
    volumes = [word for folder in folders for word in ("--volume", f"{folder}:{folder}")]
    return ["buildah", "run", "--isolation", "chroot", *env, *volumes, made, "--", *words]


def run(
    name: str, *words: str, environment: Mapping[str, str] | None = None, folders: Sequence[Path] = ()
) -> Finished:
    """Run a command in a new container of an image, after the image's ENTRYPOINT."""
    with container(name) as made, tempfile.TemporaryFile("w+") as output:
        started = time.monotonic()
        process = subprocess.Popen(
            command(made, [*entrypoint(name), *words], environment or {}, folders),
            env=_environment(), stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - started
        output.seek(0)
        return Finished(process.returncode, output.read(), seconds, usage.ru_maxrss / 1024)


def buildah(*words: str) -> str:
    """Call buildah in the repository's root, and return what it said. Raises UnavailableError, CalledProcessError."""
    if shutil.which("buildah") is None or os.geteuid() != 0:
        raise UnavailableError("images cannot be built: that needs buildah (a Debian package) and root")
    done = subprocess.run(
        ["buildah", *words], cwd=REPO, env=_environment(), text=True, capture_output=True, check=False
    )
    if done.returncode:
        end = (done.stdout + done.stderr)[-4000:]
        raise subprocess.CalledProcessError(done.returncode, f"buildah {' '.join(words[:3])} …\n{end}")
    return done.stdout


@cache
def _environment() -> dict[str, str]:
    limits = Path(tempfile.gettempdir(), f"containers-{os.getuid()}.conf")
    limits.write_text(LIMITS)
    return os.environ | {"CONTAINERS_CONF": str(limits)}


@cache
def _base(pinned: str) -> str:
    """Return the base to build on: the pinned one, or a stand-in for it. Raises UnavailableError."""
    with contextlib.suppress(subprocess.CalledProcessError):
        buildah("pull", "--quiet", "--policy", "missing", pinned)
        return pinned
    with contextlib.suppress(subprocess.CalledProcessError):
        buildah("inspect", "--type", "image", STAND_IN)
        return STAND_IN
    if shutil.which("debootstrap") is None:
        raise UnavailableError(
            f"{pinned} cannot be pulled, and debootstrap, which would make a stand-in, is not installed"
        )
    try:
        made = buildah("from", "scratch").strip()
        folder = buildah("mount", made).strip()
    except subprocess.CalledProcessError as error:
        raise UnavailableError(f"buildah cannot make a container on this machine: {error.cmd}") from error
    try:
        wanted = "--include=python3,python3-venv,python3-pip,ca-certificates"
        done = subprocess.run(
            ["debootstrap", "--variant=minbase", wanted, "bookworm", folder],
            text=True, capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise UnavailableError(f"debootstrap failed: {(done.stdout + done.stderr)[-1000:]}")
        # What the pulled image has, and Debian has not.
        Path(folder, "usr/bin/python").symlink_to("python3")
        buildah("commit", made, STAND_IN)
    finally:
        buildah("rm", made)
    return STAND_IN


def _pip_settings() -> list[str]:
    """Return the arguments that let pip in the build find packages where pip here finds them."""
    settings = {
        name: os.environ[name]
        for name in ("PIP_INDEX_URL", "PIP_CERT", "PIP_FIND_LINKS")
        if name in os.environ
    }
    words = []
    for name, value in settings.items():
        words += ["--build-arg", f"{name}={value}"]
        if Path(value).exists():
            words += ["--volume", f"{value}:{value}:ro"]
    if list(Path(settings.get("PIP_FIND_LINKS", "/nowhere")).glob("torch-*")):
        # A build of torch lies here: no index of torch's own is asked.
        words += ["--build-arg", "TORCH_INDEX="]
    return words


if __name__ == "__main__":
    ended = run(build(sys.argv[1]), *sys.argv[2:])
    print(ended.text, end="")
    sys.exit(ended.code)
