"""Rules fire at their minute: not early, not twice, with that minute as the event's time."""

import json
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.plugin.server import Server, until
from support.patience import patience

SOURCE = """
import json, time
def handler(event, context):
    with open(event.get("to", "FILE"), "a") as file:
        file.write(json.dumps({"at": time.time(), **event}) + "\\n")
"""


class Target:
    """A function that writes down what it is sent."""

    def __init__(self, server: Server) -> None:
        """Create it."""
        self.events, self.functions = server.client("events"), server.client("lambda")
        self.name = f"r-{uuid.uuid4().hex[:8]}"
        self.file = server.root / f"{self.name}.jsonl"
        server.function(self.name, {"handler.py": SOURCE.replace("FILE", str(self.file))})
        self.arn = self.functions.get_function(FunctionName=self.name)["Configuration"][
            "FunctionArn"
        ]

    def rule(self, schedule: str, state: str = "ENABLED", *, rule: str = "", **target: Any) -> str:
        """Put a rule and its target; return the rule's name."""
        rule = rule or f"{self.name}-rule"
        self.events.put_rule(Name=rule, ScheduleExpression=schedule, State=state)
        self.events.put_targets(Rule=rule, Targets=[{"Id": "t", "Arn": self.arn, **target}])
        return rule

    def seen(self, file: Path | None = None) -> list[dict[str, Any]]:
        """Return what has come."""
        file = file or self.file
        return [json.loads(x) for x in file.read_text().splitlines()] if file.exists() else []

    def remove(self) -> None:
        """Delete the rules."""
        for rule in self.events.list_rules(NamePrefix=self.name)["Rules"]:
            self.events.remove_targets(Rule=rule["Name"], Ids=["t"])
            self.events.delete_rule(Name=rule["Name"])


@pytest.fixture
def target(server: Server) -> Iterator[Target]:
    """A function to send to."""
    made = Target(server)
    yield made
    made.remove()


def exactly(seen: list[dict[str, Any]]) -> list[datetime]:
    """Return the scheduled times, after each was found neither early nor twice."""
    times = [datetime.strptime(x["time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) for x in seen]
    assert all(x["at"] >= at.timestamp() for x, at in zip(seen, times, strict=True)), seen
    assert all(at.second == 0 for at in times)
    assert set(Counter(times).values()) <= {1}, seen
    return sorted(times)


def observe(target: Target, minutes: int) -> list[datetime]:
    """Watch one minutely rule from its making until some minutes have fired, and a bit longer."""
    made = datetime.now(UTC)
    rule = target.rule("cron(* * * * ? *)")
    target.rule("cron(* * * * ? *)")  # again: a second PutTargets is not a second schedule
    until(lambda: len(target.seen()) >= minutes, seconds=60 * minutes + patience(60))
    time.sleep(5)  # whatever would come twice
    found = exactly(target.seen())
    first = made.replace(second=0, microsecond=0) + timedelta(minutes=1)
    assert found == [first + timedelta(minutes=n) for n in range(len(found))]
    (event,) = {json.dumps(x["resources"] + [x["source"], x["detail-type"]]) for x in target.seen()}
    arn = target.events.describe_rule(Name=rule)["Arn"]
    assert json.loads(event) == [arn, "aws.events", "Scheduled Event"]
    return found


def test_a_minutely_rule_and_what_changes_of_it(target: Target) -> None:
    """One observation of two minutes for all: every minute counts here."""
    others = {
        state: target.file.with_suffix(f".{state}") for state in ("off", "changed", "removed")
    }
    inputs = {state: json.dumps({"to": str(file)}) for state, file in others.items()}
    target.rule("rate(1 minute)", "DISABLED", rule=f"{target.name}-off", Input=inputs["off"])
    changed = target.rule(
        "cron(* * * * ? *)", rule=f"{target.name}-changed", Input=inputs["changed"]
    )
    target.events.put_rule(Name=changed, ScheduleExpression="cron(0 0 1 1 ? 2199)")
    removed = target.rule("rate(1 minute)", rule=f"{target.name}-gone", Input=inputs["removed"])
    target.events.remove_targets(Rule=removed, Ids=["t"])
    target.events.delete_rule(Name=removed)
    observe(target, 2)
    assert [target.seen(file) for file in others.values()] == [[], [], []]
    target.events.enable_rule(Name=f"{target.name}-off")
    target.events.disable_rule(Name=f"{target.name}-rule")
    before = len(target.seen())
    until(lambda: target.seen(others["off"]), seconds=60 + patience(60))
    assert len(target.seen()) == before


@pytest.mark.long
def test_over_ten_minutes_no_minute_is_early_missed_or_twice(target: Target) -> None:
    assert len(observe(target, 10)) == 10
