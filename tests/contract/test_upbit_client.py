"""The Upbit client against the sandbox exchange, in this process and over real HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from haetae.adapters.asgi_transport import AsgiApp, AsgiTransport
from haetae.adapters.upbit.client import UpbitClient
from haetae.adapters.upbit.http import HttpTransport
from haetae.adapters.upbit.transport import Transport
from haetae.app.ports import Exchange, Missing, OrderReport, Rejected, Unknown, Unreachable
from haetae.base.errors import ExchangeRefused, ExchangeUnavailable
from haetae.kernel.records import Candle
from haetae.ledger.intent import Intent, Side
from haetae.market.candles import UNITS_MIN
from support.patience import patience
from support.served import served
from upbit_sandbox import ACCESS_KEY, SECRET_KEY, Options, Sandbox, Tape
from upbit_sandbox.access.faults import Fault, Faults, Kind
from upbit_sandbox.asgi import create_app
from upbit_sandbox.base.clock import VirtualClock

T0 = 1_756_684_800  # 2025-09-01 00:00 UTC
LENGTH = 700  # minutes of tape
HOLE = range(300, 520)  # minutes without a trade
NOW = T0 + 600 * 60


def price_at(minute: int) -> float:
    return 150_000_000.0 + 1_000.0 * minute


TAPE = [
    Candle(T0 + m * 60, price_at(m), price_at(m) + 3000.0, price_at(m) - 1000.0, price_at(m), 1.5)
    for m in range(LENGTH)
    if m not in HOLE
]


@dataclass
class Bench:
    """A client, the exchange it talks to, and how long it would have waited."""

    client: UpbitClient
    sandbox: Sandbox
    waits: list[float] = field(default_factory=list)

    @property
    def exchange(self) -> Exchange:
        return self.client  # the port is implemented: types agree

    def at(self, now_s: float) -> None:
        clock = self.sandbox.venue.clock
        assert isinstance(clock, VirtualClock)
        assert clock.advance_to(now_s)

    def break_next(self, method: str, path: str, kind: Kind, **more: Any) -> None:
        self.sandbox.venue.faults = Faults((Fault(method=method, path=path, kind=kind, **more),))


def sandbox_of(**options: Any) -> Sandbox:
    settings: dict[str, Any] = {"slippage_bps": 0, "coins": {"BTC": Decimal("0.5")}} | options
    return Sandbox.of_tapes([Tape.of_rows("KRW-BTC", 1, TAPE)], NOW, Options(**settings))


def bench_of(sandbox: Sandbox, transport: Transport, **more: Any) -> Bench:
    waits: list[float] = []
    keys: dict[str, Any] = {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY}
    keys |= {"timeout_s": patience(2.0), "transport": transport, "wait": waits.append}
    client = UpbitClient(base_url="http://unused", **(keys | more))
    return Bench(client, sandbox, waits)


class Stage:
    """One served address behind which every test puts a fresh exchange."""

    def __init__(self) -> None:
        self.app: AsgiApp = create_app(sandbox_of())

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[Stage, Transport]]:
    stage = Stage()
    with served(stage) as address:
        transport = HttpTransport(address)
        yield stage, transport
        transport.close()


@pytest.fixture(params=["in process", "over HTTP"])
def bench(request: pytest.FixtureRequest, stage: tuple[Stage, Transport]) -> Bench:
    sandbox = sandbox_of()
    app = create_app(sandbox)
    if request.param == "in process":
        return bench_of(sandbox, AsgiTransport(app))
    stage[0].app = app
    return bench_of(sandbox, stage[1])


def buy(krw: int = 1_000_000, identifier: str = "acc-KRW-BTC-1-e-0-0", **more: Any) -> Intent:
    settings: dict[str, Any] = {"side": Side.BID, "units": 0, "market": "KRW-BTC"} | more
    return Intent(identifier=identifier, t=NOW, kind=1, reason=1, krw=krw, **settings)


def sell(units: int, identifier: str = "acc-KRW-BTC-2-x-0-0") -> Intent:
    return buy(0, identifier, side=Side.ASK, units=units)


def found(bench: Bench, identifier: str) -> OrderReport:
    report = bench.exchange.order(identifier)
    assert isinstance(report, OrderReport)
    return report


# ---- quotes


@pytest.mark.parametrize(
    ("first", "last"),
    [(0, 30), (0, 200), (0, 201), (0, 600), (250, 560), (299, 521), (300, 520), (599, 600), (5, 5)],
)
def test_candles_are_those_of_the_tape(bench: Bench, first: int, last: int) -> None:
    asked = bench.exchange.candles("KRW-BTC", from_t=T0 + first * 60, to_t=T0 + last * 60)
    assert asked == tuple(c for c in TAPE if T0 + first * 60 <= c.t < T0 + last * 60)


def test_candles_before_the_first_trade_are_none(bench: Bench) -> None:
    assert bench.exchange.candles("KRW-BTC", from_t=T0 - 86_400, to_t=T0) == ()
    early = bench.exchange.candles("KRW-BTC", from_t=T0 - 86_400, to_t=T0 + 60)
    assert early == (TAPE[0],)


def test_forming_candle_never_comes_along(bench: Bench) -> None:
    bench.at(NOW + 30)
    candles = bench.exchange.candles("KRW-BTC", from_t=NOW - 120, to_t=NOW + 30)
    assert [candle.t for candle in candles] == [NOW - 120, NOW - 60]
    hour = bench.exchange.candles("KRW-BTC", from_t=T0, to_t=NOW + 30, unit_min=240)
    assert [candle.t for candle in hour] == [T0, T0 + 4 * 3600]


@pytest.mark.parametrize("unit_min", UNITS_MIN)
def test_every_unit_adds_up_to_its_minutes(bench: Bench, unit_min: int) -> None:
    candles = bench.exchange.candles("KRW-BTC", from_t=T0, to_t=NOW, unit_min=unit_min)
    assert candles
    for candle in candles:
        inside = [c for c in TAPE if candle.t <= c.t < candle.t + unit_min * 60]
        assert candle == Candle(
            candle.t,
            inside[0].open,
            max(c.high for c in inside),
            min(c.low for c in inside),
            inside[-1].close,
            sum(c.volume for c in inside),
        )


def test_unknown_market_is_refused(bench: Bench) -> None:
    with pytest.raises(ExchangeRefused) as caught:
        bench.exchange.candles("KRW-NONE", from_t=T0, to_t=NOW)
    assert (caught.value.status, caught.value.name) == (404, "404")


def test_order_book_lies_around_the_last_price(bench: Bench) -> None:
    book = bench.exchange.order_book("KRW-BTC")
    assert (len(book.bids), len(book.asks)) == (30, 30)
    assert book.bids[0].price == Decimal(int(price_at(599)) - 1000)
    assert book.bids[0].price < book.asks[0].price


def test_fee_is_five_basis_points(bench: Bench) -> None:
    assert bench.client.fee_bps("KRW-BTC") == 5


# ---- orders


def test_buy_and_sell_everything_to_the_last_unit(bench: Bench) -> None:
    placed = bench.exchange.place(buy(1_000_000))
    assert isinstance(placed, OrderReport)
    assert (placed.ended, placed.executions) == (False, ())
    assert found(bench, buy().identifier).ended is False

    bench.at(NOW + 60)
    bought = found(bench, buy().identifier)
    price = Decimal(int(price_at(600)))
    units = 1_000_000 * 10**8 // int(price)
    (fill,) = bought.executions
    assert bought.ended
    assert bought.uuid == placed.uuid
    assert (fill.t, fill.price, fill.units) == (NOW, price, units)
    assert fill.funds == price * units / 10**8
    assert bought.fee == fill.funds * Decimal("0.0005")

    free = {balance.currency: balance.free for balance in bench.exchange.balances()}
    assert free["BTC"] == Decimal("0.5") + Decimal(units).scaleb(-8)
    assert free["KRW"] == Decimal(10_000_000) - fill.funds - bought.fee

    everything = int(free["BTC"] * 10**8)
    assert isinstance(bench.exchange.place(sell(everything)), OrderReport)
    bench.at(NOW + 120)
    sold = found(bench, sell(1).identifier)
    assert sold.ended
    assert sum(each.units for each in sold.executions) == everything
    left = [b.free + b.locked for b in bench.exchange.balances() if b.currency == "BTC"]
    assert sum(left) == 0


def test_balances_tell_free_from_locked(bench: Bench) -> None:
    bench.exchange.place(buy(1_000_000))
    krw = next(b for b in bench.exchange.balances() if b.currency == "KRW")
    assert (krw.free, krw.locked) == (Decimal(8_999_500), Decimal(1_000_500))


def test_unknown_order_is_missing(bench: Bench) -> None:
    assert bench.exchange.order("never-sent & strange/äé?") == Missing()


@pytest.mark.parametrize(
    ("intent", "name"),
    [
        (buy(4_999), "under_min_total_bid"),
        (buy(9_999_999), "insufficient_funds_bid"),
        (sell(10**8), "insufficient_funds_ask"),
        (buy(10_000, market="KRW-NONE"), "notfoundmarket"),
    ],
)
def test_refused_order_is_rejected_by_name(bench: Bench, intent: Intent, name: str) -> None:
    outcome = bench.exchange.place(intent)
    assert isinstance(outcome, Rejected)
    assert outcome.name == name
    assert bench.exchange.order(intent.identifier) == Missing()


def test_same_identifier_is_one_order(bench: Bench) -> None:
    first = bench.exchange.place(buy())
    again = bench.exchange.place(buy())
    assert isinstance(first, OrderReport)
    assert isinstance(again, OrderReport)
    assert again.uuid == first.uuid
    assert len(bench.sandbox.venue.account.orders) == 1


def test_identifier_burnt_by_a_refusal_is_unknown_not_guessed(bench: Bench) -> None:
    assert isinstance(bench.exchange.place(buy(4_999)), Rejected)
    assert isinstance(bench.exchange.place(buy(6_000)), Unknown)


def test_cancelling(bench: Bench) -> None:
    bench.exchange.cancel("never-sent")
    bench.exchange.place(buy())
    bench.exchange.cancel(buy().identifier)
    assert found(bench, buy().identifier).ended
    bench.exchange.cancel(buy().identifier)


def test_wrong_secret_is_refused_and_stays_secret() -> None:
    sandbox = sandbox_of()
    wrong = bench_of(sandbox, AsgiTransport(create_app(sandbox)), secret_key="wrong-secret-key")
    with pytest.raises(ExchangeRefused) as caught:
        wrong.exchange.balances()
    assert caught.value.name == "jwt_verification"
    assert "wrong-secret-key" not in str(caught.value)
    outcome = wrong.exchange.place(buy())
    assert isinstance(outcome, Rejected)
    assert outcome.name == "jwt_verification"


# ---- faults


@pytest.mark.parametrize("kind", [Kind.LOST_REPLY, Kind.EMPTY])
def test_lost_reply_is_unknown_and_the_order_is_found(bench: Bench, kind: Kind) -> None:
    bench.break_next("POST", "/v1/orders", kind)
    assert isinstance(bench.exchange.place(buy()), Unknown)
    assert isinstance(bench.exchange.order(buy().identifier), OrderReport)


@pytest.mark.parametrize("kind", [Kind.LOST_REQUEST, Kind.HTML_502])
def test_lost_request_is_unknown_and_the_order_is_missing(bench: Bench, kind: Kind) -> None:
    bench.break_next("POST", "/v1/orders", kind)
    assert isinstance(bench.exchange.place(buy()), Unknown)
    assert bench.exchange.order(buy().identifier) == Missing()


def test_read_survives_two_bad_gateways_and_not_three(bench: Bench) -> None:
    bench.break_next("GET", "/v1/accounts", Kind.HTML_502, count=2)
    assert bench.exchange.balances()
    assert len(bench.waits) == 2
    bench.break_next("GET", "/v1/accounts", Kind.HTML_502, count=3)
    with pytest.raises(ExchangeUnavailable, match="GET /v1/accounts: status 502"):
        bench.exchange.balances()


def test_slow_order_is_unknown_and_found_later() -> None:
    sandbox = sandbox_of()
    hasty_s = patience(0.3)
    with served(create_app(sandbox)) as address:
        slow = bench_of(sandbox, HttpTransport(address), timeout_s=hasty_s)
        slow.break_next("POST", "/v1/orders", Kind.SLOW, delay_s=2 * hasty_s)
        assert isinstance(slow.exchange.place(buy()), Unknown)
        assert isinstance(slow.exchange.order(buy().identifier), OrderReport)


def test_order_to_a_closed_exchange_surely_left_nothing() -> None:
    sandbox = sandbox_of()
    with served(create_app(sandbox)) as address:
        bench = bench_of(sandbox, HttpTransport(address))
        assert bench.exchange.balances()
    assert isinstance(bench.exchange.place(buy()), Unreachable | Unknown)
    assert isinstance(bench.exchange.place(buy()), Unreachable)
    with pytest.raises(ExchangeUnavailable):
        bench.exchange.balances()


def test_order_over_the_rate_limit_was_not_taken() -> None:
    sandbox = sandbox_of(rate_limits=True)
    bench = bench_of(sandbox, AsgiTransport(create_app(sandbox)))
    intents = [buy(6_000, f"order-{index}") for index in range(13)]
    outcomes = [type(bench.exchange.place(intent)) for intent in intents]
    assert outcomes == [OrderReport] * 12 + [Unreachable]
    assert len(bench.waits) == 1  # the header said that nothing was left
    assert bench.exchange.order("order-12") == Missing()


def test_reads_wait_for_the_rate_budget() -> None:
    sandbox = sandbox_of(rate_limits=True)
    bench = bench_of(sandbox, AsgiTransport(create_app(sandbox)))

    def wait(seconds: float) -> None:
        bench.waits.append(seconds)
        bench.at(sandbox.venue.clock.now() + 1.0)

    bench.client = UpbitClient(
        base_url="http://unused",
        access_key=ACCESS_KEY,
        secret_key=SECRET_KEY,
        transport=AsgiTransport(create_app(sandbox)),
        wait=wait,
    )
    for _ in range(25):
        assert bench.exchange.order_book("KRW-BTC").bids
    assert len(bench.waits) == 2
    assert all(0 < seconds <= 1 for seconds in bench.waits)
