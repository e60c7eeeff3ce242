"""The exchange's state as one JSON object: written whole, read with every field checked.

    {"version": 2, "now": "2025-09-01T00:00:00Z", "now_s": 1756684800.0,
     "source": {"name": "synthetic", "markets": ["KRW-BTC"], "seed": 7, "origin_s": 1754092800},
     "listings": {...},                         what listing.py writes
     "keys": [{"access_key": ..., ...}],        what keys.py writes; not the options' own key
     "accounts": {"main": {
         "opening": {"KRW": "10000000"},        what a reset gives it
         "issued": 2,                           how many uuids orders and trades have used up
         "settled_s": 1756684800.0,             up to when all is matched, 0 where not needed
         "identifiers": {"mine": "<uuid>" | null},  null: burnt by an attempt that was refused
         "orders": [GET /v1/order's body + "placed_s", its trades + "created_s"],
         "balances": [GET /v1/accounts' rows]}}}

Amounts are texts, exact to the last digit; what can be computed from the rest is not read back.
"""

from dataclasses import dataclass
from decimal import Decimal

from upbit_sandbox.access.keys import MAIN, Key, key_record, read_account_name, read_key
from upbit_sandbox.base.arithmetic import ZERO, add, plain
from upbit_sandbox.base.clock import utc_text
from upbit_sandbox.base.fields import (
    Malformed,
    read_amount,
    read_epoch,
    read_list,
    read_number,
    read_object,
    read_text,
    read_whole,
)
from upbit_sandbox.base.wire import Json
from upbit_sandbox.prices.listing import Listings, listings_body, read_listings
from upbit_sandbox.prices.source import Source, read_source, source_body
from upbit_sandbox.trading.ledger import Ledger
from upbit_sandbox.trading.orders import State, locked_currency
from upbit_sandbox.trading.records import order_record, read_order
from upbit_sandbox.trading.wallet import KRW, Balance, account_body

VERSION = 2
MAX_EPOCH_S = 7_258_118_400.0  # the year 2200

type Amounts = dict[str, Decimal]  # by currency


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """One account: as it stands, and the free balances that a reset gives it."""

    ledger: Ledger
    opening: Amounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything that survives; `keys` are those added, `now_s` the time in epoch s."""

    source: Source
    accounts: dict[str, AccountState]
    keys: tuple[Key, ...]
    listings: Listings
    now_s: float


def snapshot_body(snapshot: Snapshot) -> dict[str, Json]:
    """Write a snapshot."""
    return {
        "version": VERSION,
        "now": utc_text(snapshot.now_s) + "Z",
        "now_s": snapshot.now_s,
        "source": source_body(snapshot.source),
        "listings": listings_body(snapshot.listings),
        "keys": [key_record(key) for key in snapshot.keys],
        "accounts": {name: _account_state_body(kept) for name, kept in snapshot.accounts.items()},
    }


def _account_state_body(kept: AccountState) -> dict[str, Json]:
    ledger = kept.ledger
    return {
        "opening": amounts_body(kept.opening),
        "issued": ledger.issued,
        "settled_s": ledger.settled_s,
        "identifiers": dict(ledger.identifiers),
        "orders": [order_record(order) for order in ledger.orders],
        "balances": [account_body(c, held) for c, held in ledger.balances.items()],
    }


def amounts_body(amounts: Amounts) -> dict[str, Json]:
    """Write amounts by currency."""
    return {currency: plain(amount) for currency, amount in amounts.items()}


def read_snapshot(body: object) -> Snapshot:
    """Read what `snapshot_body` wrote, or raise Malformed; the sums are checked too."""
    fields = read_object(body, "the state")
    if fields.get("version") != VERSION:
        raise Malformed("version", f"must be {VERSION}")
    source = read_source(fields.get("source"), "source")
    accounts = {
        read_account_name(name, "accounts"): _account_state(value, f"accounts.{name}", source)
        for name, value in read_object(fields.get("accounts"), "accounts").items()
    }
    if MAIN not in accounts:
        raise Malformed("accounts", f"{MAIN} is missing")
    return Snapshot(
        source=source,
        accounts=accounts,
        keys=_keys(fields.get("keys"), accounts),
        listings=read_listings(fields.get("listings"), "listings"),
        now_s=read_epoch(fields.get("now_s"), "now_s"),
    )


def _read_opening(value: object, where: str) -> Amounts:
    opening = {
        read_text(currency, where): read_amount(amount, f"{where}.{currency}")
        for currency, amount in read_object(value, where).items()
    }
    if KRW not in opening:
        raise Malformed(where, "KRW is missing")
    return opening


def _account_state(value: object, where: str, source: Source) -> AccountState:
    fields = read_object(value, where)
    rows = read_list(fields.get("orders"), f"{where}.orders")
    ledger = Ledger(
        balances=_balances(fields.get("balances"), f"{where}.balances"),
        orders=tuple(read_order(row, f"{where}.orders[{n}]") for n, row in enumerate(rows)),
        identifiers=_identifiers(fields.get("identifiers"), f"{where}.identifiers"),
        issued=read_whole(fields.get("issued"), f"{where}.issued"),
        settled_s=read_number(fields.get("settled_s"), f"{where}.settled_s", MAX_EPOCH_S),
    )
    _check(ledger, source, where)
    opening = _read_opening(fields.get("opening"), f"{where}.opening")
    return AccountState(ledger=ledger, opening=opening)


def _keys(value: object, accounts: dict[str, AccountState]) -> tuple[Key, ...]:
    keys: dict[str, Key] = {}
    for n, row in enumerate(read_list(value, "keys")):
        key = read_key(row, f"keys[{n}]")
        if key.account not in accounts:
            raise Malformed(f"keys[{n}].account", "is not one of the accounts")
        if key.access_key in keys:
            raise Malformed(f"keys[{n}].access_key", "is there twice")
        keys[key.access_key] = key
    return tuple(keys.values())


def _check(ledger: Ledger, source: Source, where: str) -> None:
    """Hold the parts of an account against each other; raises Malformed."""
    if KRW not in ledger.balances:
        raise Malformed(f"{where}.balances", "KRW is missing")
    orders = {order.uuid: order for order in ledger.orders}
    if len(orders) != len(ledger.orders):
        raise Malformed(f"{where}.orders", "two have the same uuid")
    used = sum(1 + len(order.trades) for order in ledger.orders)
    if ledger.issued < used:
        raise Malformed(f"{where}.issued", f"the orders and trades alone are {used}")
    named = {order.identifier: uuid for uuid, order in orders.items() if order.identifier}
    booked = {name: uuid for name, uuid in ledger.identifiers.items() if uuid is not None}
    if named != booked:
        raise Malformed(f"{where}.identifiers", "are not those of the orders")
    locked: dict[str, Decimal] = {}
    for order in ledger.orders:
        if order.state is State.WAIT:
            if source.markets and order.market not in source.markets:
                raise Malformed(
                    f"{where}.orders", f"one waits in {order.market}, which is not a market"
                )
            currency = locked_currency(order)
            locked[currency] = add(locked.get(currency, ZERO), order.locked)
    for currency in ledger.balances.keys() | locked.keys():
        held = ledger.balances.get(currency, Balance())
        if held.locked != locked.get(currency, ZERO):
            raise Malformed(
                f"{where}.balances", f"{currency} locked is not what the waiting orders lock"
            )


def _balance(value: object, where: str) -> tuple[str, Balance]:
    fields = read_object(value, where)
    free, locked, average = (
        read_amount(fields.get(name), f"{where}.{name}")
        for name in ("balance", "locked", "avg_buy_price")
    )
    return read_text(fields.get("currency"), f"{where}.currency"), Balance(free, locked, average)


def _balances(value: object, where: str) -> dict[str, Balance]:
    balances: dict[str, Balance] = {}
    for n, row in enumerate(read_list(value, where)):
        currency, held = _balance(row, f"{where}[{n}]")
        if currency in balances:
            raise Malformed(f"{where}[{n}].currency", "is there twice")
        balances[currency] = held
    return balances


def _identifiers(value: object, where: str) -> dict[str, str | None]:
    return {
        name: None if uuid is None else read_text(uuid, f"{where}.{name}")
        for name, uuid in read_object(value, where).items()
    }
