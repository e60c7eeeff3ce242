"""What cannot be meant is refused in one sentence: the field, its value, what is allowed."""

from pathlib import Path

import pytest

from haetae.adapters.secrets import EnvironmentSecrets
from haetae.base.errors import ConfigError
from haetae.config.build import read_value, setup_of
from haetae.config.checks import RULES
from haetae.config.files import assignments, merge_assignments, read_yaml
from haetae.config.key import Key, Kind, Part
from haetae.config.keys import KEYS, MOST_MARKETS
from haetae.config.profiles import PROFILES
from haetae.config.setup import Setup
from haetae.kernel.strategies.trend_follow import ONLY_ABOVE
from haetae.market.candles import UNITS_MIN
from haetae.notify.text import Language
from haetae.wiring.environments.notifier import NotifierEnvironment
from haetae.wiring.environments.trading import KEYS as KEY_NAMES
from haetae.wiring.environments.trading import ParameterPath, RiskCheckEnvironment
from support.tapes import REPOSITORY

SECRET = "kQ7-this-must-never-be-seen"
OTHER = "zX9-nor-must-this"
VARIABLES = {
    "HAETAE_TABLE": "books",
    "HAETAE_TOPIC_ARN": "arn:aws:sns:ap-northeast-2:123456789012:messages",
    "UPBIT_BASE_URL": "http://127.0.0.1:8080/",
    "UPBIT_ACCESS_KEY": "an-access-key",
    "UPBIT_SECRET_KEY": SECRET,
}


PLAN_ROWS = [
    ("exchange.name", "upbit"),
    ("exchange.market", "KRW-BTC"),
    ("exchange.taker_fee_bps", "25"),
    ("exchange.slippage_bps", "10"),
    ("risk.r_per_trade_bps", "50"),
    ("risk.daily_stop_R", "-2"),
    ("risk.weekly_stop_R", "-5"),
    ("risk.max_position", "1"),
    ("strategy.main", "trend_follow"),
    ("strategy.params.ema_fast", "20"),
    ("strategy.params.ema_slow", "50"),
    ("strategy.params.atr_len", "14"),
    ("strategy.params.init_stop_atr", "2.5"),
    ("strategy.params.trail_type", "chandelier"),
    ("strategy.params.trail_atr_mult", "3.0"),
    ("filters.only_long_when_fast_gt_slow", "true"),
]
NUMBERS: dict[str, Key] = {
    name: key for name, key in KEYS.items() if key.kind in {Kind.WHOLE, Kind.REAL}
}


def made(profile: str = "plan", account: str = "main", /, **overrides: str) -> Setup:
    """Return a setup; a dot in a key is written as two underscores."""
    dotted = {name.replace("__", "."): value for name, value in overrides.items()}
    return setup_of(profile=profile, markets=("KRW-BTC",), overrides=dotted, account=account)


def refusal(profile: str = "plan", /, **overrides: str) -> str:
    """Return the sentence that refuses a setup."""
    with pytest.raises(ConfigError) as caught:
        made(profile, **overrides)
    return sentence(caught)


def refused_variables(**changed: str) -> str:
    """Return the sentence that refuses some variables."""
    with pytest.raises(ConfigError) as caught:
        RiskCheckEnvironment.read(VARIABLES | changed)
    return sentence(caught)


def sentence(caught: "pytest.ExceptionInfo[ConfigError]") -> str:
    """Return an error's text, which is one line that says what is allowed and shows no secret."""
    text = str(caught.value)
    assert "\n" not in text
    assert text.count("allowed:") == 1
    assert SECRET not in text
    assert OTHER not in text
    return text


# Names


@pytest.mark.parametrize(
    "name", ["BTC", "krw-btc", "USDT-BTC", "KRW-", "KRW-BTC;", " KRW-BTC", "KRW-ABCDEFGHIJK", ""]
)
def test_a_market_that_is_none_is_named(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        setup_of(profile="plan", markets=("KRW-ETH", name), overrides={})
    assert sentence(caught).startswith(f"market {name!r} is unknown; allowed: KRW markets of Upbit")


def test_no_market_and_a_market_twice_are_refused() -> None:
    for markets in ((), ("KRW-BTC", "KRW-BTC")):
        with pytest.raises(ConfigError) as caught:
            setup_of(profile="plan", markets=markets, overrides={})
        assert sentence(caught).startswith("market is ")


def test_an_unknown_profile_is_named_with_those_there_are() -> None:
    assert refusal("reckless") == (
        "profile 'reckless' is unknown; allowed: plan, conservative, balanced, aggressive"
    )


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("risk.luck", "key 'risk.luck' is unknown; allowed: what haetae settings lists"),
        (
            "risk.max_positions",
            (
                "key 'risk.max_positions' is unknown, the nearest is risk.max_position; "
                "allowed: what haetae settings lists"
            ),
        ),
        ("max_position", "key 'max_position' is unknown, the nearest is risk.max_position; "),
        ("RISK.Max_Position", "key 'RISK.Max_Position' is unknown, the nearest is risk.max_"),
        ("exchange.secret", "key 'exchange.secret' is unknown; allowed: what"),
        ("risk", "key 'risk' is a group; allowed: settings below it, such as risk.r_per_trade_bps"),
        ("strategy", "key 'strategy' is a group; allowed: settings below it, such as strategy."),
        ("strategy.params", "key 'strategy.params' is a group; allowed: settings below it, such"),
        ("profile", "key 'profile' is no setting of its own; allowed: --profile NAME, or "),
        ("markets", "key 'markets' is no setting of its own; allowed: exchange.market"),
        ("risk.half_r:true", "key 'risk.half_r' has no blank after its colon; allowed: key: value"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_or_where_it_belongs(name: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_value(name, "1")

    assert sentence(caught).startswith(told)


@pytest.mark.parametrize("account", ["", "Main", "a#b", "1st", "a" * 17])
def test_an_account_that_could_break_a_key_is_refused(account: str) -> None:
    with pytest.raises(ConfigError) as caught:
        made("plan", account)
    assert sentence(caught).startswith(f"account {account!r} is not allowed")


# Ranges


@pytest.mark.parametrize("value", ["24", "101", "0", "-50", "1e9", "nan", "inf", "-inf"])
def test_r_outside_a_quarter_to_one_per_cent_is_refused(value: str) -> None:
    text = refusal(risk__r_per_trade_bps=value)

    assert text == f"risk.r_per_trade_bps {value} is out of range; allowed: 25 to 100"


@pytest.mark.parametrize("value", ["25", "50", "100"])
def test_r_from_a_quarter_to_one_per_cent_passes(value: str) -> None:
    assert made(risk__r_per_trade_bps=value).rails.r_bps == int(value)


@pytest.mark.parametrize(
    "value", ["", "half", "0,5", "50%", "true", "None", "5_0", "５０", "٥٠", "050", "0x32", " 50"]
)
def test_what_is_no_number_is_named(value: str) -> None:
    text = refusal(risk__r_per_trade_bps=value)

    assert text == f"risk.r_per_trade_bps {value!r} is not a number; allowed: 25 to 100"


def sensible(name: str) -> dict[str, str]:
    """Return settings that let `name` be tried over its whole range."""
    return {"strategy.params.ema_slow": "400"} if name == "strategy.params.ema_fast" else {}


@pytest.mark.parametrize("name", NUMBERS)
def test_every_key_refuses_what_is_just_outside_and_names_it(name: str) -> None:
    key = KEYS[name]
    step = key.step

    for value in (key.low - step, key.high + step):
        if value == key.off:
            continue
        with pytest.raises(ConfigError) as caught:
            setup_of(
                profile="plan",
                markets=("KRW-BTC",),
                overrides=sensible(name) | {name: f"{value:.10g}"},
            )
        text = sentence(caught)
        assert text.startswith(f"{name} {value:.10g} is out of range; allowed: ")
        assert f"{key.low:.10g} to {key.high:.10g}" in text


def test_a_value_between_two_steps_is_refused_not_rounded() -> None:
    assert refusal(risk__r_per_trade_bps="50.5") == (
        "risk.r_per_trade_bps 50.5 is too fine; allowed: 25 to 100, in steps of 1"
    )
    assert refusal(risk__stop_loss_pct="-3.005") == (
        "risk.stop_loss_pct -3.005 is too fine; allowed: -30 to -0.5, or 0 for off, "
        "in steps of 0.01"
    )
    assert made(trading__buy_percentage="0.29").rails.buy_bps == 2_900


@pytest.mark.parametrize("name", [name for name, key in NUMBERS.items() if key.off is not None])
def test_an_off_value_is_named_where_there_is_one(name: str) -> None:
    assert KEYS[name].allowed.endswith(f", or {KEYS[name].off:g} for off")


def test_minus_zero_does_not_reach_the_kernel() -> None:
    params = made(strategy__params__trail_atr_mult="-0").params[0]

    assert repr(params.trail_atr) == "0.0"


@pytest.mark.parametrize("value", ["true", "false"])
def test_yes_and_no_are_for_switches_only(value: str) -> None:
    params = made(filters__only_long_when_fast_gt_slow=value).params[0]

    assert params.knobs[ONLY_ABOVE] == float(value == "true")
    assert "is not a number" in refusal(risk__max_position=value)


@pytest.mark.parametrize("value", ["2", "1", "0", "TRUE", "True", "yes"])
def test_a_switch_is_yes_or_no_and_nothing_else(value: str) -> None:
    name = "filters.only_long_when_fast_gt_slow"

    assert refusal(filters__only_long_when_fast_gt_slow=value) == (
        f"{name} {value!r} is not true or false; allowed: true or false"
    )


@pytest.mark.parametrize("value", ["50", "50.0", "5e1", "+50", "50."])
def test_a_number_is_written_as_yaml_and_json_write_one(value: str) -> None:
    assert made(risk__r_per_trade_bps=value).rails.r_bps == 50


@pytest.mark.parametrize("minutes", ["2", "45", "120"])
def test_an_interval_that_upbit_lacks_is_refused(minutes: str) -> None:
    text = refusal(schedule__decision_interval_minutes=minutes)

    assert text == (
        f"schedule.decision_interval_minutes {minutes} is not a candle Upbit has; "
        f"allowed: {', '.join(map(str, UNITS_MIN))}"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("strategy.main", "martingale"), ("strategy.params.trail_type", "1"), ("exchange.name", "x")],
)
def test_an_unknown_word_is_named_with_those_there_are(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        setup_of(profile="plan", markets=("KRW-BTC",), overrides={name: value})
    assert (
        sentence(caught)
        == f"{name} {value!r} is unknown; allowed: {', '.join(KEYS[name].words or {})}"
    )


def test_a_setting_changes_its_own_field_and_no_other() -> None:
    plain, changed = made(), made(risk__max_position="2")

    assert changed.rails == plain.rails._replace(max_positions=2)
    assert changed.params == plain.params


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_is_allowed_as_it_is(profile: str) -> None:
    setup = made(profile)

    assert (setup.params[0], setup.rails) == PROFILES[profile]


# The strategy


def test_a_strategy_brings_its_knobs_and_its_size() -> None:
    assert made(strategy__main="trend_follow") == made()
    assert made(strategy__main="volatility_breakout").params[0] == made().params[0]._replace(
        strategy=2, knobs=(0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    )
    assert made(strategy__main="rsi_reversion").params[0] == made().params[0]._replace(
        strategy=3, knobs=(30.0, 70.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), size_share_bps=2_500
    )


def test_knobs_and_size_of_the_chosen_strategy_are_set() -> None:
    told = {"rsi_low": "25", "rsi_high": "80.5", "rsi_len": "7", "size_share": "50"}
    given = {f"strategy.params.{name}": text for name, text in told.items()}

    params = made(strategy__main="rsi_reversion", **given).params[0]

    assert params.knobs == (25.0, 80.5, *[0.0] * 6)
    assert (params.rsi_len, params.size_share_bps) == (7, 5_000)
    assert made(strategy__params__size_share="40").params[0].size_share_bps == 4_000


@pytest.mark.parametrize(
    ("main", "key", "allowed"),
    [
        ("trend_follow", "strategy.params.rsi_low", "rsi_reversion"),
        ("trend_follow", "strategy.params.breakout_k", "volatility_breakout"),
        ("trend_follow", "strategy.params.rsi_len", "rsi_reversion"),
        ("rsi_reversion", "strategy.params.ema_fast", "trend_follow"),
        ("volatility_breakout", "strategy.params.ema_slow", "trend_follow"),
        ("rsi_reversion", "filters.only_long_when_fast_gt_slow", "trend_follow"),
    ],
)
def test_what_only_another_strategy_reads_is_refused(main: str, key: str, allowed: str) -> None:
    value = "true" if KEYS[key].kind is Kind.SWITCH else f"{KEYS[key].high:g}"

    with pytest.raises(ConfigError) as caught:
        setup_of(
            profile="plan",
            markets=("KRW-BTC",),
            overrides={"strategy.main": main, key: value},
            places={key: "line 7"},
        )

    assert sentence(caught) == (
        f"line 7: {key} has no effect with strategy.main {main}; allowed: with {allowed}"
    )


# Together


@pytest.mark.parametrize(
    ("overrides", "named"),
    [
        (
            {"strategy.params.ema_fast": "50"},
            "strategy.params.ema_fast 50 is not below ema_slow 50",
        ),
        (
            {"strategy.params.init_stop_atr": "0"},
            "strategy.params.init_stop_atr 0 leaves no first stop; allowed: 0.5 to 10, or a risk.",
        ),
        (
            {"risk.partial_take_profit_pct": "5"},
            "risk.partial_take_profit_pct 5 needs a whole take-profit above it, which is off; ",
        ),
        (
            {"risk.partial_take_profit_pct": "5", "risk.take_profit_pct": "5"},
            "risk.partial_take_profit_pct 5 is not below take_profit_pct 5",
        ),
        (
            {"trading.min_order_amount": "6000", "trading.max_order_amount": "5999"},
            "trading.min_order_amount 6000 is above max_order_amount 5999",
        ),
        (
            {"trading.max_order_amount": "5000"},
            "trading.max_order_amount 5000 is below what can be sold again at its stop; allowed: ",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    overrides: dict[str, str], named: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        setup_of(profile="plan", markets=("KRW-BTC",), overrides=overrides)
    assert sentence(caught).startswith(named)


@pytest.mark.parametrize(
    ("profile", "overrides", "named"),
    [
        (
            "plan",
            {"exchange.taker_fee_bps": "4"},
            "exchange.taker_fee_bps 4 is below fee_charged_bps 5",
        ),
        (
            "plan",
            {"risk.take_profit_pct": "0.7"},
            "risk.take_profit_pct 0.7 does not pay for fees and slippage of 0.7",
        ),
        (
            "plan",
            {"risk.partial_take_profit_pct": "6", "risk.take_profit_pct": "5"}
            | {"strategy.params.target_atr": "4"},
            "risk.partial_take_profit_pct 6 is not below take_profit_pct 5",
        ),
        (
            "balanced",
            {"risk.partial_take_profit_pct": "0.5", "exchange.slippage_bps": "25"}
            | {"risk.take_profit_pct": "20"},
            "risk.partial_take_profit_pct 0.5 does not pay for fees and slippage of 0.6",
        ),
        (
            "plan",
            {"risk.weekly_loss_limit_pct": "-9.99"},
            "risk.daily_loss_limit_pct -10 is beyond weekly_loss_limit_pct -9.99",
        ),
        (
            "plan",
            {"risk.rolling_week_pct": "-9.99"},
            "risk.daily_loss_limit_pct -10 is beyond rolling_week_pct -9.99",
        ),
        (
            "plan",
            {"risk.daily_stop_R": "-6"},
            (
                "risk.daily_stop_R -6 is beyond weekly_stop_R -5: a day may not lose more than its "
                "week; allowed: -5 to -1 a day"
            ),
        ),
        (
            "balanced",
            {"risk.weekly_stop_R": "-5"},
            "risk.weekly_stop_R has no effect without an R",
        ),
        (
            "plan",
            {"strategy.params.target_atr": "3.74"},
            "strategy.params.target_atr 3.74 gives reward:risk 1.496",
        ),
        (
            "plan",
            {"risk.capital_limit_krw": "8648"},
            "risk.capital_limit_krw 8648 leaves no entry of 5087 won, the smallest",
        ),
        (
            "balanced",
            {"risk.capital_limit_krw": "17789"},
            "risk.capital_limit_krw 17789 leaves no entry of 5337 won, the smallest",
        ),
        (
            "plan",
            {"risk.capital_limit_krw": "50869", "risk.max_coin_pct": "10"},
            "risk.capital_limit_krw 50869 leaves no entry of 5087 won, the smallest",
        ),
        (
            "plan",
            {"risk.max_cost_r": "0.25", "risk.stop_loss_pct": "-2.59"},
            "risk.max_cost_r 0.25 lets no entry pass whose stop_loss_pct is -2.59",
        ),
        ("balanced", {"risk.half_r": "true"}, "risk.half_r has no effect without an R"),
        (
            "balanced",
            {"strategy.params.trail_type": "chandelier"},
            "strategy.params.trail_type chandelier has no effect without a multiple",
        ),
        (
            "plan",
            {"strategy.params.trail_type": "chandelier", "strategy.params.trail_atr_mult": "0"},
            "strategy.params.trail_type chandelier has no effect without a multiple",
        ),
        (
            "balanced",
            {"risk.partial_share_pct": "40"},
            "risk.partial_share_pct has no effect without a level",
        ),
        (
            "balanced",
            {"risk.cash_reserve_pct": "60.01"},
            "risk.max_coin_pct 40 is not left by cash_reserve_pct 60.01",
        ),
        (
            "plan",
            {
                "risk.cooldown_hours": "1",
                "risk.flash_crash_pct": "0",
                "risk.slippage_limit_bps": "0",
            },
            "risk.cooldown_hours has no effect",
        ),
        (
            "balanced",
            {"strategy.params.atr_len": "20"},
            "strategy.params.atr_len has no effect without a stop, target or trail in ATR",
        ),
        (
            "plan",
            {"trading.sell_percentage": "0.5", "filters.only_long_when_fast_gt_slow": "false"},
            "trading.sell_percentage has no effect with filters.only_long_when_fast_gt_slow false",
        ),
        (
            "balanced",
            {"risk.min_trade_interval_hours": "24", "risk.max_trades_per_day": "1"},
            (
                "risk.max_trades_per_day 1 has no effect with min_trade_interval_hours 24, which "
                "leaves a day 1; allowed: 0"
            ),
        ),
        (
            "balanced",
            {"risk.max_trades_per_day": "6"},
            (
                "risk.max_trades_per_day 6 has no effect with min_trade_interval_hours 4, which "
                "leaves a day 6; allowed: up to 5, or 0 for off"
            ),
        ),
        (
            "plan",
            {"trading.max_order_amount": "997506", "risk.capital_limit_krw": "1000000"},
            (
                "trading.max_order_amount 997506 has no effect with risk.capital_limit_krw "
                "1000000; allowed: less than 997506"
            ),
        ),
        (
            "balanced",
            {"risk.max_coin_pct": "30"},
            (
                "risk.max_coin_pct 30 has no effect with trading.buy_percentage 0.3; "
                "allowed: less than 30"
            ),
        ),
        (
            "plan",
            {"risk.max_coin_pct": "99.76"},
            "risk.max_coin_pct 99.76 has no effect with fees; allowed: less than 99.75",
        ),
        (
            "plan",
            {"risk.slippage_limit_bps": "10"},
            "risk.slippage_limit_bps 10 is not above the slippage_bps 10",
        ),
        (
            "plan",
            {"exchange.market": "KRW-ETH"},
            "exchange.market 'KRW-ETH' and the markets 'KRW-BTC' disagree",
        ),
    ],
)
def test_what_contradicts_or_has_no_effect_is_refused(
    profile: str, overrides: dict[str, str], named: str
) -> None:
    for given in (overrides, dict(reversed(overrides.items()))):
        with pytest.raises(ConfigError) as caught:
            setup_of(profile=profile, markets=("KRW-BTC",), overrides=given)
        assert sentence(caught).startswith(named)


@pytest.mark.parametrize(
    ("profile", "overrides"),
    [
        ("plan", {"exchange.taker_fee_bps": "5"}),
        ("plan", {"risk.take_profit_pct": "0.71"}),
        ("plan", {"strategy.params.target_atr": "3.75"}),
        ("balanced", {"strategy.params.target_atr": "0.5"}),
        ("plan", {"strategy.params.target_atr": "4", "risk.partial_take_profit_pct": "5"}),
        ("plan", {"risk.capital_limit_krw": "8649"}),
        ("balanced", {"risk.capital_limit_krw": "17790"}),
        ("plan", {"risk.capital_limit_krw": "50870", "risk.max_coin_pct": "10"}),
        ("plan", {"risk.max_cost_r": "0.25", "risk.stop_loss_pct": "-2.6"}),
        ("plan", {"risk.weekly_loss_limit_pct": "-10"}),
        ("plan", {"risk.rolling_week_pct": "-10"}),
        ("aggressive", {"risk.rolling_week_pct": "0"}),
        ("plan", {"risk.daily_stop_R": "-5"}),
        ("balanced", {"risk.weekly_stop_R": "-5", "risk.r_per_trade_bps": "50"}),
        ("balanced", {"risk.half_r": "false"}),
        ("balanced", {"risk.cash_reserve_pct": "60"}),
        ("plan", {"exchange.market": "KRW-BTC"}),
        ("plan", {"risk.max_position": "200"}),
        ("balanced", {"strategy.params.atr_len": "20", "strategy.params.target_atr": "9"}),
        ("plan", {"trading.sell_percentage": "0.5"}),
        (
            "plan",
            {"trading.sell_percentage": "1", "filters.only_long_when_fast_gt_slow": "false"},
        ),
        ("balanced", {"risk.max_trades_per_day": "4"}),
        ("conservative", {"risk.max_trades_per_day": "5"}),
        ("plan", {"trading.max_order_amount": "997505", "risk.capital_limit_krw": "1000000"}),
        ("plan", {"trading.max_order_amount": "1000000000", "risk.capital_limit_krw": "1000000"}),
        ("balanced", {"risk.max_coin_pct": "29.99"}),
        ("balanced", {"risk.max_coin_pct": "40"}),
        ("plan", {"risk.max_coin_pct": "99.75"}),
        ("plan", {"risk.slippage_limit_bps": "11"}),
    ],
)
def test_what_is_just_within_is_allowed(profile: str, overrides: dict[str, str]) -> None:
    allowed = setup_of(profile=profile, markets=("KRW-BTC",), overrides=overrides)
    assert isinstance(allowed, Setup)


def test_a_days_entries_may_be_many_where_several_markets_enter_at_once() -> None:
    told = {"risk.max_trades_per_day": "6"}
    markets = ("KRW-BTC", "KRW-ETH")

    assert setup_of(profile="balanced", markets=markets, overrides=told).rails.max_entries == 6
    with pytest.raises(ConfigError, match="has no effect"):
        setup_of(profile="balanced", markets=markets, overrides=told | {"risk.max_position": "1"})


def test_a_trailing_stop_of_none_with_a_multiple_is_refused_in_either_order() -> None:
    kind, multiple = "strategy.params.trail_type", "strategy.params.trail_atr_mult"
    for given in ({kind: "none", multiple: "3"}, {multiple: "3", kind: "none"}):
        with pytest.raises(ConfigError) as caught:
            setup_of(profile="plan", markets=("KRW-BTC",), overrides=given)
        assert sentence(caught) == (
            "strategy.params.trail_type none contradicts trail_atr_mult 3; allowed: one of them"
        )


def test_each_word_of_the_trailing_stop_has_its_effect() -> None:
    assert made(strategy__params__trail_type="none").params[0].trail_atr == 0.0
    assert made(strategy__params__trail_type="chandelier").params[0].trail_atr == 3.0
    both = {"strategy__params__trail_type": "chandelier", "strategy__params__trail_atr_mult": "2"}
    assert made("balanced", **both).params[0].trail_atr == 2.0


@pytest.mark.parametrize(("r", "halved"), [("50", 25), ("25", 12), ("100", 50)])
def test_half_of_r_is_taken_after_its_range(r: str, halved: int) -> None:
    setup = made(risk__half_r="true", risk__r_per_trade_bps=r)

    assert setup.rails == made(risk__r_per_trade_bps=r).rails._replace(r_bps=halved)
    assert made(risk__half_r="true").rails.r_bps == 25


def test_every_rule_is_broken_by_some_test() -> None:
    text = Path(__file__).read_text("utf-8")

    assert {rule.key for rule in RULES} <= {key for key in KEYS if key in text}


@pytest.mark.parametrize("name", KEYS)
def test_every_key_sets_a_field_or_means_something_with_others(name: str) -> None:
    alone = {"exchange.name", "exchange.market", "risk.half_r", "strategy.params.trail_type"}

    assert bool(KEYS[name].fields) != (name in alone)
    assert KEYS[name].meaning.endswith(".")


def test_two_hundred_markets_pass_and_one_more_is_refused() -> None:
    markets = tuple(f"KRW-C{n}" for n in range(MOST_MARKETS + 1))

    assert len(setup_of(profile="plan", markets=markets[1:], overrides={}).params) == MOST_MARKETS
    with pytest.raises(ConfigError) as caught:
        setup_of(profile="plan", markets=markets, overrides={})
    assert sentence(caught) == "201 markets are too many; allowed: up to 200"


def test_a_refusal_begins_with_the_place_of_its_setting() -> None:
    for name, value in (("risk.r_per_trade_bps", "1"), ("risk.daily_stop_R", "-6")):
        with pytest.raises(ConfigError) as caught:
            setup_of(
                profile="plan",
                markets=("KRW-BTC",),
                overrides={name: value},
                places={name: "line 7"},
            )
        assert sentence(caught).startswith(f"line 7: {name} {value} is ")


@pytest.mark.parametrize(
    ("profile", "name", "value"),
    [
        ("plan", "strategy.params.init_stop_atr", "0"),
        ("plan", "risk.weekly_stop_R", "-1"),
        ("plan", "risk.weekly_loss_limit_pct", "-1"),
        ("plan", "exchange.fee_charged_bps", "30"),
        ("plan", "strategy.params.ema_slow", "10"),
        ("balanced", "risk.cash_reserve_pct", "70"),
        ("balanced", "risk.stop_loss_pct", "-9"),
    ],
)
def test_a_place_is_that_of_what_was_written_not_of_the_profiles(
    profile: str, name: str, value: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        setup_of(
            profile=profile,
            markets=("KRW-BTC",),
            overrides={name: value},
            places={name: "line 7"},
        )
    assert sentence(caught).startswith("line 7: ")
    assert name.rpartition(".")[2] in sentence(caught)


def test_a_stop_that_was_written_off_is_named_by_its_own_name() -> None:
    assert refusal("balanced", risk__stop_loss_pct="0").startswith(
        "risk.stop_loss_pct 0 leaves no first stop; allowed: -30 to -0.5, or a strategy.params."
    )


def test_a_guide_profile_without_a_size_is_refused() -> None:
    assert refusal("balanced", trading__buy_percentage="0").startswith(
        "trading.buy_percentage 0 leaves no size"
    )


@pytest.mark.parametrize(("stop", "target"), [("-5", "7.5"), ("-7", "10.5"), ("-0.5", "0.75")])
def test_a_reward_of_one_and_a_half_risks_passes_exactly(stop: str, target: str) -> None:
    setup = made("balanced", risk__stop_loss_pct=stop, risk__take_profit_pct=target)

    assert 2 * setup.params[0].target_bps == 3 * setup.params[0].stop_bps


@pytest.mark.parametrize(
    ("stop", "target", "ratio"), [("-5", "7.49", "1.498"), ("-5", "5", "1"), ("-30", "10", "0.333")]
)
def test_a_smaller_reward_is_refused_with_its_ratio(stop: str, target: str, ratio: str) -> None:
    text = refusal("balanced", risk__stop_loss_pct=stop, risk__take_profit_pct=target)

    assert text.startswith(f"risk.take_profit_pct {target} gives reward:risk {ratio}")
    assert text.endswith("allowed: 1.5 or more")


@pytest.mark.parametrize(
    ("partial", "share", "passes"),
    [
        ("5", "50", True),  # (5·½ + 10·½) ÷ 5 = 1.5
        ("4.99", "50", False),
        ("5", "50.01", False),
        ("5", "49.99", True),
    ],
)
def test_partial_sales_weigh_the_reward_by_size(partial: str, share: str, *, passes: bool) -> None:
    overrides = {"risk__partial_take_profit_pct": partial, "risk__partial_share_pct": share}

    if passes:
        assert made("balanced", **overrides).params[0].partial_bps == 500
    else:
        assert "gives reward:risk 1.49" in refusal("balanced", **overrides)


# Texts and trees


def test_assignments_are_read_and_spaces_do_not_matter() -> None:
    assert assignments(" a.b = 1 ,c=x=y,, ") == {"a.b": "1", "c": "x=y"}
    assert assignments("") == {}


@pytest.mark.parametrize("text", ["a", "a=1,b", "=5", "a=1,a=2", "a=1,a =2"])
def test_a_piece_without_a_value_or_twice_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        assignments(text)
    twice = text.startswith("a=1,a")
    told = "key 'a' is given twice; allowed: each once"
    assert (told if twice else "is not usable; allowed: key=value") in sentence(caught)


@pytest.mark.parametrize("text", [",", " ,,, "])
def test_a_text_of_commas_alone_holds_no_setting(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        merge_assignments(["a=1", text])
    assert sentence(caught) == f"{text!r} holds no setting; allowed: key=value"


def test_a_tree_becomes_dotted_keys_with_their_lines() -> None:
    text = "risk:\n  max_position: 2\n  deep:\n    er: true\nx: 1.50\nexchange.market: [A, B]\n"

    assert [(one.name, one.text, one.place) for one in read_yaml(text)] == [
        ("risk.max_position", "2", "line 2"),
        ("risk.deep.er", "true", "line 4"),
        ("x", "1.50", "line 5"),
        ("exchange.market", "A,B", "line 6"),
    ]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a: 1\na: 1\n", "line 2: key 'a' is given twice, first at line 1"),
        ("a:\n  b: 1\nc: 1\na.b: 2\n", "line 4: key 'a.b' is given twice, first at line 2"),
        ("b: 1\na: &x 1\nc: *x\n", "line 2: holds an alias, anchor or tag (* & !)"),
        ("b: 1\n\na: !!str 1\n", "line 3: holds an alias, anchor or tag (* & !)"),
        ("a: 1\nb: \x00\n", "cannot be read: line 2: holds the character U+0000"),
        ("[" * 2_000, "line 1: is nested too deep"),
        ("\n".join(" " * n + "a:" for n in range(300)), "line 6: is nested too deep"),
        ("risk.max_position:1\n", "line 1: 'risk.max_position' has no blank after its colon"),
        ("risk:\n  max_position:1\n", "line 2: 'max_position' has no blank after its colon"),
        ("a: 1\nb:2\n", "line 2: 'b' has no blank after its colon"),
        ("risk:\n  a: 1\n  b:2\n", "line 3: 'b' has no blank after its colon"),
        ("{risk.half_r:true, b: [}", "line 1: 'risk.half_r' has no blank after its colon"),
        ("a: 1\nrisk: {}\n", "line 2: risk is empty; allowed: settings below it"),
        ("risk: {max_position: {}}\n", "line 1: risk.max_position is empty"),
        ("{}\n", "holds no settings"),
        ("a:\n  - [1]\n", "line 1: a is a list of no plain values"),
        ("? [a]\n: 1\n", "line 1: key under '' is not a name"),
        ("a: 1\n b: [\n", "cannot be read: line 2: "),
        ("- a\n", "holds no settings"),
        ("", "holds no settings"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_with_its_line(text: str, named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_yaml(text)
    assert sentence(caught).startswith(named)


def test_two_flags_of_one_key_are_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        merge_assignments(["a=1", "a=2"])
    assert sentence(caught) == "key 'a' is given twice; allowed: each once"


# The plan's own file

PLAN_FILE = REPOSITORY / "tests/data/config/plan.yaml"


@pytest.mark.parametrize("profile", PROFILES)
def test_the_plans_own_file_gives_the_plans_values_on_any_profile(profile: str) -> None:
    texts = {one.name: one.text for one in read_yaml(PLAN_FILE.read_text("utf-8"))}

    setup = setup_of(
        profile=profile,
        markets=("KRW-BTC",),
        overrides=texts | ({} if profile == "plan" else {"risk.take_profit_pct": "15"}),
    )

    assert len(texts) == 16
    for name, text in texts.items():
        for field in KEYS[name].fields:
            records = {Part.PARAMS: setup.params[0], Part.RAILS: setup.rails}
            value = (
                setup.params[0].knobs[ONLY_ABOVE]  # the plan's one knob
                if field.part is Part.KNOBS
                else getattr(records[field.part], field.name)
            )
            assert KEYS[name].show(value) == KEYS[name].show(float(read_value(name, text)))
    if profile == "plan":
        assert (setup.params[0], setup.rails) == PROFILES["plan"]


@pytest.mark.parametrize(("name", "text"), PLAN_ROWS)
def test_each_row_of_the_plans_file_is_read(name: str, text: str) -> None:
    assert (name, text) in [(w.name, w.text) for w in read_yaml(PLAN_FILE.read_text("utf-8"))]
    assert setup_of(profile="plan", markets=("KRW-BTC",), overrides={name: text}) == made()


# Variables


def read(**changed: str) -> RiskCheckEnvironment:
    """Return the variables as they are read."""
    return RiskCheckEnvironment.read(VARIABLES | changed)


def test_the_variables_give_an_account() -> None:
    found = read(HAETAE_MARKETS="KRW-BTC, KRW-ETH", HAETAE_ACCOUNT="b2")

    assert found.setup.markets == ("KRW-BTC", "KRW-ETH")
    assert found.setup.account == "b2"
    assert found.upbit_url == "http://127.0.0.1:8080"
    assert keys_of(found) == ("an-access-key", SECRET)
    assert SECRET not in repr(found)


def keys_of(found: RiskCheckEnvironment) -> tuple[str, ...]:
    """Return the exchange's keys as the variables say them."""
    assert isinstance(found.secrets, EnvironmentSecrets)
    return tuple(found.secrets.get(name) for name in KEY_NAMES)


def test_the_notifier_reads_its_language_and_nothing_else() -> None:
    assert NotifierEnvironment.read({}).language is Language.KO
    assert NotifierEnvironment.read({"HAETAE_LANGUAGE": "en"}).language is Language.EN
    with pytest.raises(ConfigError) as caught:
        NotifierEnvironment.read({"HAETAE_LANGUAGE": "fr"})
    assert sentence(caught) == (
        "HAETAE_LANGUAGE 'fr' is not allowed; allowed: ko, en (read by notifier)"
    )


@pytest.mark.parametrize(
    "place", ["ssm", "ssm:", "ssm:haetae", "ssm:/", "ssm:/a//b", "vault", "ssm:/a/*"]
)
def test_a_place_of_the_secrets_that_cannot_be_meant_is_refused(place: str) -> None:
    assert refused_variables(HAETAE_SECRETS=place).startswith(
        f"HAETAE_SECRETS '{place}' is unknown"
    )


def test_with_keys_in_the_parameter_store_no_variable_holds_one() -> None:
    bare = {name: text for name, text in VARIABLES.items() if name not in KEY_NAMES}
    found = RiskCheckEnvironment.read(bare | {"HAETAE_SECRETS": "ssm:/haetae/main"})

    assert found.secrets == ParameterPath(path="/haetae/main")


@pytest.mark.parametrize("name", VARIABLES)
@pytest.mark.parametrize("value", ["", "  "])
def test_a_blank_variable_is_missing(name: str, value: str) -> None:
    text = refused_variables(**{name: value})

    assert name in text
    assert "is missing" in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODE", "live"),
        ("HAETAE_PROFILE", "reckless"),
        ("HAETAE_MARKETS", "KRW-BTC,"),
        ("HAETAE_SET", "risk.luck=1"),
        ("HAETAE_ACCOUNT", "A"),
        ("UPBIT_BASE_URL", "api.upbit.com"),
        ("UPBIT_BASE_URL", "ftp://sandbox"),
        ("UPBIT_BASE_URL", "http://"),
        ("UPBIT_BASE_URL", "http://[half"),
    ],
)
def test_a_wrong_variable_is_refused_by_its_value(name: str, value: str) -> None:
    shown = {"HAETAE_MARKETS": "''", "HAETAE_SET": "risk.luck"}.get(name, value)

    assert shown in refused_variables(**{name: value})


@pytest.mark.parametrize(
    "url",
    [
        "https://api.upbit.com",
        "https://API.Upbit.com/",
        "https://sg-api.upbit.com:443/v1",
        "http://upbit.com.",
    ],
)
def test_paper_never_talks_to_the_real_exchange(url: str) -> None:
    text = refused_variables(UPBIT_BASE_URL=url)

    assert text.startswith("UPBIT_BASE_URL 'http")
    assert text.endswith("is the real exchange; allowed: a sandbox exchange (read by risk_check)")


@pytest.mark.parametrize("url", ["http://notupbit.com", "https://upbit.com.example.org"])
def test_only_the_real_exchange_is_taken_for_it(url: str) -> None:
    assert read(UPBIT_BASE_URL=url).upbit_url == url


@pytest.mark.parametrize(
    ("one", "other"),
    [("UPBIT_ACCESS_KEY", "UPBIT_API_KEY"), ("UPBIT_SECRET_KEY", "UPBIT_SECRET")],
)
def test_two_names_of_a_key_that_disagree_are_named_without_their_values(
    one: str, other: str
) -> None:
    text = refused_variables(**{one: OTHER, other: SECRET})

    assert text == (
        f"{one} and {other} disagree; allowed: one of them, or equal values (read by risk_check)"
    )


@pytest.mark.parametrize("name", ["UPBIT_API_KEY", "UPBIT_ACCESS_KEY"])
def test_either_name_of_a_key_serves_and_equal_ones_agree(name: str) -> None:
    bare = {k: v for k, v in VARIABLES.items() if k != "UPBIT_ACCESS_KEY"}

    for keys in ({name: "k"}, {"UPBIT_API_KEY": "k", "UPBIT_ACCESS_KEY": "k"}):
        assert keys_of(RiskCheckEnvironment.read(bare | keys)) == ("k", SECRET)


@pytest.mark.parametrize("value", [f'"{SECRET}"', f"'{SECRET}'", f"{SECRET} {OTHER}"])
def test_quotes_and_spaces_in_a_key_are_refused_under_the_name_it_came_by(value: str) -> None:
    text = refused_variables(UPBIT_SECRET_KEY=value)

    assert text == (
        "UPBIT_SECRET_KEY has quotes or spaces in it; allowed: the bare key (read by risk_check)"
    )


def test_two_names_of_the_markets_that_disagree_are_shown() -> None:
    text = refused_variables(HAETAE_MARKETS="KRW-BTC", TRADING_SYMBOL="KRW-ETH")

    assert text == (
        "HAETAE_MARKETS 'KRW-BTC' and TRADING_SYMBOL 'KRW-ETH' disagree; "
        "allowed: one of them, or equal values (read by risk_check)"
    )


@pytest.mark.parametrize(
    ("name", "text", "key", "other"),
    [
        ("TRADING_MIN_ORDER_AMOUNT", "10000.0", "trading.min_order_amount", "5000"),
        ("TRADING_BUY_PERCENTAGE", "0.3", "trading.buy_percentage", "0.2"),
        ("TRADING_SELL_PERCENTAGE", "0.5", "trading.sell_percentage", "0.4"),
        ("SCHEDULER_INTERVAL_MINUTES", "30", "schedule.decision_interval_minutes", "60"),
    ],
)
def test_a_variable_is_a_settings_other_name(name: str, text: str, key: str, other: str) -> None:
    meant = made(**{key.replace(".", "__"): text})

    assert read(**{name: text}).setup == meant
    assert read(**{name: text, "HAETAE_SET": f"{key}={float(text):g}"}).setup == meant
    assert refused_variables(**{name: text, "HAETAE_SET": f"{key}={other}"}) == (
        f"{name}: {key} {text!r} and HAETAE_SET {other!r} disagree; "
        "allowed: one of them, or equal values (read by risk_check)"
    )


def test_a_sale_is_of_everything_unless_told() -> None:
    assert read().setup.params[0].exit_share_bps == 10_000
    assert read(TRADING_SELL_PERCENTAGE="1.0").setup == read().setup
    assert read(TRADING_SELL_PERCENTAGE="0.5").setup.params[0].exit_share_bps == 5_000


@pytest.mark.parametrize("text", ["0", "0.009", "1.01", "-0.5", "100"])
def test_a_share_to_sell_that_is_none_or_more_than_all_is_refused(text: str) -> None:
    assert (
        f"TRADING_SELL_PERCENTAGE: trading.sell_percentage {text} is out of range; "
        "allowed: 0.01 to 1"
    ) in refused_variables(TRADING_SELL_PERCENTAGE=text)
