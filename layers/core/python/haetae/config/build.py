"""From a profile and single settings to a Setup: read all values, then derive what they mean.

Because nothing is derived before everything is read, the order of settings never matters. A key
that is not in the table, or a value outside its range, is one sentence that names the field, the
value and what is allowed; nothing is guessed and nothing falls back.
"""

import re
from collections.abc import Mapping
from typing import Any

from haetae.base.errors import ConfigError
from haetae.config.checks import check_draft, check_markets, split_markets
from haetae.config.key import Kind, Part, Value
from haetae.config.keys import KEYS, KNOB_OWNERS
from haetae.config.profiles import PROFILES
from haetae.config.rule import Draft
from haetae.config.setup import Setup
from haetae.config.strategies import BY_CODE
from haetae.config.unknown import unknown_key
from haetae.kernel.records import Params, Rails

ACCOUNT = re.compile(r"[a-z][a-z0-9]{0,15}")


def setup_of(
    *,
    profile: str,
    markets: tuple[str, ...],
    overrides: Mapping[str, str],
    account: str = "main",
    places: Mapping[str, str] | None = None,
) -> Setup:
    """Return the account's setup: a profile's rails with single settings replaced.

    `places` says where a setting was written, such as a line of a file, for the refusal.

    Raises:
        ConfigError: an unknown profile, market or key, a value out of range, settings that
            contradict each other, or one that has no effect.
    """
    if profile not in PROFILES:
        raise ConfigError(f"profile {profile!r} is unknown; allowed: {', '.join(PROFILES)}")
    if not ACCOUNT.fullmatch(account):
        raise ConfigError(
            f"account {account!r} is not allowed; allowed: up to 16 lower-case letters and digits"
        )
    check_markets(markets)
    given = read_values(overrides, places or {})
    params, rails = derive(*PROFILES[profile], given)
    draft = Draft(
        given=given, params=params, rails=rails, markets=markets, profile=PROFILES[profile]
    )
    check_draft(draft, places or {})
    return Setup(
        account=account,
        profile=profile,
        markets=markets,
        params=(params,) * len(markets),
        rails=rails,
    )


def read_values(texts: Mapping[str, str], places: Mapping[str, str]) -> dict[str, Value]:
    """Return the kernel's values of settings, each in its range.

    Raises:
        ConfigError: a key is unknown, or a value not allowed; begins with the setting's place.
    """
    values: dict[str, Value] = {}
    for name, text in texts.items():
        try:
            values[name] = read_value(name, text)
        except ConfigError as error:
            place = places.get(name)
            raise ConfigError(f"{place}: {error}") if place else error from None
    return values


def read_value(name: str, text: str) -> Value:
    """Return the kernel's value of one setting."""
    key = KEYS.get(name)
    if key is None:
        raise ConfigError(unknown_key(name))
    if key.kind is Kind.MARKETS:
        check_markets(split_markets(text))
    return key.read(text)


def derive(params: Params, rails: Rails, given: Mapping[str, Value]) -> tuple[Params, Rails]:
    """Return a profile's records with the given values in their fields."""
    changed: dict[Part, dict[str, Any]] = {part: {} for part in Part}
    for name, value in given.items():
        key = KEYS[name]
        for field in key.fields:
            whole = key.kind is not Kind.REAL
            changed[field.part][field.name] = int(value) if whole else value
    params = with_strategy(params._replace(**changed[Part.PARAMS]), params, given)
    rails = rails._replace(**changed[Part.RAILS])
    if given.get("strategy.params.trail_type") == 0:
        params = params._replace(trail_atr=0.0)
    if given.get("risk.half_r"):
        rails = rails._replace(r_bps=rails.r_bps // 2)  # after its range: 25 becomes 12
    return params, rails


def with_strategy(params: Params, profile: Params, given: Mapping[str, Value]) -> Params:
    """Return parameters with what their strategy brings along, unless it is the profile's own."""
    strategy = BY_CODE[params.strategy]
    told = {name: float(value) for name, value in given.items() if name in KNOB_OWNERS}
    if params.strategy == profile.strategy:
        return params._replace(knobs=strategy.replace_knobs(profile.knobs, told))
    share = given.get("strategy.params.size_share", strategy.size_share_bps)
    return params._replace(
        knobs=strategy.replace_knobs(strategy.defaults(), told), size_share_bps=int(share)
    )
