"""Every item of a table, copied out of it and back as it is stored.

A copy is only for a table of its own schema: nothing is read, checked or migrated here; whoever
loads the books afterwards does that.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from haetae.adapters.dynamodb.client import translate_errors
from haetae.base.errors import BooksUnavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCH = 25  # items in one BatchWriteItem, DynamoDB's limit

type StoredItem = dict[str, Any]  # an item in DynamoDB's own JSON


def copy_out(client: "DynamoDBClient", table: str) -> list[StoredItem]:
    """Return every item of the table; nothing may be written meanwhile.

    Raises:
        BooksUnavailable: the table cannot be read.
    """
    with translate_errors("copy_out"):
        pages = client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return [dict(item) for page in pages for item in page["Items"]]


def copy_in(client: "DynamoDBClient", table: str, items: Sequence[StoredItem]) -> None:
    """Put items into the table; those already there under the same keys are replaced.

    Raises:
        BooksUnavailable: the table cannot be written, or took only a part.
    """
    for first in range(0, len(items), BATCH):
        puts: list[Any] = [{"PutRequest": {"Item": item}} for item in items[first : first + BATCH]]
        with translate_errors("copy_in"):
            left = client.batch_write_item(RequestItems={table: puts})["UnprocessedItems"]
        if left:
            raise BooksUnavailable(f"copy_in: {len(left[table])} items were not taken")
