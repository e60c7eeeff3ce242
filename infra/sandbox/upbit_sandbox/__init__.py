"""An Upbit that runs on your machine, over recorded or made-up markets."""

from upbit_sandbox.base.wire import Request, Response
from upbit_sandbox.prices.tape import Tape, TapeError
from upbit_sandbox.sandbox import Sandbox
from upbit_sandbox.venue.venue import ACCESS_KEY, SECRET_KEY, Options

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
