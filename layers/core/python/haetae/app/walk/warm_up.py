"""Indicators from history: at the first start, for a new market, after a long gap."""

from haetae.app.ports import Exchange
from haetae.base.errors import DataError
from haetae.kernel.codes import (
    WARMUP,
)
from haetae.kernel.indicators import fold_bar
from haetae.kernel.records import (
    NEW_CRASH,
    NEW_INDICATORS,
    NO_BAR,
    Bar,
    Candle,
    Indicators,
    Market,
    Params,
)
from haetae.kernel.step import open_market

WIDEST = 4  # how many times the warm-up's length history is searched for enough candles


def warm_up(exchange: Exchange, market: str, p: Params, at: int) -> Indicators:
    """Fold the last WARMUP decision candles that closed by `at`.

    Raises:
        DataError: the exchange has fewer.
    """
    candles: tuple[Candle, ...] = ()
    for widen in range(1, WIDEST + 1):
        from_t = at - widen * WARMUP * p.interval_s
        candles = exchange.candles(market, from_t=from_t, to_t=at, unit_min=p.interval_s // 60)
        if len(candles) >= WARMUP:
            return fold_history(p, candles[-WARMUP:])
    raise DataError(
        f"{market} has {len(candles)} closed {p.interval_s // 60}-minute candles "
        f"before its start; the indicators need {WARMUP}"
    )


def fold_history(p: Params, candles: tuple[Candle, ...]) -> Indicators:
    """Fold closed decision candles, oldest first, into fresh indicators."""
    indicators = NEW_INDICATORS
    for c in candles:
        bar = Bar(c.t + p.interval_s, c.open, c.high, c.low, c.close, c.close * c.volume)
        indicators = fold_bar(p, indicators, bar)
    return indicators


def rewarm(exchange: Exchange, name: str, p: Params, market: Market, t: int) -> Market:
    """Return a market that was away for longer than the warm-up: new indicators, same position."""
    at = t - t % p.interval_s
    away = market._replace(crash=NEW_CRASH, bar=NO_BAR)
    return open_market(away, warm_up(exchange, name, p, at), at)
