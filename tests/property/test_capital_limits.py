"""A limit of capital that is accepted lets the kernel make an entry; a won less is refused."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haetae.base.errors import ConfigError
from haetae.config.build import setup_of
from haetae.config.setup import Setup
from haetae.kernel.codes import ENTRY, RUN
from haetae.kernel.entries import propose_entry
from haetae.kernel.records import NEW_INDICATORS, NEW_MARKET, Moment
from haetae.kernel.rounding import MICRO
from haetae.kernel.step import open_account

T = 1_700_000_000
PRICE = 900_000_000.0
CASH = 50_000_000_000
LIMIT = "risk.capital_limit_krw"
TOLD = re.compile(r"allowed: (\d+) or more$")
SHARES = [0.0, *(n / 2_000 for n in range(1, 400))]


def enters(setup: Setup) -> bool:
    """Tell whether an entry is made with some range of the market."""
    p = setup.params[0]
    a = open_account(setup.rails, T, CASH * MICRO)
    moment = Moment(t=T, now=T, equity=a.cash, mode=RUN, held=0, committed=0, invested=0)
    for share in SHARES:
        known = NEW_INDICATORS._replace(t=T, close=PRICE, value=1e15, atr=PRICE * share)
        m = NEW_MARKET._replace(close=PRICE, seen=T, indicators=known)
        if propose_entry(setup.rails, p, a, m, moment)[0].kind == ENTRY:
            return True
    return False


def setup_with(profile: str, given_: dict[str, str], limit: int) -> Setup:
    """Return the setup with a limit of capital."""
    return setup_of(profile=profile, markets=("KRW-BTC",), overrides=given_ | {LIMIT: str(limit)})


CHOICES = st.fixed_dictionaries(
    {},
    optional={
        "risk.daily_loss_limit_pct": st.sampled_from(["-0.1", "-1", "-5"]),
        "risk.r_per_trade_bps": st.sampled_from(["25", "50", "100"]),
        "risk.max_coin_pct": st.sampled_from(["5", "10", "25"]),
        "risk.gap_allowance_bps": st.sampled_from(["0", "300", "1000"]),
        "strategy.main": st.sampled_from(["rsi_reversion", "trend_follow"]),
        "risk.max_cost_r": st.sampled_from(["0.2", "0.35"]),
    },
)


@given(
    profile=st.sampled_from(["plan", "balanced", "aggressive"]),
    choices=CHOICES,
    limit=st.integers(5_000, 300_000),
)
@settings(max_examples=60, deadline=None)
def test_an_accepted_limit_of_capital_can_make_an_entry(
    profile: str, choices: dict[str, str], limit: int
) -> None:
    try:
        setup_with(profile, choices, limit)
    except ConfigError as error:
        told = TOLD.search(str(error))
        if LIMIT not in str(error) or told is None:
            return
        limit = int(told[1])
        with pytest.raises(ConfigError, match=LIMIT):
            setup_with(profile, choices, limit - 1)
        setup_with(profile, choices, limit)
    assert enters(setup_with(profile, choices, limit + limit // 50))


@pytest.mark.parametrize(
    ("profile", "choices", "limit", "least"),
    [
        ("plan", {}, 8_500, 8_649),
        ("plan", {"risk.daily_loss_limit_pct": "-0.1"}, 20_000, 86_485),
        ("balanced", {"strategy.main": "rsi_reversion"}, 18_000, 71_160),
        ("plan", {"risk.max_cost_r": "0.05"}, 100_000, 174_403),
    ],
)
def test_every_bound_of_an_entry_counts(
    profile: str, choices: dict[str, str], limit: int, least: int
) -> None:
    with pytest.raises(ConfigError, match=f"allowed: {least} or more"):
        setup_with(profile, choices, limit)
    setup_with(profile, choices, least)


def test_where_no_limit_of_capital_would_do_the_sentence_says_what_has_to_be_wider() -> None:
    choices = {
        "risk.max_cost_r": "0.05",
        "exchange.taker_fee_bps": "100",
        "exchange.slippage_bps": "200",
        "risk.slippage_limit_bps": "0",
    }

    with pytest.raises(ConfigError, match="allowed: 0, with wider limits of loss, size and cost"):
        setup_with("plan", choices, 1_000_000_000)
