"""The map as one command, without Snakemake: one firm's calls become its topics.

It is the entrypoint `firm-topic-processor` of its container, and calls the same functions as the rules
ingest, embed and topics, so its topics/{firm}.json differs from theirs only in `timing`.
"""

import dataclasses
import io
import logging
import os
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from earnings_themes.cloud.container import read_config_from
from earnings_themes.config import Source
from earnings_themes.embedding.shard import embed_shard, read_vectors
from earnings_themes.ingest.transcripts import ingest
from earnings_themes.results.firms import encode_firm
from earnings_themes.results.provenance import peak_memory_mb
from earnings_themes.system.folders import open_folder
from earnings_themes.topics.firm import process_firm_files

log = logging.getLogger("earnings_themes")


def run_firm(config_file: str, firm_id: str, data_source: str, bucket: str, prefix: str) -> None:
    """Read one firm's calls, find its topics and write topics/{firm}.json; cli/jobs.py says what each argument is.

    Raises InputError for a source that cannot be read, UnknownFirmError for a firm that it does not hold, ConfigError,
    ModelError, and CloudError when AWS refuses.
    """
    output = open_folder(bucket, prefix)
    config = read_config_from(config_file)
    started = time.perf_counter()
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        transcripts, firms, vectors = work / "transcripts.parquet", work / "firms.tsv", work / "vectors"
        source = _source(config.source, data_source, firm_id)
        ingest(source, transcripts, firms, work / "ingest.json")
        # Not the shared cache: a container is gone when its firm is done.
        settings = dataclasses.replace(config.embedding, cache=None, shards=1)
        embed_shard(transcripts, firms, vectors, 0, settings, config.topics.keep_procedural, threads)
        topics = work / "topics.json"
        firm = process_firm_files(
            config.run, firm_id, firms, transcripts, vectors, topics, config.topics, config.seed
        )
        name = encode_firm(firm_id)
        # What settling needs of this firm; first, so that where the topics are, everything is.
        output.child("sentences").write(f"{name}.parquet", _sentences(transcripts, vectors, firm_id))
        output.child("topics").write(f"{name}.json", topics.read_bytes())
    log.info(
        "firm %s: %s, %d topics of %d sentences, %.1f s, peak memory %.0f MB; wrote %s/topics/%s.json",
        firm_id, firm.status, firm.n_topics, firm.metadata["n_sentences"],
        time.perf_counter() - started, peak_memory_mb(), output, name,
    )  # fmt: skip


def _sentences(transcripts: Path, embeddings: Path, firm_id: str) -> bytes:
    """Return a firm's sentences with their vectors, as the reduce reads them where there is no transcripts.parquet."""
    table = pq.read_table(transcripts)
    found = read_vectors(embeddings, firm_id)
    vectors = dict(zip(found.sentence_ids, (row.tobytes() for row in found.vectors), strict=True))
    content = dict(zip(found.sentence_ids, found.content.tolist(), strict=True))
    ids = table["sentence_id"].to_pylist()
    table = table.append_column("vector", pa.array([vectors.get(name) for name in ids], pa.binary()))
    table = table.append_column("content", pa.array([content.get(name) for name in ids], pa.float32()))
    written = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(found.about), written, compression="zstd")
    return written.getvalue()


def _source(source: Source, data_source: str, firm_id: str) -> Source:
    """Return the source of one firm; a connector of the user's own stays, the built-in one follows the address."""
    kind = source.kind
    if ":" not in kind:
        kind = "s3" if data_source.startswith("s3://") else "local_csv"
    return dataclasses.replace(source, kind=kind, path=data_source, firms=(firm_id,))
