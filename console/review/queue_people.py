"""People as the queue names them: who is at work, and to whom a check can be given."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Select, func, or_, select, union
from sqlalchemy.dialects.postgresql import JSONB

from console.access.permissions import GRANTS, Permission, require
from console.actor import Actor
from console.review.open_items import OPEN_ITEMS
from console.review.queue_settings import Candidate
from db.engine import transaction
from db.models import CheckItem, Claim, CustomRole, User, UserRole

_MOST: Final = 500


async def people_at_work(actor: Actor) -> tuple[Candidate, ...]:
    """Who holds checks or was given some, by name. Raises NotAllowed."""
    require(actor, Permission.QUEUE_READ)
    holding = select(Claim.user_id).where(Claim.expires_at > func.now())
    own = CheckItem.institution_id == actor.institution_id
    given = select(CheckItem.assigned_to).where(own, CheckItem.assigned_to.is_not(None), OPEN_ITEMS)
    return await _read(actor, select(User).where(User.id.in_(union(holding, given))))


async def assignees(actor: Actor) -> tuple[Candidate, ...]:
    """Everybody who takes checks, by name: to whom one can be given, within their queues. Raises NotAllowed."""
    require(actor, Permission.ITEM_ASSIGN)
    taking = [role.value for role, grant in GRANTS.items() if Permission.ITEM_CLAIM in grant.permissions]
    grants = func.jsonb_exists(CustomRole.permissions.cast(JSONB), Permission.ITEM_CLAIM.value)
    holders = (
        select(UserRole.user_id)
        .outerjoin(CustomRole, CustomRole.id == UserRole.custom_role_id)
        .where(or_(UserRole.role.in_(taking), grants))
    )
    return await _read(actor, select(User).where(User.id.in_(holders), User.active))


async def _read(actor: Actor, people: Select[Any]) -> tuple[Candidate, ...]:
    query = people.with_only_columns(User.id, User.display_name).order_by(func.lower(User.display_name), User.id)
    async with transaction(actor) as session:
        return tuple(Candidate(row.id, row.display_name) for row in await session.execute(query.limit(_MOST)))
