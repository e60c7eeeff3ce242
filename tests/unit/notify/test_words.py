"""Every message in every language and channel, and a word for every code."""

import ast
import re
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any, get_args

import pytest

from haetae.kernel import codes
from haetae.ledger.book import Mode
from haetae.ledger.intent import Side
from haetae.notify.messages import (
    KINDS,
    Alarm,
    AlarmState,
    Entry,
    Kind,
    Level,
    Message,
    ModeChanged,
    OrderRefused,
    RailsFired,
)
from haetae.notify.render import CHANNELS, Channel, render
from haetae.notify.text import SENTENCES, WORDS, Language, en, figures, ko
from support.messages import DAY, MARKET, SAMPLES, STOPPED, T
from support.tapes import REPOSITORY

TABLES = ("reasons", "modes", "sides", "levels", "alarm_states", "origins")
CODES = {
    "reasons": set(codes.REASON_NAMES),
    "modes": set(Mode),
    "sides": set(Side),
    "levels": set(Level),
    "alarm_states": set(AlarmState),
}
# What a Korean sentence may say in Latin letters: the unit of risk and the time zone.
LATIN = {"R", "KST"}


def one(kind: type[Message]) -> Any:
    """Return a sample of a type."""
    return next(message for message in SAMPLES if isinstance(message, kind))


def text_of(message: Message, language: Language) -> str:
    """Return a message's log line."""
    return render(message, language, Channel.LOG)


def latin(message: Message, text: str) -> set[str]:
    """Return the Latin words of a text that are not a name which the message itself holds."""
    names = [value for f in fields(message) if isinstance(value := getattr(message, f.name), str)]
    names += list(getattr(message, "positions", ()) if message.kind is Kind.KILL_REPORT else ())
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, " ") if name else text
    return set(re.findall(r"[A-Za-z][A-Za-z_]*", text))


def origins_in_code() -> set[str]:
    """Return every way of a command that the product names."""
    found = set()
    for folder in ("layers/core/python/haetae", "functions"):
        for path in (REPOSITORY / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.keyword) and node.arg == "by":
                    value: ast.AST = node.value
                elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "BY":
                    value = node.value
                else:
                    continue
                if isinstance(value, ast.Constant) and value.value:
                    found.add(str(value.value))
    return found


# Completeness


def test_every_type_of_the_union_has_its_kind_and_a_sample() -> None:
    members = set(get_args(Message.__value__))

    assert set(KINDS) == set(Kind)
    assert set(KINDS.values()) == members == {type(message) for message in SAMPLES}


def test_every_type_of_the_union_has_a_sentence_in_each_language() -> None:
    assert set(WORDS) == set(SENTENCES) == set(Language)
    assert set(ko.SENTENCES) == set(en.SENTENCES) == set(KINDS.values())


def test_every_channel_has_its_function() -> None:
    assert set(CHANNELS) == set(Channel)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("table", CODES)
def test_every_code_has_a_word_of_its_own(table: str, language: Language) -> None:
    words = getattr(WORDS[language], table)

    assert set(words) == CODES[table]
    assert all(word.strip() for word in words.values())
    assert len(set(words.values())) == len(words) or table == "origins"


@pytest.mark.parametrize("language", Language)
def test_every_way_a_command_comes_has_a_word(language: Language) -> None:
    assert set(WORDS[language].origins) == origins_in_code()


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("message", SAMPLES, ids=lambda m: m.kind)
def test_every_message_renders(message: Message, language: Language, channel: Channel) -> None:
    text = render(message, language, channel)

    assert text.strip() == text != ""
    assert ("\n" in text) == (channel is Channel.PLAIN)


# Korean is Korean


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("message", SAMPLES, ids=lambda m: m.kind)
def test_a_korean_text_has_no_latin_words(message: Message, channel: Channel) -> None:
    text = render(message, Language.KO, channel)

    assert latin(message, text) <= LATIN, text
    assert any("가" <= letter <= "힣" for letter in text)


@pytest.mark.parametrize("table", TABLES)
def test_a_korean_word_has_no_latin_letters(table: str) -> None:
    for word in getattr(WORDS[Language.KO], table).values():
        assert set(re.findall(r"[A-Za-z]+", word)) <= LATIN, word


@pytest.mark.parametrize("reason", codes.REASON_NAMES)
def test_a_korean_fill_says_every_reason(reason: int) -> None:
    text = text_of(replace(STOPPED, reason=reason), Language.KO)

    assert WORDS[Language.KO].reasons[reason] in text
    assert codes.REASON_NAMES[reason] not in text


@pytest.mark.parametrize("rail", codes.RAIL_NAMES)
@pytest.mark.parametrize("language", Language)
def test_every_rail_can_be_said(rail: int, language: Language) -> None:
    message = replace(one(RailsFired), rails=(rail,))

    assert WORDS[language].reasons[rail] in text_of(message, language)


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("language", Language)
def test_every_mode_can_be_said(mode: Mode, language: Language) -> None:
    for message in (replace(one(ModeChanged), mode=mode), replace(DAY, mode=mode)):
        assert WORDS[language].modes[mode] in text_of(message, language)


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("language", Language)
def test_every_side_can_be_said(side: Side, language: Language) -> None:
    message = replace(one(OrderRefused), side=side)

    assert WORDS[language].sides[side] in text_of(message, language)


# What is said


def test_an_exit_says_its_figures() -> None:
    assert text_of(STOPPED, Language.KO) == (
        "KRW-XRP 매도: 10.50000000개, 체결가 99.5원, 총 1,045원, 수수료 1원, "
        "손익 -12원, -0.25 R (최초 손절)"
    )
    assert text_of(STOPPED, Language.EN) == (
        "Sold KRW-XRP: 10.50000000 at 99.5 KRW, 1,045 KRW, fee 1 KRW, "
        "profit -12 KRW, -0.25 R (first stop)"
    )


def test_an_exit_without_a_risk_says_a_dash() -> None:
    assert f"{figures.NONE} R" in text_of(replace(STOPPED, r=None), Language.KO)


def test_a_plain_text_begins_with_its_level_and_the_time_in_seoul() -> None:
    text = render(one(Entry), Language.KO, Channel.PLAIN)

    assert text.split("\n")[0] == "[알림] 2025-09-08 19:00 KST"
    assert text.split("\n")[1] == text_of(one(Entry), Language.KO)


def test_a_report_names_its_day_in_seoul() -> None:
    assert text_of(DAY, Language.EN).startswith("Report of 2025-09-07: 2 entries, 1 exits (0 won)")


def test_an_origin_that_nobody_knows_is_said_as_it_is() -> None:
    message = ModeChanged(t=T, mode=Mode.RUN, reason="again", by="a friend")

    assert text_of(message, Language.EN) == "Mode is now run (trading), by a friend: again"


def test_braces_of_others_are_only_text() -> None:
    message = replace(one(OrderRefused), note="no {usable} answer", market=MARKET)

    assert "no {usable} answer" in text_of(message, Language.EN)


@pytest.mark.parametrize(
    ("price", "text"),
    [
        ("158000000", "158,000,000"),
        ("1234.5", "1,234"),
        ("100", "100"),
        ("99.5", "99.5"),
        ("50", "50"),
        ("0.00000001", "0.00000001"),
        ("1E-7", "0.0000001"),
    ],
)
def test_a_price_shows_the_digits_of_its_tick(price: str, text: str) -> None:
    assert figures.price(Decimal(price)) == text


# Levels


@pytest.mark.parametrize("mode", Mode)
def test_only_running_again_is_no_emergency(mode: Mode) -> None:
    level = replace(one(ModeChanged), mode=mode).level

    assert level is (Level.INFO if mode is Mode.RUN else Level.CRITICAL)


@pytest.mark.parametrize(
    ("state", "level"),
    [
        (AlarmState.ALARM, Level.ERROR),
        (AlarmState.INSUFFICIENT_DATA, Level.WARNING),
        (AlarmState.OK, Level.INFO),
    ],
)
def test_an_alarms_state_is_its_level(state: AlarmState, level: Level) -> None:
    assert replace(one(Alarm), state=state).level is level


# Why an order was refused


@pytest.mark.parametrize("language", Language)
def test_what_the_bot_found_is_said_in_words(language: Language) -> None:
    source = (REPOSITORY / "layers/core/python/haetae/app/orders/reconcile.py").read_text("utf-8")
    found = set(re.findall(r'Phase.REJECTED, note="([^"]+)"', source))
    assert found == set(WORDS[language].notes)
    for note in found:
        text = text_of(replace(one(OrderRefused), note=note), language)
        assert WORDS[language].notes[note] in text
        assert "“" not in text


def test_the_exchanges_own_words_are_quoted() -> None:
    made = replace(one(OrderRefused), note="under_min_total_bid: 최소 주문 금액")
    for language in Language:
        assert "“under_min_total_bid: 최소 주문 금액”" in text_of(made, language)


# Alarms

TEMPLATE = (REPOSITORY / "template.yaml").read_text("utf-8")
ALARM_NAMES = re.findall(r"^  (\w+Alarm):$", TEMPLATE, re.M)


@pytest.mark.parametrize("name", ALARM_NAMES)
@pytest.mark.parametrize("state", AlarmState)
def test_every_alarm_of_the_template_is_said_in_words(name: str, state: AlarmState) -> None:
    made = replace(
        one(Alarm), name=f"haetae-{name}-1A2B3C", description="The function failed.", state=state
    )
    korean, english = text_of(made, Language.KO), text_of(made, Language.EN)

    assert not re.search("[A-Za-z]", korean)
    assert korean.startswith(f"경보 {WORDS[Language.KO].alarm_states[state]}: ")
    for text in (korean, english):
        assert name not in text
        assert "1A2B3C" not in text
        assert "The function" not in text


def test_the_alarms_of_the_template_have_words_of_their_own() -> None:
    assert len(ALARM_NAMES) > 10
    for language in Language:
        said = {text_of(replace(one(Alarm), name=name), language) for name in ALARM_NAMES}
        assert len(said) == len(ALARM_NAMES)


def test_an_alarm_of_others_is_said_as_it_is() -> None:
    made = replace(one(Alarm), name="my-RiskCheckErrorsAlarmToo", state=AlarmState.ALARM)

    assert text_of(made, Language.EN) == "Alarm my-RiskCheckErrorsAlarmToo is raised: 설명"
