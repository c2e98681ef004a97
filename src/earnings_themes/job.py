"""What every job of the workflow needs around its work: a log file, and errors a person can read."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from earnings_themes.errors import EarningsThemesError

logger = logging.getLogger("earnings_themes")


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
