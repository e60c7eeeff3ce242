"""Nothing that happens later changes anything that can be seen now."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.client import T0, Client, client_of
from upbit_sandbox import Options, Request, Sandbox, Tape
from upbit_sandbox.base.clock import VirtualClock
from upbit_sandbox.prices.market import Make, Market
from upbit_sandbox.prices.market_trades import MarketTrade, market_trades_of
from upbit_sandbox.prices.synthetic import synthetic_minutes
from upbit_sandbox.quotation_api.routes import QUOTES

MINUTES = 400
TAPE = synthetic_minutes("KRW-BTC", 11, T0, MINUTES)
RECORDED = dict(
    zip(
        TAPE.starts,
        zip(TAPE.opens, TAPE.highs, TAPE.lows, TAPE.closes, TAPE.volumes, strict=True),
        strict=True,
    )
)
QUERY = "market=KRW-BTC&markets=KRW-BTC&quote_currencies=KRW&count="


def with_another_future(tape: Tape, now_s: float, *, keep_open: bool) -> Tape:
    """The same past; of the current minute at most the open is kept, all else is changed."""
    rows = []
    columns = (tape.starts, tape.opens, tape.highs, tape.lows, tape.closes, tape.volumes)
    for start, open_, high, low, close, volume in zip(*columns, strict=True):
        if start + 60 <= now_s:
            rows.append((start, open_, high, low, close, volume))
        elif start < now_s:
            first = open_ if keep_open else open_ * 1.5
            rows.append((start, first, open_ * 3, open_ / 2, open_ * 2, volume + 1))
    rows.append((T0 + MINUTES * 60, 1.0, 9.0, 1.0, 9.0, 1.0))
    return Tape.of_rows(tape.market, 1, rows)


def trading_as_recorded_until(now_s: float) -> Make:
    """Trades as they were up to now, and others from then on."""

    def make(market: str, start_s: int, length_s: int, _candle: Any) -> list[MarketTrade]:
        if start_s not in RECORDED:
            return market_trades_of(market, start_s, length_s, (1.0, 9.0, 1.0, 9.0, 1.0))
        return [
            one if one.t_s <= now_s else one._replace(price=one.price * 2, volume=7.0)
            for one in market_trades_of(market, start_s, length_s, RECORDED[start_s])
        ]

    return make


def other(now_s: float, open_s: float, **options: Any) -> Client:
    """An exchange that is the same until now, opened with its clock at `open_s`."""
    tape = with_another_future(TAPE, now_s, keep_open=True)
    market = Market([tape], make=trading_as_recorded_until(now_s))
    settings = Options(slippage_bps=0, **options)
    return Client(Sandbox([market], VirtualClock(open_s), settings))


@settings(max_examples=60, deadline=None)
@given(st.floats(0, MINUTES * 60), st.sampled_from(["1", "30", "200"]))
def test_quotes_at_a_time_do_not_depend_on_what_follows(elapsed_s: float, count: str) -> None:
    now_s = T0 + elapsed_s
    tape = with_another_future(TAPE, now_s, keep_open=False)
    market = Market([tape], make=trading_as_recorded_until(now_s))
    one, two = client_of([TAPE], now_s), Client(Sandbox([market], VirtualClock(now_s)))
    for path in QUOTES:
        request = Request("GET", path, QUERY + count)
        assert one.sandbox.handle(request) == two.sandbox.handle(request), path


@pytest.mark.parametrize("fills", ["candles", "book"])
@settings(max_examples=40, deadline=None)
@given(
    minute=st.integers(0, MINUTES - 60),
    wait_s=st.floats(0, 3600),
    factor=st.sampled_from([0.999, 1.0, 1.001]),
)
def test_orders_at_a_time_do_not_depend_on_what_follows(
    fills: str, minute: int, wait_s: float, factor: float
) -> None:
    placed_s = T0 + minute * 60
    now_s = placed_s + wait_s
    price = str(int(TAPE.opens[minute] * factor) // 1000 * 1000)
    bodies = []
    for client in (
        client_of([TAPE], placed_s, fills=fills),
        other(now_s, placed_s, fills=fills),
    ):
        bought = client.buy("10000")
        uuids = [bought.get("uuid"), client.limit("bid", price, "0.001")["uuid"]]
        client.set_clock(now_s)
        bodies.append([client.order(uuid) for uuid in uuids if uuid])
    assert bodies[0] == bodies[1]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([1, 3, 5, 10, 15, 30, 60, 240]), st.floats(1, MINUTES * 60))
def test_closed_rows_equal_a_plain_recount_of_the_tape(unit: int, elapsed_s: float) -> None:
    now_s = T0 + elapsed_s
    rows = client_of([TAPE], now_s).quote(f"/v1/candles/minutes/{unit}", "market=KRW-BTC&count=200")
    length_s = unit * 60
    closed = [row for row in rows if row["timestamp"] / 1000 < now_s // length_s * length_s]
    expected = []
    for start in range(T0, int(now_s // length_s) * length_s, length_s):
        inside = [i for i, t in enumerate(TAPE.starts) if start <= t < start + length_s]
        if inside:
            expected.append(
                (
                    TAPE.opens[inside[0]],
                    max(TAPE.highs[i] for i in inside),
                    min(TAPE.lows[i] for i in inside),
                    TAPE.closes[inside[-1]],
                )
            )
    keys = ("opening_price", "high_price", "low_price", "trade_price")
    assert [tuple(row[k] for k in keys) for row in closed] == expected[::-1][: len(closed)]
    assert len(closed) >= min(len(expected), 199)
