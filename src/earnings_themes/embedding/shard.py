"""A shard's firms: their modelled sentences are encoded, each text once, and written a row group a firm."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from tqdm import tqdm

from earnings_themes.config import Embedding
from earnings_themes.embedding.cache import open_cache, text_digest
from earnings_themes.embedding.encoders import SentenceEncoder, Vectors, make_encoder
from earnings_themes.errors import ResultError
from earnings_themes.results.artifacts import iter_sentences, open_parquet, read_firm_rows
from earnings_themes.results.firms import FirmRow, read_firms, shard_of
from earnings_themes.system.files import replaced
from earnings_themes.text import has_content

# Sentences encoded between two writes to disk: at 384 dimensions 31 MB, and at most a few minutes of
# encoding to repeat after a crash.
_CHUNK: Final = 20_000


def modelled(sentences: pd.DataFrame, keep_procedural: bool) -> NDArray[np.bool_]:
    """Return which sentences (rows with model_text and procedural) a topic model gets to see.

    Left out are procedural ones, unless kept by config, and those without a word of content.
    """
    content = np.fromiter(map(has_content, sentences["model_text"]), dtype=bool, count=len(sentences))
    if keep_procedural:
        return content
    mask: NDArray[np.bool_] = content & ~sentences["procedural"].to_numpy(dtype=bool)
    return mask


def embed_shard(
    transcripts: Path | str,
    firms: Path,
    output: Path,
    shard: int,
    settings: Embedding,
    keep_procedural: bool,
    threads: int = 1,
) -> None:
    """Encode the sentences of the firms of one shard; see embed. Raises ModelError and ResultError."""
    members = [firm for firm in read_firms(firms) if shard_of(firm.firm_id, settings.shards) == shard]
    encoder = make_encoder(settings, threads)
    embed(transcripts, members, output, encoder, keep_procedural, settings.cache, settings.cache_mb)


def embed(
    transcripts: Path | str,
    firms: Sequence[FirmRow],
    output: Path,
    encoder: SentenceEncoder,
    keep_procedural: bool,
    cache: Path | str | None = None,
    cache_mb: int | None = None,
) -> None:
    """Encode the modelled sentences of some firms and write them, one row group a firm.

    The columns are firm_id, sentence_id and vector (float32, little endian, dim numbers); the model's name
    and the SHA-256 of its weights are in the file's own metadata. cache: where the shared
    cache is, cache_mb: how large it may be.
    """
    about = {"embedding_model": encoder.name, "embedding_sha256": encoder.sha256}
    schema = pa.schema(
        [("firm_id", pa.string()), ("sentence_id", pa.string()), ("vector", pa.binary())], metadata=about
    )
    with (
        contextlib.closing(open_cache(cache, encoder.key, cache_mb))
        if cache
        else contextlib.nullcontext() as store,
        # Vectors look random to a compressor: not trying saves its time.
        replaced(output) as part,
        pq.ParquetWriter(part, schema, compression="none", use_dictionary=["firm_id"]) as writer,
        tqdm(
            total=sum(firm.n_sentences for firm in firms), desc="embed", unit="sentence", mininterval=5
        ) as bar,
    ):
        for chunk in _chunks(transcripts, firms, keep_procedural):
            texts = {text_digest(text): text for _, frame in chunk for text in frame["model_text"]}
            vectors = store.get(texts) if store else {}
            missing = [digest for digest in texts if digest not in vectors]
            if missing:
                encoded = encoder.encode([texts[digest] for digest in missing], bar.update)
                new = dict(zip(missing, encoded, strict=True))
                if store:
                    store.put(new)
                vectors |= new
            for firm, frame in chunk:
                if len(frame):
                    rows = [vectors[text_digest(text)].tobytes() for text in frame["model_text"]]
                    ids = frame["sentence_id"].tolist()
                    table = pa.table([[firm.firm_id] * len(rows), ids, rows], schema=schema)
                    writer.write_table(table, row_group_size=len(rows))
            bar.update(sum(firm.n_sentences for firm, _ in chunk) - len(missing))


def _chunks(
    transcripts: Path | str, firms: Sequence[FirmRow], keep_procedural: bool
) -> Iterator[list[tuple[FirmRow, pd.DataFrame]]]:
    chunk: list[tuple[FirmRow, pd.DataFrame]] = []
    size = 0
    for firm, frame in iter_sentences(transcripts, firms, ["sentence_id", "model_text", "procedural"]):
        kept = frame[modelled(frame, keep_procedural)]
        chunk.append((firm, kept))
        size += len(kept)
        if size >= _CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def read_vectors(
    path: Path | str, firm_id: str, sentence_ids: Sequence[str]
) -> tuple[Vectors, dict[str, str]]:
    """Return ((n, dim) float32, {embedding_model, embedding_sha256}) of a firm's modelled sentences.

    path: where the shard's file is, on a disk or in S3, of which no other firm's vectors are read. Raises
    ResultError when the file holds other sentences than those asked for, CloudError when AWS refuses.
    """
    try:
        file = open_parquet(path)
        about = file.schema_arrow.metadata or {}
        table = read_firm_rows(file, firm_id, ["sentence_id", "vector"])
    except (OSError, pa.ArrowInvalid) as error:
        raise ResultError(
            f"{path}: cannot be read ({error}). Delete it and run again; embed makes it."
        ) from error
    if table["sentence_id"].to_pylist() != list(sentence_ids):
        raise ResultError(
            f"{path}: holds {table.num_rows} sentences of firm {firm_id!r} that are not the {len(sentence_ids)} of "
            "transcripts.parquet. It was made from another ingest: delete it and run again."
        )
    data = b"".join(table["vector"].to_pylist())
    vectors = (
        np.frombuffer(data, dtype=np.float32).reshape(len(sentence_ids), -1) if data else np.empty((0, 0))
    )
    return vectors.astype(np.float32), {key.decode(): value.decode() for key, value in about.items()}
