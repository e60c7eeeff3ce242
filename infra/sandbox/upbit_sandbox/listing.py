"""What an exchange announces of its markets: warnings, maintenance, the end of a listing."""

from dataclasses import dataclass, field

CAUTIONS = (
    "PRICE_FLUCTUATIONS",
    "TRADING_VOLUME_SOARING",
    "DEPOSIT_AMOUNT_SOARING",
    "GLOBAL_PRICE_DIFFERENCES",
    "CONCENTRATION_OF_SMALL_ACCOUNTS",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One market's announcements; times in epoch s, `maintenance` as (from, to) windows."""

    warning: bool = False
    cautions: frozenset[str] = frozenset()
    maintenance: tuple[tuple[float, float], ...] = ()
    delisted_s: float | None = None


ORDINARY = Listing()


@dataclass(slots=True)
class Listings:
    """The announcements by market code; a market without any is an ordinary one."""

    by_code: dict[str, Listing] = field(default_factory=dict)

    def of(self, code: str) -> Listing:
        """Give one market's announcements."""
        return self.by_code.get(code, ORDINARY)

    def is_offline(self, code: str, now_s: float) -> bool:
        """Tell whether the market is in maintenance: orders are refused with market_offline."""
        return any(from_s <= now_s < to_s for from_s, to_s in self.of(code).maintenance)

    def is_delisted(self, code: str, now_s: float) -> bool:
        """Tell whether the market has left the exchange: to every route it is unknown then."""
        delisted_s = self.of(code).delisted_s
        return delisted_s is not None and now_s >= delisted_s
