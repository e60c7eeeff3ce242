"""The promise: the backtest, and the handlers over HTTP to the sandbox, make the same trades."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from haetae.kernel.codes import RAIL_NAMES
from haetae.research.replay.drive import DeliveryFaults
from parity.late import late_cycles
from parity.runs import DAY_S, SEPTEMBER, Run, assert_same, real, seeded
from support.scenarios import scenarios

type Note = Callable[[str, object], None]

MARKETS = ("KRW-BTC", "KRW-ETH", "KRW-DOGE")
PROFILES = ("plan", "balanced")
SCENARIOS = scenarios()
WEEK = {"from_t": SEPTEMBER, "to_t": SEPTEMBER + 7 * DAY_S}
TWO_DAYS = {"from_t": SEPTEMBER, "to_t": SEPTEMBER + 2 * DAY_S}
FAULTS = {
    "every event twice": DeliveryFaults(doubled=True),
    "risk check before cycle": DeliveryFaults(risk_first=True),
}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("market", MARKETS)
def test_a_month_replays_as_it_was_backtested(
    market: str, profile: str, record_property: Note
) -> None:
    run = real((market,), profile)
    record_property("parity", assert_same(run.backtested(), run.replayed()))


@pytest.mark.parametrize("profile", PROFILES)
def test_three_markets_in_one_account_replay_as_backtested(
    profile: str, record_property: Note
) -> None:
    run = real(MARKETS, profile)
    record_property("parity", assert_same(run.backtested(), run.replayed()))


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
def test_a_misbehaving_schedule_changes_no_trade(
    faults: DeliveryFaults, record_property: Note
) -> None:
    run = real(("KRW-BTC",), "plan")
    record_property("parity", assert_same(run.backtested(), run.replayed(faults=faults)))


def test_a_week_on_dynamodb_replays_as_backtested(record_property: Note) -> None:
    run = real(("KRW-BTC",), "plan", **WEEK)
    record_property("parity", assert_same(run.backtested(), run.replayed(target="moto")))


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_world_of_rails_replays_as_backtested(name: str, record_property: Note) -> None:
    run = seeded(SCENARIOS[name])
    tested = run.backtested()
    record_property("parity", assert_same(tested, run.replayed()))
    record_property("rails", {rail: n for rail, n in tested.rails.items() if n})


def test_a_cycle_minutes_late_enters_nothing_and_doubles_nothing() -> None:
    run = real(("KRW-BTC",), "plan", **TWO_DAYS)

    late = late_cycles(run, minutes=5)

    assert late.rails["entry_expired"] > 0
    assert late.trades == ()
    assert late.cash == run.cash


def test_every_rail_fires_somewhere_in_the_parity_set() -> None:
    fired = {"entry_expired"}  # by the late cycles above: a backtest is never late
    for scenario in SCENARIOS.values():
        fired |= {rail for rail, n in seeded(scenario).backtested().rails.items() if n}
    assert fired == set(RAIL_NAMES.values())


def test_a_bound_on_costs_refuses_some_entries_of_its_world_and_lets_others_pass() -> None:
    tested = seeded(SCENARIOS["some stops too near for their costs"]).backtested()
    refused, entered = tested.rails["max_cost"], [t for t in tested.trades if t.side == "bid"]
    assert refused > len(entered) >= 5


def test_the_loss_of_seven_days_refuses_some_entries_of_its_world_and_lets_others_pass() -> None:
    scenario = SCENARIOS["a crash past the loss of seven days"]
    tested = seeded(scenario).backtested()
    entered = sum(t.side == "bid" for t in tested.trades)
    assert tested.rails["rolling_week_loss"] > entered >= 5
    assert tested.rails["day_loss"] == tested.rails["week_loss"] == 0
    without = seeded(replace(scenario, rails=scenario.rails._replace(rolling_week_bps=0)))
    assert sum(t.side == "bid" for t in without.backtested().trades) > entered


def test_exit_signals_of_the_world_with_a_share_sell_in_parts() -> None:
    tested = seeded(SCENARIOS["a signal sells a third"]).backtested()
    held = dict.fromkeys(tested.markets, 0)
    parts = 0
    for trade in tested.trades:
        held[trade.market] += trade.units if trade.side == "bid" else -trade.units
        parts += trade.reason == "exit_signal" and held[trade.market] > 0
    assert parts >= 10


@pytest.mark.long
@pytest.mark.parametrize("profile", ["plan", "conservative", "balanced", "aggressive"])
@pytest.mark.parametrize("market", MARKETS)
def test_every_profile_survives_every_habit_at_once(
    market: str, profile: str, record_property: Note
) -> None:
    run = real((market,), profile)
    both = DeliveryFaults(doubled=True, risk_first=True)
    record_property("parity", assert_same(run.backtested(), run.replayed(faults=both)))


@pytest.mark.long
@pytest.mark.parametrize("profile", PROFILES)
def test_three_markets_on_dynamodb(profile: str, record_property: Note) -> None:
    run = real(MARKETS, profile, **WEEK)
    record_property("parity", assert_same(run.backtested(), run.replayed(target="moto")))


@pytest.mark.long
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_world_of_rails_on_dynamodb(name: str) -> None:
    run: Run = seeded(SCENARIOS[name])
    assert_same(run.backtested(), run.replayed(target="moto"))
