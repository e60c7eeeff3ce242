"""What the template's alarms are called: the function and what is wrong with it, by language.

CloudFormation names an alarm `STACK-TradingCycleMissedAlarm-1A2B3C`; a test holds the tables
against the template. An alarm that is none of ours is said as it is.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmWords:
    """One language's words of functions and of what can be wrong with them."""

    functions: dict[str, str]
    faults: dict[str, str]
    undelivered: str

    def of(self, name: str) -> str:
        """Return an alarm in words; the empty text for one that is none of the template's."""
        if UNDELIVERED.search(name):
            return self.undelivered
        found = NAME.search(name)
        return f"{self.functions[found[1]]}, {self.faults[found[2]]}" if found else ""


KO = AlarmWords(
    functions={
        "TradingCycle": "매매 주기",
        "RiskCheck": "위험 점검",
        "Killswitch": "비상 정지",
        "DailyReport": "일일 보고",
        "Notifier": "알림 함수",
        "Api": "웹 요청",
    },
    faults={
        "Missed": "예정된 실행 없음",
        "Errors": "실행 실패",
        "DeadLetters": "다시 시도해도 실패한 이벤트 있음",
    },
    undelivered="함수에 전달되지 않은 이벤트 있음",
)

EN = AlarmWords(
    functions={
        "TradingCycle": "trading cycle",
        "RiskCheck": "risk check",
        "Killswitch": "kill switch",
        "DailyReport": "daily report",
        "Notifier": "notifier",
        "Api": "API",
    },
    faults={
        "Missed": "it did not run when it should have",
        "Errors": "it failed",
        "DeadLetters": "an event failed every time it was tried",
    },
    undelivered="an event did not reach its function",
)

NAME = re.compile(rf"(?:^|-)({'|'.join(KO.functions)})({'|'.join(KO.faults)})Alarm(?:-|$)")
UNDELIVERED = re.compile(r"(?:^|-)UndeliveredEventsAlarm(?:-|$)")
