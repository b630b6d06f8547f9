"""Tells people what the installation finds out about itself: administrators, or whoever holds a permission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from console.access.holders import holders
from console.access.permissions import Permission
from console.actor import system_actor
from console.institution import institution_ids
from console.notices.kinds import NoticeKind
from console.notices.sending import notify
from db.engine import transaction


async def tell_operators(kind: NoticeKind, key: str, values: Mapping[str, Any]) -> int:
    """Tell whoever may run jobs, in every institution, each person once for a key; how many were told."""
    permissions = (Permission.OPERATIONS_MANAGE,)
    return sum([await tell_holders(one, permissions, kind, key, values) for one in await institution_ids()])


async def tell_holders(
    institution_id: UUID, permissions: Sequence[Permission], kind: NoticeKind, key: str, values: Mapping[str, Any]
) -> int:
    """Tell whoever holds one of these permissions in the institution, each once for a key; how many were told."""
    actor = system_actor(institution_id, "operations")
    async with transaction(actor) as session:
        people = await holders(session, permissions)
        return await notify(session, actor, kind, to=people, key=key, values=values)
