"""A shard's firms: each sentence is encoded once, and its subject vector written, in row groups of whole firms.

MiniLM's own vectors stay in the cache: nothing after this needs them, and whole numbers of the subject space take a
twelfth of the space (128 bytes a sentence instead of 1,536).
"""

import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from tqdm import tqdm

from earnings_themes.config import Embedding
from earnings_themes.embedding.cache import EmbeddingCache, text_digest
from earnings_themes.embedding.encoders import Encoder
from earnings_themes.embedding.space import SubjectSpace, Whole, load_space
from earnings_themes.embedding.student import Floats
from earnings_themes.errors import ModelError, ResultError
from earnings_themes.results.artifacts import (
    FirmsWriter,
    bytes_matrix,
    iter_sentences,
    open_parquet,
    read_firm_rows,
    readable,
    text_metadata,
)
from earnings_themes.results.firms import FirmRow, read_firms, shard_of
from earnings_themes.system.files import replaced
from earnings_themes.system.folders import folder_at
from earnings_themes.text import has_content

# Sentences encoded between two writes to disk: at 384 dimensions 31 MB, and at most a few minutes of
# encoding to repeat after a crash.
_CHUNK: Final = 20_000
_COLUMNS: Final = ("sentence_id", "transcript_id", "position", "model_text", "procedural")

log = logging.getLogger(__name__)

# Share of words without a vector from which a run is told to learn its own; of calls of a provider that it was not
# fitted on, 305 of one quarter, 1.6 % have none.
_MANY_UNKNOWN: Final = 0.05

SHARD_SCHEMA: Final = pa.schema(
    [
        ("firm_id", pa.string()),
        ("sentence_id", pa.string()),
        ("vector", pa.binary()),
        ("content", pa.float32()),
    ]
)

# The name in embedding.model of the student alone, which encodes without MiniLM.
STATIC: Final = "static"


@dataclass(frozen=True)
class FirmVectors:
    """What embed wrote of one firm's n sentences, in the order of transcripts.parquet."""

    sentence_ids: list[str]
    vectors: Whole  # (n, k), whole subject vectors
    content: Floats  # (n,), the gate's: how likely the sentence is about some subject
    about: dict[str, str]  # embedding_model, embedding_sha256, space


def modelled(sentences: pd.DataFrame, keep_procedural: bool) -> NDArray[np.bool_]:
    """Return which sentences (rows with model_text and procedural) a topic model gets to see.

    Left out are procedural ones, unless kept by config, and those without a word of content.
    """
    mask = np.fromiter(map(has_content, sentences["model_text"]), dtype=bool, count=len(sentences))
    return mask if keep_procedural else mask & ~sentences["procedural"].to_numpy(dtype=bool)


def embed_shard(
    transcripts: Path | str,
    firms: Path,
    output: Path,
    shard: int,
    settings: Embedding,
    keep_procedural: bool,
    threads: int = 1,
) -> None:
    """Write the subject vectors of the firms of one shard; see embed. Raises ModelError and ResultError."""
    members = [firm for firm in read_firms(firms) if shard_of(firm.firm_id, settings.shards) == shard]
    space = load_space(settings.space)
    encoder = None if settings.model == STATIC else Encoder(settings, threads)
    embed(transcripts, members, output, encoder, space, keep_procedural, settings.cache, settings.cache_mb)


def embed(
    transcripts: Path | str,
    firms: Sequence[FirmRow],
    output: Path,
    encoder: Encoder | None,
    space: SubjectSpace,
    keep_procedural: bool,
    cache: Path | str | None = None,
    cache_mb: int | None = None,
) -> None:
    """Encode the modelled sentences of some firms and write their subject vectors, in row groups of whole firms.

    The columns are firm_id, sentence_id, vector (int8, k numbers) and content (float32); the encoder's name, the
    SHA-256 of its weights and the space's digest are in the file's own metadata. encoder: None for the static student
    alone. cache: where the encoder's vectors are kept, cache_mb: how large it may be.

    Raises ModelError for an encoder that the space was not fitted on.
    """
    if encoder is not None and encoder.sha256 != space.encoder_sha256:
        raise ModelError(
            f"embedding.space was fitted on another encoder than {encoder.name}. Fit one for it: "
            "earnings-themes fit --help; or set embedding.model to packaged or static."
        )
    about = {
        "embedding_model": encoder.name if encoder else STATIC,
        "embedding_sha256": encoder.sha256 if encoder else space.digest,
        "space": space.digest,
    }
    schema = SHARD_SCHEMA.with_metadata(about)
    with (
        # A static vector is cheaper to make than to look up.
        contextlib.closing(EmbeddingCache(cache, encoder.key, cache_mb))
        if cache and encoder
        else contextlib.nullcontext() as store,
        # Vectors look random to a compressor: not trying saves its time.
        replaced(output) as part,
        FirmsWriter(part, schema, compression="none", use_dictionary=["firm_id"]) as writer,
        tqdm(
            total=sum(firm.n_sentences for firm in firms), desc="embed", unit="sentence", mininterval=5
        ) as bar,
    ):
        unknown = said = 0
        for chunk in _chunks(transcripts, firms, keep_procedural):
            texts = (text for _, frame in chunk for text in frame["model_text"])
            encoded = encode_once(texts, encoder, store, bar.update) if encoder else {}
            for firm, frame in chunk:
                if len(frame):
                    n_unknown, n_said = space.student.unknown(frame["model_text"])
                    unknown, said = unknown + n_unknown, said + n_said
                    writer.add(_table(firm.firm_id, frame, encoded, space, schema))
            bar.update(sum(firm.n_sentences for firm, _ in chunk) - len(encoded))
        share = unknown / max(said, 1)
        log.log(
            logging.WARNING if share > _MANY_UNKNOWN else logging.INFO,
            "%d of %d words (%.1f %%) are not among the %d the static student knows; it guesses them from their letters.%s",
            unknown, said, 100 * share, len(space.student.words),
            " Learn a space from calls like these: earnings-themes fit." if share > _MANY_UNKNOWN else "",
        )  # fmt: skip


def encode_once(
    texts: Iterable[str],
    encoder: Encoder,
    store: EmbeddingCache | None,
    progress: Callable[[int], object] | None = None,
) -> dict[bytes, Floats]:
    """Return each text's vector by its digest; what the cache lacks is encoded, once, and kept there."""
    distinct = {text_digest(text): text for text in texts}
    vectors = store.get(distinct) if store else {}
    missing = [digest for digest in distinct if digest not in vectors]
    if missing:
        new = encoder.encode([distinct[digest] for digest in missing], progress)
        made = dict(zip(missing, new, strict=True))
        vectors |= made
        if store:
            store.put(made)
    return vectors


def _table(
    firm_id: str, frame: pd.DataFrame, encoded: dict[bytes, Floats], space: SubjectSpace, schema: pa.Schema
) -> pa.Table:
    texts, calls, positions = (frame[name].tolist() for name in ("model_text", "transcript_id", "position"))
    views = np.stack([encoded[text_digest(text)] for text in texts]) if encoded else None
    vectors = space.vectors(texts, calls, positions, views)
    rows = [row.tobytes() for row in vectors.rows]
    return pa.table([[firm_id] * len(frame), frame["sentence_id"], rows, vectors.content], schema=schema)


def _chunks(
    transcripts: Path | str, firms: Sequence[FirmRow], keep_procedural: bool
) -> Iterator[list[tuple[FirmRow, pd.DataFrame]]]:
    chunk: list[tuple[FirmRow, pd.DataFrame]] = []
    size = 0
    for firm, frame in iter_sentences(transcripts, firms, list(_COLUMNS)):
        kept = frame[modelled(frame, keep_procedural)]
        chunk.append((firm, kept))
        size += len(kept)
        if size >= _CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def iter_vectors(where: str) -> Iterator[tuple[list[str], list[str], Whole, Floats]]:
    """Give firm ids (n), sentence ids (n), subject vectors (n, k) int8 and content (n,) of a run, a few firms at a time.

    where: the run's folder, on a disk or s3://. Raises ResultError when there are no vectors or they cannot be read,
    CloudError when AWS refuses.
    """
    names = sorted(folder_at(where).child("embeddings").list())
    if not names:
        raise ResultError(
            f"{where}/embeddings: no file is there. Expected the vectors of a run; embed makes them."
        )
    for name in names:
        path = f"{where}/embeddings/{name}"
        with readable(path, "embed"):
            file = open_parquet(path)
            for group in range(file.num_row_groups):
                table = file.read_row_group(group, columns=SHARD_SCHEMA.names)
                firms, ids = table["firm_id"].to_pylist(), table["sentence_id"].to_pylist()
                content = table["content"].to_numpy().astype(np.float32)
                yield firms, ids, bytes_matrix(table["vector"]), content


def read_vectors(path: Path | str, firm_id: str) -> FirmVectors:
    """Return what embed wrote of a firm; of a file in S3, no other firm's vectors are read.

    Raises ResultError when the file cannot be read, CloudError when AWS refuses.
    """
    with readable(path, "embed"):
        file = open_parquet(path)
        table = read_firm_rows(file, firm_id, ["sentence_id", "vector", "content"])
    return FirmVectors(
        table["sentence_id"].to_pylist(),
        bytes_matrix(table["vector"]),
        table["content"].to_numpy().astype(np.float32),
        text_metadata(file.schema_arrow),
    )
