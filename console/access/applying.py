"""Lets changes of access take effect: rows, audit entry, and the end of the sessions that hold what was before."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from console.access import sessions
from console.access.custom_roles import Definition, definition_of, write_definition
from console.access.held import Access, ConflictingRoles, read_held, write_access
from console.actor import Actor
from console.audit.entries import Event, record
from db.engine import after_commit, wait_outside
from db.models import CustomRole, User, UserRole


async def to_person(
    session: AsyncSession, actor: Actor, user: User, access: Access, custom: dict[str, CustomRole], reason: str
) -> None:
    """Give a locked person exactly this, checked before; their sessions end."""
    before = (await read_held(session, user)).access
    await write_access(session, actor, user, access, custom)
    await end_sessions(session, [user.id], "access_changed")
    after = {**access.as_json(), "reason": reason}
    await record(session, actor, Event.USER_CHANGED, "user", user.id, before=before.as_json(), after=after)


async def to_role(session: AsyncSession, actor: Actor, role: CustomRole, definition: Definition, reason: str) -> None:
    """Make a locked role grant exactly this, checked before; the sessions of who holds it end.

    Raises ConflictingRoles where somebody would then hold what does not go together.
    """
    before = definition_of(role)
    write_definition(role, definition)
    role.version += 1
    await session.flush()
    of_role = select(UserRole.user_id).where(UserRole.custom_role_id == role.id)
    conflict = select(User.id).where(User.id.in_(of_role), func.holds_both(User.id)).limit(1)
    if (await session.execute(conflict)).first():
        raise ConflictingRoles
    holders = await session.scalars(
        update(User)
        .where(User.id.in_(of_role))
        .values(access_version=User.access_version + 1)
        .returning(User.id)
        .execution_options(synchronize_session=False)
    )
    await end_sessions(session, list(holders), "access_changed")
    after = {**definition.as_json(), "reason": reason}
    await record(session, actor, Event.ROLE_CHANGED, "role", role.id, before=before.as_json(), after=after)


async def end_sessions(session: AsyncSession, user_ids: Iterable[UUID], why: str) -> None:
    """End these people's sessions now, and again after the commit, for a sign-in that read what was before it.

    Raises SessionServiceUnavailable: a change that could not take effect at once is not made.
    """
    people = list(user_ids)

    async def end_all() -> None:
        for user_id in people:
            await sessions.end_all_of(user_id, reason=why)

    await wait_outside(session)
    await end_all()
    after_commit(session, end_all)
