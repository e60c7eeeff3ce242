"""A process that dies: its ports raise at one call, before the call or after it was carried out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from haetae.app.ports import Ports, PortSet

BEFORE, AFTER = "before", "after"


class Died(BaseException):
    """The process is gone; nothing of it may catch this."""


@dataclass(kw_only=True)
class Fuse:
    """Counts the calls of all ports and dies at some: by number from 1, or the first of a name."""

    at: tuple[int, ...] = ()
    name: str = ""
    when: str = BEFORE
    calls: list[str] = field(default_factory=list)
    dead: bool = False

    def ports(self, ports: Ports) -> Ports:
        """Return the ports of a new process, with this fuse in each of them."""
        self.dead = False
        return PortSet(
            exchange=Fused(ports.exchange, self),
            books=Fused(ports.books, self),
            messages=Fused(ports.messages, self),
            clock=Fused(ports.clock, self),
        )

    def through(self, name: str, call: Callable[[], Any]) -> Any:
        """Make a call, or die before or after it; who has died makes none."""
        if self.dead:
            raise Died(name)
        self.calls.append(name)
        first = name == self.name and self.calls.count(name) == 1
        dies = first or len(self.calls) in self.at
        self.dead = dies
        if dies and self.when == BEFORE:
            raise Died(name)
        answer = call()
        if dies:
            raise Died(name)
        return answer


class Fused:
    """One port with a fuse."""

    def __init__(self, port: Any, fuse: Fuse) -> None:
        self._port = port
        self._fuse = fuse

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._port, name)
        return lambda *args, **kwargs: self._fuse.through(name, lambda: method(*args, **kwargs))
