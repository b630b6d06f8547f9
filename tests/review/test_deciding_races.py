"""Undo against commit, two second people, a decision against a supervisor's move: processes of their own, as replicas
are, and each time one outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select, text

from console.audit.verify import verify_all
from console.review.choices import Choice
from console.review.decisions import decide
from console.review.draft import Draft
from console.review.drafts import save_draft
from console.review.states import Act
from console.review.submission import Stage, Submission
from console.review.undo import submit
from db.engine import transaction
from db.models import CheckItem, Claim, Decision, Evidence, PendingDecision, Queue
from tests.factories import Bank, claimed, import_items, item_ids, make_bank, x9_item
from tests.review.race import race
from tests.review.racer import patiently
from tests.review.test_undo import let_time_pass

COUNT = 24


async def bank_of(folder: Path, amount: str) -> tuple[Bank, list[UUID]]:
    bank = await make_bank()
    await import_items(bank, folder, [x9_item(n, amount, "021000021") for n in range(1, COUNT + 1)])
    return bank, await item_ids(bank)


async def counts(bank: Bank) -> tuple[int, ...]:
    """Rows of decisions, evidence, waiting decisions and claims."""
    async with transaction(bank.system) as session:
        tables = (Decision, Evidence, PendingDecision, Claim)
        return tuple([(await session.scalar(select(func.count()).select_from(one))) or 0 for one in tables])


async def deadlocks(bank: Bank) -> int:
    """How often PostgreSQL has ended one of two that waited for each other, in this database."""
    async with transaction(bank.system) as session:
        found = await session.scalar(text("select deadlocks from pg_stat_database where datname = current_database()"))
        return int(found or 0)


async def statuses(bank: Bank) -> dict[str, tuple[str, str]]:
    """Status and queue of each item."""
    query = select(CheckItem.id, CheckItem.status, Queue.key).join(Queue, Queue.id == CheckItem.queue_id)
    async with transaction(bank.system) as session:
        return {str(row.id): (row.status, row.key) for row in await session.execute(query)}


def test_undo_against_commit(run: Callable, tmp_path: Path) -> None:
    async def submitted() -> tuple[Bank, list[UUID]]:
        bank, items = await bank_of(tmp_path, "100.00")
        for item in items:
            _, seen = await claimed(bank.reviewer, item)
            await submit(bank.reviewer, item, Submission(Stage.DECIDE, Choice(Act.PAY)), seen)
        await let_time_pass(bank)
        return bank, items

    bank, items = run(submitted())
    # From both ends, so that they meet, and two that commit, as the process's own timer and the workers' job do.
    there, back = [str(item) for item in items], [str(item) for item in reversed(items)]
    people = [bank.reviewer, bank.reviewer, bank.reviewer]
    undone, first, second = race(people, "undo", "commit", "commit", items=there + back)
    assert sorted(undone + first + second) == sorted(there), "each is taken back or committed, and once"
    assert run(counts(bank)) == (len(first) + len(second), len(first) + len(second), 0, len(undone))
    found = run(statuses(bank))
    assert {found[item][0] for item in undone} <= {"in_review"}
    assert {found[item][0] for item in first + second} <= {"approved"}
    assert run(verify_all()).ok


def test_two_second_people_at_once(run: Callable, tmp_path: Path) -> None:
    async def recommended() -> tuple[Bank, list[UUID]]:
        bank, items = await bank_of(tmp_path, "6100.04")
        for item in items:
            _, seen = await claimed(bank.reviewer, item)
            await decide(bank.reviewer, item, Choice(Act.PAY), seen)
        return bank, items

    bank, items = run(recommended())
    one, other = race([bank.approver, bank.supervisor], "sign", "sign", items=[str(item) for item in items])
    assert not set(one) & set(other)
    assert run(counts(bank))[:3] == (COUNT + len(one) + len(other), COUNT + len(one) + len(other), 0)
    found = run(statuses(bank))
    assert {item for item, (status, _) in found.items() if status == "approved"} == set(one) | set(other)
    assert run(verify_all()).ok


def test_deciding_while_a_supervisor_moves_the_item(run: Callable, tmp_path: Path) -> None:
    bank, items = run(bank_of(tmp_path, "100.00"))
    paid, moved = race([bank.reviewer, bank.supervisor], "pay", "move", items=[str(item) for item in items])
    found = run(statuses(bank))
    assert run(counts(bank))[:3] == (len(paid), len(paid), 0)
    for item, (status, queue) in found.items():
        # Moved first, it may still be paid after a look at where it stands now; paid first, it moves no more.
        assert (status == "approved") is (item in paid)
        assert (queue == "special_review") is (item in moved)
    assert run(verify_all()).ok


def test_a_draft_saved_while_its_check_is_submitted_waits_its_turn(run: Callable, tmp_path: Path) -> None:
    """Both write the draft and lock the item: in two orders they would wait in a circle, and one be ended."""

    async def story() -> tuple[Bank, int]:
        bank, items = await bank_of(tmp_path, "100.00")
        before = await deadlocks(bank)  # the database may have been another test's
        for at, item in enumerate(items):
            _, seen = await claimed(bank.reviewer, item)
            drafts = [Draft(act=Act.PAY, note=f"typed until {n}") for n in range(5)]

            async def save_late(draft: Draft, after: float, item: UUID = item) -> None:
                await asyncio.sleep(after)
                await patiently(partial(save_draft, bank.reviewer, item, draft))

            # Saves begin a little later with each item, so that they meet every part of the submission.
            pay = Submission(Stage.DECIDE, Choice(Act.PAY))
            await asyncio.gather(
                patiently(partial(submit, bank.reviewer, item, pay, seen, draft=drafts[0])),
                *(save_late(draft, (at + 4 * n) / 4000) for n, draft in enumerate(drafts)),
            )
        return bank, before

    bank, before = run(story())
    assert run(counts(bank)) == (0, 0, COUNT, COUNT)
    assert run(deadlocks(bank)) == before
