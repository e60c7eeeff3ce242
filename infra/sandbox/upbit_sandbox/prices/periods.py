"""The calendar periods that days add up to: weeks, months and years, all in UTC."""

import time
from calendar import timegm
from enum import Enum

DAY_S = 86_400
_MONDAY_S = 4 * DAY_S  # 1970-01-05


class Period(Enum):
    """A calendar period; weeks begin on Monday."""

    WEEK = "weeks"
    MONTH = "months"
    YEAR = "years"

    def start_of(self, epoch_s: float) -> int:
        """Give the start of the period that holds this time, in epoch s."""
        if self is Period.WEEK:
            return int(epoch_s - (epoch_s - _MONDAY_S) % (7 * DAY_S))
        moment = time.gmtime(epoch_s)
        month = moment.tm_mon if self is Period.MONTH else 1
        return timegm((moment.tm_year, month, 1, 0, 0, 0))
