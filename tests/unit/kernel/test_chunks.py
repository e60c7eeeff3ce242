"""A fold that may touch only so many markets stops where it has touched them."""

from haetae.kernel import codes
from haetae.kernel.records import Account, Market
from support.folds import fold
from support.states import (
    BARE,
    NOW,
    OFF,
    UNITS,
    WON,
    account,
    bought,
    falling,
    filled,
    position,
    rising,
)  # fmt: skip
from support.tapes import tape_of

GUARDED = BARE._replace(stop_bps=500)
THREE = tape_of([], [], [])


def kinds(markets: tuple[Market, ...]) -> list[int]:
    """Return what each market has ordered."""
    return [m.order.kind for m in markets]


def decide(a: Account, markets: list[Market], most: int) -> tuple[Account, list[Market], int]:
    """Decide the present minute; return the books and whether some are left undecided."""
    a, after, reached = fold(OFF, [BARE] * 3, a, markets, THREE, NOW, NOW, most=most)
    assert reached.t == NOW
    return a, list(after), reached.inside


def test_exits_are_decided_as_many_as_the_bound_allows_and_the_rest_next() -> None:
    held = [falling()._replace(position=position())] * 3
    a, markets, inside = decide(account(), held, 1)
    assert (kinds(tuple(markets)), inside) == ([codes.EXIT, 0, 0], 1)
    assert [m.decided == NOW for m in markets] == [True, False, False]
    a, markets, inside = decide(a, markets, 1)
    assert (kinds(tuple(markets)), inside) == ([codes.EXIT, codes.EXIT, 0], 1)
    a, markets, inside = decide(a, markets, 1)
    assert (kinds(tuple(markets)), inside) == ([codes.EXIT] * 3, 0)
    assert (a, markets) == decide(account(), held, 0)[:2]


def test_entries_are_decided_as_many_as_the_bound_allows_and_the_rest_next() -> None:
    rails = OFF._replace(buy_bps=1_000)
    due = (rising(), rising(), rising())
    a, markets, reached = fold(rails, [GUARDED] * 3, account(), due, THREE, NOW, NOW, most=2)
    assert (kinds(markets), reached.inside) == ([codes.ENTRY, codes.ENTRY, 0], 1)
    assert [m.order.krw for m in markets] == [1_000_000, 900_000, 0]
    a, markets, reached = fold(rails, [GUARDED] * 3, a, markets, THREE, NOW, NOW, most=2)
    assert (kinds(markets), reached.inside) == ([codes.ENTRY] * 3, 0)
    assert markets[2].order.krw == 810_000


def test_a_fold_that_stops_inside_a_minute_stays_before_it_and_values_the_rest() -> None:
    waits = rising()._replace(decided=NOW, order=bought(100_000))
    holds = rising()._replace(decided=NOW, position=position())
    flat = rising()._replace(decided=NOW)
    fills = [filled(100_000.0, UNITS)] + [filled(100_000.0, 0, t=0)] * 2
    a, markets, reached = fold(
        OFF, [BARE] * 3, account(), [waits, holds, flat], THREE, NOW, NOW + 60, fills=fills, most=1
    )
    assert (reached.t, reached.inside) == (NOW, 1)
    assert a.cash == 9_900_000 * WON
    assert [m.position.units for m in markets] == [UNITS, UNITS, 0]
    assert reached.equity == 10_100_000 * WON, "cash and two coins of 100,000 won"


def test_a_bound_that_a_minute_has_used_up_ends_the_fold_at_that_minute() -> None:
    waits = rising()._replace(decided=NOW, order=bought(100_000))
    for most, until in ((0, NOW + 300), (1, NOW + 60)):
        _, markets, reached = fold(
            OFF, [BARE], account(), [waits], tape_of([]), NOW, NOW + 300,
            fills=[filled(100_000.0, UNITS)], most=most,
        )  # fmt: skip
        assert (reached.t, reached.inside) == (until, 0)
        assert markets[0].position.units == UNITS
