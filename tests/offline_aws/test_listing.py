"""The fast LIST answers what moto's own does, and is needed only as long as moto's is slow."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.offline_aws import OfflineAWS, listing

NAMES = [f"run/{folder}/{n:02d}.json" for folder in ("a", "b") for n in range(12)] + ["run/a b&c.txt", "zz"]


def _read(client: Any, **asked: Any) -> list[Any]:
    """Return the pages' contents and what they say of themselves."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket="listed", **asked)
    kept = ("Contents", "KeyCount", "IsTruncated", "Prefix", "MaxKeys", "NextContinuationToken")
    return [{name: page.get(name) for name in kept} for page in pages]


@pytest.fixture
def aws() -> Iterator[OfflineAWS]:
    with OfflineAWS() as offline:
        yield offline


@pytest.fixture
def both(aws: OfflineAWS) -> Callable[..., tuple[list[Any], list[Any]]]:
    """Return a function that lists a bucket of files, one of them deleted, by moto and by us."""
    client = aws.client("s3")
    client.create_bucket(Bucket="listed")
    client.put_bucket_versioning(Bucket="listed", VersioningConfiguration={"Status": "Enabled"})
    for name in NAMES:
        client.put_object(Bucket="listed", Key=name, Body=b"x" * len(name))
    client.delete_object(Bucket="listed", Key="run/b/03.json")

    def listed(**asked: Any) -> tuple[list[Any], list[Any]]:
        ours = _read(client, **asked)
        listing.PATCHES.undo()
        try:
            return ours, _read(client, **asked)
        finally:
            listing.PATCHES.apply()

    return listed


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"Prefix": "run/"},
        {"Prefix": "run/a", "StartAfter": "run/a/05.json", "PaginationConfig": {"PageSize": 4}},
        {"PaginationConfig": {"PageSize": 7}},
        {"Prefix": "nothing/"},
    ],
)
def test_a_page_is_what_moto_answers(
    both: Callable[..., tuple[list[Any], list[Any]]], asked: dict[str, Any]
) -> None:
    ours, motos = both(**asked)
    assert ours == motos
