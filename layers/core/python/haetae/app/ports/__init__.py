"""What the use cases ask of the outside world, in their own words: one port a file.

The records that the books hand out come with them, so that a door needs no room further down.
"""

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
from haetae.ledger.book import OperatorMode, TradeLine
from haetae.ledger.intent import Intent

__all__ = [
    "Balance",
    "Books",
    "Clock",
    "DeskPorts",
    "Exchange",
    "Intent",
    "Messages",
    "Missing",
    "OperatorMode",
    "OrderReport",
    "PortSet",
    "Ports",
    "Rejected",
    "Secrets",
    "TradeLine",
    "Unknown",
    "Unreachable",
]
