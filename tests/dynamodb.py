"""DynamoDB in this process, and the store's table as terraform/ makes it, for the tests that have no Terraform."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

from earnings_themes.stores.dynamodb import DynamoDBThemeStore


@contextmanager
def mocked_dynamodb() -> Iterator[None]:
    """Let moto answer, one request at a time: its tables are plain dictionaries, and the store asks from several threads."""
    lock, answer = threading.RLock(), BotocoreStubber.__call__

    def answer_one(self: BotocoreStubber, *args: Any, **named: Any) -> Any:
        with lock:
            return answer(self, *args, **named)

    with patch.object(BotocoreStubber, "__call__", answer_one), mock_aws():
        yield


def create_table(store: DynamoDBThemeStore) -> None:
    """Make the store's table, on demand."""
    keys = {"pk": "HASH", "sk": "RANGE"}
    of_index = {"gsi1pk": "HASH", "gsi1sk": "RANGE"}

    def schema(names: dict[str, str]) -> list[dict[str, str]]:
        return [{"AttributeName": name, "KeyType": kind} for name, kind in names.items()]

    index = {"IndexName": "gsi1", "KeySchema": schema(of_index), "Projection": {"ProjectionType": "ALL"}}
    store.table.client.create_table(
        TableName=store.table.name,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys | of_index],
        KeySchema=schema(keys),  # type: ignore[arg-type]
        GlobalSecondaryIndexes=[index],  # type: ignore[list-item]
        BillingMode="PAY_PER_REQUEST",
    )
    # Until it is active, a request finds no table.
    store.table.client.get_waiter("table_exists").wait(
        TableName=store.table.name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
