"""The interface of a source of transcripts: CSV files, S3, WRDS, or a class of your own."""

import datetime as dt
from abc import ABC, abstractmethod

from earnings_themes.abstractions.records import Account, TranscriptData
from earnings_themes.config import Limits, Source


class DataConnector(ABC):
    """A source of transcripts, made as `Connector(path)` with `source.path` of config.yaml.

    limits: `source.limits`, for a source that can detect early that it holds too much. source: all of
    `source`; None outside a run, unless the class sets one.
    """

    limits = Limits()
    source: Source | None = None

    def __init__(self, path: str) -> None:
        self.path = path

    @abstractmethod
    def get_firms(self, start_date: dt.date | None = None, end_date: dt.date | None = None) -> list[str]:
        """Return the ids of firms with a call between the dates, sorted.

        Dates are inclusive; None leaves an end open. Called while the DAG is built, so it must not load a
        model. Raises InputError if the source cannot be read.
        """

    @abstractmethod
    def get_transcripts(self, firm_id: str) -> TranscriptData:
        """Return every call of a firm. Raises InputError for an id that the source does not hold."""

    def account(self) -> Account:
        """Return what became of the source's rows, after everything wanted was read; empty if it does not count."""
        return Account()

    def version(self) -> str | None:
        """Return a text that changes whenever the source does, such as a SHA-256; None if unknown.

        While it equals the one that ingest recorded, firms are not listed again. Raises InputError.
        """
        return None
