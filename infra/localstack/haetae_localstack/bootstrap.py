"""A function's process: AWS's runtime client on a lifeline.

Standard input is a pipe whose other end LocalStack holds. When LocalStack dies, of whatever
cause, the pipe reaches its end and this process leaves with all it has started. (The kernel's
parent-death signal would follow the thread that started it, not the process.)
"""

import os
import signal
import sys
import threading


def hold_lifeline() -> None:
    """Move the lifeline away from standard input and watch it."""
    lifeline = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    threading.Thread(target=_leave_at_the_end, args=(lifeline,), daemon=True).start()


def _leave_at_the_end(lifeline: int) -> None:
    while os.read(lifeline, 1):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    hold_lifeline()
    from awslambdaric.__main__ import main

    main(sys.argv)
