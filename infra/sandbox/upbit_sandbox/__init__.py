"""An Upbit that runs on your machine, over recorded or made-up markets."""

from upbit_sandbox.core import Sandbox
from upbit_sandbox.tape import Tape, TapeError
from upbit_sandbox.venue import ACCESS_KEY, SECRET_KEY, Options
from upbit_sandbox.wire import Request, Response

__all__ = [
    "ACCESS_KEY",
    "SECRET_KEY",
    "Options",
    "Request",
    "Response",
    "Sandbox",
    "Tape",
    "TapeError",
]
