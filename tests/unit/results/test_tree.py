"""A run's sentences, firm by firm, in both of the shapes in which a run holds them."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from earnings_themes.results.tree import spoken_by_firm
from earnings_themes.system.folders import LocalFolder


def test_a_firm_that_said_nothing_has_a_file_without_a_row_and_no_sentences(tmp_path: Path) -> None:
    (tmp_path / "sentences").mkdir()
    for firm, texts in {"1": ["Rates rose.", "We hired."], "2": []}.items():
        table = pa.table(
            {"firm_id": pa.array([firm] * len(texts), pa.string()), "text": pa.array(texts, pa.string())}
        )
        pq.write_table(table, tmp_path / f"sentences/{firm}.parquet")
    found = dict(spoken_by_firm(LocalFolder(tmp_path), ["1", "2"], ["text"]))
    assert {firm: table["text"].to_pylist() for firm, table in found.items()} == {
        "1": ["Rates rose.", "We hired."]
    }


def test_a_firm_whose_sentences_go_on_in_the_next_row_group_is_one(tmp_path: Path) -> None:
    table = pa.table({"firm_id": ["1", "1", "2", "2", "3"], "text": ["a", "b", "c", "d", "e"]})
    pq.write_table(table, tmp_path / "transcripts.parquet", row_group_size=3)
    found = dict(spoken_by_firm(LocalFolder(tmp_path), ["1", "2", "3"], ["text"]))
    assert [table["text"].to_pylist() for table in found.values()] == [["a", "b"], ["c", "d"], ["e"]]
