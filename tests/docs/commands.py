"""Runs the commands of a document as its reader would: in order, in one terminal, in a copy of the project.

Above each block of commands stands where it can be run:

    <!-- run: local -->          here, without a network
    <!-- run: offline-aws -->    here, against the offline AWS
    <!-- run: account -->        only with an AWS account (or another thing that is not here); its syntax is checked

so that a command which no longer works fails a test, and one that no test runs says so in the document's source.
"""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import REPO

PLACES = ("local", "offline-aws", "account")
_MARKER = re.compile(r"<!-- run: (\S+) -->")


@dataclass(frozen=True)
class Block:
    """Commands, the number of their first line in the document, and where they can be run."""

    line: int
    place: str
    text: str


def blocks(document: Path) -> list[Block]:
    """Return the ```sh blocks of a document. Raises AssertionError for one without a marker, and the reverse."""
    found: list[Block] = []
    marker: str | None = None
    lines = enumerate(document.read_text(encoding="utf-8").splitlines(), start=1)
    for number, line in lines:
        here = f"{document.name}, line {number}"
        if match := _MARKER.fullmatch(line.strip()):
            marker = match[1]
            assert marker in PLACES, (
                f"{here}: {marker} is no place to run a command; expected one of {PLACES}"
            )
        elif line.startswith("```sh"):
            assert marker, f"{here}: the block does not say where it runs; put <!-- run: … --> above it"
            text = []
            for _, inside in lines:
                if inside.startswith("```"):
                    break
                text.append(inside)
            found.append(Block(number + 1, marker, "\n".join(text)))
            marker = None
        elif line.strip():
            assert marker is None, f"{here}: a ```sh block should follow <!-- run: {marker} -->"
    return found


def project_copy(folder: Path) -> Path:
    """Fill a folder with links to the project's files, so that what a command writes stays in it.

    What is in the folder already stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    left_out = {".git", ".snakemake", ".venv", "results", *(path.name for path in folder.iterdir())}
    for path in REPO.iterdir():
        if path.name not in left_out and not path.name.startswith(".coverage"):
            (folder / path.name).symlink_to(path)
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


def run(document: Path, folder: Path, environment: Mapping[str, str], *places: str) -> str:
    """Run a document's blocks of these places in `folder`, and return what they printed.

    Raises AssertionError with the end of it at the first command that fails.
    """
    script = ["set -euo pipefail"]
    for block in blocks(document):
        if block.place in places:
            script += [f"echo '--- {document.name}, line {block.line}'", block.text]
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=folder,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"} | dict(environment),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, f"a command of {document.name} failed:\n{done.stdout[-4000:]}"
    return done.stdout


def check_syntax(document: Path) -> None:
    """Raise AssertionError where a block that is not run here is no shell."""
    for block in blocks(document):
        done = subprocess.run(["bash", "-n"], input=block.text, text=True, capture_output=True, check=False)
        assert done.returncode == 0, f"{document.name}, line {block.line}: {done.stderr}"
