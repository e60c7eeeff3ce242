"""The exchange's time: real at any speed, resumed, never going back."""

import time

from sandbox.client import T0
from upbit_sandbox.base.clock import Anchor, RealClock, http_date


class Wall:
    """A wall clock that the test sets."""

    def __init__(self, now_s: float) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


def test_real_clock_is_the_walls_unless_it_begins_elsewhere() -> None:
    wall = Wall(1_800_000_000.0)
    same, other = RealClock(None, wall), RealClock(T0, wall)
    wall.now_s += 12.5
    assert (same.now(), other.now()) == (wall.now_s, T0 + 12.5)


def test_speed_multiplies_what_has_passed() -> None:
    wall = Wall(1_800_000_000.0)
    clock = RealClock(T0, wall, speed=60.0)
    wall.now_s += 2.0
    assert clock.now() == T0 + 120


def test_clock_does_not_go_back_with_the_wall_clock() -> None:
    wall = Wall(1_800_000_000.0)
    clock = RealClock(None, wall)
    wall.now_s += 10
    before = clock.now()
    wall.now_s -= 3_600
    assert clock.now() == before
    wall.now_s += 3_601
    assert clock.now() == before + 1


def test_resumed_clock_has_run_all_the_time() -> None:
    anchor = Anchor(time.time() - 100, T0, 2.0)
    now_s = RealClock.resume(anchor, 2.0).now()
    assert now_s >= T0 + 200
    faster = RealClock.resume(anchor, 1_000.0)
    assert faster.anchor.speed == 1_000.0
    assert faster.now() >= now_s


def test_http_date_is_an_imf_fixdate() -> None:
    assert http_date(784_111_777.9) == "Sun, 06 Nov 1994 08:49:37 GMT"
