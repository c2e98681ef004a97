"""The scan of a replication package: text of the transcripts is found whatever file it hides in."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from earnings_themes.errors import ResultError
from earnings_themes.replication.readme import own_files
from earnings_themes.replication.scan import scan

SAID = {
    "s1": "Freight costs rose faster than we had planned for.",
    "s2": "Thank you very much.",
    "s3": "Our customers' orders in Jürgens' plants fell, and we expect them to recover only late in the next fiscal year.",
}


@pytest.fixture
def transcripts(tmp_path: Path) -> Path:
    path = tmp_path / "transcripts.parquet"
    texts = list(SAID.values())
    pd.DataFrame({"sentence_id": list(SAID), "text": texts, "model_text": texts}).to_parquet(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "package"
    (made / "logs").mkdir(parents=True)
    return made


def _hide(folder: Path, kind: str, text: str) -> str:
    name = f"logs/hidden.{kind}"
    path = folder / name
    if kind == "parquet":
        pd.DataFrame({"n": [1], "label": [text]}).to_parquet(path)
    elif kind == "json":
        # As json.dumps writes it: letters beyond ASCII are escaped.
        path.write_text(json.dumps({"themes": [{"said": ["nothing", text]}]}))
    elif kind == "npz":
        np.savez(path, words=np.array([text]))
    else:
        path.write_text(f"2024-01-01 INFO {text}\n", encoding="utf-8")
    return name


@pytest.mark.parametrize("kind", ["log", "csv", "json", "parquet", "npz"])
def test_a_sentence_is_found_in_every_kind_of_file(folder: Path, transcripts: Path, kind: str) -> None:
    name = _hide(folder, kind, SAID["s3"])
    found = scan(folder, transcripts)
    assert found.hits == {name: 1}
    assert found.examples == {name: "s3"}
    assert found.sentences == 2, "a sentence of four words is everyone's"


@pytest.mark.parametrize(
    "text",
    [
        "FREIGHT costs rose\n  faster, than we had planned for",
        "customers’ orders in Jürgens’ plants fell, and we expect them to …",
    ],
    ids=["case, line break, punctuation", "ten words in the middle of a sentence"],
)
def test_a_changed_or_shortened_sentence_is_found(folder: Path, transcripts: Path, text: str) -> None:
    assert scan(folder, transcripts).hits == {}
    name = _hide(folder, "log", text)
    assert list(scan(folder, transcripts).hits) == [name]


def test_what_is_not_text_of_the_transcripts_is_not_found(folder: Path, transcripts: Path) -> None:
    _hide(folder, "log", "Thank you very much. Freight costs rose. We expect them to recover.")
    _hide(folder, "parquet", "freight | costs")
    found = scan(folder, transcripts)
    assert found.hits == {}
    assert found.files == 2


def test_what_settings_name_and_a_package_lacks_is_listed() -> None:
    config = {"topics": {"model": "lda"}, "source": {"kind": "mine:Calls"}, "embedding": {"space": None}}
    assert own_files(config) == ["mine:Calls"]
    config["panel"] = {"words": {"risk": "lists/risk.txt"}, "score": "tone:Tone"}
    assert own_files(config) == ["lists/risk.txt", "tone:Tone", "mine:Calls"]


def test_a_file_that_cannot_be_searched_is_an_error(folder: Path, transcripts: Path) -> None:
    (folder / "calls.zip").write_bytes(b"PK")
    with pytest.raises(ResultError, match=r"calls\.zip: files that end in \.zip cannot be searched"):
        scan(folder, transcripts)
