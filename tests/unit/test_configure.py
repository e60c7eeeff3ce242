"""What `make up` and `make deploy-local` are told: the template's parameters, or a refusal."""

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from haetae.config.setup import Setup
from haetae.wiring.environments.trading import RiskCheckEnvironment
from haetae_local.cli import parser
from haetae_local.errors import LocalError
from haetae_local.folders import Running
from haetae_local.lifecycle.configure import configure
from haetae_local.lifecycle.options import parameters
from support.tapes import REPOSITORY

PLAN = REPOSITORY / "tests/data/config/plan.yaml"
DEFAULTS = {"Profile": "plan", "Markets": "KRW-BTC", "DecisionIntervalMinutes": "60"}

type Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder of its own, and no variables of a developer's."""
    monkeypatch.chdir(tmp_path)
    for name in ("MODE", "LOG_LEVEL", "SCHEDULER_ENABLED", "HAETAE_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def values(*options: str, dotenv: str = "", deployed: Mapping[str, str] = {}) -> dict[str, str]:
    """Return the template's parameters that options, `.env` and what is deployed come to."""
    Path(".env").write_text(dotenv, "utf-8")
    wanted: argparse.Namespace = configure(parser().parse_args(["up", *options]), deployed)
    running = Running(
        pid=1, localstack="http://a", exchange="http://b", stack="s", source="synthetic"
    )
    return parameters(wanted, running, schedules=wanted.schedules)


def refusal(*options: str, dotenv: str = "", deployed: Mapping[str, str] = {}) -> str:
    """Return the sentence that refuses them."""
    with pytest.raises(LocalError) as caught:
        values(*options, dotenv=dotenv, deployed=deployed)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def setup_in_functions(values: Mapping[str, str]) -> Setup:
    """Return the setup that the functions read, as the template puts parameters into variables."""
    values = DEFAULTS | dict(values)
    interval = f"schedule.decision_interval_minutes={values['DecisionIntervalMinutes']}"
    variables = {
        "HAETAE_PROFILE": values["Profile"],
        "HAETAE_MARKETS": values["Markets"],
        "HAETAE_SET": f"{interval},{values.get('Settings', '')}",
        "HAETAE_TABLE": "books",
        "HAETAE_TOPIC_ARN": "arn",
        "UPBIT_BASE_URL": values["UpbitBaseUrl"],
        "UPBIT_ACCESS_KEY": values["UpbitAccessKey"],
        "UPBIT_SECRET_KEY": values["UpbitSecretKey"],
    }
    return RiskCheckEnvironment.read(variables).setup


# The settings file


@pytest.mark.parametrize("profile", ["plan", "balanced"])
def test_the_plans_own_file_reaches_the_functions_word_for_word(profile: str) -> None:
    lines = [line for line in PLAN.read_text("utf-8").splitlines() if not line.endswith(":")]
    found = values("--config", str(PLAN), "--profile", profile)

    assert found["Markets"] == "KRW-BTC"
    assert "exchange.market" not in found["Settings"]
    assert found["Settings"].count("=") == len(lines) - 1
    setup = setup_in_functions(found)
    assert (setup.rails.r_bps, setup.rails.day_r, setup.rails.week_r) == (50, 2, 5)
    assert (setup.params[0].ema_fast, setup.params[0].trail_atr) == (20, 3.0)
    assert setup.rails.max_positions == 1


def test_a_files_markets_and_interval_become_parameters_of_their_own(folder: Path) -> None:
    file = folder / "config.yaml"
    file.write_text(
        "exchange:\n  market: [KRW-ETH, KRW-BTC]\n"
        "schedule:\n  decision_interval_minutes: 30.0\nrisk:\n  r_per_trade_bps: 25\n"
    )
    found = values("--config", str(file))

    assert (found["Markets"], found["DecisionIntervalMinutes"]) == ("KRW-ETH,KRW-BTC", "30")
    assert found["Settings"] == "risk.r_per_trade_bps=25"
    assert setup_in_functions(found).interval_s == 1_800


@pytest.mark.parametrize(
    ("text", "told_of"),
    [
        ("risk:\n  luck: 7\n", "line 2: key 'risk.luck' is unknown"),
        ("risk:\n  r_per_trade_bps: 7\n", "line 2: risk.r_per_trade_bps 7 is out of range"),
        ("risk:\n  max_position: 1\n  max_position: 2\n", "line 3: key 'risk.max_position' is"),
        (
            "strategy:\n  params:\n    trail_type: none\n    trail_atr_mult: 3.0\n",
            "line 3: strategy.params.trail_type none contradicts",
        ),
        ("exchange:\n  market: BTC\n", "line 2: market 'BTC' is unknown"),
        ("risk: [", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_with_line_and_key(
    text: str, told_of: str, folder: Path
) -> None:
    file = folder / "config.yaml"
    file.write_text(text)

    assert refusal("--config", str(file)).startswith(f"--config {file} {told_of}")


def test_up_ends_with_two_and_one_sentence_and_starts_nothing(folder: Path) -> None:
    (folder / ".env").write_text("SCHEDULER_INTERVAL_MINUTES=120\n")
    done = subprocess.run(
        [sys.executable, "-m", "haetae_local", "up"],
        env=os.environ | {"HAETAE_LOCAL": str(folder / "local")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("haetae: .env line 1 SCHEDULER_INTERVAL_MINUTES: schedule.decision_")
    assert [path.name for path in (folder / "local/main").iterdir()] == []


def test_options_win_over_the_file_and_markets_must_agree() -> None:
    options = ("--config", str(PLAN), "--settings", "risk.r_per_trade_bps=25")

    assert "risk.r_per_trade_bps=25" in values(*options)["Settings"]
    assert refusal("--config", str(PLAN), "--markets", "KRW-ETH").startswith(
        f"--config {PLAN} line 3: exchange.market 'KRW-BTC' and the markets 'KRW-ETH' disagree"
    )


# Variables


def test_variables_become_the_parameters() -> None:
    found = values(
        dotenv="TRADING_SYMBOL=KRW-ETH, KRW-BTC\nHAETAE_PROFILE=balanced\nHAETAE_LANGUAGE=en\n"
        "TRADING_BUY_PERCENTAGE=0.2\nTRADING_MIN_ORDER_AMOUNT=10000.0\nLOG_LEVEL=DEBUG\n"
        "SCHEDULER_INTERVAL_MINUTES=10\nHAETAE_SET=risk.max_position=2\n"
    )

    assert found["Markets"] == "KRW-ETH,KRW-BTC"
    assert (found["Profile"], found["Language"], found["LogLevel"]) == ("balanced", "en", "DEBUG")
    assert found["Schedules"] == "ENABLED"
    setup = setup_in_functions(found)
    assert (setup.rails.buy_bps, setup.rails.min_order) == (2_000, 10_000)
    assert (setup.rails.max_positions, setup.interval_s) == (2, 600)


def test_options_win_over_variables() -> None:
    dotenv = "TRADING_SYMBOL=KRW-ETH\nHAETAE_PROFILE=balanced\nSCHEDULER_INTERVAL_MINUTES=10\n"
    found = values("--markets", "KRW-XRP", "--profile", "plan", "--interval", "5", dotenv=dotenv)

    assert (found["Markets"], found["Profile"]) == ("KRW-XRP", "plan")
    assert found["DecisionIntervalMinutes"] == "5"


def test_without_a_word_everything_stays_as_it_is_deployed() -> None:
    assert set(values()) == {
        "Schedules",
        "Clock",
        "UpbitBaseUrl",
        "UpbitAccessKey",
        "UpbitSecretKey",
    }


def test_development_is_schedules_off_and_a_log_level(monkeypatch: pytest.MonkeyPatch) -> None:
    found = values(dotenv="SCHEDULER_ENABLED=false\nLOG_LEVEL=DEBUG\n")
    assert (found["Schedules"], found["LogLevel"]) == ("DISABLED", "DEBUG")

    monkeypatch.setenv("SCHEDULER_ENABLED", "true")
    assert values(dotenv="SCHEDULER_ENABLED=false\n")["Schedules"] == "ENABLED"


@pytest.mark.parametrize(
    ("dotenv", "deployed", "word"),
    [
        ("", "DISABLED", "DISABLED"),
        ("", "ENABLED", "ENABLED"),
        ("SCHEDULER_ENABLED=true\n", "DISABLED", "ENABLED"),
        ("SCHEDULER_ENABLED=false\n", "ENABLED", "DISABLED"),
    ],
)
def test_a_developers_schedules_stay_off_until_somebody_turns_them_on(
    dotenv: str, deployed: str, word: str
) -> None:
    assert values(dotenv=dotenv, deployed={"Schedules": deployed})["Schedules"] == word


def test_ones_own_keys_never_reach_the_sandbox_and_say_so(capsys: Capture) -> None:
    found = values(dotenv="UPBIT_ACCESS_KEY=mine\nUPBIT_SECRET_KEY=mine\nPG_HOST=db\n")

    assert "mine" not in found.values()
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(" has no effect")[0] for line in lines] == [
        "haetae: warning: .env line 1 UPBIT_ACCESS_KEY",
        "haetae: warning: .env line 2 UPBIT_SECRET_KEY",
        "haetae: warning: .env line 3 PG_HOST",
    ]


@pytest.mark.parametrize(
    ("dotenv", "told_of"),
    [
        ("MODE=live\n", ".env line 1 MODE 'live' is not allowed"),
        ("TZ=UTC\n", ".env line 1 TZ 'UTC' is not allowed"),
        ("TRADING_SYMBOL='KRW-ETH'\n", ".env line 1 TRADING_SYMBOL has quotes"),
        ("SCHEDULER_INTERVAL_MINUTES=120\n", ".env line 1 SCHEDULER_INTERVAL_MINUTES: schedule."),
        ("HAETAE_PROFILE=bold\n", "profile 'bold' is unknown"),
    ],
)
def test_a_variable_that_cannot_be_meant_is_refused_before_anything_starts(
    dotenv: str, told_of: str
) -> None:
    assert refusal(dotenv=dotenv).startswith(told_of)


# What is deployed


def test_what_nobody_tells_is_judged_as_it_is_deployed() -> None:
    line = ("--settings", "risk.daily_stop_R=-2")

    assert "Settings" in values(*line)
    assert "has no effect without an R" in refusal(*line, deployed={"Profile": "balanced"})
    assert "has no effect without an R" in refusal(
        "--profile", "balanced", deployed={"Profile": "plan", "Settings": "risk.daily_stop_R=-2"}
    )
    assert values(deployed={"Profile": "plan", "DecisionIntervalMinutes": "30"})


def test_an_interval_that_is_told_is_judged_whatever_is_deployed() -> None:
    assert "schedule.decision_interval_minutes 7 is not a candle Upbit has" in refusal(
        "--interval", "7", deployed=DEFAULTS
    )


def test_an_interval_that_is_told_twice_is_refused() -> None:
    assert refusal("--interval", "5", "--settings", "schedule.decision_interval_minutes=5") == (
        "INTERVAL and schedule.decision_interval_minutes of SETTINGS are one; allowed: one of them"
    )
