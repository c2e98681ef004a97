"""The runner of the documents' commands, and every document that holds one."""

from pathlib import Path

import pytest

from tests.conftest import REPO
from tests.docs.commands import blocks, check_syntax, project_copy, run

DOCUMENTS = sorted([REPO / "README.md", *REPO.glob("docs/*.md"), *REPO.glob("containers/*/README.md")])

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
