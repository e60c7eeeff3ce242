"""Two orders that were really placed on 2025-08-10, reproduced to the last digit.

At that time an order without smp_type had none.
"""

from decimal import Decimal

from sandbox.client import at, client_of, flat_tape


def without(body: dict[str, object], *names: str) -> dict[str, object]:
    return {name: value for name, value in body.items() if name not in names}


def test_upbit_2_market_buy_of_5000_won_at_315() -> None:
    """A market buy's volume is cut to 8 decimals, its fee is exact, and the rest stays locked."""
    client = client_of([flat_tape("KRW-DOGE", [315.0, 315.0])], at(0), smp_default="none")

    created = client.buy("5000", "KRW-DOGE")

    assert client.last.status == 201
    assert without(created, "uuid") == {
        "created_at": "2025-09-01T09:00:00+09:00",
        "executed_volume": "0",
        "locked": "5002.5",
        "market": "KRW-DOGE",
        "ord_type": "price",
        "paid_fee": "0",
        "prevented_locked": "0",
        "price": "5000",
        "remaining_fee": "2.5",
        "reserved_fee": "2.5",
        "side": "bid",
        "state": "wait",
        "trades_count": 0,
    }

    client.set_clock(at(1))
    detail = client.order(created["uuid"])

    assert without(detail, "uuid", "trades") == {
        "application_name": "self_issued_open_api",
        "avg_price": "315.1575",
        "created_at": "2025-09-01T09:00:00+09:00",
        "executed_volume": "15.87301587",
        "is_cancel_and_newable": False,
        "locked": "0.000000950475",
        "market": "KRW-DOGE",
        "ord_type": "price",
        "paid_fee": "2.499999999525",
        "prevented_locked": "0",
        "price": "5000",
        "remaining_fee": "0.000000000475",
        "reserved_fee": "2.5",
        "side": "bid",
        "state": "cancel",
        "thirdparty": False,
        "trades_count": 1,
    }
    [trade] = detail["trades"]
    assert without(trade, "uuid") == {
        "market": "KRW-DOGE",
        "price": "315",
        "volume": "15.87301587",
        "funds": "4999.99999905",
        "trend": "up",
        "created_at": "2025-09-01T09:00:00+09:00",
        "side": "bid",
    }


def test_upbit_2_market_sell_at_236() -> None:
    """A market sell locks coins only and pays its fee out of the proceeds, exact to the digit."""
    tape = flat_tape("KRW-MOODENG", [236.0, 236.0, 236.0])
    held = {"MOODENG": Decimal("81.90686236")}
    client = client_of([tape], at(1), coins=held, smp_default="none")

    created = client.sell("81.90686236", "KRW-MOODENG")

    assert without(created, "uuid") == {
        "created_at": "2025-09-01T09:01:00+09:00",
        "executed_volume": "0",
        "locked": "81.90686236",
        "market": "KRW-MOODENG",
        "ord_type": "market",
        "paid_fee": "0",
        "prevented_locked": "0",
        "prevented_volume": "0",
        "remaining_fee": "0",
        "remaining_volume": "81.90686236",
        "reserved_fee": "0",
        "side": "ask",
        "state": "wait",
        "trades_count": 0,
        "volume": "81.90686236",
    }

    client.set_clock(at(2))

    assert without(client.order(created["uuid"]), "uuid", "trades") == {
        "application_name": "self_issued_open_api",
        "avg_price": "235.882",
        "created_at": "2025-09-01T09:01:00+09:00",
        "executed_volume": "81.90686236",
        "is_cancel_and_newable": False,
        "locked": "0",
        "market": "KRW-MOODENG",
        "ord_type": "market",
        "paid_fee": "9.66500975848",
        "prevented_locked": "0",
        "prevented_volume": "0",
        "remaining_fee": "0",
        "remaining_volume": "0",
        "reserved_fee": "0",
        "side": "ask",
        "state": "done",
        "thirdparty": False,
        "trades_count": 1,
        "volume": "81.90686236",
    }
