"""The profiles carry the guide's numbers, and the reward it calls too low is refused."""

import pytest

from haetae.base.errors import ConfigError
from haetae.config.build import setup_of
from haetae.config.setup import Setup

HOUR_S = 3_600


def setup(profile: str, **settings: str) -> Setup:
    """Return a setup; two underscores in a key are a dot."""
    overrides = {name.replace("__", "."): text for name, text in settings.items()}
    return setup_of(profile=profile, markets=("KRW-BTC",), overrides=overrides)


@pytest.mark.parametrize(
    ("profile", "stop_pct", "target_pct", "day_pct", "interval_h"),
    [
        ("conservative", -3, 8, -5, 6),
        ("balanced", -5, 10, -10, 4),
        ("aggressive", -7, 15, -15, 2),
    ],
)
def test_a_guide_profile_has_the_guides_limits(
    profile: str, stop_pct: int, target_pct: int, day_pct: int, interval_h: int
) -> None:
    found = setup(profile)

    assert (found.params[0].stop_bps, found.params[0].target_bps) == (
        -100 * stop_pct,
        100 * target_pct,
    )
    assert found.rails.day_bps == -100 * day_pct
    assert found.rails.min_interval_s == interval_h * HOUR_S


@pytest.mark.parametrize("profile", ["conservative", "balanced", "aggressive"])
def test_every_guide_profile_loses_fifteen_per_cent_a_week_and_enters_five_times_a_day(
    profile: str,
) -> None:
    found = setup(profile)

    assert found.rails.week_bps == 1_500
    assert found.rails.max_entries == 5
    assert found.rails.buy_bps == 3_000


@pytest.mark.parametrize("profile", ["conservative", "balanced", "aggressive"])
def test_the_limits_can_be_written_in_the_guides_units(profile: str) -> None:
    found = setup(
        profile,
        risk__stop_loss_pct="-5.0",
        risk__take_profit_pct="10.0",
        risk__daily_loss_limit_pct="-10.0",
        risk__min_trade_interval_hours="4",
    )

    assert found.params[0] == setup("balanced").params[0]
    assert found.rails == setup("balanced").rails


@pytest.mark.parametrize(
    ("target", "accepted"), [("5", False), ("7.5", True), ("10", True), ("15", True)]
)
def test_the_guides_table_of_reward_and_risk_is_held(target: str, *, accepted: bool) -> None:
    if accepted:
        found = setup("balanced", risk__stop_loss_pct="-5", risk__take_profit_pct=target)
        assert found.params[0].target_bps == 100 * float(target)
    else:
        with pytest.raises(
            ConfigError, match=r"gives reward:risk 1 with .*; allowed: 1\.5 or more"
        ):
            setup("balanced", risk__stop_loss_pct="-5", risk__take_profit_pct=target)
