"""Who is told of which deadline, and that nobody is told twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from console.notices import retention
from console.notices.kinds import NoticeKind
from console.notices.words import headline
from console.review import deadline_alerts
from console.review.assignment import assign
from console.review.choices import Choice
from console.review.claims import claim
from console.review.clocks import next_banking_day
from console.review.deadline_alerts import check_return_deadlines, check_sla, warn_before_cut_off
from console.review.decisions import decide, resume_due_holds
from console.review.states import Act
from console.settings import settings
from db.engine import transaction
from db.models import CheckItem, Claim, Institution, ItemAlert, Notice
from tests.factories import Bank, claimed, import_items, item_ids, make_bank, x9_item

NEW_YORK = ZoneInfo("America/New_York")
OWN, TRANSIT = "729999010", "061000146"
HOUR = timedelta(hours=1)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


NOW = local("2026-11-18 11:00")  # a Wednesday


async def bank_with_items(folder: Path, count: int, routing: str = TRANSIT, **clock: Any) -> tuple[Bank, list[UUID]]:
    """Items of which each has the same clocks, counted from NOW."""
    bank = await make_bank()
    await import_items(bank, folder, [x9_item(n, "100.00", routing) for n in range(1, count + 1)])
    values = {"sla_due_at": NOW + 9 * HOUR, "sla_warning_at": NOW + 8 * HOUR} | clock
    async with transaction(bank.system) as session:
        await session.execute(update(CheckItem).values(version=CheckItem.version + 1, **values))
    return bank, await item_ids(bank)


async def told(bank: Bank) -> list[tuple[str, str, UUID | None]]:
    """Every notice: to whom (a username), of what, of which item."""
    names = {
        person.user_id: person.name
        for person in (bank.reviewer, bank.second_reviewer, bank.approver, bank.supervisor, bank.administrator)
    }
    async with transaction(bank.system) as session:
        rows = await session.scalars(select(Notice).order_by(Notice.created_at))
        return [(names[row.user_id], row.kind, row.item_id) for row in rows]


def test_a_warning_goes_to_who_has_it_and_a_breach_up_to_who_manages_its_queue(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        clocks = {"sla_due_at": NOW + HOUR / 2, "sla_warning_at": NOW}
        bank, [held, given, nobodys, own] = await bank_with_items(tmp_path, 4, **clocks)
        await claim(bank.reviewer, held)
        await claim(bank.supervisor, own)
        assert bank.second_reviewer.user_id is not None
        await assign(bank.supervisor, [given], bank.second_reviewer.user_id, "yours")

        async def told_at(now: datetime) -> set[tuple[str, str, UUID | None, int | None]]:
            before = await told(bank)
            assert await check_sla(bank.institution_id, now) == 4
            async with transaction(bank.system) as session:
                rows = await session.scalars(select(Notice).where(Notice.item_id.is_(None)))
                counted = {row.kind: row.values["count"] for row in rows}
            found = (await told(bank))[len(before) :]
            assert len(found) == len(set(found))
            return {(who, kind, item, None if item else counted[kind]) for who, kind, item in found}

        theirs = {("Reviewer", held), ("Second Reviewer", given), ("Supervisor", own)}
        warned = {(who, "sla_warning", item, None) for who, item in theirs}
        assert await told_at(NOW) == warned | {("Supervisor", "sla_warning", nobodys, None)}
        # Three of the four are not the supervisor's own: one notice for all of them.
        breached = {(who, "sla_breach", item, None) for who, item in theirs}
        assert await told_at(NOW + HOUR) == breached | {("Supervisor", "sla_breach", None, 3)}

    run(story())


def test_warning_then_breach_each_once(run: Callable, tmp_path: Path) -> None:
    async def story() -> list[list[tuple[str, str]]]:
        bank, [item] = await bank_with_items(tmp_path, 1, sla_due_at=NOW + HOUR / 2, sla_warning_at=NOW)
        await claim(bank.reviewer, item)
        seen = []
        for minutes in (-1, 0, 1, 29, 30, 31, 300):
            await check_sla(bank.institution_id, NOW + timedelta(minutes=minutes))
            seen.append(sorted((kind, who) for who, kind, _ in await told(bank)))
        return seen

    warned = [("sla_warning", "Reviewer")]
    both = [("sla_breach", "Reviewer"), ("sla_breach", "Supervisor"), *warned]
    assert run(story()) == [[], warned, warned, warned, both, both, both]


def test_another_due_time_is_told_anew(run: Callable, tmp_path: Path) -> None:
    async def story() -> int:
        bank, [item] = await bank_with_items(tmp_path, 1, sla_due_at=NOW - HOUR)
        await claim(bank.reviewer, item)
        await check_sla(bank.institution_id, NOW)
        async with transaction(bank.system) as session:
            change = {"sla_due_at": NOW + HOUR, "version": CheckItem.version + 1}
            await session.execute(update(CheckItem).values(change))
        await check_sla(bank.institution_id, NOW)
        assert len(await told(bank)) == 2
        await check_sla(bank.institution_id, NOW + 2 * HOUR)
        return len(await told(bank))

    assert run(story()) == 4


def test_a_queue_full_of_breaches_is_one_notice(run: Callable, tmp_path: Path) -> None:
    async def story() -> Notice:
        bank, _ = await bank_with_items(tmp_path, 12, sla_due_at=NOW - HOUR)
        assert await check_sla(bank.institution_id, NOW) == 12
        async with transaction(bank.system) as session:
            return (await session.scalars(select(Notice))).one()

    notice = run(story())
    assert notice.item_id is None
    line = headline(NoticeKind(notice.kind), notice.values, NEW_YORK)
    assert line == "12 checks of Standard are overdue, the first since Wed 18 Nov 10:00"


def test_what_stands_still_or_is_decided_is_not_overdue(run: Callable, tmp_path: Path) -> None:
    async def story() -> tuple[int, int]:
        bank, [asked, paid] = await bank_with_items(tmp_path, 2, sla_due_at=NOW - HOUR)
        for item, choice in ((asked, Choice(Act.ASK, note="why?", asks_team="fraud desk")), (paid, Choice(Act.PAY))):
            _, seen = await claimed(bank.reviewer, item)
            await decide(bank.reviewer, item, choice, seen)
        far = NOW + timedelta(days=400)
        return await check_sla(bank.institution_id, far), await check_return_deadlines(bank.institution_id, far)

    assert run(story()) == (0, 0)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-18 15:59", 0),
        ("2026-11-18 16:01", 1),  # two hours of business time before closing: midnight comes after it
        ("2026-11-18 23:58", 1),
        ("2026-11-19 00:30", 0),  # it is too late, which the breach of the SLA has said long ago
    ],
)
def test_the_last_minute_to_return_is_told_while_people_are_there(
    run: Callable, tmp_path: Path, now: str, expected: int
) -> None:
    async def story() -> tuple[list[int], list[tuple[str, str, UUID | None]]]:
        by = local("2026-11-18 23:59")
        bank, [item] = await bank_with_items(tmp_path, 1, OWN, return_by=by, return_rule="midnight")
        await claim(bank.reviewer, item)
        passes = [await check_return_deadlines(bank.institution_id, local(now)) for _ in range(2)]
        return passes, [(who, kind, found and None) for who, kind, found in await told(bank)]

    assert run(story()) == ([expected, 0], [("Reviewer", "statutory_near", None)] * expected)


def test_two_pm_is_told_at_noon_with_its_rule(run: Callable, tmp_path: Path) -> None:
    async def story() -> tuple[int, int, Notice]:
        by = local("2026-11-18 14:00")
        bank, [item] = await bank_with_items(tmp_path, 1, OWN, return_by=by, return_rule="expeditious")
        await claim(bank.reviewer, item)
        early = await check_return_deadlines(bank.institution_id, local("2026-11-18 11:59"))
        late = await check_return_deadlines(bank.institution_id, local("2026-11-18 12:01"))
        async with transaction(bank.system) as session:
            return early, late, (await session.scalars(select(Notice))).one()

    early, late, notice = run(story())
    assert (early, late) == (0, 1)
    assert "12 CFR 229.31(b)" in notice.values["rule"]


def test_before_the_cut_off_whoever_holds_what_must_go_is_told_once(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        tonight, tomorrow = local("2026-11-18 23:59"), local("2026-11-19 23:59")
        bank, [first, second, later, _] = await bank_with_items(
            tmp_path, 4, OWN, return_by=tonight, return_rule="midnight"
        )
        async with transaction(bank.system) as session:
            change = {"return_by": tomorrow, "version": CheckItem.version + 1}
            await session.execute(update(CheckItem).where(CheckItem.id == later).values(change))
        for item in (first, second):
            await claim(bank.reviewer, item)
        await claim(bank.second_reviewer, later)
        # A claim lasts minutes; these stories are told on another day.
        async with transaction(bank.system) as session:
            await session.execute(update(Claim).values(expires_at=tomorrow))
        at = {clock: await warn_before_cut_off(bank.institution_id, local(f"2026-11-18 {clock}")) for clock in
              ("13:29", "13:30", "13:59", "14:00")}  # fmt: skip
        assert at == {"13:29": 0, "13:30": 1, "13:59": 0, "14:00": 0}
        assert [(who, kind) for who, kind, _ in await told(bank)] == [("Reviewer", "cut_off_near")]
        async with transaction(bank.system) as session:
            notice = (await session.scalars(select(Notice))).one()
        assert notice.values["count"] == 2
        # On the next day the later one is due.
        assert await warn_before_cut_off(bank.institution_id, local("2026-11-19 13:45")) >= 1
        # A Saturday has no cut-off.
        assert await warn_before_cut_off(bank.institution_id, local("2026-11-21 13:45")) == 0

    run(story())


def test_the_cut_off_is_the_institutions_own(run: Callable, tmp_path: Path) -> None:
    async def story() -> list[int]:
        bank, [item] = await bank_with_items(
            tmp_path, 1, OWN, return_by=local("2026-11-18 23:59"), return_rule="midnight"
        )
        await claim(bank.reviewer, item)
        async with transaction(bank.system) as session:
            await session.execute(update(Institution).values(cut_off_at=time(16)))
            await session.execute(update(Claim).values(expires_at=local("2026-11-18 20:00")))
        return [await warn_before_cut_off(bank.institution_id, local(f"2026-11-18 {at}")) for at in ("13:45", "15:45")]

    assert run(story()) == [0, 1]


def test_who_placed_a_hold_is_told_that_it_ended(run: Callable, tmp_path: Path) -> None:
    async def story() -> list[tuple[str, str, UUID | None]]:
        bank, [item] = await bank_with_items(tmp_path, 1)
        _, seen = await claimed(bank.reviewer, item)
        day = next_banking_day(datetime.now(NEW_YORK).date())
        await decide(bank.reviewer, item, Choice(Act.HOLD, release_on=day), seen)
        assert await resume_due_holds(bank.system, day) == 1
        return [(who, kind, None) for who, kind, _ in await told(bank)]

    assert run(story()) == [("Reviewer", "hold_released", None)]


def test_old_notices_and_alerts_are_forgotten(run: Callable, tmp_path: Path) -> None:
    async def story() -> tuple[int, int, int]:
        bank, [item] = await bank_with_items(tmp_path, 1, sla_due_at=NOW - timedelta(days=900))
        await claim(bank.reviewer, item)
        await check_sla(bank.institution_id, NOW)
        kept = await retention.purge_notices(bank.institution_id)
        async with transaction(bank.system) as session:
            await session.execute(
                update(Notice).values(created_at=NOW - timedelta(days=2 * settings().notice_retention_days))
            )
        purged = await retention.purge_notices(bank.institution_id)
        await deadline_alerts.forget_alerts(bank.institution_id)
        async with transaction(bank.system) as session:
            return kept, purged, len(list(await session.scalars(select(ItemAlert))))

    assert run(story()) == (0, 2, 0)
