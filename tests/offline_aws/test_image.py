"""The offline image holds what the Dockerfile copies; what a deployment wrote for its owner is no part of it."""

import shutil
from pathlib import Path

from tests.conftest import REPO
from tests.offline_aws import image


def test_it_holds_the_workflow_and_no_file_of_the_user(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    for name in ("Snakefile", "rules", "scripts", "config", "envs", "data"):
        whole = shutil.copytree if (REPO / name).is_dir() else shutil.copy2
        whole(REPO / name, project / name)
    (project / "my.yaml").touch()
    (project / "config/cloud").mkdir(exist_ok=True)
    (project / "config/cloud/settings.json").write_text('{"account": "123456789012"}')
    (project / "data/mine.csv").touch()
    built = image.build(tmp_path / "image", project)
    there = {str(path.relative_to(built)) for path in built.rglob("*") if path.is_file()}
    assert {"Snakefile", "rules/common.smk", "config/config.yaml", "data/sample_calls.csv"} <= there
    assert not [name for name in there if name.startswith("config/cloud")], (
        "a deployment's addresses, and old ones"
    )
    assert not {"my.yaml", "data/mine.csv"} & there
