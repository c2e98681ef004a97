"""The sentences of a run as the reduce sees them: where each was said, its subject vector, its firm's topics.

A workflow has transcripts.parquet and embeddings/; a run made by the container firm-topic-processor has one file per firm in
sentences/, which holds the columns of both. Texts stay in the files: at 10,000 firms they are most of the bytes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from earnings_themes.errors import ResultError
from earnings_themes.results.artifacts import bytes_matrix, open_parquet, text_metadata
from earnings_themes.results.firms import encode_firm
from earnings_themes.results.tree import has_file_a_firm, spoken_by_firm
from earnings_themes.system.folders import Folder

_COLUMNS: Final = ["sentence_id", "firm_id", "transcript_id", "date", "section", "speaker_type", "procedural"]
_VECTORS: Final = pa.schema(
    [("sentence_id", pa.string()), ("vector", pa.binary()), ("content", pa.float32())]
)
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
        read = _of_firms if has_file_a_firm(folder) else _of_run
        table, vectors, abouts = read(folder, firm_ids)
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
    table = table.combine_chunks()
    found = pa.concat_tables(vectors).combine_chunks() if vectors else _VECTORS.empty_table()
    place = pc.index_in(found["sentence_id"], table["sentence_id"])
    if place.null_count:
        stranger = found["sentence_id"].filter(pc.is_null(place))[0]
        raise ResultError(
            f"{folder}/embeddings: holds sentence {stranger.as_py()!r}, which transcripts.parquet has not. It was made "
            "from another ingest: delete embeddings/ and run again."
        )
    modelled = place.to_numpy().astype(np.int64)
    order = np.argsort(modelled, kind="stable")
    rows, content = bytes_matrix(found["vector"]), found["content"].to_numpy().astype(np.float32)
    return Corpus(table, modelled[order], rows[order], content[order], about)


def texts_by_firm(folder: Folder, firm_ids: Sequence[str]) -> Iterator[tuple[str, dict[str, str], set[str]]]:
    """Give each firm, the text of its sentences by id, and the names of the firm and of who spoke."""
    columns = ["firm_name", "sentence_id", "text", "speaker_name"]
    for firm, table in spoken_by_firm(folder, firm_ids, columns):
        names, ids, texts, speakers = (table[name].to_pylist() for name in columns)
        yield firm, dict(zip(ids, texts, strict=True)), {names[0], *speakers} - {"", None}


# A run's sentences, the tables of its vectors, and the metadata of each file of vectors, by its name.
_Read = tuple[pa.Table, list[pa.Table], dict[str, dict[str, str]]]


def _of_run(folder: Folder, firm_ids: Sequence[str]) -> _Read:
    wanted = pa.array(firm_ids, pa.string())
    # All sentences: a firm that is left out of the themes keeps its rows, which settle in none.
    table = open_parquet(f"{folder}/transcripts.parquet").read(columns=_COLUMNS)
    vectors = []
    abouts = {}
    for name in sorted(folder.child("embeddings").list()):
        file = open_parquet(f"{folder}/embeddings/{name}")
        found = file.read(columns=["firm_id", *_VECTORS.names])
        vectors.append(found.filter(pc.is_in(found["firm_id"], wanted)).select(_VECTORS.names))
        abouts[f"embeddings/{name}"] = text_metadata(file.schema_arrow)
    return table, vectors, abouts


def _of_firms(folder: Folder, firm_ids: Sequence[str]) -> _Read:
    tables, vectors = [], []
    abouts = {}
    for firm in firm_ids:
        name = f"{encode_firm(firm)}.parquet"
        found = pq.read_table(folder.child("sentences").open(name))
        tables.append(found.select(_COLUMNS))
        vectors.append(found.select(_VECTORS.names).filter(pc.is_valid(found["vector"])))
        abouts[f"sentences/{name}"] = text_metadata(found.schema)
    return pa.concat_tables(tables), vectors, abouts
