"""What a function reads from its environment variables, each refused by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from haetae.base.errors import ConfigError
from haetae.config.build import setup_of
from haetae.config.files import assignments
from haetae.config.keys import KEYS
from haetae.config.setup import Setup

SELL_SHARE = "TRADING_SELL_PERCENTAGE"
SETTING_NAMES = {
    "TRADING_MIN_ORDER_AMOUNT": "trading.min_order_amount",
    "TRADING_BUY_PERCENTAGE": "trading.buy_percentage",
    "SCHEDULER_INTERVAL_MINUTES": "schedule.decision_interval_minutes",
}
REAL_EXCHANGE = "upbit.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What a function reads from its environment variables."""

    setup: Setup
    table: str
    topic_arn: str
    upbit_url: str
    access_key: str
    secret_key: str
    language: str
    clock: str


def environment(variables: Mapping[str, str]) -> Environment:
    """Read a function's variables.

    Raises:
        ConfigError: one is missing, unknown, out of range, or two names disagree.
    """
    mode = variables.get("MODE", "paper")
    if mode != "paper":
        raise ConfigError(f"MODE {mode!r} is not built; allowed: paper")
    language = variables.get("HAETAE_LANGUAGE", "ko")
    if language not in {"ko", "en"}:
        raise ConfigError(f"HAETAE_LANGUAGE {language!r} is unknown; allowed: ko, en")
    clock = variables.get("HAETAE_CLOCK", "system")
    if clock not in {"system", "exchange"}:
        raise ConfigError(f"HAETAE_CLOCK {clock!r} is unknown; allowed: system, exchange")
    markets = one_of(variables, "HAETAE_MARKETS", "TRADING_SYMBOL") or "KRW-BTC"
    return Environment(
        setup=setup_of(
            profile=variables.get("HAETAE_PROFILE", "plan"),
            markets=tuple(m.strip() for m in markets.split(",")),
            overrides=settings(variables),
            account=variables.get("HAETAE_ACCOUNT", "main"),
        ),
        table=required(variables, "HAETAE_TABLE"),
        topic_arn=required(variables, "HAETAE_TOPIC_ARN"),
        upbit_url=sandbox_url(variables, "UPBIT_BASE_URL"),
        access_key=secret(variables, "UPBIT_API_KEY", "UPBIT_ACCESS_KEY"),
        secret_key=secret(variables, "UPBIT_SECRET", "UPBIT_SECRET_KEY"),
        language=language,
        clock=clock,
    )


def settings(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of HAETAE_SET and of the variables that are a setting's other name.

    Raises:
        ConfigError: the two disagree, or a sale of less than everything is asked for.
    """
    found = assignments(variables.get("HAETAE_SET", ""))
    for name, key in SETTING_NAMES.items():
        text = given(variables, (name,)).get(name, "")
        if text and key in found and KEYS[key].read(text) != KEYS[key].read(found[key]):
            raise ConfigError(
                f"{name} {text!r} and {key} {found[key]!r} of HAETAE_SET disagree; "
                "allowed: one of them, or equal values"
            )
        if text:
            found[key] = text
    share = given(variables, (SELL_SHARE,)).get(SELL_SHARE, "1")
    if share not in {"1", "1.0"}:
        raise ConfigError(f"{SELL_SHARE} {share!r} is not built; allowed: 1.0, all of a position")
    return found


def required(variables: Mapping[str, str], name: str) -> str:
    """Return a variable that must be there."""
    value = variables.get(name, "").strip()
    if not value:
        raise ConfigError(f"{name} is missing; allowed: any non-empty text")
    return value


def sandbox_url(variables: Mapping[str, str], name: str) -> str:
    """Return a variable that must be the address of a sandbox exchange, and never the real one.

    Paper is the only mode there is, and the exchange's own address would make its orders real.
    """
    value = required(variables, name).rstrip("/")
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or parts.scheme not in {"http", "https"}:
        raise ConfigError(f"{name} {value!r} is no address; allowed: http://… or https://…")
    if f".{host.rstrip('.')}".endswith(f".{REAL_EXCHANGE}"):
        raise ConfigError(f"{name} {value!r} is the real exchange; allowed: a sandbox exchange")
    return value


def one_of(variables: Mapping[str, str], *names: str) -> str:
    """Return the value that all the set names agree on, or the empty text if none is set."""
    found = given(variables, names)
    if len(set(found.values())) > 1:
        pairs = " and ".join(f"{name} {value!r}" for name, value in found.items())
        raise ConfigError(f"{pairs} disagree; allowed: one of them, or equal values")
    return next(iter(found.values()), "")


def given(variables: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """Return those of `names` that are set."""
    return {name: variables[name].strip() for name in names if variables.get(name, "").strip()}


def secret(variables: Mapping[str, str], *names: str) -> str:
    """Return a secret under either of its names; its value is never shown."""
    found = given(variables, names)
    if not found:
        raise ConfigError(f"{names[0]} (or {names[1]}) is missing; allowed: the key Upbit issued")
    if len(set(found.values())) > 1:
        raise ConfigError(f"{' and '.join(found)} disagree; allowed: one of them, or equal values")
    name, value = next(iter(found.items()))
    if value != value.strip("'\"") or any(c.isspace() for c in value):
        raise ConfigError(f"{name} has quotes or spaces in it; allowed: the bare key")
    return value
