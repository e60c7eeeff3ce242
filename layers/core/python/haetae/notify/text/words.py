"""What each code is called, in Korean and in English; a test holds the tables against the codes."""

from dataclasses import dataclass

from haetae.kernel import codes
from haetae.ledger.intent import Side
from haetae.notify.messages import AlarmState, Level

NO_SUCH_ORDER = "the exchange knows no such order"  # the note of app.orders.reconcile


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language's words. `reasons` has the rails too, by the kernel's codes; `modes` likewise.

    `origins` are the ways a command can come; an unknown one is said as it is. `notes` are why
    an order was refused where the bot itself found it.
    """

    reasons: dict[int, str]
    modes: dict[int, str]
    sides: dict[Side, str]
    levels: dict[Level, str]
    alarm_states: dict[AlarmState, str]
    origins: dict[str, str]
    notes: dict[str, str]
    exchange: str
    yes: str
    no: str

    def answer(self, value: bool, /) -> str:
        """Return yes or no."""
        return self.yes if value else self.no

    def note(self, text: str) -> str:
        """Return why an order was refused: what the bot found, or the exchange's own words."""
        return self.notes.get(text) or f"{self.exchange} “{text}”"

    def origin(self, by: str) -> str:
        """Return the way a command came."""
        return self.origins.get(by, by)

    def rails(self, fired: tuple[int, ...]) -> str:
        """Return the names of rails in a row."""
        return ", ".join(self.reasons[rail] for rail in fired)


KO = Words(
    reasons={
        codes.MODE: "운영 모드",
        codes.STALE: "오래된 시세",
        codes.EXPIRED: "진입 신호 만료",
        codes.EXIT_THIS_MINUTE: "같은 분에 청산",
        codes.DAY_LOSS: "일일 손실 한도",
        codes.WEEK_LOSS: "주간 손실 한도",
        codes.MIN_INTERVAL: "최소 진입 간격",
        codes.MAX_ENTRIES: "하루 진입 횟수 한도",
        codes.MAX_POSITIONS: "최대 보유 종목 수",
        codes.COOLDOWN: "재진입 대기 시간",
        codes.SIZE_R: "위험 단위(R) 기준 크기",
        codes.BUY_SHARE: "현금 대비 매수 비율",
        codes.SIZE_SHARE: "전략의 주문 크기 비율",
        codes.KELLY: "켈리 한도",
        codes.CASH: "가용 현금",
        codes.CASH_RESERVE: "현금 유보",
        codes.COIN_SHARE: "종목별 비중 한도",
        codes.LIQUIDITY: "유동성 한도",
        codes.LOSS_BUDGET: "남은 손실 예산",
        codes.MAX_ORDER: "최대 주문 금액",
        codes.MIN_ORDER: "최소 주문 금액",
        codes.FIRST_STOP: "최초 손절",
        codes.CHANDELIER: "샹들리에 추적 손절",
        codes.TAKE_PROFIT: "익절",
        codes.PARTIAL_PROFIT: "부분 익절",
        codes.FLASH_CRASH: "급락 감지",
        codes.SLIPPAGE: "비정상 슬리피지",
        codes.DAY_LATCH: "일일 손실 한도 도달",
        codes.WEEK_LATCH: "주간 손실 한도 도달",
        codes.CAPITAL: "운용 자본 한도",
        codes.MAX_COST: "손절 폭 대비 비용 한도",
        codes.ROLLING_WEEK: "최근 7일 손실 한도",
        codes.ENTRY_SIGNAL: "진입 신호",
        codes.EXIT_SIGNAL: "청산 신호",
        codes.KILL: "비상 정지",
    },
    modes={
        codes.RUN: "정상 운영",
        codes.STOP: "신규 진입 중지",
        codes.HALT: "매매 정지(청산만 허용)",
        codes.KILLED: "비상 정지",
    },
    sides={Side.BID: "매수", Side.ASK: "매도"},
    levels={
        Level.INFO: "알림",
        Level.WARNING: "주의",
        Level.ERROR: "오류",
        Level.CRITICAL: "긴급",
    },
    alarm_states={
        AlarmState.ALARM: "발생",
        AlarmState.INSUFFICIENT_DATA: "데이터 부족",
        AlarmState.OK: "해제",
    },
    origins={
        "cli": "명령줄",
        "http": "웹 요청",
        "sns": "메시지",
        "alarm": "경보",
        "invoke": "직접 호출",
        "haetae": "봇 자체 판단",
        "replay": "재생",
    },
    notes={NO_SUCH_ORDER: "거래소에 그런 주문이 없습니다"},
    exchange="거래소의 답",
    yes="예",
    no="아니요",
)

EN = Words(
    reasons={
        codes.MODE: "operator mode",
        codes.STALE: "stale quotes",
        codes.EXPIRED: "entry signal expired",
        codes.EXIT_THIS_MINUTE: "exit in the same minute",
        codes.DAY_LOSS: "daily loss limit",
        codes.WEEK_LOSS: "weekly loss limit",
        codes.MIN_INTERVAL: "shortest time between entries",
        codes.MAX_ENTRIES: "entries a day",
        codes.MAX_POSITIONS: "most positions",
        codes.COOLDOWN: "cooldown",
        codes.SIZE_R: "size by R",
        codes.BUY_SHARE: "share of the cash",
        codes.SIZE_SHARE: "the strategy's share of the size",
        codes.KELLY: "Kelly cap",
        codes.CASH: "cash",
        codes.CASH_RESERVE: "cash reserve",
        codes.COIN_SHARE: "share of one coin",
        codes.LIQUIDITY: "liquidity cap",
        codes.LOSS_BUDGET: "loss budget",
        codes.MAX_ORDER: "largest order",
        codes.MIN_ORDER: "smallest order",
        codes.FIRST_STOP: "first stop",
        codes.CHANDELIER: "chandelier stop",
        codes.TAKE_PROFIT: "take-profit",
        codes.PARTIAL_PROFIT: "partial take-profit",
        codes.FLASH_CRASH: "flash crash",
        codes.SLIPPAGE: "abnormal slippage",
        codes.DAY_LATCH: "daily loss limit reached",
        codes.WEEK_LATCH: "weekly loss limit reached",
        codes.CAPITAL: "capital limit",
        codes.MAX_COST: "costs against the stop distance",
        codes.ROLLING_WEEK: "loss limit of the last seven days",
        codes.ENTRY_SIGNAL: "entry signal",
        codes.EXIT_SIGNAL: "exit signal",
        codes.KILL: "kill switch",
    },
    modes={
        codes.RUN: "run (trading)",
        codes.STOP: "stop (no new entries)",
        codes.HALT: "halt (exits only)",
        codes.KILLED: "kill (sell everything)",
    },
    sides={Side.BID: "buy", Side.ASK: "sell"},
    levels={
        Level.INFO: "Notice",
        Level.WARNING: "Warning",
        Level.ERROR: "Error",
        Level.CRITICAL: "Urgent",
    },
    alarm_states={
        AlarmState.ALARM: "raised",
        AlarmState.INSUFFICIENT_DATA: "short of data",
        AlarmState.OK: "cleared",
    },
    origins={
        "cli": "the command line",
        "http": "a web request",
        "sns": "a message",
        "alarm": "an alarm",
        "invoke": "a direct invocation",
        "haetae": "the bot itself",
        "replay": "a replay",
    },
    notes={NO_SUCH_ORDER: "the exchange knows no such order"},
    exchange="its own words are",
    yes="yes",
    no="no",
)
