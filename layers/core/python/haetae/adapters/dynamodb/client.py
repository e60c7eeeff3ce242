"""A client of DynamoDB that answers or fails within a bounded time, and what its errors mean."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from haetae.base.errors import BooksUnavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TIMEOUT_S = 2.0
CALLS = 3  # one request is sent at most this often, with one idempotency token


def create_client(endpoint_url: str | None, region: str) -> "DynamoDBClient":
    """Return a client that answers or fails within a bounded time; None is AWS itself."""
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=TIMEOUT_S,
        read_timeout=TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": CALLS},
    )
    return boto3.client("dynamodb", endpoint_url=endpoint_url, region_name=region, config=config)


def create_table(client: "DynamoDBClient", name: str) -> None:
    """Create the on-demand table, for tests and a laptop; deployed ones come from the template."""
    with translate_errors("create_table"):
        client.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
        )
        waiter = client.get_waiter("table_exists")
        waiter.wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})


@contextmanager
def translate_errors(action: str) -> Iterator[None]:
    """Raise BooksUnavailable, naming the action, in the place of what boto3 raises."""
    try:
        yield
    except (BotoCoreError, ClientError) as exc:
        raise BooksUnavailable(f"{action}: {exc}") from exc


def error_code(error: ClientError) -> str:
    """Return the code of a refused request; empty when it has none."""
    return str(error.response.get("Error", {}).get("Code", ""))


def cancellation_codes(error: ClientError) -> frozenset[str]:
    """Return why a transaction was cancelled, one code an operation."""
    reasons: Any = error.response.get("CancellationReasons", [])
    return frozenset(reason.get("Code", "None") for reason in reasons)
