"""A market that was away ends with the indicators of its tape, and holds no other one up."""

from hypothesis import given
from hypothesis import strategies as st

from haetae.kernel.advance import FOREVER, Tape
from haetae.kernel.codes import STOP
from haetae.kernel.records import NEW_MARKET, Account, Market
from haetae.kernel.step import open_account
from support.folds import CASH, bits, closed_before, fold, span
from support.states import PLAN_RAILS, QUICK
from support.tapes import MINUTE_S, seeded_market, tape_of

SEGMENTS = [("calm", 30), ("rise", 40), ("gap", 7), ("fall", 30), ("thin", 40), ("calm", 20)]
AWAY = 1


def run(tape: Tape, absent: frozenset[int]) -> tuple[Account, tuple[Market, ...]]:
    """Fold minute by minute with no entries; the second market has no answer in some minutes."""
    t0, t1 = span(tape)
    account = open_account(PLAN_RAILS, t0, CASH)
    markets: tuple[Market, ...] = (NEW_MARKET, NEW_MARKET)
    at = list(tape.starts)
    for t in range(t0, t1, MINUTE_S):
        now = t + MINUTE_S
        closed = [closed_before(tape, i, now) for i in range(2)]
        known = [FOREVER, FOREVER]
        if (now - t0) // MINUTE_S in absent and now < t1:
            closed[AWAY], known[AWAY] = at[AWAY], 0
        window = Tape(tape.candles, at, closed, known)
        account, markets, _ = fold(
            PLAN_RAILS, [QUICK, QUICK], account, markets, window, t, now, mode=STOP
        )
        at = closed
    return account, markets


@given(
    seed=st.integers(0, 1_000),
    spans=st.lists(st.tuples(st.integers(1, 160), st.integers(1, 40)), min_size=1, max_size=4),
)
def test_indicators_are_of_the_tape_alone(seed: int, spans: list[tuple[int, int]]) -> None:
    tape = tape_of(seeded_market(seed, SEGMENTS), seeded_market(seed + 1, SEGMENTS))
    absent = frozenset(m for begin, length in spans for m in range(begin, begin + length))
    account, always = run(tape, frozenset())
    account_too, away = run(tape, absent)
    assert bits(away[0]) == bits(always[0])
    assert bits(away[AWAY].indicators) == bits(always[AWAY].indicators)
    assert bits((away[AWAY].bar, away[AWAY].crash)) == bits((always[AWAY].bar, always[AWAY].crash))
    assert account_too.cash == account.cash
