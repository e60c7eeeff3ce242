"""A strategy's signal on made-up markets: what it must do whatever it says.

The markets are seeded walks of fifteen-minute candles, decided by the hour and folded by the very
kernel. Start-up invariance is: of two folds of the same candles, one begun START_UP hours earlier,
the signals are equal at every decision after both have folded WARMUP hours.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

from haetae.config.profiles import PLAN_PARAMS, PLAN_RAILS
from haetae.kernel.advance import FOREVER, Log, Span, Tape, advance
from haetae.kernel.codes import CODE_COUNT, RUN, WARMUP
from haetae.kernel.records import (
    NEW_INDICATORS,
    NEW_MARKET,
    NO_FILL,
    Averages,
    Candle,
    Indicators,
    Params,
)
from haetae.kernel.rounding import MICRO
from haetae.kernel.step import open_account
from haetae.research.engine.compiled import compile_functions
from haetae.research.strategy.finding import Check

HOUR_S: Final = 3_600
CANDLE_S: Final = 900
START: Final = 1_756_652_400
HOURS: Final = 900
START_UP: Final = 101  # odd, so that a signal by turns is seen
YEAR_S: Final = 364 * 86_400  # whole weeks, so that hours and weekdays stay
WISHES: Final = {-1, 0, 1}
BROKEN: Final = (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, NameError)
type Signal = Callable[[Params, Indicators], int]
type Seen = list[tuple[int, Indicators, int]]  # when a decision was due, on what, and the signal


class Refused(Exception):
    """A trial that the signal failed: which check, and the sentence."""

    def __init__(self, check: Check, sentence: str) -> None:
        super().__init__(sentence)
        self.check = check
        self.sentence = sentence


def try_signal(signal: Signal, functions: Sequence[Any], knobs: Sequence[Any]) -> None:
    """Try a signal; `functions` are all of its file's, `knobs` the values to try, defaults first.

    Raises:
        Refused: by the first trial that it failed.
    """
    p = PLAN_PARAMS._replace(strategy=0, knobs=knobs[0])
    seen: Seen = []
    for seed in (1, 2):
        candles = walk(seed, HOURS * 4)
        seen += try_tape(signal, p, candles, seed)
    states = [*odd_states(), *(x for _t, x, _wish in seen)]
    trials = [(p._replace(knobs=one), x) for one in knobs for x in states]
    wishes = [wish_of(signal, *trial) for trial in trials]
    again = [wish_of(signal, *trial) for trial in reversed(trials)]
    if wishes != again[::-1]:
        raise Refused(
            Check.STATE, "equal records give other signals later; decide by p and x alone"
        )
    try_compilation(signal, functions, trials, wishes)


def try_tape(signal: Signal, p: Params, candles: list[Candle], seed: int) -> Seen:
    """Try a signal on one tape, on the tape with another future, and on one that begins later."""
    seen = observe(signal, p, candles)
    cut = len(candles) * 3 // 4
    turned = candles[:cut] + walk(seed + 50, len(candles) - cut, first=candles[cut])
    until = candles[cut].t
    changed = observe(signal, p, turned)
    if signals_between(seen, to_t=until) != signals_between(changed, to_t=until):
        raise Refused(Check.FUTURE, "candles after a decision change it; read closed ones alone")
    later = observe(signal, p, [c._replace(t=c.t + YEAR_S) for c in candles])
    if [wish for *_, wish in later] != [wish for *_, wish in seen]:
        raise Refused(
            Check.FUTURE, "the same candles a year later give another signal; leave dates out of it"
        )
    warm = START + (START_UP + WARMUP) * HOUR_S
    begun = observe(signal, p, candles[START_UP * 4 :])
    if signals_between(seen, from_t=warm) != signals_between(begun, from_t=warm):
        raise Refused(
            Check.START_UP,
            f"after {WARMUP} candles it still knows where it began; leave x.n out of it",
        )
    return seen


def signals_between(seen: Seen, *, from_t: int = 0, to_t: int = 1 << 40) -> list[tuple[int, int]]:
    """Return the signals of a stretch."""
    return [(t, wish) for t, _x, wish in seen if from_t < t <= to_t]


def observe(signal: Signal, p: Params, candles: list[Candle]) -> Seen:
    """Return a signal at every decision of a tape.

    Raises:
        Refused: it is another one while the next candle is being built, or no signal.
    """
    m = NEW_MARKET
    t = candles[0].t
    account = open_account(PLAN_RAILS, t, 10_000_000 * MICRO)
    log = Log([], [], [0] * 4, [0] * CODE_COUNT)
    seen: Seen = []
    for at, candle in enumerate(candles):
        to_t = candle.t + CANDLE_S
        _, (m,), _ = advance(
            PLAN_RAILS,
            (p._replace(candle_s=CANDLE_S),),
            account,
            (m,),
            Tape(candles, [at], [at + 1], [FOREVER]),
            (NO_FILL,),
            Span(t, to_t, CANDLE_S, RUN, 1, 1, 0),
            log,
        )
        t = to_t
        wish = wish_of(signal, p, m.indicators)
        if m.indicators.t == t:
            seen.append((t, m.indicators, wish))
        elif seen and wish != seen[-1][2]:
            raise Refused(
                Check.FORMING, "the signal changes while a candle is built; read closed ones alone"
            )
    return seen


def wish_of(signal: Signal, p: Params, x: Indicators) -> int:
    """Return a signal.

    Raises:
        Refused: it breaks, or is none of LONG, FLAT and HOLD.
    """
    try:
        wish = signal(p, x)
    except ZeroDivisionError:
        raise Refused(
            Check.CONTRACT, "it divides by zero on a market that does not move; test the divisor"
        ) from None
    except BROKEN as error:
        raise Refused(Check.CONTRACT, f"it breaks: {error}; mend it") from error
    if type(wish) is not int or wish not in WISHES:
        raise Refused(Check.CONTRACT, f"it returns {wish!r}; return LONG, FLAT or HOLD")
    return wish


def try_compilation(
    signal: Signal,
    functions: Sequence[Any],
    trials: Sequence[tuple[Params, Indicators]],
    wishes: Sequence[int],
) -> None:
    """Hold the compiled signal against the interpreted one."""
    from numba.core.errors import NumbaError

    with tempfile.TemporaryDirectory() as folder:
        entry = frozenset({getattr(signal, "__name__", "")})
        copy = compile_functions(functions, Path(folder), entry)[signal]
        try:
            compiled = [int(copy(*trial)) for trial in trials]
        except NumbaError as error:
            first = str(error).strip().splitlines()[0]
            raise Refused(
                Check.BITS, f"it cannot be compiled: {first}; keep to plain arithmetic"
            ) from error
    if compiled != list(wishes):
        raise Refused(Check.BITS, "compiled it gives another signal; keep to plain arithmetic")


def walk(seed: int, count: int, *, first: Candle | None = None) -> list[Candle]:
    """Return a seeded walk that rises, falls, rests and stands still by turns."""
    random = Random(seed)  # noqa: S311 - a made-up market
    t, price = (START, 50_000.0) if first is None else (first.t, first.open)
    candles = []
    for n in range(count):
        drift, noise = ((0.0, 30.0), (12.0, 40.0), (-12.0, 40.0), (0.0, 0.0))[n // 90 % 4]
        close = price * (1.0 + (drift + random.gauss(0.0, noise)) / 10_000.0)
        reach = noise / 10_000.0 * random.random()
        high, low = max(price, close) * (1.0 + reach), min(price, close) * (1.0 - reach)
        candles.append(Candle(t, price, high, low, close, 1.0 + random.random()))
        t, price = t + CANDLE_S, close
    return candles


def odd_states() -> Iterator[Indicators]:
    """Yield indicators as they are before anything is known, and of a market that never moved."""
    yield NEW_INDICATORS
    for n in (1, 2, 15, 1_000):
        yield NEW_INDICATORS._replace(
            n=n, t=START, close=1e-8, averages=Averages(1e-8, 1e-8), value=1.0
        )
        yield NEW_INDICATORS._replace(
            n=n, close=1.0, rsi=NEW_INDICATORS.rsi._replace(n=n), averages=Averages(1.0, 1.0)
        )
