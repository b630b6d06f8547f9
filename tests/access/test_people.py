"""People: who may create them, which roles go together, and whom the sign-in finds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from console.access import people
from console.access.held import ConflictingRoles, InvalidPerson
from console.access.passwords import WeakPassword
from console.access.people import UsernameTaken, create_user, find_account
from console.access.permissions import NotAllowed
from console.actor import system_actor
from console.institution import QUEUES, ensure_institution
from console.roles import Role
from console.settings import Settings
from db.engine import transaction
from db.models import AuditEntry, Institution, Queue, User, UserRole
from tests.factories import PASSWORD, make_bank


def test_only_who_manages_people_creates_them(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        for actor in (bank.reviewer, bank.approver, bank.supervisor, bank.auditor):
            with pytest.raises(NotAllowed):
                await create_user(actor, "new", "New", PASSWORD, {Role.REVIEWER})
        user_id = await create_user(bank.administrator, " N.Ew ", "  New   Person ", PASSWORD, {Role.AUDITOR})
        async with transaction(bank.system) as session:
            user = await session.get_one(User, user_id)
            role = (await session.scalars(select(UserRole).where(UserRole.user_id == user_id))).one()
            entry = (await session.scalars(select(AuditEntry).where(AuditEntry.object_id == str(user_id)))).one()
        assert (user.username, user.display_name, user.totp_secret) == ("N.Ew", "New Person", None)
        assert (role.role, role.granted_by) == ("auditor", bank.administrator.user_id)
        assert entry.action == "user.created" and entry.actor_id == bank.administrator.user_id
        who = {"username": "N.Ew", "display_name": "New Person", "email": None}
        assert entry.after == who | {"roles": ["auditor"]}
        assert PASSWORD not in str(entry.after) and PASSWORD not in user.password_hash

    run(story())


def test_what_is_refused(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        for deciding in (Role.REVIEWER, Role.APPROVER, Role.SUPERVISOR):
            with pytest.raises(ConflictingRoles):
                await create_user(bank.system, "both", "Both", PASSWORD, {Role.ADMINISTRATOR, deciding})
        with pytest.raises(UsernameTaken):
            await create_user(bank.system, "REVIEWER", "Again", PASSWORD, {Role.REVIEWER})
        for username in ("", " ", "a b", "x" * 65, "a\nb", "a\x00b"):
            with pytest.raises(InvalidPerson):
                await create_user(bank.system, username, "Name", PASSWORD, {Role.REVIEWER})
        for name in ("", "  ", "x" * 101, "a\x07b"):
            with pytest.raises(InvalidPerson):
                await create_user(bank.system, "name", name, PASSWORD, {Role.REVIEWER})
        with pytest.raises(InvalidPerson):
            await create_user(bank.system, "none", "None", PASSWORD, set())
        with pytest.raises(WeakPassword):
            await create_user(bank.system, "weak", "Weak", "short", {Role.REVIEWER})

    run(story())


def test_whom_the_sign_in_finds(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        account = await find_account("ReViewer")
        assert account is not None and account.person.user_id == bank.reviewer.user_id
        assert account.person.roles == {Role.REVIEWER}
        for nobody in ("nobody", "", "review%", "reviewe_", "x" * 65, "a\x00b", "' or 1=1 --"):
            assert await find_account(nobody) is None
        # The id of one bank's person names nobody in another bank.
        assert await people.read_account(uuid4(), bank.reviewer.user_id) is None

    run(story())


def test_a_second_factor_works_until_the_next_one_is_confirmed(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        person = bank.reviewer.user_id
        async with transaction(bank.system) as session:
            assert not await people.confirm_totp(session, person)  # there is none yet
            assert await people.set_totp(session, person, "JBSWY3DPEHPK3PXP")
        async with transaction(system_actor(uuid4(), "another institution")) as session:
            assert not await people.set_totp(session, person, "GEZDGNBVGY3TQOJQ")
            assert not await people.confirm_totp(session, person)
        async with transaction(bank.system) as session:
            assert await people.confirm_totp(session, person)
            assert not await people.confirm_totp(session, person)  # nothing waits any more
            assert await people.set_totp(session, person, "GEZDGNBVGY3TQOJQ")
            # What waits is confirmed as it was read, not as somebody else has replaced it meanwhile.
            assert not await people.confirm_totp(session, person, b"another one")
        account = await people.read_account(bank.institution_id, person)
        assert account is not None and account.totp_secret is not None
        assert b"JBSWY3DPEHPK3PXP" not in account.totp_secret
        assert people.totp.unseal(person, account.totp_secret) == "JBSWY3DPEHPK3PXP"

    run(story())


def test_replicas_that_start_together_make_one_institution(run: Callable, console: Settings) -> None:
    async def story() -> None:
        ids = await asyncio.gather(*(ensure_institution(console) for _ in range(5)))
        assert len(set(ids)) == 1
        async with transaction(system_actor(ids[0], "tests")) as session:
            institution = (await session.scalars(select(Institution))).one()
            queues = list(await session.scalars(select(Queue).order_by(Queue.position)))
            entries = await session.scalar(select(func.count()).select_from(AuditEntry))
        assert institution.routing_number == console.institution_routing_number
        assert [(queue.key, queue.name, queue.sla_hours) for queue in queues] == list(QUEUES)
        assert {queue.warning_minutes for queue in queues} == {None}
        assert entries == 1

    run(story())
