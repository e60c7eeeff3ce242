"""What an exchange announces of its markets: warnings, maintenance, the end of a listing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from upbit_sandbox.base.clock import utc_text
from upbit_sandbox.base.fields import (
    Malformed,
    read_epoch,
    read_flag,
    read_list,
    read_object,
    refuse_unknown,
)
from upbit_sandbox.base.wire import Json

CAUTIONS = (
    "PRICE_FLUCTUATIONS",
    "TRADING_VOLUME_SOARING",
    "DEPOSIT_AMOUNT_SOARING",
    "GLOBAL_PRICE_DIFFERENCES",
    "CONCENTRATION_OF_SMALL_ACCOUNTS",
)
FIELDS = ("warning", "cautions", "maintenance", "delisted")
MAX_WINDOWS = 1_000


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


def listings_body(listings: Listings) -> dict[str, Json]:
    """Write the announcements: {"KRW-BTC": {"warning", "cautions", "maintenance", "delisted"}}."""
    return {code: _listing_body(listing) for code, listing in listings.by_code.items()}


def read_listings(value: object, where: str) -> Listings:
    """Read what `listings_body` wrote; a field that is missing is an ordinary one's.

    Times are ISO 8601 or epoch seconds, whole seconds; a maintenance is on whole minutes and after
    the one before it. Raises Malformed.
    """
    rows = read_object(value, where).items()
    return Listings({code: _read_listing(row, f"{where}.{code}") for code, row in rows})


def _listing_body(listing: Listing) -> Json:
    windows: list[Json] = [[_text(from_s), _text(to_s)] for from_s, to_s in listing.maintenance]
    cautions: list[Json] = [name for name in CAUTIONS if name in listing.cautions]
    return {
        "warning": listing.warning,
        "cautions": cautions,
        "maintenance": windows,
        "delisted": None if listing.delisted_s is None else _text(listing.delisted_s),
    }


def _read_listing(value: object, where: str) -> Listing:
    fields = read_object(value, where)
    refuse_unknown(fields, FIELDS, where)
    cautions = read_list(fields.get("cautions", []), f"{where}.cautions")
    if not all(name in CAUTIONS for name in cautions):
        raise Malformed(f"{where}.cautions", f"must be among {', '.join(CAUTIONS)}")
    windows = tuple(_windows(fields.get("maintenance", []), f"{where}.maintenance"))
    delisted = fields.get("delisted")
    return Listing(
        warning=read_flag(fields.get("warning", False), f"{where}.warning"),
        cautions=frozenset(map(str, cautions)),
        maintenance=windows,
        delisted_s=None if delisted is None else _time(delisted, f"{where}.delisted", 1),
    )


def _windows(value: object, where: str) -> Iterator[tuple[float, float]]:
    rows = read_list(value, where)
    if len(rows) > MAX_WINDOWS:
        raise Malformed(where, f"must be at most {MAX_WINDOWS} windows")
    times: list[float] = []
    for n, row in enumerate(rows):
        pair = read_list(row, f"{where}[{n}]")
        if len(pair) != 2:
            raise Malformed(f"{where}[{n}]", "must be two times, from and to")
        times += [_time(each, f"{where}[{n}]", 60) for each in pair]
    if any(after <= before for before, after in pairwise(times)):
        raise Malformed(where, "must be in order, each window's end after its beginning")
    return zip(times[::2], times[1::2], strict=True)


def _time(value: object, where: str, unit_s: int) -> float:
    epoch_s = read_epoch(value, where)
    if epoch_s % unit_s:
        raise Malformed(where, f"must be a whole {'minute' if unit_s == 60 else 'second'}")
    return epoch_s


def _text(epoch_s: float) -> str:
    return utc_text(epoch_s) + "Z"
