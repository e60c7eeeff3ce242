"""A seeded market that never was: regimes, gaps and prices on the tick."""

from dataclasses import dataclass
from math import ceil
from random import Random

from upbit_sandbox.base.fields import Malformed
from upbit_sandbox.base.ticks import nearest_tick
from upbit_sandbox.prices.market import Market
from upbit_sandbox.prices.source import Source
from upbit_sandbox.prices.tape import COLUMNS, Tape

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


class SyntheticTape:
    """An endless walk of one market; the same seed gives the same minutes, however asked for."""

    def __init__(self, market: str, seed: int, start_t: int, start_price: float) -> None:
        """Seed the walk by market and number; raises TapeError for what is not a KRW market."""
        self.tape = Tape.of(market, 1, [[] for _ in COLUMNS])
        self._random = Random(f"{market}:{seed}")  # noqa: S311 - a market, not a secret
        self._next_t = start_t
        self._price = nearest_tick(start_price)
        self._regime = REGIMES[0]

    def until(self, end_s: float) -> Tape:
        """Walk on to this time, exclusive, and give everything so far: always the same tape."""
        tape, price, regime = self.tape, self._price, self._regime
        draw, normal = self._random.random, self._random.gauss
        for start in range(self._next_t, ceil(end_s), 60):
            self._next_t = start + 60
            if draw() * regime.mean_minutes < 1:
                regime = self._random.choices(REGIMES, _WEIGHTS)[0]
            if draw() < regime.gap:
                continue
            noise = price * regime.noise_bps / 10_000
            open_ = nearest_tick(price + noise * (-0.3 + 0.6 * draw()))
            move = open_ * regime.drift_bps / 10_000 + normal(0, 1) * noise
            close = nearest_tick(max(open_ + move, open_ * 0.8))
            high = nearest_tick(max(open_, close) + noise * 0.5 * draw())
            low = nearest_tick(min(open_, close) - noise * 0.5 * draw())
            volume = 20_000_000 * (0.05 + draw()) * (1 + regime.noise_bps / 5) / close
            tape.starts.append(start)
            tape.opens.append(open_)
            tape.highs.append(max(high, open_, close))
            tape.lows.append(min(low, open_, close))
            tape.closes.append(close)
            tape.volumes.append(round(volume, 8))
            price = close
        self._price, self._regime = price, regime
        return tape


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

    def grow(until_s: float) -> None:
        walk.until(until_s)

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
