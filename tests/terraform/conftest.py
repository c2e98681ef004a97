"""Terraform on a copy of the project's terraform/, with the AWS provider from wherever it can be had."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import REPO

# A folder that a machine without the registry may hold; Terraform's own name for it is a filesystem mirror.
_MIRROR = "registry.terraform.io/hashicorp/aws"


@dataclass
class Terraform:
    """A copy of terraform/, initialised, and the environment that its commands run in."""

    folder: Path
    environment: dict[str, str]

    def run(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run a command; its output is the message when it fails and must not."""
        done = subprocess.run(
            ["terraform", *arguments],
            cwd=self.folder,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout
        return done


def provider_mirror() -> Path | None:
    """Return the root of a filesystem mirror that holds the AWS provider, or None."""
    found = subprocess.run(
        ["find", "/", "-xdev", "-maxdepth", "6", "-type", "d", "-path", f"*{_MIRROR}"],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False,
    ).stdout.splitlines()  # fmt: skip
    return Path(found[0].removesuffix(_MIRROR)) if found else None


def make_terraform(folder: Path, mirror: Path | None) -> Terraform:
    """Copy terraform/ into a folder and initialise it."""
    shutil.copytree(
        REPO / "terraform", folder / "terraform", ignore=shutil.ignore_patterns(".terraform", "*.tfstate*")
    )
    # Not the user's own: what they override must not change what is tested.
    settings = folder / "terraform.rc"
    settings.write_text(
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n'
        if mirror
        else ""
    )
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "TF_"))}
    terraform = Terraform(
        folder / "terraform",
        kept | {"TF_CLI_CONFIG_FILE": str(settings), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"},
    )
    terraform.run("init", "-input=false", "-no-color", "-lockfile=readonly")
    return terraform


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    if shutil.which("terraform") is None:
        pytest.skip("needs terraform (1.10 or newer), which is not installed")
    try:
        return make_terraform(tmp_path_factory.mktemp("terraform"), provider_mirror())
    except AssertionError as error:
        if (
            "could not query provider registry" in str(error).lower()
            or "failed to query" in str(error).lower()
        ):
            pytest.skip("needs the AWS provider 5.100, and neither the registry nor a mirror is in reach")
        raise
