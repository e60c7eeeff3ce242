"""Every message as a sentence in English."""

from collections.abc import Callable
from typing import Any

from haetae.notify.messages import (
    Alarm,
    DailyReport,
    Entry,
    ExchangeTrouble,
    Exit,
    KillReport,
    Message,
    Mismatch,
    ModeChanged,
    OrderRefused,
    OrderUnknown,
    RailsFired,
    StateCorrupt,
)
from haetae.notify.text import figures
from haetae.notify.text.alarms import EN as ALARMS
from haetae.notify.text.words import EN as WORDS


def sentence(message: Message) -> str:
    """Return what a message says."""
    return SENTENCES[type(message)](message)


def entry(m: Entry) -> str:
    """Say: a buy order was filled."""
    return (
        f"Bought {m.market}: {figures.coins(m.volume)} at {figures.price(m.price_krw)} KRW, "
        f"{figures.won(m.funds_krw)} KRW, fee {figures.won(m.fee_krw)} KRW "
        f"({WORDS.reasons[m.reason]})"
    )


def exit_(m: Exit) -> str:
    """Say: a sell order was filled."""
    return (
        f"Sold {m.market}: {figures.coins(m.volume)} at {figures.price(m.price_krw)} KRW, "
        f"{figures.won(m.funds_krw)} KRW, fee {figures.won(m.fee_krw)} KRW, "
        f"profit {figures.gain(m.pnl_krw)} KRW, {figures.risk(m.r)} R ({WORDS.reasons[m.reason]})"
    )


def order_refused(m: OrderRefused) -> str:
    """Say: the exchange refused an order."""
    return (
        f"Upbit refused the {WORDS.sides[m.side]} order in {m.market} "
        f"({WORDS.reasons[m.reason]}): {WORDS.note(m.note)} [{m.identifier}]"
    )


def order_unknown(m: OrderUnknown) -> str:
    """Say: an order's fate is unknown."""
    return (
        f"The fate of the {WORDS.sides[m.side]} order in {m.market} ({WORDS.reasons[m.reason]}) "
        f"is unknown and is being asked for: {m.note} [{m.identifier}]"
    )


def rails_fired(m: RailsFired) -> str:
    """Say: rails fired."""
    return f"Rail fired: {WORDS.rails(m.rails)}; equity {figures.won(m.equity_krw)} KRW"


def exchange_trouble(m: ExchangeTrouble) -> str:
    """Say: the exchange gave no usable answer."""
    return (
        f"Upbit gives no usable answer for {m.market}: {m.error}. No entries; exits are still tried"
    )


def state_corrupt(m: StateCorrupt) -> str:
    """Say: the stored state cannot be read."""
    return f"The stored state cannot be read; from now on exits only: {m.error}"


def mismatch(m: Mismatch) -> str:
    """Say: books and exchange differ."""
    return (
        f"The books hold {figures.coins(m.booked_volume)} of {m.market}, "
        f"the exchange {figures.coins(m.held_volume)}"
    )


def mode_changed(m: ModeChanged) -> str:
    """Say: the operator's mode changed."""
    return f"Mode is now {WORDS.modes[m.mode]}, by {WORDS.origin(m.by)}: {m.reason or figures.NONE}"


def kill_report(m: KillReport) -> str:
    """Say: a kill has come so far."""
    return (
        f"Kill: acknowledged {WORDS.answer(m.acknowledged)}, flat {WORDS.answer(m.flat)}, "
        f"revoked {m.revoked}, open orders {m.open_orders}, "
        f"positions {figures.names(m.positions)}"
    )


def daily_report(m: DailyReport) -> str:
    """Say: a day has ended."""
    return (
        f"Report of {figures.day(m.from_t)}: {m.entries} entries, {m.exits} exits ({m.wins} won), "
        f"profit {figures.gain(m.pnl_krw)} KRW, {figures.risk(m.r)} R, "
        f"fees {figures.won(m.fees_krw)} KRW; equity {figures.won(m.equity_krw)} KRW, "
        f"positions {m.positions}, mode {WORDS.modes[m.mode]}"
    )


def alarm(m: Alarm) -> str:
    """Say: an alarm changed its state; one of the template's in words."""
    what = ALARMS.of(m.name)
    if what:
        return f"Alarm {WORDS.alarm_states[m.state]}: {what}"
    return f"Alarm {m.name} is {WORDS.alarm_states[m.state]}: {m.description or figures.NONE}"


SENTENCES: dict[type[Message], Callable[[Any], str]] = {
    Entry: entry,
    Exit: exit_,
    OrderRefused: order_refused,
    OrderUnknown: order_unknown,
    RailsFired: rails_fired,
    ExchangeTrouble: exchange_trouble,
    StateCorrupt: state_corrupt,
    Mismatch: mismatch,
    ModeChanged: mode_changed,
    KillReport: kill_report,
    DailyReport: daily_report,
    Alarm: alarm,
}
