"""When an order fills, at what price, and from when the fill can be seen."""

from decimal import Decimal

import pytest

from sandbox.client import T0, Client, at, client_of, flat_tape
from upbit_sandbox import Tape

RISING = [10_000.0, 10_100.0, 10_200.0, 10_300.0]


def trades_of(client: Client, uuid: str) -> list[tuple[str, str]]:
    return [(t["price"], t["created_at"][11:19]) for t in client.order(uuid)["trades"]]


def test_order_at_an_exact_minute_fills_at_that_minutes_open() -> None:
    client = client_of([flat_tape("KRW-BTC", RISING)], at(1))
    uuid = client.buy("10000")["uuid"]
    assert client.order(uuid)["state"] == "wait"
    client.set_clock(at(1) + 0.001)
    assert trades_of(client, uuid) == [("10100", "09:01:00")]


def test_order_inside_a_minute_waits_for_the_next_candle() -> None:
    client = client_of([flat_tape("KRW-BTC", RISING)], at(1) + 0.5)
    uuid = client.buy("10000")["uuid"]
    client.set_clock(at(2))
    assert client.order(uuid)["state"] == "wait"
    client.set_clock(at(2) + 1)
    assert trades_of(client, uuid) == [("10200", "09:02:00")]


def test_order_waits_through_minutes_without_trades() -> None:
    client = client_of([flat_tape("KRW-BTC", [10_000.0, None, None, 10_300.0])], at(1))
    uuid = client.buy("10000")["uuid"]
    client.set_clock(at(3))
    assert client.order(uuid)["state"] == "wait"
    client.set_clock(at(4))
    assert trades_of(client, uuid) == [("10300", "09:03:00")]


def test_order_after_the_tape_waits_for_ever() -> None:
    client = client_of([flat_tape("KRW-BTC", RISING)], at(4))
    uuid = client.buy("10000")["uuid"]
    client.set_clock(at(100_000))
    assert client.order(uuid)["state"] == "wait"


def test_market_orders_slip_against_us_onto_the_tick() -> None:
    tape = flat_tape("KRW-BTC", [10_010.0, 10_010.0, 10_010.0])
    client = client_of([tape], at(1), slippage_bps=10, coins={"BTC": Decimal(1)})
    buy, sell = client.buy("10000")["uuid"], client.sell("1")["uuid"]
    client.set_clock(at(2))
    assert trades_of(client, buy) == [("10030", "09:01:00")]  # 10,020.01 up to 10
    assert trades_of(client, sell) == [("9995", "09:01:00")]  # 9,999.99 down to 5


def test_upbit_3_4_buy_that_divides_exactly_ends_done_without_residue() -> None:
    """A filled market buy ends done only if its total divides exactly; otherwise it ends cancel."""
    client = client_of([flat_tape("KRW-BTC", [10_000.0])])
    uuid = client.buy("10000")["uuid"]
    client.set_clock(at(1))
    body = client.order(uuid)
    assert (body["state"], body["locked"], body["remaining_fee"]) == ("done", "0", "0")
    assert client.balances() == {"KRW": ("9989995", "0"), "BTC": ("1", "0")}


def dipping() -> Tape:
    rows = [
        (T0, 10_000.0, 10_050.0, 9_990.0, 10_000.0, 1.0),
        (T0 + 60, 10_000.0, 10_060.0, 9_900.0, 10_000.0, 1.0),
        (T0 + 120, 9_800.0, 9_900.0, 9_700.0, 9_850.0, 1.0),
    ]
    return Tape.of_rows("KRW-BTC", 1, rows)


def test_limit_buy_fills_at_its_price_once_the_low_has_reached_it() -> None:
    client = client_of([dipping()])
    uuid = client.limit("bid", "9950", "1")["uuid"]
    client.set_clock(at(1.5))  # the candle that will reach it is still forming
    assert client.order(uuid)["state"] == "wait"
    client.set_clock(at(2))
    assert trades_of(client, uuid) == [("9950", "09:01:00")]
    assert client.order(uuid)["state"] == "done"


def test_limit_buy_fills_at_a_better_open_and_gives_the_difference_back() -> None:
    client = client_of([dipping()], at(2))
    uuid = client.limit("bid", "9900", "1")["uuid"]
    client.set_clock(at(2) + 1)
    assert trades_of(client, uuid) == [("9800", "09:02:00")]
    assert client.balances()["KRW"] == ("9990195.1", "0")  # 10,000,000 - 9,800 × 1.0005


def test_limit_sell_fills_when_the_high_reaches_it() -> None:
    client = client_of([dipping()], coins={"BTC": Decimal(1)})
    uuid = client.limit("ask", "10060", "1")["uuid"]
    client.set_clock(at(1) + 30)
    assert client.order(uuid)["state"] == "wait"
    client.set_clock(at(2))
    assert trades_of(client, uuid) == [("10060", "09:01:00")]
    assert client.balances() == {"KRW": ("10010054.97", "0")}


def test_limit_order_out_of_reach_stays_open_however_often_asked() -> None:
    client = client_of([dipping()])
    uuid = client.limit("bid", "9700", "1")["uuid"]
    for minute in (0.5, 1, 1.5, 2, 2.5):
        client.set_clock(at(minute))
        assert client.order(uuid)["state"] == "wait"
    client.set_clock(at(3))
    assert trades_of(client, uuid) == [("9700", "09:02:00")]


def test_upbit_3_5_cancel_answers_wait_then_the_order_is_cancelled() -> None:
    """DELETE /order is a request: it answers 200 with the order still in state wait."""
    client = client_of([dipping()])
    uuid = client.limit("bid", "9000", "1")["uuid"]
    assert client.balances()["KRW"] == ("9990995.5", "9004.5")
    body = client.delete(f"uuid={uuid}")
    assert (client.last.status, body["state"]) == (200, "wait")
    assert client.order(uuid)["state"] == "cancel"
    assert client.balances()["KRW"] == ("10000000", "0")
    assert client.get("/v1/orders/open") == []


def test_upbit_11_4_a_fill_that_the_clock_has_passed_beats_a_cancel() -> None:
    """An order may fill before its cancel arrives; then there is nothing to cancel."""
    client = client_of([flat_tape("KRW-BTC", RISING)])
    uuid = client.buy("10000")["uuid"]
    client.set_clock(at(1))
    assert client.delete(f"uuid={uuid}")["error"]["name"] == "order_not_found"
    assert client.order(uuid)["executed_volume"] == "1"


def test_upbit_3_1_average_buy_price_is_weighted_by_volume_without_fees() -> None:
    """avg_buy_price is the running average of what coins cost; balance excludes locked."""
    client = client_of([flat_tape("KRW-BTC", [10_000.0, 20_000.0, 20_000.0])])
    client.buy("10000")
    client.set_clock(at(1))
    client.buy("60000")
    client.set_clock(at(2))
    [_, btc] = client.get("/v1/accounts")
    assert (btc["balance"], btc["avg_buy_price"]) == ("4", "17500")


@pytest.mark.parametrize("slippage_bps", [0, 10, 250])
def test_selling_everything_leaves_no_coin_behind(slippage_bps: int) -> None:
    client = client_of([flat_tape("KRW-BTC", RISING)], slippage_bps=slippage_bps)
    client.buy("123456")
    client.set_clock(at(1))
    client.sell(client.balances()["BTC"][0])
    client.set_clock(at(2))
    assert list(client.balances()) == ["KRW"]


def test_proceeds_of_a_passed_fill_can_be_spent_without_looking_first() -> None:
    tape = flat_tape("KRW-BTC", [10_000.0] * 4)
    client = client_of([tape], cash=Decimal(0), coins={"BTC": Decimal(1)})
    client.sell("1")
    client.set_clock(at(1))
    assert client.buy("9000")["state"] == "wait"


def test_fills_found_together_are_booked_in_the_order_they_happened() -> None:
    tape = Tape.of_rows(
        "KRW-BTC",
        1,
        [(T0, 10_000.0, 10_000.0, 10_000.0, 10_000.0, 1.0), (T0 + 60, 1e4, 2e4, 1e4, 2e4, 1.0)],
    )
    client = client_of([tape], coins={"BTC": Decimal(2)})
    client.limit("ask", "20000", "1")  # older, but filled a minute after the purchase
    client.buy("10000")
    client.set_clock(at(2))
    [_, btc] = client.get("/v1/accounts")
    assert btc["avg_buy_price"] == "3333.33333333"  # one of three coins had a price


def of_kind(client: Client, kind: str, side: str, **amounts: str) -> str:
    ord_type, condition = kind.split("_", 1)
    body = {"market": "KRW-BTC", "side": side, "ord_type": ord_type, "time_in_force": condition}
    uuid: str = client.post(body | amounts)["uuid"]
    return uuid


@pytest.mark.parametrize("condition", ["ioc", "fok"])
def test_on_candles_best_is_a_market_order(condition: str) -> None:
    client = client_of([flat_tape("KRW-BTC", RISING)], at(1), coins={"BTC": Decimal(1)})
    bought = of_kind(client, f"best_{condition}", "bid", price="10000")
    sold = of_kind(client, f"best_{condition}", "ask", volume="1")
    client.set_clock(at(1) + 1)
    assert trades_of(client, bought) == trades_of(client, sold) == [("10100", "09:01:00")]
    assert [client.order(uuid)["state"] for uuid in (bought, sold)] == ["cancel", "done"]


@pytest.mark.parametrize("condition", ["ioc", "fok"])
def test_on_candles_a_limit_fills_at_the_next_open_or_lapses(condition: str) -> None:
    client = client_of([dipping()], at(2), coins={"BTC": Decimal(1)})
    fills = of_kind(client, f"limit_{condition}", "bid", price="9800", volume="1")
    lapses = of_kind(client, f"limit_{condition}", "bid", price="9795", volume="1")
    sells = of_kind(client, f"limit_{condition}", "ask", price="9805", volume="1")
    assert client.order(lapses)["state"] == "wait"
    client.set_clock(at(2) + 1)
    assert trades_of(client, fills) == [("9800", "09:02:00")]
    assert [client.order(uuid)["state"] for uuid in (lapses, sells)] == ["cancel", "cancel"]
    assert client.balances() == {"KRW": ("9990195.1", "0"), "BTC": ("2", "0")}


def test_on_candles_post_only_lapses_where_the_next_open_would_fill_it() -> None:
    client = client_of([dipping()], at(1))
    lapses = of_kind(client, "limit_post_only", "bid", price="10000", volume="1")
    rests = of_kind(client, "limit_post_only", "bid", price="9890", volume="1")
    client.set_clock(at(1) + 1)
    assert [client.order(uuid)["state"] for uuid in (lapses, rests)] == ["cancel", "wait"]
    client.set_clock(at(2))
    assert client.order(rests)["state"] == "wait"
    client.set_clock(at(2) + 1)
    assert trades_of(client, rests) == [("9890", "09:02:00")]  # its own price, not the open below


def test_on_candles_post_only_that_rests_is_no_taker_after_a_minute_without_trades() -> None:
    client = client_of([flat_tape("KRW-BTC", [10_000.0, 10_000.0, None, 9_900.0, 9_900.0])], at(1))
    uuid = of_kind(client, "limit_post_only", "bid", price="9950", volume="1")
    for minute in (2.5, 4):
        client.set_clock(at(minute))
        client.get("/v1/accounts")
    assert trades_of(client, uuid) == [("9950", "09:03:00")]


def test_on_candles_post_only_rests_however_often_asked() -> None:
    client = client_of([dipping()], at(1))
    uuid = of_kind(client, "limit_post_only", "bid", price="9890", volume="1")
    for seconds in (1, 20, 40, 60, 61):
        client.set_clock(at(1) + seconds)
        client.get("/v1/accounts")
    assert trades_of(client, uuid) == [("9890", "09:02:00")]
