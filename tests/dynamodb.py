"""The store's table as terraform/ makes it, for the tests that have no Terraform."""

from earnings_themes.stores.dynamodb import DynamoDBThemeStore


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
