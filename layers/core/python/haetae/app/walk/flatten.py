"""What a kill adds to a finished fold: a sell order for each position, one slice a minute."""

from collections.abc import Mapping
from dataclasses import replace

from haetae.app.orders.plan import slice_of
from haetae.app.walk.fold import FoldResult
from haetae.config.setup import Setup
from haetae.kernel.codes import (
    KILL,
    KILLED,
    NO_ORDER,
)
from haetae.kernel.step import ask_exit
from haetae.ledger.book import Book, State


def flatten(setup: Setup, result: FoldResult, *, max_units: Mapping[str, int]) -> FoldResult:
    """Add a kill's sell orders to a finished fold; `max_units` bounds each by the order book.

    They are orders of the minute that the fold has reached: an older event's would take an
    identifier that may have been used, and a later one's would stop every fold before it.
    """
    account = result.state.account
    t = result.state.t
    markets = dict(result.state.markets)
    for name in setup.markets:
        m = markets[name]
        if m.position.units == 0 or m.order.kind != NO_ORDER or name not in max_units:
            continue
        account, m = ask_exit(account, m, t, KILL, 0.0)
        if m.order.kind != NO_ORDER and max_units[name] > 0:
            units = slice_of(m, max_units[name])
            m = m._replace(order=m.order._replace(units=units))
        markets[name] = m
    state = State(t=result.state.t, account=account, markets=markets, chains=result.state.chains)
    return replace(result, state=state)


def needs_flattening(book: Book, state: State) -> tuple[str, ...]:
    """Return the markets that a kill still has to sell."""
    if book.halt.mode != KILLED:
        return ()
    return tuple(
        name
        for name, m in state.markets.items()
        if m.position.units > 0 and m.order.kind == NO_ORDER
    )
