"""What came in, was decided and was late: small days, whose figures are worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from console.access.permissions import NotAllowed
from console.actor import Bounds
from console.insight.chosen import Chosen
from console.insight.errors import QueueNotReported
from console.insight.headline import headlines
from console.insight.periods import Span
from console.insight.reports import (
    read_acts,
    read_ageing,
    read_overview,
    read_people,
    read_returns,
    report_queues,
)
from console.insight.sheets import Share
from console.review.queue_view import ItemType
from console.review.states import Act
from tests.conftest import Database
from tests.factories import Bank, make_bank
from tests.insight.past import PastAct, PastCheck, put

# Tuesday 10 March 2026, 16:00 in New York: clocks went forward on Sunday 8 March.
ZONE = ZoneInfo("America/New_York")
NOW = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
WEEK = Chosen(span=Span.WEEK)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of March 2026 on the bank's clock."""
    return datetime(2026, 3, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


def a_week() -> list[PastCheck]:
    return [
        # Monday 9:00 to 11:00: two hours, in time.
        PastCheck(at(9, 9), at(9, 13), [PastAct(None, at(9, 11))], amount=Decimal("10.10")),
        # Friday 17:00 to Monday 9:00: an hour on each day; late by half an hour.
        PastCheck(at(6, 17), at(9, 8, 30), [PastAct(None, at(9, 9), "return", reasons=("customer:A",))],
                  return_by=at(9, 8, 45), amount=Decimal("20.20")),
        # Tuesday 8:00 to 15:00, held for two business hours: five count.
        PastCheck(at(10, 8), at(10, 17), [PastAct(None, at(10, 9), "hold"), PastAct(None, at(10, 15))],
                  paused=timedelta(hours=2), queue="high_priority", item_type="transit"),
        # Open, breached on Tuesday at noon; its return deadline is to come.
        PastCheck(at(9, 10), at(10, 12), return_by=at(10, 23)),
        PastCheck(at(10, 9), at(10, 18), status="cleared"),
    ]  # fmt: skip


def test_the_figures_of_a_week(run: Callable, database: Database) -> None:
    async def story() -> None:
        bank = await make_bank()
        put(database.superuser_url, bank, a_week())
        reading = await read_overview(bank.supervisor, WEEK, NOW)
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
        assert [(one.received, one.decided) for one in found.now.work.by_day().values()] == [(2, 2), (2, 1)]
        # The week before ends at the same time of its Tuesday.
        assert found.before.work.days == (date(2026, 3, 2), date(2026, 3, 3))
        assert reading.period.earlier.before == datetime(2026, 3, 3, 21, 0, tzinfo=UTC)
        said = {one.label: one.now for one in headlines(found)}
        assert said["SLA attained"] == Share(2, 3) and said["Sent back or undone"] == Share(0, 4)
        acts = (await read_acts(bank.supervisor, WEEK, NOW)).found
        assert {act: acts.total(act) for act in Act if acts.total(act)} == {Act.PAY: 2, Act.RETURN: 1, Act.HOLD: 1}
        ages = (await read_ageing(bank.supervisor, WEEK, NOW)).found
        assert {one.label: one.items for one in ages if one.items} == {"1 day": 1}

    run(story())


def test_a_day_is_the_banks_own_also_where_clocks_change(run: Callable, database: Database) -> None:
    async def story() -> None:
        bank = await make_bank()
        # The last minute of Saturday, and the first and the last of the Sunday of 23 hours.
        moments = [at(7, 23, 59), at(8, 0), at(8, 23, 59), at(9, 0)]
        put(database.superuser_url, bank, [PastCheck(one, at(10, 12), [PastAct(None, one)]) for one in moments])
        days = Chosen(span=Span.DAYS, first=date(2026, 3, 7), last=date(2026, 3, 9))
        found = (await read_overview(bank.supervisor, days, NOW)).found.now.work.by_day()
        assert [(one.received, one.decided) for one in found.values()] == [(1, 1), (2, 2), (1, 1)]

    run(story())


def test_who_is_bound_sees_the_figures_of_their_part_alone(run: Callable, database: Database) -> None:
    async def story() -> None:
        bank = await make_bank()
        put(database.superuser_url, bank, a_week())
        for bounds, received, decided in (
            (Bounds(queues=frozenset({"standard"})), 3, 2),
            (Bounds(item_types=frozenset({"transit"})), 1, 1),
            (Bounds(queues=frozenset({"special_review"})), 0, 0),
        ):
            bound = replace(bank.supervisor, bounds=bounds)
            found = (await read_overview(bound, WEEK, NOW)).found
            assert (found.now.work.whole.received, found.now.work.whole.decided) == (received, decided)
            assert sum(one.ended for one in (await read_people(bound, WEEK, NOW)).found) == decided
        part = Chosen(span=Span.WEEK, queue="high_priority", item_type=ItemType.TRANSIT)
        whole = (await read_overview(bank.supervisor, part, NOW)).found
        assert (whole.now.work.whole.decided, whole.open) == (1, 0)
        bound = replace(bank.supervisor, bounds=Bounds(queues=frozenset({"standard"})))
        assert [one.key for one in await report_queues(bound)] == ["standard"]
        assert (await read_returns(bound, WEEK, NOW)).found.checks == 1
        for queue in ("high_priority", "no_such"):
            with pytest.raises(QueueNotReported):
                await read_overview(bound, WEEK.model_copy(update={"queue": queue}), NOW)
        await _refused(bank)

    run(story())


async def _refused(bank: Bank) -> None:
    """Figures are for approvers, supervisors and auditors; those about people for the last two."""
    for person in (bank.reviewer, bank.administrator):
        with pytest.raises(NotAllowed):
            await read_overview(person, WEEK, NOW)
    for person in (bank.reviewer, bank.approver, bank.administrator):
        with pytest.raises(NotAllowed):
            await read_people(person, WEEK, NOW)
    for person in (bank.supervisor, bank.auditor):
        assert (await read_people(person, WEEK, NOW)).found


def test_what_is_counted_elsewhere_is_counted_alike(run: Callable, database: Database) -> None:
    async def story() -> None:
        from console.operations.shared_metrics import SharedMetrics
        from console.review.queue_counts import counts

        bank = await make_bank()
        now = datetime.now(UTC)
        late, hour = now - timedelta(hours=3), timedelta(hours=1)
        checks = [
            PastCheck(late - hour, late, return_by=late),
            PastCheck(late - hour, now + hour),
            # What the policy let pass waits for nobody.
            PastCheck(late - hour, late, status="cleared", return_by=late),
            PastCheck(late - hour, late, [PastAct(None, now - hour)]),
        ]
        put(database.superuser_url, bank, checks)
        found = (await read_overview(bank.supervisor, Chosen())).found
        shown = await counts(bank.supervisor, now - timedelta(days=1))
        metrics = SharedMetrics()
        await metrics.read()
        exposed = {family.name: sum(sample.value for sample in family.samples) for family in metrics.collect()}
        assert found.open == shown.waiting == exposed["crc_queue_items"] == 2
        still = sum(one.breached_open for one in found.now.due)
        assert still == shown.breached == exposed["crc_sla_overdue_items"] == 1
        assert sum(one.missed_open for one in found.now.due) == exposed["crc_return_deadlines_missed"] == 1
        assert found.now.work.whole.decided == shown.decided_today == 1

    run(story())
