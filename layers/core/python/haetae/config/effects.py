"""Settings that would change nothing, because of others: a table of rules like checks.py's.

Only what a person wrote is refused. A bound that others never let fire may stand where it is the
profile's own.
"""

from math import ceil
from typing import Final

from haetae.base.time import DAY_S
from haetae.config.keys import READERS
from haetae.config.rule import Draft, Rule
from haetae.config.strategies import BY_CODE, STRATEGIES
from haetae.kernel.rounding import BPS

ONLY_ABOVE: Final = "filters.only_long_when_fast_gt_slow"


def other_strategy(draft: Draft) -> str:
    """Refuse what only another strategy reads: its knobs, and the lengths of its measures."""
    strategy = BY_CODE[draft.params.strategy]
    for name in draft.given:
        if name in READERS and strategy not in READERS[name]:
            allowed = " or ".join(one.name for one in READERS[name])
            return (
                f"{name} has no effect with strategy.main {strategy.name}; allowed: with {allowed}"
            )
    return ""


def atr_length(draft: Draft) -> str:
    """Refuse the length of a range that nothing is measured in."""
    p = draft.params
    measured = p.stop_atr or p.trail_atr or p.target_atr
    if "strategy.params.atr_len" not in draft.given or measured:
        return ""
    return (
        "strategy.params.atr_len has no effect without a stop, target or trail in ATR; "
        "allowed: with init_stop_atr, target_atr or trail_atr_mult"
    )


def exit_share(draft: Draft) -> str:
    """Refuse the share of an exit signal that never comes."""
    if not draft.given.get("trading.sell_percentage") or draft.params.exit_share_bps == BPS:
        return ""
    if draft.params.strategy != STRATEGIES["trend_follow"].code or draft.params.knobs[0]:
        return ""
    return (
        f"trading.sell_percentage has no effect with {ONLY_ABOVE} false, which gives no exit "
        "signal; allowed: 1"
    )


def limits_without_r(draft: Draft) -> str:
    """Refuse a limit in R where no R sizes the entries."""
    for name in ("risk.daily_stop_R", "risk.weekly_stop_R"):
        if draft.given.get(name) and draft.rails.r_bps == 0:
            return f"{name} has no effect without an R; allowed: with risk.r_per_trade_bps"
    return ""


def half(draft: Draft) -> str:
    """Refuse to halve an R that is not there."""
    if not draft.given.get("risk.half_r") or draft.rails.r_bps > 0:
        return ""
    return "risk.half_r has no effect without an R; allowed: with risk.r_per_trade_bps"


def partial_share(draft: Draft) -> str:
    """Refuse a part to sell where no level sells it."""
    if "risk.partial_share_pct" not in draft.given or draft.params.partial_bps:
        return ""
    return (
        "risk.partial_share_pct has no effect without a level; "
        "allowed: with risk.partial_take_profit_pct"
    )


def cooldown(draft: Draft) -> str:
    """Refuse a cooldown that nothing begins."""
    if not draft.given.get("risk.cooldown_hours"):
        return ""
    if draft.params.flash_crash_bps or draft.rails.slippage_limit_bps:
        return ""
    return (
        "risk.cooldown_hours has no effect; "
        "allowed: with risk.flash_crash_pct or risk.slippage_limit_bps"
    )


def most_entries(draft: Draft) -> str:
    """Refuse a number of entries that their interval never lets a day reach.

    With several positions several markets may enter in one minute, which no interval parts.
    """
    r = draft.rails
    name = "risk.max_trades_per_day"
    one_at_a_time = len(draft.markets) == 1 or r.max_positions == 1
    own = r.max_entries == draft.profile[1].max_entries
    if name not in draft.given or own or not (r.max_entries and r.min_interval_s and one_at_a_time):
        return ""
    most = ceil(DAY_S / r.min_interval_s)
    if r.max_entries < most:
        return ""
    allowed = f"up to {most - 1}, or 0 for off" if most > 1 else "0"
    return (
        f"{name} {r.max_entries} has no effect with min_trade_interval_hours "
        f"{r.min_interval_s / 3600:g}, which leaves a day {most}; allowed: {allowed}"
    )


def largest_order(draft: Draft) -> str:
    """Refuse a largest entry that the limit of capital, after its fee, never lets be reached."""
    r = draft.rails
    reached = r.capital_limit * BPS // (BPS + r.fee_assumed_bps)
    own = r.max_order == draft.profile[1].max_order
    if "trading.max_order_amount" not in draft.given or own or not r.capital_limit:
        return ""
    if r.max_order < reached:
        return ""
    return (
        f"trading.max_order_amount {r.max_order} has no effect with risk.capital_limit_krw "
        f"{r.capital_limit}; allowed: less than {reached}"
    )


def largest_coin(draft: Draft) -> str:
    """Refuse a coin's share that no entry, of which a coin has one, ever reaches."""
    r = draft.rails
    own = r.coin_bps == draft.profile[1].coin_bps
    if not draft.given.get("risk.max_coin_pct") or own:
        return ""
    reached = min(r.buy_bps or BPS, BPS * BPS / (BPS + r.fee_assumed_bps))
    if r.coin_bps < reached:
        return ""
    why = f"trading.buy_percentage {r.buy_bps / BPS:g}" if r.buy_bps else "fees"
    return (
        f"risk.max_coin_pct {r.coin_bps / 100:g} has no effect with {why}; "
        f"allowed: less than {reached / 100:.4g}"
    )


EFFECTS: Final = (
    Rule(
        key="strategy.main",
        meaning="Knobs are the chosen strategy's, and lengths of what it measures.",
        refuse=other_strategy,
    ),
    Rule(
        key="strategy.params.atr_len",
        meaning="The length of the ATR needs a stop, a target or a trail that is measured in it.",
        refuse=atr_length,
    ),
    Rule(
        key="trading.sell_percentage",
        meaning="A share for an exit signal needs a strategy that gives one.",
        refuse=exit_share,
    ),
    Rule(
        key="risk.daily_stop_R",
        meaning="A limit in R needs an R.",
        refuse=limits_without_r,
    ),
    Rule(key="risk.half_r", meaning="Half of R needs an R.", refuse=half),
    Rule(
        key="risk.partial_share_pct",
        meaning="A part to sell needs a level that sells it.",
        refuse=partial_share,
    ),
    Rule(
        key="risk.cooldown_hours",
        meaning="Something begins the cooldown.",
        refuse=cooldown,
    ),
    Rule(
        key="risk.max_trades_per_day",
        meaning="The interval between entries lets a day have more of them.",
        refuse=most_entries,
    ),
    Rule(
        key="trading.max_order_amount",
        meaning="The largest entry is below what the limit of capital leaves for one.",
        refuse=largest_order,
    ),
    Rule(
        key="risk.max_coin_pct",
        meaning="A coin's share is below the share of cash that an entry has at most.",
        refuse=largest_coin,
    ),
)
