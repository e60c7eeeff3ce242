"""The kill switch over HTTP, with a position and an open order, on deployed functions."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from haetae.config.build import setup_of
from haetae.kernel.codes import MINUTE_S
from haetae.research.data.tapes import aggregate, span
from haetae.research.engine.backtest import backtest
from haetae.research.engine.result import TradeRow
from haetae_local.deploy.aws import client
from haetae_local.deploy.stack import Deployed
from haetae_local.replay.drive import drive
from haetae_local.replay.replay import deployment, ports_on
from haetae_local.talk.http import api_of, call
from parity.runs import CASH, DAY_S, SEPTEMBER, Run, recorded_history
from support.patience import patience

MARKETS = ("KRW-BTC", "KRW-ETH")
INTERVAL_S = 5 * MINUTE_S
SETTINGS = {
    "schedule.decision_interval_minutes": "5",
    "risk.min_trade_interval_hours": "0",
    "risk.max_trades_per_day": "100",
}
LONGEST_S = 90 * MINUTE_S
WORD = "RESUME main"


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A run that, at the minute `t`, holds one market and has just ordered another."""

    run: Run
    t: int
    held: str
    ordered: str


def moment() -> Moment:
    """Find such a moment: whether it is one, the backtest tells."""
    setup = setup_of(profile="balanced", markets=MARKETS, overrides=SETTINGS)
    found = {}
    for name in MARKETS:
        minutes = recorded_history(name).minutes
        assert minutes is not None
        found[name] = replace(
            recorded_history(name), bars=aggregate(minutes, INTERVAL_S), minutes=minutes
        )
    for from_t in range(SEPTEMBER + 4 * DAY_S, SEPTEMBER + 20 * DAY_S, LONGEST_S):
        chosen = span(found, INTERVAL_S, from_t=from_t, to_t=from_t + LONGEST_S)
        trades = backtest(setup, found, chosen, cash=CASH, compiled=False).trades
        pair = second_entry(trades)
        if pair is not None:
            run = Run(setup=setup, found=found, span=chosen)
            return Moment(run=run, t=pair[1].t, held=pair[0].market, ordered=pair[1].market)
    raise AssertionError("no such moment on this tape")


def second_entry(trades: tuple[TradeRow, ...]) -> tuple[TradeRow, TradeRow] | None:
    """Return the run's first two fills if they are entries some minutes apart."""
    if len(trades) < 2 or {trades[0].side, trades[1].side} != {"bid"}:
        return None
    first, second = trades[:2]
    return (first, second) if second.t - first.t >= INTERVAL_S else None


@dataclass(kw_only=True)
class Desk:
    """A deployed account that stands at the moment, and how to talk to it."""

    where: Deployed
    exchange: str
    moment: Moment
    queue: str

    def drive(self, from_t: int, to_t: int) -> None:
        """Let the schedules' events of these minutes come."""
        drive(self.where, self.exchange, from_t=from_t, to_t=to_t, interval_s=INTERVAL_S)

    def ask(self, path: str) -> Any:
        """GET with the key."""
        return call(api_of(self.where), "GET", path)

    def send(
        self, path: str, body: bytes | None, *, key: str | None = None, method: str = "POST"
    ) -> tuple[int, Any]:
        """Send raw bytes; return the status and the JSON."""
        headers = {"Content-Type": "application/json"}
        if key is not None:
            headers["x-api-key"] = key
        request = urllib.request.Request(self.where.api_url + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=patience(40)) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def control(self, **body: str) -> tuple[int, Any]:
        """POST /bot/control with the key."""
        return self.send("/bot/control", json.dumps(body).encode(), key=self.where.api_key)

    def messages(self, kind: str, within_s: float = 30.0) -> list[str]:
        """Wait for messages of a kind; return the words of all of them that have come."""
        sqs, until = client("sqs", self.where.endpoint), time.monotonic() + patience(within_s)
        found: list[str] = []
        while time.monotonic() < until and not found:
            got = sqs.receive_message(
                QueueUrl=self.queue, MaxNumberOfMessages=10, WaitTimeSeconds=1
            ).get("Messages", [])
            for message in got:
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
                body = json.loads(message["Body"])
                if body["MessageAttributes"]["kind"]["Value"] == kind:
                    found.append(body["Message"])
        return found


@pytest.fixture(scope="module")
def bot() -> Iterator[Desk]:
    found = moment()
    with deployment(
        found.run.setup, found.run.found, found.run.span, cash=CASH, settings=SETTINGS
    ) as (where, exchange):
        desk_ = Desk(where=where, exchange=exchange, moment=found, queue=listener(where))
        desk_.drive(found.run.span.from_t, found.t)
        yield desk_


def listener(where: Deployed) -> str:
    """Return a queue that is subscribed to the bot's messages."""
    sqs, sns = client("sqs", where.endpoint), client("sns", where.endpoint)
    outputs = client("cloudformation", where.endpoint).describe_stacks(StackName=where.name)
    topic = next(
        o["OutputValue"]
        for o in outputs["Stacks"][0]["Outputs"]
        if o["OutputKey"] == "MessagesTopicArn"
    )
    url: str = sqs.create_queue(QueueName="listener")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])
    return url


def test_health_is_anybodys_and_metrics_are_not(bot: Desk) -> None:
    for path in ("/healthz", "/health"):
        status, answer = bot.send(path, None, method="GET")
        assert (status, answer["ok"]) == (200, True)
    for path in ("/metrics", "/status", "/trades"):
        assert bot.send(path, None, method="GET")[0] == 403
    headers = {"x-api-key": bot.where.api_key}
    request = urllib.request.Request(bot.where.api_url + "/metrics", headers=headers)
    with urllib.request.urlopen(request, timeout=patience(40)) as answer_:
        assert answer_.headers["Content-Type"].startswith("text/plain")
        text = answer_.read().decode()
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert lines["bot_equity"] == lines["portfolio_value_krw"]


@pytest.mark.parametrize("key", [None, "", "wrong"])
@pytest.mark.parametrize("path", ["/killswitch", "/bot/control"])
def test_a_wrong_key_or_none_is_refused(bot: Desk, path: str, key: str | None) -> None:
    before = bot.ask("/status")
    status, _ = bot.send(path, b'{"action": "kill", "reason": "not mine"}', key=key)
    assert status == 403
    assert bot.ask("/status") == before


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/bot/control", b"{", "body"),
        ("/bot/control", b"[]", "body"),
        ("/bot/control", b'{"reason": "x"}', "action"),
        ("/bot/control", b'{"action": "sell", "reason": "x"}', "action"),
        ("/bot/control", b'{"action": "stop"}', "reason"),
        ("/bot/control", b'{"action": "halt", "reason": " "}', "reason"),
    ],
)
def test_a_bad_order_is_refused_by_field_and_changes_nothing(
    bot: Desk, path: str, body: bytes, field: str
) -> None:
    before = bot.ask("/status")
    status, answer = bot.send(path, body, key=bot.where.api_key)
    assert status == 400
    assert field in answer["error"]
    assert bot.ask("/status") == before


def test_kill_fences_sells_everything_says_so_and_stays_until_resumed(bot: Desk) -> None:
    at = bot.moment
    before = bot.ask("/status")
    assert [p["market"] for p in before["account"]["positions"]] == [at.held]
    assert [o["market"] for o in before["orders"]] == [at.ordered], "an entry is on its way"

    answer = call(api_of(bot.where), "POST", "/killswitch", {"reason": "enough"})

    assert answer["acknowledged"] is True
    assert answer["epoch"] == before["epoch"] + 1
    assert bot.messages("kill"), "the kill is said on the message topic"

    bot.drive(at.t, at.t + 12 * MINUTE_S)

    after = bot.ask("/status")
    assert after["mode"] == "kill"
    assert (after["account"]["positions"], after["orders"]) == ([], [])
    held = ports_on(bot.where, bot.exchange, at.run.setup).exchange.balances()
    assert {b.currency for b in held if b.free + b.locked} == {"KRW"}
    page = bot.ask("/trades?limit=500")["trades"]
    sold = [t for t in page if t["reason"] == "kill"]
    assert [t["market"] for t in sold] == [at.held]
    assert at.ordered not in {t["market"] for t in page}, "the entry on its way was cancelled"
    last_buy = max(t["at"] for t in page if t["side"] == "bid")
    bot.drive(at.t + 13 * MINUTE_S, at.t + 40 * MINUTE_S)
    page = bot.ask("/trades?limit=500")["trades"]
    assert max(t["at"] for t in page if t["side"] == "bid") == last_buy, "nothing bought since"

    status, answer = bot.control(action="start", reason="calm again")
    assert status == 409
    assert any(WORD in reason for reason in answer["reasons"])
    assert bot.ask("/status")["mode"] == "kill"
    status, answer = bot.control(action="start", reason="calm again", confirm=WORD)
    assert (status, answer["mode"]) == (200, "run")
