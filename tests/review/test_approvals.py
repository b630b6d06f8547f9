"""What awaits a second signature, for whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from console.access.permissions import NotAllowed, Permission, Place, Reach, limited_reaches, within_limit
from console.access.permissions import covers as covers_place
from console.actor import Actor, Bounds, Grant
from console.notices.inbox import list_notices, mark_read
from console.notices.kinds import NoticeKind
from console.review.approvals import beside_approval, claim_next_approval, count_approvals, list_approvals
from console.review.choices import Choice
from console.review.claims import claim
from console.review.decisions import confirm, decide, send_back
from console.review.giving_back import release
from console.review.opinions import record_opinion
from console.review.second_people import STANDS_FOR_OTHERS
from console.review.states import Act
from console.roles import Role
from db.engine import transaction
from db.models import CheckItem, Notice
from tests.factories import Bank, claimed, import_items, item_ids, look, make_bank, set_thresholds, x9_item


async def recommended(folder: Path, *amounts: str, by: str = "reviewer") -> tuple[Bank, list[UUID]]:
    """A bank with a recommendation to pay for each amount, the first the most urgent."""
    bank = await make_bank()
    await import_items(bank, folder, [x9_item(n, amount, "021000021") for n, amount in enumerate(amounts, 1)])
    items = await item_ids(bank)
    async with transaction(bank.system) as session:
        due = (await session.get_one(CheckItem, items[0])).sla_due_at
        for place, item_id in enumerate(items):
            item = await session.get_one(CheckItem, item_id)
            item.sla_due_at = due + timedelta(minutes=place)
            item.version += 1
    for item_id in items:
        _, seen = await claimed(getattr(bank, by), item_id)
        await decide(getattr(bank, by), item_id, Choice(Act.PAY), seen)
    return bank, items


async def told(person: Actor) -> list[tuple[UUID | None, bool]]:
    """The checks of which the person was told that they wait, the newest first, and whether that is unread."""
    kind = NoticeKind.APPROVAL_WAITING
    return [(one.item_id, one.unread) for one in (await list_notices(person)).notices if one.kind is kind]


async def recommend(bank: Bank, item: UUID) -> None:
    _, seen = await claimed(bank.reviewer, item)
    await decide(bank.reviewer, item, Choice(Act.PAY), seen)


async def listed(actor: Actor) -> list[UUID]:
    return [row.id for row in (await list_approvals(actor)).rows]


def test_what_one_may_sign_and_nothing_else(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (first, second, large) = await recommended(tmp_path, "6000.00", "7000.00", "30000.00")
        assert await listed(bank.approver) == [first, second]
        assert await listed(bank.supervisor) == [first, second, large]
        assert await listed(replace(bank.approver, bounds=Bounds(amount_limit=Decimal("6500.00")))) == [first]
        assert await listed(replace(bank.supervisor, bounds=Bounds(item_types=frozenset({"on_us"})))) == []
        assert await listed(replace(bank.reviewer, roles=frozenset({Role.SUPERVISOR}))) == []  # one's own
        for person in (bank.reviewer, bank.auditor, bank.administrator, bank.system):
            with pytest.raises(NotAllowed):
                await list_approvals(person)
        (row, _) = (await list_approvals(bank.approver)).rows
        assert (row.maker, row.act, row.amount, row.holder) == ("Reviewer", "pay", Decimal("6000.00"), None)
        await claim(bank.supervisor, second)
        figures = await count_approvals(bank.approver)
        assert (figures.waiting, figures.taken) == (2, 1)
        rows = {row.id: row.holder for row in (await list_approvals(bank.approver)).rows}
        assert rows == {first: None, second: "Supervisor"}

    run(story())


def test_start_takes_the_most_urgent_that_is_free_and_the_keys_walk(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (first, second, third) = await recommended(tmp_path, "6000.00", "7000.00", "8000.00")
        held = await claim_next_approval(bank.approver)
        assert held is not None and held.item_id == first
        held = await claim_next_approval(bank.supervisor)
        assert held is not None and held.item_id == second
        assert await beside_approval(bank.approver, first) == third
        assert await beside_approval(bank.approver, third, forward=False) == first
        assert await beside_approval(bank.approver, third) is None
        _, seen = await look(bank.approver, first)
        await confirm(bank.approver, first, seen)
        assert await listed(bank.approver) == [second, third]
        await release(bank.supervisor, second)
        held = await claim_next_approval(bank.approver, skip=[second])
        assert held is not None and held.item_id == third

    run(story())


def test_page_after_page_each_once(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, items = await recommended(tmp_path, *["6000.00"] * 7)
        seen: list[UUID] = []
        after = None
        while True:
            page = await list_approvals(bank.approver, after=after, limit=3)
            seen += [row.id for row in page.rows]
            after = page.next
            if after is None:
                break
        assert seen == items

    run(story())


def test_blind_the_list_says_nothing_until_the_own_choice(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (item,) = await recommended(tmp_path, "6000.00")
        await set_thresholds(bank, blind_second_review=True)
        (row,) = (await list_approvals(bank.approver)).rows
        assert (row.act, row.reasons, row.maker) == ("", (), "Reviewer")
        _, seen = await claimed(bank.approver, item)
        await record_opinion(bank.approver, item, Act.REJECT, (), seen)
        (row,) = (await list_approvals(bank.approver)).rows
        assert row.act == "pay"
        (row,) = (await list_approvals(bank.supervisor)).rows
        assert row.act == ""

    run(story())


amounts = st.decimals("0.00", "9999.99", places=2)
some = st.none() | st.frozensets(st.sampled_from(["standard", "high_priority"]))
kinds = st.none() | st.frozensets(st.sampled_from(["on_us", "transit"]))
grants = st.builds(Grant, st.just(frozenset({"item:approve"})), st.none() | amounts, some, kinds)


@given(
    st.lists(grants, max_size=3),
    st.builds(Bounds, st.none() | amounts, some, kinds),
    st.builds(Place, st.sampled_from(["standard", "high_priority"]), st.sampled_from(["on_us", "transit"])),
    amounts,
)
def test_the_parts_with_limits_say_what_the_single_question_says(
    held: list[Grant], bounds: Bounds, place: Place, amount: Decimal
) -> None:
    actor = Actor(UUID(int=1), UUID(int=2), "somebody", grants=tuple(held), bounds=bounds)
    parts: tuple[tuple[Reach, Decimal | None], ...] = limited_reaches(actor, Permission.ITEM_APPROVE)
    listed = any(reach.covers(place) and (limit is None or amount <= limit) for reach, limit in parts)
    asked = covers_place(actor, Permission.ITEM_APPROVE, place) and within_limit(
        actor, amount, place, Permission.ITEM_APPROVE
    )
    assert listed is asked


def test_who_has_not_read_of_one_is_not_told_of_each_that_follows(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        await import_items(bank, tmp_path, [x9_item(n, f"610{n}.00", "021000021") for n in range(1, 6)])
        one, two, three, four, five = await item_ids(bank)
        await recommend(bank, one)
        await recommend(bank, two)
        assert await told(bank.approver) == await told(bank.supervisor) == [(one, True)]
        assert set(await listed(bank.approver)) == {one, two}, "the list has them all"
        # Who has read it is told of the next one; the other still has the first to read.
        await mark_read(bank.approver, (await list_notices(bank.approver)).notices[0].id)
        await recommend(bank, three)
        assert await told(bank.approver) == [(three, True), (one, False)]
        assert await told(bank.supervisor) == [(one, True)]
        # What has lain there for long may have been forgotten.
        async with transaction(bank.system) as session:
            long_ago = Notice.created_at - STANDS_FOR_OTHERS
            await session.execute(update(Notice).values(created_at=long_ago))
        await recommend(bank, four)
        assert await told(bank.approver) == [(four, True), (three, True), (one, False)]
        assert await told(bank.supervisor) == [(four, True), (one, True)]
        # Signed by one of them, it is nothing to read for the other, who is told of what comes next.
        _, seen = await claimed(bank.approver, four)
        await confirm(bank.approver, four, seen)
        assert await told(bank.supervisor) == [(four, False), (one, True)]
        await recommend(bank, five)
        assert await told(bank.supervisor) == [(five, True), (four, False), (one, True)]
        assert (await told(bank.approver))[0] == (five, True)
        # Sent back, it waits no more either.
        _, seen = await claimed(bank.supervisor, five)
        await send_back(bank.supervisor, five, seen, "Look again.")
        assert (await told(bank.approver))[0] == (five, False)

    run(story())
