"""How a run is written to the DynamoDB table: under a lease, as a whole new version, to which the run's pointer then moves.

A version that a killed publisher left half written is stale: the next publish of the run deletes it and writes a new one. A
firm stands in its run's list before anything below it is written, so that no item is left that no list leads to.
"""

import datetime as dt
import itertools
import logging
import os
import socket
import time
import uuid
from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

from earnings_themes.abstractions import FirmTopics
from earnings_themes.errors import EarningsThemesError, StoreError
from earnings_themes.stores import dynamodb_items as items
from earnings_themes.stores.content import Content
from earnings_themes.stores.dynamodb_items import Item, Key
from earnings_themes.stores.dynamodb_table import Table

log = logging.getLogger(__name__)

T = TypeVar("T")

# Raised when the layout changes; a reader refuses any other.
LAYOUT: Final = 1

# Firms are written and deleted this many at a time: their entries in the run's list are one batch.
_FIRMS_AT_ONCE: Final = 25


class LeaseLostError(StoreError):
    """Another publisher took this one for dead."""


class Lease:
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
            raise LeaseLostError(
                f"Another publisher has taken run {self.run!r} over, because this one was silent for "
                f"{self.lease_seconds:g} s. Publish again when it has ended."
            )

    def beat(self) -> None:
        """Show that this publisher lives, where it is time to."""
        if time.monotonic() >= self.next_beat:
            self.update("ADD #beat :one", one=1)
            self.next_beat = time.monotonic() + self.lease_seconds / 4

    def __enter__(self) -> "Lease":
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
        values = {"me": self.owner, "zero": 0, "run": self.run, "layout": LAYOUT}
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
        left = (f"attribute_not_exists(#{name})" for name in ("version", "writing", "stale"))
        if not self.table.delete_if(self.key, " AND ".join(["#owner = :me", *left]), me=self.owner):
            self.table.update(self.key, "REMOVE #owner, #beat", "#owner = :me", me=self.owner)


class Writer:
    """Writes and removes versions of one run, under its lease.

    The run's item keeps the books: `version` is what readers see, `writing` is being written, and every
    version in the set `stale` is to be deleted. A version leaves the books only when its items are gone.
    """

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self.table = lease.table
        self.run = lease.run
        self.at_hand: list[FirmTopics] = []

    def begin(self) -> str:
        """Return the version to write, a new one; what an earlier publish left is removed."""
        if left := self.lease.item().get("writing"):
            self.discard(left)
        # A time, so that no number of a run that was deleted and published again is ever used twice.
        # With a random end: themes of a registry have one id in all runs, which the version alone then tells apart.
        version = f"{dt.datetime.now(dt.UTC).strftime('%Y%m%dT%H%M%S.%fZ')}-{uuid.uuid4().hex[:8]}"
        self.lease.update("SET #writing = :writing", writing=version)
        return version

    def write(self, version: str, content: Content, firms: Iterable[FirmTopics]) -> None:
        """Write everything of a version. Raises ResultError as Content does."""
        run, table = self.run, self.table
        table.put_all(items.theme_list_item(run, version, rank, theme) for rank, theme in content.themes)
        table.put_all(
            self._counted(item, content)
            for rank, theme in content.themes
            for item in items.theme_items(run, version, rank, theme)
        )
        for chunk in _chunks(firms, _FIRMS_AT_ONCE):
            self.lease.beat()  # reading the firms may have taken long
            self.at_hand = chunk
            for firm in chunk:
                content.add(firm)
            table.put_all(items.firm_list_item(run, version, firm) for firm in chunk)
            table.put_all(
                self._counted(item, content)
                for firm in chunk
                for item in items.firm_items(run, version, firm, content)
            )

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
            "REMOVE #writing" + (" ADD #stale :stale" if old else ""),
            version=version,
            digest=digest,
            now=dt.datetime.now(dt.UTC).isoformat(timespec="microseconds"),
            **{kind: counts[kind] for kind in ("firms", "themes", "topics", "sentences")},
            **({"stale": {old}} if old else {}),
        )

    def discard(self, version: str) -> None:
        """Remove the version that is being written."""
        self.lease.update("REMOVE #writing ADD #stale :stale", stale={version})
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
        self._remove_firms(version, [items.firm_list_item(self.run, version, firm) for firm in self.at_hand])

    def _remove_themes(self, version: str, entries: list[Item]) -> None:
        self.table.delete_partitions(items.theme_pk(entry["theme_id"], version) for entry in entries)
        self.table.delete_all(_key(entry) for entry in entries)

    def _remove_firms(self, version: str, entries: Iterable[Item]) -> None:
        """Delete firms and what is below them, their entries in the list last: a kill loses none."""
        for chunk in _chunks(entries, _FIRMS_AT_ONCE):
            self.table.delete_partitions(
                items.topic_pk(self.run, version, entry["firm_id"], int(topic_id))
                for entry in chunk
                for topic_id in entry["topic_ids"]
            )
            self.table.delete_all(
                (items.firm_pk(entry["firm_id"]), items.list_pk(self.run, version)) for entry in chunk
            )
            self.table.delete_all(_key(entry) for entry in chunk)


def _chunks(values: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(values)
    while chunk := list(itertools.islice(rest, size)):
        yield chunk


def _key(item: Item) -> Key:
    return item["pk"], item["sk"]
