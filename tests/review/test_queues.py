"""Named queues: how supervisors set them, what comes into them, and how checks move between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from console.access.held import InvalidPerson
from console.policy.default import default_document
from console.policy.fields import FLAG_CODES
from console.policy.flag_conditions import flag_conditions
from console.policy.routing import Criteria
from console.review.choices import Choice
from console.review.claims import claim, claim_next
from console.review.clocks import business_time
from console.review.decisions import decide
from console.review.errors import InvalidQueue, NotAMember, QueueNotFound, ReviewRefused, StaleItem, StaleQueue
from console.review.flag_names import FLAG_NAMES
from console.review.office import office_of
from console.review.opening import Standing, open_item
from console.review.queue import escalation_targets, queue_names
from console.review.queue_changes import add_queue, change_queue, close_queue
from console.review.queue_moves import move
from console.review.queue_settings import Definition, Member, QueueSettings, read_queues
from console.review.releasing import release_others
from console.review.rerouting import Way, apply_routing, preview_routing
from console.review.states import Act
from console.settings import Settings
from db.engine import transaction
from db.models import AuditEntry, CheckItem, Claim, Notice, Queue
from tests.factories import Bank, claimed, import_items, item_ids, look, make_bank, x9_item
from tests.review.test_assignment import bank_of, id_of


async def settings_of(bank: Bank, key: str) -> QueueSettings:
    return next(one for one in await read_queues(bank.supervisor) if one.key == key)


async def set_queue(bank: Bank, key: str, **changes: object) -> None:
    now = await settings_of(bank, key)
    wanted = replace(now.definition, **changes)  # type: ignore[arg-type]
    await change_queue(bank.supervisor, now.id, wanted, now.version, "as the desk asked")


async def queue_of(bank: Bank, item_id: UUID) -> str:
    query = select(Queue.key).join(CheckItem, CheckItem.queue_id == Queue.id).where(CheckItem.id == item_id)
    async with transaction(bank.system) as session:
        return (await session.execute(query)).scalar_one()


async def last_entry(bank: Bank, action: str) -> AuditEntry:
    query = select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.sequence.desc()).limit(1)
    async with transaction(bank.system) as session:
        return (await session.execute(query)).scalar_one()


# --- settings ------------------------------------------------------------------------------------------------------


def test_a_change_is_versioned_and_audited_with_what_differs(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, _ = await bank_of(tmp_path, "1.00", "2.00")
        now = await settings_of(bank, "standard")
        assert (now.open_items, now.version, now.may_close) == (2, 1, False)
        member = Member(id_of(bank.reviewer), decides=True, signs=False)
        wanted = replace(now.definition, sla_hours=Decimal("1.5"), warning_minutes=20, max_claims=3, members=(member,))
        await change_queue(bank.supervisor, now.id, wanted, now.version, "less waiting")
        with pytest.raises(StaleQueue):
            await change_queue(bank.supervisor, now.id, now.definition, now.version, "too late")
        entry = await last_entry(bank, "queue.changed")
        assert entry.before == {"sla_hours": None, "warning_minutes": None, "max_claims": None, "members": []}
        assert entry.after is not None and entry.after["sla_hours"] == "1.5" and entry.after["reason"] == "less waiting"
        assert entry.after["members"] == [{"user": str(member.user_id), "decides": True, "signs": False}]
        again = await settings_of(bank, "standard")
        assert again.version == 2 and again.definition.members[0].name == "Reviewer"
        with pytest.raises(InvalidPerson, match="Say why"):
            await change_queue(bank.supervisor, now.id, wanted, 2, " ")

    run(story())


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": "…"}, "letters and digits"),
        ({"name": "high PRIORITY"}, "called high PRIORITY already"),
        ({"sla_hours": Decimal(0)}, "SLA hours"),
        ({"sla_hours": Decimal("1.005")}, "SLA hours"),
        ({"sla_hours": Decimal("NaN")}, "SLA hours"),
        ({"sla_hours": Decimal(1), "warning_minutes": 61}, "before the check does"),
        ({"warning_minutes": -1}, "warning"),
        ({"max_claims": 0}, "1 to 1,000"),
        ({"members": (Member(UUID(int=1), decides=True, signs=True),)}, "nobody's"),
        ({"members": (Member(UUID(int=1), decides=True, signs=True),) * 2}, "once"),
    ],
)
def test_what_a_queue_cannot_be(wrong: dict[str, object], words: str, run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        with pytest.raises(InvalidQueue, match=words):
            await set_queue(bank, "standard", **wrong)
        assert (await settings_of(bank, "standard")).version == 1

    run(story())


def test_a_queue_is_added_filled_emptied_and_closed(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, items = await bank_of(tmp_path, "1.00", "2.00")
        queue_id = await add_queue(bank.supervisor, Definition("Mail theft", position=1), "a wave of it")
        assert [one.key for one in await queue_names(bank.reviewer)][:2] == ["mail_theft", "standard"]
        targets = [one.key for one in await escalation_targets(bank.reviewer)]
        assert targets[0] == "mail_theft" and not {"standard", "approvals"} & set(targets)
        with pytest.raises(InvalidQueue, match="called mail THEFT already"):
            await add_queue(bank.supervisor, Definition("mail THEFT"), "again")
        assert (await move(bank.supervisor, items, "mail_theft", "they are of it")).done
        one = await settings_of(bank, "mail_theft")
        with pytest.raises(InvalidQueue, match="2 checks are in Mail theft"):
            await close_queue(bank.supervisor, queue_id, one.version, "over")
        await move(bank.supervisor, items, "standard", "over")
        await close_queue(bank.supervisor, queue_id, one.version, "over")
        assert "mail_theft" not in [one.key for one in await queue_names(bank.reviewer)]
        assert "mail_theft" not in [one.key for one in await escalation_targets(bank.reviewer)]
        with pytest.raises(QueueNotFound):
            await move(bank.supervisor, items, "mail_theft", "back")
        standard = await settings_of(bank, "standard")
        with pytest.raises(InvalidQueue, match="policy sends checks to Standard"):
            await close_queue(bank.supervisor, standard.id, standard.version, "no more")

    run(story())


def test_a_queue_is_not_closed_while_a_file_comes_in(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        one = await settings_of(bank, "special_review")
        async with transaction(bank.system) as session:
            # As the import does until its items are there.
            await session.execute(select(Queue).with_for_update(read=True, key_share=True))
            with pytest.raises(InvalidQueue, match="just coming in"):
                await close_queue(bank.supervisor, one.id, one.version, "not used")
            await set_queue(bank, "special_review", warning_minutes=10)  # other changes need not wait
        again = await settings_of(bank, "special_review")
        await close_queue(bank.supervisor, one.id, again.version, "not used")

    run(story())


def test_the_approvals_are_a_view_whose_members_sign(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, [item] = await bank_of(tmp_path, "6000.00")
        _, seen = await claimed(bank.reviewer, item)
        await decide(bank.reviewer, item, Choice(Act.PAY), seen)
        assert (await settings_of(bank, "approvals")).open_items == 1
        with pytest.raises(ReviewRefused, match="recommends"):
            await move(bank.supervisor, [item], "approvals", "there")
        await set_queue(bank, "approvals", members=(Member(id_of(bank.supervisor), decides=False, signs=True),))
        with pytest.raises(NotAMember, match="approvals"):
            await claim(bank.approver, item)
        await claim(bank.supervisor, item)
        # Hours of its own would be read by nobody: they are not kept.
        await set_queue(bank, "approvals", sla_hours=Decimal(1), max_claims=4)
        definition = (await settings_of(bank, "approvals")).definition
        assert (definition.sla_hours, definition.max_claims) == (None, 4)

    run(story())


# --- what comes in -------------------------------------------------------------------------------------------------


def test_criteria_route_what_comes_in_and_else_the_policys_word_stands(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        await set_queue(
            bank,
            "special_review",
            criteria=Criteria(amount_from=Decimal("100.00"), amount_to=Decimal("200.00")),
            sla_hours=Decimal(3),
        )
        amounts = ("99.99", "100.00", "200.00", "200.01", "12000.00")
        await import_items(bank, tmp_path, [x9_item(n, amount, "021000021") for n, amount in enumerate(amounts, 1)])
        found = [await queue_of(bank, item) for item in await item_ids(bank)]
        assert found == ["standard", "special_review", "special_review", "standard", "high_priority"]

    run(story())


def test_applied_to_what_waits_criteria_move_what_nobody_works_on(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, items = await bank_of(tmp_path, "100.00", "150.00", "160.00", "300.00", "12000.00")
        held = items[1]
        await claim(bank.reviewer, held)
        assert await preview_routing(bank.supervisor) == {}
        await set_queue(bank, "special_review", criteria=Criteria(amount_to=Decimal("200.00")))
        looked: list[int] = []
        assert await preview_routing(bank.supervisor, looked.append) == {Way("standard", "special_review"): 2}
        assert looked == [4], "what somebody holds is not looked at"
        result = await apply_routing(bank.supervisor, "the new desk")
        assert set(result.done) == {items[0], items[2]} and not result.refused
        found = [await queue_of(bank, item) for item in items]
        assert found == ["special_review", "standard", "special_review", "standard", "high_priority"]
        assert await preview_routing(bank.supervisor) == {}
        entry = await last_entry(bank, "item.moved")
        assert entry.before == {"queue": "standard"}
        assert entry.after is not None
        assert (entry.after["queue"], entry.after["reason"]) == ("special_review", "the new desk")

    run(story())


def test_every_flag_has_a_condition_and_a_name_for_lists() -> None:
    conditions = flag_conditions(default_document(Settings()).thresholds)
    assert set(FLAG_CODES) == FLAG_NAMES.keys() == conditions.keys()


# --- moves and releases --------------------------------------------------------------------------------------------


def test_a_moved_check_is_on_the_hours_of_its_queue(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, [item] = await bank_of(tmp_path, "1.00")
        await set_queue(bank, "special_review", sla_hours=Decimal(1), warning_minutes=10)
        before, _ = await look(bank.reviewer, item)
        assert (await move(bank.supervisor, [item], "special_review", "look closer")).done == [item]
        after, _ = await look(bank.reviewer, item)
        assert after.queue_key == "special_review" and after.version == before.version + 1
        assert after.sla_due_at < before.sla_due_at
        async with transaction(bank.system) as session:
            office = await office_of(session)
        assert business_time(after.sla_warning_at, after.sla_due_at, office) == timedelta(minutes=10)
        again = await move(bank.supervisor, [item], "special_review", "again")
        assert "already" in again.refused[item]

    run(story())


def test_what_somebody_holds_is_not_moved_until_it_is_released(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, items = await bank_of(tmp_path, "1.00", "2.00")
        held, free = items
        await claim(bank.reviewer, held)
        result = await move(bank.supervisor, items, "special_review", "look closer")
        assert result.done == [free] and "Reviewer is working" in result.refused[held]
        assert "Nobody holds" in (await release_others(bank.approver, [free], "he is away")).refused[free]
        assert (await release_others(bank.approver, [held], "he is away")).done == [held]
        entry = await last_entry(bank, "item.released")
        assert entry.actor_id == bank.approver.user_id and entry.after is not None
        assert entry.after["why"] == "he is away"
        assert (await open_item(bank.reviewer, held, take=False)).standing is Standing.LOOK
        assert (await move(bank.supervisor, [held], "special_review", "look closer")).done == [held]

    run(story())


def test_who_looked_before_a_move_cannot_decide_on_what_they_saw(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, [item] = await bank_of(tmp_path, "1.00")
        _, seen = await claimed(bank.reviewer, item)
        await release_others(bank.supervisor, [item], "for the other desk")
        await move(bank.supervisor, [item], "special_review", "for the other desk")
        await claim(bank.reviewer, item)
        with pytest.raises(StaleItem):
            await decide(bank.reviewer, item, Choice(Act.PAY), seen)

    run(story())


def test_somebody_who_is_given_a_check_is_told(run: Callable, tmp_path: Path) -> None:
    from console.review.assignment import assign

    async def story() -> None:
        bank, items = await bank_of(tmp_path, "1.00", "2.00", "3.00")
        await assign(bank.supervisor, items[:1], id_of(bank.reviewer), "yours")
        await assign(bank.supervisor, items[1:], id_of(bank.reviewer), "yours")
        async with transaction(bank.system) as session:
            notices = list(await session.scalars(select(Notice).order_by(Notice.created_at)))
            assert (await session.execute(select(Claim))).first() is None
        assert [(one.item_id, one.values["what"]) for one in notices] == [(items[0], "a check"), (None, "2 checks")]
        assert await claim_next(bank.second_reviewer) is None

    run(story())
