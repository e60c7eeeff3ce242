"""The sandbox's routes to accounts, their keys, money and orders: what tests and the page need."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from upbit_sandbox.access.keys import (
    MAIN,
    Key,
    default_key,
    key_body,
    key_record,
    read_account_name,
    read_key,
)
from upbit_sandbox.base.arithmetic import parse_amount
from upbit_sandbox.base.errors import ApiError, exchange
from upbit_sandbox.base.fields import (
    Malformed,
    read_body,
    read_list,
    read_object,
    read_text,
    refuse_unknown,
)
from upbit_sandbox.base.wire import Json, Request, Response, first, json_response, split_pairs
from upbit_sandbox.trading.events import AssetEvent
from upbit_sandbox.trading.exchange import Exchange
from upbit_sandbox.trading.orders import Order, State, order_body, order_detail
from upbit_sandbox.trading.wallet import KRW, account_body
from upbit_sandbox.venue.state import Amounts
from upbit_sandbox.venue.venue import Control, Venue

MAX_ACCOUNTS = 100
MAX_KEYS = 10  # of one account (docs: api-key)
MAX_LISTED = 1_000
LISTED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An account to open."""

    name: str
    opening: Amounts
    keys: tuple[Key, ...]


def list_accounts(venue: Venue, request: Request) -> Response:
    """Answer every account: its balances, its keys without secrets, how many orders it has."""
    del request
    return json_response({"accounts": [_account_row(venue, name) for name in venue.accounts]})


def open_account(venue: Venue, request: Request) -> Response:
    """Open an account; the answer shows its keys' secrets, as nothing does again but the state.

    {"name": "alice", "cash": "1000000", "coins": {"BTC": "0.1"}, "keys": [{...}]}: a key may have
    `access_key`, `secret_key`, `permissions`, `allowed_ips` and `expire_at`. Without keys it gets
    one that may trade.
    """
    wanted = read_new_account(read_body(request.body), "the body", venue.options.seed)
    add_account(venue, wanted)
    keys: list[Json] = [key_record(key) for key in wanted.keys]
    return json_response(_account_row(venue, wanted.name) | {"keys": keys}, 201)


def close_account(venue: Venue, request: Request) -> Response:
    """Forget the account of the query's `name`, its orders and its keys."""
    name = _account_of(venue, request, "name")
    if name == MAIN:
        raise ApiError(400, "main_account", "the main account is always there")
    venue.close_account(name)
    return list_accounts(venue, request)


def add_key(venue: Venue, request: Request) -> Response:
    """Give the account a key, or change the key of this `access_key`."""
    fields = read_object(read_body(request.body), "the body")
    account = read_account_name(fields.get("account", MAIN), "account")
    if account not in venue.accounts:
        raise _no_account(account)
    theirs = [key for key in venue.authority.keys.values() if key.account == account]
    made = default_key(account, len(theirs) + 1, venue.options.seed)
    known = venue.authority.keys.get(str(fields.get("access_key")))
    if known is not None:
        made = key_record(known)
    key = read_key(made | fields | {"account": account}, "the body")
    if known is not None and known.account != account:
        raise Malformed("access_key", "is another account's")
    if known is None and len(theirs) >= MAX_KEYS:
        raise Malformed("access_key", f"an account has at most {MAX_KEYS} keys")
    venue.authority.keys[key.access_key] = key
    return json_response(key_record(key), 201)


def remove_key(venue: Venue, request: Request) -> Response:
    """Forget the key of the query's `access_key`."""
    access_key = first(split_pairs(request.query), "access_key") or ""
    key = venue.authority.keys.pop(access_key, None)
    if key is None:
        raise ApiError(404, "key_not_found", f"there is no key {access_key}")
    return json_response(key_body(key))


def deposit(venue: Venue, request: Request) -> Response:
    """Add an `amount` of a `currency` (KRW unless told) to an `account` (the main one)."""
    fields = read_object(read_body(request.body), "the body")
    refuse_unknown(fields, ("account", "currency", "amount"), "the body")
    name = read_account_name(fields.get("account", MAIN), "account")
    if name not in venue.accounts:
        raise _no_account(name)
    currency = read_text(fields.get("currency", KRW), "currency")
    amount = read_money(fields.get("amount"), "amount")
    account, now_s = venue.accounts[name], venue.clock.now()
    account.settle(now_s)
    account.wallet.receive(currency, amount)
    account.journal.add(AssetEvent(now_s, {currency: account.wallet.balance(currency)}))
    return json_response(_account_row(venue, name))


def list_orders(venue: Venue, request: Request) -> Response:
    """Answer an account's newest orders with their trades, newest first.

    The query may name the `account` (main), `state` (all, or wait) and `count` (50, at most 1000).
    """
    pairs = split_pairs(request.query)
    account = venue.accounts[_account_of(venue, request, "account")]
    text = first(pairs, "count") or str(LISTED)
    if not text.isdecimal() or len(text) > 4 or not 1 <= int(text) <= MAX_LISTED:
        raise Malformed("count", f"must be from 1 to {MAX_LISTED}")
    state = first(pairs, "state")
    if state not in (None, State.WAIT):
        raise Malformed("state", "must be wait or left out")
    account.settle(venue.clock.now())
    listed = islice(_newest(account, state), int(text))
    return json_response({"orders": [order_detail(order) for order in listed]})


def cancel_order(venue: Venue, request: Request) -> Response:
    """Cancel the order of the query's `uuid`, in the `account` of the query."""
    account = venue.accounts[_account_of(venue, request, "account")]
    uuid = first(split_pairs(request.query), "uuid")
    if uuid is None:
        raise exchange("bad_request")
    return json_response(order_body(account.cancel(uuid, None, venue.clock.now())))


def add_account(venue: Venue, wanted: Wanted) -> None:
    """Open an account; raises ApiError where its name or a key is taken."""
    if wanted.name in venue.accounts:
        raise ApiError(409, "account_exists", f"there is an account {wanted.name}")
    if len(venue.accounts) >= MAX_ACCOUNTS:
        raise ApiError(400, "too_many_accounts", f"at most {MAX_ACCOUNTS} accounts")
    for key in wanted.keys:
        if key.access_key in venue.authority.keys:
            raise ApiError(409, "key_exists", f"there is a key {key.access_key}")
    venue.open_account(wanted.name, wanted.opening, wanted.keys)


def read_new_account(value: object, where: str, seed: int) -> Wanted:
    """Read an account to open; raises Malformed."""
    fields = read_object(value, where)
    refuse_unknown(fields, ("name", "cash", "coins", "keys"), where)
    name = read_account_name(fields.get("name"), f"{where}.name")
    rows = read_list(fields.get("keys", [{}]), f"{where}.keys")
    if len(rows) > MAX_KEYS:
        raise Malformed(f"{where}.keys", f"must be at most {MAX_KEYS}")
    keys: dict[str, Key] = {}
    for n, row in enumerate(rows, 1):
        at = f"{where}.keys[{n - 1}]"
        key = read_key(default_key(name, n, seed) | read_object(row, at) | {"account": name}, at)
        if key.access_key in keys:
            raise Malformed(f"{at}.access_key", "is there twice")
        keys[key.access_key] = key
    opening = read_opening(fields, Decimal(0))
    return Wanted(name=name, opening=opening, keys=tuple(keys.values()))


def read_opening(fields: dict[str, object], cash: Decimal) -> Amounts:
    """Read `cash` (KRW; as told where it is left out) and `coins`."""
    held = {KRW: read_money(fields["cash"], "cash") if "cash" in fields else cash}
    for coin, amount in read_object(fields.get("coins", {}), "coins").items():
        held[read_text(coin, "coins")] = read_money(amount, f"coins.{coin}")
    return held


def read_money(value: object, where: str) -> Decimal:
    """Read an amount, 0 or more, written as a text or a number as orders may be."""
    text = str(value)
    amount = Decimal(0) if text == "0" else parse_amount(text)
    if amount is None:
        raise Malformed(where, f"not an amount: {text}")
    return amount


def _account_row(venue: Venue, name: str) -> dict[str, Json]:
    account = venue.accounts[name]
    account.settle(venue.clock.now())
    wallet = account.wallet
    return {
        "name": name,
        "balances": [account_body(c, wallet.balance(c)) for c in wallet.currencies()],
        "keys": [key_body(key) for key in venue.authority.keys.values() if key.account == name],
        "orders": len(account.orders),
        "open_orders": len(account.waiting(venue.clock.now())),
    }


def _newest(account: Exchange, state: str | None) -> Iterator[Order]:
    if state is None:
        return reversed(account.orders.values())
    return (order for order in reversed(account.orders.values()) if order.state is State.WAIT)


def _account_of(venue: Venue, request: Request, parameter: str) -> str:
    """Give the account that the query names, the main one if none."""
    name = first(split_pairs(request.query), parameter) or MAIN
    if name not in venue.accounts:
        raise _no_account(name)
    return name


def _no_account(name: str) -> ApiError:
    return ApiError(404, "account_not_found", f"there is no account {name}")


ACCOUNT_CONTROLS: dict[tuple[str, str], Control] = {
    ("GET", "/sandbox/accounts"): list_accounts,
    ("POST", "/sandbox/accounts"): open_account,
    ("DELETE", "/sandbox/accounts"): close_account,
    ("POST", "/sandbox/deposit"): deposit,
    ("GET", "/sandbox/orders"): list_orders,
    ("DELETE", "/sandbox/orders"): cancel_order,
    ("POST", "/sandbox/keys"): add_key,
    ("DELETE", "/sandbox/keys"): remove_key,
}
