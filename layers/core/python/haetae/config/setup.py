"""One account's settings in the kernel's terms: what every use case is given."""

from dataclasses import dataclass, replace

from haetae.kernel.records import Params, Rails


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """One account: its markets in configured order, each with its parameters, and its rails."""

    account: str
    profile: str
    markets: tuple[str, ...]
    params: tuple[Params, ...]
    rails: Rails

    def __post_init__(self) -> None:
        assert self.markets
        assert len(self.markets) == len(self.params)
        assert len({p.interval_s for p in self.params}) == 1, "one decision interval an account"

    @property
    def interval_s(self) -> int:
        """The decision interval of every market of the account."""
        return self.params[0].interval_s

    def selling(self, markets: tuple[str, ...]) -> "Setup":
        """Return the setup with those of `markets` that are not configured, only to be sold.

        The share of an entry in them is nothing, so that none is made.
        """
        others = tuple(name for name in markets if name not in self.markets)
        sold = self.params[0]._replace(size_share_bps=0)
        params = self.params + (sold,) * len(others)
        return replace(self, markets=self.markets + others, params=params)

    def may_enter(self, market: str) -> bool:
        """Tell whether a market is configured, and not only sold."""
        return market in self.markets and self.params_of(market).size_share_bps > 0

    def params_of(self, market: str) -> Params:
        """Return the parameters of one of the account's markets."""
        return self.params[self.markets.index(market)]
