"""Tells people what the installation finds out about itself: administrators, or whoever holds a permission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from console.access.permissions import GRANTS, Permission
from console.actor import system_actor
from console.institution import institution_ids
from console.notices.kinds import NoticeKind
from console.notices.sending import notify
from db.engine import transaction

_HOLDERS: Final = text(
    """
    select u.id from app_user u where u.active and exists (
        select from user_role r left join custom_role c on c.id = r.custom_role_id
        where r.user_id = u.id and (r.role = any(:roles) or jsonb_exists_any(c.permissions, :permissions))
    )
    """
)


async def tell_operators(kind: NoticeKind, key: str, values: Mapping[str, Any]) -> int:
    """Tell whoever may run jobs, in every institution, each person once for a key; how many were told."""
    permissions = (Permission.OPERATIONS_MANAGE,)
    return sum([await tell_holders(one, permissions, kind, key, values) for one in await institution_ids()])


async def tell_holders(
    institution_id: UUID, permissions: Sequence[Permission], kind: NoticeKind, key: str, values: Mapping[str, Any]
) -> int:
    """Tell whoever holds one of these permissions in the institution, each once for a key; how many were told."""
    actor = system_actor(institution_id, "operations")
    wanted = frozenset(permissions)
    roles = [role.value for role, grant in GRANTS.items() if wanted & grant.permissions]
    async with transaction(actor) as session:
        found = await session.scalars(_HOLDERS, {"roles": roles, "permissions": [one.value for one in permissions]})
        return await notify(session, actor, kind, to=list(found), key=key, values=values)
