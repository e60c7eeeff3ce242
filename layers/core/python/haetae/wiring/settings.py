"""Settings: one table of keys with their ranges, read from a profile, a file, flags or variables.

A key that is not in the table, or a value outside its range, is one sentence that names the
field, the value and what is allowed; nothing is guessed and nothing falls back.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from haetae.app.setup import Setup
from haetae.base.errors import ConfigError
from haetae.kernel.codes import STRATEGY_NAMES
from haetae.kernel.profiles import PROFILES
from haetae.kernel.state import Params, Rails

INTERVALS_MIN = (1, 3, 5, 10, 15, 30, 60, 240)
LEAST_REWARD_RISK = 1.5
REAL_EXCHANGE = "upbit.com"
MARKET = re.compile(r"KRW-[A-Z0-9]{1,10}")
ACCOUNT = re.compile(r"[a-z][a-z0-9]{0,15}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One setting: where it goes in Params or Rails, how its text is read, what is allowed."""

    part: str
    field: str
    low: float
    high: float
    scale: float = 1.0
    whole: bool = True
    off: float | None = None  # a value outside the range that switches the rail off

    @property
    def allowed(self) -> str:
        """The range in words."""
        text = f"{self.low:.10g} to {self.high:.10g}"
        return text if self.off is None else f"{text}, or {self.off:g} for off"

    @property
    def switch(self) -> bool:
        """Whether this is a yes or no, which may be written as true or false."""
        return (self.low, self.high) == (0, 1)


# The plan's and the guide's own names. `scale` turns their unit into the kernel's.
KEYS: dict[str, Key] = {
    "exchange.taker_fee_bps": Key(part="rails", field="fee_assumed_bps", low=0, high=100),
    "exchange.fee_charged_bps": Key(part="params", field="fee_bps", low=0, high=100),
    "exchange.slippage_bps": Key(part="both", field="slippage", low=0, high=200),
    "risk.r_per_trade_bps": Key(part="rails", field="r_bps", low=25, high=100),
    "risk.daily_stop_R": Key(part="rails", field="day_r", low=-10, high=-1, scale=-1, off=0),
    "risk.weekly_stop_R": Key(part="rails", field="week_r", low=-30, high=-1, scale=-1, off=0),
    "risk.max_position": Key(part="rails", field="max_positions", low=1, high=50),
    "risk.stop_loss_pct": Key(
        part="params", field="stop_bps", low=-30, high=-0.5, scale=-100, off=0
    ),
    "risk.take_profit_pct": Key(
        part="params", field="target_bps", low=0.5, high=200, scale=100, off=0
    ),
    "risk.partial_take_profit_pct": Key(
        part="params", field="partial_bps", low=0.5, high=200, scale=100, off=0
    ),
    "risk.partial_share_pct": Key(
        part="params", field="partial_share_bps", low=1, high=99, scale=100
    ),
    "risk.daily_loss_limit_pct": Key(part="rails", field="day_bps", low=-50, high=-0.1, scale=-100),
    "risk.weekly_loss_limit_pct": Key(
        part="rails", field="week_bps", low=-50, high=-0.1, scale=-100
    ),
    "risk.min_trade_interval_hours": Key(
        part="rails", field="min_interval_s", low=0, high=168, scale=3600
    ),
    "risk.max_trades_per_day": Key(part="rails", field="max_entries", low=1, high=100, off=0),
    "risk.max_coin_pct": Key(part="rails", field="coin_bps", low=1, high=100, scale=100, off=0),
    "risk.cash_reserve_pct": Key(
        part="rails", field="reserve_bps", low=1, high=90, scale=100, off=0
    ),
    "risk.cooldown_hours": Key(part="rails", field="cooldown_s", low=0, high=168, scale=3600),
    "risk.kelly_min_trades": Key(part="rails", field="kelly_min_trades", low=30, high=1000, off=0),
    "risk.liquidity_bps": Key(part="rails", field="liquidity_bps", low=1, high=10_000, off=0),
    "risk.gap_allowance_bps": Key(part="rails", field="gap_bps", low=0, high=2_000),
    "risk.slippage_limit_bps": Key(
        part="rails", field="slippage_limit_bps", low=10, high=2_000, off=0
    ),
    "risk.flash_crash_pct": Key(
        part="params", field="flash_crash_bps", low=-50, high=-1, scale=-100, off=0
    ),
    "risk.stale_data_seconds": Key(part="rails", field="stale_s", low=120, high=86_400),
    "risk.max_entry_delay_seconds": Key(part="rails", field="entry_delay_s", low=0, high=3_600),
    "trading.buy_percentage": Key(
        part="rails", field="buy_bps", low=0.01, high=1, scale=10_000, off=0
    ),
    "trading.min_order_amount": Key(part="rails", field="min_order", low=5_000, high=100_000_000),
    "trading.max_order_amount": Key(part="rails", field="max_order", low=5_000, high=1_000_000_000),
    "strategy.params.ema_fast": Key(part="params", field="ema_fast", low=2, high=200),
    "strategy.params.ema_slow": Key(part="params", field="ema_slow", low=3, high=400),
    "strategy.params.atr_len": Key(part="params", field="atr_len", low=2, high=200),
    "strategy.params.init_stop_atr": Key(
        part="params", field="stop_atr", low=0.5, high=10, whole=False, off=0
    ),
    "strategy.params.trail_atr_mult": Key(
        part="params", field="trail_atr", low=0.5, high=20, whole=False, off=0
    ),
    "filters.only_long_when_fast_gt_slow": Key(
        part="params", field="only_long_when_fast_gt_slow", low=0, high=1
    ),
    "schedule.decision_interval_minutes": Key(
        part="params", field="interval_s", low=1, high=240, scale=60
    ),
}
WORDS: dict[str, tuple[str, ...]] = {
    "strategy.main": tuple(STRATEGY_NAMES.values()),
    "strategy.params.trail_type": ("chandelier", "none"),
    "exchange.name": ("upbit",),
}


def setup_of(
    *,
    profile: str,
    markets: tuple[str, ...],
    overrides: Mapping[str, str],
    account: str = "main",
) -> Setup:
    """Return the account's setup: a profile's rails with single settings replaced.

    Raises:
        ConfigError: an unknown profile, market or key, or a value out of range.
    """
    if profile not in PROFILES:
        raise ConfigError(f"profile {profile!r} is unknown; allowed: {', '.join(PROFILES)}")
    if not ACCOUNT.fullmatch(account):
        raise ConfigError(
            f"account {account!r} is not allowed; allowed: up to 16 lower-case letters and digits"
        )
    check_markets(markets)
    params, rails = PROFILES[profile]
    for name, text in overrides.items():
        params, rails = overridden(params, rails, name, text)
    check_whole(params, rails)
    return Setup(
        account=account,
        profile=profile,
        markets=markets,
        params=(params,) * len(markets),
        rails=rails,
    )


def check_markets(markets: tuple[str, ...]) -> None:
    """Refuse an empty, doubled or malformed list of markets."""
    if not markets:
        raise ConfigError("market is missing; allowed: KRW markets of Upbit such as KRW-BTC")
    for name in markets:
        if not MARKET.fullmatch(name):
            raise ConfigError(
                f"market {name!r} is unknown; allowed: KRW markets of Upbit such as KRW-BTC"
            )
    if len(set(markets)) != len(markets):
        raise ConfigError(f"market is given twice in {', '.join(markets)}; allowed: each once")


def overridden(params: Params, rails: Rails, name: str, text: str) -> tuple[Params, Rails]:
    """Return the profile with the setting `name` replaced by what `text` says."""
    if name in WORDS:
        if text not in WORDS[name]:
            raise ConfigError(f"{name} {text!r} is unknown; allowed: {', '.join(WORDS[name])}")
        if name == "strategy.params.trail_type" and text == "none":
            params = params._replace(trail_atr=0.0)
        return params, rails
    key = KEYS.get(name)
    if key is None:
        raise ConfigError(f"key {name!r} is unknown; allowed: {', '.join([*KEYS, *WORDS])}")
    value = number(name, key, text)
    if key.part == "both":
        slip = int(value)
        return params._replace(slippage_bps=slip), rails._replace(slippage_assumed_bps=slip)
    kept: Any = int(value) if key.whole else value
    if key.part == "params":
        return params._replace(**{key.field: kept}), rails
    return params, rails._replace(**{key.field: kept})


def number(name: str, key: Key, text: str) -> float:
    """Return the kernel's value of a setting's text."""
    words = {"true": 1.0, "false": 0.0} if key.switch else {}
    try:
        value = words[text.lower()] if text.lower() in words else float(text)
    except ValueError:
        raise ConfigError(f"{name} {text!r} is not a number; allowed: {key.allowed}") from None
    if value != key.off and not key.low <= value <= key.high:
        raise ConfigError(f"{name} {text} is out of range; allowed: {key.allowed}")
    scaled = value * key.scale
    if key.whole and abs(scaled - round(scaled)) > 1e-9:
        step = 1 / abs(key.scale)
        raise ConfigError(
            f"{name} {text} is too fine; allowed: {key.allowed}, in steps of {step:g}"
        )
    return float(round(scaled)) if key.whole else scaled + 0.0  # -0.0 is no value of the kernel's


def check_whole(params: Params, rails: Rails) -> None:
    """Refuse settings that are each in range but make no sense together."""
    minutes = params.interval_s // 60
    if minutes not in INTERVALS_MIN:
        raise ConfigError(
            f"schedule.decision_interval_minutes {minutes} is not a candle Upbit has; "
            f"allowed: {', '.join(map(str, INTERVALS_MIN))}"
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


def flattened(tree: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return a nested configuration as dotted keys and texts."""
    flat: dict[str, str] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            flat |= flattened(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = str(value)
    return flat


def assignments(text: str) -> dict[str, str]:
    """Return `key=value,key=value` as a dictionary.

    Raises:
        ConfigError: a piece has no `=`, or a key comes twice.
    """
    pairs: dict[str, str] = {}
    for piece in filter(None, (p.strip() for p in text.split(","))):
        name, equals, value = (part.strip() for part in piece.partition("="))
        if not equals or name in pairs:
            raise ConfigError(f"setting {piece!r} is not usable; allowed: key=value, each key once")
        pairs[name] = value
    return pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What a function reads from its environment variables."""

    setup: Setup
    table: str
    topic_arn: str
    upbit_url: str
    access_key: str
    secret_key: str
    language: str
    clock: str


def environment(variables: Mapping[str, str]) -> Environment:
    """Read a function's variables.

    Raises:
        ConfigError: one is missing, unknown, out of range, or two names disagree.
    """
    mode = variables.get("MODE", "paper")
    if mode != "paper":
        raise ConfigError(f"MODE {mode!r} is not built; allowed: paper")
    language = variables.get("HAETAE_LANGUAGE", "ko")
    if language not in {"ko", "en"}:
        raise ConfigError(f"HAETAE_LANGUAGE {language!r} is unknown; allowed: ko, en")
    clock = variables.get("HAETAE_CLOCK", "system")
    if clock not in {"system", "exchange"}:
        raise ConfigError(f"HAETAE_CLOCK {clock!r} is unknown; allowed: system, exchange")
    markets = one_of(variables, "HAETAE_MARKETS", "TRADING_SYMBOL") or "KRW-BTC"
    return Environment(
        setup=setup_of(
            profile=variables.get("HAETAE_PROFILE", "plan"),
            markets=tuple(m.strip() for m in markets.split(",")),
            overrides=assignments(variables.get("HAETAE_SET", "")),
            account=variables.get("HAETAE_ACCOUNT", "main"),
        ),
        table=required(variables, "HAETAE_TABLE"),
        topic_arn=required(variables, "HAETAE_TOPIC_ARN"),
        upbit_url=sandbox_url(variables, "UPBIT_BASE_URL"),
        access_key=secret(variables, "UPBIT_API_KEY", "UPBIT_ACCESS_KEY"),
        secret_key=secret(variables, "UPBIT_SECRET", "UPBIT_SECRET_KEY"),
        language=language,
        clock=clock,
    )


def required(variables: Mapping[str, str], name: str) -> str:
    """Return a variable that must be there."""
    value = variables.get(name, "").strip()
    if not value:
        raise ConfigError(f"{name} is missing; allowed: any non-empty text")
    return value


def sandbox_url(variables: Mapping[str, str], name: str) -> str:
    """Return a variable that must be the address of a sandbox exchange, and never the real one.

    Paper is the only mode there is, and the exchange's own address would make its orders real.
    """
    value = required(variables, name).rstrip("/")
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or parts.scheme not in {"http", "https"}:
        raise ConfigError(f"{name} {value!r} is no address; allowed: http://… or https://…")
    if f".{host.rstrip('.')}".endswith(f".{REAL_EXCHANGE}"):
        raise ConfigError(f"{name} {value!r} is the real exchange; allowed: a sandbox exchange")
    return value


def one_of(variables: Mapping[str, str], *names: str) -> str:
    """Return the value that all the set names agree on, or the empty text if none is set."""
    found = given(variables, names)
    if len(set(found.values())) > 1:
        pairs = " and ".join(f"{name} {value!r}" for name, value in found.items())
        raise ConfigError(f"{pairs} disagree; allowed: one of them, or equal values")
    return next(iter(found.values()), "")


def given(variables: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """Return those of `names` that are set."""
    return {name: variables[name].strip() for name in names if variables.get(name, "").strip()}


def secret(variables: Mapping[str, str], *names: str) -> str:
    """Return a secret under either of its names; its value is never shown."""
    found = given(variables, names)
    if not found:
        raise ConfigError(f"{names[0]} (or {names[1]}) is missing; allowed: the key Upbit issued")
    if len(set(found.values())) > 1:
        raise ConfigError(f"{' and '.join(found)} disagree; allowed: one of them, or equal values")
    name, value = next(iter(found.items()))
    if value != value.strip("'\"") or any(c.isspace() for c in value):
        raise ConfigError(f"{name} has quotes or spaces in it; allowed: the bare key")
    return value
