"""The exchange's state as one JSON object: written whole, read with every field checked.

    {"version": 1, "now": "2025-09-01T00:00:00Z", "now_s": 1756684800.0,
     "source": {"name": "synthetic", "markets": ["KRW-BTC"], "seed": 7, "origin_s": 1754092800},
     "issued": 2,                             how many uuids orders and trades have used up
     "identifiers": {"mine": "<uuid>" | null},  null: burnt by an attempt that was refused
     "orders": [GET /v1/order's body + "placed_s", its trades + "created_s"],
     "balances": [GET /v1/accounts' rows]}

Amounts are texts, exact to the last digit; what can be computed from the rest is not read back.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from math import isfinite

from upbit_sandbox.arithmetic import ZERO, add, multiply
from upbit_sandbox.clock import parse_time, utc_text
from upbit_sandbox.intake import SHAPES
from upbit_sandbox.ledger import Ledger
from upbit_sandbox.orders import (
    Order,
    OrderType,
    Side,
    State,
    Trade,
    locked_currency,
    order_detail,
)
from upbit_sandbox.wallet import KRW, Balance, account_body
from upbit_sandbox.wire import Json

VERSION = 1
MAX_DIGITS = 40  # what a price, a volume and a fee multiply to, with room
SOURCES = ("replay", "synthetic", "live")


class Malformed(ValueError):
    """A state that cannot be read; `field` says where, as in orders[3].price."""

    def __init__(self, field: str, reason: str) -> None:
        """Keep the place and the reason."""
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


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


def order_record(order: Order) -> dict[str, Json]:
    """Write an order as GET /v1/order does, with its times unrounded."""
    body = order_detail(order) | {"placed_s": order.placed_s}
    for row, trade in zip(body["trades"], order.trades, strict=True):  # type: ignore[arg-type]
        row["created_s"] = trade.created_s  # type: ignore[index, call-overload]
    return body


def read_snapshot(body: object) -> Snapshot:
    """Read what `snapshot_body` wrote, or raise Malformed; the sums are checked too."""
    fields = _object(body, "the state")
    if fields.get("version") != VERSION:
        raise Malformed("version", f"must be {VERSION}")
    orders = [
        _order(row, f"orders[{n}]") for n, row in enumerate(_list(fields.get("orders"), "orders"))
    ]
    source = _source(fields.get("source"), "source")
    ledger = Ledger(
        balances=_balances(fields.get("balances")),
        orders=tuple(orders),
        identifiers=_identifiers(fields.get("identifiers")),
        issued=_whole(fields.get("issued"), "issued"),
    )
    _check(ledger, source)
    return Snapshot(source=source, ledger=ledger, now_s=_time(fields.get("now_s"), "now_s"))


def _source(value: object, where: str) -> Source:
    fields = _object(value, where)
    name = _text(fields.get("name"), f"{where}.name")
    if name not in SOURCES:
        raise Malformed(f"{where}.name", f"must be one of {', '.join(SOURCES)}")
    markets = _list(fields.get("markets"), f"{where}.markets")
    return Source(
        name=name,
        markets=tuple(_text(code, f"{where}.markets[{n}]") for n, code in enumerate(markets)),
        seed=_integer(fields.get("seed"), f"{where}.seed"),
        origin_s=_whole(fields.get("origin_s"), f"{where}.origin_s"),
    )


def _order(value: object, where: str) -> Order:
    fields = _object(value, where)

    def text(name: str) -> str:
        return _text(fields.get(name), f"{where}.{name}")

    def amount(name: str) -> Decimal:
        return _amount(fields.get(name), f"{where}.{name}")

    side = Side(_choice(fields.get("side"), Side, f"{where}.side"))
    ord_type = OrderType(_choice(fields.get("ord_type"), OrderType, f"{where}.ord_type"))
    needs = SHAPES.get((ord_type, side))
    if needs is None:
        raise Malformed(f"{where}.ord_type", f"no {ord_type} order on this side")
    for name, needed in zip(("price", "volume"), needs, strict=True):
        if (name in fields) != needed:
            raise Malformed(f"{where}.{name}", "is missing" if needed else "does not belong here")
    rows = enumerate(_list(fields.get("trades"), f"{where}.trades"))
    order = Order(
        uuid=text("uuid"),
        market=text("market"),
        side=side,
        ord_type=ord_type,
        price=amount("price") if needs[0] else None,
        volume=amount("volume") if needs[1] else None,
        identifier=text("identifier") if "identifier" in fields else None,
        placed_s=_time(fields.get("placed_s"), f"{where}.placed_s"),
        reserved_fee=amount("reserved_fee"),
        remaining_fee=amount("remaining_fee"),
        locked=amount("locked"),
        state=State(_choice(fields.get("state"), State, f"{where}.state")),
        executed_volume=amount("executed_volume"),
        paid_fee=amount("paid_fee"),
        trades=tuple(_trade(row, f"{where}.trades[{n}]") for n, row in rows),
    )
    if _sum(trade.volume for trade in order.trades) != order.executed_volume:
        raise Malformed(f"{where}.executed_volume", "is not the sum of the trades")
    if order.volume is not None and order.executed_volume > order.volume:
        raise Malformed(f"{where}.executed_volume", "is more than the volume")
    return order


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
    fields = _object(value, where)
    free, locked, average = (
        _amount(fields.get(name), f"{where}.{name}")
        for name in ("balance", "locked", "avg_buy_price")
    )
    return _text(fields.get("currency"), f"{where}.currency"), Balance(free, locked, average)


def _balances(value: object) -> dict[str, Balance]:
    balances: dict[str, Balance] = {}
    for n, row in enumerate(_list(value, "balances")):
        currency, held = _balance(row, f"balances[{n}]")
        if currency in balances:
            raise Malformed(f"balances[{n}].currency", "is there twice")
        balances[currency] = held
    return balances


def _identifiers(value: object) -> dict[str, str | None]:
    return {
        name: None if uuid is None else _text(uuid, f"identifiers.{name}")
        for name, uuid in _object(value, "identifiers").items()
    }


def _trade(value: object, where: str) -> Trade:
    fields = _object(value, where)
    price, volume, funds = (
        _amount(fields.get(name), f"{where}.{name}") for name in ("price", "volume", "funds")
    )
    if multiply(price, volume) != funds:
        raise Malformed(f"{where}.funds", "is not price × volume")
    return Trade(
        uuid=_text(fields.get("uuid"), f"{where}.uuid"),
        price=price,
        volume=volume,
        funds=funds,
        created_s=_whole(fields.get("created_s"), f"{where}.created_s"),
        trend=_text(fields.get("trend"), f"{where}.trend"),
    )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = ZERO
    for amount in amounts:
        total = add(total, amount)
    return total


def _object(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise Malformed(where, "must be an object")
    return value


def _list(value: object, where: str) -> list[object]:
    if not isinstance(value, list):
        raise Malformed(where, "must be a list")
    return value


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise Malformed(where, "must be a text")
    return value


def _choice(value: object, choices: type[StrEnum], where: str) -> str:
    if not isinstance(value, str) or value not in choices:
        raise Malformed(where, f"must be one of {', '.join(choices)}")
    return value


def _amount(value: object, where: str) -> Decimal:
    try:
        amount = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or amount < 0:
        raise Malformed(where, "must be an amount as a text, 0 or more")
    if len(amount.as_tuple().digits) > MAX_DIGITS or not -MAX_DIGITS < amount.adjusted() < 20:
        raise Malformed(where, f"must have at most {MAX_DIGITS} digits")
    return amount


def _integer(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed(where, "must be a whole number")
    return value


def _whole(value: object, where: str) -> int:
    number = _integer(value, where)
    if number < 0:
        raise Malformed(where, "must not be negative")
    return number


def _time(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise Malformed(where, "must be epoch seconds")
    try:
        return float(parse_time(value))
    except ValueError:
        raise Malformed(where, "must be epoch seconds of the years 2000 to 2199") from None
