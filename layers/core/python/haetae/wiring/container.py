"""Plug one account together, from the environment of a function or by a caller's hand."""

import os
from dataclasses import dataclass

from haetae.app.ports import Clock, Ports
from haetae.config.setup import Setup
from haetae.wiring.environment import Environment, environment


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What every door hands to its use case."""

    setup: Setup
    ports: Ports


class Container:
    """Holds the one App of this process: what was installed, or else what the variables say."""

    def __init__(self) -> None:
        """Begin with nothing installed."""
        self.app: App | None = None

    def current(self) -> App:
        """Return the App, building it from the environment at the first call.

        Raises:
            ConfigError: a variable is missing or wrong; names it.
        """
        if self.app is None:
            self.app = build(environment(os.environ))
        return self.app

    def install(self, app: App | None) -> None:
        """Use `app` from now on; None returns to the environment."""
        self.app = app


CONTAINER = Container()


def build(env: Environment) -> App:
    """Return the App on Upbit (or the sandbox), DynamoDB and SNS."""
    import boto3
    from botocore.config import Config

    from haetae.adapters.clocks import ExchangeClock, SystemClock
    from haetae.adapters.dynamodb.books import DynamoDbBooks
    from haetae.adapters.dynamodb.client import create_client
    from haetae.adapters.sns_messages import SnsMessages
    from haetae.adapters.upbit.client import UpbitClient

    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    region = os.environ.get("AWS_REGION", "ap-northeast-2")
    # a message must not hold a walk up: two short tries, then it is given up and logged
    brief = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2})
    sns = boto3.client("sns", region_name=region, endpoint_url=endpoint, config=brief)
    upbit = UpbitClient(
        base_url=env.upbit_url, access_key=env.access_key, secret_key=env.secret_key
    )
    clock: Clock = SystemClock()
    if env.clock == "exchange":
        clock = ExchangeClock(lambda: upbit.time_s(env.setup.markets[0]))
    return App(
        setup=env.setup,
        ports=Ports(
            exchange=upbit,
            books=DynamoDbBooks(create_client(endpoint, region), env.table, env.setup.account),
            messages=SnsMessages(sns, env.topic_arn),
            clock=clock,
        ),
    )
