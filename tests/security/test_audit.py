"""`make audit` finds what it is there to find: each check on a small tree, clean first, then with something planted."""

import io
import json
import subprocess
import zipfile
from pathlib import Path

import pytest

from security import audit, dependencies
from tests.conftest import REPO

# Each check, a file, what it holds when all is well, what is planted into it, and a word of the finding.
PLANTED = {
    "bandit": ("src/a.py", "print(1)\n", "import subprocess\nsubprocess.call(input(), shell=True)\n", "B602"),
    # Put together here, or the check would find it in this file.
    "secrets": ("notes.txt", "nothing\n", "key = AKIA" + "Q3EGRLV7XKZ2MDPT" + "\n", "notes.txt:1"),
    "hadolint": ("containers/a/Dockerfile", "FROM a:1\n", "FROM a\nRUN cd /x && sudo y\n", "DL3004"),
    "shellcheck": ("run", "#!/bin/sh\necho 1\n", "#!/bin/sh\necho $1\n", "SC2086"),
    "checkov": (
        "terraform/main.tf",
        'output "a" {\n  value = 1\n}\n',
        'resource "aws_s3_bucket" "a" {\n  bucket = "a"\n}\n',
        "CKV_AWS_",
    ),
}


@pytest.fixture
def tree(tmp_path: Path) -> audit.Tree:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    write(tmp_path / audit.BASELINE, (REPO / audit.BASELINE).read_text())
    write(tmp_path / "terraform/environments/prod.tfvars", "")
    return audit.Tree(tmp_path)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize("check", PLANTED)
def test_a_planted_finding_makes_the_audit_fail(tree: audit.Tree, check: str) -> None:
    if not audit.TOOLS.is_dir():
        pytest.skip("the audit's programs are not installed: make .venv-audit/stamp")
    name, good, bad, said = PLANTED[check]
    write(tree.root / name, good)
    clean = audit.audit(tree, [check])
    assert clean[check].status == "passed", clean
    assert audit.exit_status(clean) == 0
    write(tree.root / name, bad)
    found = audit.audit(tree, [check])
    assert found[check].status == "FAILED"
    assert said in found[check].details
    assert audit.exit_status(found) == 1


def test_a_missing_program_is_named_and_fails(tmp_path: Path) -> None:
    outcomes = audit.audit(audit.Tree(REPO, tmp_path / "nowhere"))
    assert {outcome.status for outcome in outcomes.values()} == {"MISSING"}
    programs = "bandit detect-secrets-hook hadolint shellcheck checkov pip-audit".split()
    assert all(
        program in outcome.said for program, outcome in zip(programs, outcomes.values(), strict=True)
    ), outcomes
    assert audit.exit_status(outcomes) == 1


# --- dependencies ----------------------------------------------------------------------------------

ADVISORY = {
    "id": "PYSEC-0000-1",
    "aliases": ["CVE-0000-1"],
    "modified": "2024-01-01T00:00:00Z",
    "affected": [
        {
            "package": {"name": "Some.Package", "ecosystem": "PyPI"},
            "ranges": [
                {
                    "type": "ECOSYSTEM",
                    "events": [
                        {"introduced": "1.2"}, {"fixed": "1.10"}, {"introduced": "2.0"}, {"last_affected": "2.1"},
                    ],
                }
            ],
            "versions": ["0.9"],
        }
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("version", "affected"),
    [("0.9", True), ("1.1", False), ("1.2", True), ("1.9.5", True), ("1.10", False), ("2.1", True), ("2.1.1", False)],
)  # fmt: skip
def test_an_affected_version_is_found_by_the_stored_advisories(
    tmp_path: Path, version: str, affected: bool
) -> None:
    write(tmp_path / "envs/workflow.txt", f"some-package=={version} \\\n    --hash=sha256:00\nother==1\n")
    (tmp_path / "security").mkdir()
    dependencies.store(tmp_path, ["some-package"], [ADVISORY], "made")
    compared = dependencies.stored(tmp_path, dependencies.locked(tmp_path))
    assert compared.checked
    assert compared.findings == ((f"some-package {version}: PYSEC-0000-1 (CVE-0000-1)",) if affected else ())


def pip_audit(stdout: str, stderr: str = "") -> object:
    return lambda *words: subprocess.CompletedProcess(words, 0, stdout, stderr)


def test_a_service_that_does_not_answer_is_not_a_check_that_passed(tmp_path: Path) -> None:
    silent = pip_audit("", "ConnectionError: no route to host")
    assert dependencies.live(silent, tmp_path) == dependencies.Compared(
        False, "NOT CHECKED (ConnectionError: no route to host)"
    )
    skipped = {"name": "a", "skip_reason": "a was not found"}
    unknown = pip_audit(json.dumps({"dependencies": [skipped]}))
    assert dependencies.live(unknown, tmp_path) == dependencies.Compared(
        False, "NOT CHECKED (a was not found)"
    )
    assert not dependencies.stored(tmp_path, {"a": {"1"}}).checked
    assert audit.exit_status({"advisories": audit.Outcome("NOT CHECKED", "")}) == 2


def test_what_the_service_finds_is_named(tmp_path: Path) -> None:
    vulnerability = {"id": "PYSEC-0000-2", "fix_versions": ["1.1"]}
    answer = {"dependencies": [{"name": "a", "version": "1.0", "vulns": [vulnerability]}]}
    compared = dependencies.live(pip_audit(json.dumps(answer)), tmp_path)
    assert compared.checked
    assert compared.findings == ("a 1.0: PYSEC-0000-2, fixed in 1.1",)


def test_renewing_keeps_the_advisories_of_locked_packages_alone(tmp_path: Path) -> None:
    write(tmp_path / "envs/workflow.txt", "some-package==1.3 \\\n    --hash=sha256:00\n")
    (tmp_path / "security").mkdir()
    other = ADVISORY | {"id": "PYSEC-0000-3", "affected": [{"package": {"name": "other"}}]}
    withdrawn = ADVISORY | {"id": "PYSEC-0000-4", "withdrawn": "2024-01-02T00:00:00Z"}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for advisory in (ADVISORY, other, withdrawn):
            file.writestr(f"{advisory['id']}.json", json.dumps(advisory))
    (tmp_path / "all.zip").write_bytes(archive.getvalue())
    assert dependencies.renew(tmp_path, (tmp_path / "all.zip").as_uri()) == 1
    assert dependencies.stored(tmp_path, dependencies.locked(tmp_path)).findings
