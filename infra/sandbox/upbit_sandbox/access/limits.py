"""Rate limits, Remaining-Req, and the block of who goes on after 429 (docs: rate-limits).

Quotation groups count per address in the clock's whole seconds. The account's groups and the
slower ones are token buckets, as the documentation says of them: full they let their number pass at
once, and they fill again at that rate. Both go by the exchange's clock.

Who is refused in three seconds on end is blocked with 418, for ten seconds at first and twice as
long every time again within an hour. These numbers are this sandbox's own: Upbit's are not known.
"""

from dataclasses import dataclass
from typing import NamedTuple

ORIGIN = "origin"
REFUSED_SECONDS = 3
BLOCK_S = 10.0
LONGEST_BLOCK_S = 3_600.0
REMEMBERED_S = 3_600.0
MOST_CALLERS = 10_000

type Caller = tuple[str, str]  # "ip", "account" or "connection", and which


class Group(NamedTuple):
    """So many requests every so many seconds, in whole seconds or as a bucket."""

    requests: int
    per_s: float = 1.0
    is_bucket: bool = False


GROUPS = {
    "market": Group(10),
    "candles": Group(10),
    "ticker": Group(10),
    "orderbook": Group(10),
    "trade": Group(10),
    "default": Group(30, is_bucket=True),
    "order": Group(12, is_bucket=True),
    "order-test": Group(8, is_bucket=True),
    "order-cancel-all": Group(1, 2.0, is_bucket=True),
    "websocket-connect": Group(5),
    "websocket-message": Group(5),
    "websocket-message-minute": Group(100, 60.0, is_bucket=True),
    ORIGIN: Group(1, 10.0, is_bucket=True),
}


class Verdict(NamedTuple):
    """How many requests are left; `allowed` is False above the limit, or for `blocked_s` more."""

    left: int
    allowed: bool = True
    blocked_s: float = 0.0


@dataclass(slots=True)
class _Use:
    """One group of one caller: what is left, since when."""

    left: float
    since_s: float


@dataclass(slots=True)
class _Conduct:
    """What a caller was refused: in how many seconds on end, and how often that led to a block."""

    refused_s: int = 0  # the last second with a refusal
    on_end: int = 0
    blocks: int = 0
    until_s: float = 0.0


class RateLimits:
    """Counts requests per group and caller; when not enforced everybody is always fresh."""

    def __init__(self, enforced: bool) -> None:
        """Begin with nobody known."""
        self.enforced = enforced
        self._uses: dict[tuple[str, Caller], _Use] = {}
        self._conducts: dict[Caller, _Conduct] = {}

    def take(self, name: str, caller: Caller, now_s: float) -> Verdict:
        """Count one request of this group."""
        group = GROUPS[name]
        if not self.enforced:
            return Verdict(group.requests - 1)
        conduct = self._conducts.get(caller)
        if conduct is not None and now_s < conduct.until_s:
            return Verdict(0, allowed=False, blocked_s=conduct.until_s - now_s)
        use = self._use(name, group, caller, now_s)
        if use.left >= 1:
            use.left -= 1
            return Verdict(int(use.left))
        return Verdict(0, allowed=False, blocked_s=self._note_refusal(caller, now_s))

    def connect(self, caller: Caller, now_s: float) -> bool:
        """Count a new WebSocket; False when it is one too many."""
        return self.take("websocket-connect", caller, now_s).allowed

    def message(self, connection: str, now_s: float) -> bool:
        """Count a message on an open WebSocket; False when it is one too many."""
        caller = ("connection", connection)
        groups = ("websocket-message", "websocket-message-minute")
        return all(self.take(name, caller, now_s).allowed for name in groups)

    def _use(self, name: str, group: Group, caller: Caller, now_s: float) -> _Use:
        use = self._uses.get((name, caller))
        if use is None:
            _make_room(self._uses)
            use = self._uses[name, caller] = _Use(group.requests, now_s)
        elif group.is_bucket:
            passed_s = max(now_s - use.since_s, 0.0)
            use.left = min(use.left + passed_s * group.requests / group.per_s, group.requests)
        elif now_s // group.per_s != use.since_s // group.per_s:
            use.left = group.requests
        use.since_s = now_s
        return use

    def _note_refusal(self, caller: Caller, now_s: float) -> float:
        """Note a refusal; give the seconds of the block that it brings, 0.0 for none."""
        conduct = self._conducts.get(caller)
        if conduct is None or now_s > max(conduct.until_s, conduct.refused_s) + REMEMBERED_S:
            _make_room(self._conducts)
            conduct = self._conducts[caller] = _Conduct()
        second = int(now_s)
        if second != conduct.refused_s:
            conduct.on_end = conduct.on_end + 1 if second == conduct.refused_s + 1 else 1
            conduct.refused_s = second
        if conduct.on_end < REFUSED_SECONDS:
            return 0.0
        block_s = min(BLOCK_S * 2.0**conduct.blocks, LONGEST_BLOCK_S)
        conduct.on_end, conduct.blocks = 0, conduct.blocks + 1
        conduct.until_s = now_s + block_s
        return block_s


def remaining_req(name: str, left: int) -> tuple[str, str]:
    """Write the header; `min` is dead but kept, since clients parse it."""
    group = GROUPS[name]
    per_minute = round(group.requests * 60 / group.per_s)
    return ("remaining-req", f"group={name}; min={per_minute}; sec={left}")


def _make_room[K, V](known: dict[K, V]) -> None:
    """Forget whoever has been known for longest."""
    if len(known) >= MOST_CALLERS:
        del known[next(iter(known))]
