"""Who the people are: found, listed by key in pages, and one of them with everything that an administrator sees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select, tuple_

from console.access.held import PersonNotFound, RoleHeld, bounds_of, read_roles
from console.access.permissions import Permission, require
from console.actor import Actor, Bounds
from db.engine import transaction
from db.models import AccessChange, Claim, CustomRole, SessionRecord, User, UserRole

PAGE = 50
MAX_PAGE = 200
MAX_SEARCH = 60


class Show(StrEnum):
    """Whom to list."""

    ACTIVE = "active"
    DEACTIVATED = "deactivated"
    EVERYBODY = "everybody"


@dataclass(frozen=True)
class PersonKey:
    """Where a page of people ended."""

    username: str
    id: UUID


@dataclass(frozen=True)
class PersonRow:
    """A line of the list. `roles` are names, `has_code` says whether the second factor is set up."""

    id: UUID
    username: str
    display_name: str
    active: bool
    roles: tuple[str, ...]
    has_code: bool
    must_change_password: bool
    last_sign_in_at: datetime | None


@dataclass(frozen=True)
class PeoplePage:
    """People in the order of their usernames, and the key to go on from; None at the end."""

    rows: tuple[PersonRow, ...]
    next: PersonKey | None


@dataclass(frozen=True)
class PersonView:
    """Everything about one person. `claims` counts the checks in their hands, `open_sessions` the sessions
    of which no end is known; `change_id` names what waits for a
    second administrator. `access_version` is what a change of roles or limits starts from."""

    id: UUID
    username: str
    display_name: str
    email: str | None
    active: bool
    created_at: datetime
    deactivated_at: datetime | None
    last_sign_in_at: datetime | None
    must_change_password: bool
    code_since: datetime | None
    roles: tuple[RoleHeld, ...]
    bounds: Bounds
    access_version: int
    claims: int
    open_sessions: int
    change_id: UUID | None


async def list_people(
    actor: Actor, search: str = "", show: Show = Show.ACTIVE, *, after: PersonKey | None = None, limit: int = PAGE
) -> PeoplePage:
    """One page of the people whose username or name holds `search`. Raises NotAllowed."""
    require(actor, Permission.USER_READ)
    roles = (
        select(func.array_agg(func.coalesce(CustomRole.name, UserRole.role)))
        .select_from(UserRole)
        .outerjoin(CustomRole, CustomRole.id == UserRole.custom_role_id)
        .where(UserRole.user_id == User.id)
        .correlate(User)
        .scalar_subquery()
    )
    key = (func.lower(User.username), User.id)
    query = _chosen(select(User, roles.label("roles")), actor, search, show)
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(after.username.lower(), after.id))
    limit = max(1, min(limit, MAX_PAGE))
    async with transaction(actor) as session:
        found = (await session.execute(query.order_by(*key).limit(limit + 1))).all()
    rows = tuple(_row(one) for one in found[:limit])
    return PeoplePage(rows, PersonKey(rows[-1].username, rows[-1].id) if len(found) > limit else None)


async def count_people(actor: Actor, search: str = "", show: Show = Show.ACTIVE) -> int:
    """How many people `list_people` would list in all. Raises NotAllowed."""
    require(actor, Permission.USER_READ)
    async with transaction(actor) as session:
        query = _chosen(select(func.count()).select_from(User), actor, search, show)
        return int((await session.execute(query)).scalar_one())


async def active_administrators(actor: Actor) -> int:
    """How many active people hold the built-in administrator role: with one alone, nobody approves. Raises
    NotAllowed."""
    require(actor, Permission.USER_READ)
    query = select(func.count()).select_from(User).join(UserRole, UserRole.user_id == User.id)
    async with transaction(actor) as session:
        found = await session.execute(query.where(User.active, UserRole.role == "administrator"))
        return found.scalar_one()


async def read_person(actor: Actor, user_id: UUID) -> PersonView:
    """One person. Raises NotAllowed or PersonNotFound."""
    require(actor, Permission.USER_READ)
    async with transaction(actor) as session:
        user = await session.get(User, user_id)
        if user is None:
            raise PersonNotFound
        claims = select(func.count()).select_from(Claim).where(Claim.user_id == user_id, Claim.expires_at > func.now())
        signed_in = select(func.count()).select_from(SessionRecord)
        signed_in = signed_in.where(SessionRecord.user_id == user_id, SessionRecord.ended_at.is_(None))
        waiting = select(AccessChange.id).where(AccessChange.user_id == user_id, AccessChange.status == "waiting")
        return PersonView(
            user.id,
            user.username,
            user.display_name,
            user.email,
            user.active,
            user.created_at,
            user.deactivated_at,
            user.last_sign_in_at,
            user.must_change_password,
            user.totp_confirmed_at,
            await read_roles(session, user_id),
            bounds_of(user),
            user.access_version,
            (await session.execute(claims)).scalar_one(),
            (await session.execute(signed_in)).scalar_one(),
            (await session.execute(waiting)).scalar_one_or_none(),
        )


def _chosen(query: Select[Any], actor: Actor, search: str, show: Show) -> Select[Any]:
    query = query.where(User.institution_id == actor.institution_id)
    if show is not Show.EVERYBODY:
        query = query.where(User.active == (show is Show.ACTIVE))
    if wanted := search.replace("\x00", "").strip()[:MAX_SEARCH]:
        fits = (User.username, User.display_name)
        query = query.where(or_(*(column.icontains(wanted, autoescape=True) for column in fits)))
    return query


def _row(found: Any) -> PersonRow:
    user: User = found.User
    return PersonRow(
        user.id,
        user.username,
        user.display_name,
        user.active,
        tuple(sorted(found.roles or ())),
        user.totp_confirmed_at is not None,
        user.must_change_password,
        user.last_sign_in_at,
    )
