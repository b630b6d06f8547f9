"""The days that a report is of, local to the institution, and the days before that it is compared with. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from console.insight.errors import BadPeriod
from console.review.clocks import Hours, previous_banking_day

# A quarter of a year: beyond, days are too narrow to be seen, and a report too slow to be waited for.
MAX_DAYS: Final = 92
EARLIEST: Final = date(2000, 1, 1)
_DAY: Final = timedelta(days=1)


class Span(StrEnum):
    """Which days, seen from today. All but DAYS go up to today."""

    TODAY = "today"
    WEEK = "week"
    FOUR_WEEKS = "four_weeks"
    MONTH = "month"
    DAYS = "days"


@dataclass(frozen=True)
class Window:
    """Moments (UTC) from `since` on and before `before`, and the local days in which they lie, in their order."""

    since: datetime
    before: datetime
    days: tuple[date, ...]
    office: Hours

    @property
    def edges(self) -> list[datetime]:
        """The moment (UTC) at which each of the days begins: 23, 24 or 25 hours apart."""
        return [midnight(day, self.office) for day in self.days]


@dataclass(frozen=True)
class Period:
    """Days from `first` to `last`, both included, and the `earlier` ones to compare them with: as many, and where the
    last day is not over yet only up to the same time of the day."""

    first: date
    last: date
    now: datetime
    office: Hours
    earlier: Window

    @property
    def window(self) -> Window:
        """The period itself, up to its end, though that may be still to come."""
        return Window(
            midnight(self.first, self.office),
            midnight(self.last + _DAY, self.office),
            days_from(self.first, self.last),
            self.office,
        )

    @property
    def under_way(self) -> bool:
        """Whether its last day is today."""
        return self.last == self.now.astimezone(self.office.zone).date()


def period_of(span: Span, now: datetime, office: Hours, first: date | None = None, last: date | None = None) -> Period:
    """The period at this moment. `first` and `last` are asked for DAYS alone. Raises BadPeriod."""
    today = now.astimezone(office.zone).date()
    if span is Span.DAYS:
        begin, end = _asked(first, last, today)
    else:
        begin, end = _begin(span, today), today
    earlier_begin, earlier_end = _before(span, begin, end, office)
    until = midnight(earlier_end + _DAY, office)
    if end == today:
        clock = now.astimezone(office.zone).timetz().replace(tzinfo=None)
        until = min(until, datetime.combine(earlier_end, clock, tzinfo=office.zone).astimezone(UTC))
    earlier = Window(midnight(earlier_begin, office), until, days_from(earlier_begin, earlier_end), office)
    return Period(begin, end, now, office, earlier)


def midnight(day: date, office: Hours) -> datetime:
    """The moment (UTC) at which a local day begins."""
    return office.at(day, time(0))


def days_from(first: date, last: date) -> tuple[date, ...]:
    """Every day from one to the other, both included."""
    return tuple(first + _DAY * at for at in range((last - first).days + 1))


def _begin(span: Span, today: date) -> date:
    match span:
        case Span.WEEK:
            return today - _DAY * today.weekday()
        case Span.FOUR_WEEKS:
            return today - _DAY * 27
        case Span.MONTH:
            return today.replace(day=1)
    return today


def _asked(first: date | None, last: date | None, today: date) -> tuple[date, date]:
    if first is None or last is None:
        raise BadPeriod("Choose the first and the last day.")
    if last < first:
        raise BadPeriod("The last day lies before the first. Turn them round.")
    if first < EARLIEST or first > today:
        raise BadPeriod(f"Choose a first day between {EARLIEST.year} and today.")
    last = min(last, today)
    if (last - first).days >= MAX_DAYS:
        raise BadPeriod(f"A report is of at most {MAX_DAYS} days. Choose fewer.")
    return first, last


def _before(span: Span, begin: date, end: date, office: Hours) -> tuple[date, date]:
    """The days to compare with: of one day the banking day before, of a month the same days of the one before."""
    if span is Span.MONTH:
        last_of_before = begin - _DAY
        return last_of_before.replace(day=1), last_of_before.replace(day=min(end.day, last_of_before.day))
    if begin == end:
        before = previous_banking_day(begin, office.closed)
        return before, before
    # A week begun is held against the same days of the last one.
    days = timedelta(days=7) if span is Span.WEEK else end - begin + _DAY
    return begin - days, end - days
