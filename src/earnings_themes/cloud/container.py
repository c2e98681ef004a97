"""What the commands of both containers share: a config from a disk or S3, and an exit code for each kind of error."""

import logging
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from earnings_themes.config import Config, read_config
from earnings_themes.errors import (
    CloudError,
    ConfigError,
    CoverageError,
    EarningsThemesError,
    StoreError,
    UnknownFirmError,
)
from earnings_themes.system.folders import locate
from earnings_themes.system.job import check_code

log = logging.getLogger("earnings_themes")

# SageMaker keeps this much of what the container leaves for ExitMessage (API Reference, "DescribeProcessingJob").
MESSAGE_BYTES: Final = 1024


def read_config_from(where: str) -> Config:
    """Read a whole config from a path or s3://bucket/key. Raises ConfigError, and CloudError when AWS refuses."""
    if not where.startswith("s3://"):
        return read_config(where)
    folder, name = locate(where)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / name
        try:
            path.write_bytes(folder.read(name))
        except FileNotFoundError as error:
            raise ConfigError(f"{where}: missing.") from error
        return read_config(path)


def exit_code_of(work: Callable[[], object], message_file: Path | None = None) -> int:
    """Do the work with a log on stdout, and return how it ended; the codes are in the commands' help (cli/jobs.py).

    message_file gets the error's message as well.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stdout)
    # A container's first process has no default handler: without this one, SIGTERM would do nothing.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        check_code()
        work()
    except EarningsThemesError as error:
        message = f"{type(error).__name__}: {error}"
        log.error("%s", message)
        _leave_message(message, message_file)
        if isinstance(error, CoverageError | UnknownFirmError):
            return 3
        return 4 if isinstance(error, CloudError | StoreError) else 2
    except Exception as error:
        log.exception("This is a bug, or the machine failed:")
        _leave_message(f"{type(error).__name__}: {error}", message_file)
        return 1
    return 0


def _leave_message(message: str, file: Path | None) -> None:
    if file is None:
        return
    # Cut between letters: a cut within one would be no text.
    text = message.encode()[:MESSAGE_BYTES].decode(errors="ignore")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as fault:
        log.warning("the message is in this log only: %s", fault)
