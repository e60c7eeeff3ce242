"""The replay on deployed functions: a stack of its own on LocalStack, invoked minute by minute.

Its schedules are disabled, its clock is the exchange's, and the exchange is a sandbox served over
HTTP with the tape's candles on a virtual clock. What came of it is read back from the table.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from haetae.adapters.clocks import ExchangeClock
from haetae.adapters.dynamodb_books import DynamoDbBooks, create_client
from haetae.adapters.sns_messages import MemoryMessages
from haetae.adapters.upbit.client import UpbitClient
from haetae.app.ports import Ports
from haetae.base.errors import DataError, HaetaeError
from haetae.base.money import MICRO
from haetae.base.time import iso_text
from haetae.config.setup import Setup
from haetae.kernel.state import Candle
from haetae.research.data.collect import file_name
from haetae.research.data.tapes import History, Rows, Span
from haetae.research.engine.result import Result
from haetae.research.replay.replay import collected, environment
from haetae_local import aws, pump, stack
from haetae_local.errors import LocalError
from haetae_local.places import REGION, Place
from haetae_local.services import services
from haetae_local.stack import Deployed
from upbit_sandbox.venue.venue import ACCESS_KEY, SECRET_KEY

STACK = "haetae-replay"


class NotDeployed(HaetaeError):
    """The local stack could not be brought up or driven; the text says what to do."""


def replay_deployed(
    setup: Setup,
    found: dict[str, History],
    span: Span,
    *,
    cash: int,
    settings: Mapping[str, str],
    doubled: bool = False,
    progress: Callable[[int], None] = lambda _t: None,
) -> Result:
    """Run the account from `span.from_t` to `span.to_t` with `cash` micro-won, deployed.

    `settings` are those that made `setup` of its profile: the functions are told the same.

    Raises:
        DataError: there are no minutes to replay.
        NotDeployed: the stack could not be started or driven.
    """
    if span.coarse:
        raise DataError("a replay needs 1-minute candles for every market")
    try:
        with deployment(setup, found, span, cash=cash, settings=settings) as (where, exchange):
            ports = ports_on(where, exchange, setup)
            pump.pump(
                where,
                exchange,
                from_t=span.from_t,
                to_t=span.to_t,
                interval_s=setup.interval_s,
                doubled=doubled,
                progress=progress,
            )
            return collected(setup, ports, span, cash)
    except LocalError as error:
        raise NotDeployed(str(error)) from error


@contextmanager
def deployment(
    setup: Setup,
    found: dict[str, History],
    span: Span,
    *,
    cash: int,
    settings: Mapping[str, str],
) -> Iterator[tuple[Deployed, str]]:
    """Deploy the account on servers of its own; yield the stack and the exchange's address."""
    with tempfile.TemporaryDirectory(prefix="haetae-replay-") as folder:
        place = Place(Path(folder))
        template = stack.build(place.log("build"))
        with services(place, options_of(setup, found, span, place.folder, cash=cash)) as running:
            where = stack.deploy(
                template,
                endpoint=running.localstack.url,
                name=STACK,
                parameters=parameters_of(setup, running.exchange.url, settings),
                log=place.log("deploy"),
            )
            yield where, running.exchange.url


def options_of(
    setup: Setup, found: dict[str, History], span: Span, folder: Path, *, cash: int
) -> list[str]:
    """Return the options of a sandbox that plays the candles, which are written to `folder`."""
    return [
        *("--source", "replay", "--clock", "virtual", "--start", iso_text(span.from_t)),
        *("--cash", str(cash // MICRO), "--slippage-bps", str(setup.params[0].slippage_bps)),
        *("--candles", *[str(path) for path in write_tapes(found, folder)]),
    ]


def parameters_of(setup: Setup, exchange: str, settings: Mapping[str, str]) -> dict[str, str]:
    """Return the template's parameters for a replay of an account."""
    return {
        "Schedules": "DISABLED",
        "Clock": "exchange",
        "Markets": ",".join(setup.markets),
        "Profile": setup.profile,
        "DecisionIntervalMinutes": str(setup.interval_s // 60),
        "Settings": ",".join(f"{key}={text}" for key, text in told(settings).items()),
        "UpbitBaseUrl": exchange,
        "UpbitAccessKey": ACCESS_KEY,
        "UpbitSecretKey": SECRET_KEY,
    }


def told(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that the template has no parameter for."""
    return {k: v for k, v in settings.items() if k != "schedule.decision_interval_minutes"}


def ports_on(where: Deployed, exchange: str, setup: Setup) -> Ports:
    """Return ports on the same table and exchange as the functions have."""
    with environment(aws.environment(where.endpoint)):
        books = DynamoDbBooks(create_client(where.endpoint, REGION), where.table, setup.account)
    upbit = UpbitClient(base_url=exchange, access_key=ACCESS_KEY, secret_key=SECRET_KEY)
    return Ports(
        exchange=upbit,
        books=books,
        messages=MemoryMessages(),
        clock=ExchangeClock(lambda: upbit.time_s(setup.markets[0])),
    )


def write_tapes(found: dict[str, History], folder: Path) -> list[Path]:
    """Write each market's minutes, and the older decision candles, as the sandbox reads them."""
    paths = []
    for name, history in found.items():
        assert history.minutes is not None
        paths.append(write_rows(folder, name, history.minutes))
        older = history.bars.between(0, int(history.minutes.times[0]))
        if history.bars.unit_s != 60 and len(older.times):
            paths.append(write_rows(folder, name, older))
    return paths


def write_rows(folder: Path, market: str, rows: Rows) -> Path:
    """Write rows as a candle file and return its path."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / file_name(market, rows.unit_s // 60)
    stamps = pa.array(rows.times * 1_000, pa.timestamp("ms", "UTC"))
    prices = [pa.array(np.ascontiguousarray(column)) for column in rows.prices.T]
    names = ["timestamp", *Candle._fields[1:]]
    pq.write_table(pa.Table.from_arrays([stamps, *prices], names), path)
    return path
