"""The private routes: whose rate group each is in, which permission it needs, what it does."""

from upbit_sandbox.access.keys import Permission
from upbit_sandbox.exchange_api.accounts import accounts, api_keys, chance, wallet_status
from upbit_sandbox.exchange_api.call import Route
from upbit_sandbox.exchange_api.order_lists import (
    closed_orders,
    old_list,
    open_orders,
    orders_by_ids,
    read_order,
)
from upbit_sandbox.exchange_api.orders import (
    cancel,
    cancel_and_new,
    cancel_by_ids,
    cancel_open,
    place,
    test,
)
from upbit_sandbox.exchange_api.transfers import TRANSFERS

_ACCOUNT, _VIEW, _MAKE = Permission.VIEW_ACCOUNT, Permission.VIEW_ORDERS, Permission.MAKE_ORDERS

ROUTES: dict[tuple[str, str], Route] = {
    ("GET", "/v1/accounts"): Route("default", _ACCOUNT, accounts),
    ("GET", "/v1/status/wallet"): Route("default", None, wallet_status),
    ("GET", "/v1/api_keys"): Route("default", None, api_keys),
    ("GET", "/v1/orders/chance"): Route("default", _VIEW, chance),
    ("POST", "/v1/orders"): Route("order", _MAKE, place),
    ("POST", "/v1/orders/test"): Route("order-test", _MAKE, test),
    ("POST", "/v1/orders/cancel_and_new"): Route("order", _MAKE, cancel_and_new),
    ("GET", "/v1/order"): Route("default", _VIEW, read_order),
    ("GET", "/v1/orders"): Route("default", _VIEW, old_list),
    ("GET", "/v1/orders/open"): Route("default", _VIEW, open_orders),
    ("GET", "/v1/orders/closed"): Route("default", _VIEW, closed_orders),
    ("GET", "/v1/orders/uuids"): Route("default", _VIEW, orders_by_ids),
    ("DELETE", "/v1/order"): Route("default", _MAKE, cancel),
    ("DELETE", "/v1/orders/uuids"): Route("default", _MAKE, cancel_by_ids),
    ("DELETE", "/v1/orders/open"): Route("order-cancel-all", _MAKE, cancel_open),
    **TRANSFERS,
}
