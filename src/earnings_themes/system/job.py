"""What every job of the workflow does around its work: log file, readable errors, the scheduler's code, digests."""

import contextlib
import hashlib
import logging
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from earnings_themes import __version__
from earnings_themes.errors import ConfigError, EarningsThemesError, explained
from earnings_themes.system.run_guard import making

logger = logging.getLogger("earnings_themes")

# Where the process that schedules the jobs says which code it has; Snakemake carries it to every worker.
WORKFLOW_CODE: Final = "EARNINGS_THEMES_WORKFLOW_CODE"


@cache
def code_version() -> str:
    """Return the package's version and a digest of its modules, which tells two commits of one version apart."""
    digest = hashlib.sha256()
    package = Path(__file__).parents[1]
    for path in sorted(package.rglob("*.py")):
        digest.update(str(path.relative_to(package)).encode())
        digest.update(path.read_bytes())
    return f"{__version__}+{digest.hexdigest()[:12]}"


def check_code() -> None:
    """Raise ConfigError if the scheduling process runs other code than this one."""
    wanted = os.environ.get(WORKFLOW_CODE, code_version())
    if wanted != code_version():
        raise ConfigError(
            f"This worker has earnings-themes {code_version()}, the workflow that sent the job has {wanted}. Build and "
            "push the image from the workflow's own commit, or start the workflow from the image's."
        )


class _LogFile(logging.FileHandler):
    """A log file on a disk that may be full; then messages go to stderr alone, without tracebacks."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Do nothing."""


@contextmanager
def job(
    log: Path | str, inputs: Iterable[Path | str] = (), outputs: Iterable[Path | str] = ()
) -> Iterator[None]:
    """Log to a file and to stderr; exit with status 1 and one clear message for an error of the user's.

    inputs, outputs: the job's files, for run_guard. A bug keeps its traceback, in both places.
    """
    path = Path(log)
    handlers: list[logging.Handler] = []

    def add(handler: logging.Handler) -> None:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        logger.addHandler(handler)
        handlers.append(handler)

    add(logging.StreamHandler())
    logger.setLevel(logging.INFO)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        add(_LogFile(path, mode="w", encoding="utf-8"))
        check_code()
        with making(inputs, outputs):
            yield
    except EarningsThemesError as error:
        logger.error("%s: %s", type(error).__name__, error)
        sys.exit(1)
    except Exception as error:
        if text := explained(error):
            logger.error("%s", text)
            sys.exit(1)
        logger.exception("This is a bug, or the machine failed:")
        raise
    finally:
        for handler in handlers:
            logger.removeHandler(handler)
            with contextlib.suppress(OSError):
                handler.close()
