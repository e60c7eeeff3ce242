"""The bot at a sandbox exchange in this process, both on one virtual clock.

Whatever runs the real use cases here is built by this file: the replay, its bench and the tests.
"""

from collections.abc import Callable
from dataclasses import dataclass

from haetae.adapters.asgi_transport import AsgiTransport
from haetae.adapters.clocks import VirtualClock
from haetae.adapters.memory.messages import MemoryMessages
from haetae.adapters.upbit.client import UpbitClient
from haetae.adapters.upbit.transport import Transport
from haetae.app.ports import Books, PortSet
from haetae.config.setup import Setup
from haetae.wiring.container import App
from upbit_sandbox.asgi import create_app
from upbit_sandbox.base.clock import VirtualClock as ExchangeClock
from upbit_sandbox.sandbox import Sandbox
from upbit_sandbox.venue.venue import ACCESS_KEY, SECRET_KEY


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """An account, its exchange, and the clock of the account's side."""

    app: App
    sandbox: Sandbox
    clock: VirtualClock

    def set_time(self, now_s: float) -> None:
        """Let it be `now_s` (epoch s) for functions and exchange; neither ever goes back."""
        exchange = self.sandbox.venue.clock
        assert isinstance(exchange, ExchangeClock)
        self.clock.at_s = max(self.clock.at_s, float(now_s))
        exchange.advance_to(now_s)


def rehearse(setup: Setup, sandbox: Sandbox, books: Books, *, now_s: float) -> Rehearsal:
    """Return an account with these books at a sandbox; its messages stay in memory."""
    clock = VirtualClock(now_s)
    ports = PortSet(
        exchange=client_on(wire_to(sandbox), wait=clock.wait),
        books=books,
        messages=MemoryMessages(),
        clock=clock,
    )
    return Rehearsal(app=App(setup=setup, ports=ports), sandbox=sandbox, clock=clock)


def wire_to(sandbox: Sandbox) -> AsgiTransport:
    """Return the wire to a sandbox's HTTP application, stepped in this process."""
    return AsgiTransport(create_app(sandbox))


def client_on(wire: Transport, *, wait: Callable[[float], None]) -> UpbitClient:
    """Return a client with the sandbox's own keys; it lets `wait` pass the seconds it must wait."""
    return UpbitClient(
        base_url="http://sandbox",
        access_key=ACCESS_KEY,
        secret_key=SECRET_KEY,
        transport=wire,
        wait=wait,
    )
