"""What the package brings along: an installed wheel works without the repository, and names whom its data come from."""

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.conftest import REPO


def test_the_wheel_carries_space_and_reference_registry_within_3_mb_each_and_the_notice_of_its_sources(
    tmp_path: Path,
) -> None:
    build = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation")
    subprocess.run([*build, "--wheel-dir", str(tmp_path), str(REPO)], check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = {item.filename: item.file_size for item in wheel.infolist()}
        notice = next(name for name in names if name.endswith("/NOTICE"))
        text = wheel.read(notice).decode()
    assert "CC BY-SA 4.0" in text and "registry/reference" in text
    assert 0 < names["earnings_themes/embedding/space.npz"] < 3_000_000
    for encoder in ("static", "packaged"):
        reference = f"earnings_themes/registry/reference/{encoder}"
        assert {f"{reference}/current", f"{reference}/versions/000001.json"} <= names.keys()
    shipped = [size for name, size in names.items() if "/registry/reference/" in name]
    assert sum(shipped) < 3_000_000
