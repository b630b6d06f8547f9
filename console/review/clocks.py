"""Time as the console counts it: banking days, business hours, and the SLA clock that runs in them. No I/O.

The statutory clock, which never pauses, stands in `return_deadline`.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

# All of it at the start of a process: left to the first question, its 300 modules hold up the event loop for 100 ms.
import holidays.financial

_DAY: Final = timedelta(days=1)
_NONE: Final[Set[date]] = frozenset()
# Where the due time of a paused item lies: behind everything that runs, in every order by urgency.
PARKED: Final = datetime(9000, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=64)
def federal_reserve_holidays(year: int) -> frozenset[date]:
    """Days on which the Federal Reserve Banks are closed, Saturdays and Sundays aside.

    A holiday on a Sunday is kept on the Monday; one on a Saturday is not kept on the Friday.
    """
    return frozenset(holidays.financial_holidays("FED", years=year))


def is_banking_day(day: date, closed: Set[date] = _NONE) -> bool:
    """Whether banks clear checks on this day: not a Saturday, a Sunday, a Federal Reserve holiday or in `closed`.

    Without `closed`, an institution's own closings, it is what Reg CC calls a business day (12 CFR 229.2(g)).
    """
    return day.weekday() < 5 and day not in closed and day not in federal_reserve_holidays(day.year)


def next_banking_day(day: date, closed: Set[date] = _NONE) -> date:
    """The first banking day after `day`."""
    day += _DAY
    while not is_banking_day(day, closed):
        day += _DAY
    return day


def previous_banking_day(day: date, closed: Set[date] = _NONE) -> date:
    """The last banking day before `day`."""
    day -= _DAY
    while not is_banking_day(day, closed):
        day -= _DAY
    return day


def add_banking_days(day: date, count: int, closed: Set[date] = _NONE) -> date:
    """The banking day that is `count` banking days after `day`."""
    for _ in range(count):
        day = next_banking_day(day, closed)
    return day


@dataclass(frozen=True)
class Hours:
    """An institution's business hours and cut-off, local time in its zone, and the days on which it alone is closed."""

    zone: ZoneInfo
    opens_at: time
    closes_at: time
    cut_off_at: time
    closed: frozenset[date] = frozenset()

    def at(self, day: date, moment: time) -> datetime:
        """The UTC instant of a local time of day."""
        return datetime.combine(day, moment, tzinfo=self.zone).astimezone(UTC)

    def is_banking_day(self, day: date) -> bool:
        """Whether the institution is open for its whole business on this day."""
        return is_banking_day(day, self.closed)

    def next_banking_day(self, day: date) -> date:
        """The institution's first banking day after `day`."""
        return next_banking_day(day, self.closed)

    def openings(self, since: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The spans (UTC) of business time from this moment on, one for each banking day, without end."""
        day = since.astimezone(self.zone).date()
        while True:
            if self.is_banking_day(day):
                start, end = max(since.astimezone(UTC), self.at(day, self.opens_at)), self.at(day, self.closes_at)
                if start < end:
                    yield start, end
            day += _DAY


def add_business_time(start: datetime, amount: timedelta, office: Hours) -> datetime:
    """The instant (UTC), inside business hours, at which this much business time has passed since `start`."""
    for opens, closes in office.openings(start):
        if amount <= closes - opens:
            return opens + amount
        amount -= closes - opens
    raise AssertionError("openings have no end")


def business_time(start: datetime, end: datetime, office: Hours) -> timedelta:
    """How much business time lies between two instants; none where `end` is not after `start`."""
    passed = timedelta()
    for opens, closes in office.openings(start):
        if opens >= end:
            break
        passed += min(closes, end) - opens
    return passed


def sla_due(received: datetime, hours: Decimal, office: Hours, paused: timedelta = timedelta()) -> datetime:
    """The instant (UTC) at which `hours` of business time have passed since `received`, pauses not counted.

    `paused` is the business time for which the clock stood still.
    """
    return add_business_time(received, _span(hours) + paused, office)


@dataclass(frozen=True)
class Sla:
    """When an item is due, and when it is time to warn, both UTC."""

    due_at: datetime
    warning_at: datetime


def sla(
    received: datetime, hours: Decimal, warning_minutes: int, office: Hours, paused: timedelta = timedelta()
) -> Sla:
    """The SLA of an item; the warning comes when so many minutes of business time are left."""
    until_warning = max(_span(hours) - timedelta(minutes=warning_minutes), timedelta())
    return Sla(sla_due(received, hours, office, paused), add_business_time(received, until_warning + paused, office))


def due_shown(due: datetime) -> datetime | None:
    """The due time as people are told it; None while the clock is paused."""
    return None if due >= PARKED else due


def day_of_receipt(received: datetime, office: Hours) -> date:
    """The banking day on which an item counts as received.

    An item that comes at or after the cut-off hour, or on a day that is no banking day, counts as received at
    the opening of the next banking day (UCC 4-108).
    """
    local = received.astimezone(office.zone)
    if office.is_banking_day(local.date()) and local.time() < office.cut_off_at:
        return local.date()
    return office.next_banking_day(local.date())


def _span(hours: Decimal) -> timedelta:
    return timedelta(microseconds=int(hours * 3_600_000_000))
