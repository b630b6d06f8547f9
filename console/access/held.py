"""What a person holds, in the database: roles, built-in and custom, and bounds of the person's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol, Self
from uuid import UUID

from sqlalchemy import Row, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import GRANTS, conflicting
from console.actor import Actor, Bounds, Grant
from console.roles import Role
from db.models import CustomRole, Queue, User, UserRole

MAXIMUM_LIMIT = Decimal("999999999999.99")
MAXIMUM_ROLES = 20
ITEM_TYPES = ("on_us", "transit")
BUILT_IN = frozenset(role.value for role in Role)


class InvalidPerson(Exception):
    """A person cannot be created or changed so; the message says why and what to do."""


class ConflictingRoles(InvalidPerson):
    """Nobody both administers people and decides checks (separation of duties)."""

    def __init__(self) -> None:
        super().__init__("Who administers people decides no checks: take one of the two roles away.")


class OwnAccess(InvalidPerson):
    """Nobody changes their own roles, limits or account."""

    def __init__(self) -> None:
        super().__init__("This is your own account. Another administrator has to do this for you.")


class PersonNotFound(LookupError):
    """No such person in this institution."""

    def __init__(self) -> None:
        super().__init__("There is no such person.")


@dataclass(frozen=True)
class Access:
    """What a person may be given: built-in roles' names and custom roles' keys, and bounds of the person's own."""

    roles: frozenset[str]
    bounds: Bounds = field(default_factory=Bounds)

    def as_json(self) -> dict[str, Any]:
        """Plain values, as they are kept and audited."""
        return {"roles": sorted(self.roles), **reach_as_json(self.bounds)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """The access that `as_json` was made of."""
        return cls(frozenset(values["roles"]), Bounds(**reach_from_json(values)))


@dataclass(frozen=True)
class Held:
    """What a person holds at this moment. `grants` are those of the custom roles."""

    access: Access
    version: int
    grants: tuple[Grant, ...]

    @property
    def built_in(self) -> frozenset[Role]:
        """The built-in roles among the roles."""
        return frozenset(Role(role) for role in self.access.roles & BUILT_IN)


@dataclass(frozen=True)
class RoleHeld:
    """A role as a person has it: its key, its name, since when, and given by whom (None: by the command line)."""

    key: str
    name: str
    since: datetime
    given_by: str | None


class _Reach(Protocol):
    @property
    def amount_limit(self) -> Decimal | None: ...
    @property
    def queues(self) -> frozenset[str] | None: ...
    @property
    def item_types(self) -> frozenset[str] | None: ...


def reach_as_json(reach: _Reach) -> dict[str, Any]:
    """Limit, queues and item types as plain values."""
    return {
        "amount_limit": None if reach.amount_limit is None else str(reach.amount_limit),
        "queues": None if reach.queues is None else sorted(reach.queues),
        "item_types": None if reach.item_types is None else sorted(reach.item_types),
    }


def reach_from_json(values: dict[str, Any]) -> dict[str, Any]:
    """Limit, queues and item types from plain values, as keyword arguments of Grant and Bounds."""
    limit = values["amount_limit"]
    return {
        "amount_limit": None if limit is None else Decimal(limit),
        "queues": _keys(values["queues"]),
        "item_types": _keys(values["item_types"]),
    }


def grant_of(role: CustomRole) -> Grant:
    """What a custom role grants."""
    limit = None if role.unlimited else role.amount_limit or Decimal(0)
    return Grant(frozenset(role.permissions), limit, _keys(role.queues), _keys(role.item_types))


def bounds_of(user: User | Row[Any]) -> Bounds:
    """The person's own bounds."""
    return Bounds(user.amount_limit, _keys(user.queues), _keys(user.item_types))


async def read_held(session: AsyncSession, user: User) -> Held:
    """What the person holds at this moment."""
    rows = select(UserRole.role, CustomRole).outerjoin(CustomRole, CustomRole.id == UserRole.custom_role_id)
    found = (await session.execute(rows.where(UserRole.user_id == user.id).order_by(UserRole.role))).all()
    return held_of(user, found)


def held_of(user: User | Row[Any], found: Iterable[Any]) -> Held:
    """What a person holds, of their row and the rows of their roles, which are `role` and `CustomRole`."""
    found = tuple(found)
    grants = tuple(grant_of(row.CustomRole) for row in found if row.CustomRole is not None)
    return Held(Access(frozenset(row.role for row in found), bounds_of(user)), user.access_version, grants)


async def locked_user(session: AsyncSession, user_id: UUID) -> User:
    """The person's row, locked until the end of the transaction. Raises PersonNotFound."""
    query = select(User).where(User.id == user_id).with_for_update(key_share=True)
    user = (await session.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()
    if user is None:
        raise PersonNotFound
    return user


async def check_access(session: AsyncSession, access: Access) -> dict[str, CustomRole]:
    """The custom roles among the roles, locked against a change. Raises InvalidPerson or ConflictingRoles."""
    if len(access.roles) > MAXIMUM_ROLES:
        raise InvalidPerson(f"Nobody holds more than {MAXIMUM_ROLES} roles.")
    keys = access.roles - BUILT_IN
    query = select(CustomRole).where(CustomRole.key.in_(keys), CustomRole.retired_at.is_(None))
    query = query.order_by(CustomRole.id).with_for_update(read=True)
    custom = {role.key: role for role in await session.scalars(query)} if keys else {}
    if missing := sorted(keys - set(custom)):
        raise InvalidPerson(f"There is no role {', '.join(missing)}, or it is retired.")
    permissions = [GRANTS[Role(role)].permissions for role in access.roles & BUILT_IN]
    permissions += [frozenset(role.permissions) for role in custom.values()]
    if conflicting(frozenset().union(*permissions)):
        raise ConflictingRoles
    await check_reach(session, access.bounds)
    return custom


async def check_reach(session: AsyncSession, reach: _Reach) -> None:
    """Raise InvalidPerson unless limit, queues and item types exist."""
    limit = reach.amount_limit
    if limit is not None and not (limit.is_finite() and 0 <= limit <= MAXIMUM_LIMIT and limit == round(limit, 2)):
        raise InvalidPerson("A limit is an amount in dollars and cents, zero or more.")
    if unknown := sorted((reach.item_types or frozenset()) - set(ITEM_TYPES)):
        raise InvalidPerson(f"There is no item type {', '.join(unknown)}.")
    if reach.queues:
        known = set(await session.scalars(select(Queue.key)))
        if unknown := sorted(reach.queues - known):
            raise InvalidPerson(f"There is no queue {', '.join(unknown)}.")


async def write_access(
    session: AsyncSession, actor: Actor, user: User, access: Access, custom: dict[str, CustomRole]
) -> None:
    """Make the person hold exactly this; `custom` is what `check_access` gave. Roles kept stay as they were given."""
    user_role = UserRole.user_id == user.id
    held = set(await session.scalars(select(UserRole.role).where(user_role)))
    if gone := held - access.roles:
        await session.execute(delete(UserRole).where(user_role, UserRole.role.in_(gone)))
    for role in sorted(access.roles - held):
        row = UserRole(institution_id=actor.institution_id, user_id=user.id, role=role, granted_by=actor.user_id)
        row.custom_role_id = custom[role].id if role in custom else None
        session.add(row)
    bounds = access.bounds
    user.amount_limit = bounds.amount_limit
    user.queues = None if bounds.queues is None else sorted(bounds.queues)
    user.item_types = None if bounds.item_types is None else sorted(bounds.item_types)
    user.access_version += 1
    await session.flush()


async def read_roles(session: AsyncSession, user_id: UUID) -> tuple[RoleHeld, ...]:
    """The roles that a person holds, each with its name, since when and from whom."""
    query = (
        select(UserRole.role, UserRole.granted_at, CustomRole.name, User.display_name)
        .outerjoin(CustomRole, CustomRole.id == UserRole.custom_role_id)
        .outerjoin(User, User.id == UserRole.granted_by)
        .where(UserRole.user_id == user_id)
        .order_by(UserRole.role)
    )
    rows = await session.execute(query)
    return tuple(RoleHeld(r.role, r.name or r.role, r.granted_at, r.display_name) for r in rows)


def _keys(values: Iterable[str] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(values)
