"""The two clocks of an item: the SLA, in business hours, and the statutory deadline, which never pauses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

_DAY = timedelta(days=1)


@lru_cache(maxsize=64)
def _federal_reserve_holidays(year: int) -> frozenset[date]:
    """Days on which the Federal Reserve Banks are closed, Saturdays and Sundays aside."""
    return frozenset(holidays.financial_holidays("FED", years=year))


def is_banking_day(day: date) -> bool:
    """Whether banks clear checks on this day: not a Saturday, a Sunday or a Federal Reserve holiday."""
    return day.weekday() < 5 and day not in _federal_reserve_holidays(day.year)


def next_banking_day(day: date) -> date:
    """The first banking day after `day`."""
    day += _DAY
    while not is_banking_day(day):
        day += _DAY
    return day


def previous_banking_day(day: date) -> date:
    """The last banking day before `day`."""
    day -= _DAY
    while not is_banking_day(day):
        day -= _DAY
    return day


def add_banking_days(day: date, count: int) -> date:
    """The banking day that is `count` banking days after `day`."""
    for _ in range(count):
        day = next_banking_day(day)
    return day


@dataclass(frozen=True)
class Hours:
    """An institution's business hours and cut-off, local time in its zone."""

    zone: ZoneInfo
    opens_at: time
    closes_at: time
    cut_off_at: time

    def at(self, day: date, moment: time) -> datetime:
        """The UTC instant of a local time of day."""
        return datetime.combine(day, moment, tzinfo=self.zone).astimezone(UTC)


def sla_due(received: datetime, hours: Decimal, office: Hours) -> datetime:
    """The instant (UTC) at which `hours` of business time have passed since `received`."""
    left = timedelta(seconds=float(hours * 3600))
    day = received.astimezone(office.zone).date()
    while True:
        if is_banking_day(day):
            start = max(received.astimezone(UTC), office.at(day, office.opens_at))
            end = office.at(day, office.closes_at)
            if start < end:
                if left <= end - start:
                    return start + left
                left -= end - start
        day += _DAY


def day_of_receipt(received: datetime, office: Hours) -> date:
    """The banking day on which an item counts as received.

    An item that comes at or after the cut-off hour, or on a day that is no banking day, counts as received at
    the opening of the next banking day (UCC 4-108).
    """
    local = received.astimezone(office.zone)
    if is_banking_day(local.date()) and local.time() < office.cut_off_at:
        return local.date()
    return next_banking_day(local.date())


def return_by(received: datetime, office: Hours) -> datetime:
    """The last safe minute (UTC) for the paying bank to return an item.

    The earlier of the midnight deadline, midnight of the banking day after receipt (UCC 4-104(a)(10), 4-302),
    and 2 p.m. local time on the second business day after presentment (Reg CC, 12 CFR 229.31(b)).
    """
    receipt = day_of_receipt(received, office)
    midnight = office.at(next_banking_day(receipt) + _DAY, time(0)) - timedelta(minutes=1)
    two_pm = office.at(add_banking_days(receipt, 2), time(14))
    return min(midnight, two_pm)
