"""Withdrawals and deposits, which a sandbox has none of: scopes are checked, nothing ever moves.

A key without the permission is refused with out_of_scope before it comes here. One that may
withdraw is locked, as every new key is until its owner releases it (docs: withdrawal-safety-lock).
"""

from upbit_sandbox.access.keys import Permission
from upbit_sandbox.base.errors import exchange
from upbit_sandbox.base.wire import Response, first, json_response
from upbit_sandbox.exchange_api.call import Act, Call, Route
from upbit_sandbox.venue.venue import Venue


def none(venue: Venue, call: Call, now_s: float) -> Response:
    """Answer an empty list."""
    del venue, call, now_s
    return json_response([])


def refusal(name: str) -> Act:
    """Make a route that always refuses by this name."""

    def act(venue: Venue, call: Call, now_s: float) -> Response:
        del venue, now_s
        raise exchange(name, first(call.pairs, "currency") or "")

    return act


_LOCKED = refusal("open_api_withdraw_locked")
_NO_WITHDRAWAL, _NO_DEPOSIT = refusal("withdraw_not_found"), refusal("deposit_not_found")
_NO_CURRENCY = refusal("currency_not_found")

_ROUTES: dict[tuple[str, str], tuple[Permission, Act]] = {
    ("GET", "/v1/withdraws"): (Permission.VIEW_WITHDRAWALS, none),
    ("GET", "/v1/withdraw"): (Permission.VIEW_WITHDRAWALS, _NO_WITHDRAWAL),
    ("GET", "/v1/withdraws/chance"): (Permission.VIEW_WITHDRAWALS, _NO_CURRENCY),
    ("GET", "/v1/withdraws/coin_addresses"): (Permission.VIEW_WITHDRAWALS, none),
    ("POST", "/v1/withdraws/coin"): (Permission.WITHDRAW, _LOCKED),
    ("POST", "/v1/withdraws/krw"): (Permission.WITHDRAW, _LOCKED),
    ("DELETE", "/v1/withdraws/coin"): (Permission.WITHDRAW, _NO_WITHDRAWAL),
    ("GET", "/v1/deposits"): (Permission.VIEW_DEPOSITS, none),
    ("GET", "/v1/deposit"): (Permission.VIEW_DEPOSITS, _NO_DEPOSIT),
    ("GET", "/v1/deposits/chance/coin"): (Permission.VIEW_DEPOSITS, _NO_CURRENCY),
    ("GET", "/v1/deposits/coin_address"): (Permission.VIEW_DEPOSITS, _NO_CURRENCY),
    ("GET", "/v1/deposits/coin_addresses"): (Permission.VIEW_DEPOSITS, none),
    ("POST", "/v1/deposits/generate_coin_address"): (Permission.VIEW_DEPOSITS, _NO_CURRENCY),
    ("POST", "/v1/deposits/krw"): (Permission.DEPOSIT, _NO_CURRENCY),
}
TRANSFERS = {key: Route("default", permission, act) for key, (permission, act) in _ROUTES.items()}
