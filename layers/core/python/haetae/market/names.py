"""Names of markets: Upbit writes quote and base currency, KRW-BTC."""

import re

KRW = "KRW"
KRW_MARKET = re.compile(r"KRW-[A-Z0-9]{1,10}")


def is_krw_market(name: str) -> bool:
    """Tell whether a name has the form of a KRW market; whether it is listed, Upbit knows."""
    return KRW_MARKET.fullmatch(name) is not None


def currency_of(market: str) -> str:
    """Return the currency that a market trades: BTC of KRW-BTC."""
    return market.partition("-")[2]
