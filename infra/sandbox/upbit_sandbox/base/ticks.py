"""The KRW tick table in force since 2025-07-31, and prices rounded onto it (docs: krw-market-info).

Keyed by the price itself; the lower bound is inclusive:

    ≥ 1,000,000  1,000     ≥ 5,000  5       ≥ 1       0.01       ≥ 0.0001   0.000001
    ≥   500,000    500     ≥ 1,000  1       ≥ 0.1     0.001      ≥ 0.00001  0.0000001
    ≥   100,000    100     ≥   100  1       ≥ 0.01    0.0001     below      0.00000001
    ≥    50,000     50     ≥    10  0.1     ≥ 0.001   0.00001
    ≥    10,000     10
"""

from bisect import bisect_right
from decimal import Decimal

from upbit_sandbox.base.arithmetic import EXACT

BANDS: tuple[tuple[Decimal, Decimal], ...] = tuple(
    (Decimal(floor), Decimal(tick))
    for floor, tick in (
        ("0", "0.00000001"),
        ("0.00001", "0.0000001"),
        ("0.0001", "0.000001"),
        ("0.001", "0.00001"),
        ("0.01", "0.0001"),
        ("0.1", "0.001"),
        ("1", "0.01"),
        ("10", "0.1"),
        ("100", "1"),
        ("1000", "1"),
        ("5000", "5"),
        ("10000", "10"),
        ("50000", "50"),
        ("100000", "100"),
        ("500000", "500"),
        ("1000000", "1000"),
        ("2000000", "1000"),
    )
)
_FLOORS = [floor for floor, _ in BANDS]
_FLOAT_FLOORS = [float(floor) for floor, _ in BANDS]
_STEPS = [int(tick) for _, tick in BANDS]  # won a tick, 0 where a tick is less than one
_TICKS_A_WON = [int(1 / tick) for _, tick in BANDS]
_BPS = Decimal(10_000)


def tick_of(price: Decimal) -> Decimal:
    """Give the tick of the band that holds this positive price, in KRW."""
    return BANDS[bisect_right(_FLOORS, price) - 1][1]


def is_on_tick(price: Decimal) -> bool:
    """Tell whether a limit price is legal."""
    return not EXACT.remainder(price, tick_of(price))


def down_to_tick(price: Decimal) -> Decimal:
    """Round down to the tick of the price's own band; never below the smallest tick."""
    tick = tick_of(price)
    return EXACT.multiply(max(EXACT.divide_int(price, tick), Decimal(1)), tick)


def up_to_tick(price: Decimal) -> Decimal:
    """Round up to the tick of the price's own band (every band's end is a multiple of its tick)."""
    tick = tick_of(price)
    steps, rest = EXACT.divmod(price, tick)
    return EXACT.multiply(EXACT.add(steps, Decimal(1)) if rest else steps, tick)


def nearest_tick(price: float) -> float:
    """Move a positive float price to the nearest tick, as the float whose text is that price."""
    band = bisect_right(_FLOAT_FLOORS, price) - 1
    step = _STEPS[band]
    if step:
        return float(max(round(price / step), 1) * step)
    ticks = _TICKS_A_WON[band]
    return max(round(price * ticks), 1) / ticks


def next_above(price: Decimal) -> Decimal:
    """Give the lowest legal price above this one."""
    return up_to_tick(EXACT.add(price, BANDS[0][1]))


def next_below(price: Decimal) -> Decimal | None:
    """Give the highest legal price below this one; None when there is none."""
    lower = EXACT.subtract(price, BANDS[0][1])
    return down_to_tick(lower) if lower > 0 else None


def buy_price(open_price: Decimal, slippage_bps: int) -> Decimal:
    """Price a market buy: the open moved up by the slippage, rounded up to the tick."""
    moved = EXACT.multiply(open_price, EXACT.add(_BPS, Decimal(slippage_bps)))
    return up_to_tick(EXACT.divide(moved, _BPS))


def sell_price(open_price: Decimal, slippage_bps: int) -> Decimal:
    """Price a market sell: the open moved down by the slippage, rounded down to the tick."""
    moved = EXACT.multiply(open_price, EXACT.subtract(_BPS, Decimal(slippage_bps)))
    return down_to_tick(EXACT.divide(moved, _BPS))
