"""A test's deadline is never shorter than asked, follows the load, and has an end."""

import os
from itertools import count

from support.patience import MOST, bounded, load_per_core, loop_s, patience


def test_a_free_machine_is_given_what_was_asked_and_no_less() -> None:
    assert load_per_core(0.0) == 1.0
    assert patience(2.0) >= 2.0


def test_eight_processes_a_core_are_given_eight_times_as_long() -> None:
    assert load_per_core(8.0 * (os.cpu_count() or 1)) == 8.0


def test_patience_has_an_end() -> None:
    assert bounded(1_000.0) == MOST
    assert patience(2.0) <= 2.0 * MOST


def test_the_loop_is_timed_by_the_clock_it_is_given() -> None:
    ticks = count(start=1.0, step=0.25)
    assert loop_s(lambda: next(ticks)) == 0.25
