"""The events that functions get: a schedule's, an example's, a file's."""

import json
import time
from pathlib import Path
from typing import Any

from haetae.base.time import MINUTE_S, iso_text
from haetae_local.errors import LocalError
from haetae_local.folders import ROOT


def schedule_event(t: int) -> dict[str, Any]:
    """Return a schedule's event at `t`."""
    at = iso_text(t)
    return {
        "version": "0",
        "source": "aws.events",
        "detail-type": "Scheduled Event",
        "time": at,
        "resources": [],
        "detail": {},
    }


def example(function: str) -> Any:
    """Return a function's example event."""
    event = read_event(ROOT / f"events/{function}.json")
    if event.get("detail-type") == "Scheduled Event":
        now = int(time.time())
        event["time"] = schedule_event(now - now % MINUTE_S)["time"]
    return event


def read_event(path: Path) -> Any:
    """Read an event.

    Raises:
        LocalError: there is none, or it is not JSON.
    """
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise LocalError(f"EVENT {path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise LocalError(f"EVENT {path} is not JSON: {error}") from error
