"""What the streams say: each change once, nothing twice, nothing of what is yet to come."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest

from sandbox.client import T0, Client, at, client_of, flat_tape
from sandbox.recorded import ws_message
from upbit_sandbox import Request, Sandbox, Tape
from upbit_sandbox.base.clock import VirtualClock
from upbit_sandbox.prices.listing import Listing
from upbit_sandbox.prices.market import Market
from upbit_sandbox.prices.market_trades import MarketTrade
from upbit_sandbox.quotation_api.mirror import Mirror
from upbit_sandbox.quotation_api.upstream import Answer, UpstreamDown
from upbit_sandbox.streams.feed import Feed
from upbit_sandbox.streams.quotes import MAX_TRADES, MirrorQuotes, VenueQuotes
from upbit_sandbox.streams.subscriptions import CANDLES, Stream

BTC = {kind: Stream(kind, "KRW-BTC") for kind in ("trade", "ticker", "orderbook", *CANDLES)}
TRADES, TICKER, BOOK = BTC["trade"], BTC["ticker"], BTC["orderbook"]
MINUTES, SECONDS = BTC["candle.1m"], BTC["candle.1s"]
NUMBER = (int, float)
MIDNIGHT = T0 + 2 * 86_400


def wavy(market: str, minutes: int) -> Tape:
    """Minutes that move up and down, with trades in each."""
    rows = []
    for n in range(minutes):
        open_, close = 10_000.0 + 10 * (n % 7), 10_000.0 + 10 * ((n + 1) % 7)
        high, low = max(open_, close) + 20, min(open_, close) - 20
        rows.append((T0 + n * 60, open_, high, low, close, 2.5))
    return Tape.of_rows(market, 1, rows)


class Follower:
    """A feed over one sandbox, looked at whenever the test moves its clock."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.venue = client.sandbox.venue
        self.quotes = VenueQuotes(self.venue)
        self.feed = Feed(self.quotes, self.venue)

    def begin(self) -> float:
        self.client.sandbox.settle()
        now_s = self.venue.clock.now()
        self.quotes.begin(now_s)
        return now_s

    def snapshot(self, *wanted: Stream) -> dict[Stream, dict[str, Any]]:
        return self.feed.snapshot(set(wanted), self.begin())

    def look(self, *wanted: Stream) -> dict[Stream, list[dict[str, Any]]]:
        return self.feed.look(set(wanted), self.begin())

    def move(self, now_s: float, *wanted: Stream) -> dict[Stream, list[dict[str, Any]]]:
        self.client.set_clock(now_s)
        return self.look(*wanted)


@pytest.fixture
def follower() -> Follower:
    tapes = [wavy("KRW-BTC", 3_000), flat_tape("KRW-ETH", [2_000_000.0] * 3_000)]
    return Follower(client_of(tapes, at(2_000)))


def test_upbit_8_every_trade_is_told_once(follower: Follower) -> None:
    """Every trade is sent once, oldest first, whatever the pace of looking."""
    follower.snapshot(TRADES)
    told: list[dict[str, Any]] = []
    for seconds in (0.5, 7.0, 59.9, 60.0, 60.0, 61.2, 185.0, 400.0):
        told += follower.move(at(2_000) + seconds, TRADES).get(TRADES, [])
    made = follower.venue.markets["KRW-BTC"].market_trades(at(2_000), at(2_000) + 400)
    assert [frame["sequential_id"] for frame in told] == [one.sequential_id for one in made]
    assert [frame["trade_price"] for frame in told] == [one.price for one in made]
    assert [frame["ask_bid"] for frame in told] == ["ASK" if p.is_ask else "BID" for p in made]


def test_trades_go_on_over_midnight(follower: Follower) -> None:
    before = MIDNIGHT - 30
    follower.client.set_clock(before)
    follower.snapshot(TRADES)
    told = follower.move(MIDNIGHT + 30, TRADES)[TRADES]
    made = follower.venue.markets["KRW-BTC"].market_trades(before, MIDNIGHT + 30)
    assert [frame["sequential_id"] for frame in told] == [one.sequential_id for one in made]
    assert {frame["trade_date"] for frame in told} == {"2025-09-02", "2025-09-03"}


def test_snapshot_at_midnight_has_the_last_trade_of_the_day_before(follower: Follower) -> None:
    follower.client.set_clock(MIDNIGHT)
    found = follower.snapshot(TRADES, TICKER)
    assert found[TRADES]["trade_date"] == "2025-09-02"
    assert found[TICKER]["ask_bid"] == found[TRADES]["ask_bid"]
    assert (found[TICKER]["acc_ask_volume"], found[TICKER]["acc_bid_volume"]) == (0, 0)


def test_long_jump_tells_the_newest_trades(follower: Follower) -> None:
    follower.snapshot(TRADES)
    told = follower.move(at(2_900), TRADES)[TRADES]
    assert len(told) == MAX_TRADES
    assert told[-1]["sequential_id"] == follower.snapshot(TRADES)[TRADES]["sequential_id"]
    assert told == sorted(told, key=lambda frame: frame["trade_timestamp"])


def test_upbit_8_quiet_market_sends_nothing(follower: Follower) -> None:
    """Where nothing traded nothing is sent, however often it is looked at."""
    wanted = (TRADES, TICKER, BOOK, MINUTES, SECONDS)
    follower.snapshot(*wanted)
    follower.move(at(2_000) + 20, *wanted)
    [*_, last] = follower.venue.markets["KRW-BTC"].market_trades(at(2_000), at(2_000) + 20)
    following = follower.venue.markets["KRW-BTC"].market_trades(last.t_s, at(2_001))[0]
    for share in (0.2, 0.5, 0.9):
        now_s = max(at(2_000) + 20, last.t_s) + share * (following.t_s - last.t_s - 20)
        if at(2_000) + 20 < now_s < following.t_s:
            assert follower.move(now_s, *wanted) == {}
    assert follower.look(*wanted) == {}


def test_upbit_8_candle_is_sent_again_until_it_is_closed(follower: Follower) -> None:
    """A candle is sent each second in which it changed, the last one of a candle is the whole."""
    follower.snapshot(MINUTES)
    told: list[dict[str, Any]] = []
    for tenth in range(1, 1_300):
        told += follower.move(at(2_000) + tenth / 10, MINUTES).get(MINUTES, [])
    by_start: dict[str, list[dict[str, Any]]] = {}
    for frame in told:
        by_start.setdefault(frame["candle_date_time_utc"], []).append(frame)
    first, second, *_ = by_start.values()
    for frames in (first, second):
        assert len(frames) > 2
        volumes = [frame["candle_acc_trade_volume"] for frame in frames]
        assert volumes == sorted(set(volumes))
        assert volumes[-1] == 2.5
    minute = first[-1]
    assert (minute["high_price"], minute["low_price"]) == (10_080.0, 10_030.0)


def busy(market: str, start_s: int, length_s: int, candle: tuple[float, ...]) -> list[MarketTrade]:
    """Ten trades in every second of a candle."""
    price, each = candle[0], candle[4] / (10 * length_s)
    moments = [start_s + n / 10 + 0.05 for n in range(10 * length_s)]
    return [MarketTrade(t_s, price, each, False, int(t_s * 1000)) for t_s in moments]


def test_upbit_8_candle_stream_is_at_most_one_a_second() -> None:
    """A candle in which trades follow one another is sent once a second."""
    market = Market([flat_tape("KRW-BTC", [10_000.0] * 100)], make=busy)
    follower = Follower(Client(Sandbox([market], VirtualClock(at(50)))))
    follower.look()
    follower.snapshot(TRADES, MINUTES)
    sent = [follower.move(at(50) + n / 10, TRADES, MINUTES) for n in range(1, 200)]
    assert all(TRADES in news for news in sent)
    assert [n for n, news in enumerate(sent, 1) if MINUTES in news] == list(range(10, 200, 10))


def test_upbit_8_candle_before_the_first_trade_is_the_one_before(follower: Follower) -> None:
    """Where the candle of now has no trade yet, the snapshot is the newest there is."""
    found = follower.snapshot(BTC["candle.3m"], MINUTES)
    assert found[MINUTES]["candle_date_time_utc"] == "2025-09-02T09:19:00"
    assert found[MINUTES]["candle_acc_trade_volume"] == 2.5


def test_candles_that_a_jump_passes_are_told(follower: Follower) -> None:
    follower.snapshot(MINUTES)
    told = follower.move(at(2_010), MINUTES)[MINUTES]
    assert [frame["candle_date_time_utc"][-5:-3] for frame in told] == [
        f"{minute}" for minute in range(20, 30)
    ]


def test_ticker_sides_add_up_to_the_day(follower: Follower) -> None:
    for now_s in (at(2_000), at(2_000.7), at(2_350), MIDNIGHT + 60):
        follower.client.set_clock(now_s)
        frame = follower.snapshot(TICKER)[TICKER]
        if follower.look(TICKER):
            frame = follower.snapshot(TICKER)[TICKER]
        by_side = frame["acc_ask_volume"] + frame["acc_bid_volume"]
        assert by_side == pytest.approx(frame["acc_trade_volume"], rel=1e-9)
        follower.look()  # nobody follows: the next snapshot is a new one


def test_upbit_8_book_that_an_order_took_from_is_sent() -> None:
    """An order book is sent when it changed, also where an order of this exchange took from it."""
    one = client_of([flat_tape("KRW-BTC", [10_000.0] * 100)], at(50.5), fills="book", cash=10**9)
    follower = Follower(one)
    before = follower.snapshot(BOOK)[BOOK]
    one.buy("50000000")
    follower.move(at(50.6), BOOK)
    after = follower.snapshot(BOOK)[BOOK]
    assert after["total_ask_size"] < before["total_ask_size"]


def test_clock_that_was_set_back_begins_anew(follower: Follower) -> None:
    follower.snapshot(TRADES, TICKER, MINUTES)
    follower.client.control("POST", "/sandbox/reset", {"now": at(1_000)})
    assert follower.client.last.status == 200, follower.client.last.body
    told = follower.look(TRADES, TICKER, MINUTES)
    assert {stream.kind for stream in told} == {"trade", "ticker", "candle.1m"}
    assert told[TRADES][-1]["trade_timestamp"] <= at(1_000) * 1000
    assert told[MINUTES][-1]["candle_date_time_utc"] == "2025-09-01T16:39:00"


def test_upbit_8_delisted_market_is_an_unknown_code(follower: Follower) -> None:
    """A market that has left the exchange sends nothing more."""
    follower.snapshot(TRADES, TICKER)
    follower.venue.listings.by_code["KRW-BTC"] = Listing(delisted_s=at(2_001))
    assert follower.move(at(2_000.9), TICKER)
    assert follower.move(at(2_005), TRADES, TICKER) == {}
    assert follower.snapshot(BOOK) == {}


def test_snapshot_of_what_nobody_followed_is_of_now(follower: Follower) -> None:
    before = follower.snapshot(TICKER)[TICKER]
    assert follower.move(at(2_003)) == {}
    after = follower.snapshot(TICKER)[TICKER]
    assert after["trade_timestamp"] > before["trade_timestamp"] + 120_000


def test_market_without_a_trade_yet_does_not_hide_the_others() -> None:
    late = Tape.of_rows("KRW-NEW", 1, [(int(at(60)), 10.0, 10.0, 10.0, 10.0, 1.0)])
    follower = Follower(client_of([late, flat_tape("KRW-BTC", [10_000.0] * 100)], at(50)))
    new = Stream("ticker", "KRW-NEW")
    assert set(follower.snapshot(TICKER, new)) == {TICKER}
    told = follower.move(at(61), TICKER, new)
    assert told[new][0]["trade_price"] == 10.0


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("jkorf_ws_tickers.txt", "ticker"),
        ("jkorf_ws_trades.txt", "trade"),
        ("jkorf_ws_orderbook.txt", "orderbook"),
        ("jkorf_ws_kline.txt", "candle.1m"),
    ],
)
def test_upbit_8_fields_have_the_types_of_recorded_frames(
    follower: Follower, name: str, kind: str
) -> None:
    """Every field of a recorded frame is there with its type, numbers being numbers."""
    message = ws_message(name)
    if message is None:
        pytest.skip("no recorded data here")
    stream = Stream(kind, "KRW-BTC")
    frame = follower.snapshot(stream)[stream] | {"stream_type": "SNAPSHOT"}
    for field, value in message.items():
        expected = NUMBER if isinstance(value, NUMBER) else type(value)
        assert isinstance(frame[field], expected), field
        assert isinstance(frame[field], bool) == isinstance(value, bool), field


class Upstream:
    """Another sandbox that is mirrored, and what was asked of it."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.asked: list[str] = []
        self.is_down = False

    def __call__(self, target: str) -> Answer:
        self.asked.append(target)
        if self.is_down:
            raise UpstreamDown(target)
        path, _, query = target.partition("?")
        got = self.client.sandbox.handle(Request("GET", path, query))
        return Answer(got.status, got.body)

    def now_s(self) -> float:
        return self.client.sandbox.venue.clock.now()


def live(codes: Iterable[str] = ("KRW-BTC", "KRW-ETH")) -> tuple[Upstream, Feed]:
    upstream = Upstream(client_of([wavy(code, 3_000) for code in codes], at(2_000)))
    mirror = Mirror(upstream, now_s=upstream.now_s, wait=lambda _: None)
    return upstream, Feed(MirrorQuotes(mirror), upstream.client.sandbox.venue)


def test_mirrored_streams_follow_the_upstreams_quotes() -> None:
    upstream, feed = live()
    wanted = {*BTC.values(), Stream("ticker", "KRW-ETH"), Stream("ticker", "KRW-NOPE")}
    found = feed.snapshot(wanted, upstream.now_s())
    assert {stream.code for stream in found} == {"KRW-BTC", "KRW-ETH"}
    assert found[TICKER]["ask_bid"] in ("ASK", "BID")
    assert found[TICKER]["acc_ask_volume"] is None  # nobody can know
    told: list[dict[str, Any]] = []
    for second in range(1, 130):
        upstream.client.set_clock(at(2_000) + second)
        told += feed.look(wanted, upstream.now_s()).get(TRADES, [])
    made = upstream.client.sandbox.venue.markets["KRW-BTC"].market_trades(
        at(2_000), upstream.now_s()
    )
    assert [frame["sequential_id"] for frame in told] == [one.sequential_id for one in made]


def test_mirror_is_asked_once_for_all_markets() -> None:
    upstream, feed = live()
    both = {
        Stream(kind, code) for kind in ("ticker", "orderbook") for code in ("KRW-BTC", "KRW-ETH")
    }
    feed.snapshot(both, upstream.now_s())
    asked = [target.partition("?")[0] for target in upstream.asked]
    assert (asked.count("/v1/ticker"), asked.count("/v1/orderbook")) == (1, 1)


def test_mirrored_quotes_that_say_nothing_new_send_nothing() -> None:
    upstream, feed = live()
    market = upstream.client.sandbox.venue.markets["KRW-BTC"]
    trades = market.market_trades(at(2_000), at(2_010))
    quiet = next(a.t_s for a, b in pairwise(trades) if b.t_s - a.t_s > 8)
    upstream.client.set_clock(quiet + 1)
    wanted = {TRADES, TICKER, BOOK, MINUTES}
    feed.snapshot(wanted, upstream.now_s())
    asked = len(upstream.asked)
    for seconds in (3, 5, 7):
        upstream.client.set_clock(quiet + seconds)
        assert feed.look(wanted, upstream.now_s()) == {}
    assert len(upstream.asked) > asked + 3


def test_upstream_that_is_down_sends_nothing_and_then_goes_on() -> None:
    upstream, feed = live()
    feed.snapshot({TICKER}, upstream.now_s())
    upstream.is_down = True
    upstream.client.set_clock(at(2_005))
    assert feed.look({TICKER}, upstream.now_s()) == {}
    upstream.is_down = False
    upstream.client.set_clock(at(2_007))
    assert len(feed.look({TICKER}, upstream.now_s())[TICKER]) == 1
