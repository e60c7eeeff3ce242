"""A desk that the doors are plugged into, and what they print."""

import io
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from haetae.research.replay.drive import Handler
from haetae.research.replay.drive import handler as load
from haetae.wiring import entry
from support.desk import Desk, plugged

CONTEXT = SimpleNamespace(aws_request_id="test", function_name="test")


class Doors:
    """The real handlers by name, and what they printed: log lines and metric lines."""

    def __init__(self, capsys: pytest.CaptureFixture[str], logs: io.StringIO) -> None:
        self._capsys = capsys
        self._logs = logs
        self._loaded: dict[str, Handler] = {}

    def knock(self, door: str, event: dict[str, Any]) -> Any:
        """Invoke a door with an event."""
        if door not in self._loaded:
            self._loaded[door] = load(door)
        return self._loaded[door](event, CONTEXT)

    def printed(self) -> str:
        """Return everything printed since the last time."""
        text = self._logs.getvalue() + self._capsys.readouterr().out
        self._logs.seek(0)
        self._logs.truncate()
        return text

    def metrics(self) -> dict[str, Any]:
        """Return the metrics printed since the last time, each EMF line checked as such."""
        found: dict[str, Any] = {}
        for line in filter(lambda text: '"_aws"' in text, self.printed().splitlines()):
            body = json.loads(line)
            (directive,) = body["_aws"]["CloudWatchMetrics"]
            assert directive["Namespace"] == "haetae"
            assert any("job" in names for names in directive["Dimensions"])
            found["job"] = body["job"]
            for metric in directive["Metrics"]:
                value = body[metric["Name"]]
                found[metric["Name"]] = value[0] if isinstance(value, list) else value
        return found


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A new account, plugged in."""
    with plugged() as made:
        yield made


@pytest.fixture
def doors(capsys: pytest.CaptureFixture[str]) -> Doors:
    """The handlers; their logger writes where the test can read."""
    logs = io.StringIO()
    for handler in entry.logger.handlers:
        handler.setStream(logs)  # type: ignore[attr-defined]
    return Doors(capsys, logs)
