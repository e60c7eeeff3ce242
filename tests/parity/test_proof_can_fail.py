"""Planted bugs, each the smallest there is, in the kernel or in the sandbox: parity turns red.

The kernel's bugs are planted in what the backtest interprets; the handlers run the true kernel.
The sandbox's are planted in the exchange that the handlers trade on.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from haetae.kernel import advance, fills, step
from haetae.kernel.records import Candle
from haetae.kernel.rounding import tick_of
from parity.runs import Run, assert_same, seeded
from support.scenarios import scenarios
from upbit_sandbox.base import arithmetic, ticks
from upbit_sandbox.trading import candle_matching, exchange, matching, needs, order_request

type Plant = Callable[[pytest.MonkeyPatch], None]


@pytest.fixture(scope="module")
def run() -> Run:
    """Return a run that trades, stops out and cools down."""
    return seeded(scenarios()["plan"])


def swap(module: Any, name: str, change: Callable[[Any], Any]) -> Plant:
    """Return a plant that replaces `module.name` by what `change` makes of it."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(module, name, change(getattr(module, name)))

    return plant


def one_tick(ceil_tick: Any) -> Any:
    """Round one tick too high."""
    return lambda price: ceil_tick(price) + tick_of(price)[1] / tick_of(price)[0]


def one_candle(fold_bar: Any) -> Any:
    """Leave out the one decision candle that would have begun the trade."""
    seen = []

    def folded(p: Any, trend: Any, bar: Any) -> Any:
        seen.append(bar)
        return trend._replace(t=bar.end) if len(seen) == 30 else fold_bar(p, trend, bar)

    return folded


KERNEL_BUGS: dict[str, Plant] = {
    "one tick": swap(fills, "ceil_tick", one_tick),
    "one basis point of fee": swap(fills, "fee_ceil", lambda fee: lambda f, bps: fee(f, bps + 1)),
    "one candle": swap(step, "fold_bar", one_candle),
    "one candle late": swap(
        advance,
        "simulate_fill",
        lambda fill: lambda p, o, c: fill(p, o, Candle(c.t + 60, c.close, *c[2:])),
    ),
    "one rail switched": swap(step, "cool_down", lambda _cool: lambda a, _until: a),
    "one volume quantum": swap(fills, "buy_units", lambda units: lambda k, p: units(k, p) - 1),
}


def dearer(patch: pytest.MonkeyPatch) -> None:
    """Let the sandbox charge, and lock, one basis point more."""
    more = arithmetic.FEE_RATE + Decimal("0.0001")
    for module in (exchange, needs):
        patch.setattr(module, "fee_of", lambda funds: arithmetic.fee_of(funds, more))
    patch.setattr(needs, "with_fee", lambda funds: arithmetic.with_fee(funds, more))


SANDBOX_BUGS: dict[str, Plant] = {
    "one tick": swap(
        matching, "buy_price", lambda price: lambda o, bps: ticks.next_above(price(o, bps))
    ),
    "one basis point of fee": dearer,
    "one candle": swap(
        candle_matching,
        "find_fill",
        lambda find: lambda *a, since_s, **k: find(*a, since_s=since_s + 60, **k),
    ),
    "one rail switched": swap(order_request, "MIN_TOTAL_KRW", lambda least: least * 20_000),
    "one volume quantum": swap(
        candle_matching, "volume_for", lambda v: lambda k, p: v(k, p) - Decimal("0.00000001")
    ),
}


def test_without_a_bug_the_runs_agree(run: Run) -> None:
    assert_same(run.backtested(compiled=False), run.replayed())


@pytest.mark.parametrize("plant", KERNEL_BUGS.values(), ids=KERNEL_BUGS)
def test_a_bug_in_the_kernel_turns_parity_red(run: Run, plant: Plant) -> None:
    replayed = run.replayed()
    with pytest.MonkeyPatch.context() as patch:
        plant(patch)
        tested = run.backtested(compiled=False)
    with pytest.raises(AssertionError):
        assert_same(tested, replayed)


@pytest.mark.parametrize("plant", SANDBOX_BUGS.values(), ids=SANDBOX_BUGS)
def test_a_bug_in_the_sandbox_turns_parity_red(run: Run, plant: Plant) -> None:
    tested = run.backtested()
    with pytest.MonkeyPatch.context() as patch:
        plant(patch)
        replayed = run.replayed()
    with pytest.raises(AssertionError):
        assert_same(tested, replayed)
