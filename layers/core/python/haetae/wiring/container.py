"""The one account of this process: what was installed, or else what the variables say."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from haetae.app.ports import DeskPorts, Ports
from haetae.config.setup import Setup
from haetae.wiring.adapters import DeskAdapters, TradingAdapters
from haetae.wiring.environments.desk import DeskEnvironment
from haetae.wiring.environments.trading import TradingEnvironment


@dataclass(frozen=True, slots=True, kw_only=True)
class App[P: DeskPorts = Ports]:
    """What a door hands to its use case; P is what it can reach."""

    setup: Setup
    ports: P


class Container:
    """Holds the App of each environment of this process, or the one that was installed."""

    def __init__(self) -> None:
        """Begin with nothing installed."""
        self._installed: App | None = None
        self._apps: dict[type[DeskEnvironment], App[Any]] = {}

    def trader(self, environment: type[TradingEnvironment]) -> Callable[[], App]:
        """Return what gives a door that trades its App, built at the first call of all.

        What it gives raises ConfigError where a variable is missing or wrong.
        """

        def current() -> App:
            return self._installed or self._once(environment, TradingAdapters)

        return current

    def desk(self, environment: type[DeskEnvironment]) -> Callable[[], App[DeskPorts]]:
        """Return the same for a door that needs no exchange."""

        def current() -> App[DeskPorts]:
            return self._installed or self._once(environment, DeskAdapters)

        return current

    def install(self, app: App | None) -> None:
        """Use `app` from now on for every door; None returns to the variables."""
        self._installed = app
        self._apps.clear()

    def _once[E: DeskEnvironment](
        self, environment: type[E], make: Callable[[E], DeskPorts]
    ) -> App[Any]:
        if environment not in self._apps:
            read = environment.of_process()
            self._apps[environment] = App(setup=read.setup, ports=make(read))
        return self._apps[environment]


CONTAINER = Container()
