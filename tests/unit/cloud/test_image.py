"""The image, as far as it can be checked without building it: what it installs, and as whom it runs."""

import ast
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.conftest import REPO

IMAGE = REPO / "containers/theme-aggregator"
# igraph and pandas import these where they are installed, and do without them where they are not.
OPTIONAL = {
    "contourpy", "cycler", "fonttools", "kiwisolver", "matplotlib", "packaging", "pillow", "plotly", "pyparsing",
    "certifi", "charset-normalizer", "idna", "jsonpointer", "psutil", "rfc3339-validator", "setuptools", "wcwidth",
}  # fmt: skip


def pinned(path: str) -> dict[str, set[str]]:
    """Return the versions of each package; a lock file may have another one for another Python."""
    versions: dict[str, set[str]] = {}
    for line in (REPO / path).read_text(encoding="utf-8").splitlines():
        if found := re.match(r"([A-Za-z0-9._-]+)==([^ ;]+)", line):
            versions.setdefault(found[1], set()).add(found[2])
    return versions


# What the reduce loads of these rooms reads files; what it does not load needs the encoder, or a database of calls.
NOT_OF_THE_REDUCE = ("earnings_themes.embedding.encoders", "earnings_themes.ingest.")


def test_the_image_has_every_package_that_the_command_imports() -> None:
    code = (
        "import sys, earnings_themes.cli, earnings_themes.cloud.theme_container, earnings_themes.stores.dynamodb;"
        "print(*{name.partition('.')[0] for name in sys.modules});"
        "print(*(m.__file__ for name, m in sys.modules.items() if name.startswith('earnings_themes')"
        f" and m.__file__ and not name.startswith({NOT_OF_THE_REDUCE})))"
    )
    loaded, files = (
        line.split()
        for line in subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.splitlines()
    )
    later = {name for file in files for name in imports(Path(file))}
    known = packages_distributions()
    imported = {dist.lower().replace("_", "-") for name in {*loaded, *later} for dist in known.get(name, ())}
    assert imported - OPTIONAL - {"earnings-themes", "coverage", "pytest-cov"} <= set(
        pinned(f"{IMAGE}/requirements.txt")
    )


def imports(file: Path) -> set[str]:
    """Return what a file imports anywhere, in a function too, but for what types alone need."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for_types = {
        part
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for part in ast.walk(node)
    }
    found = set()
    for node in set(ast.walk(tree)) - for_types:
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_the_image_has_the_workflows_versions() -> None:
    workflow = pinned("envs/workflow.txt") | pinned("envs/cloud.txt")
    image = pinned(f"{IMAGE}/requirements.txt")
    assert [name for name, versions in image.items() if not versions <= workflow.get(name, set())] == []


def test_the_image_runs_as_a_user_and_gets_signals() -> None:
    lines = (IMAGE / "Dockerfile").read_text(encoding="utf-8").splitlines()
    user = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert user[-1].isdecimal() and int(user[-1]) > 0
    # In the other form a shell would be the first process, and keep SIGTERM for itself.
    assert lines[-1].startswith('ENTRYPOINT ["')
    assert "--require-hashes" in "\n".join(lines)


def test_both_images_stand_on_one_base_that_nobody_can_move() -> None:
    recipes = [path.read_text(encoding="utf-8") for path in sorted(REPO.glob("containers/*/Dockerfile"))]
    bases = {found for recipe in recipes for found in re.findall(r"^ARG BASE=(\S+)$", recipe, re.MULTILINE)}
    assert len(recipes) == 2 and len(bases) == 1
    assert re.fullmatch(r"docker\.io/library/python:3\.11-slim-bookworm@sha256:[0-9a-f]{64}", bases.pop())
    # Every stage begins with it, or with one of the stages before.
    begins = [word for recipe in recipes for word in re.findall(r"^FROM (\S+)", recipe, re.MULTILINE)]
    assert set(begins) == {"${BASE}", "libraries"}
