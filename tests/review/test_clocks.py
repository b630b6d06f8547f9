"""Both clocks, on the calendar that the law counts by: examples worked by hand, properties over ten years of moments,
and a slow oracle that counts minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from console.review.clocks import (
    PARKED,
    Hours,
    add_banking_days,
    add_business_time,
    business_time,
    day_of_receipt,
    due_shown,
    federal_reserve_holidays,
    is_banking_day,
    next_banking_day,
    previous_banking_day,
    sla,
    sla_due,
)
from console.review.return_deadline import ReturnRule, nonpayment_notice, return_deadline

NEW_YORK = ZoneInfo("America/New_York")
OFFICE = Hours(NEW_YORK, time(8), time(18), time(14))
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

# Federal Reserve Financial Services, "Holidays Observed", 2024 to 2028, as it is published. Holidays on a Saturday are
# not observed on the Friday: Veterans Day in 2028 and Independence Day in 2026 do not stand here, nor does Juneteenth
# in 2027, and New Year's Day in 2028 is a Saturday too.
PUBLISHED = {
    2024: "01-01 01-15 02-19 05-27 06-19 07-04 09-02 10-14 11-11 11-28 12-25",
    2025: "01-01 01-20 02-17 05-26 06-19 07-04 09-01 10-13 11-11 11-27 12-25",
    2026: "01-01 01-19 02-16 05-25 06-19 09-07 10-12 11-11 11-26 12-25",
    2027: "01-01 01-18 02-15 05-31 07-05 09-06 10-11 11-11 11-25",
    2028: "01-17 02-21 05-29 06-19 07-04 09-04 10-09 11-23 12-25",
}

# --- moments and offices over ten years ------------------------------------------------------------------------------

DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
SINCE_2020 = datetime(2020, 1, 1, tzinfo=UTC)
# Beside moments anywhere, the hours around the changes of the clocks and around holidays, weekends' among them.
EDGES = st.sampled_from(
    [datetime(2026, 3, 8, 6, tzinfo=UTC), datetime(2026, 11, 1, 5, tzinfo=UTC), datetime(2024, 3, 10, 6, tzinfo=UTC),
     datetime(2020, 11, 1, 5, tzinfo=UTC), datetime(2026, 7, 3, 18, tzinfo=UTC), datetime(2021, 7, 4, 12, tzinfo=UTC),
     datetime(2027, 12, 31, 20, tzinfo=UTC), datetime(2022, 12, 23, 21, tzinfo=UTC)]
)  # fmt: skip
ANYWHERE = st.integers(0, 11 * 365 * 24 * 60).map(lambda minutes: SINCE_2020 + minutes * MINUTE)
NEAR = st.builds(lambda edge, minutes: edge + minutes * MINUTE, EDGES, st.integers(-3 * 1440, 3 * 1440))
MOMENTS = st.one_of(ANYWHERE, NEAR)
HOURS = st.decimals(Decimal("0.25"), Decimal(60), places=2)
SPANS = st.integers(0, 40 * 60).map(lambda minutes: minutes * MINUTE)
ZONES = st.sampled_from(
    ["America/New_York", "America/Chicago", "America/Phoenix", "Pacific/Honolulu", "America/Puerto_Rico"]
)


@st.composite
def offices(draw: st.DrawFn) -> Hours:
    """An office somewhere in the country, with hours, a cut-off and up to forty closings of its own."""
    opens = draw(st.integers(5 * 4, 11 * 4))
    closes = draw(st.integers(opens + 4, 23 * 4))
    quarter = [time(n // 4, n % 4 * 15) for n in (opens, closes, draw(st.integers(8 * 4, 20 * 4)))]
    closed = draw(st.frozensets(st.dates(date(2020, 1, 1), date(2031, 6, 30)), max_size=40))
    return Hours(ZoneInfo(draw(ZONES)), *quarter, closed)


def local(text: str, zone: ZoneInfo = NEW_YORK) -> datetime:
    """A wall-clock time, in New York where no other zone is given, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


# --- the calendar ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("year", PUBLISHED)
def test_the_librarys_calendar_is_the_published_one(year: int) -> None:
    published = {date.fromisoformat(f"{year}-{day}") for day in PUBLISHED[year].split()}
    working = {day for day in federal_reserve_holidays(year) if day.weekday() < 5}
    assert working == published


@pytest.mark.parametrize(
    "day, open_",
    [
        ("2026-11-26", False),  # Thanksgiving
        ("2026-11-27", True),  # the day after is a banking day
        ("2026-07-03", True),  # Independence Day is a Saturday: Reserve Banks are open on the Friday
        ("2027-12-31", True),  # so is New Year's Day of 2028
        ("2021-07-05", False),  # Independence Day was a Sunday: closed on the Monday
        ("2021-12-24", True),
        ("2022-12-26", False),
        ("2026-11-22", False),  # a Sunday
    ],
)
def test_federal_reserve_calendar(day: str, open_: bool) -> None:
    assert is_banking_day(date.fromisoformat(day)) is open_


@given(DAYS)
def test_neighbouring_banking_days(day: date) -> None:
    after = next_banking_day(day)
    assert is_banking_day(after) and after > day
    assert not any(is_banking_day(day + timedelta(days=n)) for n in range(1, (after - day).days))
    before = previous_banking_day(after)
    assert before == day if is_banking_day(day) else before < day


# --- the SLA ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "received, due",
    [
        ("2026-11-20 09:00", "2026-11-20 13:00"),
        ("2026-11-20 16:00", "2026-11-23 10:00"),  # Friday evening into Monday
        ("2026-11-22 10:00", "2026-11-23 12:00"),  # Sunday counts from Monday's opening
        ("2026-11-25 17:00", "2026-11-27 11:00"),  # over Thanksgiving
        ("2026-03-06 17:00", "2026-03-09 11:00"),  # over the change to daylight saving time
        ("2026-10-30 17:00", "2026-11-02 11:00"),  # and back
        ("2026-07-02 17:00", "2026-07-03 11:00"),  # a holiday on a Saturday closes nothing
    ],
)
def test_sla_runs_in_business_hours(received: str, due: str) -> None:
    assert sla_due(local(received), Decimal(4), OFFICE) == local(due)


def test_an_own_closing_moves_the_sla() -> None:
    closed = Hours(NEW_YORK, time(8), time(18), time(14), frozenset({date(2026, 11, 23)}))
    assert sla_due(local("2026-11-20 16:00"), Decimal(4), closed) == local("2026-11-24 10:00")


def test_the_warning_is_so_much_business_time_before() -> None:
    found = sla(local("2026-11-20 17:45"), Decimal("0.5"), 20, OFFICE)
    assert (found.due_at, found.warning_at) == (local("2026-11-23 08:15"), local("2026-11-20 17:55"))
    # Longer than the whole time: it warns from the beginning.
    assert sla(local("2026-11-20 09:00"), Decimal(1), 300, OFFICE).warning_at == local("2026-11-20 09:00")


@given(MOMENTS, HOURS, offices())
def test_due_is_in_business_hours_and_never_before(received: datetime, hours: Decimal, office: Hours) -> None:
    due = sla_due(received, hours, office)
    there = due.astimezone(office.zone)
    assert due > received
    assert office.is_banking_day(there.date())
    assert office.opens_at <= there.time() <= office.closes_at


@given(MOMENTS, HOURS, offices())
def test_due_is_where_the_business_time_is_used_up(received: datetime, hours: Decimal, office: Hours) -> None:
    due = sla_due(received, hours, office)
    assert business_time(received, due, office) == timedelta(hours=float(hours))
    assert business_time(received, due - MINUTE, office) < timedelta(hours=float(hours))


@given(MOMENTS, HOURS, HOURS, offices())
def test_more_hours_are_never_due_earlier(received: datetime, one: Decimal, other: Decimal, office: Hours) -> None:
    fewer, more = sorted((one, other))
    assert sla_due(received, fewer, office) <= sla_due(received, more, office)


@given(MOMENTS, st.integers(0, 4 * 1440), HOURS, offices())
def test_what_comes_later_is_never_due_earlier(received: datetime, minutes: int, hours: Decimal, office: Hours) -> None:
    assert sla_due(received, hours, office) <= sla_due(received + minutes * MINUTE, hours, office)


@given(MOMENTS, SPANS, SPANS, offices())
def test_spans_add_up(start: datetime, first: timedelta, second: timedelta, office: Hours) -> None:
    # Where the first span ends with the day, no time at all after it is the next morning: the same to who works.
    assume(second)
    then = add_business_time(start, first, office)
    assert add_business_time(then, second, office) == add_business_time(start, first + second, office)


@given(MOMENTS, HOURS, st.lists(st.tuples(SPANS, st.integers(0, 9 * 1440)), max_size=4), offices())
def test_pauses_neither_shorten_nor_lengthen_the_business_time(
    received: datetime, hours: Decimal, pauses: list[tuple[timedelta, int]], office: Hours
) -> None:
    """Work, pause, work, pause …, as `queue_clock.follow_status` does it: what is worked until it is due is the SLA."""
    now, paused, worked = received, timedelta(), timedelta()
    for work, minutes in pauses:
        due = sla_due(received, hours, office, paused)
        stops = min(add_business_time(now, work, office), due)
        worked += business_time(now, stops, office)
        now = stops + minutes * MINUTE
        paused += business_time(stops, now, office)
    due = sla_due(received, hours, office, paused)
    assert worked + business_time(now, due, office) == timedelta(hours=float(hours))


@given(st.data(), offices(), st.integers(0, 10 * 60))
@settings(max_examples=40, deadline=None)
def test_an_oracle_that_counts_minutes_agrees(data: st.DataObject, office: Hours, minutes: int) -> None:
    received = data.draw(st.one_of(NEAR, ANYWHERE))
    assert add_business_time(received, minutes * MINUTE, office) == minute_by_minute(received, minutes, office)


def minute_by_minute(received: datetime, minutes: int, office: Hours) -> datetime:
    """The slow way, by looking at the clock on the wall each minute: knows no spans, no days and no library."""

    def works(moment: datetime) -> bool:
        there = moment.astimezone(office.zone)
        day = there.date()
        holiday = day in federal_reserve_holidays(day.year) or day in office.closed
        return there.weekday() < 5 and not holiday and office.opens_at <= there.time() < office.closes_at

    now = received
    while not works(now):
        now += MINUTE
    while minutes:
        if works(now):
            minutes -= 1
        now += MINUTE
    return now


def test_a_paused_item_has_no_due_time_to_show() -> None:
    assert due_shown(PARKED) is None
    assert due_shown(local("2026-11-20 13:00")) == local("2026-11-20 13:00")


# --- the statutory clock ---------------------------------------------------------------------------------------------


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
    found = return_deadline(local(received), OFFICE)
    assert (found.at, found.rule, found.citation) == (local(last), ReturnRule.MIDNIGHT, "UCC 4-302, 4-104(a)(10)")


def test_an_own_closing_moves_the_midnight_deadline_and_not_reg_ccs() -> None:
    closed = Hours(NEW_YORK, time(8), time(18), time(14), frozenset({date(2026, 11, 17)}))
    found = return_deadline(local("2026-11-16 10:00"), closed)
    # Tuesday is no banking day here: midnight of Wednesday; but 2 p.m. on the second business day is Wednesday's.
    assert (found.at, found.rule) == (local("2026-11-18 14:00"), ReturnRule.EXPEDITIOUS)
    assert found.citation == "12 CFR 229.31(b)"


@given(MOMENTS, offices())
@example(local("2026-11-16 10:00"), Hours(NEW_YORK, time(8), time(18), time(14), frozenset({date(2026, 11, 17)})))
def test_the_deadline_is_a_banking_days_end_or_two_pm(received: datetime, office: Hours) -> None:
    receipt, found = day_of_receipt(received, office), return_deadline(received, office)
    there = found.at.astimezone(office.zone)
    assert office.is_banking_day(receipt) and found.at > received
    if found.rule is ReturnRule.MIDNIGHT:
        assert there.date() == office.next_banking_day(receipt)
        assert (found.at + MINUTE).astimezone(office.zone).time() == time(0)
    else:
        assert there.date() == add_banking_days(receipt, 2) and there.time() == time(14)
    # Never after either.
    assert found.at <= office.at(office.next_banking_day(receipt) + DAY, time(0)) - MINUTE
    assert found.at <= office.at(add_banking_days(receipt, 2), time(14))


@given(MOMENTS, st.integers(0, 4 * 1440), offices())
def test_what_is_received_later_never_goes_back_earlier(received: datetime, minutes: int, office: Hours) -> None:
    assert return_deadline(received, office).at <= return_deadline(received + minutes * MINUTE, office).at


@pytest.mark.parametrize(
    "amount, received, owed",
    [
        ("5000.00", "2026-11-16 10:00", ("2026-11-18 14:00", "12 CFR 229.31(c)")),
        ("4999.99", "2026-11-16 10:00", None),
        ("5000.00", "2018-07-02 10:00", ("2018-07-05 14:00", "12 CFR 229.31(c)")),  # over Independence Day
        ("2500.00", "2018-06-29 10:00", ("2018-07-03 16:00", "12 CFR 229.33(a)")),  # the day before it took effect
        ("2499.99", "2018-06-29 10:00", None),
    ],
)
def test_notice_of_nonpayment_of_large_returns(amount: str, received: str, owed: tuple[str, str] | None) -> None:
    found = nonpayment_notice(Decimal(amount), local(received), OFFICE)
    assert (found and (found.at, found.citation)) == (owed and (local(owed[0]), owed[1]))
