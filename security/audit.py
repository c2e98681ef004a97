"""Static checks of code, secrets, images, infrastructure and dependencies: `make audit`.

    python -m security.audit                    # all of them
    python -m security.audit bandit hadolint    # some

Each check is a well-known program with the settings that it needs here. Its exit status is 1 where something was found
or a program is missing, and 2 where nothing was found but dependencies could be compared with no advisories at all: a
check that did not happen is never a check that passed. What is accepted stands beside the code, with its reason:
`# nosec` for bandit, `#checkov:skip`, and security/secrets.baseline for strings that only look like secrets.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from security import dependencies

ROOT = Path(__file__).parents[1]
TOOLS = ROOT / ".venv-audit/bin"
BASELINE = "security/secrets.baseline"
# Code that runs at a user's: tests assert, plant secrets and start processes on purpose.
CODE = ("src", "scripts", "containers", "terraform", "benchmarks", "docs", "security")

Status = Literal["passed", "FAILED", "MISSING", "NOT CHECKED"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check came to: `said` is one line, `details` is what its program printed where that matters."""

    status: Status
    said: str
    details: str = ""


@dataclass(frozen=True, slots=True)
class Tree:
    """The files to check, and where the programs are."""

    root: Path = ROOT
    tools: Path = TOOLS

    def files(self) -> list[str]:
        """Return what git has under `root`, and what it would add."""
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=self.root, text=True, capture_output=True, check=True,
        ).stdout  # fmt: skip
        return sorted({name for name in listed.split("\0") if name and (self.root / name).is_file()})

    def run(self, program: str, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run one of the programs in `root`. Raises FileNotFoundError when it is not installed."""
        path = self.tools / program
        if not path.exists():
            raise FileNotFoundError(path)
        return subprocess.run([str(path), *words], cwd=self.root, text=True, capture_output=True, check=False)


def bandit(tree: Tree) -> Outcome:
    """Python code: shells, injection, weak hashes, unsafe loading; settings in pyproject.toml."""
    config = ["-c", "pyproject.toml"] if (tree.root / "pyproject.toml").exists() else []
    folders = [name for name in CODE if (tree.root / name).is_dir()]
    return _judge(tree.run("bandit", "--quiet", *config, "-r", *folders), f"code in {', '.join(folders)}")


def secrets(tree: Tree) -> Outcome:
    """Keys and passwords in any file, but for those that the baseline lists."""
    files = [name for name in tree.files() if name != BASELINE]
    with tempfile.TemporaryDirectory() as folder:
        # A copy, because the program rewrites the baseline whenever a line number moved (status 3).
        baseline = Path(folder, "baseline")
        baseline.write_text("{}")
        shutil.copy(tree.root / BASELINE, baseline)
        done = tree.run("detect-secrets-hook", "--baseline", str(baseline), *files)
    return _judge(done, f"{len(files)} files", good=(0, 3))


def hadolint(tree: Tree) -> Outcome:
    """The images' recipes."""
    found = [name for name in tree.files() if Path(name).name == "Dockerfile"]
    return _judge(tree.run("hadolint", *found), f"{len(found)} Dockerfiles")


def shellcheck(tree: Tree) -> Outcome:
    """Shell scripts, by name or by their first line."""
    found = [name for name in tree.files() if name.endswith(".sh") or _is_shell(tree.root / name)]
    return _judge(tree.run("shellcheck", *found), f"{len(found)} scripts")


def checkov(tree: Tree) -> Outcome:
    """The infrastructure, as production would have it."""
    done = tree.run(
        "checkov", "--directory", "terraform", "--skip-download", "--framework", "terraform", "--compact",
        "--var-file", "terraform/environments/prod.tfvars",
    )  # fmt: skip
    counts = re.search(r"Passed checks: \d+, Failed checks: \d+, Skipped checks: \d+", done.stdout)
    return _judge(done, counts[0] if counts else "no counts in its output")


def advisories(tree: Tree) -> Outcome:
    """Locked packages: known vulnerabilities, live where the service answers, and by the stored file in any case."""
    locked = dependencies.locked(tree.root)
    live = dependencies.live(tree.run, tree.root)
    stored = dependencies.stored(tree.root, locked)
    found = [*live.findings, *stored.findings]
    said = f"{len(locked)} locked packages; live: {live.said}; stored: {stored.said}"
    if found:
        return Outcome("FAILED", said, "\n".join(found))
    if live.checked or stored.checked:
        return Outcome("passed", said)
    return Outcome("NOT CHECKED", said)


CHECKS: dict[str, Callable[[Tree], Outcome]] = {
    "bandit": bandit,
    "secrets": secrets,
    "hadolint": hadolint,
    "shellcheck": shellcheck,
    "checkov": checkov,
    "advisories": advisories,
}


def audit(tree: Tree, names: Sequence[str] = tuple(CHECKS)) -> dict[str, Outcome]:
    """Run checks and return what each came to; a program that is not installed is MISSING, by name."""
    outcomes = {}
    for name in names:
        try:
            outcomes[name] = CHECKS[name](tree)
        except FileNotFoundError as error:
            outcomes[name] = Outcome(
                "MISSING", f"{error.filename or error} is not there; make .venv-audit/stamp"
            )
    return outcomes


def exit_status(outcomes: dict[str, Outcome]) -> int:
    """Return 1 for a finding or a missing program, 2 where only the advisories could not be checked, else 0."""
    statuses = {outcome.status for outcome in outcomes.values()}
    if statuses & {"FAILED", "MISSING"}:
        return 1
    return 2 if "NOT CHECKED" in statuses else 0


def _judge(done: "subprocess.CompletedProcess[str]", what: str, good: Sequence[int] = (0,)) -> Outcome:
    if done.returncode in good:
        return Outcome("passed", what)
    return Outcome("FAILED", what, (done.stdout + done.stderr).strip())


def _is_shell(path: Path) -> bool:
    with path.open("rb") as file:
        return re.match(rb"#!.*\b(ba|da|k)?sh\b", file.readline(200)) is not None


def main() -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m security.audit", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("checks", nargs="*", default=list(CHECKS), metavar="CHECK", help=", ".join(CHECKS))
    chosen = parser.parse_args().checks
    if unknown := set(chosen) - set(CHECKS):
        parser.error(f"no such check: {', '.join(sorted(unknown))}; there are {', '.join(CHECKS)}")
    outcomes = audit(Tree(), chosen)
    for name, outcome in outcomes.items():
        print(f"{name:12s}{outcome.status:13s}{outcome.said}")
        if outcome.details:
            print(outcome.details)
    return exit_status(outcomes)


if __name__ == "__main__":
    sys.exit(main())
