"""Tells administrators what the installation finds out about itself, in every institution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import GRANTS, Permission
from console.actor import system_actor
from console.institution import institution_ids
from console.notices.kinds import NoticeKind
from console.notices.sending import notify
from db.engine import transaction

_OPERATORS: Final = text(
    """
    select u.id from app_user u where u.active and exists (
        select from user_role r left join custom_role c on c.id = r.custom_role_id
        where r.user_id = u.id and (r.role = any(:roles) or jsonb_exists(c.permissions, :permission))
    )
    """
)


async def tell_operators(kind: NoticeKind, key: str, values: Mapping[str, Any]) -> int:
    """Tell whoever may run jobs, in every institution, each person once for a key; how many were told."""
    return sum([await tell_operators_of(one, kind, key, values) for one in await institution_ids()])


async def tell_operators_of(institution_id: UUID, kind: NoticeKind, key: str, values: Mapping[str, Any]) -> int:
    """As `tell_operators`, of one institution."""
    actor = system_actor(institution_id, "operations")
    async with transaction(actor) as session:
        people = await _holding(session, Permission.OPERATIONS_MANAGE)
        return await notify(session, actor, kind, to=people, key=key, values=values)


async def _holding(session: AsyncSession, permission: Permission) -> list[UUID]:
    roles = [role.value for role, grant in GRANTS.items() if permission in grant.permissions]
    wanted = {"roles": roles, "permission": permission.value}
    return list(await session.scalars(_OPERATORS, wanted))
