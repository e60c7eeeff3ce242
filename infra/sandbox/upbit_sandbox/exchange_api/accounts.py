"""What an account holds and may do: balances, order chance, wallets, keys."""

from upbit_sandbox.base.arithmetic import FEE_RATE, plain
from upbit_sandbox.base.clock import kst_text
from upbit_sandbox.base.errors import exchange
from upbit_sandbox.base.wire import Json, Response, first, json_response
from upbit_sandbox.exchange_api.call import Call
from upbit_sandbox.trading.order_request import MAX_TOTAL_KRW, MIN_TOTAL_KRW
from upbit_sandbox.trading.orders import coin_of
from upbit_sandbox.trading.wallet import KRW, account_body
from upbit_sandbox.venue.venue import Venue

YEAR_S = 365 * 86_400
KINDS = ("best_fok", "best_ioc", "limit", "limit_fok", "limit_ioc")


def accounts(venue: Venue, call: Call, now_s: float) -> Response:
    """Answer all balances, KRW first."""
    del venue
    call.account.settle(now_s)
    wallet = call.account.wallet
    return json_response([account_body(c, wallet.balance(c)) for c in wallet.currencies()])


def chance(venue: Venue, call: Call, now_s: float) -> Response:
    """Answer fees, limits and both balances of one market."""
    del venue
    code = first(call.pairs, "market")
    if code is None:
        raise exchange("validation_error", "market is missing")
    if not call.account.lists(code, now_s):
        raise exchange("notfoundmarket", code)
    call.account.settle(now_s)
    coin, wallet, fee = coin_of(code), call.account.wallet, plain(FEE_RATE)
    least = plain(MIN_TOTAL_KRW)
    return json_response(
        {
            "bid_fee": fee,
            "ask_fee": fee,
            "maker_bid_fee": fee,
            "maker_ask_fee": fee,
            "market": {
                "id": code,
                "name": f"{coin}/{KRW}",
                "order_types": ["limit"],
                "order_sides": ["ask", "bid"],
                "bid_types": [*KINDS, "price"],
                "ask_types": [*KINDS, "market"],
                "bid": {"currency": KRW, "min_total": least},
                "ask": {"currency": coin, "min_total": least},
                "max_total": plain(MAX_TOTAL_KRW),
                "state": "active",
            },
            "bid_account": account_body(KRW, wallet.balance(KRW)),
            "ask_account": account_body(coin, wallet.balance(coin)),
        }
    )


def wallet_status(venue: Venue, call: Call, now_s: float) -> Response:
    """Answer that no coin goes in or out here: there is no chain behind the balances."""
    del venue, now_s
    coins = sorted({coin_of(code) for code in call.account.codes})
    return json_response([_wallet(coin) for coin in coins])


def _wallet(coin: str) -> dict[str, Json]:
    return {
        "currency": coin,
        "wallet_state": "unsupported",
        "block_state": None,
        "block_height": None,
        "block_updated_at": None,
        "block_elapsed_minutes": None,
        "net_type": coin,
        "network_name": coin,
    }


def api_keys(venue: Venue, call: Call, now_s: float) -> Response:
    """Answer the account's keys; one that never expires always has a year to go."""
    keys = [key for key in venue.authority.keys.values() if key.account == call.key.account]
    ends = [now_s + YEAR_S if key.expires_s is None else key.expires_s for key in keys]
    return json_response(
        [
            {"access_key": key.access_key, "expire_at": kst_text(end_s) + "+09:00"}
            for key, end_s in zip(keys, ends, strict=True)
        ]
    )
