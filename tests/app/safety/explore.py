"""Every interleaving of a few processes that share books, exchange and clock, one call at a time.

A process is a function of ports. It is run again from its start with the answers it has had so
far, up to its next call: so a process is nothing but its history of answers, and a moment is the
stored books, the exchange's account, the clock, and these histories. Moments that two orders of
events lead to are explored once, and the orders are counted by adding up the ways that lead on.

What may happen at a moment:

call       a process makes its next call, whole
stop       a process that may stop does so for ever
arrive     a request that left earlier reaches the exchange

Between two calls of a process any time may pass, with one exception, which is what a timeout is
for: a request that is sent right after a look at the clock reaches the exchange, or is lost,
within the deadline that its sender stamped. So the clock does not move while one is on the wire.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from haetae.adapters.memory.messages import MemoryMessages
from haetae.app.ports import Ports, PortSet, Unknown, Unreachable
from haetae.base.errors import HaetaeError
from haetae.ledger.book import Book
from haetae.ledger.intent import Intent
from safety.world import END_T, START, World
from upbit_sandbox.trading.orders import Order

type Process = Callable[[Ports], Any]
type Fate = Callable[["Explorer", "Moment", Intent], tuple["Moment", Any]]

READS = frozenset({"load", "halt", "trades", "decisions", "orders"})
NOT_YET = "not yet"
STOPPED = "stopped"
STEPS_MAX = 200  # of one process: more means that it does not end
MOMENTS_MAX = 200_000


class Call(NamedTuple):
    """One call of a port; `key` is its text, by which calls are compared."""

    port: str
    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    @property
    def key(self) -> str:
        return f"{self.port}.{self.name}{self.args}{sorted(self.kwargs.items())}"


class Parked(BaseException):
    """A process has come to a call that has no answer yet."""

    def __init__(self, call: Call) -> None:
        super().__init__(call.key)
        self.call = call


class Moment(NamedTuple):
    """All that the future depends on. Numbers stand for interned values."""

    books: int
    exchange: int
    now_s: float
    wire: tuple[int, ...]  # requests that left and have not arrived
    histories: tuple[tuple[int, ...], ...]
    stopped: tuple[bool, ...]
    posted: tuple[str, ...]  # identifiers of the orders that have reached the exchange
    notes: Any  # what the watcher remembers


class Step(NamedTuple):
    """What happened between two moments; `who` is empty when a request arrives.

    `done` is what the process came to, if this was its last call.
    """

    who: str
    call: Call
    answer: Any
    done: Any = NOT_YET


@dataclass(kw_only=True)
class Found:
    """How much was explored."""

    moments: int = 0
    ends: int = 0
    worlds: int = 0  # that the ends leave behind, each run on until the account is flat
    orders: int = 0  # interleavings, each a full run from the first moment to an end


@dataclass(kw_only=True)
class Local:
    """Where a process stands after a history of answers."""

    call: Call | None
    result: Any
    messages: tuple[Any, ...]


class Player:
    """One port of a process: answers from the history, and parks at the first call beyond it."""

    def __init__(self, port: str, answers: list[Any]) -> None:
        self._port = port
        self._answers = answers

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def called(*args: Any, **kwargs: Any) -> Any:
            if not self._answers:
                raise Parked(Call(self._port, name, args, kwargs))
            answer = self._answers.pop(0)
            if isinstance(answer, BaseException):
                raise answer
            return answer

        return called


class Watcher:
    """Sees every step; raises AssertionError when a law is broken."""

    def first(self) -> Any:
        """Return what is remembered at the beginning; it must be hashable."""
        return ()

    def saw(self, explorer: "Explorer", moment: Moment, step: Step) -> Any:
        """Judge a step and the moment it led to; return what is to be remembered."""
        return moment.notes

    def holds(self, explorer: "Explorer", moment: Moment) -> None:
        """Judge what the books and the exchange hold at a moment."""

    def ended(self, world: World, results: Mapping[str, Any]) -> None:
        """Judge an end; the world stands there and may be used up."""


def step_text(step: Step) -> str:
    """Return a step as one line of a counterexample."""
    return f"{step.who or 'arrives'}: {step.call.key[:160]} -> {str(step.answer)[:100]}"


def reply_arrives(explorer: "Explorer", moment: Moment, intent: Intent) -> tuple[Moment, Any]:
    """The request arrives and its answer comes back."""
    return explorer.carried_out(moment, Call("exchange", "place", (intent,), {}))


def reply_lost(explorer: "Explorer", moment: Moment, intent: Intent) -> tuple[Moment, Any]:
    """The request arrives, its answer does not."""
    after, _answer = reply_arrives(explorer, moment, intent)
    return after, Unknown(message="no answer")


def never_arrives(explorer: "Explorer", moment: Moment, intent: Intent) -> tuple[Moment, Any]:
    """The request gets lost, and its sender cannot tell."""
    return moment, Unknown(message="no answer")


def unreachable(explorer: "Explorer", moment: Moment, intent: Intent) -> tuple[Moment, Any]:
    """There is no connection, and the sender can tell."""
    return moment, Unreachable(message="no connection")


def late(explorer: "Explorer", moment: Moment, intent: Intent) -> tuple[Moment, Any]:
    """The sender gives up while the request is still on its way."""
    call = explorer.intern(intent, repr(intent))
    return moment._replace(wire=(*moment.wire, call)), Unknown(message="timed out")


@dataclass(kw_only=True)
class Explorer:
    """Explores `processes` from the world as it stands.

    `stops` names those that may stop for ever after any step, `fates` what may become of the
    entries they send, and `after` who may begin only once another process has ended or stopped.
    """

    world: World
    processes: Mapping[str, Process]
    watcher: Watcher
    stops: frozenset[str] = frozenset()
    fates: tuple[Fate, ...] = (reply_arrives,)
    after: Mapping[str, str] = field(default_factory=dict)
    found: Found = field(default_factory=Found)
    trail: list[Step | str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names = tuple(self.processes)
        self._stored = -1  # which books the store holds, if that is known
        self._numbers: dict[str, int] = {}
        self._values: list[Any] = []
        self._locals: dict[tuple[int, tuple[int, ...]], Local] = {}
        self._books: dict[tuple[int, str], tuple[int, Any]] = {}
        self._exchange: dict[tuple[int, float, str], tuple[int, Any]] = {}
        self._judged: set[tuple[int, int]] = set()
        self._ended: set[tuple[int, int, float, str]] = set()
        self._ways: dict[Moment, int] = {}

    def run(self) -> Found:
        """Explore everything; the world is left anywhere."""
        moment = Moment(
            self._books_now(),
            self._exchange_now(),
            self.world.clock.at_s,
            (),
            ((),) * len(self.names),
            (False,) * len(self.names),
            (),
            self.watcher.first(),
        )
        self.found.orders = self._explore(moment)
        self.found.moments = len(self._ways)
        self.found.worlds = len(self._ended)
        return self.found

    # the search

    def _explore(self, moment: Moment) -> int:
        known = self._ways.get(moment)
        if known is not None:
            return known
        assert len(self._ways) < MOMENTS_MAX
        self._judge(moment)
        ways = 0
        nexts = self._nexts(moment)
        for label, after in nexts:
            self.trail.append(label)
            ways += self._explore(after)
            self.trail.pop()
        if not nexts:
            self._end(moment)
            ways = 1
        self._ways[moment] = ways
        return ways

    def _nexts(self, moment: Moment) -> list[tuple[Step | str, Moment]]:
        found: list[tuple[Step | str, Moment]] = []
        for n, name in enumerate(self.names):
            local = self._local(n, moment.histories[n])
            if moment.stopped[n] or local.call is None or not self._may_begin(moment, name):
                continue
            if not self._held_back(moment, n, local.call):
                found += self._called(moment, n, local.call)
            if name in self.stops:
                stopped = tuple(i == n or was for i, was in enumerate(moment.stopped))
                found.append((f"{name} stops", moment._replace(stopped=stopped)))
        for request in moment.wire:
            found.append(self._arrived(moment, request))
        return found

    def _may_begin(self, moment: Moment, name: str) -> bool:
        before = self.after.get(name)
        if before is None:
            return True
        n = self.names.index(before)
        return moment.stopped[n] or self._local(n, moment.histories[n]).call is None

    def _held_back(self, moment: Moment, n: int, call: Call) -> bool:
        """The clock does not move while a request is on the wire."""
        if (call.port, call.name) != ("clock", "wait"):
            return False
        return bool(moment.wire) or any(
            i != n and not moment.stopped[i] and self._on_the_wire(i, moment.histories[i])
            for i in range(len(self.names))
        )

    def _on_the_wire(self, n: int, history: tuple[int, ...]) -> bool:
        call = self._local(n, history).call
        if call is None or call.name != "place" or not history:
            return False
        before = self._local(n, history[:-1]).call
        return before is not None and (before.port, before.name) == ("clock", "now_s")

    def _called(self, moment: Moment, n: int, call: Call) -> list[tuple[Step | str, Moment]]:
        found: list[tuple[Step | str, Moment]] = []
        entry = call.name == "place" and call.args[0].krw > 0
        for fate in self.fates if entry else (None,):
            if fate is None:
                after, answer = self.carried_out(moment, call)
            else:
                after, answer = fate(self, moment, call.args[0])
            step = Step(self.names[n], call, answer)
            found.append((step, self._noted(after, n, step)))
        return found

    def _noted(self, moment: Moment, n: int, step: Step) -> Moment:
        """Return the moment with the answer in the process's history and the watcher's notes."""
        answer = self.intern(step.answer, repr(step.answer))
        histories = tuple(
            (*history, answer) if i == n else history for i, history in enumerate(moment.histories)
        )
        assert len(histories[n]) < STEPS_MAX, self.names[n]
        moment = moment._replace(histories=histories)
        local = self._local(n, histories[n])
        if local.call is None:
            step = step._replace(done=local.result)
        return self._watched(moment, step)

    def _arrived(self, moment: Moment, request: int) -> tuple[Step | str, Moment]:
        intent: Intent = self._values[request]
        call = Call("exchange", "place", (intent,), {})
        wire = tuple(other for other in moment.wire if other != request)
        after, answer = self.carried_out(moment._replace(wire=wire), call)
        step = Step("", call, answer)
        return step, self._watched(after, step)

    def _watched(self, moment: Moment, step: Step) -> Moment:
        try:
            return moment._replace(notes=self.watcher.saw(self, moment, step))
        except AssertionError as exc:
            raise AssertionError(self._failure_text(exc, step)) from exc

    def _judge(self, moment: Moment) -> None:
        pair = (moment.books, moment.exchange)
        if pair in self._judged:
            return
        self._judged.add(pair)
        try:
            self.watcher.holds(self, moment)
        except AssertionError as exc:
            raise AssertionError(self._failure_text(exc)) from exc

    def _end(self, moment: Moment) -> None:
        self.found.ends += 1
        results = {}
        for n, name in enumerate(self.names):
            local = self._local(n, moment.histories[n])
            results[name] = STOPPED if moment.stopped[n] else local.result
        end = (moment.books, moment.exchange, moment.now_s, repr(results))
        if end in self._ended:
            return
        self._ended.add(end)
        self._put_back(moment)
        try:
            self.watcher.ended(self.world, results)
        except AssertionError as exc:
            raise AssertionError(self._failure_text(exc)) from exc

    def _failure_text(self, exc: AssertionError, *last: Step) -> str:
        steps = [
            step if isinstance(step, str) else step_text(step) for step in (*self.trail, *last)
        ]
        return "\n".join([str(exc), "after:", *steps])

    # a process

    def _local(self, n: int, history: tuple[int, ...]) -> Local:
        """Return where process `n` stands after `history`, by running it again."""
        found = self._locals.get((n, history))
        if found is None:
            found = self._locals[n, history] = self._replayed(n, history)
        return found

    def _replayed(self, n: int, history: tuple[int, ...]) -> Local:
        answers = [self._values[number] for number in history]
        messages = MemoryMessages()
        ports: Any = PortSet(
            exchange=Player("exchange", answers),
            books=Player("books", answers),
            clock=Player("clock", answers),
            messages=messages,
        )
        try:
            result = self.processes[self.names[n]](ports)
        except Parked as parked:
            return Local(call=parked.call, result=NOT_YET, messages=tuple(messages.sent))
        except HaetaeError as error:
            result = error
        assert not answers, "a process is the same each time it is run"
        return Local(call=None, result=result, messages=tuple(messages.sent))

    # the world

    def carried_out(self, moment: Moment, call: Call) -> tuple[Moment, Any]:
        """Make a call in the moment's world; return the moment it leads to, and the answer."""
        if call.port == "clock":
            if call.name == "now_s":
                return moment, moment.now_s
            return moment._replace(now_s=moment.now_s + max(0.0, call.args[0])), None
        if call.port == "books":
            books, answer = self._on_books(moment.books, call)
            return moment._replace(books=books), answer
        exchange, answer = self._on_exchange(moment.exchange, moment.now_s, call)
        if call.name == "place":
            moment = moment._replace(posted=(*moment.posted, call.args[0].identifier))
        return moment._replace(exchange=exchange), answer

    def book(self, moment: Moment) -> Book:
        """Return the book as it is stored at a moment."""
        call = Call("books", "load", (), {})
        found: Book = self.carried_out(moment, call)[1]
        return found

    def closed(self, moment: Moment) -> tuple[Intent, ...]:
        """Return the closed orders that are stored at a moment."""
        found: list[Intent] = []
        for market in self.world.setup.markets:
            call = Call("books", "orders", (market,), {"from_t": START, "to_t": END_T})
            found += self.carried_out(moment, call)[1]
        return tuple(found)

    def placed(self, moment: Moment) -> tuple[Order, ...]:
        """Return the exchange's orders at a moment."""
        return tuple(self._values[moment.exchange].orders.values())

    def _on_books(self, books: int, call: Call) -> tuple[int, Any]:
        found = self._books.get((books, call.key))
        if found is None:
            if self._stored != books:
                self.world.store.restore(self._values[books])
            answer = self._answer(self.world.store.books, call)
            self._stored = books if call.name in READS else self._books_now()
            found = self._books[books, call.key] = (self._stored, answer)
        return found

    def _on_exchange(self, exchange: int, now_s: float, call: Call) -> tuple[int, Any]:
        key = (exchange, now_s, call.key)
        found = self._exchange.get(key)
        if found is None:
            self.world.restore_exchange(self._values[exchange], now_s)
            self._name_orders_by(call)
            answer = self._answer(self.world.ports.exchange, call)
            found = self._exchange[key] = (self._exchange_now(), answer)
        return found

    def _answer(self, port: Any, call: Call) -> Any:
        try:
            return getattr(port, call.name)(*call.args, **call.kwargs)
        except HaetaeError as error:
            return error

    def _name_orders_by(self, call: Call) -> None:
        """Let new ids depend on the call alone, so that one moment has one name."""
        draw = Random(call.key)
        account: Any = self.world.sandbox.venue.account
        account._new_uuid = lambda: str(UUID(int=draw.getrandbits(128), version=4))

    def _books_now(self) -> int:
        saved = self.world.store.save()
        return self.intern(saved, repr(saved))

    def _exchange_now(self) -> int:
        account = self.world.sandbox.venue.account
        balances = [(c, account.wallet.balance(c)) for c in account.wallet.currencies()]
        text = repr((sorted(account.orders.items()), balances, sorted(account._burnt)))
        return self.intern(self.world.save_exchange(), text)

    def _put_back(self, moment: Moment) -> None:
        self._stored = -1
        self.world.restore(
            (self._values[moment.books], self._values[moment.exchange], moment.now_s)
        )

    def intern(self, value: Any, text: str) -> int:
        """Return the number of a value that `text` tells apart from every other."""
        number = self._numbers.setdefault(text, len(self._values))
        if number == len(self._values):
            self._values.append(value)
        return number
