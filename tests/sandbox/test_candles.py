"""Candles as the quotation API gives them: order, cut, `to`, gaps, the forming row, errors."""

import pytest

from sandbox.client import T0, Client, at, client_of, error_of, flat_tape
from upbit_sandbox import Tape

M1 = "/v1/candles/minutes/1"


def starts(rows: list[dict[str, object]]) -> list[str]:
    return [str(row["candle_date_time_utc"])[11:16] for row in rows]


@pytest.fixture
def client() -> Client:
    return client_of([flat_tape("KRW-BTC", [float(10_000 + 10 * i) for i in range(300)])], at(250))


def test_count_defaults_to_one_and_is_silently_cut_at_200(client: Client) -> None:
    assert len(client.quote(M1, "market=KRW-BTC")) == 1
    assert len(client.quote(M1, "market=KRW-BTC&count=201")) == 200
    assert client.last.status == 200


def test_rows_come_newest_first(client: Client) -> None:
    assert starts(client.quote(M1, "market=KRW-BTC&count=3")) == ["04:09", "04:08", "04:07"]


def test_candle_that_starts_now_does_not_exist_yet(client: Client) -> None:
    assert starts(client.quote(M1, "market=KRW-BTC")) == ["04:09"]


def test_forming_minute_shows_its_open_only() -> None:
    tape = Tape.of_rows("KRW-BTC", 1, [(T0, 100.0, 130.0, 90.0, 120.0, 7.0)])
    client = client_of([tape], T0 + 1)
    [row] = client.quote(M1, "market=KRW-BTC&count=5")
    prices = [row[k] for k in ("opening_price", "high_price", "low_price", "trade_price")]
    assert prices == [100.0] * 4
    assert row["candle_acc_trade_volume"] == 0
    client.set_clock(at(1))
    [row] = client.quote(M1, "market=KRW-BTC&count=5")
    prices = [row[k] for k in ("opening_price", "high_price", "low_price", "trade_price")]
    assert prices == [100.0, 130.0, 90.0, 120.0]


def test_forming_hour_is_built_from_closed_minutes(client: Client) -> None:
    client.set_clock(at(252) + 30)  # minutes 240 to 251 have closed, 252 has opened
    forming, closed = client.quote("/v1/candles/minutes/60", "market=KRW-BTC&count=2")
    assert forming["candle_date_time_utc"] == "2025-09-01T04:00:00"
    assert (forming["opening_price"], forming["trade_price"]) == (12_400.0, 12_520.0)
    assert forming["candle_acc_trade_volume"] == 12
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
def test_to_is_exclusive_on_the_start_in_every_spelling(
    client: Client, to: str, newest: str
) -> None:
    assert starts(client.quote(M1, f"market=KRW-BTC&to={to}")) == [newest]


def test_to_inside_a_past_period_gives_its_final_candle(client: Client) -> None:
    path = "/v1/candles/minutes/60"
    [row] = client.quote(path, "market=KRW-BTC&to=2025-09-01T02:10:00Z")
    assert (row["opening_price"], row["trade_price"]) == (11_200.0, 11_790.0)


def test_minutes_without_trades_are_absent() -> None:
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


def test_market_before_its_first_trade_is_an_empty_list() -> None:
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


def test_days_carry_the_change_from_the_day_before() -> None:
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
        ("/v1/candles/weeks", "market=KRW-BTC", 404, 404),
    ],
)
def test_errors_are_named_by_their_status(
    client: Client, path: str, query: str, status: int, name: int
) -> None:
    body = client.quote(path, query)
    assert (client.last.status, error_of(body)) == (status, name)
