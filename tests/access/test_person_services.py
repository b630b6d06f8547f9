"""What administrators do with people: create, new passwords, leaving and coming back, and finding them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from console.access import passwords, sessions
from console.access.held import Access, ConflictingRoles, InvalidPerson, OwnAccess, PersonNotFound
from console.access.people import UsernameTaken, create_user, read_account
from console.access.permissions import NotAllowed, amount_limit
from console.access.person_list import Show, active_administrators, count_people, list_people, read_person
from console.access.person_services import create_person, reactivate, reset_password
from console.access.sessions import Stage
from console.access.visit import Visit
from console.actor import Actor, Bounds
from console.review.claims import claim
from console.review.leaving import deactivate
from console.review.queue import list_items
from console.review.queue_filter import Filter
from console.review.states import Status
from console.roles import Role
from db.engine import transaction
from db.models import AuditEntry, EarlierPassword, User, UserRole
from tests.factories import PASSWORD, Bank, import_items, item_ids, make_bank, x9_item


def access(*roles: Role | str, **bounds: object) -> Access:
    return Access(frozenset(str(role) for role in roles), Bounds(**bounds))  # type: ignore[arg-type]


async def signed_in(bank: Bank, person: Actor) -> str:
    """A session of this person; its token."""
    assert person.user_id is not None
    account = await read_account(bank.institution_id, person.user_id)
    assert account is not None
    return await sessions.start(account.person, Stage.FULL, Visit("127.0.0.1"))


async def audited(bank: Bank, action: str, subject: UUID) -> AuditEntry:
    """The one entry of this act on this object."""
    async with transaction(bank.system) as session:
        query = select(AuditEntry).where(AuditEntry.action == action, AuditEntry.object_id == str(subject))
        return (await session.scalars(query)).one()


def test_a_new_person_has_a_password_for_one_sign_in(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        wanted = access(Role.REVIEWER, amount_limit=Decimal("750.00"), queues=frozenset({"standard"}))
        created = await create_person(bank.administrator, "m.moss", "Mia Moss", wanted)
        account = await read_account(bank.institution_id, created.user_id)
        assert account is not None and account.must_change_password and account.active
        assert await passwords.verify(account.password_hash, created.password) and len(created.password) >= 20
        assert created.change_id is None and created.password not in repr(created)
        assert account.person.roles == {Role.REVIEWER} and account.person.bounds == wanted.bounds
        entry = await audited(bank, "user.created", created.user_id)
        assert created.password not in str(entry.after)
        second = await create_person(bank.administrator, "another", "Another", access(Role.AUDITOR))
        assert second.password != created.password
        with pytest.raises(UsernameTaken):
            await create_person(bank.administrator, "M.Moss", "Again", access(Role.AUDITOR))
        for refused in (access(), access("custom:none"), access("no-role"), access(Role.REVIEWER, queues={"x"})):
            with pytest.raises(InvalidPerson):
                await create_person(bank.administrator, "refused", "Refused", refused)
        for limit in ("-1", "0.001", "NaN", "Infinity", "9999999999999"):
            with pytest.raises(InvalidPerson):
                await create_person(
                    bank.administrator, "refused", "Refused", access(Role.REVIEWER, amount_limit=Decimal(limit))
                )
        with pytest.raises(InvalidPerson):
            await create_person(
                bank.administrator, "refused", "Refused", access(Role.REVIEWER, item_types=frozenset({"gold"}))
            )
        with pytest.raises(ConflictingRoles):
            await create_person(bank.administrator, "both", "Both", access(Role.ADMINISTRATOR, Role.APPROVER))
        for actor in (bank.reviewer, bank.approver, bank.supervisor, bank.auditor):
            with pytest.raises(NotAllowed):
                await create_person(actor, "new", "New", access(Role.AUDITOR))

    run(story())


def test_a_reset_password_ends_sessions_and_is_not_the_old_one(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        person = bank.reviewer.user_id
        assert person is not None
        token = await signed_in(bank, bank.reviewer)
        password = await reset_password(bank.administrator, person, "forgot it")
        assert not await sessions.is_alive(token)
        account = await read_account(bank.institution_id, person)
        assert account is not None and account.must_change_password
        assert await passwords.verify(account.password_hash, password)
        assert not await passwords.verify(account.password_hash, PASSWORD)
        assert (await audited(bank, "password.reset", person)).after == {"reason": "forgot it"}
        async with transaction(bank.system) as session:
            kept = (await session.scalars(select(EarlierPassword).where(EarlierPassword.user_id == person))).one()
        assert await passwords.verify(kept.password_hash, PASSWORD)
        # A one-time password that nobody used is none of theirs.
        await reset_password(bank.administrator, person, "again")
        async with transaction(bank.system) as session:
            assert (await session.execute(select(func.count()).select_from(EarlierPassword))).scalar_one() == 1
        assert bank.administrator.user_id is not None
        with pytest.raises(OwnAccess):
            await reset_password(bank.administrator, bank.administrator.user_id, "my own")
        with pytest.raises(InvalidPerson, match="Say why"):
            await reset_password(bank.administrator, person, " \x00 ")
        with pytest.raises(PersonNotFound):
            await reset_password(bank.administrator, uuid4(), "nobody")
        with pytest.raises(NotAllowed):
            await reset_password(bank.supervisor, person, "no administrator")

    run(story())


def test_who_leaves_is_signed_out_and_their_checks_return(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        await import_items(bank, tmp_path, [x9_item(n, "100.00", "021000021") for n in range(1, 4)])
        mine, also_mine, other = await item_ids(bank)
        await claim(bank.reviewer, mine)
        await claim(bank.reviewer, also_mine)
        await claim(bank.second_reviewer, other)
        tokens = [await signed_in(bank, bank.reviewer) for _ in range(2)]
        person, admin = bank.reviewer.user_id, bank.administrator.user_id
        assert person is not None and admin is not None
        assert (await read_person(bank.administrator, person)).claims == 2
        assert await deactivate(bank.administrator, person, "left the bank") == 2
        assert not any([await sessions.is_alive(token) for token in tokens])
        rows = {row.id: row for row in (await list_items(bank.supervisor, Filter())).rows}
        assert rows[mine].status is rows[also_mine].status is Status.NEW and rows[mine].holder is None
        assert rows[other].holder_id == bank.second_reviewer.user_id
        entry = await audited(bank, "user.deactivated", person)
        assert entry.after == {"reason": "left the bank", "released": 2} and entry.actor_id == admin
        view = await read_person(bank.administrator, person)
        assert not view.active and view.deactivated_at is not None and view.claims == 0
        account = await read_account(bank.institution_id, person)
        assert account is not None and not account.active

        with pytest.raises(InvalidPerson, match="already"):
            await deactivate(bank.administrator, person, "again")
        with pytest.raises(OwnAccess):
            await deactivate(bank.administrator, admin, "myself")
        with pytest.raises(NotAllowed):
            await deactivate(bank.supervisor, admin, "no administrator")
        await reactivate(bank.administrator, person, "came back")
        view = await read_person(bank.administrator, person)
        assert view.active and view.deactivated_at is None and [role.key for role in view.roles] == ["reviewer"]
        with pytest.raises(InvalidPerson, match="active already"):
            await reactivate(bank.administrator, person, "again")

    run(story())


def test_people_are_found_and_paged(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        async with transaction(bank.system) as session:
            session.add_all(
                User(
                    id=uuid4(),
                    institution_id=bank.institution_id,
                    username=f"U{n:03d}" if n % 2 else f"u{n:03d}",
                    display_name=f"Person {n}%",
                    password_hash="x",
                    active=n % 10 != 0,
                )
                for n in range(125)
            )
        names, after = [], None
        while True:
            page = await list_people(bank.auditor, "person", after=after, limit=25)
            names += [row.username for row in page.rows]
            if (after := page.next) is None:
                break
        assert len(names) == 112 == await count_people(bank.auditor, "person")
        assert [name.lower() for name in names] == sorted(name.lower() for name in names) and len(set(names)) == 112
        assert await count_people(bank.auditor, "person", Show.DEACTIVATED) == 13
        assert await count_people(bank.auditor, "", Show.EVERYBODY) == 131
        assert await count_people(bank.auditor, "1%") == 13  # the sign is a letter, no wildcard
        assert await count_people(bank.auditor, "\x00' or 1=1 --") == 0
        row = (await list_people(bank.supervisor, "SECOND_rev")).rows[0]
        assert (row.display_name, row.roles, row.has_code) == ("Second Reviewer", ("reviewer",), False)
        assert await active_administrators(bank.supervisor) == 1
        for actor in (bank.reviewer, bank.approver):
            with pytest.raises(NotAllowed):
                await list_people(actor)
            with pytest.raises(NotAllowed):
                await read_person(actor, row.id)
        with pytest.raises(PersonNotFound):
            await read_person(bank.auditor, uuid4())

    run(story())


def test_another_banks_people_are_nobody(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        stranger = replace(bank.administrator, institution_id=uuid4(), user_id=uuid4())
        assert bank.reviewer.user_id is not None
        person = bank.reviewer.user_id
        assert (await list_people(stranger)).rows == ()
        for attempt in (
            read_person(stranger, person),
            reset_password(stranger, person, "why"),
            deactivate(stranger, person, "why"),
            reactivate(stranger, person, "why"),
        ):
            with pytest.raises(PersonNotFound):
                await attempt
        account = await read_account(bank.institution_id, person)
        assert account is not None and account.active

    run(story())


def test_a_session_carries_what_the_person_holds(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        created = await create_person(
            bank.administrator, "bounded", "Bounded", access(Role.APPROVER, amount_limit=Decimal("100.00"))
        )
        account = await read_account(bank.institution_id, created.user_id)
        assert account is not None
        token = await sessions.start(account.person, Stage.FULL, Visit("127.0.0.1"))
        actor = await sessions.actor_of(token)
        assert amount_limit(actor) == Decimal("100.00")
        user = await create_user(bank.system, "plain", "Plain", PASSWORD, {Role.SUPERVISOR})
        async with transaction(bank.system) as session:
            row = (await session.scalars(select(UserRole).where(UserRole.user_id == user))).one()
        assert row.granted_by is None and row.granted_at <= datetime.now(UTC)

    run(story())
