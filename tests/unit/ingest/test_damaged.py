"""Whatever happens to a file of any kind on its way, it is read, or refused by one message that begins with its name."""

import bz2
import contextlib
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Callable
from functools import cache

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earnings_themes.errors import InputError
from earnings_themes.ingest.cells import turns_in
from earnings_themes.ingest.dates import call_day, how_to_write
from earnings_themes.ingest.ids import plain_ids, source_id_fault
from earnings_themes.text import repaired, split_sentences, without_pages
from tests.conftest import call
from tests.fuzz.csv_target import try_csv

KINDS = ("parquet", "xlsx", "dta", "zip", "gzip", "bz2", "xz", "utf-16", "utf-32")


@cache
def whole(kind: str) -> bytes:
    """Return a table of some turns as a file of a kind."""
    table = pd.DataFrame(
        [*call("0012", "Ashgrove Freight", ["freight"]), *call("23", "Belltower", ["software"])]
    )
    csv = table.to_csv(index=False)
    file = io.BytesIO()
    if kind == "parquet":
        table.to_parquet(file)
    elif kind == "xlsx":
        table.to_excel(file, index=False)
    elif kind == "dta":
        table.to_stata(file, write_index=False, version=118)
    elif kind == "zip":
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.csv", csv)
            archive.writestr("b.csv", csv)
    else:
        packs = {"gzip": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
        file.write(packs[kind](csv.encode()) if kind in packs else csv.encode(kind))
    return file.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_file_is_read(kind: str) -> None:
    assert try_csv(whole(kind)) == "read"


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15)
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(kind: str, data: st.DataObject) -> None:
    content = bytearray(whole(kind))
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content))) if data.draw(st.booleans()) else len(content)
    try_csv(bytes(content[:cut]))


@given(st.text(alphabet="0123456789-/.:TZ +aApPmMyY年月日[]()'=\"", max_size=30))
def test_no_text_makes_the_reader_of_days_fail(text: str) -> None:
    found = call_day(text)
    assert found is None or 1980 <= found.day.year <= 2100
    how_to_write([text])


@given(st.sets(st.text(alphabet="01., '=\"AaNn", min_size=1, max_size=6), min_size=1, max_size=6))
def test_ids_are_used_as_one_of_those_that_are_there_and_once_more_as_themselves(ids: set[str]) -> None:
    used = plain_ids(ids)
    assert used.keys() == ids
    # What one run calls a firm, the next one that reads these names calls it too.
    assert plain_ids(set(used.values())) == {firm: firm for firm in used.values()}
    assert all(isinstance(source_id_fault(firm), str | None) for firm in ids)


@given(st.text(alphabet="ab .?!\n\\nt<br>&amp;_x000D_©\ufffdâ€™|;/-", max_size=80))
def test_mending_and_splitting_lose_no_letter_of_a_word(text: str) -> None:
    mended = repaired(text)
    assert "".join("".join(split_sentences(mended)).split()).count("a") <= mended.count("a")
    (said, pages), *_ = without_pages([mended] * 4)
    assert sorted("".join((said, *pages)).replace(" ", "").replace("\n", "")) == sorted(
        "".join(mended.split())
    )


@given(st.text(max_size=30), st.integers(0, 60), st.sampled_from((json.dumps, str)))
def test_no_cell_makes_the_reader_of_lists_fail(text: str, cut: int, write: Callable[[object], str]) -> None:
    turns = [{"speaker": text, "text": f"a{text}"}, {"text": "b", "n": 1}]
    assert turns_in(write(turns)) == [(text, "", f"a{text}"), ("", "", "b")]
    for cell in (write(turns)[:cut], text, "[{'" + text):
        with contextlib.suppress(InputError):
            turns_in(cell)
