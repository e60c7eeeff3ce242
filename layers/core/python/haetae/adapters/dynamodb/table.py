"""One account's items in a table: batches, pages and transactions, each with its bound."""

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from haetae.adapters.dynamodb.client import cancellation_codes, translate_errors
from haetae.base.errors import BooksUnavailable
from haetae.ledger.codec import Item
from haetae.ledger.invariants import TRANSACTION_MAX
from haetae.ledger.keys import account_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ATTEMPTS = 5
PAUSE_S = 0.05
PAGES_MAX = 1_000
BATCH_MAX = 100  # DynamoDB's most keys of one batch
REFUSED = "ConditionalCheckFailed"
CONFLICT = "TransactionConflict"

type Operation = Any  # one entry of TransactItems


class Table:
    """The table as one account's books see it; raises BooksUnavailable as they do."""

    def __init__(self, client: "DynamoDBClient", name: str, account: str) -> None:
        self._client = client
        self._name = name
        self._account = account

    def read(self, sort_keys: Sequence[str]) -> dict[str, Item]:
        """Return those of the account's items that are there, by sort key; at most BATCH_MAX."""
        keys = [account_key(self._account, sk) for sk in sort_keys]
        for attempt in range(ATTEMPTS):
            with translate_errors("batch_get_item"):
                answer = self._client.batch_get_item(
                    RequestItems={self._name: {"Keys": keys, "ConsistentRead": True}}
                )
            # All or nothing: parts of one batch that were read at different times would be older.
            if not answer["UnprocessedKeys"]:
                return {item["sk"]["S"]: item for item in answer["Responses"][self._name]}
            pause(attempt)
        raise BooksUnavailable(f"batch_get_item: keys left unread {ATTEMPTS} times")

    def put(self, item: Item, condition: Operation) -> Operation:
        """Return the operation that writes an item whole."""
        return {"Put": {"TableName": self._name, "Item": item} | condition}

    def at(self, sk: str) -> dict[str, Any]:
        """Return what names one of the account's items in a request."""
        return {"TableName": self._name, "Key": account_key(self._account, sk)}

    def query(self, partition: str, first: str, end: str) -> Iterator[Item]:
        """Yield a partition's items with first <= sort key <= end, in order."""
        request: dict[str, Any] = {
            "TableName": self._name,
            "ConsistentRead": True,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :end",
            "ExpressionAttributeValues": {
                ":pk": {"S": partition},
                ":first": {"S": first},
                ":end": {"S": end},
            },
        }
        for _ in range(PAGES_MAX):
            with translate_errors("query"):
                answer = self._client.query(**request)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        raise BooksUnavailable(f"query: {partition} has more than {PAGES_MAX} pages")

    def transact(self, operations: list[Operation]) -> bool:
        """Carry out the operations together; False when a condition does not hold.

        A conflict with another transaction says nothing about the conditions: two that only look
        at the operator's word conflict, and an exit must not wait a minute for that. It is over in
        a blink, so the transaction is tried again; one that stays in conflict has lost its race.
        """
        assert len(operations) <= TRANSACTION_MAX, len(operations)
        for attempt in range(ATTEMPTS):
            if attempt:
                pause(attempt - 1)
            with translate_errors("transact_write_items"):
                try:
                    self._client.transact_write_items(TransactItems=operations)
                except ClientError as exc:
                    codes = cancellation_codes(exc)
                    if REFUSED in codes:
                        return False
                    if CONFLICT not in codes:
                        raise
                else:
                    return True
        return False


def pause(attempt: int) -> None:
    """Wait before the next attempt, a little longer each time."""
    time.sleep(PAUSE_S * (attempt + 1))
