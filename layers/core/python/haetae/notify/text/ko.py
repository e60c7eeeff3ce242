"""Every message as a sentence in Korean."""

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
from haetae.notify.text.alarms import KO as ALARMS
from haetae.notify.text.words import KO as WORDS


def sentence(message: Message) -> str:
    """Return what a message says."""
    return SENTENCES[type(message)](message)


def entry(m: Entry) -> str:
    """Say: a buy order was filled."""
    return (
        f"{m.market} 매수: {figures.coins(m.volume)}개, 체결가 {figures.price(m.price_krw)}원, "
        f"총 {figures.won(m.funds_krw)}원, 수수료 {figures.won(m.fee_krw)}원 "
        f"({WORDS.reasons[m.reason]})"
    )


def exit_(m: Exit) -> str:
    """Say: a sell order was filled."""
    return (
        f"{m.market} 매도: {figures.coins(m.volume)}개, 체결가 {figures.price(m.price_krw)}원, "
        f"총 {figures.won(m.funds_krw)}원, 수수료 {figures.won(m.fee_krw)}원, "
        f"손익 {figures.gain(m.pnl_krw)}원, {figures.risk(m.r)} R ({WORDS.reasons[m.reason]})"
    )


def order_refused(m: OrderRefused) -> str:
    """Say: the exchange refused an order."""
    return (
        f"업비트가 {m.market} {WORDS.sides[m.side]} 주문을 거부했습니다 "
        f"({WORDS.reasons[m.reason]}): {WORDS.note(m.note)} [{m.identifier}]"
    )


def order_unknown(m: OrderUnknown) -> str:
    """Say: an order's fate is unknown."""
    return (
        f"{m.market} {WORDS.sides[m.side]} 주문의 처리 여부를 알 수 없어 조회하고 있습니다 "
        f"({WORDS.reasons[m.reason]}): {m.note} [{m.identifier}]"
    )


def rails_fired(m: RailsFired) -> str:
    """Say: rails fired."""
    return f"안전장치 발동: {WORDS.rails(m.rails)}. 평가 자산 {figures.won(m.equity_krw)}원"


def exchange_trouble(m: ExchangeTrouble) -> str:
    """Say: the exchange gave no usable answer."""
    return (
        f"업비트가 {m.market}에 대해 쓸 수 있는 응답을 주지 않습니다: {m.error}. "
        "신규 진입은 멈추고 청산은 계속 시도합니다"
    )


def state_corrupt(m: StateCorrupt) -> str:
    """Say: the stored state cannot be read."""
    return f"저장된 상태를 읽을 수 없어 청산만 허용합니다: {m.error}"


def mismatch(m: Mismatch) -> str:
    """Say: books and exchange differ."""
    return (
        f"{m.market} 보유량 불일치: 장부 {figures.coins(m.booked_volume)}개, "
        f"거래소 {figures.coins(m.held_volume)}개"
    )


def mode_changed(m: ModeChanged) -> str:
    """Say: the operator's mode changed."""
    return (
        f"운영 모드: {WORDS.modes[m.mode]}. 명령 경로: {WORDS.origin(m.by)}, "
        f"사유: {m.reason or figures.NONE}"
    )


def kill_report(m: KillReport) -> str:
    """Say: a kill has come so far."""
    return (
        f"비상 정지: 주문 차단 확인 {WORDS.answer(m.acknowledged)}, "
        f"전량 청산 {WORDS.answer(m.flat)}, 회수한 주문 {m.revoked}건, "
        f"미체결 {m.open_orders}건, 남은 종목 {figures.names(m.positions)}"
    )


def daily_report(m: DailyReport) -> str:
    """Say: a day has ended."""
    return (
        f"{figures.day(m.from_t)} 일일 보고: 진입 {m.entries}회, 청산 {m.exits}회"
        f"(이익 {m.wins}회), 손익 {figures.gain(m.pnl_krw)}원, {figures.risk(m.r)} R, "
        f"수수료 {figures.won(m.fees_krw)}원. 평가 자산 {figures.won(m.equity_krw)}원, "
        f"보유 {m.positions}종목, 운영 모드 {WORDS.modes[m.mode]}"
    )


def alarm(m: Alarm) -> str:
    """Say: an alarm changed its state; one of the template's in words."""
    what = ALARMS.of(m.name)
    if what:
        return f"경보 {WORDS.alarm_states[m.state]}: {what}"
    return f"경보 {WORDS.alarm_states[m.state]}: {m.name}. {m.description or figures.NONE}"


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
