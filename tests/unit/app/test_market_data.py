"""The candles of a walk: what a market that was away for long goes on with."""

from dataclasses import replace

from contract.books_store import BTC, ETH, RAILS, state_at
from haetae.adapters.memory.books import MemoryBooks
from haetae.adapters.memory.messages import MemoryMessages
from haetae.app.ports import PortSet
from haetae.app.walk.market_data import MarketData, read_candles
from haetae.base.time import MINUTE_S
from haetae.config.profiles import PROFILES
from haetae.config.setup import Setup
from haetae.kernel.codes import WARMUP
from haetae.kernel.records import Candle
from haetae.ledger.book import Book, OperatorMode

PARAMS, _ = PROFILES["plan"]
SETUP = Setup(
    account="main", profile="plan", rails=RAILS, markets=(BTC, ETH), params=(PARAMS, PARAMS)
)
HOUR = PARAMS.interval_s * 500_000
HALF_PAST = HOUR + PARAMS.interval_s // 2


class Steady:
    """An exchange whose price never moves."""

    def candles(
        self, market: str, *, from_t: int, to_t: int, unit_min: int = 1
    ) -> tuple[Candle, ...]:
        unit_s = unit_min * MINUTE_S
        return tuple(Candle(t, 9.0, 9.0, 9.0, 9.0, 1.0) for t in range(from_t, to_t, unit_s))


def read(book: Book, t: int) -> tuple[Book, MarketData]:
    ports = PortSet(
        exchange=Steady(),  # type: ignore[arg-type]  # nothing else is asked for
        books=MemoryBooks(),
        messages=MemoryMessages(),
        clock=None,  # type: ignore[arg-type]
    )
    return read_candles(ports, SETUP, book, t)


def test_one_market_that_comes_back_does_not_take_the_account_back_in_time() -> None:
    state = state_at(HALF_PAST)
    away = state.markets[ETH]._replace(seen=HALF_PAST - (WARMUP + 1) * PARAMS.interval_s)
    state = replace(state, markets=state.markets | {ETH: away})
    book = Book(halt=OperatorMode(), version=1, state=state)
    after, data = read(book, HALF_PAST + MINUTE_S)

    assert after.state is not None
    assert after.state.t == HALF_PAST
    assert after.state.markets[BTC] == state.markets[BTC]
    assert (after.state.markets[ETH].seen, after.state.markets[ETH].indicators.n) == (HOUR, WARMUP)
    assert ([c.t for c in data.candles[BTC]], data.blind) == ([HALF_PAST], frozenset())
    assert [c.t for c in data.candles[ETH]] == list(range(HOUR, HALF_PAST + MINUTE_S, MINUTE_S))
