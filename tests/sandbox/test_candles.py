"""Candles as the quotation API gives them: order, cut, `to`, gaps, the forming row, errors."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sandbox.client import T0, Client, at, client_of, error_of, flat_tape
from upbit_sandbox import Request, Sandbox, Tape
from upbit_sandbox.base.clock import VirtualClock, utc_text
from upbit_sandbox.prices.market import Market
from upbit_sandbox.prices.market_trades import MarketTrade
from upbit_sandbox.prices.synthetic import synthetic_minutes
from upbit_sandbox.quotation_api.routes import QUOTES

M1 = "/v1/candles/minutes/1"


def starts(rows: list[dict[str, object]]) -> list[str]:
    return [str(row["candle_date_time_utc"])[11:16] for row in rows]


@pytest.fixture
def client() -> Client:
    return client_of([flat_tape("KRW-BTC", [float(10_000 + 10 * i) for i in range(300)])], at(250))


def test_upbit_7_count_defaults_to_one_and_is_silently_cut_at_200(client: Client) -> None:
    """Without count there is one candle; more than 200 are silently cut to 200, with status 200."""
    assert len(client.quote(M1, "market=KRW-BTC")) == 1
    assert len(client.quote(M1, "market=KRW-BTC&count=201")) == 200
    assert client.last.status == 200


def test_upbit_7_rows_come_newest_first(client: Client) -> None:
    """Candles come newest first."""
    assert starts(client.quote(M1, "market=KRW-BTC&count=3")) == ["04:09", "04:08", "04:07"]


def test_candle_that_starts_now_does_not_exist_yet(client: Client) -> None:
    assert starts(client.quote(M1, "market=KRW-BTC")) == ["04:09"]


def test_upbit_7_row_0_is_the_unfinished_candle() -> None:
    """Without `to` the newest row is the candle that is still forming, of what has traded in it."""
    tape = Tape.of_rows("KRW-BTC", 1, [(T0, 100.0, 130.0, 90.0, 120.0, 7.0)])
    client = client_of([tape], T0 + 0.0005)
    assert client.quote(M1, "market=KRW-BTC&count=5") == []
    volumes = []
    for passed_s in (0.501, 10, 30, 50, 59.9985):
        client.set_clock(T0 + passed_s)
        [row] = client.quote(M1, "market=KRW-BTC&count=5")
        volumes.append(row["candle_acc_trade_volume"])
        assert row["opening_price"] == 100.0
        assert 90.0 <= row["low_price"] <= row["trade_price"] <= row["high_price"] <= 130.0
    assert volumes == sorted(volumes)
    assert 0 < volumes[0] < volumes[-1]
    assert volumes[-1] < 7.0
    client.set_clock(at(1))
    [row] = client.quote(M1, "market=KRW-BTC&count=5")
    prices = [row[k] for k in ("opening_price", "high_price", "low_price", "trade_price")]
    assert prices == [100.0, 130.0, 90.0, 120.0]
    assert row["candle_acc_trade_volume"] == 7.0


def test_forming_hour_is_built_from_closed_minutes_and_trades(client: Client) -> None:
    client.set_clock(at(252) + 30)  # minutes 240 to 251 have closed, 252 has begun to trade
    forming, closed = client.quote("/v1/candles/minutes/60", "market=KRW-BTC&count=2")
    assert forming["candle_date_time_utc"] == "2025-09-01T04:00:00"
    assert (forming["opening_price"], forming["trade_price"]) == (12_400.0, 12_520.0)
    assert 12 < forming["candle_acc_trade_volume"] < 13
    assert (closed["opening_price"], closed["trade_price"]) == (11_800.0, 12_390.0)
    assert closed["candle_acc_trade_volume"] == 60


@pytest.mark.parametrize(
    ("to", "newest"),
    [
        ("2025-09-01T02:00:00Z", "01:59"),
        ("2025-09-01T02:00:01Z", "02:00"),
        ("2025-09-01T02:00:00", "01:59"),
        ("2025-09-01 02:00:00", "01:59"),
        ("2025-09-01+02%3A00%3A00", "01:59"),
        ("2025-09-01T11:00:00%2B09:00", "01:59"),
        ("2025-09-01T11:00:00+09:00", "01:59"),
        ("2025-09-01T09:00:00Z", "04:09"),
    ],
)
def test_upbit_7_to_is_exclusive_on_the_start_in_every_spelling(
    client: Client, to: str, newest: str
) -> None:
    """`to` excludes candles that start then or later; T, space, Z, naive UTC, +09:00 all work."""
    assert starts(client.quote(M1, f"market=KRW-BTC&to={to}")) == [newest]


def test_upbit_7_to_inside_a_past_period_gives_its_final_candle(client: Client) -> None:
    """A past `to` inside a period gives that period's final candle."""
    path = "/v1/candles/minutes/60"
    [row] = client.quote(path, "market=KRW-BTC&to=2025-09-01T02:10:00Z")
    assert (row["opening_price"], row["trade_price"]) == (11_200.0, 11_790.0)


def test_upbit_7_minutes_without_trades_are_absent() -> None:
    """Where nothing traded in an interval there is no candle at all."""
    client = client_of([flat_tape("KRW-BTC", [100.0, None, None, 103.0])], at(4))
    assert starts(client.quote(M1, "market=KRW-BTC&count=9")) == ["00:03", "00:00"]
    assert starts(client.quote("/v1/candles/minutes/3", "market=KRW-BTC&count=9")) == [
        "00:03",
        "00:00",
    ]


def test_hour_without_trades_is_absent_and_so_is_a_silent_forming_hour() -> None:
    client = client_of([flat_tape("KRW-BTC", [100.0] * 60 + [None] * 80 + [101.0])], at(130))
    path = "/v1/candles/minutes/60"
    assert starts(client.quote(path, "market=KRW-BTC&count=9")) == ["00:00"]
    client.set_clock(at(200))
    assert starts(client.quote(path, "market=KRW-BTC&count=9")) == ["02:00", "00:00"]


def test_upbit_7_market_before_its_first_trade_is_an_empty_list() -> None:
    """A market that was not listed yet at that time answers 200 with an empty list."""
    client = client_of([flat_tape("KRW-BTC", [100.0])])
    assert client.quote(M1, "market=KRW-BTC&count=9") == []
    assert client.last.status == 200


def test_older_hours_come_from_the_hourly_file() -> None:
    # 60m: four hours, of which the last two lie inside the tape and must not be used
    hours = flat_tape("KRW-BTC", [1_000.0, 2_000.0, 9_999.0, 9_999.0], unit_min=60)
    minutes = Tape.of_rows(
        "KRW-BTC", 1, [(T0 + i * 60, 3_000.0, 3_000.0, 3_000.0, 3_000.0, 1.0) for i in (120, 185)]
    )
    client = client_of([minutes, hours], at(240))
    rows = client.quote("/v1/candles/minutes/60", "market=KRW-BTC&count=9")
    assert [row["trade_price"] for row in rows] == [3_000.0, 3_000.0, 2_000.0, 1_000.0]
    [day] = client.quote("/v1/candles/days", "market=KRW-BTC")
    assert (day["opening_price"], day["trade_price"]) == (1_000.0, 3_000.0)
    assert (day["high_price"], day["low_price"]) == (3_000.0, 1_000.0)


def test_hour_in_which_the_tape_begins_comes_whole_from_the_hourly_file() -> None:
    hours = flat_tape("KRW-BTC", [1_000.0, 2_000.0], unit_min=60)
    minutes = Tape.of_rows("KRW-BTC", 1, [(T0 + 5_400, 5.0, 5.0, 5.0, 5.0, 1.0)])
    client = client_of([minutes, hours], at(180))
    rows = client.quote("/v1/candles/minutes/60", "market=KRW-BTC&count=9")
    assert [row["trade_price"] for row in rows] == [2_000.0, 1_000.0]


def test_forming_candle_counts_the_hour_in_which_the_tape_begins_once() -> None:
    hours = flat_tape("KRW-BTC", [1_000.0, 2_000.0], unit_min=60)
    minutes = Tape.of_rows(
        "KRW-BTC", 1, [(T0 + i * 60, 2_000.0, 2_000.0, 2_000.0, 2_000.0, 0.25) for i in (90, 130)]
    )
    client = client_of([minutes, hours], at(150))
    [forming] = client.quote("/v1/candles/minutes/240", "market=KRW-BTC")
    assert forming["candle_acc_trade_volume"] == 2.25
    assert (forming["opening_price"], forming["trade_price"]) == (1_000.0, 2_000.0)


def test_upbit_7_days_carry_the_change_from_the_day_before() -> None:
    """Days carry prev_closing_price, change_price and change_rate, and no unit."""
    client = client_of([flat_tape("KRW-BTC", [100.0, 110.0], unit_min=1440)], at(2 * 1440))
    newest, oldest = client.quote("/v1/candles/days", "market=KRW-BTC&count=5")
    assert newest["prev_closing_price"] == 100.0
    assert (newest["change_price"], newest["change_rate"]) == (10.0, 0.1)
    assert oldest["change_price"] == 0
    assert "unit" not in newest


@pytest.mark.parametrize(
    ("path", "query", "status", "name"),
    [
        (M1, "market=KRW-NONE", 404, 404),
        (M1, "", 400, 400),
        (M1, "market=KRW-BTC&count=x", 400, 400),
        (M1, "market=KRW-BTC&count=0", 400, 400),
        (M1, "market=KRW-BTC&to=yesterday", 400, 400),
        ("/v1/candles/minutes/7", "market=KRW-BTC", 400, 400),
        ("/v1/candles/decades", "market=KRW-BTC", 404, 404),
        ("/v1/candles/days", "market=KRW-BTC&converting_price_unit=BTC", 400, 400),
        ("/v1/candles/seconds", "market=KRW-NONE", 404, 404),
        ("/v1/candles/weeks", "market=KRW-BTC&count=-1", 400, 400),
    ],
)
def test_upbit_5_quotation_errors_are_named_by_their_status(
    client: Client, path: str, query: str, status: int, name: int
) -> None:
    """The quotation API's errors have the HTTP status, as a number, for their name."""
    body = client.quote(path, query)
    assert (client.last.status, error_of(body)) == (status, name)


def test_upbit_7_seconds_are_those_in_which_something_traded() -> None:
    """Candles of a second have no unit, and exist only for seconds with a trade."""
    tape = Tape.of_rows("KRW-BTC", 1, [(T0, 100.0, 130.0, 90.0, 120.0, 7.0)])
    client = client_of([tape], at(1))
    rows = client.quote("/v1/candles/seconds", "market=KRW-BTC&count=200")
    made = client.sandbox.venue.markets["KRW-BTC"].market_trades(T0, at(1))
    assert len(rows) == len({int(one.t_s) for one in made}) < 60
    assert (rows[0]["trade_price"], rows[-1]["opening_price"]) == (120.0, 100.0)
    assert max(row["high_price"] for row in rows) == 130.0
    assert sum(row["candle_acc_trade_volume"] for row in rows) == pytest.approx(7.0)
    assert "unit" not in rows[0]
    second = rows[1]["candle_date_time_utc"]
    path = f"market=KRW-BTC&count=200&to={rows[0]['candle_date_time_utc']}"
    older = client.quote("/v1/candles/seconds", path)
    assert older[0]["candle_date_time_utc"] == second
    assert older == rows[1:]


def test_second_in_which_to_lies_begins_before_it() -> None:
    def make(*_candle: object) -> list[MarketTrade]:
        return [
            MarketTrade(T0 + n / 4, 100.0 + n, 1.0, is_ask=False, sequential_id=n) for n in range(9)
        ]

    market = Market([flat_tape("KRW-BTC", [100.0])], make=make)
    rows = [json.loads(row) for row in market.second_rows(at(1), T0 + 1.0, 9)]
    assert [row["high_price"] for row in rows] == [103.0]
    rows = [json.loads(row) for row in market.second_rows(at(1), T0 + 1.5, 9)]
    assert [row["high_price"] for row in rows] == [107.0, 103.0]


def test_upbit_7_seconds_are_kept_for_three_months() -> None:
    """Candles of a second reach back three months and no further."""
    tape = flat_tape("KRW-BTC", [100.0] * 120, unit_min=1440)
    client = client_of([tape], at(120 * 1440))
    path = "/v1/candles/seconds"
    assert client.quote(path, f"market=KRW-BTC&to={day(31)}")
    assert client.quote(path, f"market=KRW-BTC&to={day(30)}") == []


def day(number: int) -> str:
    """A UTC day so many days after T0."""
    return utc_text(T0 + number * 86_400)


DAYS = [100.0 + n for n in range(400)]  # from Monday, 2025-09-01


def test_upbit_7_weeks_begin_on_monday() -> None:
    """Weeks begin on Monday 00:00 UTC, which is 09:00 in Korea, and name their first day."""
    client = client_of([flat_tape("KRW-BTC", DAYS, unit_min=1440)], at(17 * 1440))
    newest, older, oldest = client.quote("/v1/candles/weeks", "market=KRW-BTC&count=9")
    assert newest["first_day_of_period"] == "2025-09-15"
    assert newest["candle_date_time_kst"] == "2025-09-15T09:00:00"
    assert newest["candle_acc_trade_volume"] == 3
    assert (older["opening_price"], older["trade_price"]) == (107.0, 113.0)
    assert oldest["candle_date_time_utc"] == "2025-09-01T00:00:00"
    assert oldest["candle_acc_trade_volume"] == 7


def test_upbit_7_months_and_years_begin_with_their_first_day() -> None:
    """Months and years begin on their first day in UTC and name it as first_day_of_period."""
    client = client_of([flat_tape("KRW-BTC", DAYS, unit_min=1440)], at(400 * 1440))
    months = client.quote("/v1/candles/months", "market=KRW-BTC&count=200")
    assert [row["first_day_of_period"] for row in months[::-1]][:3] == [
        "2025-09-01",
        "2025-10-01",
        "2025-11-01",
    ]
    assert [row["candle_acc_trade_volume"] for row in months[::-1]][:3] == [30, 31, 30]
    years = client.quote("/v1/candles/years", "market=KRW-BTC&count=200")
    assert [row["first_day_of_period"] for row in years] == ["2026-01-01", "2025-01-01"]
    assert years[1]["high_price"] == DAYS[121]
    [row] = client.quote("/v1/candles/years", "market=KRW-BTC&to=2026-01-01T00:00:00Z")
    assert row == years[1]


def test_upbit_7_days_convert_their_close_to_won() -> None:
    """With converting_price_unit=KRW a day carries its close in won as converted_trade_price."""
    tape = Tape.of_rows("KRW-BTC", 1440, [(T0, 100.0, 130.0, 90.0, 120.0, 7.0)])
    client = client_of([tape], at(1440))
    [row] = client.quote("/v1/candles/days", "market=KRW-BTC&converting_price_unit=KRW")
    assert row["converted_trade_price"] == row["trade_price"] == 120.0
    [row] = client.quote("/v1/candles/days", "market=KRW-BTC")
    assert "converted_trade_price" not in row


def test_upbit_7_a_day_is_a_day_in_utc() -> None:
    """A day runs from 00:00 UTC, 09:00 in Korea, to the next."""
    client = client_of([flat_tape("KRW-BTC", [float(n + 1) for n in range(49)], 60)], at(49 * 60))
    rows = client.quote("/v1/candles/days", "market=KRW-BTC&count=9")
    assert [row["opening_price"] for row in rows] == [49.0, 25.0, 1.0]
    assert rows[0]["candle_date_time_kst"] == "2025-09-03T09:00:00"
    assert rows[0]["prev_closing_price"] == 48.0


QUERY = "market=KRW-BTC&markets=KRW-BTC&quote_currencies=KRW&count=50"
ALL = [Request("GET", path, QUERY) for path in QUOTES]
MINUTES = synthetic_minutes("KRW-BTC", 2, T0, 3 * 1440)
HOURS = Tape.of_rows(
    "KRW-BTC", 60, [(T0 - 3_600 * n, 1.5e8, 1.5e8, 1.5e8, 1.5e8, 0.1 * n) for n in range(60, 0, -1)]
)
HOUR_S = 3_600.0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 4 * 86_400), min_size=2, max_size=5))
@example([10 * HOUR_S, 12 * HOUR_S, 11 * HOUR_S, 11.5 * HOUR_S])
@example([1 * HOUR_S, 30 * HOUR_S, 80 * HOUR_S])
def test_answers_do_not_depend_on_what_was_asked_before(elapsed_s: list[float]) -> None:
    used = Market([MINUTES, HOURS])
    for passed_s in elapsed_s:
        clock = VirtualClock(T0 + passed_s)
        one, other = Sandbox([used], clock), Sandbox([Market([MINUTES, HOURS])], clock)
        assert [one.handle(request) for request in ALL] == [other.handle(r) for r in ALL]
