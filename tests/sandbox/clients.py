"""What the tests of real clients meet: one exchange on a virtual clock, with easy prices.

Each minute has one price. KRW-BTC rises by a tick of 10 won a minute, KRW-XRP falls by one of 1
won, KRW-ETH stays, and misses five minutes. KRW-BTC has days before that, back to 2024.
"""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Any

from sandbox.servers import TIMEOUT_S, Server, running

DAYS_FROM_S = 1_704_067_200  # 2024-01-01 00:00 UTC
MINUTES_FROM_S = 1_756_598_400  # 2025-08-31 00:00 UTC
MINUTES = 2_160
NOW_MIN = 1_890
NOW_S = MINUTES_FROM_S + NOW_MIN * 60  # 2025-09-01 07:30 UTC, 16:30 in Korea
GAP = range(1_880, 1_885)  # the minutes in which nobody trades KRW-ETH
BTC_FIRST, BTC_TICK = 10_000, 10
XRP_FIRST, XRP_TICK = 3_000, 1
ETH = 5_000_000
XRP_A_MINUTE = 10
CASH = Decimal(10_000_000)
COINS = {"BTC": "2", "XRP": "1000"}
FEE = Decimal("0.0005")
NOBODY = "00000000-0000-4000-8000-000000000000"  # the uuid of no order


def btc(minute: int) -> int:
    """The price of KRW-BTC in a minute of the tape; BTC_LAST is the last one that has closed."""
    return BTC_FIRST + BTC_TICK * minute


def xrp(minute: int) -> int:
    """The price of KRW-XRP in a minute of the tape."""
    return XRP_FIRST - XRP_TICK * minute


BTC_LAST, XRP_LAST = btc(NOW_MIN - 1), xrp(NOW_MIN - 1)
BTC_ASK, BTC_BID = BTC_LAST + BTC_TICK, BTC_LAST - BTC_TICK  # what a taker meets
XRP_ASK, XRP_BID = XRP_LAST + XRP_TICK, XRP_LAST - XRP_TICK


@contextmanager
def opened(folder: Path, *options: str) -> Iterator[Server]:
    """Serve the exchange whose candles are written to this folder."""
    minutes = range(MINUTES)
    files = [
        _written(
            folder / "KRW-BTC_1d.csv",
            [(DAYS_FROM_S + day * 86_400, BTC_FIRST, 100) for day in range(608)],
        ),
        _written(folder / "KRW-BTC_1m.csv", [(_start(n), btc(n), 1) for n in minutes]),
        _written(folder / "KRW-XRP_1m.csv", [(_start(n), xrp(n), XRP_A_MINUTE) for n in minutes]),
        _written(folder / "KRW-ETH_1m.csv", [(_start(n), ETH, 1) for n in minutes if n not in GAP]),
    ]
    order: tuple[str | Path, ...] = (
        "--source",
        "replay",
        "--clock",
        "virtual",
        "--fills",
        "book",
        "--candles",
        *files,
    )
    with running(*order, *options) as server:
        yield server


def start_over(server: Server) -> None:
    """Begin a test: the same time, the same money, no orders, faults or announcements."""
    _said(server, "PUT", "/sandbox/markets", {})
    _said(server, "POST", "/sandbox/reset", {"cash": str(CASH), "coins": COINS, "now": NOW_S})


def advance(server: Server, seconds: float) -> None:
    """Let time pass."""
    _said(server, "PUT", "/sandbox/clock", {"advance_s": seconds})


def switch(server: Server, *faults: dict[str, Any]) -> None:
    """Switch these faults on, and no others."""
    _said(server, "PUT", "/sandbox/faults", list(faults))


def refusing(name: str, status: int, path: str = "*") -> dict[str, Any]:
    """A fault: one request is refused by this name."""
    return {"path": path, "kind": "refused", "status": status, "error": name}


def announce(server: Server, code: str, **listing: object) -> None:
    """Announce something of a market: warning, cautions, maintenance, delisted."""
    _said(server, "PUT", "/sandbox/markets", {code: listing})


def key_of(server: Server, **fields: object) -> tuple[str, str]:
    """Make a key of the main account; access key and secret."""
    key = _said(server, "POST", "/sandbox/keys", fields)
    return key["access_key"], key["secret_key"]


def orders(server: Server) -> list[dict[str, Any]]:
    """The main account's orders as the exchange has them, newest first."""
    return list(server.get("/sandbox/orders?count=1000")["orders"])


def held(server: Server) -> dict[str, tuple[Decimal, Decimal]]:
    """What the main account has, free and locked, to the last digit."""
    [main] = [row for row in server.get("/sandbox/accounts")["accounts"] if row["name"] == "main"]
    return {
        one["currency"]: (Decimal(one["balance"]), Decimal(one["locked"]))
        for one in main["balances"]
    }


def bought(total: Decimal | int, price: int) -> tuple[Decimal, Decimal]:
    """The coins and the KRW, fee included, of a market buy that meets one price."""
    volume = (Decimal(total) / price).quantize(Decimal("1e-8"), ROUND_DOWN)
    return volume, volume * price * (1 + FEE)


type Ask = Callable[[Callable[[Any], Any]], Any]


def blocking(client: object) -> Ask:
    """Call a client that blocks."""
    return lambda call: call(client)


def awaiting(client: object, runner: asyncio.Runner) -> Ask:
    """Call a client whose calls are awaited, or followed to the end where they are pages."""

    async def wait_for(call: Callable[[Any], Any]) -> Any:
        answer = call(client)
        if isinstance(answer, Awaitable):
            return await answer
        return [one async for one in answer] if isinstance(answer, AsyncIterator) else answer

    return lambda call: runner.run(wait_for(call))


def within_reason(call: Callable[[], Any]) -> Any:
    """Call what might wait for ever, in another thread; TimeoutError when it takes too long."""
    answer = Future[Any]()

    def run() -> None:
        try:
            answer.set_result(call())
        except BaseException as exc:  # noqa: BLE001 - the caller gets it
            answer.set_exception(exc)

    threading.Thread(target=run, daemon=True).start()
    return answer.result(TIMEOUT_S)


def _start(minute: int) -> int:
    return MINUTES_FROM_S + minute * 60


def _written(path: Path, rows: list[tuple[int, int, int]]) -> Path:
    lines = ["timestamp,open,high,low,close,volume"]
    lines += [f"{start},{price},{price},{price},{price},{volume}" for start, price, volume in rows]
    path.write_text("\n".join(lines), "utf-8")
    return path


def _said(server: Server, method: str, path: str, body: object) -> Any:
    answer = server.call(method, path, body)
    assert answer.ok, f"{method} {path} {json.dumps(body)}: {answer.status_code} {answer.text}"
    return answer.json()
