"""Where a walk begins: the book is loaded, created at the first start, fitted to the markets."""

from dataclasses import dataclass, replace

from haetae.app.modes import halt_on_fault
from haetae.app.ports import DeskPorts, Ports
from haetae.app.walk.outcome import Outcome, Status
from haetae.app.walk.warm_up import warm_up
from haetae.base.errors import (
    CorruptState,
    DataError,
    ExchangeError,
    ExchangeUnavailable,
)
from haetae.base.money import floor_micro
from haetae.config.setup import Setup
from haetae.kernel.codes import KILLED
from haetae.kernel.records import (
    NEW_MARKET,
)
from haetae.kernel.step import open_account, open_market
from haetae.ledger.book import GENESIS, Book, Commit, State
from haetae.notify.messages import ExchangeTrouble, StateCorrupt


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What a walk begins with: the book, and the setup of the markets that it can walk."""

    setup: Setup
    book: Book


def prepare(ports: Ports, setup: Setup, t: int) -> Prepared | Outcome:
    """Load the book, create it at the first start, and fit it to the configured markets.

    An outcome says why there is nothing to walk: a kill came before the first start, or the
    exchange gave no history.

    Raises:
        CorruptState: what is stored cannot be read; the bot has been halted and has said so.
        BooksUnavailable: the store does not answer.
    """
    book = load_book(ports, t)
    if book.state is None:
        if book.halt.mode == KILLED:
            return Outcome(status=Status.UNCHANGED, t=t, mode=KILLED)
        try:
            create_books(ports, setup, book, t)
        except ExchangeError as error:
            ports.messages.publish(ExchangeTrouble(t=t, market=setup.markets[0], error=str(error)))
            return Outcome(status=Status.BLIND, t=t, mode=book.halt.mode)
        book = load_book(ports, t)
    try:
        fitting, book = match_markets(ports, setup, book, t)
    except ExchangeError:
        return Outcome(status=Status.BLIND, t=t, mode=book.halt.mode)
    return Prepared(setup=fitting, book=book)


def load_book(ports: DeskPorts, t: int) -> Book:
    """Load the book; a state that cannot be read halts the bot, and is never reset."""
    try:
        return ports.books.load()
    except CorruptState as error:
        ports.messages.publish(StateCorrupt(t=t, error=str(error)))
        halt_on_fault(ports, t, str(error))
        raise


def create_books(ports: Ports, setup: Setup, book: Book, t: int) -> None:
    """Write the first state; somebody else being first is as good."""
    ports.books.commit(
        Commit(version=0, epoch=book.halt.epoch, state=initial_state(ports, setup, t))
    )


def initial_state(ports: Ports, setup: Setup, t: int) -> State:
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


def match_markets(ports: Ports, setup: Setup, book: Book, t: int) -> tuple[Setup, Book]:
    """Fit the stored markets to the configured ones at `t`; return both as this walk has them.

    A market that is new begins with its indicators warmed up; where its history cannot be had it
    waits for the next walk, so that the others' exits do not. One that was taken out leaves; while
    something is held or on order in it, it is walked on after the others and only sold.

    Raises:
        ExchangeError: no market is left to walk.
    """
    state = book.state
    assert state is not None
    setup = setup.selling(state.in_use)
    if state.markets.keys() == set(setup.markets):
        return setup, book
    params = dict(zip(setup.markets, setup.params, strict=True))
    markets = {name: state.markets[name] for name in setup.markets if name in state.markets}
    for name in setup.markets:
        if name not in markets:
            at = t - t % setup.interval_s
            try:
                indicators = warm_up(ports.exchange, name, params[name], at)
            except (ExchangeError, DataError) as error:
                ports.messages.publish(ExchangeTrouble(t=t, market=name, error=str(error)))
                continue
            markets[name] = open_market(NEW_MARKET, indicators, at)
    names = tuple(name for name in setup.markets if name in markets)
    if not names:
        raise ExchangeUnavailable(f"no history of {', '.join(setup.markets)}")
    chains = state.chains | {name: GENESIS for name in names if name not in state.chains}
    state = replace(state, markets={name: markets[name] for name in names}, chains=chains)
    fitting = replace(setup, markets=names, params=tuple(params[name] for name in names))
    return fitting, replace(book, state=state)
