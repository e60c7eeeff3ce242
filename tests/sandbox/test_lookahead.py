"""Nothing that happens later changes anything that can be seen now."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.client import T0, client_of
from upbit_sandbox import Request, Tape
from upbit_sandbox.synthetic import synthetic_minutes

MINUTES = 400
TAPE = synthetic_minutes("KRW-BTC", 11, T0, MINUTES)
QUERIES = [
    *(
        (f"/v1/candles/{unit}", "market=KRW-BTC&count=200")
        for unit in ("minutes/1", "minutes/3", "minutes/15", "minutes/60", "minutes/240", "days")
    ),
    ("/v1/ticker", "markets=KRW-BTC"),
    ("/v1/orderbook", "markets=KRW-BTC"),
]


def with_another_future(tape: Tape, now_s: float) -> Tape:
    """The same past; from the current minute on only its open is kept, all else is changed."""
    rows = []
    columns = (tape.starts, tape.opens, tape.highs, tape.lows, tape.closes, tape.volumes)
    for start, open_, high, low, close, volume in zip(*columns, strict=True):
        if start + 60 <= now_s:
            rows.append((start, open_, high, low, close, volume))
        elif start < now_s:
            rows.append((start, open_, open_ * 3, open_ / 2, open_ * 2, volume + 1))
    rows.append((T0 + MINUTES * 60, 1.0, 9.0, 1.0, 9.0, 1.0))
    return Tape.of_rows(tape.market, 1, rows)


@settings(max_examples=60, deadline=None)
@given(st.floats(0, MINUTES * 60))
def test_quotes_at_a_time_do_not_depend_on_what_follows(elapsed_s: float) -> None:
    now_s = T0 + elapsed_s
    one = client_of([TAPE], now_s)
    other = client_of([with_another_future(TAPE, now_s)], now_s)
    for path, query in QUERIES:
        request = Request("GET", path, query)
        assert one.sandbox.handle(request) == other.sandbox.handle(request), path


@settings(max_examples=40, deadline=None)
@given(st.integers(0, MINUTES - 60), st.floats(0, 3600), st.sampled_from([0.999, 1.0, 1.001]))
def test_orders_at_a_time_do_not_depend_on_what_follows(
    minute: int, wait_s: float, factor: float
) -> None:
    placed_s = T0 + minute * 60
    now_s = placed_s + wait_s
    price = str(int(TAPE.opens[minute] * factor) // 1000 * 1000)
    bodies = []
    for tape in (TAPE, with_another_future(TAPE, now_s)):
        client = client_of([tape], placed_s)
        uuids = [client.buy("10000")["uuid"], client.limit("bid", price, "0.001")["uuid"]]
        client.set_clock(now_s)
        bodies.append([client.order(uuid) for uuid in uuids])
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
