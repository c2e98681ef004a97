"""Transcripts that `earnings-themes wrds pull` wrote: a folder of Parquet, one file per quarter, with its receipts.

No run talks to WRDS: a login may ask for a phone, and a result must not depend on what a server says that day.
"""

import json
from pathlib import Path

from earnings_themes.errors import InputError
from earnings_themes.ingest.local_csv import LocalCSVConnector
from earnings_themes.ingest.tables import files_of


class WRDSConnector(LocalCSVConnector):
    """What was pulled from WRDS; `source.path` is the folder."""

    def version(self) -> str | None:
        """Return the digest of the files, None where there is none. Raises InputError where a quarter is not whole."""
        folder = Path(self.path).expanduser()
        if not folder.is_dir():
            raise InputError(
                f"{self.path}: no folder. Expected what a pull wrote: earnings-themes wrds pull --out {self.path} "
                "--start 2023-01-01 --end 2023-12-31 --user NAME"
            )
        for file in files_of(self.path):
            receipt = file.with_suffix(".json")
            try:
                json.loads(receipt.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                raise InputError(
                    f"{file}: has no receipt {receipt.name} that can be read. Type the same earnings-themes wrds pull "
                    "again."
                ) from None
        return super().version()
