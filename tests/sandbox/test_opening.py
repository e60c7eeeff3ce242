"""From the command's options to the exchange they ask for."""

from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.client import T0
from upbit_sandbox.build import open_sandbox
from upbit_sandbox.cli import main
from upbit_sandbox.options import build_parser
from upbit_sandbox.venue.venue import Options, Venue


def opened(*options: str) -> Venue:
    return open_sandbox(build_parser().parse_args(options), None).venue


def candles(folder: Path) -> str:
    file = folder / "KRW-BTC_1m.csv"
    file.write_text(f"timestamp,open,high,low,close,volume\n{T0},1000,1000,1000,1000,1\n")
    return str(file)


def test_orders_meet_a_book_where_the_clock_is_real_and_candles_where_it_is_not(
    tmp_path: Path,
) -> None:
    replay = ("--source", "replay", "--candles", candles(tmp_path))
    for options, fills in (
        ((), "book"),
        (("--clock", "virtual"), "candles"),
        (replay, "candles"),
        ((*replay, "--clock", "real"), "book"),
        (("--fills", "candles"), "candles"),
        (("--clock", "virtual", "--fills", "book"), "book"),
    ):
        assert opened(*options).options.fills == fills, options


def test_options_reach_the_exchange() -> None:
    found = opened(
        *("--clock", "virtual", "--depth-krw", "5000000", "--smp-default", "none"),
        *("--rate-limits", "on", "--limit-body", "json", "--scope-status", "401"),
    ).options
    wanted = Options(
        depth_krw=Decimal(5_000_000),
        smp_default="none",
        rate_limits=True,
        limit_body="json",
        scope_status=401,
    )
    assert found == wanted


def test_rate_limits_follow_the_clock_unless_told() -> None:
    assert opened().limits.enforced
    assert not opened("--clock", "virtual").limits.enforced
    assert not opened("--rate-limits", "off").limits.enforced


def test_option_that_cannot_be_is_one_sentence() -> None:
    with pytest.raises(ValueError, match=r"^depth_krw must be more than 0$"):
        opened("--depth-krw", "0")
    with pytest.raises(ValueError, match=r"^nowhere\.json cannot be read: No such file"):
        opened("--accounts", "nowhere.json")


def test_faults_of_a_file_are_checked_as_those_of_a_call_are(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text('[{"kind": "stale"}]')
    with pytest.raises(ValueError, match=r"faults\[0\]: only quotation paths can be stale$"):
        opened("--faults", str(file))


@pytest.mark.parametrize(
    "options",
    [["--fills", "guesses"], ["--rate-limits", "maybe"], ["--scope-status", "404"]],
    ids=str,
)
def test_option_that_is_none_of_its_choices(options: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(options)
