"""DynamoDB on the plugin keeps what the books rely on: one winner, all or nothing, pages."""

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.plugin.server import GENEROUS_S, Server

WRITERS, ROUNDS = 50, 30


class Books:
    """A table of its own with the product's keys."""

    def __init__(self, server: Server) -> None:
        """Make the table."""
        self.client = server.client("dynamodb")
        self.name = f"t-{uuid.uuid4().hex[:8]}"
        self.client.create_table(
            TableName=self.name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
        )

    def put(self, pk: str, sk: str, n: int = 0, **more: Any) -> None:
        """Put an item."""
        self.client.put_item(TableName=self.name, Item=item(pk, sk, n), **more)

    def query(self, condition: str = "pk = :p", **more: Any) -> dict[str, Any]:
        """Query the partition `p`."""
        values = {":p": {"S": "p"}, **more.pop("values", {})}
        found: dict[str, Any] = self.client.query(
            TableName=self.name,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            **more,
        )
        return found

    def everything(self) -> list[dict[str, Any]]:
        """Return all items."""
        found = self.client.scan(TableName=self.name, ConsistentRead=True)
        items: list[dict[str, Any]] = found["Items"]
        return items


def item(pk: str, sk: str, n: int = 0) -> dict[str, Any]:
    """Return an item."""
    return {"pk": {"S": pk}, "sk": {"S": sk}, "n": {"N": str(n)}}


def key(pk: str, sk: str) -> dict[str, Any]:
    """Return an item's key."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def sort_keys(answer: dict[str, Any]) -> list[str]:
    """Return the sort keys of a page."""
    return [found["sk"]["S"] for found in answer["Items"]]


@pytest.fixture
def books(server: Server) -> Iterator[Books]:
    """A table."""
    made = Books(server)
    yield made
    made.client.delete_table(TableName=made.name)


def test_of_fifty_writers_on_one_condition_exactly_one_wins(books: Books) -> None:
    together = threading.Barrier(WRITERS, timeout=GENEROUS_S)
    refused = books.client.exceptions.ConditionalCheckFailedException  # made once, by one thread
    books.put("p", "s", 0)

    def write(writer: int) -> list[int]:
        won = []
        for version in range(ROUNDS):
            together.wait()
            with suppress(refused):
                books.client.update_item(
                    TableName=books.name,
                    Key=key("p", "s"),
                    UpdateExpression="SET n = :next, w = :w",
                    ConditionExpression="n = :version",
                    ExpressionAttributeValues={
                        ":version": {"N": str(version)},
                        ":next": {"N": str(version + 1)},
                        ":w": {"N": str(writer)},
                    },
                )
                won.append(version)
            together.wait()
        return won

    with ThreadPoolExecutor(WRITERS) as pool:
        wins = [version for won in pool.map(write, range(WRITERS)) for version in won]
    assert sorted(wins) == list(range(ROUNDS))


def test_of_many_transactions_on_one_condition_exactly_one_wins(books: Books) -> None:
    together = threading.Barrier(8, timeout=GENEROUS_S)
    cancelled = books.client.exceptions.TransactionCanceledException  # made once, by one thread
    books.put("p", "s", 0)

    def write(writer: int) -> bool:
        together.wait()
        try:
            books.client.transact_write_items(
                TransactItems=[
                    {"Put": {"TableName": books.name, "Item": item("log", str(writer))}},
                    {
                        "Put": {
                            "TableName": books.name,
                            "Item": item("p", "s", 1),
                            "ConditionExpression": "n = :zero",
                            "ExpressionAttributeValues": {":zero": {"N": "0"}},
                        }
                    },
                ]
            )
        except cancelled:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        winners = [writer for writer, won in enumerate(pool.map(write, range(8))) if won]
    assert len(winners) == 1
    assert sorted(x["sk"]["S"] for x in books.everything()) == sorted(["s", str(winners[0])])


def test_a_transaction_writes_all_of_it(books: Books) -> None:
    books.put("p", "gone")
    books.put("p", "changed", 1)
    books.client.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": books.name, "Item": item("p", "new", 7)}},
            {"Delete": {"TableName": books.name, "Key": key("p", "gone")}},
            {
                "Update": {
                    "TableName": books.name,
                    "Key": key("p", "changed"),
                    "UpdateExpression": "ADD n :one",
                    "ExpressionAttributeValues": {":one": {"N": "1"}},
                }
            },
            {
                "Update": {
                    "TableName": books.name,
                    "Key": key("q", "made"),
                    "UpdateExpression": "SET n = :one",
                    "ExpressionAttributeValues": {":one": {"N": "1"}},
                }
            },
        ]
    )
    assert books.query()["Items"] == [item("p", "changed", 2), item("p", "new", 7)]
    assert item("q", "made", 1) in books.everything()


def test_a_failed_transaction_leaves_every_item_as_it_was_and_says_why(books: Books) -> None:
    books.put("p", "kept", 1)
    books.put("p", "changed", 1)
    before = books.everything()
    with pytest.raises(books.client.exceptions.TransactionCanceledException) as failed:
        books.client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": books.name, "Item": item("p", "new", 7)}},
                {"Delete": {"TableName": books.name, "Key": key("p", "kept")}},
                {
                    "Update": {
                        "TableName": books.name,
                        "Key": key("p", "changed"),
                        "UpdateExpression": "SET n = :two",
                        "ExpressionAttributeValues": {":two": {"N": "2"}},
                    }
                },
                {
                    "ConditionCheck": {
                        "TableName": books.name,
                        "Key": key("p", "halt"),
                        "ConditionExpression": "attribute_exists(pk)",
                    }
                },
            ]
        )
    reasons = [reason["Code"] for reason in failed.value.response["CancellationReasons"]]
    assert reasons == ["None", "None", "None", "ConditionalCheckFailed"]
    assert books.everything() == before


def test_a_failed_condition_returns_the_item_where_asked(books: Books) -> None:
    books.put("p", "s", 5)
    condition = {
        "ConditionExpression": "attribute_not_exists(pk)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    with pytest.raises(books.client.exceptions.ConditionalCheckFailedException) as failed:
        books.put("p", "s", 6, **condition)
    assert failed.value.response["Item"] == item("p", "s", 5)
    with pytest.raises(books.client.exceptions.TransactionCanceledException) as cancelled:
        books.client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": books.name, "Item": item("p", "s", 6), **condition}}
            ]
        )
    (reason,) = cancelled.value.response["CancellationReasons"]
    assert (reason["Code"], reason["Item"]) == ("ConditionalCheckFailed", item("p", "s", 5))
    assert books.everything() == [item("p", "s", 5)]


def test_two_operations_on_one_item_are_refused_and_change_nothing(books: Books) -> None:
    with pytest.raises(ClientError, match="one item") as refused:
        books.client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": books.name, "Item": item("p", "s", n)}} for n in (1, 2)
            ]
        )
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert books.everything() == []


def test_a_query_pages_through_in_order_both_ways(books: Books) -> None:
    keys = [f"{n:03}" for n in range(25)]
    for sk in reversed(keys):
        books.put("p", sk)
    books.put("q", "other")
    for forward, expected in ((True, keys), (False, keys[::-1])):
        seen: list[str] = []
        more: dict[str, Any] = {}
        while True:
            page = books.query(Limit=10, ScanIndexForward=forward, **more)
            assert page["Count"] == len(page["Items"]) <= 10
            seen += sort_keys(page)
            if "LastEvaluatedKey" not in page:
                break
            more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        assert seen == expected


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        ("sk = :a", {":a": "b1"}, ["b1"]),
        ("sk < :a", {":a": "b1"}, ["a1", "a2"]),
        ("sk <= :a", {":a": "b1"}, ["a1", "a2", "b1"]),
        ("sk > :a", {":a": "b1"}, ["b2", "c1"]),
        ("sk >= :a", {":a": "b1"}, ["b1", "b2", "c1"]),
        ("sk BETWEEN :a AND :b", {":a": "a2", ":b": "b1"}, ["a2", "b1"]),
        ("begins_with(sk, :a)", {":a": "b"}, ["b1", "b2"]),
        ("begins_with(sk, :a)", {":a": "bb"}, []),
    ],
)
def test_a_query_finds_a_range_of_sort_keys(
    books: Books, condition: str, values: dict[str, str], expected: list[str]
) -> None:
    for sk in ("b2", "a1", "c1", "b1", "a2"):
        books.put("p", sk)
    typed = {name: {"S": value} for name, value in values.items()}
    for forward in (True, False):
        found = books.query(f"pk = :p AND {condition}", values=typed, ScanIndexForward=forward)
        assert sort_keys(found) == (expected if forward else expected[::-1])


def test_numeric_sort_keys_are_in_the_order_of_numbers(server: Server) -> None:
    client, name = server.client("dynamodb"), f"t-{uuid.uuid4().hex[:8]}"
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "at", "AttributeType": "N"},
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "at", "KeyType": "RANGE"},
        ],
    )
    for at in ("10", "9", "-1", "100"):
        client.put_item(TableName=name, Item={"pk": {"S": "p"}, "at": {"N": at}})
    found = client.query(
        TableName=name,
        KeyConditionExpression="pk = :p AND at > :a",
        ExpressionAttributeValues={":p": {"S": "p"}, ":a": {"N": "-1"}},
    )
    assert [x["at"]["N"] for x in found["Items"]] == ["9", "10", "100"]


def test_a_query_stops_at_a_megabyte_and_goes_on_from_there(books: Books) -> None:
    for n in range(4):
        books.client.put_item(
            TableName=books.name, Item={**item("p", str(n)), "x": {"S": "x" * 300_000}}
        )
    first = books.query()
    assert sort_keys(first) == ["0", "1", "2"]
    assert sort_keys(books.query(ExclusiveStartKey=first["LastEvaluatedKey"])) == ["3"]


def test_deleted_and_overwritten_items_are_found_as_they_are(books: Books) -> None:
    for sk in ("a", "b", "c"):
        books.put("p", sk, 1)
    books.put("p", "b", 2)
    books.client.delete_item(TableName=books.name, Key=key("p", "a"))
    assert books.query()["Items"] == [item("p", "b", 2), item("p", "c", 1)]
    read = books.client.batch_get_item(
        RequestItems={
            books.name: {
                "Keys": [key("p", sk) for sk in ("a", "b", "c")],
                "ConsistentRead": True,
            }
        }
    )
    found = read["Responses"][books.name]
    assert sorted(found, key=lambda x: x["sk"]["S"]) == [item("p", "b", 2), item("p", "c", 1)]


def test_a_filter_counts_what_it_leaves_out(books: Books) -> None:
    for n in range(6):
        books.put("p", str(n), n)
    page = books.query(values={":n": {"N": "3"}}, FilterExpression="n >= :n", Limit=4)
    assert (sort_keys(page), page["ScannedCount"]) == (["3"], 4)
    assert page["LastEvaluatedKey"] == key("p", "3")
