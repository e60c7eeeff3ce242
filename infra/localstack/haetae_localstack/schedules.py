"""EventBridge rules that fire at their minute: what PROVIDER_OVERRIDE_EVENTS=punctual does.

LocalStack looks every 59.9 s for what is due within a minute, stamps the moment of firing, keeps
a job for every PutTargets and none of a rule's later changes. Here a rule in the store is all
there is: at its minute, not before, an event with that minute as `time` goes to its targets. A
minute that the machine was too busy for is fired late, once.
"""

import json
import threading
import uuid
from datetime import UTC, datetime
from typing import Any

from localstack.aws.api.events import Target
from localstack.services.events.models import Rule
from localstack.services.events.provider import EventsProvider
from localstack.services.events.rule import RuleService
from localstack.services.plugins import Service, aws_provider
from localstack.utils.xray.trace_header import TraceHeader

from haetae_localstack.cron import Schedule

MINUTE_S = 60
LONGEST_WAIT_S = 1.0  # the wall clock may be set, or stand still while the machine sleeps


@aws_provider(api="events", name="punctual")
def events_punctual() -> Service:
    """Return the service."""
    return Service.for_provider(PunctualEventsProvider())


class PunctualEventsProvider(EventsProvider):
    """LocalStack's provider with a clock of its own."""

    service = "events"

    def __init__(self) -> None:
        """Make a provider without rules."""
        super().__init__()
        self._schedules: dict[str, tuple[str, Schedule]] = {}  # by the rule's ARN
        self._stopping = threading.Event()

    def on_before_start(self) -> None:
        """Start the clock."""
        threading.Thread(target=self._run, name="events-clock", daemon=True).start()

    def on_before_stop(self) -> None:
        """Stop the clock."""
        self._stopping.set()

    def create_rule_service(self, *args: Any, **kwargs: Any) -> RuleService:
        """Make or replace a rule; a schedule that stays the same goes on."""
        service = super().create_rule_service(*args, **kwargs)
        arn, expression = service.rule.arn, service.rule.schedule_expression
        if expression is None:
            self._schedules.pop(arn, None)
        elif arn not in self._schedules or self._schedules[arn][0] != expression:
            self._schedules[arn] = expression, Schedule(expression, datetime.now(UTC))
        return service

    def _run(self) -> None:
        while not self._stopping.wait(_until_next_minute(datetime.now(UTC))):
            now = datetime.now(UTC)
            for arn, (_, schedule) in list(self._schedules.items()):
                due, service = schedule.due(now), self._rule_services_store.get(arn)
                if service is None:
                    self._schedules.pop(arn, None)
                elif due is not None and service.rule.state != "DISABLED":
                    for target in list(service.rule.targets.values()):
                        threading.Thread(
                            target=self._fire, args=(service.rule, target, due), daemon=True
                        ).start()

    def _fire(self, rule: Rule, target: Target, due: datetime) -> None:
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": rule.account_id,
            "time": due.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": rule.region,
            "resources": [rule.arn],
            "detail": {},
        }
        own = target.get("Input")
        self._target_sender_store[f"{rule.arn}-{target['Id']}"].process_event(
            json.loads(own) if own else event, trace_header=TraceHeader().ensure_root_exists()
        )


def _until_next_minute(now: datetime) -> float:
    return min(MINUTE_S - now.second - now.microsecond / 1e6, LONGEST_WAIT_S)
