"""A table's items copied out and into another one, on moto."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from moto import mock_aws

from haetae.adapters.dynamodb.archive import BATCH, copy_in, copy_out
from haetae.adapters.dynamodb.client import create_client, create_table
from haetae.base.errors import BooksUnavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> "Iterator[DynamoDBClient]":
    """A client of an empty account with two tables."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        made = create_client(None, "ap-northeast-2")
        for name in ("old", "new"):
            create_table(made, name)
        yield made


def item(number: int) -> dict[str, Any]:
    return {"pk": {"S": "a"}, "sk": {"S": f"{number:04d}"}, "x": {"N": "0.1"}, "m": {"M": {}}}


def test_what_is_copied_in_is_what_was_copied_out(client: "DynamoDBClient") -> None:
    items = [item(n) for n in range(2 * BATCH + 3)]
    copy_in(client, "old", items)
    copy_in(client, "new", copy_out(client, "old"))
    assert copy_out(client, "new") == items


def test_a_table_that_is_not_there_is_unavailable(client: "DynamoDBClient") -> None:
    with pytest.raises(BooksUnavailable, match="copy_out"):
        copy_out(client, "gone")
    with pytest.raises(BooksUnavailable, match="copy_in"):
        copy_in(client, "gone", [item(1)])
