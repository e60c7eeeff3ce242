"""The books of a replay: the in-memory twin, or DynamoDB on moto."""

from collections.abc import Iterator
from contextlib import contextmanager

from haetae.adapters.memory.books import MemoryBooks
from haetae.app.ports import Books
from haetae.base.errors import DataError
from haetae.config.setup import Setup
from haetae.research.replay.variables import environment

TARGETS = ("in-process", "moto")
TABLE = "haetae-replay"
REGION = "ap-northeast-2"


@contextmanager
def books_on(target: str, setup: Setup) -> Iterator[Books]:
    """Open the books of a target and close what they needed."""
    if target == "in-process":
        yield MemoryBooks()
        return
    if target != "moto":
        raise DataError(f"target {target!r} is unknown; allowed: {', '.join(TARGETS)}, deployed")
    from moto import mock_aws

    from haetae.adapters.dynamodb.books import DynamoDbBooks
    from haetae.adapters.dynamodb.client import create_client, create_table

    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    with environment(keys), mock_aws():
        client = create_client(None, REGION)
        create_table(client, TABLE)
        yield DynamoDbBooks(client, TABLE, setup.account)
