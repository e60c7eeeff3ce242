"""The exchange's state as one JSON object: written whole, read with every field checked.

    {"version": 1, "now": "2025-09-01T00:00:00Z", "now_s": 1756684800.0,
     "source": {"name": "synthetic", "markets": ["KRW-BTC"], "seed": 7, "origin_s": 1754092800},
     "issued": 2,                             how many uuids orders and trades have used up
     "identifiers": {"mine": "<uuid>" | null},  null: burnt by an attempt that was refused
     "orders": [GET /v1/order's body + "placed_s", its trades + "created_s"],
     "balances": [GET /v1/accounts' rows]}

Amounts are texts, exact to the last digit; what can be computed from the rest is not read back.
"""

from dataclasses import dataclass
from decimal import Decimal

from upbit_sandbox.arithmetic import ZERO, add
from upbit_sandbox.clock import utc_text
from upbit_sandbox.fields import (
    Malformed,
    read_amount,
    read_epoch,
    read_integer,
    read_list,
    read_object,
    read_text,
    read_whole,
)
from upbit_sandbox.ledger import Ledger
from upbit_sandbox.orders import State, locked_currency
from upbit_sandbox.records import order_record, read_order
from upbit_sandbox.wallet import KRW, Balance, account_body
from upbit_sandbox.wire import Json

VERSION = 1
SOURCES = ("replay", "synthetic", "live")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Which market it is: for a synthetic one, seed and origin (epoch s) make it the same again.

    A live source without markets mirrors all that its upstream has.
    """

    name: str
    markets: tuple[str, ...]
    seed: int = 0
    origin_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything that survives: the market, the account, and the exchange's time in epoch s."""

    source: Source
    ledger: Ledger
    now_s: float


def snapshot_body(snapshot: Snapshot) -> dict[str, Json]:
    """Write a snapshot."""
    ledger = snapshot.ledger
    return {
        "version": VERSION,
        "now": utc_text(snapshot.now_s) + "Z",
        "now_s": snapshot.now_s,
        "source": source_body(snapshot.source),
        "issued": ledger.issued,
        "identifiers": dict(ledger.identifiers),
        "orders": [order_record(order) for order in ledger.orders],
        "balances": [account_body(c, held) for c, held in ledger.balances.items()],
    }


def source_body(source: Source) -> dict[str, Json]:
    """Write a source."""
    return {
        "name": source.name,
        "markets": list(source.markets),
        "seed": source.seed,
        "origin_s": source.origin_s,
    }


def read_snapshot(body: object) -> Snapshot:
    """Read what `snapshot_body` wrote, or raise Malformed; the sums are checked too."""
    fields = read_object(body, "the state")
    if fields.get("version") != VERSION:
        raise Malformed("version", f"must be {VERSION}")
    rows = read_list(fields.get("orders"), "orders")
    orders = [read_order(row, f"orders[{n}]") for n, row in enumerate(rows)]
    source = _source(fields.get("source"), "source")
    ledger = Ledger(
        balances=_balances(fields.get("balances")),
        orders=tuple(orders),
        identifiers=_identifiers(fields.get("identifiers")),
        issued=read_whole(fields.get("issued"), "issued"),
    )
    _check(ledger, source)
    return Snapshot(source=source, ledger=ledger, now_s=read_epoch(fields.get("now_s"), "now_s"))


def _source(value: object, where: str) -> Source:
    fields = read_object(value, where)
    name = read_text(fields.get("name"), f"{where}.name")
    if name not in SOURCES:
        raise Malformed(f"{where}.name", f"must be one of {', '.join(SOURCES)}")
    markets = read_list(fields.get("markets"), f"{where}.markets")
    return Source(
        name=name,
        markets=tuple(read_text(code, f"{where}.markets[{n}]") for n, code in enumerate(markets)),
        seed=read_integer(fields.get("seed"), f"{where}.seed"),
        origin_s=read_whole(fields.get("origin_s"), f"{where}.origin_s"),
    )


def _check(ledger: Ledger, source: Source) -> None:
    """Hold the parts of an account against each other; raises Malformed."""
    if KRW not in ledger.balances:
        raise Malformed("balances", "KRW is missing")
    orders = {order.uuid: order for order in ledger.orders}
    if len(orders) != len(ledger.orders):
        raise Malformed("orders", "two have the same uuid")
    used = sum(1 + len(order.trades) for order in ledger.orders)
    if ledger.issued < used:
        raise Malformed("issued", f"the orders and trades alone are {used}")
    named = {order.identifier: uuid for uuid, order in orders.items() if order.identifier}
    booked = {name: uuid for name, uuid in ledger.identifiers.items() if uuid is not None}
    if named != booked:
        raise Malformed("identifiers", "are not those of the orders")
    locked: dict[str, Decimal] = {}
    for order in ledger.orders:
        if order.state is State.WAIT:
            if source.markets and order.market not in source.markets:
                raise Malformed("orders", f"one waits in {order.market}, which is not a market")
            currency = locked_currency(order)
            locked[currency] = add(locked.get(currency, ZERO), order.locked)
    for currency in ledger.balances.keys() | locked.keys():
        held = ledger.balances.get(currency, Balance())
        if held.locked != locked.get(currency, ZERO):
            raise Malformed("balances", f"{currency} locked is not what the waiting orders lock")


def _balance(value: object, where: str) -> tuple[str, Balance]:
    fields = read_object(value, where)
    free, locked, average = (
        read_amount(fields.get(name), f"{where}.{name}")
        for name in ("balance", "locked", "avg_buy_price")
    )
    return read_text(fields.get("currency"), f"{where}.currency"), Balance(free, locked, average)


def _balances(value: object) -> dict[str, Balance]:
    balances: dict[str, Balance] = {}
    for n, row in enumerate(read_list(value, "balances")):
        currency, held = _balance(row, f"balances[{n}]")
        if currency in balances:
            raise Malformed(f"balances[{n}].currency", "is there twice")
        balances[currency] = held
    return balances


def _identifiers(value: object) -> dict[str, str | None]:
    return {
        name: None if uuid is None else read_text(uuid, f"identifiers.{name}")
        for name, uuid in read_object(value, "identifiers").items()
    }
