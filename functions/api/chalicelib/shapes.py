"""The shapes of the answers.

Won, prices and volumes are decimal text, which loses nothing in anybody's JSON; a price's text is
the shortest that reads back as the same double. Times are ISO 8601 in UTC. What is not there is
null.
"""

from typing import Any

from chalicelib.parameters import cursor_text
from haetae.app.desk.account import AccountView, Holding, LossBook, Status, VerdictView
from haetae.app.desk.trades import Page
from haetae.app.ports import Intent, OperatorMode, TradeLine
from haetae.base.money import decimal_text, price_text, volume_text
from haetae.base.time import iso_text
from haetae.notify.messages import MODES, REASONS, KillReport

type Shape = dict[str, Any]


def status_shape(status: Status) -> Shape:
    """Return the answer to /status; `account` is null before the first start."""
    return halt_shape(status.halt) | {
        "orders": [intent_shape(intent) for intent in status.orders],
        "account": None if status.account is None else account_shape(status.account),
    }


def halt_shape(halt: OperatorMode) -> Shape:
    """Return the operator's word; `at` is null where none was ever said."""
    return {
        "mode": MODES.names[halt.mode],
        "epoch": halt.epoch,
        "at": iso_text(halt.t) if halt.t else None,
        "reason": halt.reason,
        "by": halt.by,
    }


def kill_shape(report: KillReport) -> Shape:
    """Return how far a kill has come."""
    return {
        "mode": "kill",
        "epoch": report.epoch,
        "acknowledged": report.acknowledged,
        "flat": report.flat,
        "revoked": report.revoked,
        "open_orders": report.open_orders,
        "positions": list(report.positions),
    }


def account_shape(account: AccountView) -> Shape:
    """Return the account as of its stored minute."""
    return {
        "as_of": iso_text(account.t),
        "equity_krw": decimal_text(account.equity),
        "cash_krw": decimal_text(account.cash),
        "positions": [holding_shape(holding) for holding in account.holdings],
        "day": loss_book_shape(account.day),
        "week": loss_book_shape(account.week),
        "rolling_week": account.rolling_week and loss_book_shape(account.rolling_week),
        "decisions": [verdict_shape(verdict) for verdict in account.verdicts],
    }


def holding_shape(holding: Holding) -> Shape:
    """Return a position."""
    return {
        "market": holding.market,
        "volume": volume_text(holding.units),
        "price": price_text(holding.price),
        "stop": price_text(holding.stop) if holding.stop else None,
        "target": price_text(holding.target) if holding.target else None,
        "since": iso_text(holding.since),
        "close": price_text(holding.close),
        "value_krw": decimal_text(holding.value),
    }


def intent_shape(intent: Intent) -> Shape:
    """Return an open order: a bid spends `krw`, an ask sells `volume`."""
    return {
        "market": intent.market,
        "side": intent.side.value,
        "identifier": intent.identifier,
        "phase": intent.phase.value,
        "reason": REASONS.names[intent.reason],
        "at": iso_text(intent.t),
        "krw": str(intent.krw) if intent.krw else None,
        "volume": volume_text(intent.units) if intent.units else None,
    }


def loss_book_shape(book: LossBook) -> Shape:
    """Return a day or week book, or the window of seven days."""
    return {
        "start_krw": decimal_text(book.start),
        "floor_krw": decimal_text(book.floor),
        "latched": book.latched,
        "until": iso_text(book.until),
    }


def verdict_shape(verdict: VerdictView) -> Shape:
    """Return a market's last decision; `rail` and its figures are null without an entry wish."""
    wished = bool(verdict.rail)
    return {
        "market": verdict.market,
        "at": iso_text(verdict.t),
        "rail": verdict.rail or None,
        "limit": verdict.limit if wished else None,
        "observed": verdict.observed if wished else None,
        "krw": str(verdict.krw) if wished else None,
    }


def page_shape(page: Page) -> Shape:
    """Return a page of trades; `cursor` asks for the next one, null on the last."""
    return {
        "trades": [trade_shape(line) for line in page.lines],
        "cursor": None if page.next_cursor is None else cursor_text(page.next_cursor),
    }


def trade_shape(line: TradeLine) -> Shape:
    """Return a fill; `pnl_krw` and `r` are null for an entry."""
    return {
        "at": iso_text(line.t),
        "market": line.market,
        "side": line.side.value,
        "reason": line.reason,
        "identifier": line.identifier,
        "price": price_text(line.price),
        "volume": volume_text(line.units),
        "funds_krw": decimal_text(line.funds),
        "fee_krw": decimal_text(line.fee),
        "pnl_krw": None if line.pnl is None else decimal_text(line.pnl),
        "r": line.r,
        "exchange_funds_krw": decimal_text(line.exchange_funds),
        "exchange_fee_krw": decimal_text(line.exchange_fee),
    }
