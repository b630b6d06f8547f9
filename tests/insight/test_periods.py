"""Which days a report is of, and which it is held against: also where clocks change and months end."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.insight.chosen import Chosen, chosen_of
from console.insight.errors import BadPeriod
from console.insight.periods import MAX_DAYS, Span, period_of
from console.review.clocks import Hours
from console.review.queue_view import ItemType

ZONE = ZoneInfo("America/New_York")
OFFICE = Hours(ZONE, time(8), time(18), time(14), frozenset({date(2026, 6, 16)}))


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZONE).astimezone(UTC)  # type: ignore[arg-type, misc]


def test_the_days_on_which_clocks_change_are_23_and_25_hours_long() -> None:
    spring = period_of(Span.DAYS, local(2026, 12, 1), OFFICE, date(2026, 3, 7), date(2026, 3, 9)).window
    assert [after - before for before, after in zip(spring.edges, [*spring.edges[1:], spring.before], strict=True)] == [
        timedelta(hours=24),
        timedelta(hours=23),
        timedelta(hours=24),
    ]
    autumn = period_of(Span.DAYS, local(2026, 12, 1), OFFICE, date(2026, 11, 1), date(2026, 11, 1)).window
    assert autumn.before - autumn.since == timedelta(hours=25)
    assert autumn.since == datetime(2026, 11, 1, 4, tzinfo=UTC)


def test_today_is_the_banks_and_is_held_against_the_banking_day_before_up_to_the_same_time() -> None:
    # In UTC it is Wednesday already; the Tuesday before it the bank was closed.
    period = period_of(Span.TODAY, local(2026, 6, 17, 21, 30), OFFICE)
    assert (period.first, period.last, period.under_way) == (date(2026, 6, 17), date(2026, 6, 17), True)
    assert period.earlier.days == (date(2026, 6, 15),)
    assert (period.earlier.since, period.earlier.before) == (local(2026, 6, 15), local(2026, 6, 15, 21, 30))
    monday = period_of(Span.TODAY, local(2026, 6, 22, 10), OFFICE)
    assert monday.earlier.days == (date(2026, 6, 18),), "19 June is a holiday of the Federal Reserve"


@pytest.mark.parametrize(
    ("span", "now", "days", "before"),
    [
        (Span.WEEK, local(2026, 6, 17, 12), ("2026-06-15", "2026-06-17"), ("2026-06-08", "2026-06-10")),
        (Span.FOUR_WEEKS, local(2026, 6, 17, 12), ("2026-05-21", "2026-06-17"), ("2026-04-23", "2026-05-20")),
        (Span.MONTH, local(2026, 6, 17, 12), ("2026-06-01", "2026-06-17"), ("2026-05-01", "2026-05-17")),
        # The month before has no 31st.
        (Span.MONTH, local(2026, 3, 31, 12), ("2026-03-01", "2026-03-31"), ("2026-02-01", "2026-02-28")),
    ],
)
def test_spans(span: Span, now: datetime, days: tuple[str, str], before: tuple[str, str]) -> None:
    period = period_of(span, now, OFFICE)
    assert (period.first.isoformat(), period.last.isoformat()) == days
    assert (period.earlier.days[0].isoformat(), period.earlier.days[-1].isoformat()) == before


def test_days_that_are_over_are_held_against_whole_days() -> None:
    period = period_of(Span.DAYS, local(2026, 6, 17, 12), OFFICE, date(2026, 6, 1), date(2026, 6, 10))
    assert not period.under_way
    assert (period.earlier.days[0], period.earlier.before) == (date(2026, 5, 22), local(2026, 6, 1))


@pytest.mark.parametrize(
    ("first", "last", "says"),
    [
        (None, date(2026, 6, 1), "Choose the first and the last day"),
        (date(2026, 6, 2), date(2026, 6, 1), "lies before the first"),
        (date(2026, 6, 18), date(2026, 6, 18), "between 2000 and today"),
        (date(1999, 12, 31), date(2000, 1, 1), "between 2000 and today"),
        (date(2026, 3, 1), date(2026, 6, 1), f"at most {MAX_DAYS} days"),
    ],
)
def test_days_that_are_refused(first: date | None, last: date | None, says: str) -> None:
    with pytest.raises(BadPeriod, match=says):
        period_of(Span.DAYS, local(2026, 6, 17, 12), OFFICE, first, last)


def test_a_last_day_that_is_to_come_is_today() -> None:
    period = period_of(Span.DAYS, local(2026, 6, 17, 12), OFFICE, date(2026, 6, 10), date(2026, 7, 30))
    assert (period.last, period.under_way) == (date(2026, 6, 17), True)


@given(
    now=st.datetimes(datetime(2005, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    span=st.sampled_from(list(Span)),
    first=st.dates(date(1990, 1, 1), date(2060, 1, 1)),
    days=st.integers(0, 200),
    zone=st.sampled_from(["America/New_York", "America/Phoenix", "Pacific/Auckland", "UTC"]),
)
def test_every_moment_of_a_period_lies_on_one_of_its_days(
    now: datetime, span: Span, first: date, days: int, zone: str
) -> None:
    office = Hours(ZoneInfo(zone), time(8), time(18), time(14))
    try:
        period = period_of(span, now, office, first, first + timedelta(days=days))
    except BadPeriod:
        assert span is Span.DAYS
        return
    window = period.window
    assert len(window.days) == (period.last - period.first).days + 1 <= MAX_DAYS
    assert window.edges[0] == window.since and sorted(window.edges) == window.edges
    for day, begins in zip(window.days, window.edges, strict=True):
        assert begins.astimezone(office.zone).date() == day
        assert (begins - timedelta(microseconds=1)).astimezone(office.zone).date() < day
    assert period.earlier.before <= window.since, "the days before are over when the period begins"
    assert period.last <= now.astimezone(office.zone).date()


def test_an_address_names_what_is_chosen_and_what_it_says_wrongly_is_left_out() -> None:
    chosen = Chosen(span=Span.DAYS, first=date(2026, 6, 1), last=date(2026, 6, 3), queue="standard",
                    item_type=ItemType.TRANSIT)  # fmt: skip
    assert chosen.query() == {
        "span": "days", "first": "2026-06-01", "last": "2026-06-03", "queue": "standard", "item_type": "transit",
    }  # fmt: skip
    assert chosen_of(chosen.query()) == chosen
    assert Chosen().query() == {} and chosen_of({}) == Chosen()
    # Days count where they are asked for alone.
    assert Chosen(first=date(2026, 6, 1)).query() == {}
    wrong = {"span": "century", "first": "<script>", "queue": "no such; drop", "item_type": "on_us", "other": "1"}
    assert chosen_of(wrong) == Chosen(item_type=ItemType.ON_US)
