"""The images' lists of parts: valid, the same bytes twice, complete, and true of the images that are built."""

import json
from pathlib import Path

import pytest

from earnings_themes.embedding.encoders import PACKAGED_SHA256
from security import sbom
from tests.conftest import REPO

pytestmark = pytest.mark.skipif(
    not sbom.TOOLS.is_dir(), reason="cyclonedx-py is not installed: make .venv-audit/stamp"
)


def versions(bom: dict[str, object]) -> dict[str, str]:
    parts: list[dict[str, str]] = bom["components"]  # type: ignore[assignment]
    return {part["name"]: part["version"] for part in parts if part.get("purl", "").startswith("pkg:pypi/")}


@pytest.mark.parametrize("image", sbom.LOCKS)
def test_a_locked_list_is_valid_complete_and_the_same_bytes_twice(image: str, tmp_path: Path) -> None:
    first = sbom.write(sbom.of_lock(image), tmp_path / "a.json")
    second = sbom.write(sbom.of_lock(image), tmp_path / "b.json")
    assert first.read_bytes() == second.read_bytes()
    bom = json.loads(first.read_text())
    assert bom["bomFormat"] == "CycloneDX" and "serialNumber" not in bom
    found = versions(bom)
    lock = "".join((REPO / name).read_text() for name in sbom.LOCKS[image])
    assert all(f"{name}=={version}" in lock for name, version in found.items() if name != "torch")
    assert {"boto3", "numpy", "pyarrow"} <= set(found) and "colorama" not in found, "a part of another system"
    weights = [part for part in bom["components"] if part["type"] == "machine-learning-model"]
    if image == "firm-topic-processor":
        assert "tomotopy" in found, "the model is chosen by name when a job starts"
        assert found["torch"] in (REPO / "Makefile").read_text()
        assert weights[0]["hashes"] == [{"alg": "SHA-256", "content": PACKAGED_SHA256}]
    else:
        assert not weights and "torch" not in found


def test_a_list_that_is_not_cyclonedx_is_refused(tmp_path: Path) -> None:
    bom = sbom.of_lock("theme-aggregator")
    bom["components"][0]["type"] = "a thing"
    with pytest.raises(ValueError, match=r"not CycloneDX 1\.6"):
        sbom.write(bom, tmp_path / "a.json")
    assert not (tmp_path / "a.json").exists()


@pytest.mark.parametrize("image", sbom.LOCKS)
def test_a_built_image_holds_what_is_locked(image: str, tmp_path: Path) -> None:
    if not sbom.has_image(image):
        pytest.skip(f"buildah has no image {image} here: make test-containers builds it")
    bom = sbom.of_image(image)
    sbom.write(bom, tmp_path / "image.json")
    assert any(part.get("purl", "").startswith("pkg:deb/debian/libc6@") for part in bom["components"])
    held, locked = versions(bom), versions(sbom.of_lock(image))
    differ = {
        name: (version, held.get(name))
        for name, version in locked.items()
        if held.get(name, "").split("+")[0] != version
    }
    assert differ.keys() <= {"setuptools"}, differ  # the aggregator's last stage has none
