"""The state file: what was answered is there after a SIGKILL, and no bad file is overwritten."""

import signal
import sqlite3
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.client import T0, Client, at, client_of, error_of, flat_tape
from sandbox.servers import TIMEOUT_S, Server, refused, running
from sandbox.test_money import check
from upbit_sandbox.build import HISTORY_S
from upbit_sandbox.venue.store import StateFile, StateFileError

VIRTUAL = ("--source", "synthetic", "--clock", "virtual", "--seed", "3")
ORDERS_BEFORE_KILL = 40


def cut_off(server: Server) -> list[dict[str, Any]]:
    """Place orders one after the other, kill the server in their midst; give what it answered."""
    answered: list[dict[str, Any]] = []
    killed = threading.Event()

    def kill_in_the_midst() -> None:
        killed.wait(TIMEOUT_S)
        server.process.send_signal(signal.SIGKILL)

    killer = threading.Thread(target=kill_in_the_midst)
    killer.start()
    try:
        for number in range(100_000):
            if number == ORDERS_BEFORE_KILL:
                killed.set()
            match number % 4:
                case 3:
                    waiting = server.private("GET", "/v1/orders/open").json()
                    server.private("DELETE", "/v1/order", f"uuid={waiting[0]['uuid']}")
                case _:
                    placed = server.buy(f"{5_000 + number}", identifier=f"kill-{number}")
                    assert placed.status_code == 201
                    answered.append(placed.json())
    except requests.RequestException:
        return answered
    finally:
        killed.set()
        killer.join()
    raise AssertionError("the server was not killed")


def test_every_answered_order_survives_a_sigkill(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    with running(*VIRTUAL, "--state", file) as server:
        server.call("PUT", "/sandbox/clock", {"now": "2025-09-01T00:10:00"})
        first = server.buy("5000", identifier="first").json()["uuid"]
        assert server.buy("1", identifier="refused").status_code == 400
        server.call("PUT", "/sandbox/clock", {"now": "2025-09-01T00:20:00"})
        before = server.private("GET", "/v1/order", f"uuid={first}").json()
        answered = cut_off(server)
        assert server.process.wait(TIMEOUT_S) == -signal.SIGKILL
    assert len(answered) >= ORDERS_BEFORE_KILL * 3 // 4
    with running(*VIRTUAL, "--state", file) as server:
        assert server.get("/sandbox/clock")["now"] == "2025-09-01T00:20:00Z"
        assert server.private("GET", "/v1/order", f"uuid={first}").json() == before
        state = server.get("/sandbox/state")
        kept = {order["uuid"]: order for order in state["accounts"]["main"]["orders"]}
        for order in answered:
            again = kept[order["uuid"]]
            assert again["identifier"] == order["identifier"]
            assert again["price"] == order["price"]
            refusal = server.buy("5000", identifier=order["identifier"]).json()
            assert error_of(refusal) == "duplicated_identifier"
        assert error_of(server.buy("5000", identifier="refused").json()) == "duplicated_identifier"
        conserved(state)
        assert server.buy("5000", identifier="after").status_code == 201


def conserved(state: dict[str, Any]) -> None:
    """Recompute every balance from the trades, with the arithmetic of the money tests."""

    class Exported(Client):
        def control(self, method: str, path: str, body: object = None) -> Any:
            return state

    assert state["accounts"]["main"]["orders"]
    check(Exported(client_of([]).sandbox))


def test_reset_and_restore_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    with running(*VIRTUAL, "--state", file) as server:
        server.buy("6000", identifier="a")
        saved = server.get("/sandbox/state")
        server.call("POST", "/sandbox/reset", {"cash": "777"})
        server.process.kill()
    with running(*VIRTUAL, "--state", file) as server:
        assert server.private("GET", "/v1/accounts").json()[0]["balance"] == "777"
        assert server.call("PUT", "/sandbox/state", saved).json() == saved
        server.process.kill()
    with running(*VIRTUAL, "--state", file) as server:
        assert server.get("/sandbox/state") == saved
        server.call("PUT", "/sandbox/clock", {"now": "2025-09-02T00:00:00"})
        server.process.kill()
    with running(*VIRTUAL, "--state", file) as server:
        assert server.get("/sandbox/clock")["now"] == "2025-09-02T00:00:00Z"
        server.stop()
        assert server.process.returncode == 0
    assert not file.with_name("state.db-wal").exists()


def test_without_a_file_a_restart_begins_anew() -> None:
    for _ in range(2):
        with running(*VIRTUAL) as server:
            assert server.buy("6000", identifier="a").status_code == 201


def test_synthetic_market_on_a_real_clock_is_the_same_after_a_restart(tmp_path: Path) -> None:
    market = ("--source", "synthetic", "--market", "KRW-BTC", "--market", "KRW-ETH")
    options = (*market, "--state", str(tmp_path / "state.db"))
    query = "?market=KRW-ETH&count=200&to="
    with running(*options) as server:
        now_s = int(server.get("/sandbox/clock")["now_s"]) // 60 * 60
        to = server.get("/sandbox/clock")["now"]
        path = f"/v1/candles/minutes/60{query}{to}"
        state = server.get("/sandbox/state")
        state["source"]["origin_s"] -= 3 * 86_400  # as if it had begun three days ago
        assert server.call("PUT", "/sandbox/state", state).status_code == 200
        rows = server.get(path)
        source = server.get("/sandbox/state")["source"]
        server.process.kill()
    with running(*options) as server:
        again = server.get(path)
        assert server.get("/sandbox/state")["source"] == source
        assert server.get("/sandbox/clock")["now_s"] >= now_s
    assert len(rows) == 200
    assert again[1:] == rows[1:]  # row 0 is still forming
    assert source["markets"] == ["KRW-BTC", "KRW-ETH"]
    assert now_s - source["origin_s"] >= HISTORY_S


def test_each_new_state_has_a_market_of_its_own(tmp_path: Path) -> None:
    seeds = set()
    for name in ("a", "b"):
        with running("--state", tmp_path / name) as server:
            seeds.add(server.get("/sandbox/state")["source"]["seed"])
    assert len(seeds) == 2


def corrupt(file: Path) -> None:
    raw = bytearray(file.read_bytes())
    raw[4_096:] = b"\xff" * (len(raw) - 4_096)
    file.write_bytes(raw)


def edit(statement: str) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        db = sqlite3.connect(file, isolation_level=None)
        db.execute(statement)
        db.close()

    return change


BAD_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no database": (lambda file: file.write_bytes(b"not a state" * 1_000), "is damaged"),
    "emptied": (lambda file: file.write_bytes(b""), "is damaged (it is empty)"),
    "cut": (lambda file: file.write_bytes(file.read_bytes()[:6_000]), "is damaged"),
    "overwritten": (corrupt, "is damaged"),
    "another program's": (edit("PRAGMA application_id = 1"), "is not a state of this exchange"),
    "another version": (edit("PRAGMA user_version = 9"), "written by another version"),
    "order lost": (edit("DELETE FROM orders"), "is damaged (accounts.main.balances: KRW locked"),
    "order unreadable": (edit("UPDATE orders SET record = '{'"), "is damaged"),
    "order of nothing": (
        edit("UPDATE orders SET record = 'null'"),
        "is damaged (accounts.main.orders[0]",
    ),
    "account lost": (edit("DELETE FROM accounts"), "is damaged (accounts: main is missing"),
    "account unreadable": (edit("UPDATE accounts SET value = '[]'"), "is damaged (accounts.main"),
    "clock lost": (edit("DELETE FROM meta WHERE name = 'clock'"), "is damaged (clock"),
    "keys lost": (edit("DELETE FROM meta WHERE name = 'keys'"), "is damaged (keys"),
    "version 1": (edit("PRAGMA user_version = 1"), "written by another version"),
    "source lost": (edit("DELETE FROM meta WHERE name = 'source'"), "is damaged (source"),
    "table lost": (edit("DROP TABLE refused"), "no such table"),
}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """The file of an exchange that was stopped with an order waiting."""
    file = tmp_path / "state.db"
    client = client_of([flat_tape("KRW-BTC", [10_000.0] * 10)], at(2))
    kept = StateFile(file)
    client.sandbox.keep(kept)
    client.buy("6000", identifier="mine")
    kept.close()
    return file


@pytest.mark.parametrize(("harm", "said"), BAD_FILES.values(), ids=BAD_FILES)
def test_bad_file_is_named_and_left_as_it_is(
    saved: Path, harm: Callable[[Path], object], said: str
) -> None:
    harm(saved)
    raw = saved.read_bytes()
    kept = StateFile(saved)
    with pytest.raises(StateFileError) as caught:
        kept.load()
    kept.close()
    assert str(caught.value).startswith(f"{saved} ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert saved.read_bytes() == raw


def test_the_command_ends_with_2_where_the_state_does_not_fit(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    with running(*VIRTUAL, "--state", file) as server:
        assert "in use by another sandbox" in refused(*VIRTUAL, "--state", file)
        server.stop()
    raw = file.read_bytes()
    for options, said in (
        ((*VIRTUAL, "--market", "KRW-ETH"), "state of markets KRW-BTC, not KRW-ETH"),
        ((*VIRTUAL[:-1], "4"), "state of seed 3, not 4"),
        (("--source", "synthetic", "--clock", "real"), "state of a virtual clock, not a real one"),
        (("--source", "live"), "state of source synthetic, not live"),
    ):
        assert said in refused(*options, "--state", file)
    assert file.read_bytes() == raw
    file.write_bytes(b"x" * 10_000)
    assert "is damaged" in refused(*VIRTUAL, "--state", file)
    assert file.read_bytes() == b"x" * 10_000
    assert "cannot be used" in refused(*VIRTUAL, "--state", tmp_path / "nowhere" / "state.db")


def test_two_exchanges_cannot_begin_one_file_together(tmp_path: Path) -> None:
    files = [StateFile(tmp_path / "state.db") for _ in range(2)]
    assert [file.load() for file in files] == [None, None]
    client_of([]).sandbox.keep(files[0])
    with pytest.raises(StateFileError, match="in use by another sandbox"):
        client_of([]).sandbox.keep(files[1])
    for file in files:
        file.close()


def test_what_cannot_be_written_is_not_answered_and_did_not_happen(tmp_path: Path) -> None:
    client = client_of([flat_tape("KRW-BTC", [10_000.0] * 500)], at(2), cash=Decimal(10**9))
    file = StateFile(tmp_path / "state.db")
    client.sandbox.keep(file)
    client.buy("6000", identifier="before")
    assert file._db is not None
    [pages] = file._db.execute("PRAGMA page_count").fetchone()
    file._db.execute(f"PRAGMA max_page_count = {pages}")
    booked = []
    for number in range(100):  # until the disk is full
        body = client.buy("6000", identifier=f"i{number}")
        if "error" in body:
            break
        booked.append(body["uuid"])
    assert (client.last.status, error_of(body)) == (500, "internal_server_error")
    now_s = client.control("GET", "/sandbox/clock")["now_s"]
    main = client.control("GET", "/sandbox/state")["accounts"]["main"]
    assert [order["uuid"] for order in main["orders"]][1:] == booked
    assert f"i{number}" not in main["identifiers"]
    file._db.execute("PRAGMA max_page_count = 100000")
    assert client.buy("6000", identifier=f"i{number}")["state"] == "wait"
    client.set_clock(at(3))
    state = client.control("GET", "/sandbox/state")
    file.close()
    assert now_s == at(2)
    kept = StateFile(tmp_path / "state.db")
    client_again = client_of([flat_tape("KRW-BTC", [10_000.0] * 500)])
    found = kept.load()
    kept.close()
    assert found is not None
    client_again.sandbox.venue.restore(found.snapshot)
    assert client_again.control("GET", "/sandbox/state") == state


def test_quotes_do_not_touch_the_file(tmp_path: Path) -> None:
    client = client_of([flat_tape("KRW-BTC", [10_000.0] * 10)], at(2))
    file = StateFile(tmp_path / "state.db")
    client.sandbox.keep(file)
    assert file._db is not None
    statements: list[str] = []
    file._db.set_trace_callback(statements.append)
    client.quote("/v1/ticker", "markets=KRW-BTC")
    client.get("/v1/accounts")
    assert statements == []
    client.buy("6000")
    assert [text.split()[0] for text in statements] == ["BEGIN", "INSERT", "INSERT", "COMMIT"]
    file.close()


def test_played_real_clock_goes_on_while_nobody_runs_it(tmp_path: Path) -> None:
    rows = "\n".join(f"{T0 + 60 * n},1000,1000,1000,1000,1" for n in range(60))
    candles = tmp_path / "KRW-BTC_1m.csv"
    candles.write_text(f"timestamp,open,high,low,close,volume\n{rows}\n")
    market = ("--source", "replay", "--candles", candles, "--clock", "real", "--speed", "50")
    options = (*market, "--state", tmp_path / "state.db")
    times = []
    for _ in range(2):
        with running(*options) as server:
            times.append(server.get("/sandbox/clock")["now_s"])
            server.process.kill()
    assert T0 <= times[0] < times[1]
