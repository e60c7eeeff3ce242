"""Every message has its sentence, in both languages, with the same facts."""

import ast
from dataclasses import dataclass, replace
from decimal import Decimal
from string import Formatter

import pytest

from haetae.app import messages
from haetae.app.desk.report import DailyReport, report_facts
from haetae.app.operator.kill import KillReport, kill_facts
from haetae.app.ports import Message
from haetae.kernel.codes import ENTRY, ENTRY_SIGNAL, RUN
from haetae.ledger.book import Mode, OperatorMode, TradeLine
from haetae.ledger.intent import Intent, Side
from haetae.notify.inbox import ALARM
from haetae.notify.render import render
from haetae.notify.text import LANGUAGES
from support.tapes import REPOSITORY

APP = REPOSITORY / "layers/core/python/haetae/app"
INTENT = Intent(
    identifier="h-1",
    market="KRW-BTC",
    side=Side.BID,
    t=60,
    kind=ENTRY,
    reason=ENTRY_SIGNAL,
    krw=10_000,
    units=0,
    note="insufficient_funds_bid: {not enough}",
)
BOUGHT = TradeLine(
    t=60,
    market="KRW-XRP",
    identifier="h-1",
    side=Side.BID,
    reason="entry_signal",
    price=99.5,
    units=1_000_000_000,
    funds=Decimal(995),
    fee=Decimal("0.4975"),
    pnl=None,
    r=None,
    exchange_funds=Decimal(995),
    exchange_fee=Decimal("0.4975"),
)
SOLD = replace(BOUGHT, side=Side.ASK, pnl=Decimal(-12), r=-0.25)
DAY = DailyReport(
    from_t=0,
    to_t=86_400,
    entries=2,
    exits=1,
    wins=0,
    pnl=Decimal(-12),
    fees=Decimal(1),
    r=None,
    equity=Decimal(10_000_000),
    positions=1,
    mode=RUN,
)
KILL = KillReport(epoch=1, acknowledged=True, flat=False, revoked=0, open_orders=1)
ERROR = ValueError("no {usable} answer")
BUILT = (
    messages.order_refused(INTENT),
    messages.order_unknown(INTENT),
    messages.traded(BOUGHT),
    messages.traded(SOLD),
    messages.traded(replace(SOLD, r=None)),
    messages.rails_fired(60, (27, 25), "10,000,000"),
    messages.exchange_trouble(60, "KRW-BTC", ERROR),
    messages.corrupt_state(60, ERROR),
    messages.mismatch(60, "KRW-BTC", 2, 1),
    messages.halted(OperatorMode(mode=Mode.KILL, epoch=1, t=60, reason="not sure", by="cli")),
    messages.kill_report(60, kill_facts(KILL)),
    messages.daily(60, report_facts(DAY)),
)


@dataclass(frozen=True)
class Found:
    """A kind of message and the function that builds it."""

    kind: str
    function: str


def kinds_in_code() -> set[Found]:
    """Return every kind that `app` builds a message of."""
    found = set()
    for path in APP.rglob("*.py"):
        for function in ast.parse(path.read_text("utf-8")).body:
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Message":
                    (kind,) = [k.value for k in node.keywords if k.arg == "kind"]
                    assert isinstance(kind, ast.Constant), ast.unparse(node)
                    assert isinstance(function, ast.FunctionDef)
                    found.add(Found(kind=str(kind.value), function=function.name))
    return found


def fields(text: str) -> set[str]:
    """Return the names that a sentence is filled with."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_both_languages_have_exactly_the_kinds_that_are_built() -> None:
    kinds = {found.kind for found in kinds_in_code()} | {ALARM}

    assert set(LANGUAGES) == {"ko", "en"}
    for texts in LANGUAGES.values():
        assert set(texts) == kinds


def test_every_kind_that_is_built_is_among_the_samples() -> None:
    assert {message.kind for message in BUILT} == {found.kind for found in kinds_in_code()}


@pytest.mark.parametrize("kind", LANGUAGES["en"])
def test_both_languages_tell_the_same_facts(kind: str) -> None:
    assert fields(LANGUAGES["ko"][kind]) == fields(LANGUAGES["en"][kind])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("message", BUILT, ids=lambda m: m.kind)
def test_every_message_is_put_into_words_with_all_its_facts(
    message: Message, language: str
) -> None:
    text = render(message.kind, message.facts, language)

    assert fields(LANGUAGES[language][message.kind]) == set(message.facts)
    for fact in message.facts.values():
        assert fact in text
    assert "\n" not in text


def test_korean_is_korean() -> None:
    for text in LANGUAGES["ko"].values():
        assert any("가" <= letter <= "힣" for letter in text)


def test_an_unknown_kind_is_a_bug_that_shows() -> None:
    with pytest.raises(KeyError):
        render("gossip", {}, "en")
