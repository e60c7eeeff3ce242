"""What a walk came to, as log lines, metrics and the door's answer."""

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from haetae.app.walk.outcome import Outcome, Status
from haetae.kernel.codes import RAIL_NAMES
from haetae.wiring.entry import logger, metrics


def log_outcome(outcome: Outcome) -> dict[str, Any]:
    """Log and measure a cycle's or risk check's outcome; return it as the door's answer."""
    answer = {
        "status": outcome.status.value,
        "t": outcome.t,
        "equity_krw": outcome.equity_krw,
        "fired": [name for rail, name in RAIL_NAMES.items() if outcome.fired >> rail & 1],
        "orders": outcome.orders,
        "trades": outcome.trades,
        "mode": outcome.mode,
    }
    if outcome.status is not Status.UNCHANGED:
        logger.info("walked", extra=answer)
    if outcome.status is Status.DONE:
        for name in ("bot_equity", "portfolio_value_krw"):
            metrics.add_metric(name=name, unit=MetricUnit.NoUnit, value=outcome.equity_krw)
    if outcome.trades:
        for name in ("bot_trades_total", "trades_total"):
            metrics.add_metric(name=name, unit=MetricUnit.Count, value=outcome.trades)
    return answer
