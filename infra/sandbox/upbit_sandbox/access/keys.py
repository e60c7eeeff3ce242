"""API keys: whose account they open, what they permit, from where and until when (docs: auth)."""

import re
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from ipaddress import ip_address

from upbit_sandbox.base.clock import utc_text
from upbit_sandbox.base.fields import (
    Malformed,
    read_choice,
    read_epoch,
    read_list,
    read_object,
    read_text,
    refuse_unknown,
)
from upbit_sandbox.base.wire import Json

MAIN = "main"  # the account that is always there
MAX_IPS = 10  # of one key (docs: api-key)
_NAME = re.compile("[a-z0-9_-]{1,40}")


class Permission(StrEnum):
    """What a key may be allowed, by Upbit's own names (docs: list-pocket-api-keys)."""

    VIEW_ACCOUNT = "view_account"
    VIEW_ORDERS = "view_orders"
    MAKE_ORDERS = "make_orders"
    VIEW_WITHDRAWALS = "view_withdrawals"
    WITHDRAW = "withdraw"
    VIEW_DEPOSITS = "view_deposits"
    DEPOSIT = "deposit"


TRADING = frozenset({Permission.VIEW_ACCOUNT, Permission.VIEW_ORDERS, Permission.MAKE_ORDERS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key pair of one account; no `allowed_ips` means from anywhere, `expires_s` epoch s."""

    access_key: str
    secret_key: str
    account: str = MAIN
    permissions: frozenset[Permission] = TRADING
    allowed_ips: frozenset[str] = frozenset()
    expires_s: float | None = None


def default_key(account: str, number: int, seed: int) -> dict[str, Json]:
    """Name a key of which nothing was told; the same on every run."""
    secret = blake2b(f"{seed}:{account}:{number}".encode(), digest_size=32).hexdigest()
    return {"access_key": f"sandbox-{account}-{number}", "secret_key": secret}


def key_body(key: Key) -> dict[str, Json]:
    """Write a key without its secret."""
    permissions: list[Json] = [one for one in Permission if one in key.permissions]
    allowed_ips: list[Json] = [*sorted(key.allowed_ips)]
    return {
        "access_key": key.access_key,
        "permissions": permissions,
        "allowed_ips": allowed_ips,
        "expire_at": None if key.expires_s is None else utc_text(key.expires_s) + "Z",
    }


def key_record(key: Key) -> dict[str, Json]:
    """Write a key as a state keeps it, with its secret, which opens nothing but a sandbox."""
    return key_body(key) | {"secret_key": key.secret_key, "account": key.account}


def read_key(value: object, where: str) -> Key:
    """Read what `key_record` wrote; permissions left out are those to trade. Raises Malformed."""
    fields = read_object(value, where)
    known = ("access_key", "secret_key", "account", "permissions", "allowed_ips", "expire_at")
    refuse_unknown(fields, known, where)
    expire_at = fields.get("expire_at")
    permissions = read_list(fields.get("permissions", list(TRADING)), f"{where}.permissions")
    addresses = read_list(fields.get("allowed_ips", []), f"{where}.allowed_ips")
    if len(addresses) > MAX_IPS:
        raise Malformed(f"{where}.allowed_ips", f"must be at most {MAX_IPS}")
    return Key(
        access_key=read_text(fields.get("access_key"), f"{where}.access_key"),
        secret_key=read_text(fields.get("secret_key"), f"{where}.secret_key"),
        account=read_account_name(fields.get("account"), f"{where}.account"),
        permissions=frozenset(
            Permission(read_choice(name, Permission, f"{where}.permissions[{n}]"))
            for n, name in enumerate(permissions)
        ),
        allowed_ips=frozenset(
            _read_address(text, f"{where}.allowed_ips[{n}]") for n, text in enumerate(addresses)
        ),
        expires_s=None if expire_at is None else read_epoch(expire_at, f"{where}.expire_at"),
    )


def read_account_name(value: object, where: str) -> str:
    """Read the name of an account: small letters, digits, "-" and "_"."""
    name = read_text(value, where)
    if not _NAME.fullmatch(name):
        raise Malformed(where, "an account's name is 1 to 40 of a-z, 0-9, - and _")
    return name


def _read_address(value: object, where: str) -> str:
    try:
        return str(ip_address(read_text(value, where)))
    except ValueError:
        raise Malformed(where, "must be an IP address") from None
