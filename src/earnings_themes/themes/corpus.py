"""The sentences of a run as the reduce sees them: where each was said, its subject vector, its firm's topics.

A workflow has transcripts.parquet and embeddings/; a run made by the container firm-topic-processor has a file a firm in
sentences/, which holds the columns of both. Texts stay in the files: at 10,000 firms they are most of the bytes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from earnings_themes.errors import ResultError
from earnings_themes.results.artifacts import open_parquet
from earnings_themes.results.firms import encode_firm
from earnings_themes.system.folders import Folder

_COLUMNS = (
    "sentence_id",
    "firm_id",
    "transcript_id",
    "date",
    "section",
    "speaker_type",
    "procedural",
)
_VECTORS = ("sentence_id", "vector", "content")
# Five sentences from five firms: what raters read of a theme.
_N_REPRESENTATIVES: Final = 5


@dataclass
class Corpus:
    """All sentences of a run, and the vectors of those that are modelled.

    Attributes
    ----------
    table : pyarrow table of n sentences, in the order of the firms and as they were said
    modelled : (m,) int64, the rows of the table that have a vector
    rows : (m, d) int8, their whole subject vectors
    content : (m,) float32, the gate's
    about : embedding_model, embedding_sha256 and space of the vectors
    """

    table: pa.Table
    modelled: NDArray[np.int64]
    rows: NDArray[np.int8]
    content: NDArray[np.float32]
    about: dict[str, str]

    def ids(self, rows: NDArray[np.int64]) -> list[str]:
        """Return the ids of some modelled sentences; of all of them they would take a fifth of the memory."""
        found: list[str] = self.table["sentence_id"].take(pa.array(self.modelled[rows])).to_pylist()
        return found

    def firms(self, firm_ids: Sequence[str]) -> NDArray[np.int64]:
        """Return (m,) the firm of each modelled sentence, as its place in firm_ids; -1 for another firm."""
        number = pc.fill_null(pc.index_in(self.table["firm_id"], pa.array(firm_ids, pa.string())), -1)
        found: NDArray[np.int64] = number.take(pa.array(self.modelled)).to_numpy().astype(np.int64)
        return found


def members(labels: NDArray[np.int64], k: int) -> list[NDArray[np.int64]]:
    """Return the rows of each of the labels 0 … k-1, ascending, in one pass."""
    order = np.argsort(labels, kind="stable")
    ends = np.searchsorted(labels, np.arange(k + 1), sorter=order)
    return [order[ends[label] : ends[label + 1]] for label in range(k)]


def surest(corpus: Corpus, rows: NDArray[np.int64], strength: NDArray[np.floating], n: int) -> list[int]:
    """Return the n surest of some modelled sentences, those as sure as the last included, surest first, then by id.

    strength: (m,), compared to five decimals, so that no machine's last bits order two sentences.
    """
    value = -np.round(strength[rows].astype(np.float64), 5)
    if len(rows) > n:
        kept = value <= np.partition(value, n - 1)[n - 1]
        rows, value = rows[kept], value[kept]
    named = zip(value.tolist(), corpus.ids(rows), rows.tolist(), strict=True)
    return [row for _, _, row in sorted(named)]


def representatives(
    corpus: Corpus, rows: NDArray[np.int64], strength: NDArray[np.floating], firms: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the surest of some modelled sentences, no two of one firm while firms last.

    strength, firms: (m,) of every modelled sentence.
    """
    n = _N_REPRESENTATIVES
    while True:
        n *= 4
        ordered = np.array(surest(corpus, rows, strength, n), dtype=np.int64)
        first = np.sort(np.unique(firms[ordered], return_index=True)[1])
        if len(first) >= _N_REPRESENTATIVES or len(ordered) == len(rows):
            break
    found: NDArray[np.int64] = np.concatenate([ordered[first], np.delete(ordered, first)])
    return found[:_N_REPRESENTATIVES]


def read_corpus(folder: Folder, firm_ids: Sequence[str]) -> Corpus:
    """Read a run's sentences and vectors.

    firm_ids: the firms that count, in their order. Raises ResultError where files are missing, damaged or do not belong
    together, and CloudError when AWS refuses.
    """
    try:
        tables, vectors, abouts = (
            _of_firms(folder, firm_ids) if _by_firm(folder) else _of_run(folder, firm_ids)
        )
    except (OSError, pa.ArrowException) as error:
        raise ResultError(
            f"{folder}: cannot be read ({error}). Delete the file it names and run again."
        ) from error
    about = next(iter(abouts.values()), {})
    for name, other in abouts.items():
        if other.get("space") != about.get("space"):
            raise ResultError(
                f"{folder}/{name}: holds vectors of another subject space than {next(iter(abouts))}. Delete "
                f"{name.partition('/')[0]}/ and run again."
            )
    table = pa.concat_tables(tables).combine_chunks()
    found = pa.concat_tables(vectors).combine_chunks() if vectors else _none()
    place = pc.index_in(found["sentence_id"], table["sentence_id"])
    if place.null_count:
        stranger = found["sentence_id"].filter(pc.is_null(place))[0]
        raise ResultError(
            f"{folder}/embeddings: holds sentence {stranger.as_py()!r}, which transcripts.parquet has not. It was made "
            "from another ingest: delete embeddings/ and run again."
        )
    modelled = place.to_numpy().astype(np.int64)
    order = np.argsort(modelled, kind="stable")
    return Corpus(
        table, modelled[order], _matrix(found["vector"])[order],
        found["content"].to_numpy().astype(np.float32)[order], about,
    )  # fmt: skip


def texts_by_firm(folder: Folder, firm_ids: Sequence[str]) -> Iterator[tuple[str, dict[str, str], set[str]]]:
    """Give each firm, the text of its sentences by id, and the names of the firm and of who spoke."""
    columns = ["firm_id", "firm_name", "sentence_id", "text", "speaker_name"]
    if _by_firm(folder):
        for firm in firm_ids:
            yield from _texts(pq.read_table(folder.child("sentences").open(_name(firm)), columns=columns))
        return
    wanted = set(firm_ids)
    file = open_parquet(_address(folder, "transcripts.parquet"))
    for group in range(file.num_row_groups):
        for firm, texts, names in _texts(file.read_row_group(group, columns=columns)):
            if firm in wanted:
                yield firm, texts, names


def _texts(table: pa.Table) -> Iterator[tuple[str, dict[str, str], set[str]]]:
    # A row group holds whole firms, one after the other (results/artifacts.py).
    columns = {name: table[name].to_pylist() for name in table.column_names}
    firms = columns["firm_id"]
    start = 0
    for end in range(1, len(firms) + 1):
        if end == len(firms) or firms[end] != firms[start]:
            part = slice(start, end)
            texts = dict(zip(columns["sentence_id"][part], columns["text"][part], strict=True))
            names = {columns["firm_name"][start], *columns["speaker_name"][part]} - {"", None}
            yield firms[start], texts, names
            start = end


def _by_firm(folder: Folder) -> bool:
    return "transcripts.parquet" not in folder.list()


def _name(firm: str) -> str:
    return f"{encode_firm(firm)}.parquet"


def _address(folder: Folder, name: str) -> str:
    return f"{folder}/{name}"


def _of_run(
    folder: Folder, firm_ids: Sequence[str]
) -> tuple[list[pa.Table], list[pa.Table], dict[str, dict[str, str]]]:
    wanted = pa.array(firm_ids, pa.string())
    table = open_parquet(_address(folder, "transcripts.parquet")).read(columns=list(_COLUMNS))
    # All of them: a firm that is left out of the themes keeps its rows, which settle in none.
    tables = [table]
    vectors = []
    abouts: dict[str, dict[str, str]] = {}
    for name in sorted(folder.child("embeddings").list()):
        file = open_parquet(_address(folder, f"embeddings/{name}"))
        found = file.read(columns=["firm_id", *_VECTORS])
        vectors.append(found.filter(pc.is_in(found["firm_id"], wanted)).select(list(_VECTORS)))
        abouts[f"embeddings/{name}"] = _about(file.schema_arrow)
    return tables, vectors, abouts


def _of_firms(
    folder: Folder, firm_ids: Sequence[str]
) -> tuple[list[pa.Table], list[pa.Table], dict[str, dict[str, str]]]:
    tables, vectors = [], []
    abouts: dict[str, dict[str, str]] = {}
    for firm in firm_ids:
        found = pq.read_table(folder.child("sentences").open(_name(firm)))
        tables.append(found.select(list(_COLUMNS)).replace_schema_metadata(None))
        some = found.select(list(_VECTORS)).replace_schema_metadata(None)
        vectors.append(some.filter(pc.is_valid(some["vector"])))
        abouts[f"sentences/{_name(firm)}"] = _about(found.schema)
    return tables, vectors, abouts


def _about(schema: pa.Schema) -> dict[str, str]:
    return {
        key.decode(): value.decode()
        for key, value in (schema.metadata or {}).items()
        if key != b"ARROW:schema"
    }


def _none() -> pa.Table:
    types: dict[str, Any] = {"sentence_id": pa.string(), "vector": pa.binary(), "content": pa.float32()}
    return pa.table({name: pa.array([], kind) for name, kind in types.items()})


def _matrix(column: pa.ChunkedArray) -> NDArray[np.int8]:
    """Return (n, d) of n values of d bytes, without a Python object for each."""
    parts = []
    for chunk in column.chunks:
        ends = np.frombuffer(chunk.buffers()[1], dtype=np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
        parts.append(np.frombuffer(chunk.buffers()[2], dtype=np.int8)[ends[0] : ends[-1]])
    data = np.concatenate(parts) if parts else np.empty(0, dtype=np.int8)
    return data.reshape(len(column), -1) if len(data) else np.empty((0, 0), dtype=np.int8)
