"""The exchange of a replay: a sandbox that plays the account's candles."""

from haetae.base.money import krw_of
from haetae.config.setup import Setup
from haetae.research.data.tapes import History, Rows, Span
from upbit_sandbox.prices.tape import Tape
from upbit_sandbox.sandbox import Sandbox
from upbit_sandbox.venue.venue import Options


def exchange_of(found: dict[str, History], span: Span, setup: Setup, cash: int) -> Sandbox:
    """Return a sandbox that plays the tapes, its virtual clock at the start."""
    tapes = []
    for name, history in found.items():
        assert history.minutes is not None
        tapes.append(tape_of(name, history.minutes))
        older = history.bars.between(0, int(history.minutes.times[0]))
        if history.bars.unit_s != 60 and len(older.times):
            tapes.append(tape_of(name, older))
    slippage = setup.params[0].slippage_bps
    options = Options(cash=krw_of(cash), slippage_bps=slippage)
    return Sandbox.of_tapes(tapes, span.from_t, options)


def tape_of(market: str, rows: Rows) -> Tape:
    """Return rows as the sandbox's tape."""
    return Tape.of(market, rows.unit_s // 60, [rows.times, *rows.prices.T])
