"""What a file says stays text: weights are checked before they are read, and nothing in data is imported or run."""

import hashlib
import json
import shutil
import sys
from pathlib import Path

import pytest

from earnings_themes.config import Embedding, Source, parse_config
from earnings_themes.embedding import encoders
from earnings_themes.errors import ConfigError, ModelError
from earnings_themes.implementations import model_class
from earnings_themes.ingest.transcripts import ingest
from earnings_themes.results.artifacts import parse_firm_topics
from earnings_themes.results.firms import read_firms
from tests.conftest import COLUMNS, call, write_csv
from tests.small_run import make_run
from tests.unit.config.test_config import changed

PACKAGED = Embedding("packaged", "torch", "cpu", 8, None, 1)
EVIL = "evil_in_data:Evil"


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the packaged model, which the encoder takes for the packaged one."""
    folder, _ = encoders._locate("packaged")
    copy = tmp_path / "model"
    shutil.copytree(folder, copy)
    monkeypatch.setattr(encoders, "_locate", lambda model: (str(copy), encoders.PACKAGED_NAME))
    return copy / "model.safetensors"


def test_weights_of_which_a_byte_was_flipped_are_refused_before_they_are_read(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with weights.open("r+b") as file:
        file.seek(weights.stat().st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([byte ^ 1]))
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)  # reading them would fail otherwise
    with pytest.raises(ModelError, match=r"SHA-256 is .*, the published weights have .*reinstall"):
        encoders.Encoder(PACKAGED)


def test_weights_that_are_a_pickle_are_refused(weights: Path, tmp_path: Path) -> None:
    weights.unlink()
    # What unpickling would run: touches a file.
    ran = tmp_path / "ran"
    code = f"cposix\nsystem\n(S'touch {ran}'\ntR.".encode()
    (weights.parent / "pytorch_model.bin").write_bytes(code)
    with pytest.raises(ModelError, match="cannot be loaded"):
        encoders.Encoder(Embedding(str(weights.parent), "torch", "cpu", 8, None, 1))
    assert not ran.exists()


def test_a_model_that_brings_code_is_refused(weights: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    (weights.parent / "evil.py").write_text(f"open({str(ran)!r}, 'w')\nclass Evil: pass\n")
    modules = json.loads((weights.parent / "modules.json").read_text())
    modules[0]["type"] = "evil.Evil"
    (weights.parent / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(ModelError, match="third-party code"):
        encoders.Encoder(Embedding(str(weights.parent), "torch", "cpu", 8, None, 1))
    assert not ran.exists()


def test_an_import_path_in_a_csv_or_a_topics_file_imports_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "evil_in_data.py").write_text(
        "from earnings_themes.topics.lda_model import LDAModel\nclass Evil(LDAModel): pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    rows = [row | {"companyname": EVIL, "headline": EVIL} for row in call("1", "n", ["freight"])]
    for row in rows:
        row["componenttext"] = f"{EVIL} {row['componenttext']}"
        row["model"] = row["kind"] = EVIL
    source = Source("local_csv", str(write_csv(tmp_path / "calls.csv", rows, [*COLUMNS, "model", "kind"])))
    ingest(source, tmp_path / "transcripts.parquet", tmp_path / "firms.tsv", tmp_path / "ingest.json")
    assert read_firms(tmp_path / "firms.tsv")[0].firm_name == EVIL
    topics = make_run(tmp_path / "run", ["1"]) / "topics/1.json"
    content = json.loads(topics.read_text())
    content["metadata"] |= {"model": EVIL, "embedding_model": EVIL}
    content["topics"][0]["label"] = EVIL
    assert parse_firm_topics(json.dumps(content).encode(), "topics/1.json").topics[0].label == EVIL
    assert "evil_in_data" not in sys.modules
    # The same name in the user's own config is what an import path is for.
    assert model_class(EVIL).__name__ == "Evil"


@pytest.mark.parametrize("key", ["source.path", "embedding.cache"])
def test_a_password_in_an_address_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(ConfigError, match=key) as refused:
        parse_config(changed(key, "https://user:hunter2@example.org/calls.csv"))
    assert "hunter2" not in str(refused.value)


def test_both_kinds_of_csv_have_the_same_guard() -> None:
    from earnings_themes.cli import render
    from earnings_themes.panel import files

    assert render.safe_cell is files.safe_cell


def test_the_packaged_digest_is_that_of_the_installed_weights() -> None:
    folder, _ = encoders._locate("packaged")
    with (Path(folder) / "model.safetensors").open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == encoders.PACKAGED_SHA256
