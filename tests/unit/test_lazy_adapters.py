"""A door pays only for what it plugs: nothing is imported or connected before it is asked for."""

import os
import subprocess
import sys

import pytest

from haetae.adapters.clocks import ExchangeClock, SystemClock
from haetae.base.errors import SecretsUnavailable
from haetae.wiring.adapters import DeskAdapters, TradingAdapters
from haetae.wiring.environments.desk import DailyReportEnvironment
from haetae.wiring.environments.trading import KillswitchEnvironment
from support.tapes import REPOSITORY

VARIABLES = {
    "HAETAE_TABLE": "books",
    "HAETAE_TOPIC_ARN": "arn:aws:sns:ap-northeast-2:123456789012:messages",
    "UPBIT_BASE_URL": "http://127.0.0.1:9",
    "UPBIT_ACCESS_KEY": "an-access-key",
    "UPBIT_SECRET_KEY": "a-secret-key",
}
BOTO = "boto3"
DYNAMODB = "haetae.adapters.dynamodb.books"
UPBIT = "haetae.adapters.upbit.client"
DOORS = ("trading_cycle", "risk_check", "killswitch", "daily_report", "api", "notifier")


def loaded(code: str) -> set[str]:
    """Return the modules of a new process after some code."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        env={"PATH": os.environ["PATH"], **VARIABLES, "HAETAE_LANGUAGE": "en"},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def imported(door: str) -> str:
    """Return code that imports a door as its function does."""
    module = "app" if door == "api" else "handler"
    return f"import sys; sys.path.insert(0, 'functions/{door}'); import {module}"


@pytest.mark.parametrize("door", DOORS)
def test_importing_a_door_connects_to_nothing(door: str) -> None:
    found = loaded(imported(door))

    assert "haetae.wiring.entry" in found
    assert not found & {BOTO, DYNAMODB, UPBIT}


def test_the_notifier_at_work_knows_no_exchange_and_no_aws() -> None:
    found = loaded(
        imported("notifier")
        + "; import json; event = json.load(open('events/notifier.json'))"
        + "; handler.handler(event, None)"
    )

    assert "haetae.notify.inbox" in found
    assert not found & {BOTO, "haetae.wiring.container", "haetae.wiring.environments.trading"}
    assert not {name for name in found if name.startswith("haetae.adapters")}


def test_a_plug_is_made_when_it_is_asked_for_and_once() -> None:
    plugs = TradingAdapters(KillswitchEnvironment.read(VARIABLES))

    assert not {"books", "messages", "exchange", "clock", "secrets"} & set(vars(plugs))
    assert plugs.exchange is plugs.exchange
    assert {"exchange", "secrets"} <= set(vars(plugs))
    assert not {"books", "messages", "clock"} & set(vars(plugs))
    assert isinstance(plugs.clock, SystemClock)


def test_a_desk_has_no_exchange_to_ask() -> None:
    plugs = DeskAdapters(DailyReportEnvironment.read(VARIABLES))

    assert not hasattr(plugs, "exchange")
    assert plugs.books is plugs.books
    assert plugs.messages is plugs.messages


def test_the_exchanges_clock_is_a_plug_on_the_exchange() -> None:
    environment = KillswitchEnvironment.read(VARIABLES | {"HAETAE_CLOCK": "exchange"})

    assert isinstance(TradingAdapters(environment).clock, ExchangeClock)


def test_the_books_can_be_reached_where_the_keys_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    nowhere = {"HAETAE_SECRETS": "ssm:/haetae/main", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    plugs = TradingAdapters(KillswitchEnvironment.read(VARIABLES | nowhere))

    assert plugs.books is not None
    with pytest.raises(SecretsUnavailable, match="EndpointConnectionError"):
        _exchange = plugs.exchange
