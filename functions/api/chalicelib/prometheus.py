"""The text that Prometheus scrapes, of what the books hold and nothing else."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from haetae.app.desk.account import AccountView, Status

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
TRADES_HELP = "Fills since the UTC month began; a counter that starts again with every month."
EQUITY_HELP = "Cash and what the positions would bring at their last stored close, in won."

type Labels = Mapping[str, str]
type Sample = tuple[Labels, int | Decimal]


def exposition(status: Status, fills: Mapping[tuple[str, str], int]) -> str:
    """Return the metrics; the account's are missing before it has begun.

    `fills` are those of the running month by market and side.
    """
    lines = [
        *counter("bot_trades_total", fills),
        *counter("trades_total", fills),
        *metric("bot_mode", "gauge", "0 run, 1 stop, 2 halt, 3 kill.", [({}, status.halt.mode)]),
        *metric("bot_open_orders", "gauge", "Orders not settled.", [({}, len(status.orders))]),
    ]
    if status.account is not None:
        lines += account_lines(status.account)
    return "".join(f"{line}\n" for line in lines)


def account_lines(account: AccountView) -> Iterator[str]:
    """Write the account's gauges."""
    for name in ("bot_equity", "portfolio_value_krw"):
        yield from metric(name, "gauge", EQUITY_HELP, [({}, account.equity)])
    yield from metric("bot_cash_krw", "gauge", "Won on the account.", [({}, account.cash)])
    yield from metric("bot_positions", "gauge", "Markets held.", [({}, len(account.holdings))])
    used: list[Sample] = [
        ({"book": "day"}, account.day.used_share(account.equity)),
        ({"book": "week"}, account.week.used_share(account.equity)),
    ]
    if account.rolling_week is not None:
        used.append(({"book": "rolling_week"}, account.rolling_week.used_share(account.equity)))
    yield from metric("bot_loss_limit_used_ratio", "gauge", "1 refuses entries.", used)
    yield from metric(
        "bot_state_timestamp_seconds", "gauge", "The last stored minute.", [({}, account.t)]
    )


def counter(name: str, fills: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """Write the fills as a counter."""
    samples: list[Sample] = [
        ({"market": market, "side": side}, count) for (market, side), count in fills.items()
    ]
    yield from metric(name, "counter", TRADES_HELP, samples)


def metric(name: str, kind: str, text: str, samples: list[Sample]) -> Iterator[str]:
    """Write one metric; labels need no escaping, for all of ours are plain words."""
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"
    for labels, value in samples:
        pairs = ",".join(f'{label}="{said}"' for label, said in labels.items())
        series = f"{name}{{{pairs}}}" if pairs else name
        yield f"{series} {Decimal(value):f}"
