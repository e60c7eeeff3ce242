"""ccxt's client of Upbit, blocking, awaited and its streams, unmodified but for its addresses."""

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
    GAP,
    NOBODY,
    NOW_MIN,
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
    xrp,
)
from sandbox.servers import TIMEOUT_S, Server
from support.patience import patience
from upbit_sandbox import ACCESS_KEY, SECRET_KEY

BTC, ETHER, XRP = "BTC/KRW", "ETH/KRW", "XRP/KRW"
MINUTE_MS = 60_000
NOW_MS = NOW_S * 1000
type Open = Callable[..., Ask]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with opened(tmp_path_factory.mktemp("candles")) as one:
        yield one


@pytest.fixture(scope="module", params=["blocking", "awaited"])
def client_at(server: Server, request: pytest.FixtureRequest) -> Iterator[Open]:
    """Open clients, with the sandbox's own key unless told; they do not wait by themselves."""
    made: dict[frozenset[tuple[str, Any]], Any] = {}
    with asyncio.Runner() as runner:
        is_awaited = request.param == "awaited"

        def client(**changes: Any) -> Ask:
            name = frozenset(changes.items())
            if name not in made:
                made[name] = _client(server, is_awaited=is_awaited, **changes)
            return awaiting(made[name], runner) if is_awaited else blocking(made[name])

        yield client
        for one in made.values():
            if is_awaited:
                runner.run(one.close())


@pytest.fixture(autouse=True)
def _fresh(server: Server) -> None:
    start_over(server)


@pytest.fixture
def ask(client_at: Open) -> Ask:
    return client_at()


# Quotes


def test_markets(ask: Ask) -> None:
    markets = ask(lambda x: x.load_markets())
    assert sorted(markets) == [BTC, ETHER, XRP]
    assert (markets[BTC]["id"], markets[BTC]["taker"]) == ("KRW-BTC", 0.0005)
    alone = ask(lambda x: x.fetch_market(BTC))
    assert (alone["limits"]["cost"]["min"], alone["limits"]["cost"]["max"]) == (5_000, 1e9)
    assert alone["active"] is True


def test_upbit_3_7_all_tickers_of_a_quote_currency(ask: Ask) -> None:
    """GET /v1/ticker/all gives the tickers of all markets of the quote currencies asked for."""
    everyone = ask(lambda x: x.fetch_tickers())
    assert {name: one["last"] for name, one in everyone.items()} == {
        BTC: BTC_LAST,
        ETHER: ETH,
        XRP: XRP_LAST,
    }
    some = ask(lambda x: x.fetch_tickers([XRP, BTC]))
    assert sorted(some) == [BTC, XRP]
    one = ask(lambda x: x.fetch_ticker(BTC))
    assert (one["open"], one["high"], one["low"]) == (btc(1440), BTC_LAST, btc(1440))
    assert one["previousClose"] == btc(1439)
    assert one["baseVolume"] == 1_440
    assert one["timestamp"] == NOW_MS - 1


def test_order_books(ask: Ask) -> None:
    book = ask(lambda x: x.fetch_order_book(BTC, 2))
    assert [price for price, _ in book["asks"]] == [BTC_ASK, BTC_ASK + 10]
    assert [price for price, _ in book["bids"]] == [BTC_BID, BTC_BID - 10]
    books = ask(lambda x: x.fetch_order_books())
    assert {name: len(one["asks"]) for name, one in books.items()} == dict.fromkeys(
        (BTC, ETHER, XRP), 30
    )


def test_trades(ask: Ask) -> None:
    trades = ask(lambda x: x.fetch_trades(BTC, limit=50))
    assert len(trades) == len({trade["id"] for trade in trades}) == 50
    assert [trade["timestamp"] for trade in trades] == sorted(t["timestamp"] for t in trades)
    assert trades[-1]["price"] == BTC_LAST
    assert {trade["side"] for trade in trades} == {"buy", "sell"}
    late = ask(lambda x: x.fetch_trades(BTC, since=NOW_MS - MINUTE_MS, limit=50))
    assert sum(Decimal(str(trade["amount"])) for trade in late) == 1
    assert {trade["price"] for trade in late} == {BTC_LAST}


@pytest.mark.parametrize(
    ("timeframe", "before", "newest", "volume"),
    [
        ("1m", btc(1888), btc(1889), 1),
        ("3m", btc(1884), btc(1887), 3),
        ("5m", btc(1880), btc(1885), 5),
        ("10m", btc(1870), btc(1880), 10),
        ("15m", btc(1860), btc(1875), 15),
        ("30m", btc(1830), btc(1860), 30),
        ("1h", btc(1800), btc(1860), 30),
        ("4h", btc(1440), btc(1680), 210),
        ("1d", btc(0), btc(1440), 450),
        ("1w", 10_000, btc(1440), 450),
        ("1M", 10_000, btc(1440), 450),
        ("1y", 10_000, 10_000, 242 * 100 + NOW_MIN),
    ],
)
def test_candles_of_every_timeframe(
    ask: Ask, timeframe: str, before: int, newest: int, volume: int
) -> None:
    rows = ask(lambda x: x.fetch_ohlcv(BTC, timeframe, limit=2))
    assert [row[1] for row in rows] == [before, newest]
    assert (rows[-1][2], rows[-1][3], rows[-1][4]) == (BTC_LAST, newest, BTC_LAST)
    assert rows[-1][5] == volume


def test_candles_of_seconds_are_those_of_the_trades(ask: Ask) -> None:
    rows = ask(lambda x: x.fetch_ohlcv(BTC, "1s", since=NOW_MS - MINUTE_MS, limit=60))
    assert sum(Decimal(str(row[5])) for row in rows) == 1
    assert {price for row in rows for price in row[1:5]} == {BTC_LAST}


def test_upbit_7_pages_from_a_time_on(ask: Ask) -> None:
    """`to` takes milliseconds and Z too: pages of 200 from a time on meet without a hole."""
    since, rows = NOW_MS - 450 * MINUTE_MS, []
    while page := ask(lambda x: x.fetch_ohlcv(BTC, "1m", since=since, limit=200)):  # noqa: B023
        rows += page
        since = page[-1][0] + MINUTE_MS
    assert [row[4] for row in rows] == [btc(minute) for minute in range(NOW_MIN - 450, NOW_MIN)]
    gap = ask(lambda x: x.fetch_ohlcv(ETHER, "1m", limit=10))
    missing = {NOW_MS - (NOW_MIN - minute) * MINUTE_MS for minute in GAP}
    assert len(gap) == 10
    assert not missing & {row[0] for row in gap}


# Orders and money


def test_upbit_3_1_balance_excludes_what_is_locked(server: Server, ask: Ask) -> None:
    """The balance of an account row is what is free; what orders lock is beside it."""
    ask(lambda x: x.create_order(BTC, "limit", "sell", 0.5, 40_000))
    ask(lambda x: x.create_order(BTC, "limit", "buy", 1, 20_000))
    balance = ask(lambda x: x.fetch_balance())
    assert balance["BTC"] == {"free": 1.5, "used": 0.5, "total": 2.0}
    assert balance["KRW"] == {"free": 9_979_990.0, "used": 20_010.0, "total": 10_000_000.0}
    assert balance["XRP"]["free"] == 1_000
    raw = {one["currency"]: (one["balance"], one["locked"]) for one in balance["info"]}
    assert {name: (Decimal(free), Decimal(used)) for name, (free, used) in raw.items()} == held(
        server
    )


def test_market_orders_to_the_last_digit(server: Server, ask: Ask) -> None:
    placed = ask(lambda x: x.create_market_buy_order_with_cost(BTC, 123_456))
    assert (placed["status"], placed["type"], placed["side"]) == ("open", "market", "buy")
    volume, spent = bought(123_456, BTC_ASK)
    assert held(server)["KRW"] == (CASH - spent, Decimal(0))
    done = ask(lambda x: x.fetch_order(placed["id"]))
    assert done["status"] == "canceled"  # eight decimals cannot spend all of it
    assert (done["filled"], done["average"]) == (float(volume), BTC_ASK)
    assert done["fee"]["currency"] == "KRW"
    assert Decimal(done["fee"]["cost"]) == volume * BTC_ASK * FEE
    assert [trade["price"] for trade in done["trades"]] == [BTC_ASK]

    by_price = ask(lambda x: x.create_order(BTC, "market", "buy", 2, 28_900))
    assert by_price["info"]["price"] == "57800"
    exact = ask(lambda x: x.fetch_order(by_price["id"]))
    assert (exact["status"], exact["filled"]) == ("closed", 2)

    sell = ask(lambda x: x.create_order(BTC, "market", "sell", 0.5))
    sold = ask(lambda x: x.fetch_order(sell["id"]))
    assert (sold["status"], sold["cost"], sold["remaining"]) == ("closed", BTC_BID * 0.5, 0)
    expected = CASH - spent - 57_800 * (1 + FEE) + Decimal("0.5") * BTC_BID * (1 - FEE)
    assert held(server)["KRW"] == (expected, Decimal(0))
    assert held(server)["BTC"] == (4 + volume - Decimal("0.5"), Decimal(0))


@pytest.mark.parametrize(
    ("order", "params", "status", "filled"),
    [
        (("limit", "buy", 1, 20_000), {}, "open", 0),
        (("limit", "buy", 1, BTC_ASK), {}, "closed", 1),
        (("limit", "sell", 1, 20_000), {"timeInForce": "IOC"}, "closed", 1),
        (("limit", "buy", 1, 20_000), {"timeInForce": "FOK"}, "canceled", 0),
        (("limit", "buy", 1, 20_000), {"postOnly": True}, "open", 0),
        (("limit", "buy", 1, 20_000), {"timeInForce": "PO"}, "open", 0),
        (("limit", "buy", 1, 30_000), {"postOnly": True}, "canceled", 0),
        (("market", "sell", 0.5), {"ordType": "best", "timeInForce": "IOC"}, "closed", 0.5),
        (
            ("market", "buy", 1, BTC_ASK),
            {"ordType": "best", "timeInForce": "FOK"},
            "closed",
            1,
        ),
    ],
)
def test_kinds_of_orders(
    ask: Ask, order: tuple[Any, ...], params: dict[str, Any], status: str, filled: float
) -> None:
    type_, side, amount, *price = order
    placed = ask(
        lambda x: x.create_order(BTC, type_, side, amount, *(price or [None]), params=params)
    )
    assert (placed["status"], placed["filled"]) == ("open", 0)
    found = ask(lambda x: x.fetch_order(placed["id"]))
    assert (found["status"], found["filled"]) == (status, filled)


def test_resting_order_is_filled_bit_by_bit_and_cancelled(server: Server, ask: Ask) -> None:
    price = xrp(NOW_MIN + 5)
    bid = ask(lambda x: x.create_order(XRP, "limit", "buy", 25, price, {"clientOrderId": "mine"}))
    assert bid["clientOrderId"] == "mine"
    advance(server, 6 * 60)
    part = ask(lambda x: x.fetch_order(bid["id"]))
    assert (part["status"], part["filled"], part["remaining"]) == ("open", XRP_A_MINUTE, 15)
    assert (part["average"], part["cost"]) == (price, price * XRP_A_MINUTE)
    assert ask(lambda x: x.cancel_order(bid["id"]))["status"] == "open"
    ended = ask(lambda x: x.private_get_order({"identifier": "mine"}))
    assert (ended["uuid"], ended["state"]) == (bid["id"], "cancel")
    assert held(server)["KRW"] == (CASH - XRP_A_MINUTE * price * (1 + FEE), Decimal(0))


def test_lists_of_orders(server: Server, ask: Ask) -> None:
    sold = ask(lambda x: x.create_order(BTC, "market", "sell", 1))["id"]
    advance(server, 60)
    gone = ask(lambda x: x.create_order(BTC, "limit", "buy", 1, 20_000))["id"]
    ask(lambda x: x.cancel_order(gone))
    waits = [
        ask(lambda x: x.create_order(symbol, "limit", "buy", 10, price))["id"]  # noqa: B023
        for symbol, price in ((BTC, 20_000), (XRP, 600))
    ]

    def listed(call: Callable[[Any], Any]) -> list[str]:
        return [order["id"] for order in ask(call)]

    assert sorted(listed(lambda x: x.fetch_open_orders())) == sorted(waits)
    assert listed(lambda x: x.fetch_open_orders(XRP)) == waits[1:]
    assert listed(lambda x: x.fetch_open_orders(limit=1)) == waits[1:]  # the newest
    assert listed(lambda x: x.fetch_closed_orders()) == [sold]
    assert listed(lambda x: x.fetch_canceled_orders()) == [gone]
    assert listed(lambda x: x.fetch_closed_orders(BTC, since=NOW_MS + 30_000)) == []
    until = {"until": NOW_MS + 30_000}
    assert listed(lambda x: x.fetch_closed_orders(BTC, since=NOW_MS, params=until)) == [sold]
    assert listed(lambda x: x.fetch_canceled_orders(BTC, params=until)) == []
    [one] = ask(lambda x: x.private_get_orders_uuids({"uuids[]": sold}))
    assert (one["uuid"], one["state"]) == (sold, "done")


def test_orders_are_replaced_tried_and_cancelled_together(server: Server, ask: Ask) -> None:
    old = ask(lambda x: x.create_order(BTC, "limit", "buy", 1, 20_000))
    new = ask(
        lambda x: x.edit_order(
            old["id"], BTC, "limit", "buy", 2, 21_000, {"newClientOrderId": "next"}
        )
    )
    found = ask(lambda x: x.fetch_order(new["id"]))
    assert (found["price"], found["amount"], found["clientOrderId"]) == (21_000, 2, "next")
    assert new["clientOrderId"] == "next"
    assert ask(lambda x: x.fetch_order(old["id"]))["status"] == "canceled"

    tried = ask(lambda x: x.create_order(BTC, "limit", "sell", 1, 40_000, {"test": True}))
    assert tried["status"] == "open"
    assert len(orders(server)) == 2

    ask(lambda x: x.create_order(BTC, "limit", "sell", 1, 40_000))
    gone = ask(lambda x: x.private_delete_orders_open({"cancel_side": "ask"}))
    assert gone["success"]["count"] in (1, "1")
    gone = ask(lambda x: x.private_delete_orders_uuids({"uuids[]": new["id"]}))
    assert [one["uuid"] for one in gone["success"]["orders"]] == [new["id"]]
    assert held(server)["KRW"] == (CASH, Decimal(0))


def test_fees(ask: Ask) -> None:
    fee = ask(lambda x: x.fetch_trading_fee(BTC))
    assert (fee["maker"], fee["taker"]) == (0.0005, 0.0005)
    assert ask(lambda x: x.fetch_trading_fees())[XRP]["taker"] == 0.0005


# Errors, as ccxt's own classes


@pytest.mark.parametrize(
    ("call", "class_", "name"),
    [
        (lambda x: x.fetch_ticker("DOGE/KRW"), "BadSymbol", ""),  # ccxt's own
        (
            lambda x: x.create_market_buy_order_with_cost(BTC, 20_000_000),
            "InsufficientFunds",
            "insufficient_funds_bid",
        ),
        (
            lambda x: x.create_order(BTC, "market", "sell", 3),
            "InsufficientFunds",
            "insufficient_funds_ask",
        ),
        (lambda x: x.fetch_order(NOBODY), "OrderNotFound", "order_not_found"),
        (lambda x: x.cancel_order(NOBODY), "OrderNotFound", "order_not_found"),
        (
            lambda x: x.edit_order(NOBODY, BTC, "limit", "buy", 1, 20_000),
            "OrderNotFound",
            "order_not_found",
        ),
        (
            lambda x: x.create_market_buy_order_with_cost(BTC, 4_999),
            "ExchangeError",
            "under_min_total_bid",
        ),
        (
            lambda x: x.create_order(BTC, "limit", "buy", 1, 20_005),
            "ExchangeError",
            "invalid_price_bid",
        ),
        (lambda x: x.public_get_ticker(), "BadRequest", "Missing request parameter"),
        (
            lambda x: x.public_get_candles_minutes_unit({"unit": 7, "market": "KRW-BTC"}),
            "ExchangeError",
            "specified unit is not valid.",
        ),
        *[
            (call, "PermissionDenied", "out_of_scope")
            for call in (
                lambda x: x.fetch_deposit_address("BTC", {"network": "BTC"}),
                lambda x: x.fetch_deposit_addresses(),
                lambda x: x.create_deposit_address("BTC"),
                lambda x: x.fetch_deposits("BTC"),
                lambda x: x.fetch_deposit(NOBODY),
                lambda x: x.fetch_withdrawals("BTC"),
                lambda x: x.fetch_withdrawal(NOBODY),
                lambda x: x.fetch_currency("BTC"),
                lambda x: x.withdraw("BTC", 1, "an-address-of-nobody", {"network": "BTC"}),
                lambda x: x.withdraw("KRW", 10_000, "unused"),
            )
        ],
    ],
)
def test_refusals_become_ccxts_classes(
    server: Server, ask: Ask, call: Callable[[Any], Any], class_: str, name: str
) -> None:
    import ccxt

    with pytest.raises(ccxt.BaseError) as caught:
        ask(call)
    assert type(caught.value) is getattr(ccxt, class_)
    assert name in str(caught.value)
    assert orders(server) == []


@pytest.mark.parametrize(
    ("fault", "class_"),
    [
        ({"kind": "limit_429"}, "RateLimitExceeded"),
        ({"kind": "limit_418"}, "DDoSProtection"),
        ({"kind": "html_500"}, "ExchangeNotAvailable"),
        ({"kind": "html_502"}, "ExchangeNotAvailable"),
        ({"kind": "html_503"}, "ExchangeNotAvailable"),
        ({"kind": "lost_request"}, "RequestTimeout"),
        ({"kind": "error_500"}, "ExchangeError"),
        (refusing("thirdparty_agreement_required", 401), "PermissionDenied"),
        (refusing("nonce_used", 401), "ExchangeError"),
    ],
)
def test_faults_become_ccxts_classes(
    server: Server, ask: Ask, fault: dict[str, Any], class_: str
) -> None:
    import ccxt

    for path, call in (
        ("/v1/accounts", lambda x: x.fetch_balance()),
        ("/v1/ticker", lambda x: x.fetch_ticker(BTC)),
    ):
        switch(server, fault | {"path": path})
        with pytest.raises(ccxt.BaseError) as caught:
            ask(call)
        assert type(caught.value) is getattr(ccxt, class_)
        assert ask(call) is not None


def test_half_a_body_is_an_error(server: Server, ask: Ask) -> None:
    import ccxt

    switch(server, {"path": "/v1/accounts", "kind": "cut"})
    with pytest.raises((ccxt.NetworkError, ccxt.ExchangeError)):  # blocking, and awaited
        ask(lambda x: x.fetch_balance())


def test_lost_reply_hides_an_order_that_its_identifier_finds(server: Server, ask: Ask) -> None:
    import ccxt

    switch(server, {"method": "POST", "path": "/v1/orders", "kind": "lost_reply"})
    params = {"clientOrderId": "once"}

    def buy(x: Any) -> Any:
        return x.create_market_buy_order_with_cost(BTC, 10_000, params)

    with pytest.raises(ccxt.ExchangeNotAvailable):
        ask(buy)
    with pytest.raises(ccxt.ExchangeError, match="duplicated_identifier"):
        ask(buy)
    [order] = orders(server)
    found = ask(lambda x: x.private_get_order({"identifier": "once"}))
    assert found["uuid"] == order["uuid"]


@pytest.mark.parametrize(
    ("key", "class_", "name"),
    [
        ({"permissions": ["view_account"]}, "PermissionDenied", "out_of_scope"),
        ({"expire_at": NOW_S}, "AuthenticationError", "This key has expired."),
        ({"allowed_ips": ["203.0.113.7"]}, "ExchangeError", "no_authorization_ip"),
    ],
)
def test_keys_that_may_not(
    server: Server, client_at: Open, key: dict[str, Any], class_: str, name: str
) -> None:
    import ccxt

    access, secret = key_of(server, access_key=class_, **key)
    narrow = client_at(apiKey=access, secret=secret)
    with pytest.raises(ccxt.BaseError, match=name) as caught:
        narrow(lambda x: x.create_order(BTC, "limit", "buy", 1, 20_000))
    assert type(caught.value) is getattr(ccxt, class_)


def test_keys_that_are_wrong(client_at: Open) -> None:
    import ccxt

    for changes, name in (
        ({"secret": SECRET_KEY[::-1]}, "jwt_verification"),
        ({"apiKey": "nobody"}, "invalid_access_key"),
    ):
        with pytest.raises(ccxt.AuthenticationError, match=name):
            client_at(**changes)(lambda x: x.fetch_balance())


def test_market_that_is_offline_and_then_gone(server: Server, ask: Ask) -> None:
    import ccxt

    def buy(x: Any) -> Any:
        return x.create_market_buy_order_with_cost(BTC, 10_000)

    announce(server, "KRW-BTC", maintenance=[[NOW_S, NOW_S + 600]])
    with pytest.raises(ccxt.ExchangeError, match="market_offline"):
        ask(buy)
    announce(server, "KRW-BTC", delisted=NOW_S)
    with pytest.raises(ccxt.ExchangeError, match="notfoundmarket"):
        ask(buy)
    with pytest.raises(ccxt.ExchangeError, match="Code not found"):
        ask(lambda x: x.fetch_tickers([BTC, XRP]))
    assert sorted(ask(lambda x: x.fetch_tickers())) == [ETHER, XRP]
    assert orders(server) == []


# Streams, which only the awaited client has


def test_public_streams(server: Server) -> None:
    async def watch(x: Any) -> None:
        assert (await x.watch_ticker(BTC))["last"] == BTC_LAST
        book = await x.watch_order_book(XRP)
        assert book["asks"][0][0] == XRP_LAST + 1
        [trade] = await x.watch_trades(ETHER)
        assert trade["price"] == ETH
        candle = await x.watch_ohlcv(BTC, "1s")
        assert (candle[0], candle[4]) == (NOW_MS - 1_000, BTC_LAST)
        last = BTC_LAST
        while last == BTC_LAST:
            [ticker] = await _watch_during(lambda: advance(server, 10), x.watch_ticker(BTC))
            last = ticker["last"]
        assert last > BTC_LAST

    _watched(server, watch)


def test_private_streams(server: Server) -> None:
    async def watch(x: Any) -> None:
        volume, _ = bought(100_000, BTC_ASK)
        watching = (x.watch_orders(BTC), x.watch_my_trades(BTC), x.watch_balance())
        _, trades, balance = await _watch_during(lambda: server.buy("100000"), *watching)
        placed = {order["uuid"] for order in orders(server)}
        assert (trades[-1]["price"], trades[-1]["amount"]) == (BTC_ASK, float(volume))
        assert trades[-1]["order"] in placed
        assert balance["KRW"]["total"] <= float(CASH)
        ended: list[Any] = []
        while not ended:
            [changes] = await _watch_during(lambda: server.buy("100000"), x.watch_orders(BTC))
            ended = [one for one in changes if one["status"] == "canceled"]
        assert (ended[0]["side"], ended[0]["filled"]) == ("buy", float(volume))

    _watched(server, watch)


async def _watch_during(act: Callable[[], Any], *watching: Any) -> list[Any]:
    """Act until each of these streams, which are silent until something happens, has spoken."""
    tasks = [asyncio.ensure_future(one) for one in watching]
    while (await asyncio.wait(tasks, timeout=patience(0.1)))[1]:
        await asyncio.to_thread(act)
    return [task.result() for task in tasks]


def _watched(server: Server, watch: Callable[[Any], Any]) -> None:
    async def bounded() -> None:
        client = _client(server, is_awaited=True)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await watch(client)
        finally:
            await client.close()

    asyncio.run(bounded())


def _client(server: Server, *, is_awaited: bool, **changes: Any) -> Any:
    import ccxt.pro

    settings = {"apiKey": ACCESS_KEY, "secret": SECRET_KEY, "enableRateLimit": False}
    client = (ccxt.pro.upbit if is_awaited else ccxt.upbit)(settings | changes)
    client.urls["api"] = {
        "public": server.address,
        "private": server.address,
        "ws": server.address.replace("http://", "ws://") + "/websocket/v1",
    }
    return client
