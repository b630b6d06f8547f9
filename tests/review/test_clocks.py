"""Both clocks, on the calendar that the law counts by."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.review.clocks import (
    Hours,
    add_banking_days,
    day_of_receipt,
    is_banking_day,
    next_banking_day,
    previous_banking_day,
    return_by,
    sla_due,
)

NEW_YORK = ZoneInfo("America/New_York")
OFFICE = Hours(NEW_YORK, time(8), time(18), time(14))
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
SINCE_2020 = datetime(2020, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 11 * 365 * 24 * 60).map(lambda minutes: SINCE_2020 + timedelta(minutes=minutes))


def local(text: str) -> datetime:
    """A New York wall-clock time as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


@pytest.mark.parametrize(
    "day, open_",
    [
        ("2026-11-26", False),  # Thanksgiving
        ("2026-11-27", True),  # the day after is a banking day
        ("2026-07-03", True),  # Independence Day is a Saturday: Reserve Banks are open on the Friday
        ("2021-07-05", False),  # Independence Day was a Sunday: closed on the Monday
        ("2021-12-24", True),
        ("2022-12-26", False),
        ("2026-11-22", False),  # a Sunday
    ],
)
def test_federal_reserve_calendar(day: str, open_: bool) -> None:
    assert is_banking_day(date.fromisoformat(day)) is open_


@pytest.mark.parametrize(
    "received, due",
    [
        ("2026-11-20 09:00", "2026-11-20 13:00"),
        ("2026-11-20 16:00", "2026-11-23 10:00"),  # Friday evening into Monday
        ("2026-11-22 10:00", "2026-11-23 12:00"),  # Sunday counts from Monday's opening
        ("2026-11-25 17:00", "2026-11-27 11:00"),  # over Thanksgiving
        ("2026-03-06 17:00", "2026-03-09 11:00"),  # over the change to daylight saving time
    ],
)
def test_sla_runs_in_business_hours(received: str, due: str) -> None:
    assert sla_due(local(received), Decimal(4), OFFICE) == local(due)


@pytest.mark.parametrize(
    "received, last",
    [
        ("2026-11-16 10:00", "2026-11-17 23:59"),  # midnight of the next banking day
        ("2026-11-16 14:00", "2026-11-18 23:59"),  # at the cut-off: received on the next banking day
        ("2026-11-20 10:00", "2026-11-23 23:59"),  # Friday: Monday's midnight
        ("2026-11-21 10:00", "2026-11-24 23:59"),  # Saturday: received on Monday
        ("2026-11-25 10:00", "2026-11-27 23:59"),  # the banking day after Wednesday is Friday
        ("2026-10-30 10:00", "2026-11-02 23:59"),  # over the change to standard time
    ],
)
def test_last_safe_minute_to_return(received: str, last: str) -> None:
    assert return_by(local(received), OFFICE) == local(last)


@given(DAYS)
def test_neighbouring_banking_days(day: date) -> None:
    after = next_banking_day(day)
    assert is_banking_day(after) and after > day
    assert not any(is_banking_day(day + timedelta(days=n)) for n in range(1, (after - day).days))
    before = previous_banking_day(after)
    assert before == day if is_banking_day(day) else before < day


@given(MOMENTS, st.decimals(Decimal("0.25"), Decimal(40), places=2))
def test_sla_is_in_business_hours_and_never_before(received: datetime, hours: Decimal) -> None:
    due = sla_due(received, hours, OFFICE)
    there = due.astimezone(NEW_YORK)
    assert due > received
    assert is_banking_day(there.date())
    assert OFFICE.opens_at <= there.time() <= OFFICE.closes_at


@given(
    MOMENTS, st.decimals(Decimal("0.25"), Decimal(20), places=2), st.decimals(Decimal("0.25"), Decimal(20), places=2)
)
def test_hours_add_up(received: datetime, first: Decimal, second: Decimal) -> None:
    assert sla_due(sla_due(received, first, OFFICE), second, OFFICE) == sla_due(received, first + second, OFFICE)


@given(MOMENTS)
def test_deadline_never_passes_the_midnight_after_receipt(received: datetime) -> None:
    receipt = day_of_receipt(received, OFFICE)
    deadline = return_by(received, OFFICE)
    assert is_banking_day(receipt)
    assert deadline > received
    assert deadline.astimezone(NEW_YORK).date() == next_banking_day(receipt)
    assert deadline <= OFFICE.at(add_banking_days(receipt, 2), time(14))
