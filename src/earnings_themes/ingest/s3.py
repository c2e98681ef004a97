"""Transcripts in S3: an object, or all tables directly below a prefix.

`source.path` is s3://bucket/key of an object, or s3://bucket/prefix of several whose rows belong together. They are
copied to this machine once, by the job that ingests and by the process that asks for the firms; the firms' own jobs
read transcripts.parquet. What is read, and what is said of rows, is as on this disk: this class only brings them here.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Final

from earnings_themes.errors import InputError
from earnings_themes.ingest.local_csv import LocalCSVConnector
from earnings_themes.system.folders import FileInfo, s3_folder
from earnings_themes.system.s3 import S3Folder

# What is read below a prefix; an object that is named by itself may be of any kind.
_ENDS: Final = (".csv", ".csv.gz", ".parquet")


class S3Connector(LocalCSVConnector):
    """Objects in S3. Rows in messages are counted in their object."""

    def version(self) -> str | None:
        """Return a digest of the objects' names and ETags."""
        about = sorted((name, file.version) for name, file in self._place[1].items())
        return hashlib.sha256(json.dumps(about).encode()).hexdigest()

    @cached_property
    def _place(self) -> tuple[S3Folder, dict[str, FileInfo]]:
        where = self.path.rstrip("/")
        above, _, name = where.rpartition("/")
        if where.count("/") > 2 and not self.path.endswith("/"):
            folder = s3_folder(above)
            found = folder.list()
            if name in found:
                return folder, {name: found[name]}
        folder = s3_folder(where)
        found = {name: file for name, file in folder.list().items() if name.endswith(_ENDS) and file.size}
        if not found:
            raise InputError(
                f"{self.path}: nothing is there. Expected an object, or objects whose names end in {' or '.join(_ENDS)}; "
                "set source.path."
            )
        return folder, found

    @cached_property
    def _copies(self) -> tempfile.TemporaryDirectory[str]:
        """The folder of the objects' copies, as long as this connector lives."""
        copies = tempfile.TemporaryDirectory(prefix="source-")
        folder, files = self._place
        folder.fetch(files, Path(copies.name))
        return copies

    def _files(self) -> list[Path]:
        return [Path(self._copies.name, name) for name in self._place[1]]

    def _called(self, file: Path) -> str:
        return f"{self._place[0]}/{file.name}"

    def _rows(self, light: bool = False) -> Iterator[tuple[int, dict[str, str]]]:
        try:
            yield from super()._rows(light)
        except InputError as error:
            # The readers know the copies only; the user knows the objects.
            raise InputError(str(error).replace(self._copies.name, str(self._place[0]))) from error
