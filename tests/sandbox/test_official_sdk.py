"""The exchange's own Python SDK 1.1.0, blocking and awaited, unmodified but for its address.

Answers are held against the SDK's own schema (its strict mode), but where the live exchange leaves
it too: an order by total has no volumes, a self-match type may be none, a level is an integer.
"""

import asyncio
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from sandbox.clients import (
    BTC_ASK,
    BTC_BID,
    BTC_LAST,
    CASH,
    ETH,
    FEE,
    NOBODY,
    NOW_S,
    XRP_A_MINUTE,
    XRP_LAST,
    Ask,
    advance,
    announce,
    awaiting,
    blocking,
    bought,
    btc,
    held,
    key_of,
    opened,
    orders,
    refusing,
    start_over,
    switch,
    within_reason,
    xrp,
)
from sandbox.servers import HASTY_S, SLOW_S, TIMEOUT_S, Server
from upbit_sandbox import ACCESS_KEY, SECRET_KEY

BUY = {"side": "bid", "ord_type": "price", "price": "10000"}
type Open = Callable[..., Ask]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with opened(tmp_path_factory.mktemp("candles")) as one:
        yield one


@pytest.fixture(scope="module", params=["blocking", "awaited"])
def client_at(server: Server, request: pytest.FixtureRequest) -> Iterator[Open]:
    """Open clients; without arguments with the sandbox's own key, no retries and no schema."""
    import upbit

    settings: dict[str, Any] = {
        "access_key": ACCESS_KEY,
        "secret_key": SECRET_KEY,
        "base_url": server.address,
        "websocket_base_url": server.address.replace("http://", "ws://"),
        "max_retries": 0,
    }
    made: dict[frozenset[tuple[str, Any]], Any] = {}
    with asyncio.Runner() as runner:
        is_awaited = request.param == "awaited"

        def client(**changes: Any) -> Ask:
            name = frozenset(changes.items())
            if name not in made:
                made[name] = (upbit.AsyncUpbit if is_awaited else upbit.Upbit)(**settings | changes)
            return awaiting(made[name], runner) if is_awaited else blocking(made[name])

        yield client
        for one in made.values():
            ask = awaiting(one, runner) if is_awaited else blocking(one)
            ask(lambda u: u.close())


@pytest.fixture(autouse=True)
def _fresh(server: Server) -> None:
    start_over(server)


@pytest.fixture
def ask(client_at: Open) -> Ask:
    return client_at()


@pytest.fixture
def strict(client_at: Open) -> Ask:
    """A client that raises where an answer is not as the SDK's schema has it."""
    return client_at(_strict_response_validation=True)


# Quotes


def test_pairs(server: Server, strict: Ask) -> None:
    announce(server, "KRW-ETH", warning=True, cautions=["GLOBAL_PRICE_DIFFERENCES"])
    plain = strict(lambda u: u.trading_pairs.list())
    assert [pair.market for pair in plain] == ["KRW-BTC", "KRW-XRP", "KRW-ETH"]
    assert plain[0].market_event is None
    events = [pair.market_event for pair in strict(lambda u: u.trading_pairs.list(is_details=True))]
    assert [event.warning for event in events] == [False, False, True]
    assert events[2].caution.global_price_differences is True
    assert events[0].caution.global_price_differences is False


def test_tickers(strict: Ask) -> None:
    some = strict(lambda u: u.tickers.list_by_trading_pairs(markets="KRW-XRP,KRW-BTC"))
    prices = [(one.market, float(one.trade_price)) for one in some]
    assert prices == [("KRW-XRP", XRP_LAST), ("KRW-BTC", BTC_LAST)]
    assert (some[0].change, some[1].change) == ("FALL", "RISE")
    everyone = strict(lambda u: u.tickers.list_by_quote_currencies(quote_currencies="KRW,BTC"))
    assert len(everyone) == 3
    assert strict(lambda u: u.tickers.list_by_quote_currencies(quote_currencies="USDT")) == []


def test_order_books(ask: Ask, strict: Ask) -> None:
    [book] = ask(lambda u: u.orderbooks.list(markets="KRW-BTC", count=3))
    units = [(float(unit.ask_price), float(unit.bid_price)) for unit in book.orderbook_units]
    assert units == [(BTC_ASK + 10 * n, BTC_BID - 10 * n) for n in range(3)]
    [coarse] = ask(lambda u: u.orderbooks.list(markets="KRW-BTC", level="1000"))
    assert float(coarse.orderbook_units[0].ask_price) == 29_000
    assert ask(lambda u: u.orderbooks.list(markets="KRW-BTC", level="7")) == []
    both = strict(lambda u: u.orderbooks.list_instruments(markets="KRW-BTC,KRW-XRP"))
    assert [(one.market, one.tick_size) for one in both] == [("KRW-BTC", "10"), ("KRW-XRP", "1")]


def test_upbit_3_7_trades_are_paged_by_cursor(strict: Ask) -> None:
    """GET /v1/trades/ticks gives up to 500 trades, newest first, and goes on before a cursor."""
    first = strict(lambda u: u.trades.list(market="KRW-BTC", count=20))
    cursor = str(first[-1].sequential_id)
    second = strict(lambda u: u.trades.list(market="KRW-BTC", count=20, cursor=cursor))
    whole = strict(lambda u: u.trades.list(market="KRW-BTC", count=40))
    assert [one.sequential_id for one in (*first, *second)] == [one.sequential_id for one in whole]
    assert float(whole[0].trade_price) == BTC_LAST
    [before] = strict(lambda u: u.trades.list(market="KRW-BTC", days_ago=1))
    assert (before.trade_date_utc, float(before.trade_price)) == ("2025-08-31", btc(1439))
    [early] = strict(lambda u: u.trades.list(market="KRW-BTC", to="00:01:00"))
    assert float(early.trade_price) == btc(1440)


@pytest.mark.parametrize(
    ("call", "label", "open_", "close"),
    [
        (lambda c: c.list_seconds, "2025-09-01T07:29:59", BTC_LAST, BTC_LAST),
        *[
            (
                lambda c, unit=unit: lambda **q: c.list_minutes(unit, **q),
                label,
                btc(first),
                BTC_LAST,
            )
            for unit, label, first in (
                (1, "2025-09-01T07:29:00", 1889),
                (3, "2025-09-01T07:27:00", 1887),
                (5, "2025-09-01T07:25:00", 1885),
                (10, "2025-09-01T07:20:00", 1880),
                (15, "2025-09-01T07:15:00", 1875),
                (30, "2025-09-01T07:00:00", 1860),
                (60, "2025-09-01T07:00:00", 1860),
                (240, "2025-09-01T04:00:00", 1680),
            )
        ],
        (lambda c: c.list_days, "2025-09-01T00:00:00", btc(1440), BTC_LAST),
        (lambda c: c.list_weeks, "2025-09-01T00:00:00", btc(1440), BTC_LAST),
        (lambda c: c.list_months, "2025-09-01T00:00:00", btc(1440), BTC_LAST),
        (lambda c: c.list_years, "2025-01-01T00:00:00", 10_000, BTC_LAST),
    ],
)
def test_candles_of_every_unit(
    strict: Ask, call: Callable[[Any], Any], label: str, open_: int, close: int
) -> None:
    newest, before = strict(lambda u: call(u.candles)(market="KRW-BTC", count=2))
    assert newest.candle_date_time_utc == label
    assert (float(newest.opening_price), float(newest.trade_price)) == (open_, close)
    again = strict(lambda u: call(u.candles)(market="KRW-BTC", to=f"{label}Z"))
    assert again == [before]  # `to` excludes the candle that starts then; one candle unless told


def test_upbit_7_more_than_200_candles_are_silently_cut(strict: Ask) -> None:
    """A count above 200 gives 200 candles, newest first, and no refusal."""
    rows = strict(lambda u: u.candles.list_minutes(1, market="KRW-BTC", count=201))
    assert [float(row.trade_price) for row in rows] == [BTC_LAST - 10 * n for n in range(200)]


def test_day_candles_know_the_close_before_and_convert(strict: Ask) -> None:
    [day] = strict(lambda u: u.candles.list_days(market="KRW-BTC", converting_price_unit="KRW"))
    assert float(day.prev_closing_price) == btc(1439)
    assert float(day.change_price) == BTC_LAST - btc(1439)
    assert float(day.converted_trade_price) == BTC_LAST


# Orders and money


def test_accounts_and_chance(strict: Ask) -> None:
    rows = strict(lambda u: u.accounts.list())
    assert [(row.currency, row.balance, row.locked) for row in rows] == [
        ("KRW", str(CASH), "0"),
        ("BTC", "2", "0"),
        ("XRP", "1000", "0"),
    ]
    chance = strict(lambda u: u.orders.retrieve_chance(market="KRW-BTC"))
    kinds = {"limit", "limit_ioc", "limit_fok", "best_ioc", "best_fok"}
    assert set(chance.market.bid_types) == kinds | {"price"}
    assert set(chance.market.ask_types) == kinds | {"market"}
    assert (chance.bid_fee, chance.market.max_total) == ("0.0005", "1000000000")


def test_market_buy_and_sell_to_the_last_digit(server: Server, ask: Ask) -> None:
    buy = ask(lambda u: _placed(u, side="bid", ord_type="price", price="123456"))
    assert (buy.state, buy.locked, buy.volume) == ("wait", "123517.728", None)
    volume, spent = bought(123_456, BTC_ASK)
    assert held(server)["KRW"] == (CASH - spent, Decimal(0))
    done = ask(lambda u: u.orders.retrieve(uuid=buy.uuid))
    assert (done.state, Decimal(done.executed_volume)) == ("cancel", volume)
    assert Decimal(done.paid_fee) == volume * BTC_ASK * FEE
    assert sum(Decimal(trade.funds) for trade in done.trades) == volume * BTC_ASK

    sell = ask(lambda u: _placed(u, side="ask", ord_type="market", volume=str(volume)))
    sold = ask(lambda u: u.orders.retrieve(uuid=sell.uuid))
    assert (sold.state, sold.price, sold.remaining_volume) == ("done", None, "0")
    assert held(server)["KRW"] == (CASH - spent + volume * BTC_BID * (1 - FEE), Decimal(0))
    assert held(server)["BTC"] == (Decimal(2), Decimal(0))


@pytest.mark.parametrize(
    ("fields", "state", "executed"),
    [
        ({"side": "bid", "price": "20000", "volume": "1"}, "wait", "0"),
        ({"side": "ask", "price": "40000", "volume": "1"}, "wait", "0"),
        ({"side": "bid", "price": str(BTC_ASK), "volume": "1"}, "done", "1"),
        ({"side": "ask", "price": "20000", "volume": "1", "time_in_force": "ioc"}, "done", "1"),
        ({"side": "bid", "price": "20000", "volume": "1", "time_in_force": "ioc"}, "cancel", "0"),
        ({"side": "bid", "price": "20000", "volume": "1", "time_in_force": "fok"}, "cancel", "0"),
        ({"side": "bid", "price": "30000", "volume": "1", "time_in_force": "fok"}, "done", "1"),
        (
            {"side": "bid", "price": "20000", "volume": "1", "time_in_force": "post_only"},
            "wait",
            "0",
        ),
        (
            {"side": "bid", "price": "30000", "volume": "1", "time_in_force": "post_only"},
            "cancel",
            "0",
        ),
        (
            {"side": "ask", "ord_type": "best", "volume": "0.5", "time_in_force": "ioc"},
            "done",
            "0.5",
        ),
        (
            {"side": "bid", "ord_type": "best", "price": "28900", "time_in_force": "fok"},
            "done",
            "1",
        ),
    ],
)
def test_upbit_3_2_kinds_and_conditions_of_orders(
    ask: Ask, fields: dict[str, str], state: str, executed: str
) -> None:
    """Limit, best and their ioc, fok and post_only rest, fill or end as their names say."""
    placed = ask(lambda u: _placed(u, **({"ord_type": "limit"} | fields)))
    assert (placed.state, placed.executed_volume) == ("wait", "0")
    assert placed.time_in_force == fields.get("time_in_force")
    found = ask(lambda u: u.orders.retrieve(uuid=placed.uuid))
    assert (found.state, found.executed_volume) == (state, executed)


def test_resting_order_is_filled_bit_by_bit(server: Server, strict: Ask) -> None:
    price = xrp(1_895)  # the falling market reaches it in five minutes
    fields = {"market": "KRW-XRP", "side": "bid", "ord_type": "limit"}
    bid = strict(lambda u: u.orders.create(**fields, price=str(price), volume="25"))
    for minutes, executed, state in (
        (5, 0, "wait"),
        (1, 1, "wait"),
        (1, 2, "wait"),
        (1, 2.5, "done"),
    ):
        advance(server, minutes * 60)
        found = strict(lambda u: u.orders.retrieve(uuid=bid.uuid))
        assert found.executed_volume == f"{executed * XRP_A_MINUTE:g}"
        assert found.state == state
    assert {trade.price for trade in found.trades} == {str(price)}
    assert held(server)["KRW"] == (CASH - 25 * price * (1 + FEE), Decimal(0))


def test_upbit_3_2_own_orders_do_not_meet(ask: Ask) -> None:
    """An order that would meet an own one cancels it first, unless smp_type says otherwise."""

    def resting() -> Any:
        return ask(lambda u: _placed(u, side="ask", ord_type="limit", price="28900", volume="1"))

    def incoming(**more: str) -> Any:
        fields = {"side": "bid", "ord_type": "limit", "price": "28900", "volume": "0.4"}
        return ask(lambda u: _placed(u, **fields, **more))

    def ended(order: Any) -> tuple[str, str, str]:
        now = ask(lambda u: u.orders.retrieve(uuid=order.uuid))
        return now.state, now.executed_volume, now.prevented_volume

    maker, taker = resting(), incoming()
    assert taker.smp_type == "cancel_maker"
    assert (ended(maker), ended(taker)) == (("cancel", "0", "1"), ("done", "0.4", "0"))
    maker, taker = resting(), incoming(smp_type="cancel_taker")
    assert (ended(maker), ended(taker)) == (("wait", "0", "0"), ("cancel", "0", "0.4"))
    taker = incoming(smp_type="reduce")
    assert (ended(maker), ended(taker)) == (("wait", "0", "0.4"), ("cancel", "0", "0.4"))
    taker = incoming(smp_type="none")
    assert (ended(maker), ended(taker)) == (("wait", "0.4", "0.4"), ("done", "0.4", "0"))


def test_upbit_3_2_test_order_is_checked_and_not_placed(server: Server, strict: Ask) -> None:
    """POST /v1/orders/test answers a real order's body or refusal, and leaves nothing behind."""
    import upbit

    fields = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "price": "20000"}
    tried = strict(lambda u: u.orders.test_create(**fields, volume="1", identifier="try"))
    assert (tried.state, tried.locked) == ("wait", "20010")
    with pytest.raises(upbit.NotFoundError):
        strict(lambda u: u.orders.retrieve(uuid=tried.uuid))
    with pytest.raises(upbit.BadRequestError) as caught:
        strict(lambda u: u.orders.test_create(**fields, volume="0.1"))
    assert caught.value.name == "under_min_total_bid"
    assert orders(server) == []
    assert held(server)["KRW"] == (CASH, Decimal(0))
    assert strict(lambda u: u.orders.create(**fields, volume="1", identifier="try")).uuid


def test_upbit_3_3_order_is_found_and_cancelled_by_its_identifier(strict: Ask) -> None:
    """An identifier of the caller's own finds and cancels an order, even one that is escaped."""
    name = "a b:c+d/é&e=f"
    fields = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "price": "20000"}
    placed = strict(lambda u: u.orders.create(**fields, volume="1", identifier=name))
    assert placed.identifier == name
    assert strict(lambda u: u.orders.retrieve(identifier=name)).uuid == placed.uuid
    listed = strict(lambda u: u.orders.list_by_uuids(identifiers=[name, "nobody's"]))
    assert [one.uuid for one in listed] == [placed.uuid]
    assert strict(lambda u: u.orders.cancel(identifier=name)).state == "wait"
    assert strict(lambda u: u.orders.retrieve(identifier=name)).state == "cancel"


def test_upbit_3_4_open_orders_come_in_pages(strict: Ask, ask: Ask) -> None:
    """GET /v1/orders/open pages through what waits, 100 at most a page, newest first."""
    placed = [
        strict(lambda u: _placed(u, side="bid", ord_type="limit", price="10000", volume="0.5"))
        for _ in range(7)
    ]
    names = [one.uuid for one in placed]

    def pages(client: Any, **more: Any) -> Any:
        return client.orders.list_open(market="KRW-BTC", limit=3, **more)

    assert [one.uuid for one in strict(lambda u: _all(pages(u)))] == names[::-1]
    assert [one.uuid for one in strict(lambda u: _all(pages(u, order_by="asc")))] == names
    page = strict(lambda u: pages(u, states=["wait", "watch"], page=3))
    assert [one.uuid for one in page.items] == names[:1]
    assert strict(lambda u: u.orders.list_open(market="KRW-XRP")).items == []
    assert strict(lambda u: u.orders.list_open(state="watch")).items == []


def test_upbit_3_4_closed_orders_by_state_and_time(server: Server, ask: Ask) -> None:
    """GET /v1/orders/closed takes states and a window of at most seven days of creation times."""
    import upbit

    cancelled = ask(lambda u: _placed(u, side="bid", ord_type="limit", price="10000", volume="1"))
    ask(lambda u: u.orders.cancel(uuid=cancelled.uuid))
    advance(server, 60)
    sold = ask(lambda u: _placed(u, side="ask", ord_type="market", volume="1"))

    def closed(**more: Any) -> list[str]:
        return [one.uuid for one in ask(lambda u: u.orders.list_closed(**more))]

    assert closed() == [sold.uuid, cancelled.uuid]
    assert closed(order_by="asc", market="KRW-BTC") == [cancelled.uuid, sold.uuid]
    assert closed(state="done") == closed(states=["done"]) == [sold.uuid]
    assert closed(states=["done", "cancel"], limit=1) == [sold.uuid]
    assert closed(start_time="2025-09-01T16:31:00+09:00") == [sold.uuid]
    assert closed(end_time=str((NOW_S + 30) * 1000)) == [cancelled.uuid]
    assert closed(market="KRW-XRP") == []
    with pytest.raises(upbit.BadRequestError):
        closed(start_time="2025-08-20T00:00:00Z", end_time="2025-08-28T00:00:00Z")


def test_upbit_3_4_orders_are_listed_by_ids(ask: Ask) -> None:
    """GET /v1/orders/uuids lists orders in any state by uuids or by identifiers, never both."""
    import upbit

    one = ask(lambda u: _placed(u, side="bid", ord_type="limit", price="10000", volume="1"))
    two = ask(lambda u: _placed(u, side="ask", ord_type="market", volume="1"))
    uuids = [one.uuid, two.uuid, NOBODY]
    listed = ask(lambda u: u.orders.list_by_uuids(uuids=uuids, order_by="asc"))
    assert [(found.uuid, found.state) for found in listed] == [
        (one.uuid, "wait"),
        (two.uuid, "done"),
    ]
    assert ask(lambda u: u.orders.list_by_uuids(uuids=uuids, market="KRW-XRP")) == []
    with pytest.raises(upbit.BadRequestError):
        ask(lambda u: u.orders.list_by_uuids(uuids=uuids, identifiers=["a"]))


def test_upbit_3_5_cancel_is_a_request(server: Server, strict: Ask) -> None:
    """DELETE /v1/order answers the order still in state wait, and it is cancelled by then."""
    import upbit

    placed = strict(lambda u: _placed(u, side="bid", ord_type="limit", price="20000", volume="1"))
    assert strict(lambda u: u.orders.cancel(uuid=placed.uuid)).state == "wait"
    assert strict(lambda u: u.orders.retrieve(uuid=placed.uuid)).state == "cancel"
    assert held(server)["KRW"] == (CASH, Decimal(0))
    with pytest.raises(upbit.NotFoundError):
        strict(lambda u: u.orders.cancel(uuid=placed.uuid))


def test_upbit_3_5_many_are_cancelled_by_ids(strict: Ask) -> None:
    """DELETE /v1/orders/uuids tells which orders it cancelled and which it could not."""
    fields = {"side": "bid", "ord_type": "limit", "price": "10000", "volume": "1"}
    one = strict(lambda u: _placed(u, identifier="a", **fields))
    two = strict(lambda u: _placed(u, identifier="b", **fields))
    answer = strict(lambda u: u.orders.cancel_by_uuids(uuids=[one.uuid, NOBODY]))
    assert [order.uuid for order in answer.success.orders] == [one.uuid]
    assert answer.success.count == 1
    assert answer.success.orders[0].market == "KRW-BTC"
    answer = strict(lambda u: u.orders.cancel_by_uuids(identifiers=["a", "b"]))
    assert [order.identifier for order in answer.success.orders] == ["b"]
    assert strict(lambda u: u.orders.retrieve(uuid=two.uuid)).state == "cancel"


def test_upbit_3_5_open_orders_are_cancelled_by_side_and_market(ask: Ask) -> None:
    """DELETE /v1/orders/open cancels by side and pairs, the 20 newest when nothing is said."""
    bids = [
        ask(lambda u: _placed(u, side="bid", ord_type="limit", price="10000", volume="0.5")).uuid
        for _ in range(22)
    ]
    sale = ask(lambda u: _placed(u, side="ask", ord_type="limit", price="40000", volume="1")).uuid

    def cancelled(**more: Any) -> list[str]:
        answer = ask(lambda u: u.orders.cancel_open(**more))
        assert answer.success.count == len(answer.success.orders)
        return [order.uuid for order in answer.success.orders]

    assert cancelled(pairs="KRW-XRP") == []
    assert cancelled(excluded_pairs="KRW-BTC") == []
    assert cancelled(cancel_side="ask", quote_currencies="KRW") == [sale]
    assert cancelled(cancel_side="bid", count=1, order_by="asc") == bids[:1]
    assert set(cancelled()) == set(bids[2:])
    assert cancelled(pairs="KRW-BTC,KRW-XRP") == [bids[1]]


def test_upbit_3_5_cancel_and_new_takes_the_old_ones_place(server: Server, ask: Ask) -> None:
    """POST /v1/orders/cancel_and_new answers the old order and names the new one in its place."""
    old = ask(lambda u: _placed(u, side="bid", ord_type="limit", price="20000", volume="2"))
    answer = ask(
        lambda u: u.orders.cancel_and_new(
            prev_order_uuid=old.uuid,
            new_ord_type="limit",
            new_price="21000",
            new_volume="remain_only",
            new_identifier="second",
            new_time_in_force="post_only",
        )
    )
    assert answer.uuid == old.uuid
    new = ask(lambda u: u.orders.retrieve(identifier="second"))
    assert answer.new_order_uuid == new.uuid
    assert (new.state, new.price, new.volume, new.side) == ("wait", "21000", "2", "bid")
    assert ask(lambda u: u.orders.retrieve(uuid=old.uuid)).state == "cancel"
    locked = 42_000 * (1 + FEE)
    assert held(server)["KRW"] == (CASH - locked, locked)


def test_wallets_keys_and_transfers(server: Server, ask: Ask, client_at: Open) -> None:
    import upbit

    assert [one.currency for one in ask(lambda u: u.wallet_status.list())] == ["BTC", "ETH", "XRP"]
    assert ACCESS_KEY in [one.access_key for one in ask(lambda u: u.api_keys.list())]
    calls: list[Callable[[Any], Any]] = [
        lambda u: u.withdraws.list(),
        lambda u: u.withdraws.retrieve(uuid=NOBODY),
        lambda u: u.withdraws.retrieve_chance(currency="BTC", net_type="BTC"),
        lambda u: u.withdraws.list_coin_addresses(),
        lambda u: u.withdraws.cancel_withdrawal(uuid=NOBODY),
        lambda u: u.withdraws.create_krw_withdrawal(amount="1", two_factor_type="kakao"),
        lambda u: u.withdraws.create_withdrawal(
            currency="BTC", net_type="BTC", amount="1", address="x"
        ),
        lambda u: u.deposits.list(),
        lambda u: u.deposits.retrieve(uuid=NOBODY),
        lambda u: u.deposits.list_coin_addresses(),
        lambda u: u.deposits.deposit_krw(amount="1", two_factor_type="kakao"),
    ]
    for call in calls:
        with pytest.raises(upbit.PermissionDeniedError) as caught:
            ask(call)
        assert caught.value.name == "out_of_scope"
    permissions = ["view_withdrawals", "view_deposits", "withdraw", "deposit"]
    access, secret = key_of(server, access_key="may", permissions=permissions)
    may = client_at(access_key=access, secret_key=secret)
    assert may(lambda u: u.withdraws.list()).items == []
    assert may(lambda u: u.deposits.list()).items == []
    assert may(lambda u: u.withdraws.list_coin_addresses()) == []
    with pytest.raises(upbit.NotFoundError):
        may(lambda u: u.withdraws.retrieve(uuid=NOBODY))
    with pytest.raises(upbit.PermissionDeniedError) as caught:
        may(calls[6])
    assert caught.value.name == "open_api_withdraw_locked"


# Errors


@pytest.mark.parametrize(
    ("call", "class_", "status", "name"),
    [
        *[
            (lambda u, f=fields: _placed(u, **f), "BadRequestError", 400, name)
            for name, fields in (
                ("under_min_total_bid", {"side": "bid", "ord_type": "price", "price": "4999"}),
                ("under_min_total_ask", {"side": "ask", "ord_type": "market", "volume": "0.0001"}),
                (
                    "insufficient_funds_bid",
                    {"side": "bid", "ord_type": "price", "price": "20000000"},
                ),
                ("insufficient_funds_ask", {"side": "ask", "ord_type": "market", "volume": "3"}),
                ("over_krw_funds_bid", {"side": "bid", "ord_type": "price", "price": "1000000001"}),
                (
                    "invalid_price_bid",
                    {"side": "bid", "ord_type": "limit", "price": "20005", "volume": "1"},
                ),
                (
                    "invalid_time_in_force",
                    {"side": "bid", "ord_type": "best", "price": "10000"},
                ),
                ("create_ask_error", {"side": "ask", "ord_type": "price", "price": "10000"}),
                ("create_bid_error", {"side": "bid", "ord_type": "market", "volume": "1"}),
                ("validation_error", {"side": "buy", "ord_type": "market", "volume": "1"}),
                (
                    "invalid_post_only",
                    {
                        "side": "bid",
                        "ord_type": "limit",
                        "price": "20000",
                        "volume": "1",
                        "time_in_force": "post_only",
                        "smp_type": "reduce",
                    },
                ),
            )
        ],
        (
            lambda u: u.orders.retrieve_chance(market="KRW-NONE"),
            "BadRequestError",
            400,
            "notfoundmarket",
        ),
        (lambda u: u.orders.retrieve(), "BadRequestError", 400, "bad_request"),
        (lambda u: u.orders.retrieve(uuid=NOBODY), "NotFoundError", 404, "order_not_found"),
        (lambda u: u.orders.cancel(identifier="nobody's"), "NotFoundError", 404, "order_not_found"),
        (lambda u: u.tickers.list_by_trading_pairs(markets="KRW-NONE"), "NotFoundError", 404, 404),
        (lambda u: u.candles.list_minutes(1, market="KRW-NONE"), "NotFoundError", 404, 404),
        (lambda u: u.candles.list_minutes(7, market="KRW-BTC"), "BadRequestError", 400, 400),
        (lambda u: u.trades.list(market="KRW-BTC", days_ago=8), "BadRequestError", 400, 400),
    ],
)
def test_upbit_5_refusals_have_a_status_and_a_name(
    server: Server, ask: Ask, call: Callable[[Any], Any], class_: str, status: int, name: str | int
) -> None:
    """A refusal has its status and name; a quotation's name is its status as a number."""
    import upbit

    with pytest.raises(getattr(upbit, class_)) as caught:
        ask(call)
    assert caught.value.status_code == status
    assert caught.value.body["error"]["name"] == name
    assert str(caught.value.name) == str(name)
    assert orders(server) == []


@pytest.mark.parametrize(
    ("fault", "class_", "status", "name"),
    [
        ({"kind": "limit_429"}, "RateLimitError", 429, None),
        ({"kind": "limit_418", "delay_s": 30}, "RateLimitPenaltyError", 418, None),
        ({"kind": "error_500"}, "InternalServerError", 500, "internal_server_error"),
        ({"kind": "html_500"}, "InternalServerError", 500, None),
        ({"kind": "html_502"}, "InternalServerError", 502, None),
        ({"kind": "html_503"}, "InternalServerError", 503, None),
        ({"kind": "lost_request"}, "InternalServerError", 504, None),
        (refusing("order_stabilizer", 503), "InternalServerError", 503, "order_stabilizer"),
        (refusing("nonce_used", 401), "AuthenticationError", 401, "nonce_used"),
    ],
)
def test_faults_reach_the_caller_as_the_sdks_errors(
    server: Server, ask: Ask, fault: dict[str, Any], class_: str, status: int, name: str | None
) -> None:
    import upbit

    for call in (
        lambda u: u.tickers.list_by_trading_pairs(markets="KRW-BTC"),
        lambda u: _placed(u, **BUY),
    ):
        switch(server, {"path": "/v1/*"} | fault | ({"path": "/v1/*"}))
        with pytest.raises(getattr(upbit, class_)) as caught:
            ask(call)
        assert (caught.value.status_code, caught.value.name) == (status, name)
        if status == 418:
            assert "30" in caught.value.message
    assert orders(server) == []


@pytest.mark.parametrize(
    ("key", "status", "name"),
    [
        ({"permissions": ["view_account", "view_orders"]}, 403, "out_of_scope"),
        ({"allowed_ips": ["203.0.113.7"]}, 401, "no_authorization_ip"),
        ({"expire_at": NOW_S}, 401, "expired_access_key"),
    ],
)
def test_upbit_10_keys_open_only_what_they_may(
    server: Server, client_at: Open, key: dict[str, object], status: int, name: str
) -> None:
    """A key without the permission, from another address or past its end is refused by name."""
    import upbit

    access, secret = key_of(server, access_key=name, **key)
    narrow = client_at(access_key=access, secret_key=secret)
    with pytest.raises((upbit.AuthenticationError, upbit.PermissionDeniedError)) as caught:
        narrow(lambda u: _placed(u, **BUY))
    assert (caught.value.status_code, caught.value.name) == (status, name)
    assert orders(server) == []


def test_accounts_know_nothing_of_each_other(server: Server, ask: Ask, client_at: Open) -> None:
    import upbit

    body = {"name": "alice", "cash": "50000", "coins": {"XRP": "7"}}
    [key] = server.call("POST", "/sandbox/accounts", body).json()["keys"]
    alice = client_at(access_key=key["access_key"], secret_key=key["secret_key"])
    try:
        order = alice(lambda u: _placed(u, identifier="mine", **BUY))
        with pytest.raises(upbit.NotFoundError):
            ask(lambda u: u.orders.retrieve(uuid=order.uuid))
        assert ask(lambda u: _placed(u, identifier="mine", **BUY)).uuid != order.uuid
        assert [row.balance for row in alice(lambda u: u.accounts.list())][1] == "7"
        assert held(server)["KRW"] == (CASH - bought(10_000, BTC_ASK)[1], Decimal(0))
    finally:
        server.call("DELETE", "/sandbox/accounts?name=alice")


def test_upbit_4_secret_and_key_that_are_wrong(client_at: Open) -> None:
    """A token signed with another secret is jwt_verification, an unknown key is invalid."""
    import upbit

    for changes, name in (
        ({"secret_key": SECRET_KEY[::-1]}, "jwt_verification"),
        ({"access_key": "nobody"}, "invalid_access_key"),
    ):
        with pytest.raises(upbit.AuthenticationError) as caught:
            client_at(**changes)(lambda u: u.accounts.list())
        assert caught.value.name == name


def test_upbit_11_market_is_offline_in_maintenance_and_gone_when_delisted(
    server: Server, ask: Ask
) -> None:
    """Orders are 403 market_offline in maintenance; a delisted market is not found any more."""
    import upbit

    announce(server, "KRW-BTC", maintenance=[[NOW_S, NOW_S + 600]])
    with pytest.raises(upbit.PermissionDeniedError) as caught:
        ask(lambda u: _placed(u, **BUY))
    assert caught.value.name == "market_offline"
    with pytest.raises(upbit.PermissionDeniedError):
        ask(lambda u: u.orders.test_create(market="KRW-BTC", **BUY))
    announce(server, "KRW-BTC", delisted=NOW_S)
    with pytest.raises(upbit.BadRequestError) as missing:
        ask(lambda u: _placed(u, **BUY))
    assert missing.value.name == "notfoundmarket"
    with pytest.raises(upbit.NotFoundError):
        ask(lambda u: u.tickers.list_by_trading_pairs(markets="KRW-XRP,KRW-BTC"))


def test_answers_that_do_not_come(server: Server, client_at: Open) -> None:
    import upbit

    switch(server, {"path": "/v1/accounts", "kind": "slow", "delay_s": SLOW_S})
    with pytest.raises(upbit.APITimeoutError):
        client_at(timeout=HASTY_S)(lambda u: u.accounts.list())
    switch(server, {"path": "/v1/accounts", "kind": "cut"})
    with pytest.raises(upbit.APIConnectionError):
        client_at()(lambda u: u.accounts.list())


# What the SDK sends again by itself

LOST = {"method": "POST", "path": "/v1/orders", "kind": "lost_reply"}


def test_upbit_9_post_that_is_sent_again_places_two_orders(server: Server, client_at: Open) -> None:
    """The SDK resends a POST by itself: where the reply was lost, one call is two orders."""
    switch(server, LOST)
    placed = client_at(max_retries=2)(lambda u: _placed(u, **BUY))
    found = orders(server)
    assert len(found) == 2
    assert placed.uuid == found[0]["uuid"]


def test_upbit_3_3_identifier_keeps_a_resent_post_from_a_second_order(
    server: Server, client_at: Open
) -> None:
    """A second POST with the same identifier is refused, so exactly one order exists."""
    import upbit

    switch(server, LOST)
    upbit_again = client_at(max_retries=2)
    with pytest.raises(upbit.BadRequestError) as caught:
        upbit_again(lambda u: _placed(u, identifier="once", **BUY))
    assert caught.value.name == "duplicated_identifier"
    [order] = orders(server)
    assert upbit_again(lambda u: u.orders.retrieve(identifier="once")).uuid == order["uuid"]


def test_rate_limit_is_waited_for(server: Server, client_at: Open) -> None:
    switch(server, {"path": "/v1/accounts", "kind": "limit_429"})
    assert len(client_at(max_retries=2)(lambda u: u.accounts.list())) == 3


def test_upbit_3_3_lookup_may_come_too_early(server: Server, ask: Ask) -> None:
    """A new order may not be found for some seconds (how long is not documented)."""
    import upbit

    hidden = {"method": "GET", "path": "/v1/order", "kind": "hidden"}
    switch(server, hidden | {"delay_s": 5, "count": None})
    ask(lambda u: _placed(u, identifier="early", **BUY))
    with pytest.raises(upbit.NotFoundError):
        ask(lambda u: u.orders.retrieve(identifier="early"))
    advance(server, 5)
    assert ask(lambda u: u.orders.retrieve(identifier="early")).state == "cancel"


# Streams

type Enough = Callable[[list[Any]], bool]


def test_public_streams_of_every_type(server: Server, ask: Ask) -> None:
    """A snapshot of each, then what a minute has brought."""
    kinds = ["ticker", "trade", "orderbook", "candle.1s", "candle.60m"]

    def opened_stream(u: Any) -> Any:
        code = ["KRW-BTC"]
        return u.ws_stream.subscribe(
            ticker=code, trade=code, orderbook=code, candle={"1s": code, "60m": code}
        )

    def all_moved(frames: list[Any]) -> bool:
        return {one.type for one in frames if one.stream_type == "REALTIME"} == set(kinds)

    frames = ask(followed(opened_stream, lambda: advance(server, 60), all_moved))
    assert [one.type for one in frames[:5]] == kinds
    assert {one.stream_type for one in frames[:5]} == {"SNAPSHOT"}
    assert {one.stream_type for one in frames[5:]} == {"REALTIME"}
    assert {one.code for one in frames} == {"KRW-BTC"}
    assert float(frames[0].trade_price) == BTC_LAST
    last = [one for one in frames if one.type == "trade"][-1]
    assert float(last.trade_price) == BTC_LAST + 10


def test_short_names_of_the_simple_format(server: Server, ask: Ask) -> None:
    [frame] = ask(
        followed(
            lambda u: u.ws_stream.ticker(["KRW-ETH"], format="SIMPLE"),
            lambda: None,
            lambda frames: len(frames) == 1,
        )
    )
    assert (frame.ty, frame.cd, float(frame.tp)) == ("ticker", "KRW-ETH", ETH)
    [[frame]] = ask(
        followed(
            lambda u: u.ws_stream.orderbook(["KRW-BTC.5"], format="JSON_LIST"),
            lambda: None,
            lambda frames: len(frames) == 1,
        )
    )
    assert (frame.type, len(frame.orderbook_units)) == ("orderbook", 5)


def test_upbit_8_own_orders_and_balances_are_told(server: Server, ask: Ask) -> None:
    """myOrder tells an order's wait, its trades and its end, myAsset the balances that moved."""

    def buy() -> None:
        assert server.buy("100000").status_code == 201

    def has_ended(frames: list[Any]) -> bool:
        return any(one.type == "myOrder" and one.state == "cancel" for one in frames)

    frames = ask(
        followed(
            lambda u: u.ws_stream.subscribe_private(my_order=["KRW-BTC"], my_asset=True),
            buy,
            has_ended,
        )
    )
    changes = [one for one in frames if one.type == "myOrder"]
    assert [one.state for one in changes] == ["wait", "trade", "cancel"]
    volume, spent = bought(100_000, BTC_ASK)
    assert (Decimal(changes[1].price), Decimal(changes[1].volume)) == (Decimal(BTC_ASK), volume)
    assert Decimal(changes[1].trade_fee) == pytest.approx(volume * BTC_ASK * FEE)
    moved = [asset for one in frames if one.type == "myAsset" for asset in one.assets]
    krw = [asset for asset in moved if asset.currency == "KRW"]
    assert Decimal(krw[0].locked) == 100_050
    assert Decimal(krw[-1].balance) == pytest.approx(CASH - spent)


def test_upbit_8_private_stream_needs_a_good_key(client_at: Open) -> None:
    """With a token that is wrong the private address answers INVALID_AUTH and closes."""
    stranger = client_at(secret_key=SECRET_KEY[::-1])

    def manager(u: Any) -> Any:
        return u.ws_stream.my_order(["KRW-BTC"])

    [frame] = stranger(
        followed(manager, lambda: None, lambda frames: len(frames) == 1, is_up=False)
    )
    assert frame.error["name"] == "INVALID_AUTH"


def followed(
    manager: Callable[[Any], Any], act: Callable[[], None], enough: Enough, *, is_up: bool = True
) -> Callable[[Any], Any]:
    """Follow a stream: act once it is up, and collect its frames until there are enough."""

    def follow(opened_manager: Any) -> list[Any]:
        with opened_manager as stream:
            if is_up:
                stream.list_subscriptions(timeout=TIMEOUT_S)
            act()
            frames: list[Any] = []
            while not enough(frames):
                frames.append(stream.recv())
            return frames

    async def follow_awaited(opened_manager: Any) -> list[Any]:
        async with asyncio.timeout(TIMEOUT_S), opened_manager as stream:
            if is_up:
                await stream.list_subscriptions(timeout=TIMEOUT_S)
            act()
            frames: list[Any] = []
            while not enough(frames):
                frames.append(await stream.recv())
            return frames

    def call(client: Any) -> Any:
        one = manager(client)
        return (
            follow_awaited(one)
            if hasattr(one, "__aenter__")
            else within_reason(lambda: follow(one))
        )

    return call


def _placed(client: Any, **fields: str) -> Any:
    """Place an order in KRW-BTC unless told."""
    return client.orders.create(**{"market": "KRW-BTC"} | fields)


def _all(pages: Any) -> Any:
    """Follow pages to their end."""
    return aiter(pages) if hasattr(pages, "__aiter__") else list(pages)
