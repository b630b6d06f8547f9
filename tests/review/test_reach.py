"""Queues and item types to which roles or a person's own bounds limit the work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update

from console.access.permissions import GRANTS
from console.actor import Actor, Bounds, Grant
from console.review import queue_shape
from console.review.assignment import assign
from console.review.choices import Choice
from console.review.claims import claim, claim_next
from console.review.decisions import confirm, decide, resume
from console.review.errors import OutOfReach, OverLimit
from console.review.opening import Standing, open_item
from console.review.queue import escalation_targets, list_items, queue_names, rows_by_id
from console.review.queue_counts import counts, neighbours
from console.review.queue_filter import Filter, Sort
from console.review.queue_moves import move
from console.review.releasing import release_others
from console.review.states import Act, Status
from console.review.surroundings import peek_next
from console.roles import Role
from db.engine import transaction
from db.models import CheckItem, Queue, QueueMember
from tests.bench.many_items import add_items
from tests.conftest import Database
from tests.factories import Bank, claimed, import_items, item_ids, look, make_bank, x9_item


async def spread(bank: Bank, folder: Path) -> dict[str, list]:
    """Two checks in each of two queues; their ids by queue."""
    # Below and above the amount of the high-priority queue.
    amounts = ("100.00", "200.00", "12000.00", "12500.00")
    items = [x9_item(n, amount, "021000021") for n, amount in enumerate(amounts, 1)]
    await import_items(bank, folder, items)
    async with transaction(bank.system) as session:
        rows = await session.execute(
            select(Queue.key, CheckItem.id).join(Queue, Queue.id == CheckItem.queue_id).order_by(CheckItem.amount)
        )
        found: dict[str, list] = {}
        for key, item_id in rows:
            found.setdefault(key, []).append(item_id)
    return found


def bound(actor: Actor, **bounds: object) -> Actor:
    return replace(actor, bounds=Bounds(**bounds))  # type: ignore[arg-type]


def custom(actor: Actor, *grants: Grant) -> Actor:
    return replace(actor, roles=frozenset(), grants=grants)


def test_who_is_bound_to_a_queue_works_in_no_other(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        place = await spread(bank, tmp_path)
        first, *others = place
        assert others, "the policy sends these amounts to two queues"
        other = others[0]
        reviewer = bound(bank.reviewer, queues=frozenset({other}))
        with pytest.raises(OutOfReach, match="You do not work on"):
            await claim(reviewer, place[first][0])
        assert await peek_next(reviewer) in place[other]
        held = await claim_next(reviewer)
        assert held is not None and held.item_id in place[other]
        assert await claim_next(reviewer, first) is None
        # The list, the figures and the tabs are of the part that they work on.
        assert {row.id for row in (await list_items(reviewer)).rows} == set(place[other])
        assert set(await rows_by_id(reviewer, [*place[first], *place[other]])) == set(place[other])
        figures = await counts(reviewer, datetime(2020, 1, 1, tzinfo=UTC))
        assert figures.waiting == len(place[other]) and set(figures.queues) == {other}
        assert [queue.key for queue in await queue_names(reviewer)] == [other]
        # Whom a check is handed to works elsewhere.
        assert "escalation" in [queue.key for queue in await escalation_targets(reviewer)]
        # Others see everything; so does an auditor, who decides nothing.
        assert len((await list_items(bank.auditor)).rows) == 4
        opened = await open_item(reviewer, place[first][0])
        assert opened.standing is Standing.LOOK and "You do not work on" in opened.why and not opened.may_take

    run(story())


def test_who_is_bound_to_a_queue_gives_moves_and_releases_in_no_other(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        place = await spread(bank, tmp_path)
        own, other = list(place)[:2]
        supervisor = bound(bank.supervisor, queues=frozenset({own}))
        theirs, (taken, _) = place[own][0], place[other]
        changes = (
            await move(supervisor, [theirs, taken], "special_review", "they are alike"),
            await assign(supervisor, [taken], bank.reviewer.user_id, "they know it"),
        )
        await claim(bank.reviewer, taken)
        changes += (await release_others(supervisor, [taken], "they went home"),)
        assert [one.done for one in changes] == [[theirs], [], []]
        assert all("You do not work on" in one.refused[taken] for one in changes)
        assert (await look(bank.reviewer, taken))[0].queue_key == other

    run(story())


def test_a_bound_that_came_after_the_claim_stops_the_decision(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        place = await spread(bank, tmp_path)
        first = next(iter(place))
        _, seen = await claimed(bank.reviewer, place[first][0])
        for outside in (
            bound(bank.reviewer, queues=frozenset({"special_review"})),
            bound(bank.reviewer, queues=frozenset()),
            bound(bank.reviewer, item_types=frozenset({"on_us"})),
            custom(bank.reviewer, replace(GRANTS[Role.REVIEWER], queues=frozenset({"special_review"}))),
        ):
            with pytest.raises(OutOfReach):
                await decide(outside, place[first][0], Choice(Act.PAY), seen)
        inside = bound(bank.reviewer, queues=frozenset({first}), item_types=frozenset({"transit"}))
        outcome = await decide(inside, place[first][0], Choice(Act.ASK, note="Who?", asks_team="branch"), seen)
        assert outcome.status is Status.NEEDS_INFO
        with pytest.raises(OutOfReach):
            await resume(bound(bank.reviewer, queues=frozenset()), place[first][0], "Nobody")

    run(story())


def test_the_second_signature_keeps_to_the_part_and_the_limit_of_the_approving_grant(
    run: Callable, tmp_path: Path
) -> None:
    async def story() -> None:
        bank = await make_bank()
        place = await spread(bank, tmp_path)
        queue, (*_, item) = list(place.items())[-1]
        _, seen = await claimed(bank.reviewer, item)
        outcome = await decide(bank.reviewer, item, Choice(Act.PAY), seen)
        assert outcome.status is Status.PENDING_APPROVAL
        elsewhere = bound(bank.approver, queues=frozenset({"special_review"}))
        with pytest.raises(OutOfReach):
            await claim(elsewhere, item)
        _, seen = await claimed(bank.approver, item)
        with pytest.raises(OutOfReach):
            await confirm(elsewhere, item, seen)
        # A limit of deciding is none of approving: two grants do not add up to what neither allows.
        decides = Grant(GRANTS[Role.REVIEWER].permissions, None)
        approves = replace(GRANTS[Role.APPROVER], amount_limit=Decimal("100.00"), queues=frozenset({queue}))
        with pytest.raises(OverLimit, match=r"100\.00"):
            await confirm(custom(bank.approver, decides, approves), item, seen)
        _, seen = await look(bank.approver, item)
        assert (await confirm(bank.approver, item, seen)).status is Status.APPROVED

    run(story())


def test_limits_of_two_grants_do_not_mix(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        place = await spread(bank, tmp_path)
        first, second = list(place)[:2]
        small = replace(GRANTS[Role.REVIEWER], amount_limit=Decimal("50.00"), queues=frozenset({first}))
        large = replace(GRANTS[Role.REVIEWER], amount_limit=None, queues=frozenset({second}))
        both = custom(bank.reviewer, small, large)
        _, seen = await claimed(both, place[first][0])
        # 100.00 is above what they decide alone in this queue, whatever they may in the other one.
        outcome = await decide(both, place[first][0], Choice(Act.PAY), seen)
        assert outcome.status is Status.PENDING_APPROVAL

    run(story())


def test_who_works_in_some_queues_takes_the_most_urgent_of_all_of_them(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        place = await spread(bank, tmp_path)
        first, second = list(place)[:2]
        async with transaction(bank.system) as session:
            # Urgent by turns: one of the first queue, one of the second, and again.
            order = [place[first][1], place[second][0], place[first][0], place[second][1]]
            for hours, item in enumerate(order, 1):
                due = datetime(2026, 3, 1, hours, tzinfo=UTC)
                change = {"sla_due_at": due, "version": CheckItem.version + 1}
                await session.execute(update(CheckItem).where(CheckItem.id == item).values(**change))
        both = bound(bank.reviewer, queues=frozenset({first, second}))
        assert [row.id for row in (await list_items(both)).rows] == order
        held = await claim_next(both)
        assert held is not None and held.item_id == order[0]
        assert await peek_next(both) == order[1]
        assert await peek_next(both, skip=(order[1],)) == order[2]
        # At the same moment each takes another one, and there is one for each.
        others = [bound(one, queues=frozenset({first, second})) for one in (bank.second_reviewer, bank.approver)]
        taken = await asyncio.gather(*(claim_next(one) for one in (both, *others)))
        assert sorted(one.item_id for one in taken if one) == sorted(order[1:])
        assert await claim_next(both) is None

    run(story())


def test_queues_of_others_are_left_out_for_who_is_bound_to_several(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        place = await spread(bank, tmp_path)
        first, second = list(place)[:2]
        both = bound(bank.reviewer, queues=frozenset({first, second}))
        async with transaction(bank.system) as session:
            queue = (await session.execute(select(Queue.id).where(Queue.key == second))).scalar_one()
            session.add(
                QueueMember(
                    institution_id=bank.institution_id,
                    queue_id=queue,
                    user_id=bank.second_reviewer.user_id,
                    decides=True,
                    signs=False,
                )
            )
        for who in (both, bank.reviewer):
            assert {row.id for row in (await list_items(who)).rows} == set(place[first])
            assert set(await rows_by_id(who, [*place[first], *place[second]])) == set(place[first])
            assert (await neighbours(who, None, place[first][0]))[1] == len(place[first])
            figures = await counts(who, datetime(2020, 1, 1, tzinfo=UTC))
            assert figures.queues == {first: len(place[first])} and figures.waiting == len(place[first])
            assert await peek_next(who) in place[first]
        assert len((await list_items(bank.second_reviewer)).rows) == 4
        async with transaction(bank.system) as session:
            await session.execute(delete(QueueMember))
        for _ in range(2):
            assert len((await list_items(bank.reviewer)).rows) == 4
            assert (await counts(bank.reviewer, datetime(2020, 1, 1, tzinfo=UTC))).waiting == 4

    run(story())


def test_an_escalated_check_is_next_only_where_the_actor_approves(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        await import_items(bank, tmp_path, [x9_item(1, "100.00", "021000021")])
        (item,) = await item_ids(bank)
        _, seen = await claimed(bank.reviewer, item)
        await decide(bank.reviewer, item, Choice(Act.ESCALATE, note="odd", queue="escalation"), seen)
        works = replace(GRANTS[Role.REVIEWER], queues=None)
        elsewhere = replace(GRANTS[Role.APPROVER], queues=frozenset({"standard"}))
        assert await peek_next(custom(bank.approver, works, elsewhere)) is None
        there = replace(GRANTS[Role.APPROVER], queues=frozenset({"escalation"}))
        assert await peek_next(custom(bank.approver, there)) == item
        async with transaction(bank.system) as session:
            await session.execute(update(CheckItem).values(version=CheckItem.version + 1))
        held = await claim_next(custom(bank.approver, there))
        assert held is not None and held.item_id == item

    run(story())


@pytest.mark.parametrize("few", [queue_shape.FEW, -1], ids=["few are open there", "many are"])
def test_a_page_of_a_part_is_what_everybodys_page_shows_of_it(
    few: int, run: Callable, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In whatever way it is found: by the order, cell by cell, or among the few that are there."""
    monkeypatch.setattr(queue_shape, "FEW", few)

    async def pages(who: Actor, chosen: Filter, sort: Sort, descending: bool, size: int) -> list[UUID]:
        found: list[UUID] = []
        page = await list_items(who, chosen, sort=sort, descending=descending, limit=size)
        while True:
            found += [row.id for row in page.rows]
            if page.next is None:
                return found
            page = await list_items(who, chosen, sort=sort, descending=descending, after=page.next, limit=size)

    async def story() -> None:
        bank = await make_bank()
        url = database.endpoints.superuser_database_url
        await asyncio.to_thread(lambda: add_items(url, bank, 110, under_way=True, transit_every=7))
        now, who = datetime.now(UTC), bank.reviewer
        everything = {row.id: row for row in (await list_items(who, limit=200)).rows}
        assert len(everything) == 99
        queue = next(iter(everything.values())).queue_key
        bounds = [{"item_types": {"transit"}}, {"queues": {queue}}, {"queues": {queue}, "item_types": {"transit"}}]
        some = Filter(amount_from=Decimal("1000.00"), amount_to=Decimal("8000.00"))
        filters = [
            Filter(), some, Filter(status=Status.PENDING_APPROVAL), Filter(priority=3), Filter(flag="velocity"),
            Filter(due_before=now + timedelta(hours=9)), Filter(received_from=now - timedelta(hours=15)),
            Filter(queue=queue, item_type="on_us"), Filter(item_type="transit", flagged=True), Filter(search="4711"),
        ]  # fmt: skip
        found_any = set()
        for (place, chosen), (sort, descending) in product(enumerate(filters), product(Sort, (False, True))):
            everybodys = await pages(who, chosen, sort, descending, 200)
            for kind in bounds:
                own = bound(who, **{name: frozenset(values) for name, values in kind.items()})
                types, queues = kind.get("item_types", {"on_us", "transit"}), kind.get("queues")
                inside = [
                    one
                    for one in everybodys
                    if everything[one].item_type in types and (queues is None or everything[one].queue_key in queues)
                ]
                assert await pages(own, chosen, sort, descending, 20) == inside, (chosen, sort, descending, kind)
                found_any |= {place} if inside else set()
        assert found_any >= set(range(len(filters) - 1)), "each filter finds something, the search for a number may not"

    run(story())
