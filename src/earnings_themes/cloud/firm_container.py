"""The map as one command, for a container or a terminal: one firm's calls become its topics, without Snakemake.

It is behind `earnings-themes firm-topic-processor`, the entrypoint of that container. It calls what the rules ingest,
embed and topics call, so its topics/{firm}.json is theirs, but for the timing.
"""

import dataclasses
import logging
import os
import tempfile
import time
from pathlib import Path

from earnings_themes.abstractions import FirmTopics
from earnings_themes.cloud.container import read_config_from
from earnings_themes.config import Config, Source
from earnings_themes.embedding import TorchEncoder, embed
from earnings_themes.ingest.transcripts import ingest
from earnings_themes.results.firms import encode_firm, read_firms
from earnings_themes.results.provenance import peak_memory_mb
from earnings_themes.system.folders import Folder, open_folder
from earnings_themes.topics.firm import process_firm_files

log = logging.getLogger("earnings_themes")


def run(config: str, firm_id: str, data_source: str, output_bucket: str, output_prefix: str) -> FirmTopics:
    """Do what the command is asked for; cli/jobs.py says what each argument is. Raises as process_one does."""
    output = open_folder(output_bucket, output_prefix)
    return process_one(read_config_from(config), firm_id, data_source, output)


def process_one(config: Config, firm_id: str, data_source: str, output: Folder) -> FirmTopics:
    """Read one firm's calls, find its topics and write topics/{firm}.json below `output`; return them.

    data_source: a path, or an address in S3. Raises InputError for a source that cannot be read, UnknownFirmError
    for a firm that it does not hold, ConfigError, ModelError, and CloudError when AWS refuses.
    """
    started = time.perf_counter()
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        transcripts, firms, vectors = (
            work / name for name in ("transcripts.parquet", "firms.tsv", "vectors")
        )
        source = _source(config.source, data_source, firm_id)
        ingest(source, transcripts, firms, work / "ingest.json")
        # Not the shared cache: a container is gone when its firm is done.
        encoder = TorchEncoder(config.embedding, threads)
        embed(transcripts, read_firms(firms), vectors, encoder, config.topics.keep_procedural)
        topics = work / "topics.json"
        firm = process_firm_files(
            config.run, firm_id, firms, transcripts, vectors, topics, config.topics, config.seed
        )
        name = f"{encode_firm(firm_id)}.json"
        output.child("topics").write(name, topics.read_bytes())
    log.info(
        "firm %s: %s, %d topics of %d sentences, %.1f s, peak memory %.0f MB; wrote %s/topics/%s",
        firm_id, firm.status, firm.n_topics, firm.metadata["n_sentences"],
        time.perf_counter() - started, peak_memory_mb(), output, name,
    )  # fmt: skip
    return firm


def _source(source: Source, data_source: str, firm_id: str) -> Source:
    """Return the source of one firm; a connector of the user's own stays, the built-in one follows the address."""
    kind = source.kind
    if ":" not in kind:
        kind = "s3" if data_source.startswith("s3://") else "local_csv"
    return dataclasses.replace(source, kind=kind, path=data_source, firms=(firm_id,))
