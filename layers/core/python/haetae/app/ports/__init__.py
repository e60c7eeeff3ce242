"""What the use cases ask of the outside world, in their own words: one port a file."""

from haetae.app.ports.books import Books
from haetae.app.ports.clock import Clock
from haetae.app.ports.exchange import (
    Balance,
    Exchange,
    Missing,
    OrderReport,
    Rejected,
    Unknown,
    Unreachable,
)
from haetae.app.ports.messages import Messages
from haetae.app.ports.ports import DeskPorts, Ports, PortSet
from haetae.app.ports.secrets import Secrets

__all__ = [
    "Balance",
    "Books",
    "Clock",
    "DeskPorts",
    "Exchange",
    "Messages",
    "Missing",
    "OrderReport",
    "PortSet",
    "Ports",
    "Rejected",
    "Secrets",
    "Unknown",
    "Unreachable",
]
