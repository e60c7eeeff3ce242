"""What settings must hold together: a table of rules, each with its sentence.

A setting that is given and changes nothing is refused like one that contradicts another: these
rules are in effects.py. docs/settings.md lists the rules from both tables.

Above 250 lines: one table, and beside it the small function of each of its rows.
"""

from collections.abc import Mapping
from typing import Final

from haetae.base.errors import ConfigError
from haetae.config.capital import capital_limit
from haetae.config.effects import EFFECTS
from haetae.config.keys import MOST_MARKETS
from haetae.config.rule import Draft, Rule
from haetae.kernel.sizing import least_order
from haetae.market.candles import UNITS_MIN
from haetae.market.names import is_krw_market

LEAST_REWARD_RISK: Final = 1.5
ALL_BPS: Final = 10_000


def check_markets(markets: tuple[str, ...]) -> None:
    """Refuse an empty, doubled, malformed or overlong list of markets."""
    if not markets:
        raise ConfigError("market is missing; allowed: KRW markets of Upbit such as KRW-BTC")
    for name in markets:
        if not is_krw_market(name):
            raise ConfigError(
                f"market {name!r} is unknown; allowed: KRW markets of Upbit such as KRW-BTC"
            )
    if len(set(markets)) != len(markets):
        raise ConfigError(f"market is given twice in {', '.join(markets)}; allowed: each once")
    if len(markets) > MOST_MARKETS:
        raise ConfigError(f"{len(markets)} markets are too many; allowed: up to {MOST_MARKETS}")


def check_draft(draft: Draft, places: Mapping[str, str]) -> None:
    """Refuse a draft by the first rule that it breaks, with the place where that was written.

    A sentence begins with its key; where that is the profile's, the place is of the other key that
    it names.

    Raises:
        ConfigError: settings contradict each other, or one has no effect.
    """
    for rule in RULES:
        sentence = rule.refuse(draft)
        if sentence:
            words = sentence.split(";", 1)[0].replace(":", "").split()
            short = {name.rpartition(".")[2]: place for name, place in places.items()}
            written = {**short, **places}
            place = next((written[word] for word in words if word in written), "")
            raise ConfigError(f"{place}: {sentence}" if place else sentence)


def interval(draft: Draft) -> str:
    """Refuse a candle that Upbit does not have."""
    minutes = draft.params.interval_s // 60
    if minutes in UNITS_MIN:
        return ""
    return (
        f"schedule.decision_interval_minutes {minutes} is not a candle Upbit has; "
        f"allowed: {', '.join(map(str, UNITS_MIN))}"
    )


def averages(draft: Draft) -> str:
    """Refuse a fast average that is not faster."""
    p = draft.params
    if p.ema_fast < p.ema_slow:
        return ""
    return (
        f"strategy.params.ema_fast {p.ema_fast} is not below ema_slow {p.ema_slow}; "
        "allowed: a smaller fast length"
    )


def first_stop(draft: Draft) -> str:
    """Refuse a position without a stop."""
    if draft.params.stop_atr > 0.0 or draft.params.stop_bps > 0:
        return ""
    if "strategy.params.init_stop_atr" in draft.given and not draft.given.get("risk.stop_loss_pct"):
        return (
            "strategy.params.init_stop_atr 0 leaves no first stop; "
            "allowed: 0.5 to 10, or a risk.stop_loss_pct of -30 to -0.5"
        )
    return (
        "risk.stop_loss_pct 0 leaves no first stop; "
        "allowed: -30 to -0.5, or a strategy.params.init_stop_atr of 0.5 to 10"
    )


def size(draft: Draft) -> str:
    """Refuse an entry without a size."""
    if draft.rails.r_bps > 0 or draft.rails.buy_bps > 0:
        return ""
    return "trading.buy_percentage 0 leaves no size; allowed: 0.01 to 1"


def order_limits(draft: Draft) -> str:
    """Refuse a smallest order above the largest."""
    r = draft.rails
    if r.min_order <= r.max_order:
        return ""
    return (
        f"trading.min_order_amount {r.min_order} is above max_order_amount {r.max_order}; "
        "allowed: at most that"
    )


def least_entry(draft: Draft) -> str:
    """Refuse a largest order that is too small to be sold again at its stop."""
    r = draft.rails
    least = least_order(r, least_loss(draft))
    if least <= r.max_order:
        return ""
    return (
        f"trading.max_order_amount {r.max_order} is below what can be sold again at its stop; "
        f"allowed: {least} or more"
    )


def least_loss(draft: Draft) -> float:
    """Return what an entry loses at its stop at least, costs in, as a share of it."""
    p, r = draft.params, draft.rails
    stop_bps = 0 if p.stop_atr else p.stop_bps  # a stop in ATR may be as near as nothing
    return (stop_bps + 2 * (r.fee_assumed_bps + r.slippage_assumed_bps)) / ALL_BPS


def partial_level(draft: Draft) -> str:
    """Refuse a partial take-profit that is not reached before the whole one."""
    p = draft.params
    unknown = p.target_bps == 0 and p.target_atr > 0.0
    if not p.partial_bps or unknown or p.partial_bps < p.target_bps:
        return ""
    if not p.target_bps:
        return (
            f"risk.partial_take_profit_pct {p.partial_bps / 100:g} needs a whole take-profit above "
            "it, which is off; allowed: with a higher risk.take_profit_pct, or target_atr"
        )
    return (
        f"risk.partial_take_profit_pct {p.partial_bps / 100:g} is not below "
        f"take_profit_pct {p.target_bps / 100:g}; allowed: a lower level"
    )


def reward(draft: Draft) -> str:
    """Refuse a reward:risk below 1.5, gross and weighted by size, where a target exists."""
    p = draft.params
    if p.target_bps == 0 or p.stop_bps == 0:
        return ""
    share = p.partial_share_bps if p.partial_bps else 0
    gain = (p.partial_bps * share + p.target_bps * (ALL_BPS - share)) / ALL_BPS
    if gain >= LEAST_REWARD_RISK * p.stop_bps:
        return ""
    written = "risk.stop_loss_pct" in draft.given
    stop = f" with stop_loss_pct {-p.stop_bps / 100:g}" if written else ""
    return (
        f"risk.take_profit_pct {p.target_bps / 100:g} gives reward:risk "
        f"{gain / p.stop_bps:.6g}{stop}; allowed: {LEAST_REWARD_RISK} or more"
    )


def reward_atr(draft: Draft) -> str:
    """Refuse the same of a target and a stop that are both in ATR."""
    p = draft.params
    if p.target_atr == 0.0 or p.target_atr >= LEAST_REWARD_RISK * p.stop_atr:
        return ""
    written = "strategy.params.init_stop_atr" in draft.given
    stop = f" with init_stop_atr {p.stop_atr:g}" if written else ""
    return (
        f"strategy.params.target_atr {p.target_atr:g} gives reward:risk "
        f"{p.target_atr / p.stop_atr:.6g}{stop}; allowed: {LEAST_REWARD_RISK} or more"
    )


def fees(draft: Draft) -> str:
    """Refuse to judge by a smaller fee than the one that is paid."""
    assumed, charged = draft.rails.fee_assumed_bps, draft.params.fee_bps
    if assumed >= charged:
        return ""
    return (
        f"exchange.taker_fee_bps {assumed} is below fee_charged_bps {charged}; "
        "allowed: at least that"
    )


def costs(draft: Draft) -> str:
    """Refuse a take-profit, whole or partial, that a round trip's costs eat up."""
    p, r = draft.params, draft.rails
    round_trip = 2 * (r.fee_assumed_bps + r.slippage_assumed_bps)
    for name, level in (
        ("risk.take_profit_pct", p.target_bps),
        ("risk.partial_take_profit_pct", p.partial_bps),
    ):
        if 0 < level <= round_trip:
            return (
                f"{name} {level / 100:g} does not pay for fees and slippage of "
                f"{round_trip / 100:g}; allowed: more than that"
            )
    return ""


def loss_limits(draft: Draft) -> str:
    """Refuse a day's limit that the week's is always ahead of."""
    r = draft.rails
    if r.day_bps <= r.week_bps:
        return ""
    return (
        f"risk.daily_loss_limit_pct {-r.day_bps / 100:g} is beyond weekly_loss_limit_pct "
        f"{-r.week_bps / 100:g}: a day may not lose more than its week; "
        f"allowed: {-r.week_bps / 100:g} to -0.1 a day"
    )


def assumed_slippage(draft: Draft) -> str:
    """Refuse to call a fill abnormal that is no worse than every fill is assumed to be."""
    limit, assumed = draft.rails.slippage_limit_bps, draft.rails.slippage_assumed_bps
    if limit == 0 or limit > assumed:
        return ""
    return (
        f"risk.slippage_limit_bps {limit} is not above the slippage_bps {assumed} that every fill "
        "is assumed to have; allowed: more than that"
    )


def rolling_limit(draft: Draft) -> str:
    """Refuse a limit of seven days that the day's is always behind."""
    r = draft.rails
    if r.rolling_week_bps == 0 or r.day_bps <= r.rolling_week_bps:
        return ""
    return (
        f"risk.daily_loss_limit_pct {-r.day_bps / 100:g} is beyond rolling_week_pct "
        f"{-r.rolling_week_bps / 100:g}; allowed: at most that"
    )


def loss_limits_r(draft: Draft) -> str:
    """Refuse the same in R."""
    r = draft.rails
    if r.week_r == 0 or r.day_r <= r.week_r:
        return ""
    return (
        f"risk.daily_stop_R {-r.day_r} is beyond weekly_stop_R {-r.week_r}: a day may not lose "
        f"more than its week; allowed: {-r.week_r} to -1 a day"
    )


def trail(draft: Draft) -> str:
    """Refuse a trailing stop that is switched on without, or off beside, its multiple."""
    kind = draft.given.get("strategy.params.trail_type")
    multiple = draft.given.get("strategy.params.trail_atr_mult")
    if kind == 0 and multiple:
        return (
            f"strategy.params.trail_type none contradicts trail_atr_mult {multiple:g}; "
            "allowed: one of them"
        )
    if kind == 1 and draft.params.trail_atr == 0.0:
        return (
            "strategy.params.trail_type chandelier has no effect without a multiple; "
            "allowed: with trail_atr_mult 0.5 to 20"
        )
    return ""


def coin_share(draft: Draft) -> str:
    """Refuse a coin's share that the reserve never lets it reach."""
    r = draft.rails
    if r.coin_bps + r.reserve_bps <= ALL_BPS:
        return ""
    return (
        f"risk.max_coin_pct {r.coin_bps / 100:g} is not left by cash_reserve_pct "
        f"{r.reserve_bps / 100:g}; allowed: together up to 100"
    )


def cost_of_stop(draft: Draft) -> str:
    """Refuse a bound on costs that a stop in per cent, with two ticks of room, never keeps."""
    p, r = draft.params, draft.rails
    round_trip = 2 * (r.fee_assumed_bps + r.slippage_assumed_bps)
    widest = p.stop_bps + 2 * r.slippage_assumed_bps
    if not p.stop_bps or not 0 < r.max_cost_bps * widest < round_trip * ALL_BPS:
        return ""
    return (
        f"risk.max_cost_r {r.max_cost_bps / ALL_BPS:g} lets no entry pass whose stop_loss_pct is "
        f"{-p.stop_bps / 100:g} and whose costs are {round_trip / 100:g}; allowed: a wider stop"
    )


def market_lists(draft: Draft) -> str:
    """Refuse markets that are said in two ways."""
    text = draft.given.get("exchange.market")
    if text is None or split_markets(str(text)) == draft.markets:
        return ""
    return (
        f"exchange.market {text!r} and the markets {','.join(draft.markets)!r} disagree; "
        "allowed: one of them, or equal values"
    )


def split_markets(text: str) -> tuple[str, ...]:
    """Return the names of a list that is separated by commas."""
    return tuple(name.strip() for name in text.split(","))


RULES: Final = (
    *EFFECTS,
    Rule(
        key="schedule.decision_interval_minutes",
        meaning="The decision candle is one that Upbit has.",
        refuse=interval,
    ),
    Rule(
        key="strategy.params.ema_fast",
        meaning="The fast average is faster than the slow one.",
        refuse=averages,
    ),
    Rule(
        key="strategy.params.trail_type",
        meaning="A trailing stop has a multiple, and none has none; the order does not matter.",
        refuse=trail,
    ),
    Rule(key="risk.stop_loss_pct", meaning="There is a first stop.", refuse=first_stop),
    Rule(
        key="trading.buy_percentage",
        meaning="Something sizes an entry: R or a share of cash.",
        refuse=size,
    ),
    Rule(
        key="trading.min_order_amount",
        meaning="The smallest order is at most the largest.",
        refuse=order_limits,
    ),
    Rule(
        key="trading.max_order_amount",
        meaning="The largest entry can still be sold at its stop, with costs and gap.",
        refuse=least_entry,
    ),
    Rule(
        key="risk.partial_take_profit_pct",
        meaning="The partial take-profit is below the whole one.",
        refuse=partial_level,
    ),
    Rule(
        key="risk.take_profit_pct",
        meaning="Reward is at least 1.5 times the risk, weighted by size, where both are given.",
        refuse=reward,
    ),
    Rule(
        key="strategy.params.target_atr",
        meaning="The same where target and stop are both in ATR.",
        refuse=reward_atr,
    ),
    Rule(
        key="risk.take_profit_pct",
        meaning="A take-profit pays for the round trip's assumed fees and slippage.",
        refuse=costs,
    ),
    Rule(
        key="exchange.taker_fee_bps",
        meaning="The assumed fee is at least the charged one.",
        refuse=fees,
    ),
    Rule(
        key="risk.slippage_limit_bps",
        meaning="A fill is abnormal only when it is worse than every fill is assumed to be.",
        refuse=assumed_slippage,
    ),
    Rule(
        key="risk.daily_loss_limit_pct",
        meaning="The day's limit is within the week's.",
        refuse=loss_limits,
    ),
    Rule(
        key="risk.rolling_week_pct",
        meaning="The day's limit is within that of the last seven days.",
        refuse=rolling_limit,
    ),
    Rule(
        key="risk.daily_stop_R",
        meaning="The day's limit in R is within the week's.",
        refuse=loss_limits_r,
    ),
    Rule(
        key="risk.max_coin_pct",
        meaning="The reserve leaves a coin the share that it may have.",
        refuse=coin_share,
    ),
    Rule(
        key="risk.max_cost_r",
        meaning="A stop in per cent is wide enough for the costs that are allowed.",
        refuse=cost_of_stop,
    ),
    Rule(
        key="risk.capital_limit_krw",
        meaning="The limit of capital leaves room for the smallest order.",
        refuse=capital_limit,
    ),
    Rule(
        key="exchange.market",
        meaning="The settings' markets are the ones that are traded.",
        refuse=market_lists,
    ),
)
