"""Several processes, as replicas are, at the same items at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select, update

from console.actor import Actor
from console.audit.verify import verify_all
from console.review.assignment import assign
from console.review.choices import Choice
from console.review.claims import claim, claim_next
from console.review.decisions import decide
from console.review.errors import HeldByOther, NotYours, StaleItem, TooManyClaims
from console.review.giving_back import release, release_expired
from console.review.queue_moves import move
from console.review.releasing import release_others
from console.review.states import Act
from db.engine import transaction
from db.models import AuditEntry, CheckItem, Claim, Decision, Evidence, Queue
from tests.factories import Bank, claimed, import_items, item_ids, look, make_bank, x9_item
from tests.review.race import race
from tests.review.racer import patiently


async def bank_of(folder: Path, count: int) -> tuple[Bank, list[UUID]]:
    bank = await make_bank()
    await import_items(bank, folder, [x9_item(n, "100.00", "021000021") for n in range(1, count + 1)])
    return bank, await item_ids(bank)


def test_a_thousand_claims_from_four_processes_have_one_winner_each(run: Callable, tmp_path: Path) -> None:
    bank, items = run(bank_of(tmp_path, 25))
    people = [bank.reviewer, bank.second_reviewer, bank.approver, bank.supervisor]
    won = race(people, act="claim", items=[str(item) for item in items], times=250)

    async def holders() -> dict[str, UUID]:
        async with transaction(bank.system) as session:
            return {
                str(row.item_id): row.user_id for row in await session.execute(select(Claim.item_id, Claim.user_id))
            }

    held = run(holders())
    assert len(held) == len(items)
    for person, mine in zip(people, won, strict=True):
        assert {item for item, holder in held.items() if holder == person.user_id} == set(mine)


def test_four_processes_decide_each_item_once(run: Callable, tmp_path: Path) -> None:
    bank, items = run(bank_of(tmp_path, 60))
    people = [bank.reviewer, bank.second_reviewer, bank.reviewer, bank.second_reviewer]
    won = race(people, act="work")
    assert Counter(item for mine in won for item in mine) == Counter(str(item) for item in items)

    async def figures() -> tuple[int, int, int, int]:
        async with transaction(bank.system) as session:
            counts = [
                (await session.execute(select(func.count()).select_from(table))).scalar_one()
                for table in (Decision, Evidence, Claim)
            ]
            gaps = select(func.max(AuditEntry.sequence) - func.count()).select_from(AuditEntry)
            return (*counts, (await session.execute(gaps)).scalar_one())

    assert run(figures()) == (60, 60, 0, 0)
    assert run(verify_all()).ok


def test_taking_one_and_taking_the_next_never_wait_in_a_circle(run: Callable, tmp_path: Path) -> None:
    """Two ways to the same items, again and again: where one locked what the other waits for, PostgreSQL would end
    one of them with a deadlock, which surfaces here as an error."""
    bank, items = run(bank_of(tmp_path, 4))
    people = [bank.reviewer, bank.second_reviewer, bank.approver]

    async def take(person: Actor, item: UUID) -> None:
        with suppress(HeldByOther):
            await patiently(partial(claim, person, item))

    async def story() -> None:
        for _ in range(10):
            await asyncio.gather(
                *(take(person, item) for item in items for person in people),
                *(patiently(partial(claim_next, person)) for person in people),
            )
            async with transaction(bank.system) as session:
                held = await session.scalars(select(Claim.item_id))
                assert set(held) == set(items)
            await asyncio.gather(*(patiently(partial(release, person, item)) for item in items for person in people))

    run(story())
    assert run(verify_all()).ok


def test_deciding_and_releasing_the_same_item_at_once(run: Callable, tmp_path: Path) -> None:
    """A double click and a page that closes: one of them wins, and neither waits for the other for ever."""
    bank, items = run(bank_of(tmp_path, 30))

    async def story() -> None:
        for item in items:
            await claim(bank.reviewer, item)
            _, seen = await look(bank.reviewer, item)
            outcomes = await asyncio.gather(
                patiently(partial(decide, bank.reviewer, item, Choice(Act.PAY), seen, then_next=False)),
                patiently(partial(release, bank.reviewer, item)),
                patiently(partial(release_expired, bank.system)),
                return_exceptions=True,
            )
            refused = [one for one in outcomes if isinstance(one, BaseException)]
            assert all(isinstance(one, NotYours | StaleItem) for one in refused), refused

    run(story())
    assert run(verify_all()).ok


def test_nobody_comes_to_hold_more_than_the_queue_allows(run: Callable, tmp_path: Path) -> None:
    """One person in many windows at once, by both ways to take an item."""
    bank, items = run(bank_of(tmp_path, 12))

    async def story() -> None:
        async with transaction(bank.system) as session:
            await session.execute(update(Queue).values(max_claims=3))
        outcomes = await asyncio.gather(
            *(patiently(partial(claim, bank.reviewer, item)) for item in items),
            *(patiently(partial(claim_next, bank.reviewer)) for _ in items),
            *(patiently(partial(claim_next, bank.second_reviewer)) for _ in range(4)),
            return_exceptions=True,
        )
        refused = [one for one in outcomes if isinstance(one, BaseException)]
        assert all(isinstance(one, TooManyClaims | HeldByOther) for one in refused), refused
        async with transaction(bank.system) as session:
            held = select(Claim.user_id, func.count()).group_by(Claim.user_id)
            found = {row[0]: row[1] for row in await session.execute(held)}
        assert found[bank.reviewer.user_id] == 3 and max(found.values()) <= 3, found
        # What two wanted at once may have gone to neither: alone, everybody comes to three.
        while await claim_next(bank.second_reviewer):
            pass
        assert len(await held_by(bank, bank.second_reviewer)) == 3

    run(story())
    assert run(verify_all()).ok


def test_deciding_while_a_supervisor_takes_the_item_away_and_moves_it(run: Callable, tmp_path: Path) -> None:
    """Either it was decided where it was, or it is undecided in the other queue; nobody waits in a circle."""
    bank, items = run(bank_of(tmp_path, 20))

    async def take_away(item: UUID) -> None:
        await patiently(partial(release_others, bank.supervisor, [item], "for the other desk"))
        await patiently(partial(move, bank.supervisor, [item], "special_review", "for the other desk"))

    async def story() -> None:
        for item in items:
            _, seen = await claimed(bank.reviewer, item)
            outcomes = await asyncio.gather(
                patiently(partial(decide, bank.reviewer, item, Choice(Act.PAY), seen, then_next=True)),
                take_away(item),
                patiently(partial(assign, bank.approver, [item], bank.second_reviewer.user_id, "hers")),
                return_exceptions=True,
            )
            refused = [one for one in outcomes if isinstance(one, BaseException)]
            assert all(isinstance(one, NotYours | StaleItem) for one in refused), refused
            for held in await held_by(bank, bank.reviewer):
                await release(bank.reviewer, held)
        async with transaction(bank.system) as session:
            query = select(CheckItem.id, CheckItem.status, Queue.key).join(Queue, Queue.id == CheckItem.queue_id)
            rows = (await session.execute(query)).all()
            decided = set(await session.scalars(select(Decision.item_id)))
        assert {(row.status == "approved", row.id in decided) for row in rows} <= {(True, True), (False, False)}
        assert all(row.status in {"approved", "new"} for row in rows), rows

    run(story())
    assert run(verify_all()).ok


async def held_by(bank: Bank, person: Actor) -> list[UUID]:
    async with transaction(bank.system) as session:
        return list(await session.scalars(select(Claim.item_id).where(Claim.user_id == person.user_id)))
