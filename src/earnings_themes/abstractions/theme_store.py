"""How a run's hierarchy is published and asked for: SQLite on a laptop, DynamoDB in the cloud.

One set of contract tests (tests/unit/stores) runs on every implementation.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable

from earnings_themes.abstractions.records import (
    FirmTopics,
    FirmView,
    Receipt,
    RunInfo,
    Theme,
    Themes,
    TopicView,
)


class ThemeStore(ABC):
    """The published hierarchy theme → topic → sentence → firm, for every run."""

    @abstractmethod
    def publish(self, run: str, firms: Iterable[FirmTopics], themes: Themes) -> Receipt:
        """Write a run. Idempotent: publishing the same content again changes nothing that readers see.

        A new version is written whole, then readers are switched to it in one step, then the old version
        is deleted. Killed anywhere, readers still see the last whole version.
        """

    @abstractmethod
    def runs(self) -> list[RunInfo]:
        """Return every published run, newest first."""

    @abstractmethod
    def themes(self, run: str) -> list[Theme]:
        """Return a run's themes by rank, without topics and centroid. Raises NotFoundError."""

    @abstractmethod
    def theme(self, theme_id: str) -> Theme:
        """Return a theme with its topics. Raises NotFoundError."""

    @abstractmethod
    def topic(self, firm_id: str, topic_id: int, run: str) -> TopicView:
        """Return a firm's topic with its sentences. Raises NotFoundError."""

    @abstractmethod
    def firm(self, firm_id: str, run: str) -> FirmView:
        """Return a firm's themes and topics in a run. Raises NotFoundError."""

    @abstractmethod
    def delete(self, run: str) -> None:
        """Remove a run and everything below it. Raises NotFoundError."""

    def search(self, words: str, run: str) -> list[Theme]:
        """Return the themes whose label or keywords hold every one of the words, by rank.

        Raises NotFoundError when the store does not hold the run.
        """
        wanted = words.lower().split()

        def text(theme: Theme) -> str:
            return " ".join([theme.label, *(word for word, _ in theme.keywords)]).lower()

        return [theme for theme in self.themes(run) if all(word in text(theme) for word in wanted)]
