"""Collecting candle history: whole or not at all, and never twice."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import pytest

from haetae.base.errors import ConfigError, DataError, ExchangeUnavailable
from haetae.kernel.records import Candle
from haetae.research.data.candle_files import read_candles
from haetae.research.data.collect import add_arguments, collect, file_name, time_argument

T0 = 1_756_684_800  # 2025-09-01 00:00 UTC
HOUR = 3600
NAME = "KRW-BTC_60m.parquet"


class Tape:
    """A history of hourly candles that keeps what it was asked and may fail at a candle."""

    def __init__(self, fails_at: int | None = None, silent: frozenset[int] = frozenset()) -> None:
        self.asked: list[tuple[int, int]] = []
        self.fails_at = fails_at
        self.silent = silent

    def __call__(
        self, market: str, interval_min: int, *, from_t: int, to_t: int
    ) -> Iterator[Sequence[Candle]]:
        assert (market, interval_min) == ("KRW-BTC", 60)
        self.asked.append(((from_t - T0) // HOUR, (to_t - T0) // HOUR))
        for t in range(from_t, to_t, HOUR):
            if t == self.fails_at:
                raise ExchangeUnavailable("candle history of KRW-BTC: no answer")
            hour = (t - T0) // HOUR
            yield () if hour in self.silent else (candle_at(hour),)


def candle_at(hour: int) -> Candle:
    return Candle(T0 + hour * HOUR, 100.5, 102.0 + hour, 99.0, 101.0, 0.12345678)


def collected(path: Path, tape: Tape, first: int, last: int) -> int:
    period = {"from_t": T0 + first * HOUR, "to_t": T0 + last * HOUR}
    return collect("KRW-BTC", 60, out_path=path, history=tape, **period)


def hours_in(path: Path) -> list[int]:
    return [(t - T0) // HOUR for t in read_candles(path).times.tolist()]


def test_file_holds_the_candles_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / NAME
    assert collected(path, Tape(), 0, 5) == 5
    frame = pd.read_parquet(path)
    assert list(frame.columns) == ["timestamp", "open", "high", "low", "close", "volume"]
    assert str(frame["timestamp"].dtype) == "datetime64[ms, UTC]"
    assert frame["timestamp"].iloc[0] == pd.Timestamp("2025-09-01", tz="UTC")
    assert [tuple(row) for row in read_candles(path).prices] == [candle_at(h)[1:] for h in range(5)]
    assert list(path.parent.iterdir()) == [path]


def test_failure_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ExchangeUnavailable):
        collected(tmp_path / NAME, Tape(fails_at=T0 + 3 * HOUR), 0, 5)
    assert list(tmp_path.iterdir()) == []


def test_failure_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / NAME
    collected(path, Tape(), 0, 5)
    before = path.read_bytes()
    with pytest.raises(ExchangeUnavailable):
        collected(path, Tape(fails_at=T0 + 7 * HOUR), 0, 10)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("first", "last", "asked", "held"),
    [
        (5, 10, [], range(5, 10)),
        (6, 9, [], range(5, 10)),
        (5, 15, [(10, 15)], range(5, 15)),
        (0, 10, [(0, 5)], range(10)),
        (0, 15, [(0, 5), (10, 15)], range(15)),
        (20, 25, [(10, 25)], range(5, 25)),
        (0, 2, [(0, 5)], range(10)),
    ],
    ids=["same", "inside", "after", "before", "both sides", "far after", "far before"],
)
def test_file_that_is_there_is_extended_not_fetched_again(
    tmp_path: Path, first: int, last: int, asked: list[tuple[int, int]], held: range
) -> None:
    path = tmp_path / NAME
    collected(path, Tape(), 5, 10)
    tape = Tape()
    assert collected(path, tape, first, last) == len(held)
    assert tape.asked == asked
    assert hours_in(path) == list(held)


def test_hours_without_a_trade_stay_missing(tmp_path: Path) -> None:
    path = tmp_path / NAME
    tape = Tape(silent=frozenset({0, 3, 4, 9}))
    assert collected(path, tape, 0, 10) == 6
    assert collected(path, tape, 0, 10) == 6
    assert hours_in(path) == [1, 2, 5, 6, 7, 8]


def test_nothing_found_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="KRW-BTC has no candles"):
        collected(tmp_path / NAME, Tape(silent=frozenset(range(5))), 0, 5)
    assert list(tmp_path.iterdir()) == []


def test_file_of_another_interval_is_not_extended(tmp_path: Path) -> None:
    path = tmp_path / "KRW-BTC.parquet"
    collected(path, Tape(), 0, 5)
    with pytest.raises(DataError, match="holds KRW-BTC candles of 60 minutes, not KRW-BTC of 1"):
        collect("KRW-BTC", 1, from_t=T0, to_t=T0 + HOUR, out_path=path, history=Tape())


def test_history_out_of_order_is_refused(tmp_path: Path) -> None:
    def doubled(
        market: str, interval_min: int, *, from_t: int, to_t: int
    ) -> list[tuple[Candle, ...]]:
        return [(candle_at(0),), (candle_at(0),)]

    with pytest.raises(DataError, match="ascending"):
        collect("KRW-BTC", 60, from_t=T0, to_t=T0 + HOUR, out_path=tmp_path / NAME, history=doubled)
    assert list(tmp_path.iterdir()) == []


def test_empty_period_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^--from 2025-09-01T05:00:00Z is not before --to "):
        collected(tmp_path / NAME, Tape(), 5, 5)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2025-09-01", T0),
        ("2025-09-01T00:00:00Z", T0),
        ("2025-09-01T09:00:00+09:00", T0),
        ("2025-09-01 01:00", T0 + HOUR),
    ],
)
def test_dates_are_utc_unless_they_name_a_zone(text: str, seconds: int) -> None:
    assert time_argument(text) == seconds


def test_arguments() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    words = "KRW-BTC --interval 60m --from 2025-09-01 --to 2025-10-01"
    args = parser.parse_args(words.split())
    assert (args.market, args.interval, args.from_t) == ("KRW-BTC", "60m", T0)
    assert args.to_t == T0 + 30 * 86_400
    assert (args.out, args.base_url) == (Path("data"), "https://api.upbit.com")
    for wrong in ("--interval 7m", "--from noon"):
        with pytest.raises(SystemExit):
            parser.parse_args([*words.split(), *wrong.split()])


def test_file_names_are_read_back(tmp_path: Path) -> None:
    assert (file_name("KRW-BTC", 60), file_name("KRW-BTC", 1440)) == (NAME, "KRW-BTC_1d.parquet")
