"""Keys and licensed data get into no image and no source archive."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from security import sbom
from tests.conftest import REPO

# Put together here, or `make audit` would find a key in this file. Neither opens anything.
KEY_ID = "AKIA" + "Q3EGRLV7XKZ2MDPT"  # pragma: allowlist secret
KEY = "k9Zt0nF4xLw7" + "Qp2Rb8Vd5Hy1Js6Mc3Ga0Te"  # pragma: allowlist secret
SENTENCE = "Our zebrafish quartz harbour warranty is confidential and may not be redistributed."


def holding(folder: Path, *planted: str) -> set[str]:
    """Return the names of the files below a folder in which one of the texts stands."""
    needles = [text.encode() for text in planted]
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and any(n in path.read_bytes() for n in needles)
    }


@pytest.mark.parametrize("image", sbom.LOCKS)
def test_no_key_gets_into_what_an_image_is_built_from(image: str, tmp_path: Path) -> None:
    """By the recipe's own words: what COPY names, in a folder with keys lying about, is no key."""
    if shutil.which("buildah") is None or os.geteuid() != 0:
        pytest.skip("the build's context is shown with buildah, as root")
    context = tmp_path / "context"
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPO, text=True, capture_output=True, check=True
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, names):
        if (REPO / name).is_file():
            (context / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPO / name, context / name)
    for name in (
        ".env",
        ".aws/credentials",
        "terraform/terraform.tfstate",
        "results/x.csv",
        "data/licensed.csv",
    ):
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        (context / name).write_text(f"{KEY_ID} {KEY} {SENTENCE}")
    recipe = tmp_path / "Dockerfile"
    recipe.write_text("FROM scratch\nCOPY . /\n")
    tag = f"context-of-{image}-{os.getpid()}"
    subprocess.run(
        ["buildah", "bud", "--isolation", "chroot", "--file", str(recipe), "--tag", tag, str(context)],
        check=True, capture_output=True, env=os.environ | {"AWS_SECRET_ACCESS_KEY": KEY},
    )  # fmt: skip
    try:
        about = subprocess.run(
            ["buildah", "inspect", "--type", "image", tag], capture_output=True, check=True
        )
        assert KEY.encode() not in about.stdout
        made = subprocess.run(
            ["buildah", "from", tag], text=True, capture_output=True, check=True
        ).stdout.strip()
        try:
            root = Path(
                subprocess.run(
                    ["buildah", "mount", made], text=True, capture_output=True, check=True
                ).stdout.strip()
            )
            assert (root / "src").is_dir()
            assert holding(root, KEY_ID, KEY, SENTENCE) == set()
        finally:
            subprocess.run(["buildah", "rm", made], check=True, capture_output=True)
    finally:
        subprocess.run(["buildah", "rmi", tag], check=True, capture_output=True)


@pytest.mark.parametrize("image", sbom.LOCKS)
def test_a_built_image_has_no_credentials_and_no_setting_that_is_one(image: str) -> None:
    if not sbom.has_image(image):
        pytest.skip(f"buildah has no image {image} here: make test-containers builds it")
    inspected = subprocess.run(
        ["buildah", "inspect", "--type", "image", image], text=True, capture_output=True, check=True
    )
    about = json.loads(inspected.stdout)["OCIv1"]
    names = {setting.split("=")[0] for setting in about["config"]["Env"]}
    assert not [
        name for name in names if any(word in name for word in ("AWS", "SECRET", "TOKEN", "PASSWORD", "KEY"))
    ]
    assert not [step for step in about["history"] if "aws_secret" in json.dumps(step).casefold()]
    assert about["config"]["User"] not in ("", "0", "root")
    made = subprocess.run(
        ["buildah", "from", "--pull-never", image], text=True, capture_output=True, check=True
    )
    try:
        mounted = subprocess.run(
            ["buildah", "mount", made.stdout.strip()], text=True, capture_output=True, check=True
        )
        root = Path(mounted.stdout.strip())
        suspicious = [
            str(Path(folder, name).relative_to(root))
            for folder, _, files in os.walk(root)
            for name in files
            if name
            in {"credentials", ".env", ".netrc", ".pypirc", "id_rsa", "terraform.tfstate", ".git-credentials"}
        ]
        assert suspicious == []
        assert not (root / "work/results").exists() and not (root / "work/.git").exists()
    finally:
        subprocess.run(["buildah", "rm", made.stdout.strip()], check=True, capture_output=True)


def test_the_source_archive_of_a_release_holds_what_git_has_and_no_more() -> None:
    """`git archive` packs tracked files alone; results, settings of an account and state are ignored by git."""
    kept_out = (".env", "results/x", "config/cloud/config.yaml", "terraform/terraform.tfstate", "build/x")
    listed = subprocess.run(
        ["git", "ls-files", "--", *kept_out, "*.pem", "*.tfstate", "*.sqlite", "*.parquet"],
        cwd=REPO, text=True, capture_output=True, check=True,
    ).stdout  # fmt: skip
    assert listed == ""
    ignored = subprocess.run(
        ["git", "check-ignore", *kept_out], cwd=REPO, text=True, capture_output=True, check=False
    ).stdout.split()  # fmt: skip
    assert set(ignored) == set(kept_out)
