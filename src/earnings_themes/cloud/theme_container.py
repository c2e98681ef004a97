"""The reduce as one command, for a container or a terminal: no Snakemake, a bucket or a folder, a table.

It is the entrypoint of containers/theme-aggregator. What it does with the topics is what the rule `themes`
does on one machine; beside that it publishes, because it is near the files, and says in numbers how it ended.

It reads and writes S3 itself. SageMaker's own mounts belong to root, and a container that does not run as
root could not write its results there (github.com/aws/sagemaker-python-sdk, issue 4764).
"""

import argparse
import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from earnings_themes import __version__
from earnings_themes.cloud.container import exit_code_of, read_config_from
from earnings_themes.system.folders import open_folder, s3_folder
from earnings_themes.themes.run import RECEIPT, THEMES, reduce_run

log = logging.getLogger("earnings_themes")

EXIT_CODES: Final = """\
exit codes:
  0  the themes are written, and published where a table was named
  1  a bug, or the machine failed; the log has the traceback
  2  an argument, the config, firms.tsv or the files as a whole cannot be used
  3  fewer firms than reduce.min_firm_coverage have a readable file
  4  AWS refused a request, or the table could not be written
  143  stopped from outside (SIGTERM)
"""


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the parsed command line; exits with status 2 and a message when it is wrong."""
    parser = argparse.ArgumentParser(
        prog="theme-aggregator",
        description="Clusters all firms' topics of a run into themes that cross firms.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--input-bucket", required=True, metavar="B", help="a bucket, or a local folder")
    parser.add_argument(
        "--input-prefix",
        required=True,
        metavar="P",
        help="where the run's firms.tsv and topics/ are in it, such as results/sample",
    )
    parser.add_argument(
        "--dynamodb-table", metavar="T", help="publish to this table; without it, do not publish"
    )
    parser.add_argument(
        "--config",
        default="config/config.yaml",
        metavar="FILE|s3://…",
        help="the workflow's whole config; run, themes, reduce.min_firm_coverage and seed are used",
    )
    parser.add_argument(
        "--output", default="results", metavar="DIR|s3://…", help=f"where {THEMES} and {RECEIPT} go"
    )
    parser.add_argument(
        "--message-file",
        type=Path,
        metavar="FILE",
        help="leave the error's message here too; SageMaker shows /opt/ml/output/message as ExitMessage",
    )
    parser.add_argument("--version", action="version", version=__version__)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code, see EXIT_CODES."""
    given = arguments(argv)
    return exit_code_of(lambda: _reduce(given), given.message_file)


def _reduce(given: argparse.Namespace) -> None:
    config = read_config_from(given.config)
    workers = os.cpu_count() or 1
    folder = open_folder(given.input_bucket, given.input_prefix)
    with _output_folder(given.output) as output:
        reduce_run(config, folder, output / THEMES, output / RECEIPT, given.dynamodb_table, workers)


@contextmanager
def _output_folder(where: str) -> Iterator[Path]:
    """Give a local folder; what is in it at the end goes to S3 where `where` says so."""
    if not where.startswith("s3://"):
        yield Path(where)
        return
    with tempfile.TemporaryDirectory() as scratch:
        yield Path(scratch)
        results = s3_folder(where)
        # The receipt last: where it is, everything is.
        for name in (THEMES, RECEIPT):
            results.write(name, (Path(scratch) / name).read_bytes())
    log.info("wrote %s", results)
