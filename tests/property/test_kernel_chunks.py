"""A fold that may touch only so many markets at once ends where an unbounded one does."""

from hypothesis import given
from hypothesis import strategies as st

from haetae.kernel.advance import Reached, Tape
from haetae.kernel.records import NEW_MARKET, NO_FILL, Account, Fill, Market
from haetae.kernel.step import open_account
from support.folds import CASH, bits, closed_before, exchange_fill, fold, span
from support.states import PLAN_RAILS, QUICK
from support.tapes import MINUTE_S, seeded_market, tape_of

RAILS = PLAN_RAILS._replace(max_positions=8)
STEP_S = 5 * MINUTE_S
type Books = tuple[Account, tuple[Market, ...]]


def chunked(
    tape: Tape, books: Books, t: int, to_t: int, fills: list[Fill], most: int
) -> tuple[Books, Reached, int]:
    """Fold from `t` until `to_t` is reached whole; return the books, the last fold, all rails."""
    account, markets = books
    fired, at = 0, t
    for _ in range(400):
        seen = [closed_before(tape, i, to_t) for i in range(len(markets))]
        window = Tape(tape.candles, list(tape.starts), seen, tape.known)
        due = [
            f if m.order == b.order else NO_FILL
            for f, m, b in zip(fills, markets, books[1], strict=True)
        ]
        before = (account, markets, at)
        account, markets, reached = fold(
            RAILS, [QUICK] * len(markets), account, markets, window, at, to_t, fills=due, most=most
        )
        touched = sum(
            new.order != old.order or new.decided != old.decided
            for new, old in zip(markets, before[1], strict=True)
        )
        assert not most or touched <= most
        fired |= reached.fired
        at = reached.t
        if at >= to_t and not reached.inside:
            return (account, markets), reached, fired
        assert (account, markets, at) != before, "a fold that stops has come further"
    raise AssertionError("no end")


@given(most=st.integers(1, 3), count=st.integers(2, 6), seed=st.integers(0, 1_000))
def test_a_fold_in_chunks_equals_the_whole_to_the_bit(most: int, count: int, seed: int) -> None:
    # given markets that rise and fall together, so that all want in and out at once
    segments = [("calm", 60), ("rise", 90), ("crash", 5), ("rise", 60), ("fall", 60)]
    tape = tape_of(*(seeded_market(seed + i // 2, segments) for i in range(count)))
    t0, t1 = span(tape)
    whole: Books = (open_account(RAILS, t0, CASH), (NEW_MARKET,) * count)
    parts = whole
    # when every five minutes are folded whole and in chunks
    for t in range(t0, t1, STEP_S):
        fills = [exchange_fill(tape, i, QUICK, m, t + STEP_S) for i, m in enumerate(whole[1])]
        whole, one, fired = chunked(tape, whole, t, t + STEP_S, fills, 0)
        parts, many, fired_too = chunked(tape, parts, t, t + STEP_S, fills, most)
        # then nothing differs
        assert bits(parts[0]) == bits(whole[0])
        assert bits(parts[1]) == bits(whole[1])
        assert (many.t, many.equity, fired_too) == (one.t, one.equity, fired)
