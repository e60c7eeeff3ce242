"""The ports of a door, each plugged when it is first asked for: nobody pays for another's plugs."""

from functools import cached_property
from typing import TYPE_CHECKING

from haetae.adapters.secrets import EnvironmentSecrets, ParameterSecrets, create_client
from haetae.app.ports import Books, Clock, Messages, Secrets
from haetae.wiring.environments.desk import Aws, DeskEnvironment
from haetae.wiring.environments.trading import ParameterPath, TradingEnvironment

if TYPE_CHECKING:
    from haetae.adapters.upbit.client import UpbitClient


class DeskAdapters:
    """The books on DynamoDB and the messages on SNS."""

    def __init__(self, environment: DeskEnvironment) -> None:
        """Take what the variables say; nothing is connected yet."""
        self._desk = environment

    @cached_property
    def books(self) -> Books:
        """The account's books."""
        from haetae.adapters.dynamodb.books import DynamoDbBooks
        from haetae.adapters.dynamodb.client import create_client

        aws = self._desk.aws
        client = create_client(aws.endpoint_url, aws.region)
        return DynamoDbBooks(client, self._desk.table, self._desk.setup.account)

    @cached_property
    def messages(self) -> Messages:
        """The topic."""
        from haetae.adapters.sns_messages import SnsMessages, create_client

        aws = self._desk.aws
        return SnsMessages(create_client(aws.endpoint_url, aws.region), self._desk.topic_arn)


class TradingAdapters(DeskAdapters):
    """These, and the exchange with its keys and its clock."""

    def __init__(self, environment: TradingEnvironment) -> None:
        """Take what the variables say; nothing is connected yet."""
        super().__init__(environment)
        self._trading = environment

    @cached_property
    def secrets(self) -> Secrets:
        """Where the exchange's keys are."""
        return open_secrets(self._trading.secrets, self._trading.aws)

    @cached_property
    def exchange(self) -> "UpbitClient":
        """Upbit, or a sandbox that speaks like it."""
        from haetae.adapters.upbit.client import UpbitClient

        return UpbitClient(
            base_url=self._trading.upbit_url,
            access_key=self.secrets.get("UPBIT_ACCESS_KEY"),
            secret_key=self.secrets.get("UPBIT_SECRET_KEY"),
        )

    @cached_property
    def clock(self) -> Clock:
        """The machine's time, or the exchange's in a replay."""
        from haetae.adapters.clocks import ExchangeClock, SystemClock

        if self._trading.clock == "system":
            return SystemClock()
        market = self._trading.setup.markets[0]
        return ExchangeClock(lambda: self.exchange.time_s(market))


def open_secrets(place: EnvironmentSecrets | ParameterPath, aws: Aws) -> Secrets:
    """Return the secrets at a place."""
    if isinstance(place, EnvironmentSecrets):
        return place
    return ParameterSecrets(create_client(aws.endpoint_url, aws.region), place.path)
