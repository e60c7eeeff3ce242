"""pyupbit 0.2.34 as it is, but for the address that its requests and its sockets go to."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from queue import Empty, Queue
from typing import Any

import pytest
import requests
import websockets

from sandbox.clients import (
    BTC_ASK,
    BTC_LAST,
    CASH,
    ETH,
    GAP,
    MINUTES,
    NOBODY,
    NOW_MIN,
    NOW_S,
    XRP_A_MINUTE,
    XRP_LAST,
    advance,
    announce,
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
from sandbox.servers import HASTY_S, SLOW_S, TIMEOUT_S, Server
from support.patience import patience
from upbit_sandbox import ACCESS_KEY, SECRET_KEY

MINUTES_LEFT = MINUTES - NOW_MIN
UPBIT = "https://api.upbit.com"
ALL = ["KRW-BTC", "KRW-XRP", "KRW-ETH"]


class Requests:
    """Stands in for the `requests` module: the same calls, to another address, with a timeout."""

    def __init__(self, address: str, timeout_s: float = TIMEOUT_S) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self._session = requests.Session()

    def get(self, url: str, **parts: Any) -> requests.Response:
        return self._send("GET", url, parts)

    def post(self, url: str, **parts: Any) -> requests.Response:
        return self._send("POST", url, parts)

    def delete(self, url: str, **parts: Any) -> requests.Response:
        return self._send("DELETE", url, parts)

    def close(self) -> None:
        self._session.close()

    def _send(self, method: str, url: str, parts: dict[str, Any]) -> requests.Response:
        assert url.startswith(UPBIT), url
        moved = self._address + url.removeprefix(UPBIT)
        return self._session.request(method, moved, timeout=self._timeout_s, **parts)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with opened(tmp_path_factory.mktemp("candles")) as one:
        yield one


@pytest.fixture
def pyupbit(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    import pyupbit as module

    start_over(server)
    moved = Requests(server.address)
    monkeypatch.setattr(module.request_api, "requests", moved)
    yield module
    moved.close()


@pytest.fixture
def upbit(pyupbit: Any) -> Any:
    return pyupbit.Upbit(ACCESS_KEY, SECRET_KEY)


# Quotes


def test_markets(pyupbit: Any) -> None:
    assert pyupbit.get_tickers() == ALL
    assert pyupbit.get_tickers(fiat="BTC") == []
    [first, *_] = pyupbit.get_tickers("KRW", verbose=True)
    assert first == {"market": "KRW-BTC", "korean_name": "비트코인", "english_name": "Bitcoin"}


def test_upbit_3_7_both_spellings_of_is_details_show_the_warnings(
    server: Server, pyupbit: Any
) -> None:
    """GET /v1/market/all takes isDetails beside is_details and then tells each market's warnings.

    pyupbit sends the old one.
    """
    announce(server, "KRW-XRP", warning=True, cautions=["PRICE_FLUCTUATIONS"])
    detailed = {one["market"]: one["market_event"] for one in pyupbit.get_tickers(is_details=True)}
    assert detailed["KRW-XRP"]["warning"] is True
    assert detailed["KRW-XRP"]["caution"]["PRICE_FLUCTUATIONS"] is True
    assert not detailed["KRW-BTC"]["warning"]
    assert not any(detailed["KRW-BTC"]["caution"].values())


def test_upbit_9_markets_may_be_repeated(pyupbit: Any) -> None:
    """A list of markets may come as markets=A&markets=B, which is how pyupbit sends it."""
    assert pyupbit.get_current_price(["KRW-BTC", "KRW-ETH"]) == {
        "KRW-BTC": BTC_LAST,
        "KRW-ETH": ETH,
    }
    books = pyupbit.get_orderbook(["KRW-XRP", "KRW-BTC"])
    assert [book["market"] for book in books] == ["KRW-XRP", "KRW-BTC"]


def test_prices(pyupbit: Any) -> None:
    assert pyupbit.get_current_price("KRW-XRP") == XRP_LAST
    assert pyupbit.get_current_price(["KRW-XRP"]) == XRP_LAST
    [full] = pyupbit.get_current_price("KRW-BTC", verbose=True)
    assert (full["opening_price"], full["prev_closing_price"]) == (btc(1440), btc(1439))
    assert full["signed_change_price"] == BTC_LAST - btc(1439)


def test_order_book(pyupbit: Any) -> None:
    book = pyupbit.get_orderbook("KRW-BTC")
    assert len(book["orderbook_units"]) == 30
    best = book["orderbook_units"][0]
    assert (best["ask_price"], best["bid_price"]) == (BTC_ASK, BTC_LAST - 10)
    assert book["total_ask_size"] == pytest.approx(
        sum(unit["ask_size"] for unit in book["orderbook_units"])
    )


@pytest.mark.parametrize("unit", [1, 3, 5, 10, 15, 30, 60, 240])
@pytest.mark.parametrize("plural", ["minute", "minutes"])
def test_candles_of_minutes(pyupbit: Any, plural: str, unit: int) -> None:
    frame = pyupbit.get_ohlcv("KRW-BTC", f"{plural}{unit}", count=3)
    begins = range(NOW_MIN - 1 - (NOW_MIN - 1) % unit, 0, -unit)[:3]
    rows = [(begin, range(begin, min(begin + unit, NOW_MIN))) for begin in reversed(begins)]
    assert [str(label) for label in frame.index] == [_korean(begin) for begin, _ in rows]
    assert list(frame["open"]) == [btc(inside[0]) for _, inside in rows]
    assert list(frame["high"]) == list(frame["close"]) == [btc(inside[-1]) for _, inside in rows]
    assert list(frame["low"]) == list(frame["open"])
    assert list(frame["volume"]) == [len(inside) for _, inside in rows]
    assert list(frame["value"]) == [sum(map(btc, inside)) for _, inside in rows]


@pytest.mark.parametrize(
    ("interval", "before", "label", "volume_before"),
    [
        ("day", btc(0), "2025-08-31 09:00:00", 1_440),
        ("days", btc(0), "2025-08-31 09:00:00", 1_440),
        ("week", 10_000, "2025-08-25 09:00:00", 6 * 100 + 1_440),
        ("weeks", 10_000, "2025-08-25 09:00:00", 6 * 100 + 1_440),
        ("month", 10_000, "2025-08-01 09:00:00", 30 * 100 + 1_440),
        ("months", 10_000, "2025-08-01 09:00:00", 30 * 100 + 1_440),
        ("hour", btc(0), "2025-08-31 09:00:00", 1_440),  # unknown to pyupbit: days
    ],
)
def test_longer_candles(
    pyupbit: Any, interval: str, before: int, label: str, volume_before: int
) -> None:
    frame = pyupbit.get_ohlcv("KRW-BTC", interval, count=2)
    assert [str(one) for one in frame.index] == [label, "2025-09-01 09:00:00"]
    assert list(frame["open"]) == [before, btc(1440)]
    assert list(frame["close"]) == [btc(1439), BTC_LAST]
    assert list(frame["volume"]) == [volume_before, NOW_MIN - 1440]


def test_upbit_7_pages_meet_without_doubles_or_holes(pyupbit: Any) -> None:
    """A page that ends before the oldest row of the last one continues it: `to` is exclusive.

    pyupbit removes no doubles, and asks three times for 450 rows.
    """
    frame = pyupbit.get_ohlcv("KRW-BTC", "minute1", count=450, period=0)
    assert list(frame["close"]) == [btc(minute) for minute in range(NOW_MIN - 450, NOW_MIN)]
    assert frame.index.is_unique
    everything = pyupbit.get_ohlcv("KRW-BTC", "day", count=1_000, period=0)
    assert len(everything) == 608 + 2
    assert everything.index.is_unique


def test_upbit_7_naive_to_is_utc_and_labels_are_also_korean(pyupbit: Any) -> None:
    """A `to` without a zone is UTC and excludes the candle that starts then.

    pyupbit shows the Korean label, nine hours ahead.
    """
    frame = pyupbit.get_ohlcv("KRW-BTC", "minute60", count=1, to="2025-09-01 07:00:00")
    assert str(frame.index[-1]) == "2025-09-01 15:00:00"
    assert frame["close"].iloc[-1] == btc(1_440 + 7 * 60 - 1)


def test_upbit_7_minutes_without_a_trade_have_no_candle(pyupbit: Any) -> None:
    """Where nobody traded there is no candle: pyupbit's frame has a gap there."""
    frame = pyupbit.get_ohlcv("KRW-ETH", "minute1", count=10)
    traded = [minute for minute in range(NOW_MIN) if minute not in GAP][-10:]
    assert [str(label) for label in frame.index] == [_korean(minute) for minute in traded]


def test_upbit_7_newest_candle_is_unfinished(server: Server, pyupbit: Any) -> None:
    """Up to now the newest row is the candle that is still being formed; a past `to` leaves it out.

    pyupbit asks up to now unless told.
    """
    advance(server, 30)
    forming = pyupbit.get_ohlcv("KRW-BTC", "minute1", count=1)
    assert str(forming.index[0]) == _korean(NOW_MIN)
    assert 0 < forming["volume"].iloc[0] < 1
    assert forming["close"].iloc[0] == btc(NOW_MIN)
    closed = pyupbit.get_ohlcv("KRW-BTC", "minute1", count=1, to="2025-09-01 07:30:00")
    assert (str(closed.index[0]), closed["volume"].iloc[0]) == (_korean(NOW_MIN - 1), 1)


def test_candles_from_a_time_on(pyupbit: Any) -> None:
    """pyupbit stops paging at a UTC time and filters by Korean ones: nothing is missing in it."""
    frame = pyupbit.get_ohlcv_from(
        "KRW-BTC", "minute1", "2025-09-01 03:00:00", "2025-09-01 07:30:00", period=0
    )
    assert list(frame["close"]) == [btc(minute) for minute in range(NOW_MIN - 400, NOW_MIN)]


def test_quotes_that_fail(server: Server, pyupbit: Any) -> None:
    """Candles are None whatever happened; prices and books raise what pyupbit raises."""
    errors = pyupbit.errors
    for call in (pyupbit.get_current_price, pyupbit.get_orderbook):
        with pytest.raises(errors.UpbitError) as caught:
            call(["KRW-BTC", "KRW-NONE"])
        assert (caught.value.code, caught.value.name) == (404, 404)
        assert caught.value.msg == "Code not found"
    assert pyupbit.get_ohlcv("KRW-NONE", "minute1") is None
    assert pyupbit.get_ohlcv("KRW-BTC", "minute1", to="2025-08-01") is None  # none so old
    assert pyupbit.get_daily_ohlcv_from_base("KRW-BTC", 9) is None  # pandas has no base any more
    for kind, path, raised in (
        ("html_502", "/v1/ticker", requests.JSONDecodeError),
        ("limit_429", "/v1/ticker", requests.JSONDecodeError),
        ("error_500", "/v1/ticker", errors.UpbitError),
        ("empty", "/v1/ticker", requests.JSONDecodeError),
        ("cut", "/v1/ticker", requests.exceptions.ChunkedEncodingError),
        ("no_remaining", "/v1/ticker", errors.RemainingReqParsingError),
    ):
        switch(server, {"path": path, "kind": kind}, {"path": "/v1/candles*", "kind": kind})
        with pytest.raises(raised):
            pyupbit.get_current_price("KRW-BTC")
        assert pyupbit.get_ohlcv("KRW-BTC", "minute1") is None
        assert pyupbit.get_ohlcv("KRW-BTC", "minute1", count=1) is not None


def test_upbit_3_7_delisted_code_is_an_unknown_one(server: Server, pyupbit: Any) -> None:
    """A delisted market is a 404 "Code not found" to quotes, and fails a whole call of many."""
    announce(server, "KRW-XRP", delisted=NOW_S)
    assert pyupbit.get_tickers() == ["KRW-BTC", "KRW-ETH"]
    with pytest.raises(pyupbit.errors.UpbitError, match="Code not found"):
        pyupbit.get_current_price(ALL)
    assert pyupbit.get_ohlcv("KRW-XRP", "minute1") is None


def test_price_that_pyupbit_rounds_may_be_illegal(pyupbit: Any, upbit: Any) -> None:
    """Its table is that of 2024: what it calls legal, the exchange refuses."""
    price = pyupbit.get_tick_size(715.37)
    assert price == 715.3
    assert upbit.buy_limit_order("KRW-XRP", price, 100)["error"]["name"] == "invalid_price_bid"


# Remaining-Req


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda p, u: p.get_tickers(limit_info=True), ("market", 600, 9)),
        (lambda p, u: p.get_current_price("KRW-BTC", limit_info=True), ("ticker", 600, 9)),
        (lambda p, u: p.get_orderbook("KRW-BTC", limit_info=True), ("orderbook", 600, 9)),
        (lambda p, u: u.get_balances(contain_req=True), ("default", 1800, 29)),
        (lambda p, u: u.get_chance("KRW-BTC", contain_req=True), ("default", 1800, 29)),
        (lambda p, u: u.buy_market_order("KRW-BTC", 6_000, True), ("order", 720, 11)),
        (lambda p, u: u.get_api_key_list(contain_req=True), ("default", 1800, 29)),
    ],
)
def test_upbit_6_every_answer_tells_what_is_left(
    pyupbit: Any, upbit: Any, call: Callable[[Any, Any], Any], expected: tuple[str, int, int]
) -> None:
    """Each answer carries Remaining-Req: group=x; min=n; sec=n, in the form that pyupbit reads."""
    _, left = call(pyupbit, upbit)
    assert (left["group"], left["min"], left["sec"]) == expected


@pytest.mark.parametrize(
    ("oddity", "is_read"),
    [
        *[(name, False) for name in ("no_min", "no_spaces", "upper_case", "commas")],
        *[(name, False) for name in ("negative", "words", "empty")],
        *[(name, True) for name in ("fraction", "more", "twice")],
    ],
)
def test_upbit_9_order_with_an_odd_header_is_none_although_it_was_placed(
    server: Server, upbit: Any, capsys: pytest.CaptureFixture[str], oddity: str, is_read: bool
) -> None:
    """Without Remaining-Req exactly as it is, pyupbit says None of an order that was placed."""
    fault = {"method": "POST", "path": "/v1/orders", "kind": "odd_remaining", "oddity": oddity}
    switch(server, fault)
    placed = upbit.buy_market_order("KRW-BTC", 10_000)
    assert (placed is not None) == is_read
    assert ("RemainingReqParsingError" in capsys.readouterr().out) != is_read
    assert len(orders(server)) == 1


# Orders and money


def test_upbit_3_2_market_buy_price_is_the_krw_total(server: Server, upbit: Any) -> None:
    """The price of a market buy is the KRW to spend; it locks the fee on top and waits at first."""
    placed = upbit.buy_market_order("KRW-BTC", 100_000)
    assert (placed["ord_type"], placed["price"], placed["state"]) == ("price", "100000", "wait")
    assert (placed["reserved_fee"], placed["locked"]) == ("50", "100050")
    assert "volume" not in placed
    assert placed["executed_volume"] == "0"

    volume, spent = bought(100_000, BTC_ASK)
    assert held(server)["KRW"] == (CASH - spent, Decimal(0))
    assert held(server)["BTC"] == (2 + volume, Decimal(0))
    assert upbit.get_balance("KRW") == float(CASH - spent)

    done = upbit.get_order(placed["uuid"])
    left = 100_000 - volume * BTC_ASK
    assert done["state"] == "cancel"  # what eight decimals could not spend came back
    assert Decimal(done["executed_volume"]) == volume
    assert Decimal(done["locked"]) == left * Decimal("1.0005")
    assert Decimal(done["paid_fee"]) == volume * BTC_ASK * Decimal("0.0005")
    [trade] = done["trades"]
    assert (trade["price"], Decimal(trade["funds"])) == (str(BTC_ASK), volume * BTC_ASK)


def test_market_sell_ends_done(server: Server, upbit: Any) -> None:
    placed = upbit.sell_market_order("KRW-BTC", 0.5)
    assert (placed["volume"], placed["locked"], placed["reserved_fee"]) == ("0.5", "0.5", "0")
    assert "price" not in placed
    done = upbit.get_individual_order(placed["uuid"])
    assert (done["state"], done["remaining_volume"]) == ("done", "0")
    earned = Decimal("0.5") * (BTC_LAST - 10) * Decimal("0.9995")
    assert held(server)["KRW"] == (CASH + earned, Decimal(0))
    assert held(server)["BTC"] == (Decimal("1.5"), Decimal(0))


def test_limit_orders_rest_fill_bit_by_bit_and_are_cancelled(server: Server, upbit: Any) -> None:
    price = xrp(NOW_MIN + 5)  # the falling market reaches it in five minutes
    bid = upbit.buy_limit_order("KRW-XRP", float(price), 25)
    ask = upbit.sell_limit_order("KRW-XRP", XRP_LAST + 500, 40.0)
    assert [order["state"] for order in (bid, ask)] == ["wait", "wait"]
    locked = price * 25 * Decimal("1.0005")
    assert held(server)["KRW"] == (CASH - locked, locked)
    assert held(server)["XRP"] == (Decimal(960), Decimal(40))
    assert upbit.get_balance_t("KRW-XRP") == 1_000
    assert {one["uuid"] for one in upbit.get_order("KRW-XRP")} == {bid["uuid"], ask["uuid"]}

    advance(server, 6 * 60)
    part = upbit.get_order(bid["uuid"])
    assert (part["state"], part["executed_volume"]) == ("wait", str(XRP_A_MINUTE))
    assert part["remaining_volume"] == "15"
    assert held(server)["XRP"][0] == 960 + XRP_A_MINUTE

    assert upbit.cancel_order(bid["uuid"])["state"] == "wait"
    ended = upbit.get_order(bid["uuid"])
    assert (ended["state"], ended["executed_volume"]) == ("cancel", str(XRP_A_MINUTE))
    assert held(server)["KRW"] == (CASH - XRP_A_MINUTE * price * Decimal("1.0005"), Decimal(0))
    assert upbit.cancel_order(bid["uuid"]) is None
    assert upbit.cancel_order(NOBODY) is None


def test_upbit_3_4_old_list_of_orders_still_answers(server: Server, upbit: Any) -> None:
    """GET /v1/orders lists one market's orders of one state in pages: pyupbit has no other list."""
    waiting = [upbit.buy_limit_order("KRW-BTC", 20_000 + 10 * n, 1) for n in range(3)]
    cancelled = upbit.buy_limit_order("KRW-BTC", 10_000, 1)
    upbit.cancel_order(cancelled["uuid"])
    sold = upbit.sell_market_order("KRW-BTC", 1)
    upbit.sell_market_order("KRW-XRP", 100)

    def listed(**more: Any) -> list[str]:
        return [one["uuid"] for one in upbit.get_order("KRW-BTC", **more)]

    newest_first = [one["uuid"] for one in reversed(waiting)]
    assert listed() == newest_first
    assert listed(state="done") == [sold["uuid"]]
    assert listed(state="cancel") == [cancelled["uuid"]]
    assert listed(state="watch") == []
    assert listed(limit=2) == newest_first[:2]
    assert listed(limit=2, page=2) == newest_first[2:]
    assert listed(limit=2, page=3) == []


def test_balances_by_name(upbit: Any) -> None:
    assert upbit.get_balance() == upbit.get_balance("KRW") == float(CASH)
    assert upbit.get_balance("BTC") == upbit.get_balance("KRW-BTC") == 2
    assert upbit.get_balance("KRW-DOGE") == 0
    assert upbit.get_balance("KRW-XRP", verbose=True)["unit_currency"] == "KRW"
    assert [one["currency"] for one in upbit.get_balances()] == ["KRW", "BTC", "XRP"]


def test_average_price_and_amount(upbit: Any) -> None:
    upbit.buy_market_order("KRW-ETH", 50_000)
    assert upbit.get_avg_buy_price("KRW-ETH") == ETH + 1_000
    volume, _ = bought(50_000, ETH + 1_000)
    assert upbit.get_amount("KRW-ETH") == upbit.get_amount("ALL") == float(volume) * (ETH + 1_000)
    assert upbit.get_avg_buy_price("KRW-DOGE") == 0


def test_upbit_3_1_chance_tells_fees_limits_and_both_accounts(upbit: Any) -> None:
    """GET /v1/orders/chance tells the market's fees and limits and the balances of both sides."""
    chance = upbit.get_chance("KRW-XRP")
    fees = ("bid_fee", "ask_fee", "maker_bid_fee", "maker_ask_fee")
    assert {chance[fee] for fee in fees} == {"0.0005"}
    assert chance["market"]["bid"]["min_total"] == "5000"
    assert chance["market"]["max_total"] == "1000000000"
    assert chance["bid_account"]["balance"] == str(CASH)
    assert (chance["ask_account"]["currency"], chance["ask_account"]["balance"]) == ("XRP", "1000")


def test_upbit_3_6_keys_and_wallets(server: Server, pyupbit: Any, upbit: Any) -> None:
    """Any key may ask for the account's keys with their ends, and for the state of the wallets."""
    end = "2026-09-01T00:00:00+09:00"
    access, secret = key_of(server, access_key="a-year", expire_at=end, permissions=[])
    plain = pyupbit.Upbit(access, secret)
    assert {"access_key": "a-year", "expire_at": end} in plain.get_api_key_list()
    wallets = {one["currency"]: one["wallet_state"] for one in plain.get_deposit_withdraw_status()}
    assert wallets == dict.fromkeys(("BTC", "ETH", "XRP"), "unsupported")  # no chain behind them


def test_upbit_10_withdrawals_and_deposits_need_their_own_permission(
    server: Server, pyupbit: Any, upbit: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key that may trade sees no withdrawal or deposit and makes none: out_of_scope."""
    calls: list[Callable[[Any], Any]] = [
        lambda one: one.get_withdraw_list("BTC"),
        lambda one: one.get_individual_withdraw_order(NOBODY, "BTC"),
        lambda one: one.withdraw_coin("BTC", "1", "an address"),
        lambda one: one.withdraw_cash("10000"),
        lambda one: one.get_deposit_list("BTC"),
        lambda one: one.get_individual_deposit_order(NOBODY, "BTC"),
    ]
    assert [call(upbit) for call in calls] == [None] * 6
    assert capsys.readouterr().out.split() == ["UpbitError"] * 6
    assert held(server)["BTC"] == (Decimal(2), Decimal(0))
    permissions = ["view_withdrawals", "view_deposits"]
    reader = pyupbit.Upbit(*key_of(server, access_key="reader", permissions=permissions))
    assert reader.get_withdraw_list("BTC") == []
    assert reader.get_deposit_list("BTC") == []
    assert reader.get_individual_withdraw_order(NOBODY, "BTC") is None
    assert reader.get_individual_deposit_order(NOBODY, "BTC") is None
    assert reader.withdraw_cash("10000") is None


# Refusals: three ways in which pyupbit hands them on


@pytest.mark.parametrize(
    ("call", "printed"),
    [
        (lambda u: u.buy_market_order("KRW-BTC", 20_000_000), "InsufficientFundsBid"),
        (lambda u: u.sell_market_order("KRW-BTC", 3), "InsufficientFundsAsk"),
        (lambda u: u.buy_market_order("KRW-BTC", 4_999), "UnderMinTotalBid"),
        (lambda u: u.sell_market_order("KRW-BTC", 0.0001), "UnderMinTotalAsk"),
        (lambda u: u.buy_market_order("", 10_000), "ValidationError"),
        (lambda u: u.get_chance("KRW-BTC:"), "InvalidQueryPayload"),  # it hashes %3A
        (lambda u: u.get_order(NOBODY), "UpbitError"),
    ],
)
def test_upbit_9_refusal_that_pyupbit_knows_is_none(
    server: Server,
    upbit: Any,
    capsys: pytest.CaptureFixture[str],
    call: Callable[[Any], Any],
    printed: str,
) -> None:
    """Refusals by a name that pyupbit knows, and 404, come back as None with a printed class."""
    assert call(upbit) is None
    assert capsys.readouterr().out.strip() == printed
    assert orders(server) == []


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda u: u.buy_limit_order("KRW-BTC", 20_005, 1), "invalid_price_bid"),
        (lambda u: u.sell_limit_order("KRW-BTC", 30_005, 1), "invalid_price_ask"),
        (lambda u: u.buy_market_order("KRW-NONE", 10_000), "notfoundmarket"),
        (lambda u: u.get_chance("KRW-NONE"), "notfoundmarket"),
        (lambda u: u.buy_market_order("KRW-BTC", "many"), "invalid_parameter"),
        (lambda u: u.buy_market_order("KRW-BTC", 1_000_000_001), "over_krw_funds_bid"),
        (lambda u: u.buy_limit_order("KRW-BTC", 20_000, 1e-9), "invalid_volume_bid"),
    ],
)
def test_upbit_9_refusal_that_pyupbit_does_not_know_looks_like_data(
    server: Server, upbit: Any, call: Callable[[Any], Any], name: str
) -> None:
    """Refusals by a name that pyupbit does not know come back as a dict with an error in it."""
    assert call(upbit)["error"]["name"] == name
    assert orders(server) == []


@pytest.mark.parametrize(
    ("status", "name", "printed"),
    [
        *[(400, f"create_{side}_error", f"Create{side.title()}Error") for side in ("bid", "ask")],
        (401, "jwt_verification", "JwtVerification"),
        (401, "nonce_used", "NonceUsed"),
        (401, "expired_access_key", "ExpiredAccessKey"),
        (401, "out_of_scope", "OutOfScope"),
        *[(status, "anything", "UpbitError") for status in (403, 404, 418, 500, 503)],
        (400, "duplicated_identifier", None),
        (400, "invalid_time_in_force", None),
        (401, "no_authorization_ip", None),
        (429, "too_many_requests", None),
    ],
)
def test_upbit_5_refusal_of_an_order_by_status_and_name(
    server: Server,
    upbit: Any,
    capsys: pytest.CaptureFixture[str],
    status: int,
    name: str,
    printed: str | None,
) -> None:
    """A refusal is {"error": {"name", "message"}} with a status: pyupbit goes by both.

    Without a class of pyupbit's the body itself comes back.
    """
    switch(server, refusing(name, status, "/v1/orders"))
    answer = upbit.buy_market_order("KRW-BTC", 10_000)
    if printed is None:
        assert answer["error"]["name"] == name
    else:
        assert answer is None
        assert capsys.readouterr().out.strip() == printed
    assert orders(server) == []


@pytest.mark.parametrize(
    ("kind", "printed", "is_placed"),
    [
        ("lost_reply", "JSONDecodeError", True),
        ("empty", "JSONDecodeError", True),
        ("cut", "ChunkedEncodingError", True),
        ("no_remaining", "RemainingReqParsingError", True),
        ("lost_request", "JSONDecodeError", False),
        ("html_502", "JSONDecodeError", False),
        ("error_500", "UpbitError", False),
        ("limit_429", "JSONDecodeError", False),  # plain text
        ("limit_418", "JSONDecodeError", False),
        ("refused", "UpbitError", False),
    ],
)
def test_upbit_9_none_may_be_refused_or_placed(
    server: Server,
    upbit: Any,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    printed: str,
    is_placed: bool,
) -> None:
    """None from an order means refused, unknown or placed: what it was only the exchange knows."""
    fault: dict[str, Any] = {"method": "POST", "path": "/v1/orders", "kind": kind}
    if kind == "refused":
        fault["status"] = 503  # the order stabiliser's, by any name
    switch(server, fault)
    assert upbit.buy_market_order("KRW-BTC", 10_000) is None
    assert capsys.readouterr().out.strip() == printed
    assert len(orders(server)) == is_placed


def test_slow_answer_is_none_although_the_order_exists(
    server: Server, upbit: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import pyupbit

    hasty = Requests(server.address, timeout_s=HASTY_S)
    monkeypatch.setattr(pyupbit.request_api, "requests", hasty)
    fault = {"method": "POST", "path": "/v1/orders", "kind": "slow", "delay_s": SLOW_S}
    switch(server, fault)
    assert upbit.buy_market_order("KRW-BTC", 10_000) is None
    assert capsys.readouterr().out.strip() == "ReadTimeout"
    assert len(orders(server)) == 1
    hasty.close()


def test_keys_that_are_wrong(
    server: Server, pyupbit: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def at(access: str, secret: str) -> Any:
        return pyupbit.Upbit(access, secret).buy_market_order("KRW-BTC", 10_000)

    assert at(ACCESS_KEY, SECRET_KEY[::-1]) is None
    assert at(*key_of(server, access_key="old", expire_at=NOW_S)) is None
    assert at(*key_of(server, access_key="looks", permissions=["view_orders"])) is None
    assert capsys.readouterr().out.split() == ["JwtVerification", "ExpiredAccessKey", "UpbitError"]
    assert at("nobody", SECRET_KEY)["error"]["name"] == "invalid_access_key"
    assert orders(server) == []


def test_upbit_5_caller_from_elsewhere_is_no_authorization_ip(
    server: Server, pyupbit: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key used from an address that is not on its list is refused as no_authorization_ip.

    pyupbit knows an older spelling, and takes the refusal for balances.
    """
    access, secret = key_of(server, access_key="away", allowed_ips=["203.0.113.7"])
    away = pyupbit.Upbit(access, secret)
    assert away.buy_market_order("KRW-BTC", 10_000)["error"]["name"] == "no_authorization_ip"
    assert away.get_balances()["error"]["name"] == "no_authorization_ip"
    assert away.get_balance("KRW") is None
    assert capsys.readouterr().out.strip() == "TypeError"


def test_upbit_11_maintenance_refuses_orders_as_market_offline(
    server: Server, upbit: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """During a market's maintenance its orders are refused with 403 market_offline."""
    announce(server, "KRW-BTC", maintenance=[[NOW_S, NOW_S + 3_600]])
    assert upbit.buy_market_order("KRW-BTC", 10_000) is None
    assert capsys.readouterr().out.strip() == "UpbitError"
    assert upbit.buy_market_order("KRW-XRP", 10_000)["state"] == "wait"
    advance(server, 3_600)
    assert upbit.buy_market_order("KRW-BTC", 10_000)["state"] == "wait"


def test_balances_that_fail(server: Server, pyupbit: Any, upbit: Any) -> None:
    for kind, raised in (
        ("html_503", requests.JSONDecodeError),
        ("error_500", pyupbit.errors.UpbitError),
        ("no_remaining", pyupbit.errors.RemainingReqParsingError),
    ):
        switch(server, {"path": "/v1/accounts", "kind": kind, "count": 2})
        with pytest.raises(raised):
            upbit.get_balances()
        assert upbit.get_balance("KRW") is None
        assert upbit.get_balance("KRW") == float(CASH)


def test_upbit_6_too_many_requests_are_429_in_plain_text_and_418_when_they_go_on(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above the limit a quote is 429, in plain text; who goes on is blocked with 418."""
    import pyupbit

    with opened(tmp_path, "--rate-limits", "on") as strict:
        moved = Requests(strict.address)
        monkeypatch.setattr(pyupbit.request_api, "requests", moved)
        advance(strict, NOW_MIN * 60)
        for left in reversed(range(10)):
            assert pyupbit.get_tickers(limit_info=True)[1]["sec"] == left
        with pytest.raises(requests.JSONDecodeError):
            pyupbit.get_tickers()
        assert pyupbit.get_current_price("KRW-BTC") == BTC_LAST  # another group
        statuses = []
        for _ in range(2):
            advance(strict, 1)
            statuses += [strict.call("GET", "/v1/market/all").status_code for _ in range(11)]
        assert statuses == [200] * 10 + [429] + [200] * 10 + [418]
        moved.close()


# Streams


class Sockets:
    """Stands in for the `websockets` module: the same connection, to another address."""

    def __init__(self, address: str) -> None:
        self.ConnectionClosed = websockets.ConnectionClosed
        self._address = address.replace("http://", "ws://")

    def connect(self, uri: str, **options: Any) -> Any:
        return websockets.connect(uri.replace("wss://api.upbit.com", self._address), **options)


class Over(Exception):
    """Ends a client that would go on for ever."""


class Frames(Queue[Any]):
    """What WebSocketClient puts its frames into, until nobody wants more."""

    def __init__(self) -> None:
        super().__init__()
        self.is_over = False

    def put(self, frame: Any, block: bool = True, timeout: float | None = None) -> None:
        if self.is_over:
            raise Over
        super().put(frame)


def first_frames(server: Server, frames: Queue[Any], count: int) -> list[Any]:
    """Let minutes pass until so many frames have come."""
    found: list[Any] = []
    for _ in range(MINUTES_LEFT):
        advance(server, 60)
        with suppress(Empty):
            found.append(frames.get(timeout=patience(0.1)))
        if len(found) == count:
            return found
    raise AssertionError(f"only {found} in {MINUTES_LEFT} minutes")


@pytest.mark.parametrize("kind", ["ticker", "trade", "orderbook"])
def test_upbit_9_streams_come_in_binary_frames(
    server: Server, pyupbit: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """WebSocket frames are binary: pyupbit decodes each one, and a text frame would end it."""
    monkeypatch.setattr(pyupbit.websocket_api, "websockets", Sockets(server.address))
    frames = Frames()

    def follow() -> None:
        with suppress(Over):
            pyupbit.WebSocketClient(kind, ["KRW-BTC", "KRW-NONE"], frames)

    client = threading.Thread(target=follow, daemon=True)
    client.start()
    found = first_frames(server, frames, 3)
    frames.is_over = True
    for _ in range(MINUTES_LEFT):
        if client.is_alive():
            advance(server, 60)
            client.join(0.1)
    assert not client.is_alive()

    assert {(frame["type"], frame["code"]) for frame in found} == {(kind, "KRW-BTC")}
    assert {frame["stream_type"] for frame in found} == {"REALTIME"}
    if kind != "orderbook":
        prices = [frame["trade_price"] for frame in found]
        assert prices == sorted(prices)
        assert prices[0] >= BTC_LAST


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # it forks
def test_stream_of_the_manager_in_a_process_of_its_own(
    server: Server, pyupbit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pyupbit.websocket_api, "websockets", Sockets(server.address))
    manager = pyupbit.WebSocketManager("ticker", ["KRW-XRP"])
    frames = Queue[Any]()
    threading.Thread(target=lambda: frames.put(manager.get()), daemon=True).start()
    try:
        [frame] = first_frames(server, frames, 1)
        assert (frame["type"], frame["code"]) == ("ticker", "KRW-XRP")
    finally:
        manager.terminate()
        manager.join(TIMEOUT_S)


def _korean(minute: int) -> str:
    """The label of a candle in pyupbit's frames."""
    day, rest = divmod(minute + 9 * 60, 1440)
    return f"2025-{'08-31' if day == 0 else f'09-0{day}'} {rest // 60:02}:{rest % 60:02}:00"
