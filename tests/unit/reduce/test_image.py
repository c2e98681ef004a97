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
        "import sys, earnings_themes.reduce.container, earnings_themes.stores.dynamodb;"
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
