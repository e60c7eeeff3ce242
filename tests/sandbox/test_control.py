"""The sandbox's own switches: health, clock, reset and state."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox.client import T0, Client, at, client_of, error_of, flat_tape
from upbit_sandbox import Options, Sandbox
from upbit_sandbox.base.clock import RealClock
from upbit_sandbox.prices.market import build_markets


@pytest.fixture
def client() -> Client:
    return client_of([flat_tape("KRW-BTC", [10_000.0] * 10)], at(2))


@pytest.fixture
def ticking() -> tuple[Client, list[float]]:
    """A sandbox on a real clock whose elapsed seconds the test sets."""
    elapsed = [0.0]
    markets = list(build_markets([flat_tape("KRW-BTC", [10_000.0] * 10)]).values())
    clock = RealClock(at(2), lambda: elapsed[0])
    return Client(Sandbox(markets, clock, Options())), elapsed


NOT_TIMES: tuple[Any, ...] = (None, "soon", True, [], -1, 1e300)


def test_health(client: Client) -> None:
    body = client.control("GET", "/sandbox/health")
    assert body == {
        "status": "ok",
        "markets": ["KRW-BTC"],
        "source": "replay",
        "fills": "candles",
    }


def test_clock_takes_both_spellings_and_goes_forward_only(client: Client) -> None:
    assert client.set_clock(at(3))["now"] == "2025-09-01T00:03:00Z"
    body = client.control("PUT", "/sandbox/clock", {"now": "2025-09-01T09:04:00+09:00"})
    assert body["now_s"] == at(4)
    assert error_of(client.set_clock(at(3))) == "clock_goes_forward"
    assert client.control("GET", "/sandbox/clock")["now_s"] == at(4)


def test_clock_is_advanced_by_seconds(client: Client) -> None:
    body = client.control("PUT", "/sandbox/clock", {"advance_s": 90})
    assert body == {
        "now": "2025-09-01T00:03:30Z",
        "now_s": at(3.5),
        "clock": "virtual",
        "speed": 0.0,
    }
    assert client.control("PUT", "/sandbox/clock", {"advance_s": 0})["now_s"] == at(3.5)


@pytest.mark.parametrize(
    "body",
    [
        *({"now": now} for now in NOT_TIMES),
        *({"advance_s": seconds} for seconds in (None, "1", True, -1, 1e300)),
        {},
        {"now": at(5), "advance_s": 1},
        {"now": at(5), "typo": 1},
        [at(5)],
    ],
    ids=str,
)
def test_clock_refuses_what_is_not_a_time(client: Client, body: object) -> None:
    assert error_of(client.control("PUT", "/sandbox/clock", body)) == "validation_error"
    assert client.control("GET", "/sandbox/clock")["now_s"] == at(2)


def test_real_clock_cannot_be_set(ticking: tuple[Client, list[float]]) -> None:
    client, elapsed = ticking
    assert error_of(client.set_clock(at(9))) == "clock_is_real"
    assert error_of(client.control("PUT", "/sandbox/clock", {"advance_s": 1})) == "clock_is_real"
    elapsed[0] = 60.0
    body = client.control("GET", "/sandbox/clock")
    assert (body["now_s"], body["clock"], body["speed"]) == (at(3), "real", 1.0)


def test_reset_starts_the_account_over(client: Client) -> None:
    client.buy("10000", identifier="a")
    body = {"cash": "7000", "coins": {"BTC": "0.5"}, "now": T0 + 60}
    client.control("POST", "/sandbox/reset", body)
    assert client.balances() == {"KRW": ("7000", "0"), "BTC": ("0.5", "0")}
    assert client.control("GET", "/sandbox/state")["accounts"]["main"]["orders"] == []
    assert client.control("GET", "/sandbox/clock")["now_s"] == at(1)
    assert client.buy("5000", identifier="a")["state"] == "wait"
    assert error_of(client.control("POST", "/sandbox/reset", {"cash": "-1"})) == "validation_error"


def test_state_shows_fills_that_nobody_asked_for_yet(client: Client) -> None:
    client.buy("10000")
    client.set_clock(at(3))
    main = client.control("GET", "/sandbox/state")["accounts"]["main"]
    assert [order["state"] for order in main["orders"]] == ["done"]
    assert [row["currency"] for row in main["balances"]] == ["KRW", "BTC"]


def test_remaining_req_never_runs_down_on_a_virtual_clock(client: Client) -> None:
    for _ in range(50):
        client.quote("/v1/candles/minutes/1", "market=KRW-NONE")
        assert client.last.header("remaining-req") == "group=candles; min=600; sec=9"
    client.buy("1")
    assert client.last.header("remaining-req") == "group=order; min=720; sec=11"
    client.get("/v1/accounts")
    assert client.last.header("remaining-req") == "group=default; min=1800; sec=29"


def test_options_refuse_what_no_exchange_could_open_with() -> None:
    with pytest.raises(ValueError, match="negative"):
        Options(cash=Decimal(-1))
    for wrong in (
        {"slippage_bps": 10_000},
        {"fills": "guesses"},
        {"depth_krw": Decimal(0)},
        {"smp_default": "reduce"},
        {"scope_status": 400},
        {"limit_body": "xml"},
    ):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Options(**wrong)
