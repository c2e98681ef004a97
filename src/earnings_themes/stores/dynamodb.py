"""The store in the cloud: one DynamoDB table for all runs, readable by version and never scanned.

A publish writes a whole new version and then moves the run's pointer, see dynamodb_publish.

A reader asks for the pointer, then for the items of that version, then for the pointer again: when it has
moved meanwhile, the old version may be half deleted and the question is asked again.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final, TypeVar

from msgspec import convert

from earnings_themes.abstractions import (
    FirmEntry,
    FirmTopics,
    FirmView,
    Receipt,
    RunInfo,
    SearchResult,
    Theme,
    Themes,
    ThemeStore,
    TopicView,
)
from earnings_themes.errors import NotFoundError, ResultError, StoreError
from earnings_themes.stores import dynamodb_items as items
from earnings_themes.stores.content import Content, matching, no_topic, shares
from earnings_themes.stores.dynamodb_items import Item
from earnings_themes.stores.dynamodb_publish import LAYOUT, Lease, LeaseLostError, Writer
from earnings_themes.stores.dynamodb_table import Table

T = TypeVar("T")

# How long a reader waits for the index to show what the table holds; it is usually behind by milliseconds.
_INDEX_PAUSES: Final = (0.1, 0.2, 0.4, 0.8, 1.6)


class DynamoDBThemeStore(ThemeStore):
    """A ThemeStore in the table `table`, which Terraform makes.

    workers: requests under way at once. lease_seconds: how long a publisher may be silent before another
    takes over; wait_seconds: how long a publish waits for another one to the same run before it fails.
    The region and credentials are boto3's own.
    """

    def __init__(
        self, table: str, workers: int = 8, lease_seconds: float = 60.0, wait_seconds: float = 600.0
    ) -> None:
        self.table = Table(table, workers)
        self.lease_seconds = lease_seconds
        self.wait_seconds = wait_seconds

    # --- writing -----------------------------------------------------------------------------------

    def publish(self, run: str, firms: Iterable[FirmTopics], themes: Themes) -> Receipt:
        started = time.monotonic()
        before = dict(self.table.consumed)
        content = Content(run, themes)
        self._run(run)  # refuses a run of another layout
        with Lease(self.table, run, self.lease_seconds, self.wait_seconds) as lease:
            writer = Writer(lease)
            writer.remove_stale()
            version = writer.begin()
            try:
                writer.write(version, content, firms)
                digest = content.digest()
            except ResultError:
                writer.discard(version)
                raise
            except LeaseLostError:
                writer.remove_if_unlisted(version, content)
                raise
            seen = lease.item()
            if seen.get("digest") == digest:
                writer.discard(version)  # the same content: readers keep what they have
                version = seen["version"]
            else:
                writer.move_pointer(version, digest, content.counts, seen.get("version"))
                writer.remove_stale()
        return Receipt(
            store=f"dynamodb:{self.table.name}",
            run=run,
            version=version,
            counts=dict(content.counts),
            seconds=time.monotonic() - started,
            capacity={kind: units - before[kind] for kind, units in self.table.consumed.items()},
            digest=digest,
        )

    def delete(self, run: str) -> None:
        if self.table.get(items.run_key(run)) is None:
            raise self._no_run(run)
        with Lease(self.table, run, self.lease_seconds, self.wait_seconds) as lease:
            writer = Writer(lease)
            seen = lease.item()
            gone = {seen[name] for name in ("version", "writing") if name in seen}
            if gone:
                lease.update("REMOVE #version, #digest, #writing ADD #stale :gone", gone=gone)
            writer.remove_stale()

    # --- reading -----------------------------------------------------------------------------------

    def runs(self) -> list[RunInfo]:
        found = [self._layout(item) for item in self.table.query("RUNS") if "version" in item]
        infos = [convert(item, RunInfo) for item in found]
        return sorted(infos, key=lambda info: (info.published_at, info.run), reverse=True)

    def themes(self, run: str) -> list[Theme]:
        def ask(version: str) -> list[Theme]:
            found = self.table.query(items.list_pk(run, version), "THEME#")
            return [items.theme_record(item) for item in sorted(found, key=lambda item: item["rank"])]

        return self._reading(run, ask)

    def theme(self, theme_id: str, run: str | None = None) -> Theme:
        missing = NotFoundError(f"There is no theme {theme_id!r} in table {self.table.name!r}.")

        def ask(version: str) -> Theme:
            found = list(self.table.query(items.theme_pk(theme_id, version)))
            if not found or found[0]["sk"] != "META":
                raise missing
            return items.theme_record(found[0], found[1:])

        # A run by itself is named in its themes' ids; a registry's theme may be in any run.
        own = run or theme_id.rpartition("-")[0]
        for name in [own] if own else [info.run for info in self.runs()]:
            if self._run(name) is not None:
                with suppress(NotFoundError):
                    return self._reading(name, ask)
        raise missing

    def topic(self, firm_id: str, topic_id: int, run: str) -> TopicView:
        def ask(version: str) -> TopicView:
            found = list(self.table.query(items.topic_pk(run, version, firm_id, topic_id)))
            if not found or found[0]["sk"] != "META":
                known = [topic.topic_id for topic in self._firm(firm_id, run, version).topics]
                raise no_topic(firm_id, topic_id, run, known)
            return items.topic_view(run, found[0], found[1:])

        return self._reading(run, ask)

    def firms(self, run: str) -> list[FirmEntry]:
        def ask(version: str) -> list[FirmEntry]:
            found = self.table.query(items.list_pk(run, version), "FIRM#")
            return sorted((convert(item, FirmEntry) for item in found), key=lambda firm: firm.firm_id)

        return self._reading(run, ask)

    def firm(self, firm_id: str, run: str) -> FirmView:
        return self._reading(run, lambda version: self._firm(firm_id, run, version))

    def firm_history(self, firm_id: str) -> list[FirmView]:
        kept = {item["sk"] for item in self.table.query(items.firm_pk(firm_id), "RUN#", names=("sk",))}
        views = []
        for info in self.runs():
            if items.list_pk(info.run, info.version) in kept:
                with suppress(NotFoundError):  # it was deleted meanwhile
                    views.append(self.firm(firm_id, info.run))
        if not views:
            raise NotFoundError(f"Firm {firm_id!r} is in no run of table {self.table.name!r}.")
        return views

    def search(self, words: str, run: str, limit: int = 20) -> SearchResult:
        """Search labels and keywords. Sentences are not searched: that would be a Scan."""
        return SearchResult(run, matching(self.themes(run), words))

    def capacity(self) -> Mapping[str, float]:
        return dict(self.table.consumed)

    def _firm(self, firm_id: str, run: str, version: str) -> FirmView:
        item = self.table.get((items.firm_pk(firm_id), items.list_pk(run, version)))
        if item is None:
            raise NotFoundError(f"There is no firm {firm_id!r} in run {run!r}.")
        topics = self._topics_of(firm_id, run, version, int(item["n_topics"]))
        n_sentences = int(item["n_sentences"])
        return FirmView(
            run=run,
            firm_id=firm_id,
            firm_name=item["firm_name"],
            status=item["status"],
            n_sentences=n_sentences,
            themes=shares(map(_theme_part, topics), n_sentences),
            topics=tuple(items.topic_view(run, topic) for topic in topics),
        )

    def _topics_of(self, firm_id: str, run: str, version: str, n_topics: int) -> list[Item]:
        """Return the firm's topics from the index, once it has all of them: it lags behind the table."""
        for pause in (*_INDEX_PAUSES, 0.0):
            found = list(
                self.table.query(items.firm_pk(firm_id), f"{items.list_pk(run, version)}#", index="gsi1")
            )
            if len(found) == n_topics:
                return sorted(found, key=lambda topic: topic["topic_id"])
            if self._version(run) != version:
                raise NotFoundError(f"Version {version} of run {run!r} was replaced.")  # _reading asks again
            time.sleep(pause)
        raise StoreError(
            f"The index of table {self.table.name!r} shows {len(found)} of the {n_topics} topics of firm "
            f"{firm_id!r}. It is behind the table; try again in a moment."
        )

    def _reading(self, run: str, ask: Callable[[str], T]) -> T:
        """Return ask(version) for a version that stayed in place while it was asked. Raises NotFoundError."""
        while True:
            version = self._version(run)
            try:
                answer = ask(version)
            except NotFoundError:
                if self._version(run) == version:
                    raise
            else:
                if self._version(run) == version:
                    return answer

    def _version(self, run: str) -> str:
        item = self._run(run)
        if item is None:
            raise self._no_run(run)
        return str(item["version"])

    def _run(self, run: str) -> Item | None:
        item = self.table.get(items.run_key(run))
        return self._layout(item) if item is not None and "version" in item else None

    def _layout(self, item: Item) -> Item:
        if item["layout"] != LAYOUT:
            raise StoreError(
                f"Run {item['run']!r} in table {self.table.name!r} has layout {item['layout']}; this version of "
                f"earnings-themes reads layout {LAYOUT}. Publish the run again."
            )
        return item

    def _no_run(self, run: str) -> NotFoundError:
        return NotFoundError(f"There is no run {run!r} in table {self.table.name!r}.")


def _theme_part(topic: Item) -> tuple[Any, Any, Any, int]:
    return topic.get("theme_id"), topic.get("theme_label"), topic.get("theme_kind"), int(topic["size"])
