"""Changes of what people hold: of somebody's roles and limits, or of what a custom role grants.

Where the settings ask for a second administrator, a change is kept as asked for and waits until another one, whom it
does not concern, approves or refuses it; the requester may withdraw it. It takes effect in one transaction with its
approval, only while what it started from is still so, and ends the sessions of everybody whom it concerns.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access import applying
from console.access.change_errors import (
    ChangeDecided,
    ChangeNotFound,
    ChangeWaiting,
    SameAdministrator,
    StaleAccess,
    StaleChange,
)
from console.access.custom_roles import Definition, check_definition, definition_of, locked_role
from console.access.held import Access, InvalidPerson, OwnAccess, check_access, locked_user, read_held
from console.access.permissions import GRANTS, Permission, require
from console.access.reason import checked_reason
from console.access.step_up import require_fresh_code
from console.actor import Actor
from console.audit.entries import Event, record
from console.settings import settings
from db.engine import transaction
from db.models import AccessChange, CustomRole, User, UserRole


async def change_person(actor: Actor, user_id: UUID, access: Access, reason: str, seen_version: int) -> UUID | None:
    """Give somebody exactly these roles and limits; the id of the change where it waits, None where it took effect.

    `seen_version` is the access version that the actor was shown. Raises NotAllowed, CodeNeeded, PersonNotFound,
    OwnAccess, StaleAccess, ChangeWaiting, ConflictingRoles or InvalidPerson.
    """
    require(actor, Permission.USER_MANAGE)
    if actor.user_id == user_id:
        raise OwnAccess
    require_fresh_code(actor)
    reason = checked_reason(reason)
    async with transaction(actor) as session:
        custom = await check_access(session, access)
        user = await locked_user(session, user_id)
        held = await read_held(session, user)
        if held.version != seen_version:
            raise StaleAccess
        if held.access == access:
            raise InvalidPerson("Nothing would change.")
        await _check_none_waits(session, AccessChange.user_id == user_id)
        if settings().needs_second_administrator:
            before = {"version": held.version, **held.access.as_json()}
            change = _change(actor, "person", before, access.as_json(), reason)
            change.user_id = user_id
            return await keep_request(session, actor, change)
        await applying.to_person(session, actor, user, access, custom, reason)
        return None


async def change_role(
    actor: Actor, role_id: UUID, definition: Definition, reason: str, seen_version: int
) -> UUID | None:
    """Make a custom role grant exactly this; the id of the change where it waits, None where it took effect.

    Raises NotAllowed, CodeNeeded, RoleNotFound, OwnAccess (who holds the role), StaleAccess, ChangeWaiting,
    ConflictingRoles or InvalidPerson.
    """
    require(actor, Permission.ROLE_MANAGE)
    require_fresh_code(actor)
    reason = checked_reason(reason)
    async with transaction(actor) as session:
        role = await locked_role(session, role_id)
        await _check_not_held(session, actor, role_id)
        if role.version != seen_version:
            raise StaleAccess
        definition = await check_definition(session, role, definition)
        before = definition_of(role)
        if before == definition:
            raise InvalidPerson("Nothing would change.")
        await _check_none_waits(session, AccessChange.role_id == role_id)
        if settings().needs_second_administrator:
            change = _change(actor, "role", {"version": role.version, **before.as_json()}, definition.as_json(), reason)
            change.role_id = role_id
            return await keep_request(session, actor, change)
        await applying.to_role(session, actor, role, definition, reason)
        return None


async def approve(actor: Actor, change_id: UUID) -> None:
    """Let a change take effect. Raises NotAllowed, CodeNeeded, ChangeNotFound, ChangeDecided, SameAdministrator,
    OwnAccess, StaleChange (the change is closed then), ConflictingRoles or InvalidPerson."""
    require(actor, Permission.ACCESS_CHANGE_APPROVE)
    require_fresh_code(actor)
    async with transaction(actor) as session:
        change = await _waiting(session, actor, change_id)
        overtaken = await _overtaken(session, change)
        if overtaken:
            _decide(change, actor, "refused", overtaken)
        else:
            _decide(change, actor, "applied", None)
            await _apply(session, actor, change)
        event = Event.ACCESS_CHANGE_REFUSED if overtaken else Event.ACCESS_CHANGE_APPLIED
        await _record(session, actor, event, change)
    if overtaken:
        raise StaleChange(overtaken)


async def refuse(actor: Actor, change_id: UUID, reason: str) -> None:
    """Turn a change down. Raises NotAllowed, ChangeNotFound, ChangeDecided, SameAdministrator or OwnAccess."""
    require(actor, Permission.ACCESS_CHANGE_APPROVE)
    reason = checked_reason(reason)
    async with transaction(actor) as session:
        change = await _waiting(session, actor, change_id)
        _decide(change, actor, "refused", reason)
        await _record(session, actor, Event.ACCESS_CHANGE_REFUSED, change)


async def withdraw(actor: Actor, change_id: UUID) -> None:
    """Take back a change that the actor asked for. Raises NotAllowed, ChangeNotFound, ChangeDecided."""
    require(actor, Permission.USER_READ)
    async with transaction(actor) as session:
        change = await _locked(session, change_id)
        if change.requested_by != actor.user_id:
            raise InvalidPerson("Only who asked for a change withdraws it. You may refuse it.")
        _decide(change, actor, "withdrawn", None)
        await _record(session, actor, Event.ACCESS_CHANGE_WITHDRAWN, change)


async def revoke_role(session: AsyncSession, actor: Actor, user_id: UUID, role: str, reason: str) -> bool:
    """Take one role from somebody, in the caller's transaction; False where they do not hold it any more.

    It only takes away, so it waits for nobody: what an access review revokes is gone at once. Raises NotAllowed,
    PersonNotFound or OwnAccess.
    """
    require(actor, Permission.ACCESS_REVIEW_DECIDE)
    if actor.user_id == user_id:
        raise OwnAccess
    user = await locked_user(session, user_id)
    held = await read_held(session, user)
    if role not in held.access.roles:
        return False
    access = Access(held.access.roles - {role}, held.access.bounds)
    await applying.to_person(session, actor, user, access, {}, checked_reason(reason))
    return True


async def keep_request(session: AsyncSession, actor: Actor, change: AccessChange) -> UUID:
    """Keep a change as asked for; its id."""
    session.add(change)
    await session.flush()
    await _record(session, actor, Event.ACCESS_CHANGE_REQUESTED, change)
    return change.id


def request_for_new_person(actor: Actor, user: User, access: Access) -> AccessChange:
    """The change that gives a person who was just created the first roles."""
    before = {"version": user.access_version, **Access(frozenset()).as_json()}
    change = _change(actor, "person", before, access.as_json(), "a new person")
    change.user_id = user.id
    return change


def _change(actor: Actor, kind: str, before: dict[str, Any], after: dict[str, Any], reason: str) -> AccessChange:
    if actor.user_id is None:
        raise InvalidPerson("A change that waits is asked for by a person.")
    return AccessChange(
        id=uuid4(),
        institution_id=actor.institution_id,
        kind=kind,
        before=before,
        after=after,
        reason=reason,
        status="waiting",
        requested_by=actor.user_id,
    )


async def _check_none_waits(session: AsyncSession, condition: Any) -> None:
    if (await session.execute(select(AccessChange.id).where(condition, AccessChange.status == "waiting"))).first():
        raise ChangeWaiting


async def _check_not_held(session: AsyncSession, actor: Actor, role_id: UUID) -> None:
    held = select(UserRole.role).where(UserRole.custom_role_id == role_id, UserRole.user_id == actor.user_id)
    if (await session.execute(held)).first():
        raise OwnAccess


async def _locked(session: AsyncSession, change_id: UUID) -> AccessChange:
    query = select(AccessChange).where(AccessChange.id == change_id).with_for_update()
    change = (await session.execute(query)).scalar_one_or_none()
    if change is None:
        raise ChangeNotFound
    if change.status != "waiting":
        raise ChangeDecided(change.status)
    return change


async def _waiting(session: AsyncSession, actor: Actor, change_id: UUID) -> AccessChange:
    """The change, locked, of which this actor may be the second administrator."""
    change = await _locked(session, change_id)
    if change.requested_by == actor.user_id:
        raise SameAdministrator
    if change.user_id == actor.user_id:
        raise OwnAccess
    if change.role_id is not None:
        await _check_not_held(session, actor, change.role_id)
    return change


async def _overtaken(session: AsyncSession, change: AccessChange) -> str | None:
    """Why the change can no longer take effect; None where it can. What it concerns is locked from here on."""
    if change.role_id is not None:
        found = (
            await session.execute(
                select(CustomRole).where(CustomRole.id == change.role_id).with_for_update(key_share=True)
            )
        ).scalar_one()
        if found.retired_at is not None or found.version != change.before["version"]:
            return "The role was changed after this was asked for."
    elif change.user_id is not None:
        keys = select(CustomRole.id).where(CustomRole.key.in_(change.after["roles"])).order_by(CustomRole.id)
        await session.execute(keys.with_for_update(read=True))
        user = await locked_user(session, change.user_id)
        if user.access_version != change.before["version"]:
            return "This person's roles or limits were changed after this was asked for."
    requester = await session.get_one(User, change.requested_by)
    needed = Permission.USER_MANAGE if change.kind == "person" else Permission.ROLE_MANAGE
    held = await read_held(session, requester)
    granted = [GRANTS[role].permissions for role in held.built_in] + [grant.permissions for grant in held.grants]
    if not requester.active or needed not in frozenset().union(*granted):
        return "Who asked for this is no longer an administrator."
    return None


async def _apply(session: AsyncSession, actor: Actor, change: AccessChange) -> None:
    if change.user_id is not None:
        access = Access.from_json(change.after)
        custom = await check_access(session, access)
        user = await locked_user(session, change.user_id)
        await applying.to_person(session, actor, user, access, custom, change.reason)
    elif change.role_id is not None:
        role = await locked_role(session, change.role_id)
        definition = await check_definition(session, role, Definition.from_json(change.after))
        await applying.to_role(session, actor, role, definition, change.reason)


def _decide(change: AccessChange, actor: Actor, status: str, reason: str | None) -> None:
    change.status = status
    change.decided_by = actor.user_id
    change.decided_at = datetime.now(UTC)
    change.decided_reason = reason


async def _record(session: AsyncSession, actor: Actor, event: Event, change: AccessChange) -> None:
    await session.flush()
    after = {
        "kind": change.kind,
        "person": change.user_id,
        "role": change.role_id,
        "asked_by": change.requested_by,
        "reason": change.decided_reason or change.reason,
        **change.after,
    }
    await record(session, actor, event, "access_change", change.id, before=change.before, after=after)
