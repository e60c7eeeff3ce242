"""Books under test: small states, intents, trades and records to store, and how to store them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from haetae.adapters.dynamodb.books import DynamoDbBooks
from haetae.adapters.memory.books import MemoryBooks
from haetae.config.profiles import PROFILES
from haetae.kernel.codes import ENTRY, ENTRY_SIGNAL
from haetae.kernel.records import NEW_MARKET, NO_ORDER_OPEN, DayStarts
from haetae.kernel.step import open_account
from haetae.ledger.book import GENESIS, Book, Commit, Decision, Mode, OperatorMode, State, TradeLine
from haetae.ledger.intent import Execution, Intent, Phase, Side, identifier
from haetae.ledger.journal import record

T = 1_759_276_740  # 2025-09-30 23:59 UTC: the next minute is in another month
MINUTE_S = 60
OCTOBER_T = T + MINUTE_S
BTC, ETH = "KRW-BTC", "KRW-ETH"
_, RAILS = PROFILES["plan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Books under test, and a look at all that they keep."""

    books: MemoryBooks | DynamoDbBooks
    everything: Callable[[], Any]


def state_at(t: int, opened: tuple[Intent, ...] = ()) -> State:
    """Return a state at `t` in which the intents' orders are open."""
    account = open_account(RAILS, t, 10_000_000_000_000)._replace(past=DayStarts(6, 5, 4, 3, 2, 1))
    market = NEW_MARKET._replace(seen=t, close=0.1 + 0.2)
    markets = {BTC: market, ETH: market._replace(close=1e-8)}
    for intent in opened:
        order = NO_ORDER_OPEN._replace(kind=intent.kind, t=intent.t, krw=intent.krw)
        markets[intent.market] = markets.get(intent.market, market)._replace(order=order)
    return State(t=t, account=account, markets=markets, chains={BTC: GENESIS, ETH: GENESIS})


def intent_of(market: str, t: int = T, *, attempt: int = 0) -> Intent:
    return Intent(
        identifier=identifier(
            account="main", market=market, t=t, leg="entry", part=0, attempt=attempt
        ),
        market=market,
        side=Side.BID,
        t=t,
        kind=ENTRY,
        reason=ENTRY_SIGNAL,
        krw=1_000_000,
        units=0,
    )


def done(intent: Intent) -> Intent:
    execution = Execution(t=intent.t, price=Decimal("100.5"), units=7, funds=Decimal("999500.25"))
    return replace(intent, phase=Phase.DONE, executions=(execution,), fee=Decimal("499.75"))


def in_phase(intent: Intent, phase: Phase) -> Intent:
    return replace(intent, phase=phase)


def trade_of(intent: Intent, t: int) -> TradeLine:
    return TradeLine(
        t=t,
        market=intent.market,
        identifier=intent.identifier,
        side=intent.side,
        reason="entry_signal",
        price=100.5,
        units=7,
        funds=Decimal("999500.25"),
        fee=Decimal("499.75"),
        pnl=None,
        r=None,
        exchange_funds=Decimal("999500.25"),
        exchange_fee=Decimal("499.7501"),
    )


def journal(market: str, *times: int) -> tuple[Decision, ...]:
    records: list[Decision] = []
    for n, t in enumerate(times):
        records.append(record(t, market, {"n": n}, records[-1].hash if records else GENESIS))
    return tuple(records)


def first(**parts: Any) -> Commit:
    return Commit(version=0, epoch=0, state=state_at(T, parts.get("opened", ())), **parts)


def then(version: int, **parts: Any) -> Commit:
    state = state_at(T + version, parts.get("opened", ()))
    return Commit(version=version, epoch=0, state=state, **parts)


def stop(store: Store, *, expected: int | None = None) -> OperatorMode:
    return store.books.move_halt(mode=Mode.STOP, t=T, reason="a test", by="me", expected=expected)


def load(store: Store) -> Book:
    return store.books.load()


def open_slot(store: Store, phase: Phase = Phase.PENDING) -> Intent:
    """Leave the books at version 1 with BTC's slot in a phase; deadline 5.0 once it was sent."""
    intent = intent_of(BTC)
    assert store.books.commit(first(opened=(intent,)))
    if phase is Phase.PENDING:
        return intent
    if phase is Phase.REVOKED:
        revoked = intent.to(phase)
        assert store.books.record(intent, revoked)
        return revoked
    assert store.books.mark_sending(intent, epoch=0, deadline_s=5.0)
    sending = intent.to(Phase.SENDING, deadline_s=5.0)
    if phase is Phase.SENDING:
        return sending
    after = done(sending) if phase is Phase.DONE else sending.to(phase)
    assert store.books.record(sending, after)
    return after
