"""The replay on deployed functions: a stack of its own on LocalStack, invoked minute by minute.

Its schedules are disabled, its clock is the exchange's, and the exchange is a sandbox served over
HTTP with the tape's candles on a virtual clock. What came of it is read back from the table.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from haetae.adapters.clocks import ExchangeClock
from haetae.adapters.dynamodb.books import DynamoDbBooks
from haetae.adapters.dynamodb.client import create_client
from haetae.adapters.memory.messages import MemoryMessages
from haetae.adapters.upbit.client import UpbitClient
from haetae.app.ports import Ports, PortSet
from haetae.base.errors import DataError, HaetaeError
from haetae.config.setup import Setup
from haetae.research.data.tapes import History, Span
from haetae.research.engine.result import Result
from haetae.research.replay.outcome import read_outcome
from haetae.research.replay.variables import environment
from haetae_local.deploy import artifacts, aws, stack
from haetae_local.deploy.stack import Deployed
from haetae_local.errors import LocalError
from haetae_local.folders import REGION, StackFolder
from haetae_local.replay.candles import options_of
from haetae_local.replay.drive import drive
from haetae_local.servers.services import services
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
            drive(
                where,
                exchange,
                from_t=span.from_t,
                to_t=span.to_t,
                interval_s=setup.interval_s,
                doubled=doubled,
                progress=progress,
            )
            return read_outcome(setup, ports, span, cash)
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
    with tempfile.TemporaryDirectory(prefix="haetae-replay-") as temporary:
        folder = StackFolder(Path(temporary))
        template = artifacts.build(folder.log("build"))
        with services(folder, options_of(setup, found, span, folder.path, cash=cash)) as running:
            where = stack.deploy(
                template,
                endpoint=running.localstack.url,
                name=STACK,
                parameters=parameters_of(setup, running.exchange.url, settings),
                log=folder.log("deploy"),
            )
            yield where, running.exchange.url


def parameters_of(setup: Setup, exchange: str, settings: Mapping[str, str]) -> dict[str, str]:
    """Return the template's parameters for a replay of an account."""
    return {
        "Schedules": "DISABLED",
        "Clock": "exchange",
        "Markets": ",".join(setup.markets),
        "Profile": setup.profile,
        "DecisionIntervalMinutes": str(setup.interval_s // 60),
        "Settings": ",".join(f"{key}={text}" for key, text in without_parameters(settings).items()),
        "UpbitBaseUrl": exchange,
        "UpbitAccessKey": ACCESS_KEY,
        "UpbitSecretKey": SECRET_KEY,
    }


def without_parameters(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that the template has no parameter for."""
    return {k: v for k, v in settings.items() if k != "schedule.decision_interval_minutes"}


def ports_on(where: Deployed, exchange: str, setup: Setup) -> Ports:
    """Return ports on the same table and exchange as the functions have."""
    with environment(aws.environment(where.endpoint)):
        books = DynamoDbBooks(create_client(where.endpoint, REGION), where.table, setup.account)
    upbit = UpbitClient(base_url=exchange, access_key=ACCESS_KEY, secret_key=SECRET_KEY)
    return PortSet(
        exchange=upbit,
        books=books,
        messages=MemoryMessages(),
        clock=ExchangeClock(lambda: upbit.time_s(setup.markets[0])),
    )
