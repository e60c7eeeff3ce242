"""Public routes: candles, trades, tickers, order books and the list of markets."""

from upbit_sandbox.base.errors import unknown_code
from upbit_sandbox.base.wire import Json, Pairs, Response, first, json_response
from upbit_sandbox.prices.listing import CAUTIONS
from upbit_sandbox.quotation_api.candles import CANDLES
from upbit_sandbox.quotation_api.candles import Quote as Quote
from upbit_sandbox.quotation_api.orderbooks import instruments, orderbook
from upbit_sandbox.quotation_api.parameters import read_list, read_markets
from upbit_sandbox.quotation_api.ticker import ticker_body
from upbit_sandbox.quotation_api.trades import trades
from upbit_sandbox.venue.venue import Venue

NAMES = {
    "BTC": ("비트코인", "Bitcoin"),
    "ETH": ("이더리움", "Ethereum"),
    "XRP": ("엑스알피(리플)", "XRP"),
    "SOL": ("솔라나", "Solana"),
    "DOGE": ("도지코인", "Dogecoin"),
}


def ticker(venue: Venue, pairs: Pairs, now_s: float) -> Response:
    """Answer the current prices of `markets`; a market without a trade yet is unknown."""
    bodies: list[Json] = []
    for market in read_markets(venue, pairs, now_s):
        body = ticker_body(market, now_s)
        if body is None:
            raise unknown_code()
        bodies.append(body)
    return json_response(bodies)


def ticker_all(venue: Venue, pairs: Pairs, now_s: float) -> Response:
    """Answer the current prices of all markets quoted in one of `quote_currencies`."""
    currencies = read_list(pairs, "quote_currencies")
    found = (
        ticker_body(market, now_s)
        for code, market in venue.markets.items()
        if code.partition("-")[0] in currencies and not venue.listings.is_delisted(code, now_s)
    )
    return json_response([body for body in found if body is not None])


def market_all(venue: Venue, pairs: Pairs, now_s: float) -> Response:
    """List the markets; both spellings of `is_details` add what is announced of them."""
    details = "true" in (first(pairs, "is_details"), first(pairs, "isDetails"))
    bodies: list[Json] = []
    for code in venue.markets:
        if venue.listings.is_delisted(code, now_s):
            continue
        coin = code.partition("-")[2]
        korean, english = NAMES.get(coin, (coin, coin))
        body: dict[str, Json] = {"market": code, "korean_name": korean, "english_name": english}
        if details:
            listing = venue.listings.of(code)
            caution: dict[str, Json] = {name: name in listing.cautions for name in CAUTIONS}
            body["market_event"] = {"warning": listing.warning, "caution": caution}
        bodies.append(body)
    return json_response(bodies)


QUOTES: dict[str, tuple[str, Quote]] = {
    **{path: ("candles", quote) for path, quote in CANDLES.items()},
    "/v1/ticker": ("ticker", ticker),
    "/v1/ticker/all": ("ticker", ticker_all),
    "/v1/orderbook": ("orderbook", orderbook),
    "/v1/orderbook/instruments": ("orderbook", instruments),
    "/v1/trades/ticks": ("trade", trades),
    "/v1/market/all": ("market", market_all),
}
