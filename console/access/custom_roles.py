"""Custom roles: copies of built-in ones whose permissions, limit, queues and item types may be edited.

A copy grants nobody anything until somebody is given it. An edit is in `access_changes`, because it changes what
people hold and may wait for a second administrator.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.held import (
    ConflictingRoles,
    InvalidPerson,
    check_reach,
    grant_of,
    reach_as_json,
    reach_from_json,
)
from console.access.permissions import GRANTS, Permission, conflicting, require
from console.access.reason import checked_reason
from console.access.step_up import require_fresh_code
from console.actor import Actor, Grant
from console.audit.entries import Event, record
from console.roles import Role
from db.engine import transaction
from db.models import AccessChange, CustomRole, UserRole

MAXIMUM_NAME = 40
# So that one page lists them all; a bank needs a handful.
MAXIMUM_CUSTOM_ROLES = 100


class RoleNotFound(LookupError):
    """No such role in this institution, or it is retired."""

    def __init__(self) -> None:
        super().__init__("There is no such role, or it was retired.")


@dataclass(frozen=True)
class Definition:
    """What a custom role is called and grants."""

    name: str
    grant: Grant

    def as_json(self) -> dict[str, Any]:
        """Plain values, as they are kept and audited."""
        return {"name": self.name, "permissions": sorted(self.grant.permissions), **reach_as_json(self.grant)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """The definition that `as_json` was made of."""
        return cls(values["name"], Grant(frozenset(values["permissions"]), **reach_from_json(values)))


@dataclass(frozen=True)
class RoleRow:
    """A custom role that is not retired. `holders` counts people, `waiting` says whether an edit waits."""

    id: UUID
    key: str
    copied_from: str
    definition: Definition
    version: int
    created_at: datetime
    holders: int
    waiting: bool


async def list_roles(actor: Actor) -> tuple[RoleRow, ...]:
    """The institution's custom roles by name, at most MAXIMUM_CUSTOM_ROLES. Raises NotAllowed."""
    require(actor, Permission.USER_READ)
    holders = select(func.count()).where(UserRole.custom_role_id == CustomRole.id).scalar_subquery()
    waiting = select(AccessChange.id).where(AccessChange.role_id == CustomRole.id, AccessChange.status == "waiting")
    query = (
        select(CustomRole, holders.label("holders"), waiting.exists().label("waiting"))
        .where(CustomRole.retired_at.is_(None))
        .order_by(func.lower(CustomRole.name), CustomRole.id)
        .limit(MAXIMUM_CUSTOM_ROLES)
    )
    async with transaction(actor) as session:
        return tuple(_row(found) for found in await session.execute(query))


async def copy_role(actor: Actor, source: Role, name: str) -> UUID:
    """Make a custom role with what a built-in one grants; its id. Raises NotAllowed, CodeNeeded or InvalidPerson."""
    require(actor, Permission.ROLE_MANAGE)
    require_fresh_code(actor)
    definition = Definition(_checked_name(name), GRANTS[source])
    try:
        async with transaction(actor) as session:
            known = select(func.count()).select_from(CustomRole).where(CustomRole.retired_at.is_(None))
            if (await session.execute(known)).scalar_one() >= MAXIMUM_CUSTOM_ROLES:
                raise InvalidPerson(f"There are {MAXIMUM_CUSTOM_ROLES} custom roles already: retire one first.")
            await _check_free(session, definition.name)
            role = CustomRole(
                id=uuid4(),
                institution_id=actor.institution_id,
                key=f"custom:{_slug(definition.name)}",
                copied_from=source.value,
                created_by=actor.user_id,
            )
            write_definition(role, definition)
            session.add(role)
            await session.flush()
            after = {**definition.as_json(), "copied_from": source.value}
            await record(session, actor, Event.ROLE_CREATED, "role", role.id, after=after)
    except IntegrityError as error:
        if "uq_custom_role_institution_id_key" in str(error.orig):
            raise InvalidPerson(f"There is, or was, a role called {name}. Choose another name.") from None
        raise
    return role.id


async def retire_role(actor: Actor, role_id: UUID, reason: str) -> None:
    """Take a role that nobody holds out of use, for good.

    Raises NotAllowed, CodeNeeded, RoleNotFound or InvalidPerson.
    """
    require(actor, Permission.ROLE_MANAGE)
    require_fresh_code(actor)
    reason = checked_reason(reason)
    async with transaction(actor) as session:
        role = await locked_role(session, role_id)
        held = select(func.count()).select_from(UserRole).where(UserRole.custom_role_id == role_id)
        if count := (await session.execute(held)).scalar_one():
            people = "1 person holds" if count == 1 else f"{count} people hold"
            raise InvalidPerson(f"{people} this role. Give them another one first.")
        waiting = select(AccessChange.id).where(AccessChange.role_id == role_id, AccessChange.status == "waiting")
        if (await session.execute(waiting)).first():
            raise InvalidPerson("A change of this role waits for a second administrator. Have it decided first.")
        role.retired_at = datetime.now(UTC)
        await session.flush()
        before = definition_of(role).as_json()
        await record(session, actor, Event.ROLE_RETIRED, "role", role_id, before=before, after={"reason": reason})


async def locked_role(session: AsyncSession, role_id: UUID) -> CustomRole:
    """The role's row, locked until the end of the transaction. Raises RoleNotFound."""
    query = select(CustomRole).where(CustomRole.id == role_id, CustomRole.retired_at.is_(None))
    role = (await session.execute(query.with_for_update(key_share=True))).scalar_one_or_none()
    if role is None:
        raise RoleNotFound
    return role


async def check_definition(session: AsyncSession, role: CustomRole, definition: Definition) -> Definition:
    """The definition as it is stored. Raises InvalidPerson or ConflictingRoles."""
    name = _checked_name(definition.name)
    if name.casefold() != role.name.casefold():
        await _check_free(session, name)
    if unknown := sorted(definition.grant.permissions - {one.value for one in Permission}):
        raise InvalidPerson(f"There is no permission {', '.join(unknown)}.")
    if not definition.grant.permissions:
        raise InvalidPerson("A role grants at least one permission.")
    if conflicting(definition.grant.permissions):
        raise ConflictingRoles
    await check_reach(session, definition.grant)
    return Definition(name, definition.grant)


def definition_of(role: CustomRole) -> Definition:
    """What a stored role is called and grants."""
    return Definition(role.name, grant_of(role))


def write_definition(role: CustomRole, definition: Definition) -> None:
    """Put a checked definition into the role's row."""
    grant = definition.grant
    role.name = definition.name
    role.permissions = sorted(grant.permissions)
    role.unlimited = grant.amount_limit is None
    role.amount_limit = grant.amount_limit
    role.queues = None if grant.queues is None else sorted(grant.queues)
    role.item_types = None if grant.item_types is None else sorted(grant.item_types)


def _row(found: Any) -> RoleRow:
    role: CustomRole = found.CustomRole
    return RoleRow(
        role.id,
        role.key,
        role.copied_from,
        definition_of(role),
        role.version,
        role.created_at,
        found.holders,
        found.waiting,
    )


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= MAXIMUM_NAME or not name.isprintable() or not _slug(name):
        raise InvalidPerson(f"A role's name has 1 to {MAXIMUM_NAME} letters and digits.")
    if name.casefold() in {role.value for role in Role}:
        raise InvalidPerson(f"{name} is a built-in role. Choose another name.")
    return name


async def _check_free(session: AsyncSession, name: str) -> None:
    taken = select(CustomRole.id).where(func.lower(CustomRole.name) == name.lower(), CustomRole.retired_at.is_(None))
    if (await session.execute(taken)).first():
        raise InvalidPerson(f"There is a role called {name} already. Choose another name.")


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
