"""Everything that is installed is locked by hash, but for torch, whose builds differ by index."""

import re

import pytest

from tests.conftest import REPO

LOCKS = [*sorted((REPO / "envs").glob("*.txt")), REPO / "containers/theme-aggregator/requirements.txt"]


@pytest.mark.parametrize(
    "lock", [path for path in LOCKS if path.name != "overrides.txt"], ids=lambda path: path.name
)
def test_a_lock_pins_every_package_by_hash(lock: object) -> None:
    text = lock.read_text(encoding="utf-8").replace("\\\n", " ")  # type: ignore[attr-defined]
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines
    assert [line for line in lines if not re.match(r"[\w.-]+==\S+.*--hash=sha256:[0-9a-f]{64}", line)] == []


def test_every_locked_package_has_a_hash_and_images_take_no_other() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (REPO / "containers").glob("*/Dockerfile")]
    texts.append((REPO / "Makefile").read_text(encoding="utf-8"))
    for text in texts:
        commands = re.sub(r"^#.*$", "", text, flags=re.MULTILINE)
        # The Makefile names uv's command once, and what it installs at each use.
        commands = re.sub(r"^UV := .*$", "", commands, flags=re.MULTILINE).replace("$(UV)", "pip install")
        installs = re.findall(r"pip (?:install|download) .*", commands)
        assert installs
        for line in installs:
            by_hash = "--require-hashes" in line and "--no-deps" in line
            own_code = "--no-deps" in line and "--no-build-isolation" in line
            torch = "TORCH" in line
            assert by_hash or own_code or torch, line
