"""How a run's hierarchy is published and asked for: SQLite on a laptop, DynamoDB in the cloud.

One set of contract tests (tests/unit/stores) runs on every implementation.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

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


class ThemeStore(ABC):
    """The published hierarchy theme → topic → sentence → firm, for every run.

    It is made as `Store(location)`: a path, a table's name. Vectors and outlier sentences stay in the run's
    files: nothing here compares vectors, and at 10,000 firms they would be most of the bytes.
    """

    @abstractmethod
    def publish(self, run: str, firms: Iterable[FirmTopics], themes: Themes) -> Receipt:
        """Write a run. Idempotent: publishing the same content again changes nothing that readers see.

        A new version is written whole, then readers are switched to it in one step, then the old version
        is deleted. Killed anywhere, readers still see the last whole version, and the next publish of the
        run removes what was left. `firms` is read once, a few firms at a time.

        Raises ResultError when the firms and the themes do not belong together, and StoreError when the
        store cannot be written or another publisher holds it.
        """

    @abstractmethod
    def runs(self) -> list[RunInfo]:
        """Return every published run, newest first. Raises NotFoundError when there is no store yet."""

    @abstractmethod
    def themes(self, run: str) -> list[Theme]:
        """Return a run's themes by rank, as a list to choose from. Raises NotFoundError.

        Centroid, firms, topics and representative sentences are left empty; `theme` has the last three.
        """

    @abstractmethod
    def theme(self, theme_id: str, run: str | None = None) -> Theme:
        """Return a theme with its firms, topics and representative sentences.

        run: where several have the theme, as those of one registry do; None: the one published last. Raises NotFoundError.
        """

    def theme_history(self, theme_id: str) -> list[tuple[RunInfo, Theme]]:
        """Return a theme in every run that has it, newest run first. Raises NotFoundError."""
        found = []
        for info in self.runs():
            try:
                found.append((info, self.theme(theme_id, info.run)))
            except NotFoundError:
                continue
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
        views = []
        for info in self.runs():
            try:
                views.append(self.firm(firm_id, info.run))
            except NotFoundError:
                continue
        if not views:
            raise NotFoundError(f"Firm {firm_id!r} is in no run of this store.")
        return views

    @abstractmethod
    def search(self, words: str, run: str, limit: int = 20) -> SearchResult:
        """Return the themes whose label or keywords hold every one of the words.

        A store that can also returns up to `limit` sentences that hold them. Raises NotFoundError.
        """

    @abstractmethod
    def delete(self, run: str) -> None:
        """Remove a run and everything below it. Raises NotFoundError, and StoreError as publish does."""

    def check(self) -> None:  # noqa: B027 (a store whose reads say so themselves needs no check of its own)
        """Raise NotFoundError when there is nothing to read yet, where that is known without a request."""

    def capacity(self) -> Mapping[str, float] | None:
        """Return the units this object has consumed so far by kind, None where the store does not meter."""
        return None
