"""The image, as far as it can be checked without building it: what it installs, and as whom it runs."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions

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


def test_the_image_has_every_package_that_the_command_imports() -> None:
    code = (
        "import sys, earnings_themes.cli, earnings_themes.cloud.theme_container, earnings_themes.stores.dynamodb;"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    known = packages_distributions()
    imported = {dist.lower().replace("_", "-") for name in loaded for dist in known.get(name, ())}
    assert imported - OPTIONAL - {"earnings-themes", "coverage", "pytest-cov"} <= set(
        pinned(f"{IMAGE}/requirements.txt")
    )


def test_the_image_has_the_workflows_versions() -> None:
    workflow = pinned("envs/workflow.txt")
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
