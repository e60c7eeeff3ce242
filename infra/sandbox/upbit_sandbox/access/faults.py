"""Faults on demand: what a client may meet on the way to an exchange, switched per request.

What each kind does to a request is in effects.py.

slow           served, answered after delay_s
lost_reply     served, but the caller gets a gateway's 502 page
cut            served, but the connection breaks in the middle of the body
empty          served, answered without a body
no_remaining   served, without Remaining-Req
odd_remaining  served, with a Remaining-Req as no client expects it: see ODDITIES
stale          quotes as they were delay_s ago
hidden         an order is not found until delay_s after it was placed
lost_request   never served; the gateway's 504 page
html_500, html_502, html_503   never served; a gateway's page
error_500      never served; Upbit's internal_server_error
limit_429      never served; refused by rate
limit_418      never served; blocked for delay_s, ten seconds unless told
refused        never served; a refusal of your choice, `status` and `error`: the order stabiliser's
               (docs: faq-order) has no documented name, so it is yours to give
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from upbit_sandbox.base.fields import (
    Malformed,
    read_choice,
    read_list,
    read_number,
    read_object,
    read_text,
    read_whole,
    refuse_unknown,
)
from upbit_sandbox.base.wire import Json

MAX_FAULTS = 100
MAX_DELAY_S = 86_400.0
MAX_COUNT = 1_000_000
STABILISER = "order_stabilizer"  # made up: what a refused fault says unless told

ODDITIES: dict[str, Callable[[str], tuple[str, ...]]] = {
    "no_min": lambda text: ("; ".join(p for p in text.split("; ") if not p.startswith("min=")),),
    "no_spaces": lambda text: (text.replace(" ", ""),),
    "upper_case": lambda text: (text.upper(),),
    "commas": lambda text: (text.replace(";", ","),),
    "negative": lambda text: (text.rpartition("=")[0] + "=-1",),
    "fraction": lambda text: (text + ".5",),
    "words": lambda text: (text.rpartition("=")[0] + "=many",),
    "more": lambda text: (text + "; hour=36000",),
    "empty": lambda _: ("",),
    "twice": lambda text: (text, text),
}


class Kind(StrEnum):
    """The kinds of fault."""

    SLOW = "slow"
    LOST_REPLY = "lost_reply"
    CUT = "cut"
    EMPTY = "empty"
    NO_REMAINING = "no_remaining"
    ODD_REMAINING = "odd_remaining"
    STALE = "stale"
    HIDDEN = "hidden"
    LOST_REQUEST = "lost_request"
    HTML_500 = "html_500"
    HTML_502 = "html_502"
    HTML_503 = "html_503"
    ERROR_500 = "error_500"
    LIMIT_429 = "limit_429"
    LIMIT_418 = "limit_418"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One switch: requests of this method and path meet this kind, `count` times (None: always).

    A method or a path may be "*", a path may end with it. `probability` is that of each request.
    """

    method: str = "*"
    path: str = "*"
    kind: Kind
    count: int | None = 1
    probability: float = 1.0
    delay_s: float = 0.0
    oddity: str = "no_min"
    status: int = 400
    error: str = STABILISER

    def meets(self, method: str, path: str) -> bool:
        """Tell whether a request is one of those that this switch is for."""
        if self.method not in ("*", method):
            return False
        if self.path.endswith("*"):
            return path.startswith(self.path[:-1])
        return path == self.path


@dataclass(slots=True)
class Switch:
    """A fault and how often it has struck."""

    fault: Fault
    struck: int = 0

    @property
    def is_on(self) -> bool:
        """Tell whether it can strike again."""
        return self.fault.count is None or self.struck < self.fault.count


@dataclass(slots=True)
class Faults:
    """The switches; a request meets the first that is for it, is on and is drawn."""

    faults: Sequence[Fault] = ()
    seed: int = 0
    switches: list[Switch] = field(init=False)
    active: bool = field(init=False)
    _random: Random = field(init=False)

    def __post_init__(self) -> None:
        """Set the switches; the seed draws for those with a probability."""
        self.switches = [Switch(fault) for fault in self.faults]
        self.active = bool(self.switches)
        self._random = Random(self.seed)  # noqa: S311 - a test wants the same again

    def take(self, method: str, path: str) -> Fault | None:
        """Let the first fault for this request strike; None when there is none."""
        for switch in self.switches:
            fault = switch.fault
            if not switch.is_on or not fault.meets(method, path):
                continue
            if fault.probability < 1 and self._random.random() >= fault.probability:
                continue
            switch.struck += 1
            self.active = any(other.is_on for other in self.switches)
            return fault
        return None


def faults_body(faults: Faults) -> dict[str, Json]:
    """Write the switches with how often each has struck and may still."""
    return {
        "seed": faults.seed,
        "faults": [_switch_body(switch) for switch in faults.switches],
    }


def _switch_body(switch: Switch) -> dict[str, Json]:
    fault = switch.fault
    body: dict[str, Json] = {"method": fault.method, "path": fault.path, "kind": fault.kind}
    body |= {"count": fault.count, "probability": fault.probability}
    body |= {name: getattr(fault, name) for name in _OWN.get(fault.kind, ())}
    left = None if fault.count is None else fault.count - switch.struck
    return body | {"struck": switch.struck, "left": left}


def read_faults(value: object) -> Faults:
    """Read a list of faults, or {"seed": n, "faults": [...]}; raises Malformed."""
    rows, seed = value, 0
    if isinstance(value, dict):
        refuse_unknown(value, ("seed", "faults"), "the body")
        rows, seed = value.get("faults"), read_whole(value.get("seed", 0), "seed")
    listed = read_list(rows, "faults")
    if len(listed) > MAX_FAULTS:
        raise Malformed("faults", f"must be at most {MAX_FAULTS}")
    return Faults([_read_fault(row, f"faults[{n}]") for n, row in enumerate(listed)], seed)


def _read_fault(value: object, where: str) -> Fault:
    """Read one fault; without a count one with a probability goes on, any other strikes once."""
    fields = read_object(value, where)
    refuse_unknown(fields, (*_FIELDS, "struck", "left"), where)

    def text(name: str, default: str) -> str:
        return read_text(fields.get(name, default), f"{where}.{name}")

    def number(name: str, default: float, most: float) -> float:
        return read_number(fields.get(name, default), f"{where}.{name}", most)

    kind = Kind(read_choice(fields.get("kind"), Kind, f"{where}.kind"))
    count = fields.get("count", None if "probability" in fields else 1)
    oddity = text("oddity", "no_min")
    if oddity not in ODDITIES:
        raise Malformed(f"{where}.oddity", f"must be one of {', '.join(ODDITIES)}")
    status = read_whole(fields.get("status", 400), f"{where}.status")
    if not 400 <= status <= 599:
        raise Malformed(f"{where}.status", "must be from 400 to 599")
    return Fault(
        method=text("method", "*"),
        path=text("path", "*"),
        kind=kind,
        count=None if count is None else _read_count(count, f"{where}.count"),
        probability=number("probability", 1.0, 1.0),
        delay_s=number("delay_s", 0.0, MAX_DELAY_S),
        oddity=oddity,
        status=status,
        error=text("error", STABILISER),
    )


def _read_count(value: object, where: str) -> int:
    count = read_whole(value, where)
    if not 1 <= count <= MAX_COUNT:
        raise Malformed(where, f"must be from 1 to {MAX_COUNT}")
    return count


_FIELDS = tuple(Fault.__dataclass_fields__)
_OWN: dict[Kind, tuple[str, ...]] = {
    Kind.SLOW: ("delay_s",),
    Kind.STALE: ("delay_s",),
    Kind.HIDDEN: ("delay_s",),
    Kind.LIMIT_418: ("delay_s",),
    Kind.ODD_REMAINING: ("oddity",),
    Kind.REFUSED: ("status", "error"),
}
