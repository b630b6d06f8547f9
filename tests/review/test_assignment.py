"""Who is to work on a check, and who works in a queue at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, update

from console.access.held import InvalidPerson
from console.access.permissions import NotAllowed
from console.actor import Actor
from console.review.assignment import assign
from console.review.beside import beside
from console.review.bulk import MOST_AT_ONCE
from console.review.choices import Choice
from console.review.claims import claim, claim_next
from console.review.decisions import decide
from console.review.errors import AssignedToOther, NotAMember, TooManyAtOnce, TooManyClaims
from console.review.giving_back import release
from console.review.leaving import deactivate
from console.review.opening import Standing, open_item
from console.review.queue import list_items
from console.review.states import Act
from console.review.surroundings import peek_next
from db.engine import transaction
from db.models import AuditEntry, CheckItem, Queue, QueueMember, User
from tests.access.ground import with_code
from tests.factories import Bank, claimed, import_items, item_ids, make_bank, x9_item


async def bank_of(folder: Path, *amounts: str) -> tuple[Bank, list[UUID]]:
    bank = await make_bank()
    await import_items(bank, folder, [x9_item(n, amount, "021000021") for n, amount in enumerate(amounts, 1)])
    return bank, await item_ids(bank)


async def assigned(bank: Bank, item_id: UUID) -> UUID | None:
    async with transaction(bank.system) as session:
        return (await session.execute(select(CheckItem.assigned_to).where(CheckItem.id == item_id))).scalar_one()


def id_of(actor: Actor) -> UUID:
    assert actor.user_id is not None
    return actor.user_id


async def add_member(bank: Bank, key: str, person: Actor, *, decides: bool, signs: bool = False) -> None:
    async with transaction(bank.system) as session:
        queue_id = (await session.execute(select(Queue.id).where(Queue.key == key))).scalar_one()
        session.add(
            QueueMember(
                institution_id=bank.institution_id,
                queue_id=queue_id,
                user_id=id_of(person),
                decides=decides,
                signs=signs,
            )
        )


def test_start_serves_ones_own_first_then_what_is_nobodys_and_never_anothers(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, items = await bank_of(tmp_path, "1.00", "2.00", "3.00")
        # All three are due at the same moment, so the id decides which is the most urgent of them.
        first, second, third = sorted(items)
        result = await assign(bank.supervisor, [first], id_of(bank.second_reviewer), "she knows this customer")
        assert (result.done, result.refused) == ([first], {})
        await assign(bank.supervisor, [third], id_of(bank.reviewer), "his region")
        assert await peek_next(bank.reviewer) == third
        served = [await claim_next(bank.reviewer) for _ in range(3)]
        assert [held and held.item_id for held in served] == [third, second, None]
        held = await claim_next(bank.second_reviewer)
        assert held is not None and held.item_id == first

    run(story())


def test_what_is_assigned_to_another_is_refused_by_name(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, [item] = await bank_of(tmp_path, "1.00")
        await assign(bank.approver, [item], id_of(bank.second_reviewer), "a question of hers")
        with pytest.raises(AssignedToOther, match="Second Reviewer"):
            await claim(bank.reviewer, item)
        opened = await open_item(bank.reviewer, item)
        assert opened.standing is Standing.LOOK and not opened.may_take and "Second Reviewer" in opened.why
        # Who may reassign is offered it, and takes it only by saying so.
        opened = await open_item(bank.supervisor, item)
        assert opened.standing is Standing.LOOK and opened.may_take
        await claim(bank.supervisor, item)
        await release(bank.supervisor, item)
        assert await assigned(bank, item) == bank.second_reviewer.user_id, "a release leaves the assignment"
        opened = await open_item(bank.second_reviewer, item)
        assert opened.standing is Standing.DECIDE and opened.view.assigned is not None
        [row] = (await list_items(bank.auditor)).rows
        assert row.assigned == "Second Reviewer"

    run(story())


def test_a_decision_ends_the_assignment(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, [item] = await bank_of(tmp_path, "1.00")
        await assign(bank.supervisor, [item], id_of(bank.reviewer), "his")
        _, seen = await claimed(bank.reviewer, item)
        await decide(bank.reviewer, item, Choice(Act.PAY), seen)
        assert await assigned(bank, item) is None

    run(story())


def test_an_assignment_is_audited_with_its_reason_and_needs_one(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, [item] = await bank_of(tmp_path, "1.00")
        with pytest.raises(InvalidPerson, match="Say why"):
            await assign(bank.supervisor, [item], id_of(bank.reviewer), "  ")
        with pytest.raises(NotAllowed):
            await assign(bank.reviewer, [item], id_of(bank.reviewer), "mine")
        with pytest.raises(TooManyAtOnce):
            await assign(bank.supervisor, [item] * (MOST_AT_ONCE + 1), None, "all")
        await assign(bank.supervisor, [item], id_of(bank.reviewer), "his region")
        await assign(bank.supervisor, [item], None, "he is away")
        async with transaction(bank.system) as session:
            query = select(AuditEntry).where(AuditEntry.action == "item.assigned").order_by(AuditEntry.sequence)
            given, taken = list(await session.scalars(query))
        assert given.before == {"assigned_to": None}
        assert given.after == {"assigned_to": str(bank.reviewer.user_id), "reason": "his region"}
        assert taken.after == {"assigned_to": None, "reason": "he is away"}

    run(story())


def test_each_item_that_cannot_be_assigned_says_why(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, items = await bank_of(tmp_path, "1.00", "2.00", "3.00", "12000.00")
        held, done, free, large = items
        await claim(bank.second_reviewer, held)
        _, seen = await claimed(bank.reviewer, done)
        await decide(bank.reviewer, done, Choice(Act.PAY), seen)
        unknown = UUID(int=1)
        async with transaction(bank.system) as session:
            await session.execute(update(User).where(User.id == bank.reviewer.user_id).values(queues=["standard"]))
        result = await assign(bank.supervisor, [*items, unknown], id_of(bank.reviewer), "for the day")
        assert result.done == [free]
        assert "Second Reviewer is working" in result.refused[held]
        assert "its review is over" in result.refused[done]
        assert "Reviewer does not work on checks like this" in result.refused[large]
        assert "does not exist" in result.refused[unknown]
        # Nobody is given what they could never take: an auditor decides none.
        assert not (await assign(bank.supervisor, [free], id_of(bank.auditor), "look")).done

    run(story())


def test_an_item_that_is_being_changed_is_refused_and_not_waited_for(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, items = await bank_of(tmp_path, "1.00", "2.00")
        async with transaction(bank.system) as session:
            await session.execute(select(CheckItem.id).where(CheckItem.id == items[0]).with_for_update())
            result = await assign(bank.supervisor, items, id_of(bank.reviewer), "for the day")
        assert result.done == [items[1]] and "just changing" in result.refused[items[0]]

    run(story())


def test_who_leaves_leaves_nothing_assigned(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, [item] = await bank_of(tmp_path, "1.00")
        await assign(bank.supervisor, [item], id_of(bank.reviewer), "his")
        await deactivate(with_code(bank.administrator), id_of(bank.reviewer), "left the bank")
        assert await assigned(bank, item) is None
        assert (await claim_next(bank.second_reviewer)) is not None

    run(story())


def test_next_and_previous_pass_over_what_is_anothers(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, items = await bank_of(tmp_path, "1.00", "2.00", "3.00")
        first, second, third = sorted(items)
        await assign(bank.supervisor, [second], id_of(bank.second_reviewer), "hers")
        assert await beside(bank.reviewer, None, first) == third
        assert await beside(bank.second_reviewer, None, first) == second

    run(story())


# --- members of a queue --------------------------------------------------------------------------------------------


def test_a_queue_with_members_is_theirs_alone(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, items = await bank_of(tmp_path, "100.00", "12000.00")
        small, large = items
        await add_member(bank, "standard", bank.second_reviewer, decides=True)
        with pytest.raises(NotAMember, match="standard"):
            await claim(bank.reviewer, small)
        assert await peek_next(bank.reviewer) == large
        assert [row.id for row in (await list_items(bank.reviewer)).rows] == [large]
        assert len((await list_items(bank.supervisor)).rows) == 2, "who manages the queues sees all of them"
        assert len((await list_items(bank.auditor)).rows) == 2
        with pytest.raises(NotAMember):
            await claim(bank.supervisor, small)
        await claim(bank.second_reviewer, small)

    run(story())


def test_a_member_who_may_only_read_takes_nothing(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, [item] = await bank_of(tmp_path, "100.00")
        await add_member(bank, "standard", bank.reviewer, decides=False)
        assert len((await list_items(bank.reviewer)).rows) == 1
        assert await claim_next(bank.reviewer) is None
        with pytest.raises(NotAMember):
            await claim(bank.reviewer, item)
        assert not (await assign(bank.supervisor, [item], id_of(bank.reviewer), "his")).done

    run(story())


def test_membership_never_widens_what_a_role_grants(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, [item] = await bank_of(tmp_path, "100.00")
        await add_member(bank, "standard", bank.auditor, decides=True, signs=True)
        with pytest.raises(NotAllowed):
            await claim(bank.auditor, item)

    run(story())


def test_nobody_holds_more_of_a_queue_than_it_allows(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, items = await bank_of(tmp_path, "1.00", "2.00", "3.00", "12000.00")
        large = items[-1]
        async with transaction(bank.system) as session:
            await session.execute(update(Queue).where(Queue.key == "standard").values(max_claims=2))
        assert {(await claim_next(bank.reviewer, "standard")) is None for _ in range(2)} == {False}
        assert await claim_next(bank.reviewer, "standard") is None
        left = next(
            row.id for row in (await list_items(bank.supervisor)).rows if row.holder is None and row.id != large
        )
        with pytest.raises(TooManyClaims, match="2 checks of the queue Standard"):
            await claim(bank.reviewer, left)
        mine = [row.id for row in (await list_items(bank.reviewer)).rows if row.holder_id == bank.reviewer.user_id]
        await claim(bank.reviewer, mine[0])  # one's own again
        held = await claim_next(bank.reviewer)
        assert held is not None and held.item_id == large, "other queues have limits of their own"
        _, seen = await claimed(bank.reviewer, mine[0])
        outcome = await decide(bank.reviewer, mine[0], Choice(Act.PAY), seen, then_next=True, queue="standard")
        assert outcome.next is not None and outcome.next.item_id == left

    run(story())
