"""The least limit of capital that lets an entry be made, as the kernel itself decides one."""

from collections.abc import Iterator
from typing import Final

from haetae.config.rule import Draft
from haetae.kernel.codes import ENTRY, RUN
from haetae.kernel.entries import propose_entry
from haetae.kernel.records import NEW_INDICATORS, NEW_MARKET, Moment, Params, Rails
from haetae.kernel.rounding import BPS, MICRO
from haetae.kernel.sizing import cost_share, least_order, stop_distance
from haetae.kernel.step import open_account

MOST: Final = 1_000_000_000  # what the setting takes, in won
PLENTY: Final = 100_000_000_000  # won of cash and turnover: no reserve holds the entry back
PRICE: Final = 1_000_000_000.0  # of which a tick is next to nothing
NOW: Final = 1_700_000_000
HAIR: Final = 1.000001  # what a stop is set wider than the bound on costs, against rounding


def capital_limit(draft: Draft) -> str:
    """Refuse a limit of capital of which no entry would reach the smallest."""
    limit = draft.rails.capital_limit
    if limit == 0 or can_enter(draft, limit):
        return ""
    needed = least_capital(draft)
    allowed = f"{needed} or more" if needed else "0, with wider limits of loss, size and cost"
    return (
        f"risk.capital_limit_krw {limit} leaves no entry of {smallest(draft)} won, the smallest; "
        f"allowed: {allowed}"
    )


def least_capital(draft: Draft) -> int:
    """Return the least limit of capital that lets an entry be made; 0 where none does."""
    if not can_enter(draft, MOST):
        return 0
    low, high = 0, MOST
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if can_enter(draft, middle) else (middle, high)
    return high


def can_enter(draft: Draft, krw: int) -> bool:
    """Tell whether the kernel makes an entry in the best case under a limit of capital.

    The best case is plenty of cash and turnover, books without a loss, no trades for Kelly yet, and
    the tightest stop that the bound on costs lets pass.
    """
    p, rails = draft.params, draft.rails._replace(capital_limit=krw)
    a = open_account(rails, NOW, PLENTY * MICRO)
    moment = Moment(t=NOW, now=NOW, equity=a.cash, mode=RUN, held=0, committed=0, invested=0)
    for atr in tightest(p, rails):
        known = NEW_INDICATORS._replace(t=NOW, close=PRICE, value=float(PLENTY * BPS), atr=atr)
        m = NEW_MARKET._replace(close=PRICE, seen=NOW, indicators=known)
        order, _bound, _fired = propose_entry(rails, p, a, m, moment)
        if order.kind == ENTRY:
            return True
    return False


def tightest(p: Params, rails: Rails) -> Iterator[float]:
    """Yield the ATR of no range at all, and the one whose stop just pays for its costs."""
    yield 0.0
    if rails.max_cost_bps > 0 and p.stop_atr > 0.0:
        yield HAIR * PRICE * cost_share(rails, PRICE) * BPS / rails.max_cost_bps / p.stop_atr


def smallest(draft: Draft) -> int:
    """Return the won of the smallest entry in the best case."""
    p, rails = draft.params, draft.rails
    *_, atr = tightest(p, rails)
    return least_order(rails, stop_distance(p, atr, PRICE) / PRICE + cost_share(rails, PRICE))
