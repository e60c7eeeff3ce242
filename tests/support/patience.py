"""How long a test waits: what a free machine would need, times how busy this one is.

A deadline in a test tells a hang from work; it must not tell a slow machine from a fast one. What
has to be exact (a client's timeout, a function's limit) is no such deadline and stays a number.
"""

import os
import time
from collections.abc import Callable
from functools import cache

LOOPS = 200_000
# Processor seconds and wall seconds of the loop on the machine the deadlines were chosen on.
USUAL_S = 0.012
MOST = 20.0


def patience(seconds: float) -> float:
    """Return the seconds to wait for what takes less than `seconds` on a free machine."""
    return seconds * max(slowness(), load_per_core(os.getloadavg()[0]))


def load_per_core(load: float) -> float:
    """Return how many processes share a core, between 1 and MOST."""
    return bounded(load / (os.cpu_count() or 1))


@cache
def slowness() -> float:
    """Return how many times longer a short loop takes here, between 1 and MOST; measured once."""
    return bounded(loop_s(time.perf_counter) / USUAL_S)


def bounded(times: float) -> float:
    """Keep a factor between 1 and MOST."""
    return min(max(times, 1.0), MOST)


def loop_s(clock: Callable[[], float]) -> float:
    """Return how long the loop takes by a clock, waiting for the processor included."""
    begin = clock()
    total = 0
    for n in range(LOOPS):
        total += n
    return clock() - begin
