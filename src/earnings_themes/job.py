"""What every job of the workflow needs around its work: a log file, errors a person can read, and the right code."""

import hashlib
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from earnings_themes import __version__
from earnings_themes.errors import ConfigError, EarningsThemesError

logger = logging.getLogger("earnings_themes")

# Where the process that schedules the jobs says which code it has; Snakemake carries it to every worker.
WORKFLOW_CODE: Final = "EARNINGS_THEMES_WORKFLOW_CODE"


@cache
def code_version() -> str:
    """Return the package's version and a digest of its modules, which tells two commits of one version apart."""
    digest = hashlib.sha256()
    package = Path(__file__).parent
    for path in sorted(package.rglob("*.py")):
        digest.update(str(path.relative_to(package)).encode())
        digest.update(path.read_bytes())
    return f"{__version__}+{digest.hexdigest()[:12]}"


def check_code() -> None:
    """Raise ConfigError where the scheduling process has other code: the results would not be the workflow's."""
    wanted = os.environ.get(WORKFLOW_CODE, code_version())
    if wanted != code_version():
        raise ConfigError(
            f"This worker has earnings-themes {code_version()}, the workflow that sent the job has {wanted}. Build and "
            "push the image from the workflow's own commit, or start the workflow from the image's."
        )


@contextmanager
def job(log: Path | str) -> Iterator[None]:
    """Log to a file and to stderr; end with exit status 1 and one clear message for an error of the user's.

    A bug keeps its traceback, in both places.
    """
    path = Path(log)
    path.parent.mkdir(parents=True, exist_ok=True)
    handlers: list[logging.Handler] = [
        logging.FileHandler(path, mode="w", encoding="utf-8"),
        logging.StreamHandler(),
    ]
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        check_code()
        yield
    except EarningsThemesError as error:
        logger.error("%s: %s", type(error).__name__, error)
        sys.exit(1)
    except Exception:
        logger.exception("This is a bug, or the machine failed:")
        raise
    finally:
        for handler in handlers:
            logger.removeHandler(handler)
            handler.close()
