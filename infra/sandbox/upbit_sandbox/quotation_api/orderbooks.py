"""The order book routes: levels, grouped where asked for, and what can be asked for."""

from decimal import Decimal, InvalidOperation
from itertools import groupby, zip_longest
from operator import itemgetter

from upbit_sandbox.base.arithmetic import EXACT, ZERO, from_float, plain
from upbit_sandbox.base.errors import unknown_code, wrong_type
from upbit_sandbox.base.ticks import tick_of
from upbit_sandbox.base.wire import Json, Pairs, Response, first, json_response
from upbit_sandbox.prices.market import Market
from upbit_sandbox.quotation_api.parameters import read_count, read_markets
from upbit_sandbox.trading.book import Level
from upbit_sandbox.venue.venue import Venue

MAX_UNITS = 30
LEVELS = tuple(Decimal(1).scaleb(power) for power in range(-7, 9))
NOTHING = (ZERO, ZERO)


def orderbook(venue: Venue, pairs: Pairs, now_s: float) -> Response:
    """Answer books, best price first; a market that does not support the level is left out."""
    markets = read_markets(venue, pairs, now_s)
    count = read_count(first(pairs, "count"), default=MAX_UNITS, most=MAX_UNITS)
    level = _level(first(pairs, "level"))
    return json_response(
        [
            _body(venue, market, now_s, level, count)
            for market in markets
            if level in supported_levels(_last_price(market, now_s))
        ]
    )


def instruments(venue: Venue, pairs: Pairs, now_s: float) -> Response:
    """Answer each market's tick at its last price, and the levels that group its book."""
    bodies: list[Json] = []
    for market in read_markets(venue, pairs, now_s):
        price = _last_price(market, now_s)
        levels: list[Json] = [plain(level) for level in supported_levels(price)]
        bodies.append(
            {
                "market": market.code,
                "quote_currency": market.code.partition("-")[0],
                "tick_size": plain(tick_of(price)),
                "supported_levels": levels,
            }
        )
    return json_response(bodies)


def supported_levels(price: Decimal) -> tuple[Decimal, ...]:
    """Give the levels at a price: none (0), and the powers of ten from above the tick to the price.

    That is how the documented examples read; the rule itself is not documented.
    """
    tick = tick_of(price)
    return (ZERO, *[level for level in LEVELS if tick < level <= price])


def _body(venue: Venue, market: Market, now_s: float, level: Decimal, count: int) -> Json:
    book = venue.books.at(market.code, now_s)
    if book is None:
        raise unknown_code()
    asks = _group_levels(book.asks, level, up=True)[:count]
    bids = _group_levels(book.bids, level, up=False)[:count]
    return {
        "market": market.code,
        "timestamp": int(now_s * 1000),
        "total_ask_size": float(sum(size for _, size in asks)),
        "total_bid_size": float(sum(size for _, size in bids)),
        "orderbook_units": [
            {
                "ask_price": float(ask),
                "bid_price": float(bid),
                "ask_size": float(ask_size),
                "bid_size": float(bid_size),
            }
            for (ask, ask_size), (bid, bid_size) in zip_longest(asks, bids, fillvalue=NOTHING)
        ],
        "level": float(level) if level % 1 else int(level),
    }


def _group_levels(
    levels: tuple[Level, ...], group: Decimal, *, up: bool
) -> list[tuple[Decimal, Decimal]]:
    """Add up sizes by price, moved away from the spread to a multiple of the group."""
    if not group:
        return [(each.price, each.size) for each in levels if each.size]
    rows = [(_move(each.price, group, up=up), each.size) for each in levels if each.size]
    return [
        (price, sum([size for _, size in inside], ZERO))
        for price, inside in groupby(rows, itemgetter(0))
    ]


def _move(price: Decimal, group: Decimal, *, up: bool) -> Decimal:
    steps, rest = EXACT.divmod(price, group)
    return EXACT.multiply(steps + 1 if up and rest else steps, group)


def _last_price(market: Market, now_s: float) -> Decimal:
    last = market.last(now_s)
    if last is None:
        raise unknown_code()
    return from_float(last.close)


def _level(text: str | None) -> Decimal:
    try:
        level = Decimal(text or 0)
    except InvalidOperation:
        raise wrong_type() from None
    if not level.is_finite():
        raise wrong_type()
    return level
