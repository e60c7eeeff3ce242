"""The candles a walk folds: of each market, those that closed since the last one seen."""

from dataclasses import dataclass, replace

from haetae.app.ports import Ports
from haetae.app.walk.warm_up import rewarm
from haetae.base.errors import DataError, ExchangeError
from haetae.config.setup import Setup
from haetae.kernel.codes import (
    WARMUP,
)
from haetae.kernel.records import Candle
from haetae.ledger.book import Book
from haetae.notify.messages import ExchangeTrouble


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketData:
    """Each market's closed candles since the last one seen, and the markets without answer.

    A blind market takes no decision on the candles that are missing, and stops nobody else.
    """

    candles: dict[str, tuple[Candle, ...]]
    blind: frozenset[str]


def read_candles(ports: Ports, setup: Setup, book: Book, t: int) -> tuple[Book, MarketData]:
    """Fetch each market's closed candles since the last one seen; return the book that goes on.

    One that was away for longer than the warm-up has its indicators anew.
    """
    state = book.state
    assert state is not None
    candles: dict[str, tuple[Candle, ...]] = {}
    blind: set[str] = set()
    for name, p in zip(setup.markets, setup.params, strict=True):
        try:
            if t - state.markets[name].seen > WARMUP * p.interval_s:
                market = rewarm(ports.exchange, name, p, state.markets[name], t)
                state = replace(
                    state,
                    t=max(state.t, market.seen),
                    markets=state.markets | {name: market},
                )
            rows: tuple[Candle, ...] = ()
            if state.markets[name].seen < t:
                rows = ports.exchange.candles(name, from_t=state.markets[name].seen, to_t=t)
        except (ExchangeError, DataError) as error:
            ports.messages.publish(ExchangeTrouble(t=t, market=name, error=str(error)))
            rows = ()
            blind.add(name)
        candles[name] = rows
    return replace(book, state=state), MarketData(candles=candles, blind=frozenset(blind))


def unseen_candles(data: MarketData, book: Book) -> MarketData:
    """Return the candles that the state has not folded yet."""
    assert book.state is not None
    seen = {name: market.seen for name, market in book.state.markets.items()}
    return replace(
        data,
        candles={
            name: tuple([c for c in rows if c.t >= seen[name]])
            for name, rows in data.candles.items()
        },
    )
