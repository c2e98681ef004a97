"""The reduce as one command, for a container or a terminal: no Snakemake, a bucket or a folder, a table.

It is the entrypoint of containers/theme-aggregator. What it does with the topics is what the rule `themes`
does on one machine; beside that it publishes, because it is near the files, and says in numbers how it ended.
"""

import argparse
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from earnings_themes import __version__
from earnings_themes.config import read_config
from earnings_themes.errors import CloudError, CoverageError, EarningsThemesError, StoreError
from earnings_themes.reduce.folders import open_folder
from earnings_themes.reduce.run import RECEIPT, THEMES, reduce_run

log = logging.getLogger("earnings_themes")

# SageMaker mounts these (SageMaker Developer Guide, "Build your own processing container").
OUTPUT: Final = "/opt/ml/processing/output"
# It keeps this much of what the container leaves for ExitMessage (API Reference, "DescribeProcessingJob").
MESSAGE_BYTES: Final = 1024

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
        type=Path,
        default=Path("config/config.yaml"),
        metavar="FILE",
        help="the workflow's whole config; run, themes, reduce.min_firm_coverage and seed are used",
    )
    parser.add_argument(
        "--output", type=Path, default=Path(OUTPUT), metavar="DIR", help=f"for {THEMES} and {RECEIPT}"
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
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stdout)
    # A container's first process has no default handler: without this one, SIGTERM would do nothing.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        folder = open_folder(given.input_bucket, given.input_prefix)
        themes, receipt = given.output / THEMES, given.output / RECEIPT
        reduce_run(read_config(given.config), folder, themes, receipt, given.dynamodb_table)
    except EarningsThemesError as error:
        return _ended(error, given.message_file)
    except Exception as error:
        log.exception("This is a bug, or the machine failed:")
        _leave_message(f"{type(error).__name__}: {error}", given.message_file)
        return 1
    return 0


def _ended(error: EarningsThemesError, message_file: Path | None) -> int:
    message = f"{type(error).__name__}: {error}"
    log.error("%s", message)
    _leave_message(message, message_file)
    if isinstance(error, CoverageError):
        return 3
    return 4 if isinstance(error, CloudError | StoreError) else 2


def _leave_message(message: str, file: Path | None) -> None:
    if file is None:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    # Cut between letters: a cut within one would be no text.
    file.write_text(message.encode()[:MESSAGE_BYTES].decode(errors="ignore"), encoding="utf-8")
