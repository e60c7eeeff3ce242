"""One message of every kind, with each shape that its optional fields can take."""

from decimal import Decimal

from haetae.kernel.codes import (
    DAY_LATCH,
    ENTRY_SIGNAL,
    FIRST_STOP,
    FLASH_CRASH,
)
from haetae.ledger.book import Mode
from haetae.ledger.intent import Side
from haetae.notify.messages import (
    Alarm,
    AlarmState,
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

T = 1_757_325_600  # 2025-09-08 19:00 in Seoul
MARKET = "KRW-BTC"
STOPPED = Exit(
    t=T,
    market="KRW-XRP",
    reason=FIRST_STOP,
    price_krw=Decimal("99.5"),
    volume=Decimal("10.5"),
    funds_krw=Decimal("1044.75"),
    fee_krw=Decimal("0.522375"),
    pnl_krw=Decimal("-12.4"),
    r=-0.25,
)
DAY = DailyReport(
    t=T,
    from_t=T - 122_400,
    to_t=T - 36_000,
    entries=2,
    exits=1,
    wins=0,
    pnl_krw=Decimal(-12),
    fees_krw=Decimal(1),
    r=None,
    equity_krw=Decimal(10_000_000),
    positions=1,
    mode=Mode.RUN,
)
SAMPLES: tuple[Message, ...] = (
    Entry(
        t=T,
        market=MARKET,
        reason=ENTRY_SIGNAL,
        price_krw=Decimal(158_000_000),
        volume=Decimal("0.00006329"),
        funds_krw=Decimal("9999.82"),
        fee_krw=Decimal("4.99991"),
    ),
    STOPPED,
    OrderRefused(
        t=T,
        market=MARKET,
        side=Side.BID,
        reason=ENTRY_SIGNAL,
        identifier="main-1",
        note="{잔고 부족}",
    ),
    OrderUnknown(
        t=T, market=MARKET, side=Side.ASK, reason=FIRST_STOP, identifier="main-2", note="시간 초과"
    ),
    RailsFired(t=T, rails=(DAY_LATCH, FLASH_CRASH), equity_krw=Decimal("9800000.5")),
    ExchangeTrouble(t=T, market=MARKET, error="응답 없음"),
    StateCorrupt(t=T, error="읽을 수\n없음"),
    Mismatch(t=T, market=MARKET, booked_volume=Decimal("0.5"), held_volume=Decimal(0)),
    ModeChanged(t=T, mode=Mode.KILL, reason="확인 필요", by="http"),
    ModeChanged(t=T, mode=Mode.RUN, reason="", by="누군가"),
    KillReport(t=T, epoch=1, acknowledged=True, flat=False, revoked=0, open_orders=1),
    KillReport(
        t=T,
        epoch=2,
        acknowledged=False,
        flat=False,
        revoked=2,
        open_orders=0,
        positions=(MARKET, "KRW-ETH"),
    ),
    DAY,
    ModeChanged(t=T, mode=Mode.STOP, reason="휴가", by="cli"),
    *(Alarm(t=T, name="haetae-A", state=state, description="설명") for state in AlarmState),
)
