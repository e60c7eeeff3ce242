"""API keys: whose account they open, what they permit, from where and until when (docs: auth)."""

from dataclasses import dataclass
from enum import StrEnum

MAIN = "main"  # the account that is always there


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
