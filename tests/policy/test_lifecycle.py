"""The life of a version: two people, one active at any moment, and a database that holds both by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest
from sqlalchemy import select, text

from console.access.held import InvalidPerson
from console.access.permissions import NotAllowed
from console.access.step_up import CodeNeeded
from console.actor import Actor
from console.notices.inbox import list_notices
from console.notices.kinds import NoticeKind
from console.notices.words import leads_to
from console.policy.activation import When, activate, activate_due, schedule
from console.policy.lifecycle import PAIRS, VersionStatus
from console.policy.restoring import restore
from console.policy.reviewing import approve, discard, send_back, send_for_review, withdraw
from console.policy.version_errors import (
    BadMoment,
    NothingChanged,
    NotNow,
    NotRestorable,
    OwnVersion,
    SeenOther,
    UnusableVersion,
)
from console.policy.versions import active_policy, add_draft
from console.roles import Role
from db.engine import transaction
from db.models import AuditEntry, PolicyContributor, PolicyStep, PolicyVersion
from tests.conftest import Database
from tests.factories import Bank, make_bank, make_person, second_supervisor, sent_version
from tests.review.racer import patiently

NOW = When.immediately()


async def document(bank: Bank, **thresholds: object) -> dict[str, Any]:
    async with transaction(bank.system) as session:
        now = (await active_policy(session)).document.model_dump(mode="json")
    return now | {"thresholds": now["thresholds"] | thresholds}


async def version(bank: Bank, version_id: UUID) -> PolicyVersion:
    async with transaction(bank.system) as session:
        return (await session.scalars(select(PolicyVersion).where(PolicyVersion.id == version_id))).one()


async def sent(bank: Bank, amount: str = "7500.00") -> UUID:
    return await sent_version(bank, await document(bank, dual_control_amount=amount))


async def steps(bank: Bank, version_id: UUID) -> list[tuple[str, str, str]]:
    async with transaction(bank.system) as session:
        rows = select(PolicyStep).where(PolicyStep.version_id == version_id).order_by(PolicyStep.at)
        return [(row.act, row.by_name, row.reason) for row in await session.scalars(rows)]


def test_from_draft_to_retired(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        second = second_supervisor(bank)
        new = await sent(bank)
        await approve(second, new, 1, NOW, reevaluate=False)
        row = await version(bank, new)
        assert (row.status, row.approved_by, row.retired_at) == ("active", second.user_id, None)
        async with transaction(bank.system) as session:
            active = await active_policy(session)
            first = (await session.scalars(select(PolicyVersion).where(PolicyVersion.number == 1))).one()
            trail = list(
                await session.scalars(
                    select(AuditEntry.action).where(AuditEntry.object_id == str(new)).order_by(AuditEntry.sequence)
                )
            )
        assert (active.id, str(active.document.thresholds.dual_control_amount)) == (new, "7500.00")
        # The one ends in the very moment in which the other begins.
        assert (first.status, first.retired_at) == ("retired", row.activated_at)
        assert trail == ["policy.sent", "policy.approved", "policy.activated"]
        assert await steps(bank, new) == [
            ("send", "Supervisor", "for the tests"), ("approve", "Approver", ""), ("activate", "Approver", ""),
        ]  # fmt: skip

    run(story())


def test_nobody_approves_what_they_wrote(run: Callable, database: Database) -> None:
    async def story() -> UUID:
        bank = await make_bank()
        second = second_supervisor(bank)
        new = await sent(bank)
        with pytest.raises(OwnVersion):
            await approve(bank.supervisor, new, 1, NOW, reevaluate=False)
        await withdraw(second, new, "one figure more")
        # Whoever changed a word of the draft is a writer too, and so is who sent it.
        async with transaction(second) as session:
            row = await session.get(PolicyVersion, new)
            assert row is not None
            row.document = await document(bank, dual_control_amount="8000.00")
            row.revision, row.saved_by = 2, second.user_id
        await send_for_review(bank.supervisor, new, 2, "again")
        with pytest.raises(OwnVersion):
            await approve(second, new, 2, NOW, reevaluate=False)
        third = replace(second_supervisor(bank), user_id=bank.reviewer.user_id)
        async with transaction(bank.system) as session:
            writers = set(await session.scalars(select(PolicyContributor.user_id)))
        assert writers == {bank.supervisor.user_id, second.user_id}
        with pytest.raises(SeenOther):
            await approve(third, new, 1, NOW, reevaluate=False)
        await approve(third, new, 2, NOW, reevaluate=False)
        return bank.institution_id

    run(story())


def test_permission_and_a_fresh_code(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        second = second_supervisor(bank)
        new = await sent(bank)
        with pytest.raises(NotAllowed):
            await approve(bank.approver, new, 1, NOW, reevaluate=False)
        old = datetime.now(UTC) - timedelta(minutes=11)
        for stale in (replace(second, code_at=None), replace(second, code_at=old)):
            with pytest.raises(CodeNeeded):
                await approve(stale, new, 1, NOW, reevaluate=False)
        await approve(second, new, 1, When(), reevaluate=False)
        for work in (activate(replace(second, code_at=old), new, reevaluate=False),
                     schedule(replace(second, code_at=old), new, None, reevaluate=False)):  # fmt: skip
            with pytest.raises(CodeNeeded):
                await work
        assert (await version(bank, new)).status == "approved"
        await activate(second, new, reevaluate=True)
        assert (await version(bank, new)).reevaluate

    run(story())


def test_a_step_back_has_a_reason_and_undoes_the_approval(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        second = second_supervisor(bank)
        new = await sent(bank)
        with pytest.raises(InvalidPerson):
            await send_back(second, new, "  ")
        await send_back(second, new, "too high")
        await send_for_review(bank.supervisor, new, 1, "it is not")
        await approve(second, new, 1, When.on(datetime.now(UTC) + timedelta(days=1)), reevaluate=True)
        await withdraw(bank.supervisor, new, "it was too high")
        row = await version(bank, new)
        assert (row.status, row.approved_by, row.scheduled_for) == ("draft", None, None)
        with pytest.raises(NotNow):
            await approve(second, new, 1, NOW, reevaluate=False)
        await discard(bank.supervisor, new, "no use")
        assert (await version(bank, new)).status == "retired"
        with pytest.raises(NotNow):
            await send_for_review(bank.supervisor, new, 1, "after all")
        with pytest.raises(NotRestorable):
            await restore(bank.supervisor, new, "after all")
        same = await document(bank)
        async with transaction(bank.supervisor) as session:
            draft = await add_draft(session, bank.supervisor, same, based_on=new)
        with pytest.raises(NothingChanged):
            await send_for_review(bank.supervisor, draft.id, 1, "nothing")

    run(story())


def test_activation_at_its_moment_by_one_worker_alone(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        second, moment = second_supervisor(bank), datetime.now(UTC) + timedelta(hours=1)
        new, other = await sent(bank), await sent(bank, "9000.00")
        last = datetime(9999, 12, 31, 23, 59, tzinfo=ZoneInfo("America/New_York"))
        for never in (datetime.now(UTC) - timedelta(minutes=1), last):
            with pytest.raises(BadMoment):
                await approve(second, new, 1, When.on(never), reevaluate=False)
        await approve(second, new, 1, When.on(moment), reevaluate=False)
        with pytest.raises(BadMoment):
            await approve(second, other, 1, When.on(moment), reevaluate=False)
        await approve(second, other, 1, When.on(moment + timedelta(days=10)), reevaluate=False)
        assert await activate_due(bank.system) == 0
        async with transaction(bank.system) as session:
            await session.execute(
                text("update policy_version set scheduled_for = now() - interval '1 minute' where id = :id"),
                {"id": new},
            )
        assert sum(await asyncio.gather(*(patiently(partial(activate_due, bank.system)) for _ in range(3)))) == 1
        assert (await version(bank, new)).status == "active"
        assert (await version(bank, other)).status == "approved"
        assert [act for act, *_ in await steps(bank, new)].count("activate") == 1

    run(story())


def test_what_cannot_be_activated_loses_its_moment_and_says_why(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        second = second_supervisor(bank)
        rule = {
            "id": "r-1", "name": "Elsewhere", "when": {"field": "amount", "op": "greater", "value": "1.00"},
            "then": [{"do": "route_to", "queue": "nowhere"}],
        }  # fmt: skip
        new = await sent_version(bank, await document(bank) | {"rules": [rule]})
        with pytest.raises(UnusableVersion, match="nowhere"):
            await approve(second, new, 1, NOW, reevaluate=False)
        await approve(second, new, 1, When.on(datetime.now(UTC) + timedelta(hours=1)), reevaluate=False)
        async with transaction(bank.system) as session:
            await session.execute(text("update policy_version set scheduled_for = now() where id = :id"), {"id": new})
        assert await activate_due(bank.system) == 0
        row = await version(bank, new)
        assert (row.status, row.scheduled_for) == ("approved", None)
        assert "nowhere" in (await steps(bank, new))[-1][2]

    run(story())


def test_two_activations_at_once_leave_one_active(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        second = second_supervisor(bank)
        new, other = await sent(bank), await sent(bank, "9000.00")
        for one in (new, other):
            await approve(second, one, 1, When(), reevaluate=False)
        await asyncio.gather(*(patiently(partial(activate, second, one, reevaluate=False)) for one in (new, other)))
        async with transaction(bank.system) as session:
            rows = list(await session.scalars(select(PolicyVersion).order_by(PolicyVersion.activated_at)))
        assert [row.status for row in rows] == ["retired", "retired", "active"]
        assert all(a.retired_at == b.activated_at for a, b in pairwise(rows))

    run(story())


def test_rollback_is_the_older_one_as_a_new_one(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        second = second_supervisor(bank)
        await approve(second, await sent(bank), 1, NOW, reevaluate=False)
        async with transaction(bank.system) as session:
            first = (await session.scalars(select(PolicyVersion).where(PolicyVersion.number == 1))).one()
        back = await restore(bank.supervisor, first.id, "more fraud than before")
        row = await version(bank, back)
        assert (row.number, row.status, row.restores, row.document) == (3, "in_review", first.id, first.document)
        with pytest.raises(OwnVersion):
            await approve(bank.supervisor, back, 1, NOW, reevaluate=False)
        await approve(second, back, 1, NOW, reevaluate=False)
        assert (await version(bank, first.id)).status == "retired"
        with pytest.raises(NotRestorable):
            await restore(bank.supervisor, back, "it is active")

    run(story())


def test_the_database_holds_the_same_steps(database: Database) -> None:
    with psycopg.connect(database.owner_url) as owner:
        rows = owner.execute("select from_status, to_status from policy_transition").fetchall()
    assert set(rows) == {(before.value, after.value) for before, after in PAIRS}
    assert {status for pair in PAIRS for status in pair} == set(VersionStatus)


REFUSED = {
    "no step past the table": ("update policy_version set status = 'active' where number = 2", "no transition"),
    "no approval without an approver": (
        "update policy_version set status = 'approved' where number = 2", "nobody approved",
    ),
    "no approval by a writer": (
        "update policy_version set status = 'approved', approved_by = created_by where number = 2", "whoever wrote",
    ),
    "no change out of a draft": (
        "update policy_version set document = document || '{\"rules\": []}', revision = revision + 1,"
        " note = 'x' || note where number = 1", "is no draft",
    ),
    "no other author": (
        "update policy_version set created_by = null where number = 2", "comes from",
    ),
    "no second beginning": (
        "insert into policy_version (id, institution_id, number, status, document, activated_at)"
        " select gen_random_uuid(), institution_id, 9, 'active', document, now() from policy_version limit 1",
        "begins as a draft",
    ),
    "no other times": (
        "update policy_version set activated_at = activated_at - interval '1 day' where number = 1", "since when",
    ),
    "no writer is forgotten": ("delete from policy_contributor", "permission denied"),
    "no history is rewritten": ("update policy_step set reason = ''", "permission denied"),
}  # fmt: skip


def test_the_database_refuses_by_itself(run: Callable, database: Database) -> None:
    async def story() -> UUID:
        bank = await make_bank()
        new = await sent(bank)
        async with transaction(bank.system) as session:
            await session.execute(text("update policy_version set note = 'x' where number = 1"))
            document = (await session.scalars(select(PolicyVersion.document).where(PolicyVersion.number == 1))).one()
        assert "rules" in document and new
        return bank.institution_id

    institution = run(story())
    for name, (statement, why) in REFUSED.items():
        with psycopg.connect(database.url) as connection:
            connection.execute("select set_config('console.institution_id', %s, false)", (str(institution),))
            if "document = document" in statement:
                statement = statement.replace('{"rules": []}', '{"other": 1}')
            with pytest.raises(psycopg.Error, match=why):
                connection.execute(statement)
                pytest.fail(f"{name}: it was not refused")
    with (
        psycopg.connect(database.owner_url) as owner,
        pytest.raises(psycopg.errors.ExclusionViolation, match="ex_policy_version_active"),
    ):
        # Whatever an owner tries: two are never active at one moment.
        owner.execute("alter table policy_version disable trigger guard_policy_version")
        owner.execute("drop index uq_policy_version_active")
        owner.execute("update policy_version set status = 'active', activated_at = now() where number = 2")


def test_who_is_told(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        third = await make_person(bank.system, "third", Role.SUPERVISOR)
        new = await sent(bank)

        async def told(person: Actor) -> list[tuple[str, Any]]:
            return [(one.kind.value, one.values.get("version")) for one in (await list_notices(person)).notices]

        # Nobody is told who wrote a part of it, or may not approve it.
        assert await told(third) == [("policy_waiting", 2)]
        assert await told(bank.supervisor) == await told(bank.approver) == []
        await send_back(third, new, "too high")
        assert await told(bank.supervisor) == [("policy_sent_back", 2)]
        await send_for_review(bank.supervisor, new, 1, "it is not")
        assert await told(third) == [("policy_waiting", 2)] * 2
        await approve(third, new, 1, NOW, reevaluate=False)
        assert (await told(bank.supervisor))[0] == ("policy_active", 2)
        assert leads_to(NoticeKind.POLICY_ACTIVE, None, {"version": 2}) == "/policy/2"

    run(story())
