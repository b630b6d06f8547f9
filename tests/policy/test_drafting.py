"""Drafts of the policy: made, saved by revision, kept unsaved per person, and who else is on one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from copy import deepcopy
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from console.access.permissions import NotAllowed
from console.actor import Actor
from console.policy.activation import When
from console.policy.changed_parts import changed_parts, only
from console.policy.drafting import make_draft, open_draft, save_draft
from console.policy.errors import ChangedMeanwhile, DraftTooLarge, VersionNotFound
from console.policy.presence import be_here, leave
from console.policy.reviewing import approve, send_for_review
from console.policy.working_copies import forget_ended, forget_unsaved, keep_unsaved
from console.roles import Role
from db.engine import transaction
from db.models import AuditEntry
from tests.factories import Bank, make_bank, make_person
from tests.review.racer import patiently

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture
def bank(run: Run) -> Bank:
    made: Bank = run(make_bank())
    return made


def with_dual_control(document: dict[str, Any], amount: str) -> dict[str, Any]:
    changed = deepcopy(document)
    changed["thresholds"]["dual_control_amount"] = amount
    return changed


async def entries(actor: Actor, action: str) -> list[AuditEntry]:
    async with transaction(actor) as session:
        query = select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.sequence)
        return list(await session.scalars(query))


def test_a_draft_is_made_from_the_active_version_and_saved_with_its_change_audited(run: Run, bank: Bank) -> None:
    async def story() -> None:
        draft_id = await make_draft(bank.supervisor)
        opened = await open_draft(bank.supervisor, draft_id)
        assert opened.is_draft
        assert (opened.number, opened.revision, opened.author) == (2, 1, "Supervisor")
        assert opened.base and opened.active and opened.base.number == opened.active.number == 1
        assert opened.document == opened.active.document
        before = opened.document["thresholds"]["dual_control_amount"]
        saved = await save_draft(bank.supervisor, draft_id, with_dual_control(opened.document, "7500"), opened.revision)
        assert saved.revision == 2
        again = await open_draft(bank.supervisor, draft_id)
        assert again.document["thresholds"]["dual_control_amount"] == "7500.00" or again.document == saved.document
        assert (again.revision, again.saved_by) == (2, "Supervisor")
        assert again.active and again.active.document["thresholds"]["dual_control_amount"] == before
        (entry,) = await entries(bank.supervisor, "policy.draft_saved")
        assert entry.object_id == str(draft_id)
        assert entry.before == {"thresholds": {"dual_control_amount": before}, "rules": {}, "revision": 1}
        assert entry.after and entry.after["revision"] == 2
        (made,) = await entries(bank.supervisor, "policy.drafted")
        assert made.after == {"number": 2, "from": 1}

    run(story())


def test_saving_what_does_not_differ_writes_nothing(run: Run, bank: Bank) -> None:
    async def story() -> None:
        draft_id = await make_draft(bank.supervisor)
        opened = await open_draft(bank.supervisor, draft_id)
        saved = await save_draft(bank.supervisor, draft_id, opened.document, opened.revision)
        assert saved.revision == opened.revision
        assert await entries(bank.supervisor, "policy.draft_saved") == []

    run(story())


def test_the_second_of_two_saves_is_refused_with_what_the_other_saved_and_goes_over_it_knowingly(
    run: Run, bank: Bank
) -> None:
    async def story() -> None:
        second = await make_person(bank.system, "second_supervisor", Role.SUPERVISOR)
        draft_id = await make_draft(bank.supervisor)
        mine = await open_draft(bank.supervisor, draft_id)
        theirs = await open_draft(second, draft_id)
        await save_draft(second, draft_id, with_dual_control(theirs.document, "6000.00"), theirs.revision)
        wanted = with_dual_control(mine.document, "9000.00")
        await keep_unsaved(bank.supervisor, draft_id, mine.revision, mine.document, wanted)
        with pytest.raises(ChangedMeanwhile, match="Second Supervisor saved this draft") as refused:
            await save_draft(bank.supervisor, draft_id, wanted, mine.revision)
        assert refused.value.document["thresholds"]["dual_control_amount"] == "6000.00"
        kept = await open_draft(bank.supervisor, draft_id)
        assert kept.document["thresholds"]["dual_control_amount"] == "6000.00"
        assert kept.own and kept.own.document == wanted and kept.own.base == mine.document
        await save_draft(bank.supervisor, draft_id, wanted, refused.value.revision)
        final = await open_draft(second, draft_id)
        assert final.document["thresholds"]["dual_control_amount"] == "9000.00"
        assert (final.revision, final.saved_by, final.own) == (3, "Supervisor", None)

    run(story())


def test_of_two_saves_at_the_same_moment_one_is_refused(run: Run, bank: Bank) -> None:
    async def story() -> None:
        draft_id = await make_draft(bank.supervisor)
        opened = await open_draft(bank.supervisor, draft_id)
        saves = (
            patiently(partial(save_draft, bank.supervisor, draft_id, wanted, opened.revision))
            for wanted in (with_dual_control(opened.document, f"{amount}.00") for amount in (6000, 7000, 8000))
        )
        outcomes = await asyncio.gather(*saves, return_exceptions=True)
        assert sorted(type(one).__name__ for one in outcomes) == ["ChangedMeanwhile", "ChangedMeanwhile", "SavedDraft"]
        assert (await open_draft(bank.supervisor, draft_id)).revision == 2

    run(story())


def test_drafts_made_at_the_same_moment_have_numbers_of_their_own(run: Run, bank: Bank) -> None:
    async def story() -> None:
        ids = await asyncio.gather(*(patiently(partial(make_draft, bank.supervisor)) for _ in range(3)))
        numbers = [(await open_draft(bank.supervisor, one)).number for one in ids]
        assert sorted(numbers) == [2, 3, 4]

    run(story())


def test_what_is_not_saved_is_kept_for_its_person_alone_and_may_be_unfinished(run: Run, bank: Bank) -> None:
    async def story() -> None:
        second = await make_person(bank.system, "second_supervisor", Role.SUPERVISOR)
        draft_id = await make_draft(bank.supervisor)
        opened = await open_draft(bank.supervisor, draft_id)
        unfinished = with_dual_control(opened.document, "not a")
        await keep_unsaved(bank.supervisor, draft_id, 1, opened.document, unfinished)
        own = (await open_draft(bank.supervisor, draft_id)).own
        assert own and own.document == unfinished and own.revision == 1
        assert (await open_draft(second, draft_id)).own is None
        with pytest.raises(ValueError, match="thresholds › dual control amount"):
            await save_draft(bank.supervisor, draft_id, unfinished, 1)
        assert (await open_draft(bank.supervisor, draft_id)).own is not None
        await forget_unsaved(bank.supervisor, draft_id)
        assert (await open_draft(bank.supervisor, draft_id)).own is None
        with pytest.raises(DraftTooLarge):
            await keep_unsaved(bank.supervisor, draft_id, 1, opened.document, {"rules": ["x" * 900_000]})

    run(story())


def test_what_is_unsaved_of_a_version_that_became_active_is_removed(run: Run, bank: Bank) -> None:
    async def story() -> None:
        second = await make_person(bank.system, "second_supervisor", Role.SUPERVISOR)
        kept, activated = await make_draft(bank.supervisor), await make_draft(bank.supervisor)
        document = (await open_draft(bank.supervisor, activated)).document
        for one in (kept, activated):
            await keep_unsaved(second, one, 1, document, document)
        await save_draft(bank.supervisor, activated, with_dual_control(document, "7500.00"), 1)
        await send_for_review(bank.supervisor, activated, 2, "larger")
        assert await forget_ended(bank.system) == 0
        await approve(second, activated, 2, When.immediately(), reevaluate=False)
        assert await forget_ended(bank.system) == 1
        assert (await open_draft(second, kept)).own is not None
        assert (await open_draft(second, activated)).own is None

    run(story())


def test_who_may_only_look_changes_nothing(run: Run, bank: Bank) -> None:
    async def story() -> None:
        draft_id = await make_draft(bank.supervisor)
        for looks in (bank.approver, bank.auditor):
            opened = await open_draft(looks, draft_id)
            for attempt in (
                make_draft(looks),
                save_draft(looks, draft_id, opened.document, 1),
                keep_unsaved(looks, draft_id, 1, opened.document, opened.document),
                forget_unsaved(looks, draft_id),
                be_here(looks, draft_id),
                leave(looks, draft_id),
            ):
                with pytest.raises(NotAllowed):
                    await attempt
        with pytest.raises(NotAllowed):
            await open_draft(bank.administrator, draft_id)
        with pytest.raises(VersionNotFound):
            await open_draft(bank.supervisor, uuid4())
        with pytest.raises(VersionNotFound):
            await make_draft(bank.supervisor, uuid4())

    run(story())


def test_two_people_on_a_draft_see_each_other_until_they_leave(run: Run, bank: Bank) -> None:
    async def story() -> None:
        second = await make_person(bank.system, "second_supervisor", Role.SUPERVISOR)
        draft_id, other_draft = await make_draft(bank.supervisor), await make_draft(bank.supervisor)
        assert await be_here(bank.supervisor, draft_id) == ()
        (seen,) = await be_here(second, draft_id, "New account", unsaved=True)
        assert (seen.name, seen.place, seen.unsaved) == ("Supervisor", "", False)
        (seen,) = await be_here(bank.supervisor, draft_id)
        assert (seen.name, seen.place, seen.unsaved) == ("Second Supervisor", "New account", True)
        assert await be_here(second, other_draft) == ()
        await leave(second, draft_id)
        assert await be_here(bank.supervisor, draft_id) == ()

    run(story())


def rule(key: str, name: str = "A rule") -> dict[str, Any]:
    return {"id": key, "name": name}


def test_the_parts_that_differ_are_named_each_once() -> None:
    before = {"thresholds": {"a": "1", "b": "2"}, "rules": [rule("x"), rule("y"), rule("z")]}
    after = {"thresholds": {"a": "1", "b": "3"}, "rules": [rule("z"), rule("y", "Renamed"), rule("new")]}
    parts = changed_parts(before, after)
    assert (parts.thresholds, parts.added, parts.removed, parts.changed) == (("b",), ("new",), ("x",), ("y",))
    assert parts.reordered and parts.count == 5
    assert only(before, parts) == {
        "thresholds": {"b": "2"},
        "rules": {"x": rule("x"), "y": rule("y")},
        "order": ["x", "y", "z"],
    }
    assert changed_parts(before, deepcopy(before)).count == 0


def test_a_rule_that_is_only_added_or_taken_out_reorders_nothing() -> None:
    before = {"thresholds": {}, "rules": [rule("x"), rule("y")]}
    for after in ([rule("new"), rule("x"), rule("y")], [rule("y")]):
        parts = changed_parts(before, {"thresholds": {}, "rules": after})
        assert parts.count == 1 and not parts.reordered
