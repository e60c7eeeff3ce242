"""The order logic against an exchange that says what a test tells it: send, ask, revoke, plan."""

from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from contract.books_store import BTC, ETH, RAILS, T, done, first, intent_of
from haetae.adapters.memory.books import MemoryBooks
from haetae.adapters.memory.messages import MemoryMessages
from haetae.app.orders import plan, reconcile, send, settle
from haetae.app.ports import (
    Balance,
    Missing,
    OrderReport,
    PortSet,
    Rejected,
    Unknown,
    Unreachable,
)
from haetae.base.errors import ExchangeUnavailable
from haetae.base.money import UNITS
from haetae.config.profiles import PROFILES
from haetae.config.setup import Setup
from haetae.kernel.codes import ENTRY, ENTRY_SIGNAL, EXIT, HALT, LEAST_ORDER
from haetae.kernel.records import NEW_MARKET, NO_FILL, NO_ORDER_OPEN, Candle, Order
from haetae.ledger.book import Mode
from haetae.ledger.intent import Execution, Intent, Phase, Side
from haetae.market.order_book import Level, OrderBook

PARAMS, _ = PROFILES["plan"]
SETUP = Setup(
    account="main", profile="plan", rails=RAILS, markets=(BTC, ETH), params=(PARAMS, PARAMS)
)
DOWN = ExchangeUnavailable("down")
Spoken = OrderReport | Rejected | Unreachable | Unknown


@dataclass(kw_only=True)
class Scripted:
    """An exchange of one answer to each question; an error is raised."""

    placed: Spoken | None = None
    found: OrderReport | Missing | ExchangeUnavailable = field(default_factory=Missing)
    held: tuple[Balance, ...] | ExchangeUnavailable = ()
    book: OrderBook | ExchangeUnavailable = DOWN
    cancelled: list[str] = field(default_factory=list)

    def place(self, intent: Intent) -> Spoken:
        assert self.placed is not None, "nothing may be sent"
        return self.placed

    def order(self, identifier: str) -> OrderReport | Missing:
        if isinstance(self.found, ExchangeUnavailable):
            raise self.found
        return self.found

    def balances(self) -> tuple[Balance, ...]:
        return spoken(self.held)

    def order_book(self, market: str) -> OrderBook:
        return spoken(self.book)

    def cancel(self, identifier: str) -> None:
        self.cancelled.append(identifier)

    def candles(
        self, market: str, *, from_t: int, to_t: int, unit_min: int = 1
    ) -> tuple[Candle, ...]:
        raise AssertionError("no candle is asked for")


def spoken[T](answer: T | ExchangeUnavailable) -> T:
    if isinstance(answer, ExchangeUnavailable):
        raise answer
    return answer


@dataclass
class Hand:
    """A clock whose hands stand where they were put; each look may take `step_s`."""

    now: float = float(T + 1)
    step_s: float = 0.0

    def now_s(self) -> float:
        self.now += self.step_s
        return self.now

    def wait(self, seconds: float) -> None:
        raise AssertionError("nothing waits")


@dataclass
class Bot:
    """Ports on memory books that hold one open entry."""

    exchange: Scripted = field(default_factory=Scripted)
    clock: Hand = field(default_factory=Hand)
    messages: MemoryMessages = field(default_factory=MemoryMessages)
    books: MemoryBooks = field(default_factory=MemoryBooks)

    def __post_init__(self) -> None:
        self.intent = intent_of(BTC)
        assert self.books.commit(first(opened=(self.intent,)))
        self.ports = PortSet(
            exchange=self.exchange, books=self.books, messages=self.messages, clock=self.clock
        )

    def move(self, phase: Phase) -> Intent:
        """Bring the intent to a phase that follows SENDING; its deadline is the present."""
        assert self.books.mark_sending(self.intent, epoch=0, deadline_s=self.clock.now)
        sending = self.intent.to(Phase.SENDING, deadline_s=self.clock.now)
        if phase is Phase.SENDING:
            return sending
        assert self.books.record(sending, sending.to(phase))
        return sending.to(phase)

    def step(self, intent: Intent, t: int = T) -> Intent:
        return reconcile.reconcile(self.ports, SETUP, self.books.halt(), intent, t)

    def stored(self) -> Intent:
        return self.books.load().intents[BTC]

    def kinds(self) -> list[str]:
        return [message.kind for message in self.messages.sent]

    def halt(self, mode: Mode) -> None:
        self.books.move_halt(mode=mode, t=T, reason="a test", by="me", expected=None)


def report(*, ended: bool) -> OrderReport:
    bought = done(intent_of(BTC)).executions if ended else ()
    return OrderReport(uuid="u-1", ended=ended, executions=bought, fee=Decimal("499.75"))


@pytest.mark.parametrize(
    ("answer", "phase", "kinds"),
    [
        (report(ended=False), Phase.OPEN, []),
        (report(ended=True), Phase.DONE, []),
        (Rejected(name="insufficient_funds_bid", message="no"), Phase.REJECTED, ["order_refused"]),
        (Unreachable(message="down"), Phase.PENDING, []),
        (Unknown(message="lost"), Phase.UNKNOWN, ["order_unknown"]),
    ],
)
def test_each_answer_to_a_request_is_recorded(
    answer: Spoken, phase: Phase, kinds: list[str]
) -> None:
    bot = Bot(Scripted(placed=answer))
    after = bot.step(bot.intent)
    assert after.phase is phase
    assert after == bot.stored()
    assert bot.kinds() == kinds


def test_an_order_of_an_older_epoch_is_not_sent() -> None:
    bot = Bot()
    halt = bot.books.halt()
    bot.halt(Mode.HALT)
    assert send.send(bot.ports, halt, bot.intent) is bot.intent


def test_an_order_that_was_marked_too_late_is_not_sent() -> None:
    bot = Bot(clock=Hand(step_s=send.MARGIN_S + 0.5))
    after = send.send(bot.ports, bot.books.halt(), bot.intent)
    assert (after.phase, after.note) == (Phase.PENDING, "marked too late to be sent")


@pytest.mark.parametrize(
    ("late_s", "mode", "note"),
    [(RAILS.entry_delay_s + 1, None, "expired"), (0, Mode.STOP, "entries are stopped")],
)
def test_an_entry_is_taken_back(late_s: int, mode: Mode | None, note: str) -> None:
    bot = Bot()
    if mode is not None:
        bot.halt(mode)
    after = bot.step(bot.intent, T + late_s)
    assert (after.phase, after.note) == (Phase.REVOKED, note)
    assert bot.stored() == after
    assert bot.step(after) is after


def test_an_entry_that_has_gone_on_meanwhile_stays() -> None:
    bot = Bot()
    bot.move(Phase.SENDING)
    assert reconcile.revoke(bot.ports, bot.intent, "expired") is bot.intent


def test_a_request_on_its_way_is_left_alone() -> None:
    bot = Bot(Scripted(found=report(ended=True)))
    sending = bot.move(Phase.SENDING)
    assert bot.step(sending) is sending


def test_an_order_is_given_up_when_it_can_no_longer_appear() -> None:
    bot = Bot()
    unknown = bot.move(Phase.UNKNOWN)
    bot.clock.now += reconcile.GRACE_S
    assert bot.step(unknown) is unknown
    bot.clock.now += 1.0
    assert bot.step(unknown).phase is Phase.REJECTED
    assert bot.stored().phase is Phase.REJECTED


def test_an_open_order_that_is_missing_stays_open() -> None:
    bot = Bot()
    opened = bot.move(Phase.OPEN)
    bot.clock.now += 10 * reconcile.GRACE_S
    assert bot.step(opened) is opened


def test_an_order_that_nothing_is_known_of_is_told_and_stays() -> None:
    bot = Bot(Scripted(found=DOWN))
    unknown = bot.move(Phase.UNKNOWN)
    assert bot.step(unknown) is unknown
    assert bot.kinds() == ["exchange"]


@pytest.mark.parametrize(("mode", "cancels"), [(Mode.HALT, 0), (Mode.KILL, 1)])
def test_a_kill_cancels_an_entry_that_turns_out_open(mode: Mode, cancels: int) -> None:
    bot = Bot(Scripted(found=report(ended=False)))
    unknown = bot.move(Phase.UNKNOWN)
    bot.halt(mode)
    assert bot.step(unknown).phase is Phase.OPEN
    assert len(bot.exchange.cancelled) == cancels


def test_an_open_order_reported_open_again_changes_nothing() -> None:
    bot = Bot(Scripted(found=report(ended=False)))
    opened = bot.move(Phase.OPEN)
    assert bot.step(opened) is opened


# What an order may sell


def sale(units: int) -> Order:
    return NO_ORDER_OPEN._replace(kind=EXIT, t=T, units=units)


@pytest.mark.parametrize(
    ("cap", "sold"),
    [(3 * UNITS, 3 * UNITS), (0, UNITS + 1), (9 * UNITS + 1, 10 * UNITS), (99 * UNITS, 10 * UNITS)],
)
def test_a_slice_leaves_no_rest_that_is_too_small(cap: int, sold: int) -> None:
    close = 2.0 * LEAST_ORDER  # one coin is twice the least order
    market = NEW_MARKET._replace(close=close, order=sale(10 * UNITS))
    assert plan.slice_of(market, cap) == sold


def test_the_depth_of_a_book_that_cannot_be_had_is_nothing() -> None:
    book = OrderBook(market=BTC, bids=(Level(price=Decimal(100), volume=Decimal(2)),))
    seen = {True: 2 * UNITS, False: 0}
    for known, units in seen.items():
        bot = Bot(Scripted(book=book if known else DOWN))
        assert plan.depth_units_of(bot.ports, SETUP, (BTC,)) == {BTC: units}


@pytest.mark.parametrize(
    ("held", "units", "kinds"),
    [
        (DOWN, 5, []),
        ((Balance(currency="BTC", free=Decimal(1), locked=Decimal(0)),), 5, []),
        ((Balance(currency="BTC", free=Decimal("3e-8"), locked=Decimal(0)),), 3, ["mismatch"]),
        ((), 5, ["mismatch", "halt"]),
    ],
)
def test_no_more_is_sold_than_is_held(
    held: tuple[Balance, ...] | ExchangeUnavailable, units: int, kinds: list[str]
) -> None:
    bot = Bot(Scripted(held=held))
    assert plan.units_for_sale(bot.ports, {BTC: sale(5)}) == {BTC: units}
    assert bot.kinds() == kinds
    assert bot.books.halt().mode == (HALT if "halt" in kinds else 0)
    assert plan.units_for_sale(bot.ports, {}) == {}


@pytest.mark.parametrize(
    ("kind", "side", "leg"), [(ENTRY, Side.BID, "entry"), (EXIT, Side.ASK, "exit")]
)
def test_an_intent_is_named_after_its_order(kind: int, side: Side, leg: str) -> None:
    order = NO_ORDER_OPEN._replace(kind=kind, t=T, krw=7, units=9)
    intent = plan.intent_of(SETUP, BTC, order, units=3)
    assert (intent.side, intent.units, intent.krw) == (side, 3, 7)
    assert intent.identifier == f"main-{BTC}-{T}-{leg}-0-0"


# What became of it


def executed(*parts: tuple[int, int]) -> tuple[Execution, ...]:
    """Return executions of (price, coins)."""
    return tuple(
        Execution(t=T + 61, price=Decimal(p), units=n * UNITS, funds=Decimal(p * n))
        for p, n in parts
    )


def test_a_fill_is_known_once_the_order_is_final() -> None:
    order = NO_ORDER_OPEN._replace(kind=ENTRY, t=T, krw=1_000)
    intent = intent_of(BTC)
    assert settle.known_fill(order, None) == NO_FILL
    assert settle.known_fill(order, intent) == NO_FILL
    assert settle.known_fill(NO_ORDER_OPEN, intent.to(Phase.REVOKED)) == NO_FILL
    nothing = settle.known_fill(order, intent.to(Phase.REVOKED))
    assert (nothing.t, nothing.units) == (T, 0)
    sending = intent.to(Phase.SENDING)
    one = settle.known_fill(order, sending.to(Phase.DONE, executions=executed((100, 1))))
    assert (one.t, one.price, one.units) == (T + 60, 100.0, UNITS)
    two = settle.known_fill(order, sending.to(Phase.DONE, executions=executed((100, 1), (200, 1))))
    assert (two.price, two.units) == (150.0, 2 * UNITS)


@pytest.mark.parametrize(("sent", "sold", "booked"), [(2, 2, 5), (2, 1, 1), (5, 5, 5)])
def test_a_sale_of_all_that_was_held_empties_the_books(sent: int, sold: int, booked: int) -> None:
    order = sale(5 * UNITS)
    intent = plan.intent_of(SETUP, BTC, order, units=sent * UNITS).to(Phase.SENDING)
    filled = settle.known_fill(order, intent.to(Phase.DONE, executions=executed((100, sold))))
    assert filled.units == booked * UNITS


def test_a_trade_of_the_books_keeps_what_the_exchange_said_beside_it() -> None:
    entry = NO_ORDER_OPEN._replace(kind=ENTRY, t=T, reason=ENTRY_SIGNAL, krw=200, distance=10.0)
    parts = executed((100, 2))
    intent = intent_of(BTC).to(Phase.SENDING).to(Phase.DONE, executions=parts, fee=Decimal("0.1"))
    line = settle.trade_line(PARAMS, NEW_MARKET._replace(order=entry), intent)
    assert (line.side, line.units, line.pnl, line.r) == (Side.BID, 2 * UNITS, None, None)
    assert (line.exchange_funds, line.exchange_fee) == (Decimal(200), Decimal("0.1"))
