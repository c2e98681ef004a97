"""A list of parts of each image in the CycloneDX format: `make sbom` writes build/sbom/.

IMAGE.cdx.json is of the versions that are locked for the image, with their hashes, and of the model's weights.
IMAGE.image.cdx.json is of what a built image really holds, Debian's packages included; it is made where buildah has
the image. The same lock or image gives the same bytes: no serial number, no time.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from earnings_themes import __version__
from earnings_themes.embedding.encoders import PACKAGED_NAME, PACKAGED_SHA256

ROOT = Path(__file__).parents[1]
TOOLS = ROOT / ".venv-audit/bin"
LOCKS = {
    "firm-topic-processor": ("envs/workflow.txt", "envs/cloud.txt", "envs/lda.txt"),
    "theme-aggregator": ("containers/theme-aggregator/requirements.txt",),
}
# What the images run on; the lock has lines for other systems, too.
SYSTEM = {
    "sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64", "os_name": "posix",
    "python_version": "3.11", "python_full_version": "3.11.2", "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
}  # fmt: skip
_PYTHON = "import importlib.metadata as m; [print(d.name, d.version, sep='==') for d in m.distributions()]"
_DEBIAN = ("dpkg-query", "--show", "--showformat", "${Package} ${Version} ${Architecture}\n")
_VALIDATE = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(sys.stdin.read())
sys.exit(None if error is None else str(error))
"""


def of_lock(image: str, root: Path = ROOT) -> dict[str, Any]:
    """Return the list of an image's locked parts."""
    texts = [(root / lock).read_text(encoding="utf-8").replace("\\\n", " ") for lock in LOCKS[image]]
    lines = [line for text in texts for line in text.splitlines() if line and _is_installed(line)]
    more = []
    if image == "firm-topic-processor":
        recipe = (root / f"containers/{image}/Dockerfile").read_text(encoding="utf-8")
        lines += re.findall(r"^ARG TORCH=(\S+)$", recipe, flags=re.MULTILINE)
        more.append(
            {
                "type": "machine-learning-model",
                "bom-ref": "weights",
                "name": f"sentence-transformers/{PACKAGED_NAME}",
                "hashes": [{"alg": "SHA-256", "content": PACKAGED_SHA256}],
            }
        )
    return _bom(image, lines, more)


def of_image(image: str) -> dict[str, Any]:
    """Return the list of what a built image holds. Raises CalledProcessError when buildah has no such image."""
    made = _buildah("from", "--pull-never", image).strip()
    try:
        python = _buildah("run", "--isolation", "chroot", made, "--", "python", "-c", _PYTHON)
        debian = _buildah("run", "--isolation", "chroot", made, "--", *_DEBIAN)
    finally:
        _buildah("rm", made)
    packages = [line.split() for line in sorted(debian.splitlines())]
    more = [
        {
            "type": "library",
            "bom-ref": f"debian-{name}-{architecture}",
            "name": name,
            "version": version,
            "purl": f"pkg:deb/debian/{name}@{version.replace('+', '%2B').replace(':', '%3A')}?arch={architecture}",
        }
        for name, version, architecture in packages
    ]
    # By their normalised names, as in the lock: what is installed calls itself PyYAML, or typing_extensions.
    installed = {tuple(line.rsplit("==", 1)) for line in python.split()}
    lines = sorted(f"{canonicalize_name(name)}=={version}" for name, version in installed)
    return _bom(image, lines, more)


def check(bom: dict[str, Any]) -> None:
    """Raise ValueError when a list does not follow CycloneDX's schema."""
    done = subprocess.run(
        [str(TOOLS / "python"), "-c", _VALIDATE],
        input=json.dumps(bom), text=True, capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise ValueError(f"not CycloneDX 1.6: {done.stderr.strip()[-500:]}")


def write(bom: dict[str, Any], path: Path) -> Path:
    """Check a list and write it."""
    check(bom)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(bom, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return path


def has_image(image: str) -> bool:
    """Return whether buildah is here and has the image."""
    if shutil.which("buildah") is None or os.geteuid() != 0:
        return False
    asked = subprocess.run(["buildah", "inspect", "--type", "image", image], capture_output=True, check=False)
    return asked.returncode == 0


def _bom(image: str, lines: list[str], more: list[dict[str, Any]]) -> dict[str, Any]:
    done = subprocess.run(
        [str(TOOLS / "cyclonedx-py"), "requirements", "--output-reproducible", "--sv", "1.6", "-"],
        input="\n".join(lines) + "\n", text=True, capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise ValueError(f"cyclonedx-py: {done.stderr.strip()[-500:]}")
    bom: dict[str, Any] = json.loads(done.stdout)
    bom["metadata"]["component"] = {
        "type": "container", "bom-ref": image, "name": image, "version": __version__,
    }  # fmt: skip
    bom["components"] += more
    return bom


def _is_installed(line: str) -> bool:
    marker = Requirement(line.split(" --hash")[0]).marker
    return marker is None or marker.evaluate(SYSTEM)


def _buildah(*words: str) -> str:
    return subprocess.run(["buildah", *words], text=True, capture_output=True, check=True).stdout


def main() -> int:
    """Write all lists that can be made here, and say where."""
    for image in LOCKS:
        bom = of_lock(image)
        print(f"{write(bom, ROOT / f'build/sbom/{image}.cdx.json')}: {len(bom['components'])} locked parts")
        if has_image(image):
            bom = of_image(image)
            print(
                f"{write(bom, ROOT / f'build/sbom/{image}.image.cdx.json')}: {len(bom['components'])} parts"
            )
        else:
            print(f"{image}: not listed from the image, which buildah does not have here")
    return 0


if __name__ == "__main__":
    sys.exit(main())
