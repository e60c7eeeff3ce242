"""The table of environment names holds every name that the plan, the guide or the code knows."""

import ast
import re

import pytest

from haetae.config.keys import KEYS
from haetae.config.variables import SPELLINGS, VARIABLES
from support.tapes import REPOSITORY

WIRING = REPOSITORY / "layers/core/python/haetae/wiring"
SEEDS = (
    "UPBIT_API_KEY",
    "UPBIT_SECRET",
    "UPBIT_ACCESS_KEY",
    "UPBIT_SECRET_KEY",
    "MODE",
    "PG_HOST",
    "PG_DB",
    "PG_USER",
    "PG_PASSWORD",
    "DATABASE_URL",
    "REDIS_URL",
    "SLACK_WEBHOOK_URL",
    "TZ",
    "OPENAI_API_KEY",
    "OPENAI_MODEL",
    "TRADING_SYMBOL",
    "TRADING_MIN_ORDER_AMOUNT",
    "TRADING_BUY_PERCENTAGE",
    "TRADING_SELL_PERCENTAGE",
    "SCHEDULER_ENABLED",
    "SCHEDULER_INTERVAL_MINUTES",
    "TELEGRAM_BOT_TOKEN",
    "TELEGRAM_CHAT_ID",
    "TELEGRAM_ENABLED",
    "SENTRY_DSN",
    "SENTRY_ENABLED",
    "LOG_LEVEL",
)


@pytest.mark.parametrize("name", SEEDS)
def test_every_name_of_the_plan_and_the_guide_is_in_the_table(name: str) -> None:
    assert name in SPELLINGS


def test_every_name_that_the_code_reads_is_in_the_table() -> None:
    texts = {
        node.value
        for path in WIRING.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    read = {text for text in texts if re.fullmatch("[A-Z]+(_[A-Z]+)+", text)}

    assert {"HAETAE_TABLE", "UPBIT_BASE_URL", "AWS_REGION"} <= read
    assert read <= set(SPELLINGS)


def test_a_name_stands_for_one_variable() -> None:
    assert len(SPELLINGS) == sum(len(variable.spellings) for variable in VARIABLES)


def test_a_variable_sets_what_there_is() -> None:
    template = (REPOSITORY / "template.yaml").read_text("utf-8")
    parameters = template.partition("\nParameters:\n")[2].partition("\nConditions:\n")[0]
    names = re.findall(r"^  (\w+):", parameters, re.MULTILINE)

    assert "LogLevel" in names
    for variable in VARIABLES:
        assert not variable.setting or variable.setting in KEYS
        assert not variable.parameter or variable.parameter in names
        assert not (variable.parameter and (variable.not_on_stack or variable.no_effect))
