"""The interface of a published hierarchy: SQLite on a laptop, DynamoDB in the cloud.

One set of contract tests (tests/unit/stores) runs on every implementation.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from earnings_themes.abstractions.records import (
    FirmEntry,
    FirmTopics,
    FirmView,
    Receipt,
    RunInfo,
    SearchResult,
    Theme,
    Themes,
    TopicView,
)
from earnings_themes.errors import NotFoundError

T = TypeVar("T")


class ThemeStore(ABC):
    """The hierarchy theme → topic → sentence → firm of every run, made as `Store(location)`: a path, or a table's name.

    Vectors and unassigned sentences stay in the run's files: nothing here compares vectors, which would be most of the
    bytes.
    """

    @abstractmethod
    def publish(self, run: str, firms: Iterable[FirmTopics], themes: Themes) -> Receipt:
        """Write a run, idempotently: the same content again changes nothing for readers.

        A new version is written whole, readers are switched to it in one step, and the old one is deleted.
        Killed at any point, readers see the last whole version, and the next publish removes the remains.
        `firms` is read once, a few at a time.

        Raises ResultError if firms and themes do not match, and StoreError if the store cannot be written or
        another publisher holds it.
        """

    @abstractmethod
    def runs(self) -> list[RunInfo]:
        """Return every published run, newest first. Raises NotFoundError when there is no store yet."""

    @abstractmethod
    def themes(self, run: str) -> list[Theme]:
        """Return a run's themes by rank. Raises NotFoundError.

        Centroid, firms, topics and representative sentences are empty; `theme` returns the last three.
        """

    @abstractmethod
    def theme(self, theme_id: str, run: str | None = None) -> Theme:
        """Return a theme with firms, topics and representative sentences. Raises NotFoundError.

        run: which one, if several have the theme, as those of a registry do; None for the last published.
        """

    def theme_history(self, theme_id: str) -> list[tuple[RunInfo, Theme]]:
        """Return a theme in every run that has it, newest run first. Raises NotFoundError."""
        found = [(info, theme) for info in self.runs() for theme in _if_there(self.theme, theme_id, info.run)]
        if not found:
            raise NotFoundError(f"Theme {theme_id!r} is in no run of this store.")
        return found

    @abstractmethod
    def topic(self, firm_id: str, topic_id: int, run: str) -> TopicView:
        """Return a firm's topic with its sentences, the best fitting first. Raises NotFoundError."""

    @abstractmethod
    def firms(self, run: str) -> list[FirmEntry]:
        """Return a run's firms by id, those without topics too. Raises NotFoundError."""

    @abstractmethod
    def firm(self, firm_id: str, run: str) -> FirmView:
        """Return a firm's themes and topics in a run. Raises NotFoundError."""

    def firm_history(self, firm_id: str) -> list[FirmView]:
        """Return a firm in every run that has it, newest run first. Raises NotFoundError."""
        found = [view for info in self.runs() for view in _if_there(self.firm, firm_id, info.run)]
        if not found:
            raise NotFoundError(f"Firm {firm_id!r} is in no run of this store.")
        return found

    @abstractmethod
    def search(self, words: str, run: str, limit: int = 20) -> SearchResult:
        """Return themes whose label or keywords hold all the words. Raises NotFoundError.

        A store that can search sentences also returns up to `limit` that hold them.
        """

    @abstractmethod
    def delete(self, run: str) -> None:
        """Remove a run and everything below it. Raises NotFoundError, and StoreError as publish does."""

    def check(self) -> None:  # noqa: B027 (a store whose reads say so themselves needs no check of its own)
        """Raise NotFoundError if there is nothing to read and this is known without a request."""

    def capacity(self) -> Mapping[str, float] | None:
        """Return the units this object has consumed so far by kind, None where the store does not meter."""
        return None


def _if_there(look: Callable[[str, str], T], name: str, run: str) -> list[T]:
    try:
        return [look(name, run)]
    except NotFoundError:
        return []
