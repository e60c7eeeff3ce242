"""Interpreted and compiled kernel over whole tapes: every trade, mark and count the same bits."""

import pytest

from haetae.config.build import setup_of
from haetae.research.data.candle_files import read_candles
from haetae.research.data.tapes import histories, span
from parity.runs import HOUR_S, Run, real, seeded
from support.scenarios import scenarios
from support.tapes import data_folder

MARKETS = ("KRW-BTC", "KRW-ETH", "KRW-DOGE")
HOURLY = ("KRW-BTC", "KRW-ETH", "KRW-XRP", "KRW-SOL", "KRW-DOGE")
SCENARIOS = scenarios()


def assert_same_bits(run: Run) -> None:
    """Assert that both modes leave equal results; equal reprs of floats are equal bits."""
    assert repr(run.backtested()) == repr(run.backtested(compiled=False))


@pytest.mark.parametrize("profile", ["plan", "conservative", "balanced", "aggressive"])
@pytest.mark.parametrize("markets", [*[(m,) for m in MARKETS], MARKETS], ids=str)
def test_a_month_of_minutes_gives_the_same_bits(markets: tuple[str, ...], profile: str) -> None:
    assert_same_bits(real(markets, profile))


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_world_of_rails_gives_the_same_bits(name: str) -> None:
    assert_same_bits(seeded(SCENARIOS[name]))


@pytest.mark.parametrize("profile", ["plan", "balanced"])
def test_years_of_hours_give_the_same_bits(profile: str) -> None:
    folder = data_folder()
    names = HOURLY if folder is not None else MARKETS
    setup = setup_of(profile=profile, markets=names, overrides={"risk.kelly_min_trades": "0"})
    if folder is None:
        found = real(names, profile).found
    else:
        files = [read_candles(folder / f"{name}_60m.parquet") for name in names]
        found = histories(files, names, HOUR_S)
    assert_same_bits(
        Run(setup=setup, found=found, span=span(found, HOUR_S, from_t=None, to_t=None))
    )
