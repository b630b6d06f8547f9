"""The time in which a decision can be taken back, through the services on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from console.access.permissions import NotAllowed
from console.actor import Actor
from console.audit.verify import verify_all
from console.review.assignment import assign
from console.review.choices import Choice
from console.review.claims import claim, claim_next, touch
from console.review.committing import commit_due, commit_pending, commit_when_due
from console.review.decisions import decide
from console.review.draft import Draft
from console.review.drafts import read_draft
from console.review.errors import AlreadySubmitted, HeldByOther, IncompleteChoice, StaleItem, TooLate
from console.review.giving_back import release, release_expired
from console.review.leaving import deactivate
from console.review.opening import Standing, open_item
from console.review.queue import list_items
from console.review.states import Act, Status
from console.review.submission import Stage, Submission, second_signature
from console.review.undo import Submitted, submit, undo, waiting
from db.engine import transaction
from db.models import (
    AuditEntry,
    CheckItem,
    Claim,
    CustomRole,
    Decision,
    Evidence,
    Notice,
    PendingDecision,
    User,
    UserRole,
)
from tests.factories import Bank, claimed, import_items, item_ids, look, make_bank, set_thresholds, view_of, x9_item
from tests.review.racer import patiently

PAY = Submission(Stage.DECIDE, Choice(Act.PAY))
SECOND = timedelta(seconds=1)


async def bank_with(folder: Path, *amounts: str) -> tuple[Bank, list[UUID]]:
    bank = await make_bank()
    await import_items(bank, folder, [x9_item(n, amount, "021000021") for n, amount in enumerate(amounts, 1)])
    return bank, await item_ids(bank)


async def pay(actor: Actor, item: UUID, **more: object) -> Submitted:
    _, seen = await claimed(actor, item)
    return await submit(actor, item, PAY, seen, **more)  # type: ignore[arg-type]


async def let_time_pass(bank: Bank) -> None:
    """The time to take anything back is over."""
    async with transaction(bank.system) as session:
        # The application's role may not change such a row: it is written anew.
        rows = list(await session.scalars(select(PendingDecision)))
        copies = [{c.key: getattr(row, c.key) for c in PendingDecision.__mapper__.column_attrs} for row in rows]
        for row, values in zip(rows, copies, strict=True):
            await session.delete(row)
            await session.flush()
            session.expunge(row)
            session.add(PendingDecision(**values | {"commit_at": datetime.now(UTC) - SECOND}))
            await session.flush()


async def events(bank: Bank, item: UUID) -> list[str]:
    query = select(AuditEntry.action).where(AuditEntry.object_id == str(item)).order_by(AuditEntry.sequence)
    async with transaction(bank.system) as session:
        return list(await session.scalars(query))


async def told(bank: Bank, person: Actor) -> list[str]:
    query = select(Notice.values).where(Notice.user_id == person.user_id, Notice.kind == "not_committed")
    async with transaction(bank.system) as session:
        return [values["text"] for values in await session.scalars(query)]


async def count(bank: Bank, table: type) -> int:
    async with transaction(bank.system) as session:
        return (await session.execute(select(func.count()).select_from(table))).scalar_one()


def test_submitted_shown_as_committing_and_committed_when_its_time_has_come(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (first, second) = await bank_with(tmp_path, "208.00", "300.00")
        await set_thresholds(bank, undo_seconds=60)  # the most: what is looked at meanwhile may take its time
        submitted = await pay(bank.reviewer, first, then_next=True)
        assert submitted.status is Status.APPROVED and submitted.next and submitted.next.item_id == second
        assert submitted.commit_at is not None and submitted.undo_seconds == 60
        # Nothing of it counts yet, and everybody sees that it is on its way.
        assert await count(bank, Decision) == 0
        others = await open_item(bank.second_reviewer, first)
        assert others.standing is Standing.LOOK and others.why == "Reviewer decided this check. It is being committed."
        rows = {row.id: row for row in (await list_items(bank.second_reviewer)).rows}
        assert rows[first].committing and not rows[second].committing
        own = await open_item(bank.reviewer, first)
        assert own.standing is Standing.LOOK and not own.may_take and "U takes it back" in own.why
        (mine,) = await waiting(bank.reviewer)
        assert (mine.item_id, mine.amount, mine.act) == (first, Decimal("208.00"), Act.PAY)
        assert await waiting(bank.second_reviewer) == ()
        # Not before its time, not even when asked.
        assert await commit_due(bank.institution_id) == 0
        assert await commit_pending(bank.institution_id, first) is None

        await let_time_pass(bank)
        assert await commit_due(bank.institution_id) == 1
        assert (await view_of(bank.reviewer, first)).status is Status.APPROVED
        async with transaction(bank.system) as session:
            decision = (await session.execute(select(Decision))).scalar_one()
            evidence = (await session.execute(select(Evidence))).scalar_one()
        at = datetime.fromisoformat(decision.details["submitted_at"])
        assert at < decision.decided_at and decision.actor_id == bank.reviewer.user_id
        assert f'"session":"{bank.reviewer.session}"' in evidence.snapshot
        assert '"viewed_ms":{"back":700,"front":2000}' in evidence.snapshot
        assert await events(bank, first) == ["item.claimed", "item.submitted", "item.decided"]
        assert await commit_due(bank.institution_id) == 0
        with pytest.raises(TooLate):
            await undo(bank.reviewer, first)
        assert (await verify_all()).ok

    run(story())


def test_undone_the_item_is_in_ones_hands_with_its_draft_and_the_next_one_free(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (first, second) = await bank_with(tmp_path, "208.00", "300.00")
        draft = Draft(act=Act.PAY, note="looks right")
        await pay(bank.reviewer, first, draft=draft, then_next=True)
        with pytest.raises(TooLate):
            await undo(bank.second_reviewer, first)  # somebody else's
        await undo(bank.reviewer, first, giving_back=second)
        opened = await open_item(bank.reviewer, first)
        assert opened.standing is Standing.DECIDE and opened.draft == draft
        assert (await view_of(bank.reviewer, second)).status is Status.NEW
        assert await events(bank, first) == ["item.claimed", "item.submitted", "item.undone"]
        assert await events(bank, second) == ["item.claimed", "item.released"]
        await let_time_pass(bank)
        assert await commit_due(bank.institution_id) == 0
        assert await count(bank, Decision) == 0
        # And it can be decided otherwise.
        _, seen = await look(bank.reviewer, first)
        back = await submit(bank.reviewer, first, Submission(Stage.DECIDE, Choice(Act.REJECT, note="no")), seen)
        assert back.status is Status.REJECTED

    run(story())


def test_without_a_window_it_is_committed_at_once(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (item,) = await bank_with(tmp_path, "208.00")
        await set_thresholds(bank, undo_seconds=0)
        submitted = await pay(bank.reviewer, item, draft=Draft(note="x"))
        assert submitted.commit_at is None
        assert (await view_of(bank.reviewer, item)).status is Status.APPROVED
        assert await read_draft(bank.reviewer, item) is None
        async with transaction(bank.system) as session:
            assert (await session.execute(select(Decision.details))).scalar_one() == {"amount": "208.00"}

    run(story())


def test_what_is_refused_is_refused_at_once(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (item,) = await bank_with(tmp_path, "208.00")
        view, seen = await claimed(bank.reviewer, item)
        with pytest.raises(IncompleteChoice):
            await submit(bank.reviewer, item, Submission(Stage.DECIDE, Choice(Act.RETURN)), seen)
        with pytest.raises(StaleItem):
            await submit(bank.reviewer, item, PAY, replace(seen, version=view.version - 1))
        for actor in (bank.auditor, bank.administrator):
            with pytest.raises(NotAllowed):
                await submit(actor, item, PAY, seen)
        with pytest.raises(NotAllowed):
            await submit(bank.reviewer, item, second_signature(agree=True, note=""), seen)
        assert await count(bank, PendingDecision) == 0

    run(story())


def test_a_committing_item_is_neither_taken_decided_nor_given_back(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (item,) = await bank_with(tmp_path, "208.00")
        _, seen = await claimed(bank.reviewer, item)
        await submit(bank.reviewer, item, PAY, seen)
        with pytest.raises(AlreadySubmitted):
            await submit(bank.reviewer, item, PAY, seen)
        with pytest.raises(AlreadySubmitted):
            await decide(bank.reviewer, item, Choice(Act.PAY), seen)
        with pytest.raises(AlreadySubmitted):
            await claim(bank.reviewer, item)
        with pytest.raises(HeldByOther):
            await claim(bank.supervisor, item)
        await release(bank.reviewer, item)
        assert await claim_next(bank.second_reviewer) is None
        # The claim stands whatever the timeout; touching it makes it no shorter.
        assert await touch(bank.reviewer, item)
        assert await release_expired(bank.system) == 0
        async with transaction(bank.system) as session:
            expires = (await session.execute(select(Claim.expires_at))).scalar_one()
            commit_at = (await session.execute(select(PendingDecision.commit_at))).scalar_one()
        assert expires > commit_at + timedelta(hours=20)

    run(story())


async def amount_raised(bank: Bank, item: UUID) -> None:
    async with transaction(bank.system) as session:
        row = await session.get_one(CheckItem, item)
        row.amount = Decimal("900.00")
        row.version += 1


async def policy_activated(bank: Bank, item: UUID) -> None:
    await set_thresholds(bank, view_both_sides=True)


async def limit_lowered(bank: Bank, item: UUID) -> None:
    async with transaction(bank.system) as session:
        await session.execute(update(User).where(User.id == bank.reviewer.user_id).values(amount_limit=Decimal(100)))


async def role_taken_away(bank: Bank, item: UUID) -> None:
    """The person holds a role that decides nothing, and still claims."""
    async with transaction(bank.system) as session:
        role = CustomRole(
            institution_id=bank.institution_id, key="custom:looks", name="Looks", copied_from="reviewer",
            permissions=["item:claim", "item:read", "queue:read"],
        )  # fmt: skip
        session.add(role)
        await session.flush()
        held = await session.get_one(UserRole, (bank.reviewer.user_id, "reviewer"))
        await session.delete(held)
        await session.flush()
        session.add(
            UserRole(institution_id=bank.institution_id, user_id=bank.reviewer.user_id, role="custom:looks",
                     custom_role_id=role.id)
        )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (amount_raised, "changed after you opened it"),
        (policy_activated, "changed after you opened it"),
        (limit_lowered, "Your limit was changed"),
        (role_taken_away, "Your role does not allow this"),
    ],
)
def test_a_refused_commit_leaves_the_item_with_its_person_and_the_draft(
    run: Callable, tmp_path: Path, change: Callable, why: str
) -> None:
    async def story() -> None:
        bank, (item,) = await bank_with(tmp_path, "208.00")
        await pay(bank.reviewer, item, draft=Draft(act=Act.PAY, note="mine"))
        await change(bank, item)
        await let_time_pass(bank)
        committed = await commit_pending(bank.institution_id, item)
        assert committed is not None and committed.status is None and why in committed.refused
        assert await count(bank, Decision) == 0
        view = await view_of(bank.reviewer, item)
        assert view.status is Status.IN_REVIEW
        assert view.holder is not None and view.holder.user_id == bank.reviewer.user_id
        assert view.holder.expires_at < datetime.now(UTC) + timedelta(hours=1)
        assert await read_draft(bank.reviewer, item) == Draft(act=Act.PAY, note="mine")
        assert [why in text for text in await told(bank, bank.reviewer)] == [True]
        assert (await events(bank, item))[-1] == "item.commit_refused"
        assert (await verify_all()).ok

    run(story())


def test_deactivated_within_the_window_the_item_goes_back(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (item,) = await bank_with(tmp_path, "208.00")
        await pay(bank.reviewer, item)
        assert await deactivate(bank.administrator, bank.reviewer.user_id, "left the bank") == 1
        await let_time_pass(bank)
        assert await commit_due(bank.institution_id) == 0
        assert (await view_of(bank.system, item)).status is Status.NEW
        assert (await events(bank, item))[-2:] == ["item.commit_refused", "item.released"]

    run(story())


def test_deactivated_at_the_very_moment_nothing_is_committed(run: Callable, tmp_path: Path) -> None:
    """The account is closed and its items are not given back yet."""

    async def story() -> None:
        bank, (item,) = await bank_with(tmp_path, "208.00")
        await pay(bank.reviewer, item)
        async with transaction(bank.system) as session:
            await session.execute(update(User).where(User.id == bank.reviewer.user_id).values(active=False))
        await let_time_pass(bank)
        committed = await commit_pending(bank.institution_id, item)
        assert committed is not None and "no longer active" in committed.refused
        view = await view_of(bank.system, item)
        assert view.status is Status.NEW and view.holder is None

    run(story())


def test_nobody_is_assigned_what_is_being_committed(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (item,) = await bank_with(tmp_path, "208.00")
        await pay(bank.reviewer, item)
        result = await assign(bank.supervisor, [item], bank.second_reviewer.user_id, "knows the customer")
        assert "Reviewer is working on this check" in result.refused[item]
        await let_time_pass(bank)
        await commit_due(bank.institution_id)
        assert (await view_of(bank.system, item)).status is Status.APPROVED

    run(story())


def test_undo_against_commit_has_one_outcome(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, items = await bank_with(tmp_path, *["208.00"] * 12)
        for item in items:
            await pay(bank.reviewer, item)
        await let_time_pass(bank)
        undone = 0
        for item in items:
            outcomes = await asyncio.gather(
                patiently(partial(commit_pending, bank.institution_id, item)),
                patiently(partial(undo, bank.reviewer, item)),
                patiently(partial(commit_pending, bank.institution_id, item)),
                return_exceptions=True,
            )
            late = isinstance(outcomes[1], TooLate)
            committed = sum(one is not None for one in (outcomes[0], outcomes[2]))
            assert committed == (1 if late else 0), outcomes
            undone += not late
        assert await count(bank, Decision) == len(items) - undone
        assert await count(bank, PendingDecision) == 0
        assert (await verify_all()).ok

    run(story())


def test_the_process_that_took_it_commits_at_the_moment(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (item,) = await bank_with(tmp_path, "208.00")
        await set_thresholds(bank, undo_seconds=1)
        submitted = await pay(bank.reviewer, item)
        window = timedelta(seconds=submitted.undo_seconds)
        committed = await commit_when_due(bank.institution_id, item, window)
        assert committed is not None and committed.status is Status.APPROVED

    run(story())


def test_a_large_one_waits_and_becomes_a_recommendation(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (item,) = await bank_with(tmp_path, "6100.04")
        recommended = await pay(bank.reviewer, item)
        assert recommended.status is Status.PENDING_APPROVAL
        assert recommended.undo_seconds == 8, "where the policy says nothing else"
        await let_time_pass(bank)
        assert await commit_due(bank.institution_id) == 1
        _, seen = await claimed(bank.approver, item)
        submitted = await submit(bank.approver, item, second_signature(agree=True, note="seen"), seen)
        assert submitted.status is Status.APPROVED
        assert (await view_of(bank.system, item)).status is Status.PENDING_APPROVAL
        with pytest.raises(HeldByOther):
            await claim(bank.supervisor, item)
        await let_time_pass(bank)
        assert await commit_due(bank.institution_id) == 1
        assert (await view_of(bank.system, item)).status is Status.APPROVED

    run(story())
