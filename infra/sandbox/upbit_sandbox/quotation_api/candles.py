"""The candle routes: seconds to years (Upbit docs: list-candles-*)."""

from collections.abc import Callable

from upbit_sandbox.base.errors import invalid_value
from upbit_sandbox.base.wire import Pairs, Response, first
from upbit_sandbox.prices.market import Market
from upbit_sandbox.prices.periods import Period
from upbit_sandbox.prices.rows import day_row
from upbit_sandbox.quotation_api.parameters import read_count, read_market, read_to
from upbit_sandbox.venue.venue import Venue

type Quote = Callable[[Venue, Pairs, float], Response]
type Rows = Callable[[Market, float, float | None, int], list[bytes]]

MAX_CANDLES = 200
MINUTES = (1, 3, 5, 10, 15, 30, 60, 240)
KRW = "KRW"


def candles_of(rows: Rows) -> Quote:
    """Make the route of one candle unit; more than 200 rows are silently cut (live behaviour)."""

    def answer(venue: Venue, pairs: Pairs, now_s: float) -> Response:
        return _answer(venue, pairs, now_s, rows)

    return answer


def days(venue: Venue, pairs: Pairs, now_s: float) -> Response:
    """Answer days with the change from the day before.

    With `converting_price_unit` the close is there in won, which is the only unit.
    """
    unit = first(pairs, "converting_price_unit")
    if unit not in (None, KRW):
        raise invalid_value()

    def rows(market: Market, now_s: float, to_s: float | None, count: int) -> list[bytes]:
        return [
            day_row(market.code, day, previous, converted=unit is not None)
            for day, previous in market.days(now_s, to_s, count)
        ]

    return _answer(venue, pairs, now_s, rows)


def _answer(venue: Venue, pairs: Pairs, now_s: float, rows: Rows) -> Response:
    market = read_market(venue, first(pairs, "market"), now_s)
    count = read_count(first(pairs, "count"), default=1, most=MAX_CANDLES)
    return Response(200, b"[" + b",".join(rows(market, now_s, read_to(pairs), count)) + b"]")


def _minutes(unit_min: int) -> Quote:
    return candles_of(lambda market, *when: market.rows(unit_min, *when))


def _period(period: Period) -> Quote:
    return candles_of(lambda market, *when: market.period_rows(period, *when))


CANDLES: dict[str, Quote] = {
    "/v1/candles/seconds": candles_of(Market.second_rows),
    **{f"/v1/candles/minutes/{unit}": _minutes(unit) for unit in MINUTES},
    "/v1/candles/days": days,
    **{f"/v1/candles/{period.value}": _period(period) for period in Period},
}
