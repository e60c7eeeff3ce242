"""Single trades: those of a candle make that candle, and nothing of one is seen before its time."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sandbox.client import T0, at, client_of, flat_tape
from upbit_sandbox import Tape
from upbit_sandbox.base.ticks import is_on_tick, nearest_tick
from upbit_sandbox.prices.market import Market
from upbit_sandbox.prices.market_trades import MarketTrade, market_trades_of
from upbit_sandbox.prices.synthetic import synthetic_minutes

TAPE = synthetic_minutes("KRW-BTC", 5, T0, 200)
MARKET = Market([TAPE])


@st.composite
def candles(draw: st.DrawFn) -> tuple[float, float, float, float, float]:
    """Open, high, low, close on the tick, and a volume of whole 1e-8 coins."""
    low, *inside, high = sorted(
        nearest_tick(price)
        for price in draw(st.lists(st.floats(1e-7, 2e8), min_size=4, max_size=4))
    )
    open_, close = draw(st.permutations(inside))
    return open_, high, low, close, draw(st.integers(0, 10**15)) / 10**8


@given(candles(), st.integers(0, 10**6), st.sampled_from([60, 3_600, 86_400]))
def test_prints_of_a_candle_make_that_candle(
    candle: tuple[float, float, float, float, float], number: int, length_s: int
) -> None:
    start_s = T0 + number * length_s
    made = market_trades_of("KRW-X", start_s, length_s, candle)
    prices = [one.price for one in made]
    open_, high, low, close, volume = candle
    assert (prices[0], max(prices), min(prices), prices[-1]) == (open_, high, low, close)
    assert sum(Decimal(repr(one.volume)) for one in made) == Decimal(repr(volume))
    times = [one.t_s for one in made]
    assert times == sorted(times)
    assert start_s < times[0] < start_s + 0.51
    assert start_s + length_s - 0.0015 < times[-1] < start_s + length_s
    assert len({one.sequential_id for one in made}) == len(made)
    assert all(is_on_tick(Decimal(repr(price))) for price in prices)


@given(candles())
def test_a_print_above_the_one_before_was_a_buyer(
    candle: tuple[float, float, float, float, float],
) -> None:
    made = market_trades_of("KRW-X", T0, 60, candle)
    for before, after in pairwise(made):
        if before.price != after.price:
            assert after.is_ask == (after.price < before.price)


@given(st.lists(st.floats(0.0001, 1e7), min_size=4, max_size=4).map(sorted))
def test_prints_stay_within_a_candle_that_is_off_the_tick(prices: list[float]) -> None:
    low, open_, close, high = prices
    made = market_trades_of("KRW-X", T0, 60, (open_, high, low, close, 5.0))
    assert all(low <= one.price <= high for one in made)


def test_trades_of_one_millisecond_have_ids_of_their_own() -> None:
    made = [
        one
        for second in range(500)
        for one in market_trades_of("KRW-X", T0 + second, 1, (100.0, 110.0, 90.0, 105.0, 8.0))
    ]
    assert len({one.t_s for one in made}) < len(made)
    assert len({one.sequential_id for one in made}) == len(made)


def test_same_candle_same_prints_and_another_market_others() -> None:
    candle = (100.0, 110.0, 90.0, 105.0, 8.0)
    assert market_trades_of("KRW-X", T0, 60, candle) == market_trades_of("KRW-X", T0, 60, candle)
    assert market_trades_of("KRW-X", T0, 60, candle) != market_trades_of("KRW-Y", T0, 60, candle)
    assert market_trades_of("KRW-X", T0, 60, candle) != market_trades_of(
        "KRW-X", T0 + 60, 60, candle
    )


moments = st.integers(-60_000, 200 * 60_000).map(lambda ms: T0 + ms / 1000)


@given(st.lists(moments, min_size=3, max_size=3).map(sorted))
def test_windows_of_prints_fit_together(times: list[float]) -> None:
    a, b, c = times
    whole = MARKET.market_trades(a, c)
    assert MARKET.market_trades(a, b) + MARKET.market_trades(b, c) == whole
    assert list(MARKET.market_trades_back(c, a)) == whole[::-1]
    assert all(a < one.t_s <= c for one in whole)


@given(moments)
def test_forming_minute_is_what_has_traded_in_it(now_s: float) -> None:
    start_s = int(now_s - now_s % 60)
    traded = MARKET.market_trades(start_s, now_s)
    forming = MARKET.forming(1, now_s)
    if forming is None:
        assert not traded
        return
    prices = [one.price for one in traded]
    assert forming[:5] == (start_s, prices[0], max(prices), min(prices), prices[-1])
    assert round(forming.volume, 8) == round(sum(one.volume for one in traded), 8)
    assert MARKET.last_print(now_s) == traded[-1]


def test_prints_of_history_come_from_the_coarser_tape() -> None:
    hours = flat_tape("KRW-BTC", [1_000.0, 2_000.0], unit_min=60)
    minutes = Tape.of_rows("KRW-BTC", 1, [(T0 + 7_200, 5.0, 5.0, 5.0, 5.0, 1.0)])
    made = Market([minutes, hours]).market_trades(T0, at(122))
    assert {one.price for one in made} == {1_000.0, 2_000.0, 5.0}
    assert round(sum(one.volume for one in made), 8) == 3


def trades(now_s: float, query: str = "") -> Any:
    return client_of([TAPE], now_s).quote("/v1/trades/ticks", f"market=KRW-BTC{query}")


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return [row["sequential_id"] for row in rows]


def known(after_s: float, until_s: float) -> list[MarketTrade]:
    return MARKET.market_trades(after_s, until_s)[::-1]


def test_upbit_3_7_trades_come_newest_first_one_unless_told() -> None:
    """Trades come newest first; without count one, and never more than 500."""
    now_s = at(120) + 30
    assert len(trades(now_s)) == 1
    assert ids(trades(now_s, "&count=500")) == [one.sequential_id for one in known(T0, now_s)[:500]]
    assert len(trades(now_s, "&count=501")) == 500


def test_upbit_3_7_a_trade_says_which_side_took() -> None:
    """A trade carries its UTC date and time, its price against the day before, and the taker."""
    [row] = trades(at(3))
    newest = known(T0, at(3))[0]
    assert row == {
        "market": "KRW-BTC",
        "trade_date_utc": "2025-09-01",
        "trade_time_utc": "00:02:59",
        "timestamp": (T0 + 180) * 1000 - 1,
        "trade_price": newest.price,
        "trade_volume": newest.volume,
        "prev_closing_price": newest.price,
        "change_price": 0.0,
        "ask_bid": "ASK" if newest.is_ask else "BID",
        "sequential_id": newest.sequential_id,
    }


def test_upbit_3_7_trades_go_on_from_a_cursor() -> None:
    """A cursor, a trade's sequential_id, gives the trades right before that one."""
    now_s = at(60)
    whole = trades(now_s, "&count=500")
    page = trades(now_s, "&count=50")
    for _ in range(9):
        page += trades(now_s, f"&count=50&cursor={page[-1]['sequential_id']}")
    assert page == whole


def test_upbit_3_7_trades_end_at_a_time_of_the_day() -> None:
    """`to` is a time of the day in UTC, HHmmss or HH:mm:ss, and exclusive."""
    now_s = at(60)
    wanted = [one.sequential_id for one in known(T0, at(30) - 0.0001)]
    assert ids(trades(now_s, "&count=500&to=003000")) == wanted
    assert ids(trades(now_s, "&count=500&to=00:30:00")) == wanted


def test_upbit_3_7_trades_of_an_earlier_day() -> None:
    """days_ago, 1 to 7, asks for an earlier UTC day; without it the day is today."""
    day = Tape.of_rows("KRW-BTC", 1440, [(T0 - 86_400, 90.0, 99.0, 80.0, 95.0, 3.0)])
    client = client_of([TAPE, day], at(10))
    path = "/v1/trades/ticks"
    rows = client.quote(path, "market=KRW-BTC&count=500&days_ago=1")
    assert {row["trade_date_utc"] for row in rows} == {"2025-08-31"}
    assert (rows[0]["trade_price"], rows[-1]["trade_price"]) == (95.0, 90.0)
    assert client.quote(path, "market=KRW-BTC&count=500&days_ago=2") == []
    today = client.quote(path, "market=KRW-BTC&count=500")
    assert {row["trade_date_utc"] for row in today} == {"2025-09-01"}
    assert {row["prev_closing_price"] for row in today} == {95.0}
    assert today[0]["change_price"] == today[0]["trade_price"] - 95.0
