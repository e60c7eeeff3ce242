"""What a backtest and a replay both leave behind, in one shape, so that they can be compared."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

from haetae.base.money import MICRO, volume_text
from haetae.base.time import iso_text
from haetae.kernel.codes import RAIL_NAMES
from haetae.research.data.tapes import Span


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class TradeRow:
    """One fill; money in micro-won, `pnl` and `r` None for an entry."""

    t: int
    number: int  # of the market, in configured order
    market: str
    side: str
    reason: str
    price: float
    units: int
    fee: int
    pnl: int | None
    r: float | None

    def as_json(self) -> dict[str, Any]:
        """Return the row as it is written: volume as exact text, money in won."""
        return {
            "time": iso_text(self.t),
            "market": self.market,
            "side": self.side,
            "price": self.price,
            "volume": volume_text(self.units),
            "fee": self.fee / MICRO,
            "reason": self.reason,
            "pnl_krw": None if self.pnl is None else self.pnl / MICRO,
            "r": self.r,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A finished run. `marks` are (t, equity micro) at each decision; `rails` by name.

    `exchange_cash` is what the exchange says is left, in micro, free and locked.
    """

    kind: str
    profile: str
    markets: tuple[str, ...]
    span: Span
    start_cash: int
    cash: int
    equity: int
    trades: tuple[TradeRow, ...]
    marks: tuple[tuple[int, int], ...]
    rails: dict[str, int] = field(default_factory=dict)
    exchange_cash: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the whole run as it is written."""
        return {
            "kind": self.kind,
            "profile": self.profile,
            "markets": list(self.markets),
            "from": iso_text(self.span.from_t),
            "to": iso_text(self.span.to_t),
            "exits_tested_on": "decision candles" if self.span.coarse else "minutes",
            "summary": self.summary(),
            "rails": self.rails,
            "trades": [row.as_json() for row in self.trades],
            "equity": [[iso_text(t), equity / MICRO] for t, equity in self.marks],
        }

    def summary(self) -> dict[str, Any]:
        """Return the run in figures; what is not defined is None."""
        closed = [row for row in self.trades if row.pnl is not None]
        pnl = [row.pnl for row in closed if row.pnl is not None]
        rs = [row.r for row in closed if row.r is not None]
        lost = sum(p for p in pnl if p < 0)
        return {
            "start_krw": self.start_cash / MICRO,
            "cash_krw": self.cash / MICRO,
            "equity_krw": self.equity / MICRO,
            "return_pct": (self.equity / self.start_cash - 1) * 100,
            "max_drawdown_pct": drawdown_pct([e for _t, e in self.marks]),
            "entries": len(self.trades) - len(closed),
            "exits": len(closed),
            "wins": sum(1 for p in pnl if p > 0),
            "fees_krw": sum(row.fee for row in self.trades) / MICRO,
            "profit_factor": sum(p for p in pnl if p > 0) / -lost if lost else None,
            "expectancy_r": sum(rs) / len(rs) if rs else None,
        }

    def save(self, path: Path) -> None:
        """Write the run as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.as_json(), indent=1, ensure_ascii=False) + "\n", "utf-8")


def drawdown_pct(equity: Sequence[int]) -> float | None:
    """Return the deepest fall from a high, in per cent of the high, at the decisions' marks."""
    if not equity:
        return None
    highs = accumulate(equity, max)
    return max((high - e) / high * 100 for high, e in zip(highs, equity, strict=True))


def rails_by_name(counts: Sequence[int]) -> dict[str, int]:
    """Return how often each rail fired, those that never did included."""
    return {name: int(counts[code]) for code, name in RAIL_NAMES.items()}


def page(result: Result) -> str:
    """Return the run as a person wants to read it first."""
    s = result.summary()
    pf, r = s["profit_factor"], s["expectancy_r"]
    fired = ", ".join(f"{name} {n}" for name, n in result.rails.items() if n) or "none"
    gain = f"{s['start_krw']:,.0f} -> {s['equity_krw']:,.0f} KRW ({s['return_pct']:+.2f} %)"
    factor = "–" if pf is None else f"{pf:.2f}"
    expected = "–" if r is None else f"{r:+.3f} R"
    won = f"{s['entries']} entries, {s['exits']} exits, {s['wins']} won"
    lines = [
        f"{result.kind} {' '.join(result.markets)}, profile {result.profile}",
        f"  {iso_text(result.span.from_t)} to {iso_text(result.span.to_t)}",
        f"  equity {gain}, cash {s['cash_krw']:,.0f}, fees {s['fees_krw']:,.0f} KRW",
        f"  {won}; profit factor {factor}, expectancy {expected}",
        f"  rails: {fired}",
    ]
    if result.span.coarse:
        lines.append("  no minute candles: exits were tested on decision candles, which is coarser")
    return "\n".join(lines)
