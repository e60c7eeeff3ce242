"""A seeded market that never was: regimes, gaps and prices on the tick."""

from dataclasses import dataclass, field
from random import Random

from upbit_sandbox.fields import Malformed
from upbit_sandbox.market import Market
from upbit_sandbox.state import Source
from upbit_sandbox.tape import Tape
from upbit_sandbox.ticks import BANDS

DAY_S = 86_400
LONGEST_S = 5 * 366 * DAY_S  # a walk is walked again on every start
START_PRICES = {
    "KRW-BTC": 150_000_000.0,
    "KRW-ETH": 5_000_000.0,
    "KRW-SOL": 250_000.0,
    "KRW-XRP": 3_500.0,
    "KRW-DOGE": 300.0,
}


@dataclass(frozen=True, slots=True)
class Regime:
    """One mood of the market: drift and noise in bps a minute, mean length, chance of no trade."""

    name: str
    weight: int
    drift_bps: float
    noise_bps: float
    mean_minutes: int
    gap: float


REGIMES = (
    Regime("calm", 8, 0.0, 3.0, 600, 0.01),
    Regime("rally", 4, 0.7, 6.0, 400, 0.002),
    Regime("slide", 4, -0.6, 6.0, 400, 0.002),
    Regime("storm", 2, 0.0, 22.0, 90, 0.0),
    Regime("crash", 1, -25.0, 40.0, 20, 0.0),
    Regime("rebound", 1, 12.0, 25.0, 30, 0.0),
    Regime("quiet", 2, 0.0, 1.5, 300, 0.15),
    Regime("closed", 1, 0.0, 0.0, 12, 1.0),
)
_WEIGHTS = [regime.weight for regime in REGIMES]
_TICKS = [(float(floor), tick) for floor, tick in reversed(BANDS)]


@dataclass(slots=True)
class SyntheticTape:
    """An endless walk of one market; the same seed gives the same minutes, however asked for."""

    market: str
    seed: int
    start_t: int
    start_price: float
    _minute: int = 0
    _columns: tuple[list[float], ...] = field(default_factory=lambda: ([], [], [], [], [], []))
    _random: Random = field(init=False)
    _price: float = field(init=False)
    _regime: Regime = field(init=False, default=REGIMES[0])

    def __post_init__(self) -> None:
        """Seed the walk by market and number."""
        self._random = Random(f"{self.market}:{self.seed}")  # noqa: S311 - a market, not a secret
        self._price = on_tick(self.start_price)

    def until(self, end_s: float) -> Tape:
        """Walk on to this time, exclusive, and give everything so far."""
        while self.start_t + self._minute * 60 < end_s:
            self._step()
        return Tape.of(self.market, 1, self._columns)

    def _step(self) -> None:
        draw = self._random.random
        if draw() * self._regime.mean_minutes < 1:
            self._regime = self._random.choices(REGIMES, _WEIGHTS)[0]
        start = self.start_t + self._minute * 60
        self._minute += 1
        regime = self._regime
        if draw() < regime.gap:
            return
        noise = self._price * regime.noise_bps / 10_000
        open_ = on_tick(self._price + noise * self._random.uniform(-0.3, 0.3))
        move = open_ * regime.drift_bps / 10_000 + self._random.gauss(0, 1) * noise
        close = on_tick(max(open_ + move, open_ * 0.8))
        high = on_tick(max(open_, close) + noise * 0.5 * draw())
        low = on_tick(min(open_, close) - noise * 0.5 * draw())
        volume = round(20_000_000 * (0.05 + draw()) * (1 + regime.noise_bps / 5) / close, 8)
        candle = (start, open_, max(high, open_, close), min(low, open_, close), close, volume)
        for column, value in zip(self._columns, candle, strict=True):
            column.append(value)
        self._price = close


def on_tick(price: float) -> float:
    """Move a float price to the nearest tick, as the float whose text is that tick price."""
    tick = next((tick for floor, tick in _TICKS if price >= floor), BANDS[0][1])
    if tick >= 1:
        step = int(tick)
        return float(max(round(price / step), 1) * step)
    inverse = int(1 / tick)
    return max(round(price * inverse), 1) / inverse


def synthetic_minutes(
    market: str, seed: int, start_t: int, minutes: int, start_price: float | None = None
) -> Tape:
    """Give a seeded tape of 1-minute candles over `minutes` from `start_t` (epoch s, on a minute).

    Minutes without a trade are absent. A longer walk begins with exactly the shorter one.
    """
    price = START_PRICES.get(market, 1_000.0) if start_price is None else start_price
    return SyntheticTape(market, seed, start_t, price).until(start_t + minutes * 60)


def synthetic_market(
    market: str, seed: int, start_t: int, until_s: float, start_price: float | None = None
) -> Market:
    """Give a market that goes on for as long as the clock does."""
    price = START_PRICES.get(market, 1_000.0) if start_price is None else start_price
    walk = SyntheticTape(market, seed, start_t, price)

    def grow(until_s: float) -> Tape:
        # Doubling keeps the cost of rebuilt aggregates proportional to the time played.
        return walk.until(max(until_s, 2 * until_s - start_t))

    return Market([walk.until(until_s)], grow)


def synthetic_markets(source: Source, now_s: float) -> list[Market]:
    """Give the markets of a source, walked up to now and two days further.

    Raises Malformed when the walk would begin after now, off the minute or years ago.
    """
    origin_s = source.origin_s
    if origin_s % 60 or not 0 <= now_s - origin_s <= LONGEST_S:
        raise Malformed("source.origin_s", "must be a minute of the five years before now")
    until_s = now_s + 2 * DAY_S
    return [synthetic_market(code, source.seed, origin_s, until_s) for code in source.markets]
