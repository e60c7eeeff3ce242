"""The messages that use cases publish: a kind, a level and the facts; words come later."""

from haetae.app.ports import Message
from haetae.base.money import volume_text
from haetae.kernel.codes import RAIL_NAMES, REASON_NAMES
from haetae.ledger.book import OperatorMode, TradeLine
from haetae.ledger.intent import Intent

MODE_NAMES = ("run", "stop", "halt", "kill")


def order_refused(intent: Intent) -> Message:
    """Say that the exchange refused an order."""
    return Message(kind="order_refused", level="warning", t=intent.t, facts=order_facts(intent))


def order_unknown(intent: Intent) -> Message:
    """Say that an order's fate is unknown and will be asked for."""
    return Message(kind="order_unknown", level="warning", t=intent.t, facts=order_facts(intent))


def order_facts(intent: Intent) -> dict[str, str]:
    """Return what a message says of an order."""
    return {
        "market": intent.market,
        "side": intent.side.value,
        "reason": REASON_NAMES[intent.reason],
        "identifier": intent.identifier,
        "note": intent.note,
    }


def traded(line: TradeLine) -> Message:
    """Say that an entry or an exit was filled."""
    facts = {
        "market": line.market,
        "reason": line.reason,
        "price": f"{line.price:,.8g}" if line.price < 100 else f"{line.price:,.0f}",
        "volume": volume_text(line.units),
        "total": f"{line.funds:,.0f}",
        "fee": f"{line.fee:,.0f}",
    }
    if line.pnl is None:
        return Message(kind="entry", level="info", t=line.t, facts=facts)
    facts["pnl"] = f"{line.pnl:+,.0f}"
    facts["r"] = "–" if line.r is None else f"{line.r:+.2f}"
    return Message(kind="exit", level="info", t=line.t, facts=facts)


def rails_fired(t: int, fired: tuple[int, ...], equity_krw: str) -> Message:
    """Say which of the loud rails fired: latches, flash crash, abnormal slippage."""
    names = ", ".join(RAIL_NAMES[rail] for rail in fired)
    return Message(kind="rail", level="warning", t=t, facts={"rails": names, "equity": equity_krw})


def exchange_trouble(t: int, market: str, error: Exception) -> Message:
    """Say that the exchange did not answer usably; entries are off, exits are still tried."""
    return Message(
        kind="exchange", level="error", t=t, facts={"market": market, "error": str(error)}
    )


def corrupt_state(t: int, error: Exception) -> Message:
    """Say that the stored state cannot be read and that the bot has halted."""
    return Message(kind="corrupt_state", level="critical", t=t, facts={"error": str(error)})


def mismatch(t: int, market: str, booked: int, held: int) -> Message:
    """Say that the exchange does not hold what the books say (units of 1e-8 coins)."""
    return Message(
        kind="mismatch",
        level="critical",
        t=t,
        facts={
            "market": market,
            "booked": volume_text(booked),
            "held": volume_text(held),
        },
    )


def halted(halt: OperatorMode) -> Message:
    """Say what the operator (or the bot itself) ordered."""
    level = "info" if halt.mode == 0 else "critical"
    return Message(
        kind="halt",
        level=level,
        t=halt.t,
        facts={"mode": MODE_NAMES[halt.mode], "reason": halt.reason, "by": halt.by},
    )


def kill_report(t: int, facts: dict[str, str]) -> Message:
    """Say how far a kill has come."""
    return Message(kind="kill", level="critical", t=t, facts=facts)


def daily(t: int, facts: dict[str, str]) -> Message:
    """Say how the last KST day went."""
    return Message(kind="daily_report", level="info", t=t, facts=facts)
