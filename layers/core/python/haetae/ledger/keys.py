"""Keys of all that is stored.

pk                                     sk                  holds
ACCOUNT#<account>                      HALT                OperatorMode
ACCOUNT#<account>                      BOOK                version, State
ACCOUNT#<account>                      INTENT#<market>     the market's one open Intent
ORDER#<account>#<market>#<yyyy-mm>     <t>#<identifier>    a closed Intent
TRADE#<account>#<market>#<yyyy-mm>     <t>#<identifier>    TradeLine
DECISION#<account>#<market>#<yyyy-mm>  <t>#<hash>          Decision

Months are UTC and `<t>` is twelve digits of epoch seconds, so that text sorts by time.
"""

from datetime import UTC, datetime

from haetae.ledger.codec import Item

HALT_SK = "HALT"
BOOK_SK = "BOOK"
END_T = 253_402_300_799  # every time is before it: 9999-12 is the last month there is
MONTHS_MAX = 240


def account_key(account: str, sk: str) -> Item:
    """Return the key of one of the account's own items."""
    return {"pk": {"S": f"ACCOUNT#{account}"}, "sk": {"S": sk}}


def intent_sk(market: str) -> str:
    """Return the sort key of a market's slot."""
    return f"INTENT#{market}"


def month_pk(kind: str, account: str, market: str, month: str) -> str:
    """Return the partition of one kind of time-ordered item: ORDER, TRADE or DECISION."""
    return f"{kind}#{account}#{market}#{month}"


def time_sk(t: int, name: str) -> str:
    """Return a sort key that orders by time and is unique by `name`."""
    return f"{time_text(t)}#{name}"


def time_text(t: int) -> str:
    """Return `t` so that text sorts as time; also the bound of a range, before every `t#…`."""
    assert 0 <= t <= END_T, t
    return f"{t:012d}"


def months(from_t: int, to_t: int) -> tuple[str, ...]:
    """Return the UTC months that from_t <= t < to_t touches, oldest first; at most MONTHS_MAX."""
    assert from_t >= 0, from_t
    assert to_t <= END_T, to_t
    if from_t >= to_t:
        return ()
    first, last = (datetime.fromtimestamp(t, UTC) for t in (from_t, to_t - 1))
    start, end = (day.year * 12 + day.month - 1 for day in (first, last))
    assert end - start < MONTHS_MAX, (from_t, to_t)
    return tuple(f"{n // 12:04d}-{n % 12 + 1:02d}" for n in range(start, end + 1))


def month_key(kind: str, account: str, market: str, t: int, name: str) -> Item:
    """Return the key of a time-ordered item."""
    sk = time_sk(t, name)
    (month,) = months(t, t + 1)
    return {"pk": {"S": month_pk(kind, account, market, month)}, "sk": {"S": sk}}
