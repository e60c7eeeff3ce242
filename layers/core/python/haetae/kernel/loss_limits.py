"""The account's KST day and week books, and the window of its last seven days.

When the books roll, what they allow, when they latch; the window latches nothing.
"""

from haetae.kernel.codes import DAY_LATCH, WEEK_LATCH
from haetae.kernel.records import NO_DAY_STARTS, Account, DayStarts, Period, Rails
from haetae.kernel.registry import kernel
from haetae.kernel.rounding import MICRO, share_ceil

DAY_S = 86_400
KST_S = 32_400  # Asia/Seoul is UTC+9 and has no daylight saving time
NO_LIMIT = 9_000_000_000_000_000_000
FIRED_DAY_LATCH = 1 << DAY_LATCH
FIRED_WEEK_LATCH = 1 << WEEK_LATCH


@kernel
def next_day(t: int) -> int:
    """Return the first KST midnight after `t`."""
    return ((t + KST_S) // DAY_S + 1) * DAY_S - KST_S


@kernel
def next_week(t: int) -> int:
    """Return the first KST Monday midnight after `t` (1970-01-01 was a Thursday)."""
    return (((t + KST_S) // DAY_S + 3) // 7 + 1) * 7 * DAY_S - 3 * DAY_S - KST_S


@kernel
def capital_of(rails: Rails, equity: int) -> int:
    """Return the micro that sizes and loss limits are shares of: equity, or less by setting."""
    if rails.capital_limit > 0:
        return min(equity, rails.capital_limit * MICRO)
    return equity


@kernel
def loss_limit(start: int, limit_bps: int, limit_r: int, r_bps: int) -> int:
    """Return the tighter of the share limit and the R limit on a book of `start` micro."""
    limit = NO_LIMIT
    if limit_bps > 0:
        limit = share_ceil(start, limit_bps)
    if limit_r > 0 and r_bps > 0:
        limit = min(limit, share_ceil(start, limit_r * r_bps))
    return limit


@kernel
def day_floor(rails: Rails, start: int) -> int:
    """Return the equity at which a day that began with `start` micro latches."""
    return start - loss_limit(capital_of(rails, start), rails.day_bps, rails.day_r, rails.r_bps)


@kernel
def week_floor(rails: Rails, start: int) -> int:
    """Return the equity at which a week that began with `start` micro latches."""
    return start - loss_limit(capital_of(rails, start), rails.week_bps, rails.week_r, rails.r_bps)


@kernel
def oldest_start(a: Account) -> int:
    """Return what the oldest known one of the last seven KST days began with, in micro."""
    past = a.past
    if past.ago_6 > 0:
        return past.ago_6
    if past.ago_5 > 0:
        return past.ago_5
    if past.ago_4 > 0:
        return past.ago_4
    if past.ago_3 > 0:
        return past.ago_3
    if past.ago_2 > 0:
        return past.ago_2
    if past.ago_1 > 0:
        return past.ago_1
    return a.day.start


@kernel
def rolling_floor(rails: Rails, a: Account) -> int:
    """Return the equity at which the loss of the last seven days refuses entries, in micro."""
    start = oldest_start(a)
    return start - loss_limit(capital_of(rails, start), rails.rolling_week_bps, 0, 0)


@kernel
def entry_floor(rails: Rails, a: Account) -> int:
    """Return the equity that no entry may put at risk: the highest floor of day, week, window."""
    lowest = max(a.day.floor, a.week.floor)
    if rails.rolling_week_bps > 0:
        return max(lowest, rolling_floor(rails, a))
    return lowest


@kernel
def open_day(rails: Rails, t: int, equity: int) -> Period:
    """Begin the KST day that `t` lies in."""
    lowest = day_floor(rails, equity)
    return Period(until=next_day(t), start=equity, floor=lowest, latch=0, entries=0)


@kernel
def open_week(rails: Rails, t: int, equity: int) -> Period:
    """Begin the KST week (from Monday) that `t` lies in."""
    lowest = week_floor(rails, equity)
    return Period(until=next_week(t), start=equity, floor=lowest, latch=0, entries=0)


@kernel
def raise_floor(book: Period, lowest: int) -> Period:
    """Return the book that latches at `lowest` micro if that is sooner than it would."""
    if lowest <= book.floor:
        return book
    return Period(
        until=book.until, start=book.start, floor=lowest, latch=book.latch, entries=book.entries
    )


@kernel
def raise_floors(rails: Rails, a: Account) -> Account:
    """Return the account whose books allow no more than the present rails do.

    A limit that was tightened holds at once, one that was loosened from the next period on.
    """
    return Account(
        cash=a.cash,
        reserved=a.reserved,
        last_entry=a.last_entry,
        exit_t=a.exit_t,
        cooldown=a.cooldown,
        day=raise_floor(a.day, day_floor(rails, a.day.start)),
        week=raise_floor(a.week, week_floor(rails, a.week.start)),
        past=a.past,
        trade_stats=a.trade_stats,
    )


@kernel
def past_of(past: DayStarts, day: Period, t: int) -> DayStarts:
    """Return the starts of the six days before the one that `t` lies in, after `day` has ended.

    Days that passed unseen have none.
    """
    days = (next_day(t) - day.until) // DAY_S
    if days > 6:
        return NO_DAY_STARTS
    start = day.start
    for _ in range(days):
        past = DayStarts(
            ago_1=start,
            ago_2=past.ago_1,
            ago_3=past.ago_2,
            ago_4=past.ago_3,
            ago_5=past.ago_4,
            ago_6=past.ago_5,
        )
        start = 0
    return past


@kernel
def mark_books(rails: Rails, a: Account, t: int, equity: int) -> tuple[Account, int]:
    """Latch the books whose floor `equity` micro reached, then roll the ones that ended by `t`."""
    fired = 0
    day = a.day
    week = a.week
    past = a.past
    if equity <= day.floor and day.latch == 0:
        day = Period(
            until=day.until, start=day.start, floor=day.floor, latch=1, entries=day.entries
        )
        fired = fired | FIRED_DAY_LATCH
    if equity <= week.floor and week.latch == 0:
        week = Period(
            until=week.until, start=week.start, floor=week.floor, latch=1, entries=week.entries
        )
        fired = fired | FIRED_WEEK_LATCH
    if t >= day.until:
        past = past_of(past, day, t)
        day = open_day(rails, t, equity)
        if t >= week.until:
            week = open_week(rails, t, equity)
    account = Account(
        cash=a.cash,
        reserved=a.reserved,
        last_entry=a.last_entry,
        exit_t=a.exit_t,
        cooldown=a.cooldown,
        day=day,
        week=week,
        past=past,
        trade_stats=a.trade_stats,
    )
    return account, fired
