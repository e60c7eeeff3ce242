"""Balances of one account, free and locked apart; nothing here can go below zero."""

from dataclasses import dataclass, replace
from decimal import Decimal

from upbit_sandbox.base.arithmetic import ZERO, add, average_price, multiply, plain, subtract
from upbit_sandbox.base.wire import Json

KRW = "KRW"


@dataclass(frozen=True, slots=True)
class Balance:
    """What one currency holds; `avg_buy_price` in KRW, before fees."""

    free: Decimal = ZERO
    locked: Decimal = ZERO
    avg_buy_price: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """Free and locked together."""
        return add(self.free, self.locked)


EMPTY = Balance()


class Wallet:
    """The account's balances by currency; KRW is always there, a coin only while held."""

    def __init__(self, balances: dict[str, Balance]) -> None:
        """Start with these balances."""
        self._held = {KRW: EMPTY}
        for currency, balance in balances.items():
            self._put(currency, balance)

    def balance(self, currency: str) -> Balance:
        """Give one currency's balance, empty when not held."""
        return self._held.get(currency, EMPTY)

    def currencies(self) -> list[str]:
        """List what is held, KRW first."""
        return list(self._held)

    def lock(self, currency: str, amount: Decimal) -> bool:
        """Move from free to locked; False, and nothing moved, when free does not suffice."""
        held = self.balance(currency)
        if held.free < amount:
            return False
        free, locked = subtract(held.free, amount), add(held.locked, amount)
        self._put(currency, replace(held, free=free, locked=locked))
        return True

    def unlock(self, currency: str, amount: Decimal) -> None:
        """Move from locked back to free."""
        held = self.balance(currency)
        free, locked = add(held.free, amount), subtract(held.locked, amount)
        self._put(currency, replace(held, free=free, locked=locked))

    def spend(self, currency: str, amount: Decimal) -> None:
        """Take a locked amount away."""
        held = self.balance(currency)
        self._put(currency, replace(held, locked=subtract(held.locked, amount)))

    def receive(self, currency: str, amount: Decimal) -> None:
        """Add to free."""
        held = self.balance(currency)
        self._put(currency, replace(held, free=add(held.free, amount)))

    def receive_purchase(self, currency: str, volume: Decimal, funds: Decimal) -> None:
        """Add coins bought for these KRW and move the average buy price."""
        held = self.balance(currency)
        total = held.total
        cost = add(multiply(total, held.avg_buy_price), funds)
        average = average_price(cost, add(total, volume))
        self._put(currency, Balance(add(held.free, volume), held.locked, average))

    def _put(self, currency: str, balance: Balance) -> None:
        assert balance.free >= 0, f"{currency} free would be {balance.free}"
        assert balance.locked >= 0, f"{currency} locked would be {balance.locked}"
        if currency != KRW and not balance.total:
            self._held.pop(currency, None)
        else:
            self._held[currency] = balance


def account_body(currency: str, balance: Balance) -> dict[str, Json]:
    """Write one account row; `balance` excludes `locked` (Upbit docs: get-balance)."""
    return {
        "currency": currency,
        "balance": plain(balance.free),
        "locked": plain(balance.locked),
        "avg_buy_price": plain(balance.avg_buy_price),
        "avg_buy_price_modified": currency == KRW,
        "unit_currency": KRW,
    }
