"""The paper account between runs: what the books and the exchange held, kept in one file.

LocalStack forgets everything when it stops. Both halves are written together and put back
together, so that the books and the exchange never speak of different moments.
"""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from haetae_local.aws import client
from haetae_local.errors import LocalError

FORM = 2  # of the file
BATCH = 25  # items in one BatchWriteItem, DynamoDB's limit


def save(path: Path, *, endpoint: str, table: str, exchange: str) -> int:
    """Write the account to `path` in one step; return how many items the books have.

    Nothing may be trading meanwhile.

    Raises:
        LocalError: the file cannot be written, or the exchange does not answer.
    """
    items: list[Any] = []
    for page in client("dynamodb", endpoint).get_paginator("scan").paginate(TableName=table):
        items += page["Items"]
    kept = {"form": FORM, "items": items, "exchange": call(exchange, "GET", "/sandbox/state")}
    part = path.with_suffix(".part")
    try:
        part.write_text(json.dumps(kept), "utf-8")
        part.replace(path)
    except OSError as error:
        raise LocalError(f"the account cannot be kept in {path}: {error.strerror}") from error
    return len(items)


def read(path: Path) -> dict[str, Any] | None:
    """Return the kept account; None where there is none yet.

    Raises:
        LocalError: the file is there and cannot be read.
    """
    if not path.exists():
        return None
    try:
        kept = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise LocalError(f"{path} cannot be read ({error}); move it away to start anew") from error
    if not isinstance(kept, dict) or kept.get("form") != FORM:
        raise LocalError(f"{path} is not an account of this version; move it away to start anew")
    return kept


def restore(kept: dict[str, Any], *, endpoint: str, table: str, exchange: str) -> int:
    """Put a kept account back; return how many items the books have."""
    call(exchange, "PUT", "/sandbox/state", kept["exchange"])
    dynamodb = client("dynamodb", endpoint)
    items = kept["items"]
    for first in range(0, len(items), BATCH):
        puts = [{"PutRequest": {"Item": item}} for item in items[first : first + BATCH]]
        left = dynamodb.batch_write_item(RequestItems={table: puts})["UnprocessedItems"]
        if left:
            raise LocalError("the books could not be put back whole; run: make down, then make up")
    return len(items)


def call(exchange: str, method: str, path: str, body: Any = None) -> Any:
    """Use one of the sandbox's controls.

    Raises:
        LocalError: it refused, or did not answer.
    """
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(exchange + path, data, headers, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - http, ours
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        said = error.read(400).decode("utf-8", "replace")
        raise LocalError(f"the exchange refused {method} {path}: {said}") from error
    except (urllib.error.URLError, OSError) as error:
        raise LocalError(f"the exchange does not answer {method} {path}: {error}") from error
