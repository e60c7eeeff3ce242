"""Public routes: candles, ticker, order book and market list (Upbit docs: quotation API)."""

from collections.abc import Callable
from decimal import Decimal

from upbit_sandbox.arithmetic import average_price, floor_volume, from_float
from upbit_sandbox.clock import parse_time
from upbit_sandbox.errors import invalid_value, missing_parameter, unknown_code, wrong_type
from upbit_sandbox.listing import CAUTIONS
from upbit_sandbox.market import Market
from upbit_sandbox.series import DAY_MIN
from upbit_sandbox.ticker import ticker_body
from upbit_sandbox.ticks import next_above, next_below
from upbit_sandbox.venue import Venue
from upbit_sandbox.wire import Json, Pairs, Response, first, json_response

type Quote = Callable[[Venue, Pairs, float], Response]

MAX_CANDLES = 200
MAX_LEVELS = 30
LEVEL_KRW = Decimal(100_000_000)  # every level of the synthetic book is worth this much
NAMES = {
    "BTC": ("비트코인", "Bitcoin"),
    "ETH": ("이더리움", "Ethereum"),
    "XRP": ("엑스알피(리플)", "XRP"),
    "SOL": ("솔라나", "Solana"),
    "DOGE": ("도지코인", "Dogecoin"),
}


def candles_of(unit_min: int) -> Quote:
    """Make the route of one candle unit; more than 200 rows are silently cut (live behaviour)."""

    def answer(venue: Venue, pairs: Pairs, now_s: float) -> Response:
        market = _market(venue, first(pairs, "market"))
        count = _count(first(pairs, "count"), default=1, most=MAX_CANDLES)
        rows = market.rows(unit_min, now_s, _to(first(pairs, "to")), count)
        return Response(200, b"[" + b",".join(rows) + b"]")

    return answer


def ticker(venue: Venue, pairs: Pairs, now_s: float) -> Response:
    """Answer the current prices of `markets`, comma-joined or repeated."""
    bodies: list[Json] = []
    for market in _listed(venue, pairs):
        body = ticker_body(market, now_s)
        if body is None:
            raise unknown_code()
        bodies.append(body)
    return json_response(bodies)


def orderbook(venue: Venue, pairs: Pairs, now_s: float) -> Response:
    """Answer a symmetrical book around the last price, one tick apart, equal KRW per level."""
    count = _count(first(pairs, "count"), default=MAX_LEVELS, most=MAX_LEVELS)
    return json_response([_book(market, now_s, count) for market in _listed(venue, pairs)])


def market_all(venue: Venue, pairs: Pairs, now_s: float) -> Response:
    """List the markets; both spellings of `is_details` add the event flags."""
    del now_s
    details = "true" in (first(pairs, "is_details"), first(pairs, "isDetails"))
    bodies: list[Json] = []
    for code in venue.markets:
        coin = code.partition("-")[2]
        korean, english = NAMES.get(coin, (coin, coin))
        body: dict[str, Json] = {"market": code, "korean_name": korean, "english_name": english}
        if details:
            body["market_event"] = {"warning": False, "caution": dict.fromkeys(CAUTIONS, False)}
        bodies.append(body)
    return json_response(bodies)


def _market(venue: Venue, code: str | None) -> Market:
    if code is None:
        raise missing_parameter()
    market = venue.markets.get(code)
    if market is None:
        raise unknown_code()
    return market


def _listed(venue: Venue, pairs: Pairs) -> list[Market]:
    codes = [code for name, value in pairs if name == "markets" for code in value.split(",")]
    if not any(codes):
        raise missing_parameter()
    return [_market(venue, code) for code in codes if code]


def _count(text: str | None, *, default: int, most: int) -> int:
    if text is None:
        return default
    if len(text) > 9 or not text.removeprefix("-").isdecimal():
        raise wrong_type()
    count = int(text)
    if count <= 0:
        raise invalid_value()
    return min(count, most)


def _to(text: str | None) -> float | None:
    if text is None:
        return None
    if len(text) > 19 and text[-6] == " ":  # a bare "+09:00" arrives with its plus as a space
        text = f"{text[:-6]}+{text[-5:]}"
    try:
        return parse_time(text)
    except ValueError:
        raise invalid_value() from None


def _book(market: Market, now_s: float, count: int) -> dict[str, Json]:
    last = market.last(now_s)
    if last is None:
        raise unknown_code()
    ask = bid = from_float(last.close)
    units: list[Json] = []
    total_ask, total_bid = 0.0, 0.0
    for _ in range(count):
        below = next_below(bid)
        if below is None:
            break
        ask, bid = next_above(ask), below
        ask_size, bid_size = (
            float(floor_volume(average_price(LEVEL_KRW, price))) for price in (ask, bid)
        )
        total_ask, total_bid = total_ask + ask_size, total_bid + bid_size
        units.append(
            {
                "ask_price": float(ask),
                "bid_price": float(bid),
                "ask_size": ask_size,
                "bid_size": bid_size,
            }
        )
    return {
        "market": market.code,
        "timestamp": int(now_s * 1000),
        "total_ask_size": round(total_ask, 8),
        "total_bid_size": round(total_bid, 8),
        "orderbook_units": units,
        "level": 0,
    }


QUOTES: dict[str, tuple[str, Quote]] = {
    **{
        f"/v1/candles/minutes/{unit}": ("candles", candles_of(unit))
        for unit in (1, 3, 5, 10, 15, 30, 60, 240)
    },
    "/v1/candles/days": ("candles", candles_of(DAY_MIN)),
    "/v1/ticker": ("ticker", ticker),
    "/v1/orderbook": ("orderbook", orderbook),
    "/v1/market/all": ("market", market_all),
}
