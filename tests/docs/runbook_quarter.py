"""The runbook's commands on an AWS that is as `make deploy` leaves it.

`make test-runbook`, and not `make test`, because it takes minutes.
"""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from earnings_themes.cloud import settings as cloud
from earnings_themes.stores.dynamodb import DynamoDBThemeStore
from tests.cloud.cloud_run import BUCKET, IMAGE, CloudRun
from tests.conftest import REPO
from tests.docs.commands import project_copy, run
from tests.dynamodb import create_table
from tests.offline_aws import OfflineAWS

TABLE = "earnings-themes-dev-themes"  # as the deployed one is called, so that its policies fit


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[OfflineAWS]:
    with OfflineAWS() as server:
        server.client("s3").create_bucket(Bucket=BUCKET)
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


def deploy(aws: OfflineAWS, folder: Path, commands: Path) -> None:
    """Make what `make deploy` and `make cloud-settings` make; the image has the workflow and the firm's command."""
    folder.mkdir()
    create_table(DynamoDBThemeStore(TABLE))
    CloudRun(aws, folder, profile="aws-basic-batch", prefix="earnings-themes").prepare()
    settings = json.loads((folder / cloud.FOLDER / cloud.SETTINGS).read_text(encoding="utf-8"))
    cloud.write(settings | {"table_name": TABLE}, folder / cloud.FOLDER)
    # Jobs here take seconds; a test need not look every ten.
    profile = folder / "config/profiles/aws-basic-batch/config.yaml"
    text = profile.read_text(encoding="utf-8")
    profile.write_text(text.replace("seconds-between-status-checks: 10", "seconds-between-status-checks: 1"))

    commands.mkdir()
    (commands / "firm-topic-processor").symlink_to(REPO / "containers/firm-topic-processor/entrypoint.py")
    path = f"PATH={commands}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    enter = ["env", path, "bash", "-c", 'exec "$@"', "bash"]
    brings = aws.images[IMAGE]
    aws.images[IMAGE] = lambda env: [*brings(env), *enter]


def test_a_quarter_from_the_upload_to_the_cleaning_up(aws: OfflineAWS, tmp_path: Path) -> None:
    if shutil.which("aws") is None:
        pytest.skip("the AWS CLI is not installed: pip install awscli")
    deploy(aws, tmp_path / "work", tmp_path / "bin")
    said = run(REPO / "docs/operating/runbook.md", project_copy(tmp_path / "work"), {}, "offline-aws")
    print(said)
    assert "0047190.json" in said, "the single firm's result"
    assert "Nothing to be done" in said, "the second call has nothing left"
    assert DynamoDBThemeStore(TABLE).runs() == []
    assert aws.judge.refused == [], "every job asks for what its role may, and nothing else"
    left = aws.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="earnings-themes/results/2023q2-try/")
    assert "Contents" not in left
