"""The SLA clock of a real item stands still while it is held or waits for information, and then goes on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from console.review.choices import Choice
from console.review.clocks import PARKED, business_time, next_banking_day, sla_due
from console.review.decisions import decide, resume
from console.review.errors import IncompleteChoice
from console.review.office import office_of
from console.review.queue import list_items
from console.review.states import Act
from db.engine import transaction
from db.models import CheckItem, ClosedDay
from tests.factories import Bank, bank_today, claimed, import_items, item_ids, make_bank, x9_item

TRANSIT = "061000146"


async def bank_with_items(folder: Path, count: int, routing: str = TRANSIT) -> tuple[Bank, list[UUID]]:
    bank = await make_bank()
    await import_items(bank, folder, [x9_item(n, "100.00", routing) for n in range(1, count + 1)])
    return bank, await item_ids(bank)


async def item_of(bank: Bank, item_id: UUID) -> CheckItem:
    async with transaction(bank.system) as session:
        return (await session.scalars(select(CheckItem).where(CheckItem.id == item_id))).one()


async def wind_back(bank: Bank, item_id: UUID, by: timedelta) -> None:
    """As if the item had been received, and its clock stopped, so much earlier."""
    async with transaction(bank.system) as session:
        item = await session.get_one(CheckItem, item_id)
        item.received_at -= by
        if item.sla_paused_at:
            item.sla_paused_at -= by
        item.version += 1


@pytest.mark.parametrize("act", [Act.ASK, Act.HOLD])
def test_the_clock_stops_and_goes_on_with_the_rest(run: Callable, tmp_path: Path, act: Act) -> None:
    async def story() -> None:
        bank, [item, other] = await bank_with_items(tmp_path, 2)
        before = await item_of(bank, item)
        _, seen = await claimed(bank.reviewer, item)
        day = next_banking_day(bank_today() + timedelta(days=1))
        choice = (
            Choice(act, note="why?", release_on=day)
            if act is Act.HOLD
            else Choice(act, note="why?", asks_team="fraud desk")
        )
        await decide(bank.reviewer, item, choice, seen)
        stopped = await item_of(bank, item)
        assert stopped.sla_due_at == stopped.sla_warning_at == PARKED
        assert stopped.return_by == before.return_by, "the statutory clock never pauses"
        rows = (await list_items(bank.supervisor)).rows
        assert [row.id for row in rows] == [other, item], "what stands still is the least urgent"
        # Five days pass, of which business hours count.
        await wind_back(bank, item, timedelta(days=5))
        await resume(bank.reviewer, item, "because")
        after = await item_of(bank, item)
        async with transaction(bank.system) as session:
            office = await office_of(session)
        paused = business_time(stopped.sla_paused_at - timedelta(days=5), datetime.now(UTC), office)
        assert after.sla_paused_at is None
        assert abs(after.sla_paused_for - paused) < timedelta(minutes=1)
        assert after.sla_due_at == sla_due(after.received_at, Decimal(4), office, after.sla_paused_for)
        worked = business_time(after.received_at, after.sla_due_at, office) - after.sla_paused_for
        assert worked == timedelta(hours=4)

    run(story())


def test_a_second_pause_adds_to_the_first(run: Callable, tmp_path: Path) -> None:
    async def story() -> list[timedelta]:
        bank, [item] = await bank_with_items(tmp_path, 1)
        seen_pauses = []
        for _ in range(2):
            _, seen = await claimed(bank.reviewer, item)
            await decide(bank.reviewer, item, Choice(Act.ASK, note="why?", asks_team="fraud desk"), seen)
            await wind_back(bank, item, timedelta(days=7))
            await resume(bank.reviewer, item, "because")
            seen_pauses.append((await item_of(bank, item)).sla_paused_for)
        return seen_pauses

    first, second = run(story())
    assert timedelta(hours=30) <= first < second <= 2 * first + timedelta(hours=20)


def test_on_us_items_name_the_rule_of_their_deadline(run: Callable, tmp_path: Path) -> None:
    async def story() -> tuple[CheckItem, CheckItem]:
        bank, [own] = await bank_with_items(tmp_path, 1, "729999010")
        await import_items(bank, tmp_path, [x9_item(9, "100.00", TRANSIT)], "2")
        return await item_of(bank, own), await item_of(bank, (await item_ids(bank))[-1])

    own, transit = run(story())
    assert own.return_by is not None and own.return_rule == "midnight"
    assert transit.return_by is None and transit.return_rule is None


def test_holds_end_on_the_institutions_own_banking_days(run: Callable, tmp_path: Path) -> None:
    async def story(closed: date) -> None:
        bank, [item] = await bank_with_items(tmp_path, 1)
        async with transaction(bank.supervisor) as session:
            session.add(ClosedDay(institution_id=bank.institution_id, day=closed, reason="moving house"))
        _, seen = await claimed(bank.reviewer, item)
        with pytest.raises(IncompleteChoice, match="no banking day"):
            await decide(bank.reviewer, item, Choice(Act.HOLD, release_on=closed), seen)
        with pytest.raises(IncompleteChoice, match="after today"):
            await decide(bank.reviewer, item, Choice(Act.HOLD, release_on=date(2020, 1, 2)), seen)
        await decide(bank.reviewer, item, Choice(Act.HOLD, release_on=next_banking_day(closed)), seen)

    run(story(next_banking_day(bank_today() + timedelta(days=1))))
