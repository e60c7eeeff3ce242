"""Names of markets: which are KRW markets, and what they trade."""

import pytest

from haetae.market.names import currency_of, is_krw_market


@pytest.mark.parametrize("name", ["KRW-BTC", "KRW-1INCH", "KRW-A", "KRW-ABCDEFGHIJ"])
def test_a_krw_market_is_recognised(name: str) -> None:
    assert is_krw_market(name)


@pytest.mark.parametrize(
    "name", ["", "KRW", "KRW-", "BTC-ETH", "krw-btc", "KRW-BTC ", "KRW-BTC\n", "KRW-ABCDEFGHIJK"]
)
def test_another_name_is_not(name: str) -> None:
    assert not is_krw_market(name)


def test_the_currency_of_a_market_is_what_it_trades() -> None:
    assert currency_of("KRW-BTC") == "BTC"
    assert currency_of("KRW-1INCH") == "1INCH"
