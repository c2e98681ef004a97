"""The files of a run: whole or named as broken, and no id ever leaves its folder."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earnings_themes.abstractions import SCHEMA_VERSION, FirmTopic, FirmTopics, TopicSentence
from earnings_themes.errors import ResultError
from earnings_themes.results.artifacts import (
    read_firm_topics,
    read_sentences,
    read_themes,
    write_firm_topics,
    write_json,
)
from earnings_themes.results.firms import FirmRow, decode_firm, encode_firm, read_firms, write_firms

IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(IDS, IDS)
def test_every_id_has_a_file_name_of_its_own_inside_its_folder(one: str, other: str) -> None:
    name = encode_firm(one)
    assert decode_firm(name) == one
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_%")
    assert (encode_firm(other) == name) == (one == other)


@given(st.lists(st.builds(FirmRow, IDS, st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r")),
                          st.integers(0), st.integers(0), st.integers(-1), st.text("0123456789abcdef"))))  # fmt: skip
def test_firms_tsv_gives_back_what_was_written(tmp_path_factory: Any, rows: list[FirmRow]) -> None:
    rows = [row for row in rows if "\r" not in row.firm_id]
    path = tmp_path_factory.mktemp("firms") / "firms.tsv"
    write_firms(path, rows)
    assert read_firms(path) == rows


@pytest.mark.parametrize("content", ["", "firm_id\n", None, "garbage\x00"])
def test_a_damaged_firms_tsv_says_what_to_do(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "firms.tsv").write_text(content)
    with pytest.raises(ResultError, match=r"not a complete firms\.tsv .* Delete it and run again"):
        read_firms(tmp_path / "firms.tsv")


def firm() -> FirmTopics:
    sentence = TopicSentence("7_70_0001", probability=0.912345678)
    topic = FirmTopic(0, "growth — “fast”", (("growth", 0.5),), 1, "subject", 0.75, (sentence,))
    outlier = dataclasses.replace(sentence, sentence_id="7_70_0002", probability=None)
    metadata = {
        "model": "bertopic", "params": {}, "embedding_model": "made", "embedding_sha256": "0", "versions": {},
        "seed": 1, "n_sentences": 2, "n_procedural": 0, "timing": {},
    }  # fmt: skip
    return FirmTopics(
        SCHEMA_VERSION, "r", "7", "Firm", "ok", 1, (topic,), ((0.6, 0.8),), (outlier,), metadata
    )


def test_topics_come_back_as_they_were_and_in_the_same_bytes(tmp_path: Path) -> None:
    write_firm_topics(tmp_path / "a.json", firm())
    read = read_firm_topics(tmp_path / "a.json")
    assert read.topics[0].sentences[0].probability == 0.912346
    assert read.outliers == firm().outliers
    write_firm_topics(tmp_path / "b.json", read)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema_version": 3}, "schema_version is 3, this program reads 2"),
        ({"status": "fine"}, "status: invalid enum value 'fine'"),
        ({"n_topics": 3}, "n_topics is 3, but it holds 1 topics and 1 centroids"),
        ({"topics": [{}]}, r"topics\[0\]: object missing required field topic_id"),
        ({"centroids": [[0.6, "x"]]}, r"centroids\[0\]\[1\]: expected float, got str"),
        ({"metadata": {"model": 1}}, r"metadata\.model: expected str, got int"),
    ],
)
def test_a_foreign_or_tampered_file_is_named_with_its_fault(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    path = tmp_path / "7.json"
    write_json(path, dataclasses.asdict(firm()) | change)
    with pytest.raises(ResultError, match=said) as error:
        read_firm_topics(path)
    assert str(path) in str(error.value)


def test_a_truncated_and_a_missing_file_are_named(tmp_path: Path) -> None:
    path = tmp_path / "7.json"
    write_firm_topics(path, firm())
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(ResultError, match="not complete JSON"):
        read_firm_topics(path)
    with pytest.raises(ResultError, match=r"themes\.json: missing"):
        read_themes(tmp_path / "themes.json")
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    with pytest.raises(ResultError, match="ingest makes it"):
        read_sentences(tmp_path / "t.parquet", "7")


def test_a_failed_write_leaves_neither_a_part_nor_a_changed_file(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_json(path, {"a": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, {"a": float("nan")})
    assert json.loads(path.read_text()) == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]
