"""Who manages queues within limits of their own: what is theirs to set, and that nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from console.access.permissions import GRANTS
from console.actor import Actor
from console.policy.routing import Criteria
from console.review.claims import claim
from console.review.clearing import pull_in
from console.review.errors import NotYoursToSet, OutOfReach, ViewNotFound
from console.review.hours import change_hours, read_hours
from console.review.queue_changes import add_queue, change_queue, close_queue
from console.review.queue_settings import Definition, Member, QueueSettings, read_queues
from console.review.queue_view import View
from console.review.rerouting import Way, apply_routing, preview_routing
from console.review.saved_views import delete_view, save_view
from console.review.workload import workload
from console.roles import Role
from db.engine import transaction
from db.models import AuditEntry
from tests.factories import Bank, make_bank
from tests.review.test_assignment import bank_of, id_of
from tests.review.test_queues import queue_of, set_queue, settings_of
from tests.review.test_reach import bound, custom

OWN = "high_priority"


async def change(who: Actor, now: QueueSettings, **changes: object) -> None:
    await change_queue(who, now.id, replace(now.definition, **changes), now.version, "as the desk asked")  # type: ignore[arg-type]


async def audited(bank: Bank, action: str) -> list[AuditEntry]:
    async with transaction(bank.system) as session:
        entries = select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.sequence)
        return list(await session.scalars(entries))


def test_who_manages_some_queues_sets_how_these_work_and_no_more(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        who = bound(bank.supervisor, queues=frozenset({OWN}))
        assert {one.key for one in await read_queues(who) if one.theirs} == {OWN}
        assert len(await read_queues(who)) == len(await read_queues(bank.supervisor)), "how others are set is no secret"
        member = Member(id_of(bank.reviewer), decides=True, signs=False)
        await change(who, await settings_of(bank, OWN), name="Urgent", sla_hours=Decimal("1.5"), members=(member,))
        own = await settings_of(bank, OWN)
        assert (own.definition.name, own.definition.sla_hours) == ("Urgent", Decimal("1.5"))
        assert [one.user_id for one in own.definition.members] == [member.user_id]
        (entry,) = await audited(bank, "queue.changed")
        assert entry.actor_id == id_of(who) and entry.after is not None and entry.after["reason"] == "as the desk asked"
        other = await settings_of(bank, "standard")
        for refused in (
            change(who, other, sla_hours=Decimal(9)),
            change(who, own, position=own.definition.position + 1),
            # It would take in checks of other queues, which are not theirs to see.
            change(who, own, criteria=Criteria(amount_from=Decimal("1.00"))),
            add_queue(who, Definition("Mine", 1), "for myself"),
            close_queue(who, own.id, own.version, "enough"),
        ):
            with pytest.raises(NotYoursToSet, match=r"Your limits do not reach as far as .*\. Nothing was saved"):
                await refused
        assert (await settings_of(bank, "standard"), await settings_of(bank, OWN)) == (other, own)
        assert len(await audited(bank, "queue.changed")) == 1

    run(story())


@pytest.mark.parametrize(
    "limits",
    [
        {"item_types": frozenset({"on_us"})},
        {"queues": frozenset({OWN}), "item_types": frozenset({"on_us"})},
        {"queues": frozenset({"approvals"})},
        {"queues": frozenset()},
    ],
)
def test_a_queue_is_nobodys_who_manages_part_of_it_and_second_signatures_are_of_all(
    limits: dict[str, object], run: Callable
) -> None:
    async def story() -> None:
        bank = await make_bank()
        for who in (
            bound(bank.supervisor, **limits),
            custom(bank.supervisor, replace(GRANTS[Role.SUPERVISOR], **limits)),  # type: ignore[arg-type]
        ):
            settings = await read_queues(who)
            assert not any(one.theirs for one in settings)
            for one in settings:
                with pytest.raises(NotYoursToSet):
                    await change(who, one, max_claims=3)
        assert not await audited(bank, "queue.changed")

    run(story())


def test_two_grants_reach_as_far_as_both(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        grants = (replace(GRANTS[Role.SUPERVISOR], queues=frozenset({one})) for one in (OWN, "standard"))
        who = custom(bank.supervisor, *grants)
        for key in (OWN, "standard"):
            await change(who, await settings_of(bank, key), max_claims=3)
        with pytest.raises(NotYoursToSet, match="the queue Escalated"):
            await change(who, await settings_of(bank, "escalation"), max_claims=3)

    run(story())


def test_criteria_are_applied_to_what_somebody_manages_alone(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, items = await bank_of(tmp_path, "100.00", "12000.00", "12100.00")
        assert [await queue_of(bank, item) for item in items] == ["standard", OWN, OWN]
        await set_queue(bank, "special_review", criteria=Criteria(amount_from=Decimal("50.00")))
        who = bound(bank.supervisor, queues=frozenset({OWN}))
        assert await preview_routing(who) == {Way(OWN, "special_review"): 2}
        result = await apply_routing(who, "the new desk")
        assert set(result.done) == set(items[1:]) and not result.refused
        assert await queue_of(bank, items[0]) == "standard"
        assert await preview_routing(bound(bank.supervisor, item_types=frozenset({"on_us"}))) == {}
        assert await preview_routing(bank.supervisor) == {Way("standard", "special_review"): 1}

    run(story())


def test_the_teams_work_is_that_of_the_part_that_somebody_manages(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (low, high) = await bank_of(tmp_path, "100.00", "12000.00")
        await claim(bank.reviewer, low)
        await claim(bank.second_reviewer, high)
        midnight = datetime.now(UTC) - timedelta(hours=1)
        assert len(await workload(bank.supervisor, midnight)) == 2
        (one,) = await workload(bound(bank.supervisor, queues=frozenset({OWN})), midnight)
        assert (one.name, one.held, one.shares[0].queue) == ("Second Reviewer", 1, "High priority")
        assert await workload(bound(bank.supervisor, item_types=frozenset({"on_us"})), midnight) == ()

    run(story())


def test_hours_and_others_views_are_of_all_queues(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        who = bound(bank.supervisor, queues=frozenset({OWN}))
        seen = await read_hours(who)
        with pytest.raises(NotYoursToSet, match="the institution's hours"):
            await change_hours(who, seen, "because", seen, move_open_items=False)
        other = custom(bank.approver, GRANTS[Role.SUPERVISOR])
        view = await save_view(other, "Late", View(due_within=30), shared=True)
        with pytest.raises(ViewNotFound):
            await delete_view(who, view)
        await delete_view(bank.supervisor, view)
        own = await save_view(who, "Ours", View(queue=OWN), shared=True)
        await delete_view(who, own)

    run(story())


def test_what_was_cleared_is_pulled_in_by_who_manages_its_queue(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (item,) = await bank_of(tmp_path, "100.00")
        with pytest.raises(OutOfReach):
            await pull_in(bound(bank.supervisor, queues=frozenset({OWN})), item, "The customer called.")

    run(story())
