"""Who holds a permission, whatever roles give it: for telling them of what waits for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import GRANTS, Permission

_HOLDERS: Final = text(
    """
    select u.id from app_user u where u.active and exists (
        select from user_role r left join custom_role c on c.id = r.custom_role_id
        where r.user_id = u.id and (r.role = any(:roles) or jsonb_exists_any(c.permissions, :permissions))
    )
    """
)


async def holders(session: AsyncSession, permissions: Sequence[Permission]) -> list[UUID]:
    """Active people of the transaction's institution who hold one of these permissions."""
    wanted = frozenset(permissions)
    roles = [role.value for role, grant in GRANTS.items() if wanted & grant.permissions]
    found = await session.scalars(_HOLDERS, {"roles": roles, "permissions": [one.value for one in permissions]})
    return list(found)
