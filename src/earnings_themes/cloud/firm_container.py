"""The map as one command, for a container or a terminal: one firm's calls become its topics, without Snakemake.

It is the entrypoint of containers/firm-topic-processor. It calls what the rules ingest, embed and topics call, so its
topics/{firm}.json is theirs, but for the timing.
"""

import argparse
import dataclasses
import logging
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from earnings_themes import __version__
from earnings_themes.abstractions import FirmTopics
from earnings_themes.cloud.container import exit_code_of, read_config_from
from earnings_themes.config import Config, Source
from earnings_themes.embedding import TorchEncoder, embed
from earnings_themes.ingest.transcripts import ingest
from earnings_themes.results.firms import encode_firm, read_firms
from earnings_themes.results.provenance import peak_memory_mb
from earnings_themes.system.folders import Folder, open_folder
from earnings_themes.topics.firm import process_firm_files

log = logging.getLogger("earnings_themes")

EXIT_CODES: Final = """\
exit codes:
  0  the firm's topics are written; too little text, or none, is a result: see "status" in the file
  1  a bug, or the machine failed; the log has the traceback
  2  an argument, the config or the transcripts cannot be used
  3  the source holds no call of this firm (between source.start_date and end_date)
  4  AWS refused a request
  143  stopped from outside (SIGTERM)
"""


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the parsed command line; exits with status 2 and a message when it is wrong."""
    parser = argparse.ArgumentParser(
        prog="firm-topic-processor",
        description="Finds the topics of one firm's earnings calls, and writes them as topics/{firm}.json.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--firm-id", required=True, metavar="F", help="the firm's companyid in the source")
    parser.add_argument(
        "--data-source", required=True, metavar="PATH|s3://…", help="the transcripts; replaces source.path"
    )
    parser.add_argument(
        "--output-bucket",
        required=True,
        metavar="B",
        help="a bucket, or a local folder; ./NAME for a new one",
    )
    parser.add_argument(
        "--output-prefix",
        required=True,
        metavar="P",
        help="where topics/{firm}.json goes in it, such as results/sample",
    )
    parser.add_argument(
        "--config",
        default="config/config.yaml",
        metavar="FILE|s3://…",
        help="the workflow's whole config; run, source, embedding, topics and seed are used",
    )
    parser.add_argument("--version", action="version", version=__version__)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code, see EXIT_CODES."""
    given = arguments(argv)
    return exit_code_of(
        lambda: process_one(
            read_config_from(given.config),
            given.firm_id,
            given.data_source,
            open_folder(given.output_bucket, given.output_prefix),
        )
    )


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
