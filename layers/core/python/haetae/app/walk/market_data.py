"""The candles a walk folds: of each market, those that closed since the last one seen."""

from dataclasses import replace

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


def read_candles(
    ports: Ports, setup: Setup, book: Book, t: int
) -> tuple[Book, dict[str, tuple[Candle, ...]], int]:
    """Fetch each market's closed candles since the last one seen; count those without answer."""
    state = book.state
    assert state is not None
    candles: dict[str, tuple[Candle, ...]] = {}
    blind = 0
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
            rows, blind = (), blind + 1
        candles[name] = rows
    return replace(book, state=state), candles, blind


def unseen_candles(rows: tuple[Candle, ...], book: Book, name: str) -> tuple[Candle, ...]:
    """Return the candles that the state has not folded yet."""
    assert book.state is not None
    seen = book.state.markets[name].seen
    return tuple(c for c in rows if c.t >= seen)
