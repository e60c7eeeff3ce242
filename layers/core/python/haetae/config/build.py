"""From a profile and single settings to a Setup; nothing is guessed and nothing falls back.

A key that is not in the table, or a value outside its range, is one sentence that names the
field, the value and what is allowed.
"""

import re
from collections.abc import Mapping
from typing import Any

from haetae.base.errors import ConfigError
from haetae.config.checks import check_markets, check_whole
from haetae.config.keys import KEYS, WORDS, Key
from haetae.config.profiles import PROFILES
from haetae.config.setup import Setup
from haetae.kernel.records import Params, Rails

ACCOUNT = re.compile(r"[a-z][a-z0-9]{0,15}")


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
