"""A run's folder made by hand, as far as the reduce reads it: firms, sentences, vectors and topics, of any firm ids.

Vectors lie near directions at right angles, one a subject, so a test says what firms speak of and knows what the themes
must be.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.linalg import hadamard

from earnings_themes.abstractions import SCHEMA_VERSION, Call, FirmTopic, FirmTopics, TopicSentence, Turn
from earnings_themes.abstractions.records import FirmStatus
from earnings_themes.embedding.space import load_space, whole
from earnings_themes.ingest.calls import call_row, write_calls
from earnings_themes.results.artifacts import TRANSCRIPT_SCHEMA, FirmsWriter, write_firm_topics
from earnings_themes.results.firms import FirmRow, encode_firm, write_firms

RUN = "2023_Q1"
DAY = dt.date(2023, 5, 2)
WORDS = (
    "freight", "wages", "carbon", "tariffs", "hospitals", "dividends", "software", "weather", "housing", "copper",
    "tourism", "insurance",
)  # fmt: skip
DIM = 128
# The reduce takes vectors of the space that its labels know.
SPACE = load_space().digest
# Of equal numbers, because a row with a peak would be cut when it becomes whole numbers.
_DIRECTIONS = hadamard(DIM) / DIM**0.5


@dataclass(frozen=True)
class Said:
    """Some sentences of a firm on one subject.

    content: the gate's. in_topic: False for sentences that the firm's model left as outliers. procedural: said, but never
    modelled. spread: how far the vectors lie from the subject's direction.
    """

    subject: int
    n: int = 5
    content: float = 0.95
    in_topic: bool = True
    procedural: bool = False
    spread: float = 0.03


def make_run(folder: Path, firms: Sequence[str], subjects: Sequence[int] = (0, 1)) -> Path:
    """Write a run in which every firm has a topic on each of the subjects."""
    return write_run(folder, {firm: [Said(subject) for subject in subjects] for firm in firms})


def write_run(
    folder: Path,
    said: Mapping[str, Sequence[Said]],
    statuses: Mapping[str, FirmStatus] | None = None,
    shards: Sequence[str] = (SPACE,),
    shuffled: bool = False,
    run: str = RUN,
    day: dt.date = DAY,
) -> Path:
    """Write a run of firms that said this, in this order.

    shards: the subject space of each file of vectors, to which the firms go in turn. shuffled: the vectors' rows stand in
    another order. day: of every call.
    """
    for firm, topics in said.items():
        write_firm(folder, firm, topics, (statuses or {}).get(firm, "ok"), run)
    list_firms(folder, list(said), {firm: sum(some.n for some in topics) for firm, topics in said.items()})
    with FirmsWriter(folder / "transcripts.parquet", TRANSCRIPT_SCHEMA) as writer:
        for firm, topics in said.items():
            writer.add(_transcript(firm, topics, day))
    calls = [call_row(firm, f"Firm {firm}", Call("1", day, (Turn(1, ""),))) for firm in said]
    write_calls(folder / "source_calls.parquet", calls, ())
    (folder / "embeddings").mkdir(exist_ok=True)
    for shard, space in enumerate(shards):
        firms = list(said.items())[shard :: len(shards)] or [("", ())]
        table = pa.concat_tables([_vectors(firm, topics) for firm, topics in firms])
        if shuffled:
            table = table.take(np.random.default_rng(1).permutation(len(table)))
        about = {"embedding_model": "made", "embedding_sha256": "0", "space": space}
        pq.write_table(table.replace_schema_metadata(about), folder / f"embeddings/{shard:04d}.parquet")
    return folder


def list_firms(folder: Path, firms: Sequence[str], sizes: Mapping[str, int] | None = None) -> None:
    """Write firms.tsv."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [FirmRow(firm, f"Firm {firm}", 1, (sizes or {}).get(firm, 10), 0, "0") for firm in firms]
    write_firms(folder / "firms.tsv", rows)


def write_firm(
    folder: Path, firm: str, said: Sequence[Said | int], status: FirmStatus = "ok", run: str = RUN
) -> Path:
    """Write a firm's topics and return the file. A number stands for five sentences on that subject."""
    path = folder / "topics" / f"{encode_firm(firm)}.json"
    topics: list[FirmTopic] = []
    centroids: list[tuple[float, ...]] = []
    outliers: list[TopicSentence] = []
    for some, ids in _numbered(firm, [Said(one) if isinstance(one, int) else one for one in said]):
        if some.procedural:
            continue
        if not some.in_topic:
            outliers += [TopicSentence(name) for name in ids]
            continue
        word = WORDS[some.subject % len(WORDS)]
        sentences = tuple(TopicSentence(name, "", "", 0.9) for name in ids)
        topics.append(FirmTopic(len(topics), word, ((word, 0.5),), some.n, "subject", None, sentences))
        centre = _unit_rows(firm, some, ids).mean(axis=0)
        centroids.append(tuple((centre / np.linalg.norm(centre)).tolist()))
    about = {
        "model": "made", "params": {}, "embedding_model": "made", "embedding_sha256": "0", "versions": {}, "seed": 1,
        "n_sentences": 10, "n_procedural": 0, "timing": {},
    }  # fmt: skip
    write_firm_topics(
        path,
        FirmTopics(
            SCHEMA_VERSION, run, firm, f"Firm {firm}", status, len(topics), tuple(topics), tuple(centroids),
            tuple(outliers), about,
        ),
    )  # fmt: skip
    return path


def _numbered(firm: str, said: Sequence[Said]) -> list[tuple[Said, list[str]]]:
    found, start = [], 0
    for some in said:
        found.append((some, [f"{firm}_1_{start + n:04d}" for n in range(some.n)]))
        start += some.n
    return found


def text_of(firm: str, some: Said, number: int) -> str:
    """Return the sentence with this number of those on one subject."""
    return f"The {WORDS[some.subject % len(WORDS)]} market changed for {firm} in region {number}."


def _transcript(firm: str, said: Sequence[Said], day: dt.date) -> pa.Table:
    rows = [
        {
            "firm_id": firm, "firm_name": f"Firm {firm}", "transcript_id": "1", "date": day,
            "sentence_id": name, "speaker_type": "Executives", "section": "",
            "text": text_of(firm, some, number), "model_text": text_of(firm, some, number),
            "procedural": some.procedural, "speaker_name": "Dana Doyle",
        }
        for some, ids in _numbered(firm, said)
        for number, name in enumerate(ids)
    ]  # fmt: skip
    return pa.Table.from_pylist(
        [row | {"position": number} for number, row in enumerate(rows)], schema=TRANSCRIPT_SCHEMA
    )


def _vectors(firm: str, said: Sequence[Said]) -> pa.Table:
    names: list[str] = []
    rows: list[bytes] = []
    content: list[float] = []
    for some, ids in _numbered(firm, said):
        if not some.procedural:
            names += ids
            rows += [row.tobytes() for row in whole(_unit_rows(firm, some, ids))]
            content += [some.content] * some.n
    return pa.table(
        {
            "firm_id": pa.array([firm] * len(names), pa.string()),
            "sentence_id": pa.array(names, pa.string()),
            "vector": pa.array(rows, pa.binary()),
            "content": pa.array(content, pa.float32()),
        }
    )


def _unit_rows(firm: str, some: Said, ids: Sequence[str]) -> NDArray[np.float64]:
    """Return unit vectors near the subject's direction, always the same for one sentence."""
    rows = np.stack(
        [
            _DIRECTIONS[some.subject]
            + np.random.default_rng(list(name.encode())).normal(scale=some.spread, size=DIM)
            for name in ids
        ]
    )
    unit: NDArray[np.float64] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit
