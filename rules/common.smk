"""What the rules share: the checked configuration, the run's folder, and the lists of firms and shards.

Nothing here opens a file while the Snakefile is parsed, because a worker parses it too, where the source
is not. The firm list is asked for inside input functions, which only the process that builds the DAG calls
for all firms.
"""

import functools
import os
from pathlib import Path

from earnings_themes import __version__, config as settings, ingest, results, warm
from earnings_themes.embedding import shard_of
from earnings_themes.errors import EarningsThemesError
from earnings_themes.job import WORKFLOW_CODE, code_version

# Set by the process that schedules, kept by its workers: one with other code stops (job.py).
os.environ.setdefault(WORKFLOW_CODE, code_version())


envvars:
    WORKFLOW_CODE,


try:
    CONFIG = settings.parse_config(config)
except EarningsThemesError as error:
    # A traceback through Snakemake's parser would bury the one line that matters.
    raise WorkflowError(str(error)) from None

RUN = f"results/{CONFIG.run}"
LOGS = f"{RUN}/logs"
BENCHMARKS = f"{RUN}/benchmarks"
# An image that holds envs/workflow.txt and the package; used only with --software-deployment-method apptainer.
CONTAINER = f"docker://earnings-themes/firm-topic-processor:{__version__}"


# The firms' jobs of this workflow share a warm process; one that the user turned off stays off.
os.environ.setdefault(warm.VARIABLE, str(os.getpid()))


# A character class, not a list of firms: joining 10,000 ids takes 43 s. Encoded ids hold nothing else.
wildcard_constraints:
    firm=r"[A-Za-z0-9_%-]+",
    shard=r"\d{4}",


@functools.cache
def firms():
    """Return the ids of the run's firms."""
    try:
        return ingest.known_firms(
            CONFIG.source, Path(RUN, "firms.tsv"), Path(RUN, "ingest.json")
        )
    except EarningsThemesError as error:
        raise WorkflowError(str(error)) from None


def get_source(wildcards):
    """Return the source where it is a file whose change must be noticed."""
    return [CONFIG.source.path] if CONFIG.source.kind == "local_csv" else []


def get_embeddings(wildcards):
    """Return the file that holds the vectors of the firm's sentences."""
    shard = shard_of(results.decode_firm(wildcards.firm), CONFIG.embedding.shards)
    return f"{RUN}/embeddings/{shard:04d}.parquet"


@functools.cache
def topic_files():
    """Return the topics file of every firm that the themes are built from.

    That is every firm; but once `reduce.min_firm_coverage` below 1 is reached, only those that are there.
    """
    files = [f"{RUN}/topics/{results.encode_firm(firm)}.json" for firm in firms()]
    if CONFIG.reduce.min_firm_coverage < 1:
        there = [file for file in files if Path(file).exists()]
        if len(there) >= CONFIG.reduce.min_firm_coverage * len(files):
            return there
    return files


def get_topics(wildcards):
    """Return the topics files as an input function is asked for them: when the DAG is built, not before."""
    return topic_files()
