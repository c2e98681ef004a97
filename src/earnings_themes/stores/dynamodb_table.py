"""One DynamoDB table as the store uses it: parallel batch writes, whole queries, counted units.

Limits and their sources, all in the Amazon DynamoDB documentation:
- BatchWriteItem takes 25 items and 16 MB (API Reference, "BatchWriteItem"), refuses the same key twice in a
  batch, and returns what it had no room for as UnprocessedItems, to be sent again after a pause.
- An item holds 400 KB, a partition key 2,048 bytes, a sort key 1,024 bytes (Developer Guide, "Constraints").
- A pause begins at 50 ms and doubles (Developer Guide, "Error handling"), is drawn at random between zero and
  that, so that writers do not come back all at once (AWS Architecture Blog, "Exponential Backoff And Jitter"),
  and is at most 20 s (AWS SDKs Reference Guide, "Retry behavior").
"""

import itertools
import random
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeVar

import boto3
from boto3.dynamodb.types import TypeDeserializer
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from earnings_themes.errors import NotFoundError, StoreError
from earnings_themes.stores.dynamodb_items import Item, Key, Value, item_size, to_attribute

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

T = TypeVar("T")

BATCH_ITEMS: Final = 25
# Letters beyond ASCII travel as escapes of six, up to twice their stored size: half of the 16 MB is always enough.
_BATCH_BYTES: Final = 8 * 1024 * 1024
_FIRST_PAUSE_SECONDS: Final = 0.05
_LONGEST_PAUSE_SECONDS: Final = 20.0

_THROTTLED: Final = (
    "ProvisionedThroughputExceededException ThrottlingException RequestLimitExceeded InternalServerError"
).split()


class Table:
    """A table, with the capacity units consumed through this object.

    workers: requests under way at once. patience_seconds: how long one request may be throttled, without any
    progress, before StoreError. tick: called about once a second while writes are under way.
    """

    def __init__(self, name: str, workers: int) -> None:
        self.name = name
        self.workers = workers
        self.patience_seconds = 300.0
        self.batch_items = BATCH_ITEMS
        self.tick: Callable[[], None] = lambda: None
        self.consumed = {"read units": 0.0, "write units": 0.0}
        self._consumed_lock = Lock()
        with self._errors():
            self.client: DynamoDBClient = boto3.client(
                "dynamodb",
                config=Config(
                    retries={"mode": "standard"},
                    max_pool_connections=workers + 1,
                    # A quarter of the time of a publish, to check what is built here and tested.
                    parameter_validation=False,
                ),
            )

    # --- reading -----------------------------------------------------------------------------------

    def get(self, key: Key) -> Item | None:
        """Return an item as it is now, or None."""
        found = self._call("get_item", Key=_key(key), ConsistentRead=True).get("Item")
        return _unmarshal(found) if found is not None else None

    def query(
        self, pk: str, sk_begins: str = "", names: tuple[str, ...] = (), index: str = ""
    ) -> Iterator[Item]:
        """Yield a partition's items by sort key as they are now, all pages of them.

        names: the attributes wanted; all where it is empty. index: gsi1, which may be a moment behind the table.
        """
        values = {":pk": {"S": pk}}
        request: dict[str, Any] = {"IndexName": index} if index else {"ConsistentRead": True}
        request["KeyConditionExpression"] = f"{index}pk = :pk"
        if sk_begins:
            request["KeyConditionExpression"] += f" AND begins_with({index}sk, :sk)"
            values[":sk"] = {"S": sk_begins}
        if names:
            request["ProjectionExpression"] = ", ".join(f"#{name}" for name in names)
            request["ExpressionAttributeNames"] = {f"#{name}": name for name in names}
        while True:
            page = self._call("query", ExpressionAttributeValues=values, **request)
            yield from (_unmarshal(item) for item in page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    # --- writing -----------------------------------------------------------------------------------

    def update(self, key: Key, change: str, condition: str, **values: Value | set[str]) -> bool:
        """Change one item in one step if the condition holds, and tell whether it did.

        `change` and `condition` are expressions in which #name is the attribute and :name the value in
        `values`. A request whose answer was lost is sent again, so that False can also mean "done before".
        """
        request = _conditional(key, f"{change} {condition}", condition, values)
        return self._if_it_holds("update_item", UpdateExpression=change, **request)

    def delete_if(self, key: Key, condition: str, **values: Value) -> bool:
        """Delete one item if the condition holds, written as in `update`, and tell whether it did."""
        return self._if_it_holds("delete_item", **_conditional(key, condition, condition, values))

    def put_all(self, items: Iterable[Item]) -> None:
        """Write items of distinct keys, in parallel and in no order; return when all are written."""
        self._write_all(({"PutRequest": {"Item": _marshal(item)}}, item_size(item)) for item in items)

    def delete_all(self, keys: Iterable[Key]) -> None:
        """Delete the items with these distinct keys, in parallel; return when all are gone."""
        self._write_all(({"DeleteRequest": {"Key": _key(key)}}, 0) for key in keys)

    def delete_partitions(self, partitions: Iterable[str]) -> None:
        """Delete all items of these partitions, in parallel; return when all are gone."""
        self._in_parallel(self._delete_partition, partitions)

    def _delete_partition(self, pk: str) -> None:
        keys = [(item["pk"], item["sk"]) for item in self.query(pk, names=("pk", "sk"))]
        requests = (({"DeleteRequest": {"Key": _key(key)}}, 0) for key in keys)
        for batch in _batches(requests, self.batch_items):
            self._write_batch(batch)

    def _write_all(self, requests: Iterable[tuple[dict[str, Any], int]]) -> None:
        self._in_parallel(self._write_batch, _batches(requests, self.batch_items))

    def _in_parallel(self, work: Callable[[T], None], inputs: Iterable[T]) -> None:
        """Do work(input) for each input, which are read a little ahead and not held.

        When one fails, those that have begun are waited for and its error is raised: nothing is written
        after this returns.
        """
        waiting: set[Future[None]] = set()
        rest = iter(inputs)
        with ThreadPoolExecutor(self.workers) as pool:
            try:
                while True:
                    for each in itertools.islice(rest, 2 * self.workers - len(waiting)):
                        waiting.add(pool.submit(work, each))
                    if not waiting:
                        return
                    done, waiting = wait(waiting, timeout=1.0, return_when=FIRST_COMPLETED)
                    self.tick()
                    for future in done:
                        future.result()
            finally:
                for future in waiting:
                    future.cancel()

    def _write_batch(self, requests: list[dict[str, Any]]) -> None:
        pauses = _Pauses(self.patience_seconds)
        while requests:
            left = self._call("batch_write_item", RequestItems={self.name: requests})["UnprocessedItems"]
            remaining = left.get(self.name, [])
            if remaining:
                pauses.wait(
                    f"Table {self.name} has had no room for writes", progress=len(remaining) < len(requests)
                )
            requests = remaining

    # --- requests ----------------------------------------------------------------------------------

    def _if_it_holds(self, operation: str, **request: Any) -> bool:
        try:
            self._call(operation, **request)
        except _ConditionFailedError:
            return False
        return True

    def _call(self, operation: str, **request: Any) -> Any:
        if operation != "batch_write_item":
            request["TableName"] = self.name
        pauses = _Pauses(self.patience_seconds)
        while True:
            try:
                with self._errors():
                    answer = getattr(self.client, operation)(ReturnConsumedCapacity="TOTAL", **request)
                break
            except _ThrottledError as error:
                pauses.wait(f"Table {self.name} has been throttled ({error})", progress=False)
        used = answer.get("ConsumedCapacity") or {}
        units = sum(part.get("CapacityUnits", 0.0) for part in (used if isinstance(used, list) else [used]))
        with self._consumed_lock:
            self.consumed["read units" if operation in ("get_item", "query") else "write units"] += units
        return answer

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn the errors of AWS into ours, which say what to do."""
        try:
            yield
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ConditionalCheckFailedException":
                raise _ConditionFailedError from error
            if code in _THROTTLED:
                raise _ThrottledError(code) from error
            if code == "ResourceNotFoundException":
                region = self.client.meta.region_name
                raise NotFoundError(
                    f"There is no DynamoDB table {self.name!r} in region {region}. `terraform output` names the "
                    "table and its region (AWS_REGION)."
                ) from error
            raise StoreError(f"DynamoDB table {self.name!r}: {error}") from error
        except BotoCoreError as error:
            raise StoreError(
                f"DynamoDB table {self.name!r} cannot be asked: {error} Check AWS_REGION and the credentials "
                "(`aws sts get-caller-identity`)."
            ) from error


class _ConditionFailedError(Exception):
    """The condition of a write did not hold."""


class _ThrottledError(Exception):
    """DynamoDB asks to come back later."""


class _Pauses:
    """Pauses that double, with jitter, until patience ends; progress starts them anew."""

    def __init__(self, patience_seconds: float) -> None:
        self.patience_seconds = patience_seconds
        self._restart()

    def _restart(self) -> None:
        self.since = time.monotonic()
        self.longest = _FIRST_PAUSE_SECONDS

    def wait(self, problem: str, progress: bool) -> None:
        """Sleep. Raises StoreError when patience has ended."""
        if progress:
            self._restart()
        if time.monotonic() - self.since >= self.patience_seconds:
            raise StoreError(
                f"{problem} for {self.patience_seconds:g} s. Publish again later. A provisioned table may need more write units."
            )
        time.sleep(random.uniform(0, self.longest))
        self.longest = min(2 * self.longest, _LONGEST_PAUSE_SECONDS)


def _batches(requests: Iterable[tuple[dict[str, Any], int]], most: int) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    total = 0
    for request, size in requests:
        if len(batch) == most or (batch and total + size > _BATCH_BYTES):
            yield batch
            batch, total = [], 0
        batch.append(request)
        total += size
    if batch:
        yield batch


def _conditional(key: Key, words: str, condition: str, values: Mapping[str, Value]) -> dict[str, Any]:
    """Return a request on one item under a condition. words: everything in which #names may stand."""
    request: dict[str, Any] = {
        "Key": _key(key),
        "ConditionExpression": condition,
        "ExpressionAttributeNames": {f"#{name}": name for name in re.findall(r"#(\w+)", words)},
    }
    if values:
        request["ExpressionAttributeValues"] = {
            f":{name}": {"SS": sorted(value)} if isinstance(value, set) else to_attribute(value)
            for name, value in values.items()
        }
    return request


def _key(key: Key) -> dict[str, Any]:
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def _marshal(item: Item) -> dict[str, Any]:
    return {name: to_attribute(value) for name, value in item.items() if value is not None}


class _Plain(TypeDeserializer):
    """Gives a number as int or float, where boto3 gives a Decimal."""

    def _deserialize_n(self, value: str) -> int | float:
        return int(value) if value.removeprefix("-").isdecimal() else float(value)


_value = _Plain().deserialize


def _unmarshal(attributes: dict[str, Any]) -> Item:
    return {name: _value(value) for name, value in attributes.items()}
