"""Candle history through pyupbit, its one seam filled with our transport.

pyupbit 0.2.34 has no base URL and no timeout, answers None for every failure and for "no
candles", reads an unknown interval as days, includes the forming candle, labels rows in naive
Korean time and takes `to` in UTC. All of that is settled here.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from haetae.adapters.upbit.http import HttpTransport
from haetae.adapters.upbit.transport import (
    Answer,
    RateBudget,
    Request,
    Transport,
    WireFailure,
)
from haetae.base.errors import ExchangeUnavailable
from haetae.base.time import KST_OFFSET_S, MINUTE_S
from haetae.kernel.records import Candle
from haetae.market.candles import DAY_MIN, UNITS_MIN, candle_defect

if TYPE_CHECKING:
    import pandas as pd

INTERVALS = {
    **{unit: f"minute{unit}" for unit in UNITS_MIN},
    DAY_MIN: "day",
}
PAGE_ROWS = 200
SETTLING_S = 5.0  # how far our clock may run ahead of the exchange's
MAX_BACKOFF_S = 2.0
TOO_MANY = 429
_SEAM = Lock()


class PyupbitHistory:
    """Reads closed candles of any period, page by page, oldest first."""

    def __init__(
        self,
        *,
        base_url: str,
        transport: Transport | None = None,
        timeout_s: float = 5.0,
        attempts: int = 4,
        wait: Callable[[float], None] = time.sleep,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        """Take the exchange's address; each request is tried `attempts` times."""
        assert attempts >= 1
        self._session = _Session(
            HttpTransport(base_url) if transport is None else transport,
            timeout_s=timeout_s,
            attempts=attempts,
            wait=wait,
        )
        self._now_s = now_s

    def history(
        self, market: str, interval_min: int, *, from_t: int, to_t: int
    ) -> Iterator[tuple[Candle, ...]]:
        """Yield the candles with from_t <= start and end <= to_t (epoch s), oldest first.

        Each page covers at most 200 intervals and may be empty; the candle that is still
        forming never comes along.

        Raises:
            ExchangeUnavailable: a page could not be had, or cannot be true.
            ValueError: an interval Upbit does not have.
        """
        if interval_min not in INTERVALS:
            raise ValueError(f"interval {interval_min} is not one of {tuple(INTERVALS)} minutes")
        unit_s = interval_min * MINUTE_S
        start = -(-from_t // unit_s) * unit_s
        end = int(min(to_t, self._now_s() - SETTLING_S)) // unit_s * unit_s
        return (
            self._page(market, interval_min, at, min(at + PAGE_ROWS * unit_s, end))
            for at in range(start, end, PAGE_ROWS * unit_s)
        )

    def _page(self, market: str, interval_min: int, start: int, end: int) -> tuple[Candle, ...]:
        """Return the candles that start in [start, end)."""
        import pyupbit

        unit_s = interval_min * MINUTE_S
        self._session.last = None
        with _send_through(self._session):
            frame = pyupbit.get_ohlcv(
                market,
                interval=INTERVALS[interval_min],
                count=(end - start) // unit_s,
                to=time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(end)),
            )
        if frame is None:
            self._session.check_empty(market)
            return ()
        return _check_page(_rows(frame, market), market, unit_s, start, end)


class _Session:
    """Stands where pyupbit expects the `requests` module: our address, always a timeout."""

    def __init__(
        self,
        transport: Transport,
        *,
        timeout_s: float,
        attempts: int,
        wait: Callable[[float], None],
    ) -> None:
        self._transport = transport
        self._timeout_s = timeout_s
        self._attempts = attempts
        self._wait = wait
        self._budget = RateBudget(wait)
        self.last: Answer | None = None

    def get(self, url: str, params: Mapping[str, Any] | None = None) -> "_Reply":
        """Send a GET to the url's path at our address.

        Raises:
            ExchangeUnavailable: no answer; pyupbit turns it into None.
        """
        path = urlsplit(url).path
        request = Request(
            method="GET",
            target=f"{path}?{urlencode(params or {}, doseq=True)}",
            headers={"user-agent": "haetae"},
            timeout_s=self._timeout_s,
        )
        for attempt in range(self._attempts):
            if attempt:
                self._wait(min(0.25 * 2**attempt, MAX_BACKOFF_S))
            self._budget.hold(path, self._timeout_s)
            try:
                answer = self._transport.send(request)
            except WireFailure:
                continue
            self._budget.note(path, answer.headers.get("remaining-req"))
            self.last = answer
            if answer.status != TOO_MANY and answer.status < 500:
                break
        if self.last is None:
            raise ExchangeUnavailable(f"GET {path}: no answer")
        return _Reply(self.last)

    def check_empty(self, market: str) -> None:
        """Tell "no candles" from failure: pyupbit says None to both.

        Raises:
            ExchangeUnavailable: the exchange did not answer with an empty list.
        """
        answer = self.last
        if answer is None or answer.status != 200 or answer.body.strip() != b"[]":
            status = "no answer" if answer is None else f"status {answer.status}"
            raise ExchangeUnavailable(f"candle history of {market}: {status}")


class _Reply:
    """What pyupbit reads of a `requests.Response`."""

    def __init__(self, answer: Answer) -> None:
        self.status_code = answer.status
        self.ok = answer.status < 400
        self.text = answer.body.decode("utf-8", "replace")
        # pyupbit drops a good answer when this header is absent or written another way
        self.headers = {"Remaining-Req": "group=candles; min=1; sec=1"}

    def json(self) -> Any:
        return json.loads(self.text)


@contextmanager
def _send_through(session: _Session) -> Iterator[None]:
    from pyupbit import request_api

    with _SEAM:
        before = request_api.requests
        request_api.requests = session
        try:
            yield
        finally:
            request_api.requests = before


def _rows(frame: "pd.DataFrame", market: str) -> list[Candle]:
    import pandas as pd

    columns = [frame[name].tolist() for name in ("open", "high", "low", "close", "volume")]
    starts = pd.DatetimeIndex(frame.index).as_unit("s").asi8 - KST_OFFSET_S
    try:
        return [
            Candle(int(start), *map(float, row))
            for start, row in zip(starts, zip(*columns, strict=True), strict=True)
        ]
    except (TypeError, ValueError) as exc:
        raise ExchangeUnavailable(f"candle history of {market}: not a number: {exc}") from exc


def _check_page(
    rows: list[Candle], market: str, unit_s: int, start: int, end: int
) -> tuple[Candle, ...]:
    """Keep what was asked for; after a gap the page reaches further back than its start."""
    before = -1
    for candle in rows:
        wrong = "repeated" if candle.t == before else candle_defect(candle, unit_s)
        if wrong or candle.t >= end:
            raise ExchangeUnavailable(
                f"candle history of {market} at {candle.t}: {wrong or 'not closed when asked for'}"
            )
        before = candle.t
    return tuple([candle for candle in rows if candle.t >= start])
