"""Who can do what: every role that an active person holds, since when, given by whom, and when last used."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import String, cast, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from console.access.access_use import read_uses
from console.access.held import BUILT_IN, bounds_of, grant_of
from console.access.permissions import GRANTS, Permission, require
from console.actor import Actor, Bounds, Grant
from console.roles import Role
from db.engine import transaction
from db.models import CustomRole, User, UserRole
from db.replica import read_aside

PAGE = 50
MAX_PAGE = 200
MAX_SEARCH = 60


@dataclass(frozen=True)
class ReportKey:
    """Where a page of the report ended."""

    username: str
    user_id: UUID
    role: str


@dataclass(frozen=True)
class Chosen:
    """Which lines are wanted: of one role by its key (None: of every role), of people whose name holds `person`."""

    role: str | None = None
    person: str = ""


@dataclass(frozen=True)
class ReportLine:
    """A role as somebody holds it. `granted_by` is None for the command line and the sign-in service.

    `bounds` are the person's own, inside those of `grant`.
    """

    user_id: UUID
    username: str
    display_name: str
    role: str
    role_name: str
    grant: Grant
    bounds: Bounds
    granted_at: datetime
    granted_by: str | None
    granted_by_id: UUID | None
    last_used_at: datetime | None

    @property
    def key(self) -> ReportKey:
        return ReportKey(self.username, self.user_id, self.role)


@dataclass(frozen=True)
class ReportPage:
    """Lines in the order of people and roles, and the key to go on from; None at the end."""

    lines: tuple[ReportLine, ...]
    next: ReportKey | None


@dataclass(frozen=True)
class Totals:
    """How many lines fit, and of how many people."""

    lines: int
    people: int


@dataclass(frozen=True)
class RoleChoice:
    """A role that somebody may hold: its key and its name."""

    key: str
    name: str


async def list_report(
    actor: Actor, chosen: Chosen | None = None, *, after: ReportKey | None = None, limit: int = PAGE
) -> ReportPage:
    """One page of the report. Raises NotAllowed."""
    require(actor, Permission.ACCESS_REPORT_READ)
    wanted, most = chosen or Chosen(), max(1, min(limit, MAX_PAGE))
    return await read_aside(actor, lambda session: read_page(session, actor, wanted, after=after, limit=most))


async def count_report(actor: Actor, chosen: Chosen | None = None) -> Totals:
    """What `list_report` lists in all. Raises NotAllowed."""
    require(actor, Permission.ACCESS_REPORT_READ)
    query = _narrowed(
        select(func.count().label("lines"), func.count(User.id.distinct()).label("people")), actor, chosen
    )
    row = (await read_aside(actor, lambda session: session.execute(query))).one()
    return Totals(row.lines, row.people)


async def role_choices(actor: Actor) -> tuple[RoleChoice, ...]:
    """The built-in roles, then the custom ones that are in use. Raises NotAllowed."""
    require(actor, Permission.ACCESS_REPORT_READ)
    async with transaction(actor) as session:
        query = select(CustomRole).where(CustomRole.retired_at.is_(None)).order_by(CustomRole.name).limit(MAX_PAGE)
        custom = (await session.scalars(query)).all()
    built_in = tuple(RoleChoice(role.value, role.value) for role in Role)
    return built_in + tuple(RoleChoice(role.key, role.name) for role in custom)


async def every_line(session: AsyncSession, actor: Actor, chosen: Chosen) -> AsyncIterator[ReportLine]:
    """The whole report, read page by page in the caller's transaction."""
    after: ReportKey | None = None
    while True:
        page = await read_page(session, actor, chosen, after=after, limit=MAX_PAGE)
        for line in page.lines:
            yield line
        if page.next is None:
            return
        after = page.next


async def read_page(
    session: AsyncSession, actor: Actor, chosen: Chosen, *, after: ReportKey | None, limit: int
) -> ReportPage:
    """One page in the caller's transaction: three queries, whatever the number of people."""
    granter = aliased(User)
    query = _narrowed(select(User, UserRole, CustomRole, granter.display_name.label("granted_by")), actor, chosen)
    query = query.outerjoin(granter, granter.id == UserRole.granted_by)
    key = (func.lower(User.username), User.id, UserRole.role)
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(cast(after.username.lower(), String), after.user_id, after.role))
    found = (await session.execute(query.order_by(*key).limit(limit + 1))).all()
    uses = await read_uses(session, actor.institution_id, {row.User.id for row in found[:limit]})
    lines = []
    for row in found[:limit]:
        grant = GRANTS[Role(row.UserRole.role)] if row.UserRole.role in BUILT_IN else grant_of(row.CustomRole)
        lines.append(_line(row, grant, uses.last_used(row.User.id, grant.permissions)))
    return ReportPage(tuple(lines), lines[-1].key if len(found) > limit else None)


def _narrowed(query: Any, actor: Actor, chosen: Chosen | None) -> Any:
    chosen = chosen or Chosen()
    query = (
        query.select_from(UserRole)
        .join(User, User.id == UserRole.user_id)
        .outerjoin(CustomRole, CustomRole.id == UserRole.custom_role_id)
        # Who is deactivated can do nothing, whatever their rows say.
        .where(User.institution_id == actor.institution_id, User.active)
    )
    if chosen.role is not None:
        query = query.where(UserRole.role == chosen.role)
    if wanted := chosen.person.replace("\x00", "").strip()[:MAX_SEARCH]:
        fits = (User.username, User.display_name)
        query = query.where(or_(*(column.icontains(wanted, autoescape=True) for column in fits)))
    return query


def _line(row: Any, grant: Grant, last_used_at: datetime | None) -> ReportLine:
    user, held, custom = row.User, row.UserRole, row.CustomRole
    return ReportLine(
        user_id=user.id,
        username=user.username,
        display_name=user.display_name,
        role=held.role,
        role_name=custom.name if custom else held.role,
        grant=grant,
        bounds=bounds_of(user),
        granted_at=held.granted_at,
        granted_by=row.granted_by,
        granted_by_id=held.granted_by,
        last_used_at=last_used_at,
    )
