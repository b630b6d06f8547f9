"""Changes of roles and limits: who may, what takes effect at once, and what waits for a second administrator."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from console.access import sessions
from console.access.access_changes import approve, change_person, change_role, refuse, revoke_role, withdraw
from console.access.change_errors import (
    ChangeDecided,
    ChangeNotFound,
    ChangeWaiting,
    SameAdministrator,
    StaleAccess,
    StaleChange,
)
from console.access.change_list import count_waiting, list_changes
from console.access.custom_roles import Definition, RoleNotFound, copy_role, list_roles, retire_role
from console.access.held import Access, ConflictingRoles, InvalidPerson, OwnAccess
from console.access.people import mark_signed_in, read_account
from console.access.permissions import GRANTS, NotAllowed, Permission, amount_limit, may
from console.access.person_list import read_person
from console.access.person_services import create_person, reactivate, reset_password
from console.access.sessions import Stage
from console.access.step_up import CodeNeeded
from console.access.visit import Visit
from console.actor import Actor, Bounds
from console.review.leaving import deactivate
from console.roles import Role
from console.settings import settings
from db.engine import transaction
from tests.access.test_person_services import access, audited, signed_in
from tests.factories import Bank, make_bank, make_person

Story = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture
def two_administrators(console: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting that asks for a second administrator."""
    monkeypatch.setenv("SECOND_ADMINISTRATOR", "true")
    settings.cache_clear()
    assert settings().needs_second_administrator


async def holds(bank: Bank, person: Actor) -> Access:
    assert person.user_id is not None
    account = await read_account(bank.institution_id, person.user_id)
    assert account is not None
    view = await read_person(bank.administrator, person.user_id)
    return Access(frozenset(role.key for role in view.roles), account.person.bounds)


async def version(bank: Bank, person: Actor) -> int:
    assert person.user_id is not None
    return (await read_person(bank.administrator, person.user_id)).access_version


async def give(bank: Bank, person: Actor, wanted: Access, by: Actor | None = None) -> UUID | None:
    """Ask for exactly this, as the page does."""
    assert person.user_id is not None
    by = by or bank.administrator
    return await change_person(by, person.user_id, wanted, "a new task", await version(bank, person))


def test_a_change_takes_effect_at_once_and_ends_the_sessions(run: Story) -> None:
    async def story() -> None:
        bank = await make_bank()
        token = await signed_in(bank, bank.reviewer)
        wanted = access(Role.APPROVER, Role.AUDITOR, amount_limit=Decimal("10000.00"), item_types=frozenset({"on_us"}))
        assert await give(bank, bank.reviewer, wanted) is None
        assert await holds(bank, bank.reviewer) == wanted
        assert not await sessions.is_alive(token)
        actor = await sessions.actor_of(await signed_in(bank, bank.reviewer))
        assert may(actor, Permission.ITEM_APPROVE) and amount_limit(actor) == Decimal("10000.00")
        assert bank.reviewer.user_id is not None
        entry = await audited(bank, "user.changed", bank.reviewer.user_id)
        assert entry.before is not None and entry.before["roles"] == ["reviewer"]
        assert entry.after is not None and entry.after["roles"] == ["approver", "auditor"]
        assert entry.after["reason"] == "a new task" and entry.after["amount_limit"] == "10000.00"
        with pytest.raises(InvalidPerson, match="Nothing would change"):
            await give(bank, bank.reviewer, wanted)

    run(story())


def test_a_sign_in_that_was_under_way_does_not_carry_what_was_before(run: Story) -> None:
    async def story() -> None:
        bank = await make_bank()
        person = bank.reviewer.user_id
        assert person is not None
        before = await read_account(bank.institution_id, person)
        assert before is not None
        token = await sessions.start(before.person, Stage.PASSWORD, Visit("127.0.0.1"))
        role_id = await copy_role(bank.administrator, Role.AUDITOR, "Desk")
        await give(bank, bank.reviewer, access("custom:desk", amount_limit=Decimal("5.00")))
        # The pending session is gone; one that is begun now with what was read before goes no further.
        assert not await sessions.is_alive(token)
        async with transaction(bank.system) as session:
            assert not await mark_signed_in(session, before.person)
        meanwhile = await read_account(bank.institution_id, person)
        assert meanwhile is not None
        await change_role(bank.administrator, role_id, limited(Role.AUDITOR, "Desk", queues=frozenset()), "x", 1)
        after = await read_account(bank.institution_id, person)
        assert after is not None
        async with transaction(bank.system) as session:
            assert not await mark_signed_in(session, meanwhile.person)
            assert await mark_signed_in(session, after.person)
        # What a session keeps of a person is what was read, so that both can be compared.
        held = await sessions.find(await sessions.start(after.person, Stage.PASSWORD, Visit("127.0.0.1")))
        assert held is not None and held.person == after.person

    run(story())


def test_what_is_refused(run: Story) -> None:
    async def story() -> None:
        bank = await make_bank()
        both = access(Role.ADMINISTRATOR, Role.REVIEWER)
        with pytest.raises(ConflictingRoles):
            await give(bank, bank.reviewer, both)
        with pytest.raises(OwnAccess):
            await give(bank, bank.administrator, access(Role.ADMINISTRATOR, Role.AUDITOR))
        assert bank.reviewer.user_id is not None
        for actor in (bank.reviewer, bank.approver, bank.supervisor, bank.auditor):
            with pytest.raises(NotAllowed):
                await change_person(actor, bank.second_reviewer.user_id or uuid4(), access(), "why", 1)
        with pytest.raises(StaleAccess):
            await change_person(bank.administrator, bank.reviewer.user_id, access(Role.AUDITOR), "why", 99)
        with pytest.raises(InvalidPerson, match="Say why"):
            await change_person(bank.administrator, bank.reviewer.user_id, access(Role.AUDITOR), "", 1)
        assert await holds(bank, bank.reviewer) == access(Role.REVIEWER)

    run(story())


def test_a_change_waits_for_another_administrator(run: Story, two_administrators: None) -> None:
    async def story() -> None:
        bank = await make_bank()
        second = await make_person(bank.system, "second_admin", Role.ADMINISTRATOR)
        token = await signed_in(bank, bank.reviewer)
        change = await give(bank, bank.reviewer, access(Role.SUPERVISOR))
        assert change is not None and await holds(bank, bank.reviewer) == access(Role.REVIEWER)
        assert await sessions.is_alive(token)
        with pytest.raises(ChangeWaiting):
            await give(bank, bank.reviewer, access(Role.AUDITOR), by=second)
        with pytest.raises(SameAdministrator):
            await approve(bank.administrator, change)
        with pytest.raises(SameAdministrator):
            await refuse(bank.administrator, change, "no")
        for actor in (bank.reviewer, bank.supervisor, bank.auditor):
            with pytest.raises(NotAllowed):
                await approve(actor, change)
        (row,) = (await list_changes(second, waiting=True)).rows
        assert (row.subject, row.requester, row.after["roles"]) == ("Reviewer", "Administrator", ["supervisor"])
        assert await count_waiting(second) == 1
        await approve(second, change)
        assert await holds(bank, bank.reviewer) == access(Role.SUPERVISOR)
        assert not await sessions.is_alive(token)
        with pytest.raises(ChangeDecided):
            await approve(second, change)
        assert await count_waiting(second) == 0
        (row,) = (await list_changes(second, waiting=False)).rows
        assert (row.status, row.decider) == ("applied", "Second Admin")
        entry = await audited(bank, "access_change.applied", change)
        assert entry.actor_id == second.user_id
        with pytest.raises(ChangeNotFound):
            await approve(second, uuid4())
        stranger = replace(second, institution_id=uuid4())
        with pytest.raises(ChangeNotFound):
            await refuse(stranger, change, "another bank's")

    run(story())


def test_a_change_is_refused_or_withdrawn(run: Story, two_administrators: None) -> None:
    async def story() -> None:
        bank = await make_bank()
        second = await make_person(bank.system, "second_admin", Role.ADMINISTRATOR)
        change = await give(bank, bank.reviewer, access(Role.SUPERVISOR))
        assert change is not None
        await refuse(second, change, "not before March")
        again = await give(bank, bank.reviewer, access(Role.SUPERVISOR))
        assert again is not None
        with pytest.raises(InvalidPerson, match="Only who asked"):
            await withdraw(second, again)
        await withdraw(bank.administrator, again)
        assert await holds(bank, bank.reviewer) == access(Role.REVIEWER)
        rows = (await list_changes(bank.auditor, waiting=False)).rows
        assert {row.status for row in rows} == {"refused", "withdrawn"}
        # Nobody decides on what concerns themselves.
        about_second = await give(bank, second, access(Role.ADMINISTRATOR, Role.AUDITOR))
        assert about_second is not None
        with pytest.raises(OwnAccess):
            await approve(second, about_second)

    run(story())


def test_what_was_overtaken_is_closed_with_words(run: Story, two_administrators: None) -> None:
    async def story() -> None:
        bank = await make_bank()
        second = await make_person(bank.system, "second_admin", Role.ADMINISTRATOR)
        third = await make_person(bank.system, "third_admin", Role.ADMINISTRATOR)
        change = await give(bank, bank.reviewer, access(Role.SUPERVISOR))
        assert change is not None and bank.reviewer.user_id is not None
        async with transaction(bank.supervisor) as session:  # an access review takes the role away meanwhile
            assert await revoke_role(session, bank.supervisor, bank.reviewer.user_id, "reviewer", "not needed")
            assert not await revoke_role(session, bank.supervisor, bank.reviewer.user_id, "reviewer", "not needed")
        with pytest.raises(StaleChange, match="changed after this was asked for"):
            await approve(second, change)
        assert await holds(bank, bank.reviewer) == access()
        with pytest.raises(ChangeDecided, match="refused already"):
            await approve(second, change)
        # Who asked must still be an administrator when it takes effect.
        asked = await give(bank, bank.second_reviewer, access(Role.AUDITOR), by=third)
        assert asked is not None and third.user_id is not None
        await deactivate(bank.administrator, third.user_id, "left")
        with pytest.raises(StaleChange, match="no longer an administrator"):
            await approve(second, asked)
        assert await holds(bank, bank.second_reviewer) == access(Role.REVIEWER)

    run(story())


def test_a_new_person_has_no_roles_before_the_second_administrator(run: Story, two_administrators: None) -> None:
    async def story() -> None:
        bank = await make_bank()
        # With one administrator alone everything waits; the command line makes the second one.
        created = await create_person(bank.administrator, "new", "New", access(Role.REVIEWER))
        account = await read_account(bank.institution_id, created.user_id)
        assert account is not None and account.person.roles == frozenset() and created.change_id is not None
        second = await make_person(bank.system, "second_admin", Role.ADMINISTRATOR)
        await approve(second, created.change_id)
        account = await read_account(bank.institution_id, created.user_id)
        assert account is not None and account.person.roles == {Role.REVIEWER}

    run(story())


def test_grave_acts_ask_for_a_fresh_code(run: Story) -> None:
    async def story() -> None:
        bank = await make_bank()
        stale = replace(bank.administrator, code_at=None)
        person = bank.reviewer.user_id
        assert person is not None
        role_id = await copy_role(bank.administrator, Role.REVIEWER, "Desk")
        for attempt in (
            copy_role(stale, Role.REVIEWER, "Other desk"),
            retire_role(stale, role_id, "x"),
            give(bank, bank.reviewer, access(Role.AUDITOR), by=stale),
            change_role(stale, role_id, limited(Role.AUDITOR, "Desk"), "x", 1),
            approve(stale, uuid4()),
            create_person(stale, "new", "New", access(Role.AUDITOR)),
            reset_password(stale, person, "x"),
            deactivate(stale, person, "x"),
            reactivate(stale, person, "x"),
        ):
            with pytest.raises(CodeNeeded):
                await attempt
        assert await holds(bank, bank.reviewer) == access(Role.REVIEWER)

    run(story())


def limited(role: Role, name: str, **changes: Any) -> Definition:
    return Definition(name, replace(GRANTS[role], **changes))


def test_a_copy_is_edited_given_and_retired(run: Story) -> None:
    async def story() -> None:
        bank = await make_bank()
        role_id = await copy_role(bank.administrator, Role.REVIEWER, " Night   desk ")
        (row,) = await list_roles(bank.auditor)
        assert (row.key, row.definition.name, row.copied_from) == ("custom:night-desk", "Night desk", "reviewer")
        assert row.definition.grant == GRANTS[Role.REVIEWER] and row.holders == 0
        wanted = limited(
            Role.REVIEWER, "Night desk", amount_limit=Decimal("250.00"), queues=frozenset({"standard"}),
            item_types=frozenset({"transit"}),
        )  # fmt: skip
        await change_role(bank.administrator, role_id, wanted, "small checks only", row.version)
        await give(bank, bank.auditor, access(row.key))
        token = await signed_in(bank, bank.auditor)
        actor = await sessions.actor_of(token)
        assert actor.roles == frozenset() and actor.grants == (wanted.grant,)
        assert amount_limit(actor) == Decimal("250.00") and may(actor, Permission.ITEM_DECIDE)
        assert not may(actor, Permission.AUDIT_READ)
        # An edit reaches whoever holds the role, at once.
        (row,) = await list_roles(bank.supervisor)
        assert row.holders == 1 and row.version == 2
        before = await version(bank, bank.auditor)
        await change_role(bank.administrator, role_id, limited(Role.REVIEWER, "Night desk"), "all", row.version)
        assert not await sessions.is_alive(token) and await version(bank, bank.auditor) == before + 1
        with pytest.raises(StaleAccess):
            await change_role(bank.administrator, role_id, wanted, "old page", row.version)
        with pytest.raises(InvalidPerson, match="1 person holds"):
            await retire_role(bank.administrator, role_id, "done")
        await give(bank, bank.auditor, access(Role.AUDITOR))
        await retire_role(bank.administrator, role_id, "done")
        assert await list_roles(bank.auditor) == ()
        with pytest.raises(InvalidPerson, match="retired"):
            await give(bank, bank.auditor, access(row.key))
        with pytest.raises(RoleNotFound):
            await change_role(bank.administrator, role_id, wanted, "gone", 3)

    run(story())


def test_no_role_joins_administering_and_deciding(run: Story) -> None:
    async def story() -> None:
        bank = await make_bank()
        role_id = await copy_role(bank.administrator, Role.AUDITOR, "Helper")
        mixed = frozenset({Permission.USER_MANAGE.value, Permission.ITEM_APPROVE.value})
        with pytest.raises(ConflictingRoles):
            await change_role(bank.administrator, role_id, limited(Role.AUDITOR, "Helper", permissions=mixed), "x", 1)
        # Nor do two roles of one person, whichever is edited.
        second = await make_person(bank.system, "second_admin", Role.ADMINISTRATOR)
        await give(bank, second, access(Role.ADMINISTRATOR, "custom:helper"))
        decides = limited(Role.AUDITOR, "Helper", permissions=frozenset({Permission.ITEM_DECIDE.value}))
        with pytest.raises(ConflictingRoles):
            await change_role(bank.administrator, role_id, decides, "x", 1)
        (row,) = await list_roles(bank.administrator)
        assert row.version == 1
        # Who holds a role does not edit it: that would change their own powers.
        with pytest.raises(OwnAccess):
            await change_role(second, role_id, limited(Role.AUDITOR, "Helpers"), "x", 1)

    run(story())


def test_what_a_role_may_not_be(run: Story) -> None:
    async def story() -> None:
        bank = await make_bank()
        role_id = await copy_role(bank.administrator, Role.REVIEWER, "Desk")
        for name in ("Reviewer", "desk", "", "!!", "x" * 41, "a\x07"):
            with pytest.raises(InvalidPerson):
                await copy_role(bank.administrator, Role.REVIEWER, name)
        for bad in (
            limited(Role.REVIEWER, "Desk", permissions=frozenset({"item:burn"})),
            limited(Role.REVIEWER, "Desk", permissions=frozenset()),
            limited(Role.REVIEWER, "Desk", queues=frozenset({"nowhere"})),
            limited(Role.REVIEWER, "Desk", item_types=frozenset({"gold"})),
            limited(Role.REVIEWER, "Desk", amount_limit=Decimal("-0.01")),
            limited(Role.REVIEWER, "administrator"),
        ):
            with pytest.raises(InvalidPerson):
                await change_role(bank.administrator, role_id, bad, "x", 1)
        for actor in (bank.reviewer, bank.approver, bank.supervisor, bank.auditor):
            with pytest.raises(NotAllowed):
                await copy_role(actor, Role.REVIEWER, "Mine")
            with pytest.raises(NotAllowed):
                await change_role(actor, role_id, limited(Role.REVIEWER, "Mine"), "x", 1)
            with pytest.raises(NotAllowed):
                await retire_role(actor, role_id, "x")
        stranger = replace(bank.administrator, institution_id=uuid4())
        with pytest.raises(RoleNotFound):
            await retire_role(stranger, role_id, "another bank's")

    run(story())


def test_an_edit_of_a_role_waits_as_well(run: Story, two_administrators: None) -> None:
    async def story() -> None:
        bank = await make_bank()
        second = await make_person(bank.system, "second_admin", Role.ADMINISTRATOR)
        role_id = await copy_role(bank.administrator, Role.REVIEWER, "Desk")
        wanted = limited(Role.APPROVER, "Desk")
        change = await change_role(bank.administrator, role_id, wanted, "more", 1)
        assert change is not None
        (row,) = await list_roles(bank.auditor)
        assert row.definition.grant == GRANTS[Role.REVIEWER] and row.waiting
        with pytest.raises(ChangeWaiting):
            await change_role(second, role_id, wanted, "me too", 1)
        with pytest.raises(InvalidPerson, match="waits"):
            await retire_role(second, role_id, "x")
        (waiting,) = (await list_changes(second, waiting=True)).rows
        assert (waiting.kind, waiting.subject) == ("role", "Desk")
        await approve(second, change)
        (row,) = await list_roles(bank.auditor)
        assert row.definition == wanted and row.version == 2 and not row.waiting

    run(story())


def test_limits_are_cut_to_the_persons_own(run: Story) -> None:
    async def story() -> None:
        bank = await make_bank()
        await give(bank, bank.supervisor, Access(frozenset({"supervisor"}), Bounds(amount_limit=Decimal(0))))
        actor = await sessions.actor_of(await signed_in(bank, bank.supervisor))
        assert amount_limit(actor) == 0
        await give(bank, bank.reviewer, Access(frozenset({"reviewer"}), Bounds(amount_limit=Decimal("900000.00"))))
        actor = await sessions.actor_of(await signed_in(bank, bank.reviewer))
        assert amount_limit(actor) == Decimal("5000.00")

    run(story())
