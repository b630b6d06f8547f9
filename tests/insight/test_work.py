"""What came in, was decided and was late: small days, whose figures are worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from console.insight.chosen import Chosen
from console.insight.periods import Span
from console.insight.reports import read_acts, read_ageing, read_overview
from console.review.states import Act
from tests.conftest import Database
from tests.factories import make_bank
from tests.insight.past import PastAct, PastCheck, put

# Tuesday 10 March 2026, 16:00 in New York: clocks went forward on Sunday 8 March.
ZONE = ZoneInfo("America/New_York")
NOW = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of March 2026 on the bank's clock."""
    return datetime(2026, 3, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


def test_the_figures_of_a_week(run: Callable, database: Database) -> None:
    async def story() -> None:
        bank = await make_bank()
        put(
            database.superuser_url,
            bank,
            [
                # Monday 9:00 to 11:00: two hours, in time.
                PastCheck(at(9, 9), at(9, 13), [PastAct(None, at(9, 11))], amount=Decimal("10.10")),
                # Friday 17:00 to Monday 9:00: an hour on each day; late by an hour.
                PastCheck(at(6, 17), at(9, 8, 30), [PastAct(None, at(9, 9), "return", reasons=("customer:A",))],
                          return_by=at(9, 8, 45), amount=Decimal("20.20")),
                # Held for two business hours: 8:00 to 18:00 is ten, of which eight count.
                PastCheck(at(10, 8), at(10, 17), [PastAct(None, at(9, 12), "hold"), PastAct(None, at(10, 15))],
                          paused=timedelta(hours=2), queue="high_priority", item_type="transit"),
                # Open, breached on Tuesday at noon; its return deadline is to come.
                PastCheck(at(9, 10), at(10, 12), return_by=at(10, 23)),
                PastCheck(at(10, 9), at(10, 18), status="cleared"),
            ],
        )  # fmt: skip
        reading = await read_overview(bank.supervisor, Chosen(span=Span.WEEK), NOW)
        found = reading.found
        assert (reading.period.first, reading.period.last) == (date(2026, 3, 9), date(2026, 3, 10))
        whole = found.now.work.whole
        assert (whole.received, whole.cleared, whole.decided) == (4, 1, 3)
        assert (whole.paid, whole.returned, whole.rejected, whole.in_time, whole.late) == (2, 1, 0, 2, 1)
        assert whole.amount == Decimal("130.30")
        # 2 h, 2 h and 5 h.
        assert (found.now.work.median, found.now.work.p90) == (2 * 3600, 5 * 3600)
        assert [(one.breached, one.breached_open, one.missed) for one in found.now.due] == [(1, 0, 1), (1, 1, 0)]
        assert (found.open, found.opened) == (1, 0)
        days = found.now.work.by_day()
        assert [(one.received, one.decided) for one in days.values()] == [(2, 2), (2, 1)]
        # The week before ends at the same time of its Tuesday.
        assert found.before.work.days == (date(2026, 3, 2), date(2026, 3, 3))
        assert reading.period.earlier.before == datetime(2026, 3, 3, 21, 0, tzinfo=UTC)
        acts = (await read_acts(bank.supervisor, Chosen(span=Span.WEEK), NOW)).found
        assert {act: acts.total(act) for act in Act if acts.total(act)} == {Act.PAY: 2, Act.RETURN: 1, Act.HOLD: 1}
        ages = (await read_ageing(bank.supervisor, Chosen(), NOW)).found
        assert {one.label: one.items for one in ages if one.items} == {"1 day": 1}

    run(story())
