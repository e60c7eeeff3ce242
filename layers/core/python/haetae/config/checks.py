"""What settings must hold together, each refused in one sentence that says what is allowed."""

from haetae.base.errors import ConfigError
from haetae.kernel.records import Params, Rails
from haetae.market.candles import UNITS_MIN
from haetae.market.names import is_krw_market

LEAST_REWARD_RISK = 1.5


def check_markets(markets: tuple[str, ...]) -> None:
    """Refuse an empty, doubled or malformed list of markets."""
    if not markets:
        raise ConfigError("market is missing; allowed: KRW markets of Upbit such as KRW-BTC")
    for name in markets:
        if not is_krw_market(name):
            raise ConfigError(
                f"market {name!r} is unknown; allowed: KRW markets of Upbit such as KRW-BTC"
            )
    if len(set(markets)) != len(markets):
        raise ConfigError(f"market is given twice in {', '.join(markets)}; allowed: each once")


def check_whole(params: Params, rails: Rails) -> None:
    """Refuse settings that are each in range but make no sense together."""
    minutes = params.interval_s // 60
    if minutes not in UNITS_MIN:
        raise ConfigError(
            f"schedule.decision_interval_minutes {minutes} is not a candle Upbit has; "
            f"allowed: {', '.join(map(str, UNITS_MIN))}"
        )
    if params.ema_fast >= params.ema_slow:
        raise ConfigError(
            f"strategy.params.ema_fast {params.ema_fast} is not below ema_slow "
            f"{params.ema_slow}; allowed: a smaller fast length"
        )
    if params.stop_atr == 0.0 and params.stop_bps == 0:
        raise ConfigError("risk.stop_loss_pct 0 leaves no first stop; allowed: -30 to -0.5")
    if rails.r_bps == 0 and rails.buy_bps == 0:
        raise ConfigError("trading.buy_percentage 0 leaves no size; allowed: 0.01 to 1")
    if rails.min_order > rails.max_order:
        raise ConfigError(
            f"trading.min_order_amount {rails.min_order} is above max_order_amount "
            f"{rails.max_order}; allowed: at most that"
        )
    if params.partial_bps and params.partial_bps >= params.target_bps:
        raise ConfigError(
            f"risk.partial_take_profit_pct {params.partial_bps / 100:g} is not below "
            f"take_profit_pct {params.target_bps / 100:g}; allowed: a lower level"
        )
    check_reward(params)


def check_reward(params: Params) -> None:
    """Refuse a reward:risk below 1.5, gross and weighted by size, where a target exists."""
    if params.target_bps == 0 or params.stop_bps == 0:
        return
    share = params.partial_share_bps if params.partial_bps else 0
    reward = (params.partial_bps * share + params.target_bps * (10_000 - share)) / 10_000
    if reward < LEAST_REWARD_RISK * params.stop_bps:
        raise ConfigError(
            f"risk.take_profit_pct {params.target_bps / 100:g} gives reward:risk "
            f"{reward / params.stop_bps:.6g}; allowed: {LEAST_REWARD_RISK} or more"
        )
