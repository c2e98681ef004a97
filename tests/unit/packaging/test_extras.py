"""What only some users need is not installed by `make run`: asking for it without gets one sentence that says what to type.

The packages are hidden here, not absent; tests/workflow/test_extras.py does the same to whole calls of snakemake.
"""

import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.sparse import csr_array

from earnings_themes.config import parse_config
from earnings_themes.errors import ConfigError
from earnings_themes.implementations import check_classes
from earnings_themes.stores import open_store
from earnings_themes.system.folders import folder_at, open_folder
from earnings_themes.topics.lda_model import LDAModel
from tests.conftest import REPO
from tests.unit.cloud.test_image import pinned

CLOUD = "boto3, which is not installed. Type: make cloud"


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither of them is installed."""
    for module in ("boto3", "tomotopy"):
        monkeypatch.setitem(sys.modules, module, None)


@pytest.mark.parametrize(
    ("section", "values", "said"),
    [
        (
            "topics",
            {"model": "lda"},
            "topics.model: lda needs tomotopy, which is not installed. Type: make lda",
        ),
        ("source", {"kind": "s3", "path": "s3://bucket/calls.csv"}, f"source.kind: s3 needs {CLOUD}"),
        ("publish", {"store": "dynamodb", "table": "themes"}, f"publish.store: dynamodb needs {CLOUD}"),
    ],
)
@pytest.mark.usefixtures("bare")
def test_a_setting_is_refused_when_settings_are_checked(
    section: str, values: dict[str, str], said: str
) -> None:
    raw = yaml.safe_load((REPO / "config/config.yaml").read_text(encoding="utf-8"))
    raw[section] |= values
    with pytest.raises(ConfigError) as refused:
        check_classes(parse_config(raw))
    assert str(refused.value) == f"config: {said}"


@pytest.mark.usefixtures("bare")
def test_an_address_in_s3_and_a_table_are_refused_by_their_names() -> None:
    with pytest.raises(ConfigError, match=f"^s3://bucket/results/q3 needs {CLOUD}$"):
        folder_at("s3://bucket/results/q3")
    with pytest.raises(ConfigError, match=f"^s3://bucket/results/q3 needs {CLOUD}$"):
        open_folder("bucket", "results/q3")
    with pytest.raises(ConfigError, match=f"^dynamodb:themes needs {CLOUD}$"):
        open_store("dynamodb:themes")


@pytest.mark.usefixtures("bare")
def test_who_calls_the_model_itself_gets_the_same_sentence() -> None:
    with pytest.raises(ConfigError, match=r"^LDA needs tomotopy, which is not installed. Type: make lda$"):
        LDAModel(seed=1)._shares([["a"]], csr_array(np.ones((1, 1))), None, 1)


@pytest.mark.parametrize("extra", ["cloud", "lda", "slurm", "compare"])
def test_an_extra_adds_to_what_everybody_has_and_its_versions_are_those_of_the_tests(extra: str) -> None:
    tested = pinned("envs/dev.txt") | pinned("envs/slurm.txt") | pinned("envs/compare.txt")
    added = pinned(f"envs/{extra}.txt")
    assert {name: versions for name, versions in added.items() if versions != tested[name]} == {}


def test_the_workers_image_has_what_everybody_has_and_both_extras() -> None:
    image = REPO / "containers/firm-topic-processor"
    lists = (image / "requirements.txt").read_text(encoding="utf-8").splitlines()
    named = {Path(line.split()[1]).name for line in lists if line.startswith("-r ")}
    assert named == {"workflow.txt", "cloud.txt", "lda.txt"}
    copied = next(
        line for line in (image / "Dockerfile").read_text().splitlines() if "COPY envs/workflow" in line
    )
    assert {Path(word).name for word in copied.split()[1:-1]} == named
