"""The replay: the same candles pushed minute by minute through the real handlers.

Events carry the tape's times; orders go as HTTP requests to the sandbox exchange on its virtual
clock; the books are the in-memory twin or DynamoDB on moto. Nothing here decides anything.
"""

from collections.abc import Callable

from haetae.base.errors import DataError
from haetae.config.setup import Setup
from haetae.ledger.book import Mode
from haetae.research.data.tapes import History, Span
from haetae.research.engine.result import Result
from haetae.research.replay.books import books_on
from haetae.research.replay.drive import DeliveryFaults, drive, install
from haetae.research.replay.exchange import exchange_of
from haetae.research.replay.outcome import read_outcome
from haetae.research.replay.rehearsal import rehearse


def replay(
    setup: Setup,
    found: dict[str, History],
    span: Span,
    *,
    cash: int,
    target: str = "in-process",
    faults: DeliveryFaults | None = None,
    mode: Mode = Mode.RUN,
    progress: Callable[[int], None] = lambda _t: None,
) -> Result:
    """Run the account from `span.from_t` to `span.to_t` with `cash` micro-won.

    `mode` is the operator's, for the whole run.

    Raises:
        DataError: there are no minutes to replay.
    """
    if span.coarse:
        raise DataError("a replay needs 1-minute candles for every market")
    with books_on(target, setup) as books:
        sandbox = exchange_of(found, span, setup, cash)
        rehearsal = rehearse(setup, sandbox, books, now_s=span.from_t)
        if mode is not Mode.RUN:
            books.move_halt(mode=mode, t=span.from_t, reason="replay", by="replay", expected=0)
        with install(rehearsal.app):
            drive(rehearsal, span, faults or DeliveryFaults(), progress)
        return read_outcome(setup, rehearsal.app.ports, span, cash)
