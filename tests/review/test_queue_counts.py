"""The figures above the queue, on a queue of which each is known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import func, select, update

from console.access.permissions import NotAllowed
from console.actor import system_actor
from console.review.assignment import assign
from console.review.choices import Choice
from console.review.claims import claim
from console.review.decisions import decide
from console.review.queue_counts import Counts, counts, neighbours
from console.review.queue_moves import move
from console.review.states import Act, Status
from console.review.tally import fold
from db.engine import transaction
from db.models import CheckItem, ItemTally
from tests.conftest import Database
from tests.factories import Bank, claimed, import_items, item_ids, make_bank, x9_item
from tests.review.test_assignment import id_of

NOW = datetime.now(UTC)
MIDNIGHT = NOW - timedelta(hours=6)
ELSEWHERE = "021000021"
HIGH, TWO_PEOPLE = "12000.00", "6000.00"


async def bank_with(folder: Path, *amounts: str) -> tuple[Bank, list[UUID]]:
    bank = await make_bank()
    await import_items(bank, folder, [x9_item(n, amount, ELSEWHERE) for n, amount in enumerate(amounts, 1)])
    items = await item_ids(bank)
    for item in items:
        await put(bank, item, sla_due_at=NOW + timedelta(hours=3), sla_warning_at=NOW + timedelta(hours=2))
    return bank, items


async def put(bank: Bank, item: UUID, **values: Any) -> None:
    async with transaction(bank.system) as session:
        changed = update(CheckItem).where(CheckItem.id == item)
        await session.execute(changed.values(version=CheckItem.version + 1, **values))


async def pay(bank: Bank, item: UUID) -> None:
    _, seen = await claimed(bank.reviewer, item)
    await decide(bank.reviewer, item, Choice(Act.PAY), seen)


def test_each_figure_counts_its_own(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, items = await bank_with(tmp_path, *["10.00"] * 7, HIGH, TWO_PEOPLE)
        late, also_late, soon, today, yesterday, held, _, _, twice = items
        for item in (late, also_late):
            await put(bank, item, sla_due_at=NOW - timedelta(hours=1), sla_warning_at=NOW - timedelta(hours=2))
        await put(bank, soon, sla_due_at=NOW + timedelta(hours=1), sla_warning_at=NOW - timedelta(minutes=1))
        for item in (today, yesterday, twice):
            await pay(bank, item)
        await put(bank, yesterday, decided_at=MIDNIGHT - timedelta(minutes=1))
        await claim(bank.second_reviewer, held)

        await assign(bank.supervisor, [soon], id_of(bank.second_reviewer), "hers")

        found = await counts(bank.second_reviewer, MIDNIGHT)
        assert found.median_ms is not None and 0 <= found.median_ms < 60_000
        everybodys = {"queues": {"standard": 6, "high_priority": 1}, "waiting": 7, "breached": 2, "warning": 1}
        everybodys |= {"second_person": 1, "decided_today": 1, "median_ms": found.median_ms}
        everybodys["statuses"] = {Status.NEW: 5, Status.IN_REVIEW: 1, Status.PENDING_APPROVAL: 1}
        assert found == Counts(**everybodys, mine=2)
        assert await counts(bank.auditor, MIDNIGHT) == Counts(**everybodys, mine=0)

    run(story())


def test_what_is_deleted_is_counted_no_longer(run: Callable, tmp_path: Path, database: Database) -> None:
    async def story() -> None:
        bank, (gone, _, high) = await bank_with(tmp_path, "10.00", "20.00", HIGH)
        before = await counts(bank.auditor, MIDNIGHT)
        assert (before.waiting, before.queues) == (3, {"standard": 2, "high_priority": 1})
        delete_items(database.superuser_url, [gone, high])
        after = await counts(bank.auditor, MIDNIGHT)
        assert (after.waiting, after.queues, after.statuses) == (1, {"standard": 1}, {Status.NEW: 1})

    run(story())


def delete_items(url: str, items: list[UUID]) -> None:
    """With everything that names them, as the owner may once they are kept no longer."""
    naming = """
        select c.conrelid::regclass::text, a.attname from pg_constraint c
        join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
        where c.contype = 'f' and c.confrelid = 'check_item'::regclass
    """
    with psycopg.connect(url) as connection:
        for table, column in connection.execute(naming).fetchall():
            named = sql.SQL(" from {} where {} = any(%s)").format(sql.Identifier(table), sql.Identifier(column))
            if table == "item_facts":  # append-only even for their owner, as long as nobody says otherwise
                connection.execute("alter table item_facts disable trigger user")
            # The other append-only tables refuse the statement itself: these checks have nothing there.
            if connection.execute(sql.SQL("select 1") + named, [items]).fetchone():
                connection.execute(sql.SQL("delete") + named, [items])
        connection.execute("delete from check_item where id = any(%s)", [items])


def test_nothing_of_another_bank_is_counted(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (first, _) = await bank_with(tmp_path, "10.00", "20.00")
        await pay(bank, first)
        stranger = system_actor(UUID(int=7), "of another bank")
        assert await counts(stranger, MIDNIGHT) == Counts({}, {}, 0, 0, 0, 0, 0, 0, None)
        assert await neighbours(stranger, None, first) == (0, 0)
        with pytest.raises(NotAllowed):
            await counts(bank.administrator, MIDNIGHT)

    run(story())


def test_an_items_place_in_its_queue_and_in_all(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (first, second, done, high) = await bank_with(tmp_path, "10.00", "20.00", "30.00", HIGH)
        await put(bank, high, sla_due_at=NOW + timedelta(hours=1))
        await put(bank, second, sla_due_at=NOW + timedelta(hours=2))
        await pay(bank, done)
        assert await neighbours(bank.reviewer, None, high) == (1, 3)
        assert await neighbours(bank.reviewer, None, first) == (3, 3)
        assert await neighbours(bank.reviewer, "standard", second) == (1, 2)
        assert await neighbours(bank.reviewer, "high_priority", high) == (1, 1)
        assert (await neighbours(bank.reviewer, None, UUID(int=1))) == (0, 3)
        assert await neighbours(bank.reviewer, None, done) == (0, 3), "what is over has no place"

    run(story())


def test_the_sums_are_what_counting_would_find(run: Callable, tmp_path: Path) -> None:
    """After imports, claims, decisions, moves and what was rolled back; folded or not."""

    async def compare(bank: Bank) -> None:
        async with transaction(bank.system) as session:
            by = (CheckItem.queue_id, CheckItem.item_type, CheckItem.status)
            real = set(await session.execute(select(*by, func.count()).group_by(*by)))
            by_tally = (ItemTally.queue_id, ItemTally.item_type, ItemTally.status)
            total = func.sum(ItemTally.items)
            query = select(*by_tally, total).group_by(*by_tally).having(total != 0)
            assert {(*key, int(items)) for *key, items in await session.execute(query)} == {tuple(row) for row in real}

    async def story() -> None:
        bank, items = await bank_with(tmp_path, *["10.00"] * 4, HIGH, TWO_PEOPLE)
        await compare(bank)
        for item in (items[0], items[5]):
            await pay(bank, item)
        await claim(bank.second_reviewer, items[1])
        await move(bank.supervisor, items[2:5], "special_review", "look closer")
        with pytest.raises(ZeroDivisionError):
            async with transaction(bank.system) as session:
                await session.execute(
                    update(CheckItem)
                    .where(CheckItem.id == items[2])
                    .values(version=CheckItem.version + 1, status="in_review")
                )
                raise ZeroDivisionError
        await compare(bank)
        before = await counts(bank.auditor, MIDNIGHT)
        assert await fold(bank.system) > 0
        await compare(bank)
        assert await counts(bank.auditor, MIDNIGHT) == before
        assert await fold(bank.system) == 0

    run(story())
