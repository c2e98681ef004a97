"""The runner of the documents' commands, and every document that holds one."""

import json
import re
import subprocess
from pathlib import Path

import botocore.session
import botocore.validate
import pytest

from tests.conftest import REPO
from tests.docs.commands import blocks, check_syntax, project_copy, run

DOCUMENTS = sorted(
    [
        REPO / "README.md",
        *REPO.glob("docs/**/*.md"),
        *REPO.glob("containers/*/README.md"),
        REPO / "CONTRIBUTING.md",
    ]
)

TEXT = """
<!-- run: local -->
```sh
NAME=sample
ls Snakefile
```

<!-- run: account -->
```sh
aws s3 ls "s3://$BUCKET
```

<!-- run: local -->

```sh
echo "run $NAME, $GIVEN"; touch left
```
"""


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "page.md"
    path.write_text(TEXT)
    return path


def test_commands_run_in_order_in_one_terminal_and_leave_the_project_alone(
    document: Path, tmp_path: Path
) -> None:
    folder = project_copy(tmp_path / "copy")
    said = run(document, folder, {"GIVEN": "set"}, "local")
    assert said.splitlines() == [
        "--- page.md, line 4", "Snakefile", "--- page.md, line 16", "run sample, set",
    ]  # fmt: skip
    assert (folder / "left").exists()
    assert not (REPO / "left").exists()


def test_what_fails_names_the_document_and_shows_what_was_said(document: Path, tmp_path: Path) -> None:
    document.write_text(TEXT.replace("ls Snakefile", "ls Snakefiel"))
    with pytest.raises(AssertionError, match=r"page.md failed:\n--- page.md, line 4\n.*Snakefiel"):
        run(document, project_copy(tmp_path / "copy"), {"GIVEN": "set"}, "local")
    with pytest.raises(AssertionError, match=r"page.md, line 10: .*unexpected EOF"):
        check_syntax(document)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("```sh\nls\n```\n", "line 1: the block does not say where it runs"),
        ("<!-- run: laptop -->\n```sh\nls\n```\n", "line 1: laptop is no place"),
        ("<!-- run: local -->\nA word.\n", "line 2: a ```sh block should follow"),
    ],
)
def test_a_block_without_a_place_is_an_error(document: Path, text: str, fault: str) -> None:
    document.write_text(text)
    with pytest.raises(AssertionError, match=fault):
        blocks(document)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPO)))
def test_every_command_in_a_document_says_where_it_runs_and_is_shell(document: Path) -> None:
    check_syntax(document)


def test_every_name_that_the_steps_on_an_account_use_is_set_before() -> None:
    """Nobody can try these commands before there is an account, and an unset name is an empty argument."""
    known = {"AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "FIS_ROLE_ARN"}  # the reader's own
    for page in ("runbook.md", "real-account.md"):
        for block in blocks(REPO / "docs/operating" / page):
            for line in block.text.splitlines():
                used = set(re.findall(r"\$\{?([A-Z][A-Z_]+)\b", line))
                assert used <= known, f"{page}, line {block.line}: {used - known} is set nowhere before"
                known |= set(re.findall(r"^([A-Z][A-Z_]+)=", line))
            known |= set(re.findall(r"^export ([A-Z][A-Z_]+)=", block.text, re.MULTILINE))


def test_a_terminal_begins_with_whose_account_and_which_region() -> None:
    """A profile of `aws configure sso` has a name, boto3 reads one variable for the region, the command line the other."""
    first = blocks(REPO / "docs/operating/runbook.md")[0].text.splitlines()[0]
    assert first.startswith("export ")
    assert re.findall(r"(\w+)=", first) == ["AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"]


def test_the_template_of_a_spot_interruption_is_what_the_service_takes() -> None:
    found = blocks(REPO / "docs/operating/real-account.md")
    text = next(block.text for block in found if "interrupt-spot.json" in block.text)
    given = text.partition("<<JSON\n")[2].partition("\nJSON\n")[0]
    template = json.loads(given.replace("$FIS_ROLE_ARN", "arn:aws:iam::123456789012:role/interrupts"))
    template |= {"clientToken": "1"}  # the command makes one where none is given
    service = botocore.session.get_session().get_service_model("fis")
    asked = service.operation_model("CreateExperimentTemplate").input_shape
    assert botocore.validate.ParamValidator().validate(template, asked).generate_report() == ""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPO)))
def test_every_target_of_make_that_a_document_names_is_there(document: Path) -> None:
    named = set(re.findall(r"(?:`|^)make ([a-z][a-z-]*)", document.read_text(encoding="utf-8"), re.MULTILINE))
    for target in sorted(named):
        given = ["make", "--dry-run", target, "ENV=dev", "RUN=r", "RUNS=r", "DATA=d"]
        done = subprocess.run(given, cwd=REPO, capture_output=True, text=True)
        assert done.returncode == 0, f"{document.name}: make {target}: {done.stderr}"
