"""Drives deployed functions through recorded time: one minute's events after the other."""

import time
from collections.abc import Callable, Sequence

from haetae.base.time import MINUTE_S
from haetae_local.deploy.stack import Deployed, invoke
from haetae_local.talk.events import schedule_event
from haetae_local.talk.http import call, exchange_at


def drive(
    where: Deployed,
    exchange: str,
    *,
    from_t: int,
    to_t: int,
    interval_s: int,
    doubled: bool = False,
    minutes_per_s: float = 0.0,
    progress: Callable[[int], None] = lambda _t: None,
) -> None:
    """Send each minute's events from `from_t` to `to_t` (epoch s), both included.

    The exchange's virtual clock goes first. `doubled` delivers every event twice;
    `minutes_per_s` bounds the pace, 0 leaves it to the machine.

    Raises:
        LocalError: a function failed, or the exchange did not answer.
    """
    began = time.monotonic()
    for n, t in enumerate(range(from_t, to_t + 1, MINUTE_S)):
        if minutes_per_s:
            time.sleep(max(0.0, began + n / minutes_per_s - time.monotonic()))
        call(exchange_at(exchange), "PUT", "/sandbox/clock", {"now": t})
        for function in doors(t, interval_s):
            for _time in range(2 if doubled else 1):
                invoke(where, function, schedule_event(t))
        progress(t)


def doors(t: int, interval_s: int) -> Sequence[str]:
    """Return the functions whose schedule fires at `t`."""
    return ["trading_cycle", "risk_check"] if t % interval_s == 0 else ["risk_check"]
