"""What the bot says, as values: one frozen type a message, with numbers and enums, never words.

`kind` names the class of a message and `level` how urgent it is; both are what a subscriber can
filter by. `t` is epoch seconds, money is won, a volume is coins. Rails, reasons and modes are the
kernel's codes; on the topic they go by their machine names (notify.codec), and words in a language
come last of all (notify.render).

A new message is a class here, its place in `Message`, a sentence in each language of notify.text
and a new SCHEMA in notify.codec; the tests walk the union and find what is missing.

Above 250 lines: one union, and nothing but the fields of its members.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar, get_args

from haetae.kernel.codes import MODE_NAMES, RAIL_NAMES, REASON_NAMES
from haetae.ledger.book import Mode
from haetae.ledger.intent import Side
from haetae.notify.names import Names

RAILS = Names("rail", RAIL_NAMES)
REASONS = Names("reason", REASON_NAMES)
MODES = Names("mode", MODE_NAMES)

RailCode = Annotated[int, RAILS]
ReasonCode = Annotated[int, REASONS]
ModeCode = Annotated[Mode, MODES]


class Level(StrEnum):
    """How urgent a message is, least first."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


class Kind(StrEnum):
    """The class of a message; subscribers' filter policies name these."""

    ENTRY = "entry"
    EXIT = "exit"
    ORDER_REFUSED = "order_refused"
    ORDER_UNKNOWN = "order_unknown"
    RAILS_FIRED = "rail"
    EXCHANGE_TROUBLE = "exchange"
    CORRUPT_STATE = "corrupt_state"
    MISMATCH = "mismatch"
    MODE_CHANGED = "halt"
    KILL_REPORT = "kill"
    DAILY_REPORT = "daily_report"
    ALARM = "alarm"


class AlarmState(StrEnum):
    """The states of a CloudWatch alarm, in its own words."""

    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
    OK = "OK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A buy order was filled and a position is open."""

    kind: ClassVar[Kind] = Kind.ENTRY
    level: ClassVar[Level] = Level.INFO

    t: int
    market: str
    reason: ReasonCode
    price_krw: Decimal
    volume: Decimal
    funds_krw: Decimal
    fee_krw: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """A sell order was filled; `r` is the profit in units of the risk, None where none was set."""

    kind: ClassVar[Kind] = Kind.EXIT
    level: ClassVar[Level] = Level.INFO

    t: int
    market: str
    reason: ReasonCode
    price_krw: Decimal
    volume: Decimal
    funds_krw: Decimal
    fee_krw: Decimal
    pnl_krw: Decimal
    r: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefused:
    """The exchange refused an order; `note` is its own answer."""

    kind: ClassVar[Kind] = Kind.ORDER_REFUSED
    level: ClassVar[Level] = Level.WARNING

    t: int
    market: str
    side: Side
    reason: ReasonCode
    identifier: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderUnknown:
    """An order's fate is unknown and is asked for by its identifier; `note` is what went wrong."""

    kind: ClassVar[Kind] = Kind.ORDER_UNKNOWN
    level: ClassVar[Level] = Level.WARNING

    t: int
    market: str
    side: Side
    reason: ReasonCode
    identifier: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RailsFired:
    """Rails fired that an owner wants to hear of: latches, flash crash, abnormal slippage."""

    kind: ClassVar[Kind] = Kind.RAILS_FIRED
    level: ClassVar[Level] = Level.WARNING

    t: int
    rails: tuple[RailCode, ...]
    equity_krw: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeTrouble:
    """The exchange gave no usable answer: no entries, exits are still tried."""

    kind: ClassVar[Kind] = Kind.EXCHANGE_TROUBLE
    level: ClassVar[Level] = Level.ERROR

    t: int
    market: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StateCorrupt:
    """What is stored cannot be read back, and the bot has halted."""

    kind: ClassVar[Kind] = Kind.CORRUPT_STATE
    level: ClassVar[Level] = Level.CRITICAL

    t: int
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """The exchange holds another volume of a market's coin than the books."""

    kind: ClassVar[Kind] = Kind.MISMATCH
    level: ClassVar[Level] = Level.CRITICAL

    t: int
    market: str
    booked_volume: Decimal
    held_volume: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeChanged:
    """The operator's mode as it now stands; `by` is the way the command came."""

    kind: ClassVar[Kind] = Kind.MODE_CHANGED

    t: int
    mode: ModeCode
    reason: str
    by: str

    @property
    def level(self) -> Level:
        """Trading again is good news; anything else must be heard."""
        return Level.INFO if self.mode is Mode.RUN else Level.CRITICAL


@dataclass(frozen=True, slots=True, kw_only=True)
class KillReport:
    """How far a kill has come.

    `acknowledged`: no entry can reach the exchange any more and each doubtful order was asked
    for. `flat`: nothing is held and nothing is open. The risk check goes on until it is.
    `positions` are the markets in which something is held or on order.
    """

    kind: ClassVar[Kind] = Kind.KILL_REPORT
    level: ClassVar[Level] = Level.CRITICAL

    t: int
    epoch: int
    acknowledged: bool
    flat: bool
    revoked: int
    open_orders: int
    positions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyReport:
    """One KST day from `from_t` to `to_t`; `r` is None where nothing closed with a risk set."""

    kind: ClassVar[Kind] = Kind.DAILY_REPORT
    level: ClassVar[Level] = Level.INFO

    t: int
    from_t: int
    to_t: int
    entries: int
    exits: int
    wins: int
    pnl_krw: Decimal
    fees_krw: Decimal
    r: float | None
    equity_krw: Decimal
    positions: int
    mode: ModeCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A CloudWatch alarm changed its state; name and description are the template's own."""

    kind: ClassVar[Kind] = Kind.ALARM

    t: int
    name: str
    state: AlarmState
    description: str

    @property
    def level(self) -> Level:
        """An alarm that was raised is an error, one that cleared is news."""
        match self.state:
            case AlarmState.ALARM:
                return Level.ERROR
            case AlarmState.INSUFFICIENT_DATA:
                return Level.WARNING
            case AlarmState.OK:
                return Level.INFO


type Message = (
    Entry
    | Exit
    | OrderRefused
    | OrderUnknown
    | RailsFired
    | ExchangeTrouble
    | StateCorrupt
    | Mismatch
    | ModeChanged
    | KillReport
    | DailyReport
    | Alarm
)

KINDS: dict[Kind, type[Message]] = {kind.kind: kind for kind in get_args(Message.__value__)}
