"""A transport that plays answers, and what Upbit's answers look like."""

import json
from decimal import Decimal
from typing import Any

from haetae.adapters.upbit.client import UpbitClient
from haetae.adapters.upbit.transport import (
    Answer,
    Request,
    WireFailure,
)
from haetae.app.ports import OrderReport
from haetae.ledger.intent import Execution, Intent, Side

T0 = 1_756_684_800  # 2025-09-01 00:00 UTC
SECRET = "the-secret-key-that-must-never-be-seen"
ACCESS = "the-access-key-that-must-never-be-seen"
HTML = b"<html><title>502 Bad Gateway</title></html>"
BUY = Intent(
    identifier="acc-KRW-BTC-1-e-0-0",
    market="KRW-BTC",
    side=Side.BID,
    t=T0,
    kind=1,
    reason=1,
    krw=100_000,
    units=0,
)
ORDER: dict[str, Any] = {
    "uuid": "u-1",
    "market": "KRW-BTC",
    "side": "bid",
    "state": "cancel",
    "identifier": BUY.identifier,
    "executed_volume": "15.87301587",
    "paid_fee": "2.499999999525",
    "trades_count": 1,
    "trades": [
        {
            "price": "315",
            "volume": "15.87301587",
            "funds": "4999.99999905",
            "created_at": "2025-09-01T09:00:01+09:00",
            "side": "bid",
        }
    ],
}
REPORT = OrderReport(
    uuid="u-1",
    ended=True,
    executions=(
        Execution(
            t=T0 + 1,
            price=Decimal(315),
            units=1_587_301_587,
            funds=Decimal("4999.99999905"),
        ),
    ),
    fee=Decimal("2.499999999525"),
)
PLACED = OrderReport(uuid="u-1", ended=False, executions=(), fee=Decimal(0))

type Scripted = Answer | WireFailure


def raw(status: int, body: bytes, **headers: str) -> Answer:
    """Answer with these bytes."""
    return Answer(status=status, headers=headers, body=body)


def said(status: int, value: object) -> Answer:
    """Answer with this value as JSON."""
    return raw(status, json.dumps(value).encode())


def refused(status: int, name: str | int) -> Answer:
    """Answer with an error of this name."""
    return said(status, {"error": {"name": name, "message": "words"}})


class Script:
    """A transport that plays answers in order and keeps what it was asked."""

    def __init__(self, *answers: Scripted) -> None:
        """Take the answers, the first one first."""
        self.answers = list(answers)
        self.sent: list[Request] = []

    def send(self, request: Request) -> Answer:
        """Keep the request and play the next answer."""
        self.sent.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, WireFailure):
            raise answer
        return answer


def client_of(script: Script, waits: list[float] | None = None, **more: Any) -> UpbitClient:
    """Build a client that speaks to the script and never waits."""
    return UpbitClient(
        base_url="https://api.upbit.com",
        access_key=ACCESS,
        secret_key=SECRET,
        transport=script,
        wait=([] if waits is None else waits).append,
        **more,
    )
