"""Several accounts: opening, keys, deposits, orders to look at, reset, and what survives."""

import json
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.client import Client, at, client_of, error_of, flat_tape, token
from sandbox.servers import refused, running
from upbit_sandbox import ACCESS_KEY, SECRET_KEY, Request
from upbit_sandbox.control.accounts import MAX_ACCOUNTS, MAX_KEYS
from upbit_sandbox.trading.events import AssetEvent
from upbit_sandbox.venue.store import StateFile

TAPE = flat_tape("KRW-BTC", [10_000.0] * 20)
HERS = {"access_key": "hers", "secret_key": "her-secret-that-opens-nothing-" + "0" * 40}
ALICE = {"name": "alice", "cash": "50000", "coins": {"BTC": "0.5"}, "keys": [HERS]}


@pytest.fixture
def client() -> Client:
    return client_of([TAPE], at(2))


class Other(Client):
    """Talks to a sandbox with another key."""

    key: dict[str, str] = HERS

    def send(self, request: Request) -> Any:
        if "authorization" in request.headers:
            query = request.query or self.hashed(request.body)
            signed = token(
                query or None,
                secret=self.key["secret_key"],
                access_key=self.key["access_key"],
            )
            headers = request.headers | {"authorization": signed}
            request = Request(request.method, request.path, request.query, headers, request.body)
        return super().send(request)

    @staticmethod
    def hashed(body: bytes) -> str:
        return "&".join(f"{k}={v}" for k, v in json.loads(body or b"{}").items())


def open_alice(client: Client) -> Other:
    client.control("POST", "/sandbox/accounts", ALICE)
    assert client.last.status == 201
    return Other(client.sandbox)


def ask(client: Client, method: str, path: str, query: str) -> Any:
    return client.send(Request(method, path, query))


def names(client: Client) -> list[str]:
    return [row["name"] for row in client.control("GET", "/sandbox/accounts")["accounts"]]


def test_each_account_trades_for_itself(client: Client) -> None:
    alice = open_alice(client)
    assert alice.balances() == {"KRW": ("50000", "0"), "BTC": ("0.5", "0")}
    alice.buy("6000", identifier="same")
    client.buy("7000", identifier="same")
    assert alice.balances()["KRW"] == ("43997", "6003")
    client.set_clock(at(4))
    [hers], [mine] = (
        ask(client, "GET", "/sandbox/orders", f"account={name}")["orders"]
        for name in ("alice", "main")
    )
    assert (hers["price"], mine["price"]) == ("6000", "7000")
    assert hers["uuid"] != mine["uuid"]
    assert error_of(client.order(hers["uuid"])) == "order_not_found"
    assert alice.order(hers["uuid"])["trades_count"] == 1


def test_list_shows_balances_keys_without_secrets_and_counts(client: Client) -> None:
    alice = open_alice(client)
    alice.buy("6000")
    main, row = client.control("GET", "/sandbox/accounts")["accounts"]
    assert main["name"] == "main"
    assert [key["access_key"] for key in main["keys"]] == [ACCESS_KEY]
    assert (row["name"], row["orders"], row["open_orders"]) == ("alice", 1, 1)
    assert [held["currency"] for held in row["balances"]] == ["KRW", "BTC"]
    assert row["keys"] == [
        {
            "access_key": "hers",
            "permissions": ["view_account", "view_orders", "make_orders"],
            "allowed_ips": [],
            "expire_at": None,
        }
    ]
    assert SECRET_KEY.encode() not in client.last.body


def test_key_is_made_up_where_none_is_given(client: Client) -> None:
    opened = client.control("POST", "/sandbox/accounts", {"name": "bob", "cash": "6100"})
    [key] = opened["keys"]
    assert len(key["secret_key"]) == 64
    bob = Other(client.sandbox)
    bob.key = key
    assert bob.balances() == {"KRW": ("6100", "0")}
    again = client_of([TAPE]).control("POST", "/sandbox/accounts", {"name": "bob"})
    assert again["keys"] == opened["keys"]


def test_closed_account_and_its_keys_are_gone(client: Client) -> None:
    alice = open_alice(client)
    ask(client, "DELETE", "/sandbox/accounts", "name=alice")
    assert names(client) == ["main"]
    assert error_of(alice.get("/v1/accounts")) == "invalid_access_key"
    assert error_of(ask(client, "DELETE", "/sandbox/accounts", "name=main")) == "main_account"
    assert error_of(ask(client, "DELETE", "/sandbox/accounts", "")) == "main_account"
    body = ask(client, "DELETE", "/sandbox/accounts", "name=alice")
    assert (client.last.status, error_of(body)) == (404, "account_not_found")


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({}, 400, "the body.name: "),
        ([], 400, "the body: must be an object"),
        ({"name": "Alice"}, 400, "the body.name: "),
        ({"name": "a" * 41}, 400, "the body.name: "),
        ({"name": "../x"}, 400, "the body.name: "),
        ({"name": "main"}, 409, "there is an account main"),
        ({"name": "x", "cash": "-1"}, 400, "cash: "),
        ({"name": "x", "cash": "NaN"}, 400, "cash: "),
        ({"name": "x", "cash": {}}, 400, "cash: "),
        ({"name": "x", "coins": []}, 400, "coins: "),
        ({"name": "x", "coins": {"BTC": "x"}}, 400, "coins.BTC: "),
        ({"name": "x", "coins": {"": "1"}}, 400, "coins: "),
        ({"name": "x", "money": "1"}, 400, "the body: has no field money"),
        ({"name": "x", "keys": {}}, 400, "the body.keys: "),
        ({"name": "x", "keys": [7]}, 400, "the body.keys[0]: "),
        ({"name": "x", "keys": [{"secret_key": 7}]}, 400, "the body.keys[0].secret_key: "),
        ({"name": "x", "keys": [{"permissions": ["fly"]}]}, 400, "the body.keys[0].permissions[0]"),
        ({"name": "x", "keys": [{"allowed_ips": ["x"]}]}, 400, "the body.keys[0].allowed_ips[0]"),
        ({"name": "x", "keys": [{"allowed_ips": ["::1"] * 11}]}, 400, "the body.keys[0].allowed"),
        ({"name": "x", "keys": [{"expire_at": "soon"}]}, 400, "the body.keys[0].expire_at: "),
        ({"name": "x", "keys": [{"typo": 1}]}, 400, "the body.keys[0]: has no field typo"),
        ({"name": "x", "keys": [HERS, HERS]}, 400, "the body.keys[1].access_key: is there twice"),
        ({"name": "x", "keys": [{}] * (MAX_KEYS + 1)}, 400, "the body.keys: must be at most"),
        ({"name": "x", "keys": [{"access_key": ACCESS_KEY}]}, 409, "there is a key"),
    ],
)
def test_account_that_cannot_be_opened_is_refused(
    client: Client, body: object, status: int, said: str
) -> None:
    refusal = client.control("POST", "/sandbox/accounts", body)
    assert client.last.status == status
    assert refusal["error"]["message"].startswith(said), refusal
    assert names(client) == ["main"]


def test_accounts_are_not_opened_without_end(client: Client) -> None:
    for n in range(MAX_ACCOUNTS - 1):
        client.control("POST", "/sandbox/accounts", {"name": f"a{n}"})
    body = client.control("POST", "/sandbox/accounts", {"name": "one-more"})
    assert error_of(body) == "too_many_accounts"


def test_deposit_of_money_and_coins(client: Client) -> None:
    open_alice(client)
    body = {"account": "alice", "currency": "XRP", "amount": "3.5"}
    row = client.control("POST", "/sandbox/deposit", body)
    assert [(b["currency"], b["balance"]) for b in row["balances"]][-1] == ("XRP", "3.5")
    client.control("POST", "/sandbox/deposit", {"amount": 1000})
    assert client.balances()["KRW"] == ("10001000", "0")
    events = client.sandbox.venue.accounts["alice"].journal.since(0)
    assert [event.balances["XRP"].free for event in events if isinstance(event, AssetEvent)]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "amount: "),
        ({"amount": "-5"}, "amount: "),
        ({"amount": "5", "account": 7}, "account: "),
        ({"amount": "5", "currency": ""}, "currency: "),
        ({"amount": "5", "note": "x"}, "the body: has no field note"),
    ],
)
def test_deposit_that_makes_no_sense(client: Client, body: object, said: str) -> None:
    refusal = client.control("POST", "/sandbox/deposit", body)
    assert client.last.status == 400
    assert refusal["error"]["message"].startswith(said)
    assert client.balances() == {"KRW": ("10000000", "0")}


def test_newest_orders_first_and_no_more_than_asked_for(client: Client) -> None:
    uuids = [client.buy("6000")["uuid"] for _ in range(5)]
    client.set_clock(at(4))
    waiting = client.limit("bid", "5000", "2")["uuid"]
    rows = ask(client, "GET", "/sandbox/orders", "count=3")["orders"]
    assert [row["uuid"] for row in rows] == [waiting, uuids[4], uuids[3]]
    assert rows[1]["trades"][0]["price"] == "10000"
    rows = ask(client, "GET", "/sandbox/orders", "state=wait&count=3")["orders"]
    assert [row["uuid"] for row in rows] == [waiting]
    assert len(ask(client, "GET", "/sandbox/orders", "")["orders"]) == 6


@pytest.mark.parametrize("query", ["count=0", "count=x", "count=1001", "count=-1", "state=done"])
def test_orders_that_cannot_be_listed(client: Client, query: str) -> None:
    assert error_of(ask(client, "GET", "/sandbox/orders", query)) == "validation_error"
    assert error_of(ask(client, "GET", "/sandbox/orders", "account=x")) == "account_not_found"


def test_order_can_be_cancelled_by_hand(client: Client) -> None:
    alice = open_alice(client)
    uuid = alice.limit("bid", "5000", "2")["uuid"]
    assert error_of(ask(client, "DELETE", "/sandbox/orders", f"uuid={uuid}")) == "order_not_found"
    assert error_of(ask(client, "DELETE", "/sandbox/orders", "account=alice")) == "bad_request"
    ask(client, "DELETE", "/sandbox/orders", f"account=alice&uuid={uuid}")
    assert client.last.status == 200
    assert alice.order(uuid)["state"] == "cancel"
    assert alice.balances()["KRW"] == ("50000", "0")


def test_keys_are_added_changed_and_removed(client: Client) -> None:
    made = client.control("POST", "/sandbox/keys", {"permissions": ["view_account"]})
    assert (made["account"], made["permissions"]) == ("main", ["view_account"])
    second = Other(client.sandbox)
    second.key = made
    assert second.balances() == {"KRW": ("10000000", "0")}
    assert error_of(second.buy("6000")) == "out_of_scope"
    change = {"access_key": made["access_key"], "permissions": ["make_orders"]}
    changed = client.control("POST", "/sandbox/keys", change)
    assert changed["secret_key"] == made["secret_key"]
    assert second.buy("6000")["state"] == "wait"
    assert error_of(second.get("/v1/accounts")) == "out_of_scope"
    ask(client, "DELETE", "/sandbox/keys", f"access_key={made['access_key']}")
    assert error_of(second.get("/v1/accounts")) == "invalid_access_key"
    body = ask(client, "DELETE", "/sandbox/keys", f"access_key={made['access_key']}")
    assert (client.last.status, error_of(body)) == (404, "key_not_found")


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"account": "nobody"}, 404, "there is no account"),
        ({"account": "main", "access_key": "hers"}, 400, "access_key: is another account's"),
        ({"access_key": 7}, 400, "the body.access_key: "),
        ({"expire_at": True}, 400, "the body.expire_at: "),
    ],
)
def test_key_that_cannot_be_added(client: Client, body: object, status: int, said: str) -> None:
    open_alice(client)
    before = client.control("GET", "/sandbox/state")
    refusal = client.control("POST", "/sandbox/keys", body)
    assert client.last.status == status
    assert refusal["error"]["message"].startswith(said), refusal
    assert client.control("GET", "/sandbox/state") == before


def test_an_account_has_at_most_ten_keys(client: Client) -> None:
    for _ in range(MAX_KEYS - 1):
        client.control("POST", "/sandbox/keys", {})
        assert client.last.status == 201
    assert error_of(client.control("POST", "/sandbox/keys", {})) == "validation_error"


def test_reset_of_one_account_leaves_the_others(client: Client) -> None:
    alice = open_alice(client)
    alice.buy("6000", identifier="a")
    client.buy("7000", identifier="a")
    client.control("PUT", "/sandbox/faults", [{"kind": "slow", "path": "/v1/never"}])
    client.control("POST", "/sandbox/reset", {"account": "alice"})
    assert alice.balances() == {"KRW": ("50000", "0"), "BTC": ("0.5", "0")}
    assert alice.buy("6000", identifier="a")["state"] == "wait"
    assert client.order(client.get("/v1/orders/open")[0]["uuid"])["price"] == "7000"
    assert len(client.control("GET", "/sandbox/faults")["faults"]) == 1
    client.control("POST", "/sandbox/reset", {"account": "alice", "cash": "9"})
    assert alice.balances() == {"KRW": ("9", "0")}
    body = client.control("POST", "/sandbox/reset", {"account": "bob"})
    assert (client.last.status, error_of(body)) == (404, "account_not_found")


def test_reset_of_all_gives_each_what_it_began_with(client: Client) -> None:
    alice = open_alice(client)
    alice.buy("6000")
    client.buy("7000")
    client.control("PUT", "/sandbox/faults", [{"kind": "slow"}])
    client.control("POST", "/sandbox/reset")
    assert alice.balances() == {"KRW": ("50000", "0"), "BTC": ("0.5", "0")}
    assert client.balances() == {"KRW": ("10000000", "0")}
    assert client.control("GET", "/sandbox/faults")["faults"] == []
    client.control("POST", "/sandbox/reset", {"coins": {"BTC": "1"}})
    assert client.balances() == {"KRW": ("10000000", "0"), "BTC": ("1", "0")}
    assert alice.balances() == {"KRW": ("50000", "0"), "BTC": ("0.5", "0")}


def test_reset_that_makes_no_sense_changes_nothing(client: Client) -> None:
    client.buy("6000")
    before = client.control("GET", "/sandbox/state")
    both = {"account": "main", "now": at(5)}
    bodies: list[Any] = [both, {"cash": "x"}, {"typo": 1}, {"now": "soon"}, {"coins": {"": 1}}, []]
    for body in bodies:
        client.control("POST", "/sandbox/reset", body)
        assert client.last.status == 400
    assert client.control("GET", "/sandbox/state") == before


def test_state_carries_all_accounts_keys_and_announcements(client: Client) -> None:
    alice = open_alice(client)
    alice.buy("6000", identifier="hers")
    client.control("POST", "/sandbox/keys", {"access_key": ACCESS_KEY, "permissions": []})
    listing = {"KRW-BTC": {"warning": True, "maintenance": [[at(10), at(12)]]}}
    client.control("PUT", "/sandbox/markets", listing)
    state = client.control("GET", "/sandbox/state")
    after = client_of([TAPE], at(0))
    assert after.control("PUT", "/sandbox/state", state) == state
    assert after.control("GET", "/sandbox/markets") == client.control("GET", "/sandbox/markets")
    there = Other(after.sandbox)
    assert there.get("/v1/order", "identifier=hers")["state"] == "wait"
    assert error_of(after.get("/v1/accounts")) == "out_of_scope"
    for one in (client, after):
        one.set_clock(at(15))
    assert after.control("GET", "/sandbox/state") == client.control("GET", "/sandbox/state")


def test_state_without_its_accounts_closes_those_that_were(client: Client) -> None:
    state = client.control("GET", "/sandbox/state")
    alice = open_alice(client)
    client.control("PUT", "/sandbox/state", state)
    assert names(client) == ["main"]
    assert error_of(alice.get("/v1/accounts")) == "invalid_access_key"


def reloaded(path: Path) -> Any:
    """What a file holds, as the state of an exchange that goes on with it."""
    file = StateFile(path)
    kept = file.load()
    file.close()
    assert kept is not None
    client = client_of([TAPE], at(0))
    client.sandbox.venue.restore(kept.snapshot)
    return client.control("GET", "/sandbox/state")


def test_file_follows_every_change_of_accounts(tmp_path: Path) -> None:
    client = client_of([TAPE], at(2))
    path = tmp_path / "state.db"
    file = StateFile(path)
    client.sandbox.keep(file)
    copies: list[tuple[Path, Any]] = []

    def keep_copy() -> None:
        """Copy the file as a kill would leave it, and note what it should hold."""
        copy = tmp_path / f"copy-{len(copies)}.db"
        assert file._db is not None
        with sqlite3.connect(copy) as other:
            file._db.backup(other)
        other.close()
        copies.append((copy, client.control("GET", "/sandbox/state")))

    alice = open_alice(client)
    keep_copy()
    alice.buy("6000", identifier="a")
    client.buy("7000", identifier="a")
    alice.buy("1", identifier="refused")
    keep_copy()
    client.control("POST", "/sandbox/deposit", {"account": "alice", "amount": "5"})
    keep_copy()
    client.control("POST", "/sandbox/keys", {"account": "alice"})
    client.control("PUT", "/sandbox/markets", {"KRW-BTC": {"warning": True}})
    keep_copy()
    client.control("POST", "/sandbox/reset", {"account": "alice", "cash": "8000"})
    alice.buy("6000", identifier="a")
    keep_copy()
    client.set_clock(at(4))
    client.get("/v1/orders/open")
    keep_copy()
    client.control("POST", "/sandbox/accounts", {"name": "bob"})
    ask(client, "DELETE", "/sandbox/accounts", "name=alice")
    keep_copy()
    client.control("POST", "/sandbox/reset")
    keep_copy()
    file.close()
    for copy, state in copies:
        assert reloaded(copy) == state


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    client = client_of([TAPE], at(2))
    alice = open_alice(client)
    for _ in range(50):
        alice.buy("5000")
        client.buy("5000")
    file = StateFile(tmp_path / "state.db")
    client.sandbox.keep(file)
    assert file._db is not None
    statements: list[str] = []
    file._db.set_trace_callback(statements.append)
    client.buy("5000")
    written = [text.split("(")[0] for text in statements]
    assert written == ["BEGIN IMMEDIATE", "INSERT INTO accounts VALUES ", *written[2:3], "COMMIT"]
    assert written[2].startswith("INSERT INTO orders")
    assert "'main'" in statements[1]
    file.close()


def test_accounts_come_from_a_file_and_survive_a_kill(tmp_path: Path) -> None:
    accounts, state = tmp_path / "accounts.json", tmp_path / "state.db"
    accounts.write_text(json.dumps([ALICE, {"name": "bob"}]))
    options = ("--source", "synthetic", "--clock", "virtual", "--accounts", accounts)
    with running(*options, "--state", state) as server:
        server.call("POST", "/sandbox/deposit", {"account": "bob", "amount": "123"})
        before = server.get("/sandbox/accounts")
        server.process.kill()
    accounts.write_text("[]")
    with running(*options, "--state", state) as server:
        assert server.get("/sandbox/accounts") == before
    assert [row["name"] for row in before["accounts"]] == ["main", "alice", "bob"]
    for text, said in (
        ("{}", "the file: must be a list"),
        ("[7]", "[0]: must be an object"),
        ('[{"name": "x"}, {"name": "x"}]', "409 account_exists: there is an account x"),
        ('[{"name": "x", "cash": "much"}]', "cash: not an amount: much"),
    ):
        accounts.write_text(text)
        assert refused(*options) == f"{accounts}: {said}"


def test_reset_of_all_fills_the_books_again() -> None:
    client = client_of([TAPE], at(2.5), fills="book", depth_krw=Decimal(1_000_000))
    before = client.quote("/v1/orderbook", "markets=KRW-BTC")
    client.buy("900000")
    client.get("/v1/orders/open")
    assert client.quote("/v1/orderbook", "markets=KRW-BTC") != before
    client.control("POST", "/sandbox/reset", {"account": "main"})
    assert client.quote("/v1/orderbook", "markets=KRW-BTC") != before
    client.control("POST", "/sandbox/reset")
    assert client.quote("/v1/orderbook", "markets=KRW-BTC") == before
