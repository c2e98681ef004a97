"""Faults for the DynamoDB store: a killed publisher, refused writes, throttling; and a look at the bare table."""

import copy
import re
import uuid
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from earnings_themes.stores.dynamodb import DynamoDBThemeStore
from tests.dynamodb import create_table

VERSION = re.compile(r"\d{8}T\d{6}\.\d{6}Z-[0-9a-f]{8}")
WRITES = ("BatchWriteItem", "UpdateItem", "DeleteItem")


class Killed(BaseException):
    """The publisher's process is gone."""


def new_store(table: str | None = None, batch_items: int = 25, **settings: Any) -> DynamoDBThemeStore:
    """Return a store on a new table, or on `table`; it may not scan, and waits for nobody's lease for long."""
    name = table or f"themes-{uuid.uuid4().hex[:8]}"
    store = DynamoDBThemeStore(name, **({"workers": 4, "lease_seconds": 0.05} | settings))
    store.table.batch_items = batch_items
    if table is None:
        create_table(store)
    on(store, "before-call.dynamodb.Scan", refuse_scan)
    return store


def refuse_scan(**_: object) -> None:
    raise AssertionError("the store sent a Scan")


def on(store: DynamoDBThemeStore, event: str, handler: Callable[..., Any]) -> None:
    """Call the handler at an event of the store's client."""
    store.table.client.meta.events.register(event, handler)


def kill(store: DynamoDBThemeStore, at_write: int) -> None:
    """Let the store's n-th write never be sent, and nothing after it."""
    writes = 0

    def before(model: Any, **_: object) -> None:
        nonlocal writes
        writes += model.name in WRITES
        if writes >= at_write:
            raise Killed

    on(store, "before-call.dynamodb", before)


def leave_unprocessed(store: DynamoDBThemeStore, kept: Callable[[int, int], int]) -> list[int]:
    """Let DynamoDB carry out only the first kept(call, n) of a batch; return the list of batch sizes sent."""
    sizes: list[int] = []
    dropped: dict[str, list[Any]] = {}

    def shorten(params: Any, **_: object) -> Any:
        ((table, requests),) = params["RequestItems"].items()
        sizes.append(len(requests))
        n = kept(len(sizes), len(requests))
        dropped.clear()
        if n < len(requests):
            dropped[table] = requests[n:]
        return params | {"RequestItems": {table: requests[:n]}}

    def answer(parsed: Any, **_: object) -> None:
        parsed["UnprocessedItems"] = dict(dropped)

    on(store, "provide-client-params.dynamodb.BatchWriteItem", shorten)
    on(store, "after-call.dynamodb.BatchWriteItem", answer)
    return sizes


def throttle(
    store: DynamoDBThemeStore, times: int, code: str = "ProvisionedThroughputExceededException"
) -> None:
    """Refuse the next requests, whatever they are."""
    left = times

    def refuse(model: Any, **_: object) -> None:
        nonlocal left
        if left:
            left -= 1
            raise ClientError({"Error": {"Code": code, "Message": "slow down"}}, model.name)

    on(store, "before-call.dynamodb", refuse)


def sent_items(store: DynamoDBThemeStore) -> list[list[dict[str, Any]]]:
    """Return a list that fills with the write requests of each batch sent from now on."""
    batches: list[list[dict[str, Any]]] = []

    def record(params: Any, **_: object) -> None:
        ((_table, requests),) = params["RequestItems"].items()
        batches.append(requests)

    on(store, "provide-client-params.dynamodb.BatchWriteItem", record)
    return batches


def dump(store: DynamoDBThemeStore) -> list[dict[str, Any]]:
    """Return every item of moto's table, looked at behind the store's back."""
    return [item.to_json()["Attributes"] for by_sk in _items(store).values() for item in by_sk.values()]


def versions(store: DynamoDBThemeStore) -> set[str]:
    """Return the versions that any item of the table belongs to."""
    keys = [f"{item['pk']['S']}#{item['sk']['S']}" for item in dump(store)]
    return {part for key in keys for part in key.split("#") if VERSION.fullmatch(part)}


def content(store: DynamoDBThemeStore) -> list[str]:
    """Return every item of the table, but for what differs from one publish of the same content to the next."""
    passing = {"published_at", "beat", "owner"}
    items = [{name: value for name, value in item.items() if name not in passing} for item in dump(store)]
    return sorted(VERSION.sub("VERSION", repr(sorted(item.items()))) for item in items)


def snapshot(store: DynamoDBThemeStore) -> Callable[[], None]:
    """Return a function that puts moto's table back to what it is now."""
    kept = copy.deepcopy(_items(store))

    def restore() -> None:
        found = _items(store)
        found.clear()
        found.update(copy.deepcopy(kept))

    return restore


def _items(store: DynamoDBThemeStore) -> dict[str, dict[str, Any]]:
    region = store.table.client.meta.region_name
    return dynamodb_backends[DEFAULT_ACCOUNT_ID][region].tables[store.table.name].items  # type: ignore[no-any-return]
