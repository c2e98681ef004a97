"""How the workflow reads transcripts, so that a CSV, S3, WRDS or a user's own source can stand in."""

import datetime as dt
from abc import ABC, abstractmethod

from earnings_themes.abstractions.records import Account, TranscriptData
from earnings_themes.config import Limits, Source


class DataConnector(ABC):
    """A source of transcripts. It is made as `Connector(path)` with `source.path` of config.yaml.

    limits: `source.limits` of config.yaml, for a source that can say early that it holds too much. source: all of
    `source`, None where the connector is used by itself.
    """

    limits = Limits()
    source: Source | None = None

    def __init__(self, path: str) -> None:
        self.path = path

    @abstractmethod
    def get_firms(self, start_date: dt.date | None = None, end_date: dt.date | None = None) -> list[str]:
        """Return the ids of the firms with a call between the dates, sorted.

        Both ends are inclusive and None leaves an end open. Raises InputError when the source cannot be
        read. It is called while the DAG is built, so it must not load a model.
        """

    @abstractmethod
    def get_transcripts(self, firm_id: str) -> TranscriptData:
        """Return every call of a firm. Raises InputError for an id that the source does not hold."""

    def account(self) -> Account:
        """Return what became of the source's rows, once all that is wanted was read; nothing where nobody counts."""
        return Account()

    def version(self) -> str | None:
        """Return a text that is another one whenever the source has changed; None where nobody knows.

        While it is the one that ingest noted, the firms are not asked for again. Raises InputError.
        """
        return None
