"""Changing the institution's hours: checked, previewed, audited, and open checks moved only where that is wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from sqlalchemy import select

from console.access.held import InvalidPerson
from console.access.permissions import NotAllowed
from console.review.choices import Choice
from console.review.clocks import PARKED, add_business_time, business_time, next_banking_day
from console.review.decisions import decide
from console.review.errors import InvalidHours, StaleHours
from console.review.hours import BankHours, Closing, change_hours, preview_hours, read_hours
from console.review.hours_effect import Change, sla_moved
from console.review.return_deadline import return_deadline
from console.review.states import Act
from db.engine import transaction
from db.models import AuditEntry, CheckItem
from tests.factories import Bank, claimed, import_items, item_ids, make_bank, x9_item
from tests.review.test_clocks import MOMENTS, SPANS, offices

NEW_YORK = ZoneInfo("America/New_York")
OWN = "729999010"
LATER = {"opens_at": time(10), "closes_at": time(20)}


async def bank_with_items(folder: Path, count: int) -> Bank:
    bank = await make_bank()
    await import_items(bank, folder, [x9_item(n, "100.00", OWN) for n in range(1, count + 1)])
    return bank


async def items_of(bank: Bank) -> list[CheckItem]:
    async with transaction(bank.system) as session:
        return list(await session.scalars(select(CheckItem).order_by(CheckItem.ordinal)))


def test_only_who_sets_hours_sees_and_sets_them(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        hours = await read_hours(bank.supervisor)
        assert (hours.opens_at, hours.closes_at, hours.cut_off_at, hours.closings) == (time(8), time(18), time(14), ())
        for person in (bank.reviewer, bank.approver, bank.administrator, bank.auditor):
            with pytest.raises(NotAllowed, match="institution:hours"):
                await change_hours(person, hours, "because", hours, move_open_items=False)

    run(story())


def _next_weekend() -> date:
    today = datetime.now(UTC).date()
    return today + timedelta(days=(5 - today.weekday()) % 7)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"opens_at": time(18), "closes_at": time(8)}, "Open before you close"),
        ({"cut_off_at": time(13, 59)}, r"2 p.m. or later \(UCC 4-108"),
        ({"closings": (Closing(_next_weekend(), "x"),)}, "no banking day anyway"),
        ({"closings": (Closing(next_banking_day(datetime.now(UTC).date()), "  "),)}, "Say in 1 to 100"),
        ({"closings": (Closing(next_banking_day(datetime.now(UTC).date()), "a"),) * 2}, "there twice"),
        ({"closings": (Closing(next_banking_day(date(2099, 1, 4)), "a"),)}, "too far ahead"),
    ],
)
def test_hours_that_a_bank_cannot_have_are_refused(run: Callable, change: dict[str, object], words: str) -> None:
    async def story() -> None:
        bank = await make_bank()
        seen = await read_hours(bank.supervisor)
        for work in (
            preview_hours(bank.supervisor, replace(seen, **change)),
            change_hours(bank.supervisor, replace(seen, **change), "because", seen, move_open_items=True),
        ):
            with pytest.raises(InvalidHours, match=words):
                await work
        assert await read_hours(bank.supervisor) == seen

    run(story())


def test_a_change_needs_a_reason_and_the_hours_that_were_seen(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        seen = await read_hours(bank.supervisor)
        wanted = replace(seen, **LATER)
        with pytest.raises(InvalidPerson):
            await change_hours(bank.supervisor, wanted, " ", seen, move_open_items=False)
        await change_hours(bank.supervisor, wanted, "winter", seen, move_open_items=False)
        with pytest.raises(StaleHours):
            await change_hours(bank.supervisor, replace(seen, cut_off_at=time(15)), "x", seen, move_open_items=False)
        assert await read_hours(bank.supervisor) == wanted
        async with transaction(bank.system) as session:
            query = select(AuditEntry).where(AuditEntry.action == "institution.hours_changed")
            entry = (await session.scalars(query)).one()
        assert entry.before is not None and entry.after is not None
        assert (entry.before["opens_at"], entry.after["opens_at"]) == ("08:00", "10:00")
        assert (entry.after["reason"], entry.after["open_items_moved"]) == ("winter", False)

    run(story())


def test_open_checks_move_as_the_preview_said_or_not_at_all(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await bank_with_items(tmp_path, 3)
        seen, before = await read_hours(bank.supervisor), await items_of(bank)
        wanted = replace(seen, **LATER)
        effect = await preview_hours(bank.supervisor, wanted)
        assert (await items_of(bank))[0].sla_due_at == before[0].sla_due_at, "a preview changes nothing"
        assert await change_hours(bank.supervisor, wanted, "winter", seen, move_open_items=False) is None
        assert [item.sla_due_at for item in await items_of(bank)] == [item.sla_due_at for item in before]

        await change_hours(bank.supervisor, seen, "back", wanted, move_open_items=False)
        done = await change_hours(bank.supervisor, wanted, "winter", seen, move_open_items=True)
        assert done is not None and (done.sooner, done.later) == (effect.sooner, effect.later)
        now, after = datetime.now(UTC), await items_of(bank)
        for old, new in zip(before, after, strict=True):
            left = business_time(now, old.sla_due_at, seen.office)
            assert abs(new.sla_due_at - add_business_time(now, left, wanted.office)) < timedelta(minutes=2)
            assert new.return_by == old.return_by and new.version >= old.version

    run(story())


def test_an_own_closing_moves_return_deadlines_with_their_rule(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await bank_with_items(tmp_path, 2)
        seen, (old, _) = await read_hours(bank.supervisor), await items_of(bank)
        assert old.return_by is not None
        day = old.return_by.astimezone(NEW_YORK).date()  # the banking day after receipt
        wanted = replace(seen, closings=(Closing(day, "the roof leaks"),))
        effect = await preview_hours(bank.supervisor, wanted)
        assert (effect.returns_later, effect.returns_sooner) == (2, 0)
        await change_hours(bank.supervisor, wanted, "roof", seen, move_open_items=True)
        (new, _) = await items_of(bank)
        expected = return_deadline(old.received_at, wanted.office)
        assert (new.return_by, new.return_rule) == (expected.at, "expeditious")
        # And what comes in from now on follows it by itself.
        await import_items(bank, tmp_path, [x9_item(9, "100.00", OWN)], "2")
        for item in await items_of(bank):
            # The last of them may have come after the day's cut-off, where the first came before it.
            assert item.return_by == return_deadline(item.received_at, wanted.office).at

    run(story())


def test_what_stands_still_is_not_moved(run: Callable, tmp_path: Path) -> None:
    async def story() -> list[CheckItem]:
        bank = await bank_with_items(tmp_path, 1)
        (item,) = await item_ids(bank)
        _, seen_item = await claimed(bank.reviewer, item)
        await decide(bank.reviewer, item, Choice(Act.ASK, note="why?", asks_team="fraud desk"), seen_item)
        seen = await read_hours(bank.supervisor)
        await change_hours(bank.supervisor, replace(seen, **LATER), "winter", seen, move_open_items=True)
        return await items_of(bank)

    (item,) = run(story())
    assert item.sla_due_at == PARKED


@given(MOMENTS, SPANS, offices(), offices())
def test_a_change_of_hours_keeps_what_is_left(now: datetime, left: timedelta, before: object, after: object) -> None:
    """And so makes nothing overdue by itself."""
    change = Change(before, after, now)  # type: ignore[arg-type]
    due = add_business_time(now, left, change.before)
    for moved in sla_moved(change, [(due, due, 1)]):
        assert moved.due >= now
        assert business_time(now, moved.due, change.after) == left


def test_hours_are_kept_in_words() -> None:
    hours = BankHours(NEW_YORK, time(8), time(18), time(14), (Closing(date(2026, 12, 24), "Christmas Eve"),))
    assert hours.as_json() == {
        "opens_at": "08:00",
        "closes_at": "18:00",
        "cut_off_at": "14:00",
        "closings": {"2026-12-24": "Christmas Eve"},
    }
