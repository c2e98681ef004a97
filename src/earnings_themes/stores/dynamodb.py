"""The store in the cloud: one DynamoDB table for all runs, readable by version and never scanned.

A publish holds a lease on its run, writes a whole new version, moves the run's pointer in one conditional
write, then deletes the old version. Keys are the same in every attempt, and a firm's entry in the run's list
gets its digest only when everything below it is written: after a kill the next publish skips the firms that
are whole, rewrites the one that was cut short, and leaves no item that no list leads to.

A reader asks for the pointer, then for the items of that version, then for the pointer again: when it has
moved meanwhile, the old version may be half deleted and the question is asked again.
"""

import datetime as dt
import itertools
import logging
import os
import socket
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final, TypeVar

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
from earnings_themes.errors import EarningsThemesError, NotFoundError, ResultError, StoreError
from earnings_themes.stores import dynamodb_items as items
from earnings_themes.stores.content import Content, matching, no_topic, shares
from earnings_themes.stores.dynamodb_items import Item, Key
from earnings_themes.stores.dynamodb_table import Table

log = logging.getLogger(__name__)

T = TypeVar("T")

# Raised when the layout changes; a reader refuses any other.
_LAYOUT: Final = 1

# Firms are written and deleted this many at a time: their entries in the run's list are one batch.
_FIRMS_AT_ONCE: Final = 25

# How long a reader waits for the index to show what the table holds; it is usually behind by milliseconds.
_INDEX_PAUSES: Final = (0.1, 0.2, 0.4, 0.8, 1.6)


class DynamoDBThemeStore(ThemeStore):
    """A ThemeStore in the table `table`, which Terraform makes; `create_table` is for tests and demos.

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

    def create_table(self, read_units: int | None = None, write_units: int | None = None) -> None:
        """Make the table: on demand, or provisioned where units are given. Terraform makes the real one."""
        throughput = {"ReadCapacityUnits": read_units or 5, "WriteCapacityUnits": write_units or 5}
        provisioned = {"ProvisionedThroughput": throughput} if read_units or write_units else {}
        index = {
            "IndexName": "gsi1",
            "KeySchema": _key_schema("gsi1pk", "gsi1sk"),
            "Projection": {"ProjectionType": "ALL"},
        }
        request: dict[str, Any] = {
            "TableName": self.table.name,
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "gsi1pk", "gsi1sk")
            ],
            "KeySchema": _key_schema("pk", "sk"),
            "GlobalSecondaryIndexes": [index | provisioned],
            "BillingMode": "PROVISIONED" if provisioned else "PAY_PER_REQUEST",
        }
        self.table.client.create_table(**request | provisioned)
        waiter = self.table.client.get_waiter("table_exists")
        waiter.wait(TableName=self.table.name, WaiterConfig={"Delay": 1})

    # --- writing -----------------------------------------------------------------------------------

    def publish(self, run: str, firms: Iterable[FirmTopics], themes: Themes) -> Receipt:
        """Write a run, or go on with the version that a killed publish of the same themes left."""
        started = time.monotonic()
        before = dict(self.table.consumed)
        content = Content(run, themes)
        self._run(run)  # refuses a run of another layout
        with _Lease(self.table, run, self.lease_seconds, self.wait_seconds) as lease:
            writer = _Writer(self.table, lease, run)
            writer.remove_stale()
            version = writer.begin(content.themes_digest)
            try:
                writer.write(version, content, firms)
                digest = content.digest()
            except ResultError:
                writer.discard(version)
                raise
            except _LeaseLostError:
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
        with _Lease(self.table, run, self.lease_seconds, self.wait_seconds) as lease:
            writer = _Writer(self.table, lease, run)
            seen = lease.item()
            gone = {seen[name] for name in ("version", "writing") if name in seen}
            if gone:
                lease.update(
                    "REMOVE #version, #digest, #writing, #writing_themes ADD #stale :gone", gone=gone
                )
            writer.remove_stale()

    # --- reading -----------------------------------------------------------------------------------

    def runs(self) -> list[RunInfo]:
        found = [self._layout(item) for item in self.table.query("RUNS") if "version" in item]
        return sorted(
            map(items.run_info, found), key=lambda info: (info.published_at, info.run), reverse=True
        )

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
            return items.theme_record(found[0], found)

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
            return sorted(map(items.firm_entry, found), key=lambda firm: firm.firm_id)

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
        for pause in (*_INDEX_PAUSES, None):
            found = list(self.table.query_index(items.firm_pk(firm_id), f"{items.list_pk(run, version)}#"))
            if len(found) == n_topics:
                return sorted(found, key=lambda topic: topic["topic_id"])
            if pause is None or self._version(run) != version:
                break
            time.sleep(pause)
        if self._version(run) != version:
            raise NotFoundError(f"Version {version} of run {run!r} was replaced.")  # _reading asks again
        raise StoreError(
            f"The index of table {self.table.name!r} shows {len(found)} of the {n_topics} topics of firm "
            f"{firm_id!r}. It is behind the table; try again in a moment."
        )

    def _reading(self, run: str, ask: Callable[[str], T]) -> T:
        """Return ask(version) for a version that stayed in place while it was asked. Raises NotFoundError."""
        version = self._version(run)
        while True:
            answer: T | NotFoundError
            try:
                answer = ask(version)
            except NotFoundError as error:
                answer = error
            now = self._version(run)
            if now == version:
                break
            version = now
        if isinstance(answer, NotFoundError):
            raise answer
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
        if item["layout"] != _LAYOUT:
            raise StoreError(
                f"Run {item['run']!r} in table {self.table.name!r} has layout {item['layout']}; this version of "
                f"earnings-themes reads layout {_LAYOUT}. Publish the run again."
            )
        return item

    def _no_run(self, run: str) -> NotFoundError:
        return NotFoundError(f"There is no run {run!r} in table {self.table.name!r}.")


class _LeaseLostError(StoreError):
    """Another publisher took this one for dead."""


class _Lease:
    """The right to publish one run, held while its `beat` goes on counting.

    A publisher that finds the lease taken watches the count: when it stands still for lease_seconds, its
    holder is dead and the lease is taken over. Two clocks are never compared (as in the Amazon DynamoDB Lock
    Client). A holder that lost its lease finds out at its next beat, and the pointer is moved only by the
    holder.
    """

    def __init__(self, table: Table, run: str, lease_seconds: float, wait_seconds: float) -> None:
        self.table = table
        self.run = run
        self.lease_seconds = lease_seconds
        self.wait_seconds = wait_seconds
        self.key = items.run_key(run)
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:12]}"
        self.next_beat = 0.0

    def item(self) -> Item:
        """Return the run's item."""
        return self.table.get(self.key) or {}

    def update(self, change: str, **values: items.Value) -> None:
        """Change the run's item. Raises StoreError when the lease is lost."""
        if not self.table.update(self.key, change, "#owner = :owner", owner=self.owner, **values):
            raise _LeaseLostError(
                f"Another publisher has taken run {self.run!r} over, because this one was silent for "
                f"{self.lease_seconds:g} s. Publish again when it has ended."
            )

    def beat(self) -> None:
        """Show that this publisher lives, where it is time to."""
        if time.monotonic() >= self.next_beat:
            self.update("ADD #beat :one", one=1)
            self.next_beat = time.monotonic() + self.lease_seconds / 4

    def __enter__(self) -> "_Lease":
        deadline = time.monotonic() + self.wait_seconds
        seen: tuple[str, int] | None = None
        since = time.monotonic()
        while not self._take(seen if seen and time.monotonic() - since >= self.lease_seconds else None):
            item = self.item()
            now = (item.get("owner", ""), item.get("beat", 0))
            if now != seen:
                if seen is None:
                    log.info("run %s is being published by %s: waiting", self.run, now[0])
                seen, since = now, time.monotonic()
            if time.monotonic() >= deadline:
                raise StoreError(
                    f"Run {self.run!r} has been published by another process ({now[0]}) for "
                    f"{self.wait_seconds:g} s. Wait for it to end, then publish again."
                )
            time.sleep(min(1.0, self.lease_seconds / 10))
        self.next_beat = time.monotonic() + self.lease_seconds / 4
        self.table.tick = self.beat
        return self

    def _take(self, silent: tuple[str, int] | None) -> bool:
        """Take a free lease, or one whose holder has been silent since its beat `silent`."""
        change = "SET #owner = :me, #beat = :zero, #run = :run, #layout = :layout"
        values = {"me": self.owner, "zero": 0, "run": self.run, "layout": _LAYOUT}
        if silent is None:
            # A free lease, or ours already, where the answer to an earlier request was lost.
            condition = "attribute_not_exists(#owner) OR #owner = :me"
        else:
            condition = "#owner = :owner AND #beat = :beat"
            values |= {"owner": silent[0], "beat": silent[1]}
        return self.table.update(self.key, change, condition, **values)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.table.tick = lambda: None
        try:
            self._release()
        except EarningsThemesError:
            if kind is None:
                raise  # else the first error matters more: the lease runs out by itself

    def _release(self) -> None:
        """Give the lease back; forget a run of which nothing is left."""
        empty = "#owner = :me AND attribute_not_exists(#v) AND attribute_not_exists(#w) AND attribute_not_exists(#s)"
        names = {"#owner": "owner", "#v": "version", "#w": "writing", "#s": "stale"}
        if not self.table.delete_if(self.key, empty, names, {":me": self.owner}):
            self.table.update(self.key, "REMOVE #owner, #beat", "#owner = :me", me=self.owner)


class _Writer:
    """Writes and removes versions of one run, under its lease.

    The run's item keeps the books: `version` is what readers see, `writing` is being written, and every
    version in the set `stale` is to be deleted. A version leaves the books only when its items are gone.
    """

    def __init__(self, table: Table, lease: _Lease, run: str) -> None:
        self.table = table
        self.lease = lease
        self.run = run
        self.at_hand: list[FirmTopics] = []

    def begin(self, themes_digest: str) -> str:
        """Return the version to write: the half one that an earlier publish of these themes left, or a new one."""
        item = self.lease.item()
        if "writing" in item:
            if item["writing_themes"] == themes_digest:
                log.info("going on with version %s of run %s", item["writing"], self.run)
                return str(item["writing"])
            self.discard(item["writing"])
        # A time, so that no number of a run that was deleted and published again is ever used twice.
        # With a random end: themes of a registry have one id in all runs, which the version alone then tells apart.
        version = f"{dt.datetime.now(dt.UTC).strftime('%Y%m%dT%H%M%S.%fZ')}-{uuid.uuid4().hex[:8]}"
        change = "SET #writing = :writing, #writing_themes = :themes"
        self.lease.update(change, writing=version, themes=themes_digest)
        return version

    def write(self, version: str, content: Content, firms: Iterable[FirmTopics]) -> None:
        """Write everything of a version that is not there yet. Raises ResultError as Content does."""
        run, table = self.run, self.table
        listed = {item["firm_id"]: item for item in table.query(items.list_pk(run, version), "FIRM#")}
        table.put_all(items.theme_list_item(run, version, rank, theme) for rank, theme in content.themes)
        table.put_all(
            self._counted(item, content)
            for rank, theme in content.themes
            for item in items.theme_items(run, version, rank, theme)
        )
        for chunk in _chunks(firms, _FIRMS_AT_ONCE):
            self.lease.beat()  # reading the firms may have taken long
            self.at_hand = chunk
            new, old = [], []
            for firm in chunk:
                digest = content.add(firm)
                entry = listed.pop(firm.firm_id, None)
                if entry is None or entry.get("digest") != digest:
                    new.append((firm, digest))
                    old += [entry] if entry else []
            self._reopen(old)
            self._remove_topics(version, old)
            table.put_all(items.firm_list_item(run, version, firm, None) for firm, _ in new)
            table.put_all(item for firm, _ in new for item in self._firm_items(version, firm, content))
            table.put_all(items.firm_list_item(run, version, firm, digest) for firm, digest in new)
        gone = list(listed.values())
        self._reopen(gone)
        self._remove_firms(version, gone)

    def _reopen(self, entries: list[Item]) -> None:
        """Take the digest from entries in the list, before what is below them changes."""
        self.table.put_all(entry | {"digest": None} for entry in entries if "digest" in entry)

    def _firm_items(self, version: str, firm: FirmTopics, content: Content) -> Iterator[Item]:
        keys = [(firm.firm_id, topic.topic_id) for topic in firm.topics]
        places = [content.places.get(key) for key in keys]
        reasons = [content.unassigned.get(key) for key in keys]
        for item in items.firm_items(self.run, version, firm, places, reasons):
            yield self._counted(item, content)

    def _counted(self, item: Item, content: Content) -> Item:
        if "cut_from" in item:
            content.counts["sentences_cut"] = content.counts.get("sentences_cut", 0) + 1
            log.warning(
                "sentence %s has %d characters: more than an item of DynamoDB holds, it is cut",
                item["sentence_id"],
                item["cut_from"],
            )
        return item

    def move_pointer(self, version: str, digest: str, counts: dict[str, int], old: str | None) -> None:
        """Switch readers to the version in one conditional write; the old one is stale from then on."""
        self.lease.update(
            "SET #version = :version, #digest = :digest, #published_at = :now, #n_firms = :firms, "
            "#n_themes = :themes, #n_topics = :topics, #n_sentences = :sentences "
            "REMOVE #writing, #writing_themes" + (" ADD #stale :stale" if old else ""),
            version=version,
            digest=digest,
            now=dt.datetime.now(dt.UTC).isoformat(timespec="microseconds"),
            **{kind: counts[kind] for kind in ("firms", "themes", "topics", "sentences")},
            **({"stale": {old}} if old else {}),
        )

    def discard(self, version: str) -> None:
        """Remove the version that is being written."""
        self.lease.update("REMOVE #writing, #writing_themes ADD #stale :stale", stale={version})
        self.remove_stale()

    def remove_stale(self) -> None:
        """Delete the items of every stale version."""
        for version in sorted(self.lease.item().get("stale", ())):
            listed = items.list_pk(self.run, version)
            self._remove_themes(version, list(self.table.query(listed, "THEME#")))
            self._remove_firms(version, self.table.query(listed, "FIRM#"))
            self.lease.update("DELETE #stale :stale", stale={version})

    def remove_if_unlisted(self, version: str, content: Content) -> None:
        """After the lease is lost, delete what was written to a version that the new holder has removed.

        That is the themes and the firms at hand: a beat comes before each chunk of firms.
        """
        self.table.tick = lambda: None
        item = self.lease.item()
        if version in (item.get("version"), item.get("writing"), *item.get("stale", ())):
            return
        themes = [items.theme_list_item(self.run, version, rank, theme) for rank, theme in content.themes]
        self._remove_themes(version, themes)
        self._remove_firms(
            version, [items.firm_list_item(self.run, version, firm, None) for firm in self.at_hand]
        )

    def _remove_themes(self, version: str, entries: list[Item]) -> None:
        self.table.delete_partitions(items.theme_pk(entry["theme_id"], version) for entry in entries)
        self.table.delete_all(_key(entry) for entry in entries)

    def _remove_firms(self, version: str, entries: Iterable[Item]) -> None:
        """Delete firms and what is below them, their entries in the list last: a kill loses none."""
        for chunk in _chunks(entries, _FIRMS_AT_ONCE):
            self._remove_topics(version, chunk)
            self.table.delete_all(
                (items.firm_pk(entry["firm_id"]), items.list_pk(self.run, version)) for entry in chunk
            )
            self.table.delete_all(_key(entry) for entry in chunk)

    def _remove_topics(self, version: str, entries: list[Item]) -> None:
        self.table.delete_partitions(
            items.topic_pk(self.run, version, entry["firm_id"], int(topic_id))
            for entry in entries
            for topic_id in entry["topic_ids"]
        )


def _theme_part(topic: Item) -> tuple[Any, Any, Any, int]:
    return topic.get("theme_id"), topic.get("theme_label"), topic.get("theme_kind"), int(topic["size"])


def _chunks(values: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(values)
    while chunk := list(itertools.islice(rest, size)):
        yield chunk


def _key(item: Item) -> Key:
    return item["pk"], item["sk"]


def _key_schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]
