"""The paper account between runs: what the books and the exchange held, kept in one file.

LocalStack forgets everything when it stops. Both halves are written together and put back
together, so that the books and the exchange never speak of different moments.
"""

import json
from pathlib import Path
from typing import Any

from haetae.adapters.dynamodb.archive import copy_in, copy_out
from haetae.base.errors import BooksUnavailable
from haetae_local.deploy.aws import client
from haetae_local.errors import LocalError
from haetae_local.talk.http import call, exchange_at

FORM = 2  # of the file


def save(path: Path, *, endpoint: str, table: str, exchange: str) -> int:
    """Write the account to `path` in one step; return how many items the books have.

    Nothing may be trading meanwhile.

    Raises:
        LocalError: the file cannot be written, or the exchange does not answer.
    """
    try:
        items = copy_out(client("dynamodb", endpoint), table)
    except BooksUnavailable as error:
        raise LocalError(f"the books cannot be read: {error}") from error
    kept = {
        "form": FORM,
        "items": items,
        "exchange": call(exchange_at(exchange), "GET", "/sandbox/state"),
    }
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
    call(exchange_at(exchange), "PUT", "/sandbox/state", kept["exchange"])
    items = kept["items"]
    try:
        copy_in(client("dynamodb", endpoint), table, items)
    except BooksUnavailable as error:
        raise LocalError(
            f"the books could not be put back whole ({error}); run: make down, then make up"
        ) from error
    return len(items)
