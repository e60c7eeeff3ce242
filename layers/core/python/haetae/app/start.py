"""The first start, a new market, the return after a long gap: indicators from history."""

from dataclasses import replace

from haetae.app import messages
from haetae.app.ports import Exchange, Ports
from haetae.base.errors import ConfigError, DataError, ExchangeError, ExchangeUnavailable
from haetae.base.money import floor_micro
from haetae.config.setup import Setup
from haetae.kernel.codes import WARMUP
from haetae.kernel.indicators import fold_bar
from haetae.kernel.state import (
    NEW_CRASH,
    NEW_MARKET,
    NEW_TREND,
    NO_BAR,
    Bar,
    Candle,
    Market,
    Params,
    Trend,
)
from haetae.kernel.step import open_account, open_market
from haetae.ledger.book import GENESIS, Book, Commit, State

WIDEST = 4  # how many times the warm-up's length history is searched for enough candles


def first_state(ports: Ports, setup: Setup, t: int) -> State:
    """Return the state of an account that starts at the decision candle `t` lies in."""
    at = t - t % setup.interval_s
    markets = {
        name: open_market(NEW_MARKET, warm_up(ports.exchange, name, p, at), at)
        for name, p in zip(setup.markets, setup.params, strict=True)
    }
    cash = sum(floor_micro(b.free) for b in ports.exchange.balances() if b.currency == "KRW")
    return State(
        t=at,
        account=open_account(setup.rails, at, cash),
        markets=markets,
        chains=dict.fromkeys(setup.markets, GENESIS),
    )


def open_books(ports: Ports, setup: Setup, book: Book, t: int) -> None:
    """Write the first state; somebody else being first is as good."""
    ports.books.commit(Commit(version=0, epoch=book.halt.epoch, state=first_state(ports, setup, t)))


def fitted(ports: Ports, setup: Setup, book: Book, t: int) -> tuple[Setup, Book]:
    """Fit the stored markets to the configured ones at `t`; return both as this walk has them.

    A market that is new begins with its indicators warmed up; where its history cannot be had it
    waits for the next walk, so that the others' exits do not. One that was taken out leaves.

    Raises:
        ConfigError: one that was taken out holds something, which nobody would watch any more.
        ExchangeError: no market is left to walk.
    """
    state = book.state
    assert state is not None
    if state.markets.keys() == set(setup.markets):
        return setup, book
    for name, market in state.markets.items():
        if name not in setup.markets and (market.position.units or market.order.kind):
            raise ConfigError(
                f"{name} is held but is not among the markets {', '.join(setup.markets)}; "
                "allowed: add it again until it is sold"
            )
    params = dict(zip(setup.markets, setup.params, strict=True))
    markets = {name: state.markets[name] for name in setup.markets if name in state.markets}
    for name in setup.markets:
        if name not in markets:
            at = t - t % setup.interval_s
            try:
                trend = warm_up(ports.exchange, name, params[name], at)
            except (ExchangeError, DataError) as error:
                ports.messages.publish(messages.exchange_trouble(t, name, error))
                continue
            markets[name] = open_market(NEW_MARKET, trend, at)
    names = tuple(name for name in setup.markets if name in markets)
    if not names:
        raise ExchangeUnavailable(f"no history of {', '.join(setup.markets)}")
    chains = state.chains | {name: GENESIS for name in names if name not in state.chains}
    state = replace(state, markets={name: markets[name] for name in names}, chains=chains)
    fitting = replace(setup, markets=names, params=tuple(params[name] for name in names))
    return fitting, replace(book, state=state)


def warm_up(exchange: Exchange, market: str, p: Params, at: int) -> Trend:
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


def fold_history(p: Params, candles: tuple[Candle, ...]) -> Trend:
    """Fold closed decision candles, oldest first, into fresh indicators."""
    trend = NEW_TREND
    for c in candles:
        bar = Bar(c.t + p.interval_s, c.open, c.high, c.low, c.close, c.close * c.volume)
        trend = fold_bar(p, trend, bar)
    return trend


def rewarmed(exchange: Exchange, name: str, p: Params, market: Market, t: int) -> Market:
    """Return a market that was away for longer than the warm-up: new indicators, same position."""
    at = t - t % p.interval_s
    away = market._replace(crash=NEW_CRASH, bar=NO_BAR)
    return open_market(away, warm_up(exchange, name, p, at), at)
