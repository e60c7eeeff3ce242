"""Whatever is traded, money is conserved, nothing goes negative and no identifier serves twice."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.client import T0, Client, at, client_of, error_of
from upbit_sandbox.base.arithmetic import EXACT, plain, volume_for
from upbit_sandbox.prices.synthetic import synthetic_minutes

MARKETS = {"KRW-BTC": 150_000_000.0, "KRW-XRP": 3_500.0, "KRW-PEPE": 0.0123}
TAPES = [synthetic_minutes(market, 5, T0, 300, price) for market, price in MARKETS.items()]
CASH = Decimal(10_000_000)

totals = st.decimals(min_value=1, max_value=12_000_000, places=3, allow_nan=False).map(str)
volumes = st.decimals(min_value=0, max_value=2_000_000, places=8, allow_nan=False).map(
    lambda value: format(value, "f")
)
markets = st.sampled_from(sorted(MARKETS))
actions = st.one_of(
    st.tuples(st.just("buy"), markets, totals, st.sampled_from("abcdef")),
    st.tuples(st.just("sell"), markets, volumes),
    st.tuples(st.just("sell_all"), markets),
    st.tuples(st.just("limit"), markets, st.sampled_from(["bid", "ask"]), st.integers(-3, 3)),
    st.tuples(
        st.just("any"),
        markets,
        st.sampled_from(["limit", "best"]),
        st.sampled_from(["bid", "ask"]),
        st.sampled_from([None, "ioc", "fok", "post_only"]),
        st.sampled_from([None, "cancel_maker", "cancel_taker", "reduce", "none"]),
        st.tuples(st.integers(-3, 3), st.integers(5_000, 3_000_000)),
    ),
    st.tuples(st.just("replace"), st.integers(0, 5), st.integers(-3, 3)),
    st.tuples(st.just("cancel_all"), st.sampled_from(["all", "bid", "ask"])),
    st.tuples(st.just("test"), markets, totals, st.sampled_from("abcdef")),
    st.tuples(st.just("cancel"), st.integers(0, 5)),
    st.tuples(st.just("wait"), st.integers(0, 900)),
)


def act(client: Client, action: tuple[object, ...]) -> None:
    match action:
        case "buy", str(market), str(total), str(identifier):
            client.buy(total, market, identifier=identifier)
        case "sell", str(market), str(volume):
            client.sell(volume, market)
        case "sell_all", str(market):
            client.sell(client.balances().get(market[4:], ("0", "0"))[0], market)
        case "limit", str(market), str(side), int(levels):
            price = price_at(client, market, levels)
            if price is not None:
                client.limit(side, plain(price), "30", market)
        case "cancel", int(index):
            waiting = client.get("/v1/orders/open")
            if waiting:
                client.delete(f"uuid={waiting[index % len(waiting)]['uuid']}")
        case "wait", int(seconds):
            client.set_clock(client.sandbox.venue.clock.now() + seconds)
        case _:
            act_otherwise(client, action)


def act_otherwise(client: Client, action: tuple[object, ...]) -> None:
    match action:
        case "any", str(market), str(kind), str(side), condition, smp, (int(levels), int(total)):
            price = price_at(client, market, levels)
            if price is None:
                return
            volume = plain(volume_for(Decimal(total), price))
            if kind == "limit":
                amounts = {"price": plain(price), "volume": volume}
            else:
                amounts = {"price": str(total)} if side == "bid" else {"volume": volume}
            options = {"time_in_force": condition, "smp_type": smp}
            given = {name: value for name, value in options.items() if value is not None}
            body = {"market": market, "side": side, "ord_type": kind}
            client.post(body | amounts | given)
        case "replace", int(index), int(levels):
            waiting = client.get("/v1/orders/open")
            if waiting:
                old = waiting[index % len(waiting)]
                change = {"prev_order_uuid": old["uuid"], "new_ord_type": "limit"}
                price = price_at(client, old["market"], levels)
                amounts = {"new_price": plain(price or Decimal(1)), "new_volume": "remain_only"}
                client.post(change | amounts, "/v1/orders/cancel_and_new")
        case "cancel_all", str(side):
            client.delete(f"cancel_side={side}", "/v1/orders/open")
        case "test", str(market), str(total), str(identifier):
            body = {"market": market, "side": "bid", "ord_type": "price", "price": total}
            client.post(body | {"identifier": identifier}, "/v1/orders/test")


def price_at(client: Client, market: str, levels: int) -> Decimal | None:
    """A price of the public book, on the bid side where negative; None where there is no book."""
    book = client.quote("/v1/orderbook", f"markets={market}")
    if "error" in book:
        return None
    unit = book[0]["orderbook_units"][abs(levels)]
    return Decimal(repr(unit["bid_price" if levels < 0 else "ask_price"]))


def check(client: Client, begun: dict[str, Decimal] | None = None) -> None:
    """Recompute every balance from the trades alone and compare with the wallet."""
    with_exact = EXACT.copy()
    free_and_locked = {"KRW": CASH} | (begun or {})
    reserved: dict[str, Decimal] = {}
    state = client.control("GET", "/sandbox/state")["accounts"]["main"]
    for order in state["orders"]:
        coin, sign = order["market"][4:], 1 if order["side"] == "bid" else -1
        for trade in order["trades"]:
            funds = with_exact.multiply(Decimal(trade["price"]), Decimal(trade["volume"]))
            assert funds == Decimal(trade["funds"])
            moved = with_exact.multiply(funds, Decimal(sign))
            paid = with_exact.add(moved, with_exact.multiply(funds, Decimal("0.0005")))
            free_and_locked["KRW"] = with_exact.subtract(free_and_locked["KRW"], paid)
            coins = with_exact.multiply(Decimal(trade["volume"]), Decimal(sign))
            held = free_and_locked.get(coin, Decimal(0))
            free_and_locked[coin] = with_exact.add(held, coins)
        if order["state"] == "wait":
            currency = "KRW" if sign == 1 else coin
            before = reserved.get(currency, Decimal(0))
            reserved[currency] = with_exact.add(before, Decimal(order["locked"]))
    for row in state["balances"]:
        free, locked = Decimal(row["balance"]), Decimal(row["locked"])
        assert free >= 0
        assert locked == reserved.get(row["currency"], Decimal(0))
        assert with_exact.add(free, locked) == free_and_locked.pop(row["currency"])
    assert not any(free_and_locked.values())
    names = [order["identifier"] for order in state["orders"] if "identifier" in order]
    assert len(names) == len(set(names))


MODES: list[dict[str, Any]] = [
    {"fills": "candles", "slippage_bps": 10},
    {"fills": "book", "depth_krw": Decimal(2_000_000)},
    {"fills": "book", "depth_krw": Decimal(2_000_000), "smp_default": "none"},
]


@pytest.mark.parametrize("mode", MODES, ids=["candles", "book", "book without smp"])
@settings(max_examples=120, deadline=None)
@given(st.lists(actions, max_size=25))
def test_money_is_conserved(mode: dict[str, Any], steps: list[tuple[object, ...]]) -> None:
    held = {"XRP": Decimal(2_000), "BTC": Decimal("0.1")}
    client = client_of(TAPES, at(1), coins=held, **mode)
    for step in steps:
        act(client, step)
        check(client, held)
    client.set_clock(at(400))
    check(client, held)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), totals), max_size=10))
def test_an_identifier_is_accepted_at_most_once(attempts: list[tuple[str, str]]) -> None:
    client = client_of(TAPES, at(1))
    seen: set[str] = set()
    for identifier, total in attempts:
        body = client.buy(total, "KRW-XRP", identifier=identifier)
        refused = "error" in body and error_of(body) == "duplicated_identifier"
        assert refused == (identifier in seen)
        seen.add(identifier)


@given(
    st.decimals(min_value=5000, max_value=10**9, places=4, allow_nan=False),
    st.decimals(min_value=Decimal("0.00000001"), max_value=10**9, places=8, allow_nan=False),
)
def test_bought_volume_is_the_most_that_the_total_pays_for(total: Decimal, price: Decimal) -> None:
    volume = volume_for(total, price)
    one_more = EXACT.add(volume, Decimal("0.00000001"))
    assert EXACT.multiply(volume, price) <= total < EXACT.multiply(one_more, price)


@pytest.mark.parametrize("mode", MODES[:2], ids=["candles", "book"])
@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 100), st.integers(-3, 3)), min_size=1, max_size=4),
    st.lists(st.integers(1, 290 * 60), max_size=12),
)
def test_looking_more_often_changes_no_fill(
    mode: dict[str, Any], orders: list[tuple[int, int]], looks: list[int]
) -> None:
    outcomes = []
    for seconds in (sorted(looks), []):
        client = client_of(TAPES, at(1), coins={"XRP": Decimal(1_000)}, **mode)
        for amount, levels in orders:
            client.buy(str(5_000 + amount), "KRW-XRP")
            act(client, ("limit", "KRW-XRP", "bid" if levels < 0 else "ask", levels * 7))
        for second in seconds:
            client.set_clock(at(1) + second)
            client.get("/v1/orders/open")
        client.set_clock(at(299))
        listed = client.control("GET", "/sandbox/state")["accounts"]["main"]["orders"]
        for order in listed:
            for trade in order["trades"]:
                del trade["uuid"]
        outcomes.append(sorted(listed, key=str))
    for one, other in zip(*outcomes, strict=True):
        del one["uuid"], other["uuid"]
    assert outcomes[0] == outcomes[1]
