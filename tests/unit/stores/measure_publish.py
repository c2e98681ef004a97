"""Measures a publish to DynamoDB beside the least that could be done: the same items through a bare batch_writer.

    python -m tests.unit.stores.measure_publish 200

Both write to moto, in this process and in turns, so what moto and the machine take is in both. The figure is the
ratio; items a second say how fast moto is, not how fast DynamoDB is.
"""

import argparse
import os
import statistics
import time
import uuid

import boto3
from boto3.dynamodb.types import TypeDeserializer
from moto import mock_aws

from tests.dynamodb import create_table
from tests.published import large_run, large_themes
from tests.unit.stores.dynamo import new_store, sent_items

PAIRS = 5


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("n_firms", type=int, help="firms of 28 topics of 15 sentences")
    n_firms = parser.parse_args().n_firms
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    ratios = []
    for pair in range(PAIRS):
        with mock_aws():
            store = new_store(workers=1)
            batches = sent_items(store)
            started = time.process_time()
            store.publish("q1", large_run("q1", n_firms), large_themes("q1", n_firms))
            published = time.process_time() - started

            read = TypeDeserializer().deserialize
            items = [
                {name: read(value) for name, value in request["PutRequest"]["Item"].items()}
                for batch in batches
                for request in batch
                if "PutRequest" in request
            ]
            bare = new_store(f"bare-{uuid.uuid4().hex[:8]}")
            create_table(bare)
            table = boto3.resource("dynamodb").Table(bare.table.name)
            started = time.process_time()
            with table.batch_writer() as writer:
                for item in items:
                    writer.put_item(Item=item)
            loop = time.process_time() - started
        ratios.append(published / loop)
        print(
            f"pair {pair + 1}: {len(items)} items; publish {len(items) / published:.0f} items a CPU second, "
            f"batch_writer {len(items) / loop:.0f}; ratio of the times {ratios[-1]:.2f}",
            flush=True,
        )
    print(f"median ratio {statistics.median(ratios):.2f}, {min(ratios):.2f} to {max(ratios):.2f}")


if __name__ == "__main__":
    main()
