"""A firm's topics as a job: what rule topics runs, in a warm process or in its own.

Its arguments are plain values, because they travel through a socket; its result is an exit status, because
the job that waits for it needs no more.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from earnings_themes.config import parse_config
from earnings_themes.firm_processor import process_firm_files
from earnings_themes.firms import decode_firm
from earnings_themes.job import job
from earnings_themes.provenance import OF_TOPICS, versions


def run(config: Mapping[str, Any], firm: str, files: Mapping[str, str], output: str, log: str) -> int:
    """Find one firm's topics and write its file; return 0, or 1 after the error was logged.

    firm: the id as in its file name. files: where firms, transcripts and embeddings are; the last two may be
    addresses in S3.
    """
    try:
        with job(log, files.values(), [output]):
            settings = parse_config(config)
            process_firm_files(
                run=settings.run,
                firm_id=decode_firm(firm),
                firms=Path(files["firms"]),
                transcripts=files["transcripts"],
                embeddings=files["embeddings"],
                output=Path(output),
                settings=settings.topics,
                seed=settings.seed,
            )
    except SystemExit as end:
        return int(end.code or 0)
    except Exception:  # a bug, which job() has logged with its traceback
        return 1
    return 0


def preload() -> None:
    """Import what the default model brings in late, and look up the versions, for a process that forks after this."""
    from earnings_themes.models.bertopic_model import light_bertopic

    light_bertopic()
    versions(OF_TOPICS)
