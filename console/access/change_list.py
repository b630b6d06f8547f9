"""The changes of access: what waits for a second administrator, and what became of the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from console.access.permissions import Permission, require
from console.actor import Actor
from db.engine import transaction
from db.models import AccessChange, CustomRole, User

PAGE = 50
MAX_PAGE = 200


@dataclass(frozen=True)
class ChangeKey:
    """Where a page of changes ended."""

    requested_at: datetime
    id: UUID


@dataclass(frozen=True)
class ChangeRow:
    """A change of a person's or a role's access. `subject` is the name of who or what would change; `before` and
    `after` are as `Access.as_json` and `Definition.as_json` make them."""

    id: UUID
    kind: str
    subject_id: UUID
    subject: str
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str
    status: str
    requested_by: UUID
    requester: str
    requested_at: datetime
    decider: str | None
    decided_at: datetime | None
    decided_reason: str | None


@dataclass(frozen=True)
class ChangePage:
    """Changes, the latest first, and the key to go on from; None at the end."""

    rows: tuple[ChangeRow, ...]
    next: ChangeKey | None


async def list_changes(actor: Actor, *, waiting: bool, after: ChangeKey | None = None, limit: int = PAGE) -> ChangePage:
    """One page of the changes that wait, or of those that were decided. Raises NotAllowed."""
    require(actor, Permission.USER_READ)
    status = AccessChange.status == "waiting"
    query = _changes().where(AccessChange.institution_id == actor.institution_id, status if waiting else ~status)
    if after is not None:
        later = and_(AccessChange.requested_at == after.requested_at, AccessChange.id > after.id)
        query = query.where(or_(AccessChange.requested_at < after.requested_at, later))
    limit = max(1, min(limit, MAX_PAGE))
    query = query.order_by(AccessChange.requested_at.desc(), AccessChange.id).limit(limit + 1)
    async with transaction(actor) as session:
        found = (await session.execute(query)).all()
    rows = tuple(_row(one) for one in found[:limit])
    return ChangePage(rows, ChangeKey(rows[-1].requested_at, rows[-1].id) if len(found) > limit else None)


async def count_waiting(actor: Actor) -> int:
    """How many changes wait. Raises NotAllowed."""
    require(actor, Permission.USER_READ)
    query = select(func.count()).select_from(AccessChange)
    query = query.where(AccessChange.institution_id == actor.institution_id, AccessChange.status == "waiting")
    async with transaction(actor) as session:
        return (await session.execute(query)).scalar_one()


def _changes() -> Select[AccessChange, str, str, str]:
    requester, decider = aliased(User), aliased(User)
    return (
        select(
            AccessChange,
            func.coalesce(User.display_name, CustomRole.name).label("subject"),
            requester.display_name.label("requester"),
            decider.display_name.label("decider"),
        )
        .outerjoin(User, User.id == AccessChange.user_id)
        .outerjoin(CustomRole, CustomRole.id == AccessChange.role_id)
        .join(requester, requester.id == AccessChange.requested_by)
        .outerjoin(decider, decider.id == AccessChange.decided_by)
    )


def _row(found: Any) -> ChangeRow:
    change: AccessChange = found.AccessChange
    subject_id = change.user_id or change.role_id
    assert subject_id is not None, "the table's kinds name a person or a role"
    return ChangeRow(
        change.id,
        change.kind,
        subject_id,
        found.subject,
        change.before,
        change.after,
        change.reason,
        change.status,
        change.requested_by,
        found.requester,
        change.requested_at,
        found.decider,
        change.decided_at,
        change.decided_reason,
    )
