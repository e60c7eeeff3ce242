"""Rate limits in one-second windows and the Remaining-Req header (Upbit docs: rate-limits)."""

from dataclasses import dataclass, field

GROUPS = {"market": 10, "candles": 10, "ticker": 10, "orderbook": 10, "default": 30, "order": 12}


@dataclass(slots=True)
class RateLimits:
    """Counts requests per group; when not enforced it answers as if each second were fresh."""

    enforced: bool
    _windows: dict[str, tuple[int, int]] = field(default_factory=dict)

    def take(self, group: str, now_s: float) -> int:
        """Count one request; give how many are left this second, -1 when it is over the limit."""
        limit = GROUPS[group]
        if not self.enforced:
            return limit - 1
        second = int(now_s)
        window, used = self._windows.get(group, (second, 0))
        used = used + 1 if window == second else 1
        self._windows[group] = (second, used)
        return limit - used if used <= limit else -1


def remaining_req(group: str, left: int) -> tuple[str, str]:
    """Write the header; `min` is dead but kept, since clients parse it."""
    return ("remaining-req", f"group={group}; min={GROUPS[group] * 60}; sec={max(left, 0)}")
