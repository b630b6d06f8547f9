"""Somebody leaves: their account closes, their sessions end, and the checks in their hands go back to the queue."""

from __future__ import annotations

from uuid import UUID

from console.access.permissions import Permission, require
from console.access.person_services import close_account
from console.access.reason import checked_reason
from console.actor import Actor
from console.audit.entries import Event, record
from console.review.assignment import unassign_all_within
from console.review.giving_back import release_all_within
from db.engine import transaction


async def deactivate(actor: Actor, user_id: UUID, reason: str) -> int:
    """Let somebody sign in no more; how many checks went back to the queue.

    Their sessions end at once; the rows change in one transaction. Raises NotAllowed, CodeNeeded, PersonNotFound,
    OwnAccess, InvalidPerson or SessionServiceUnavailable (then nothing has changed).
    """
    require(actor, Permission.USER_MANAGE)
    reason = checked_reason(reason)
    async with transaction(actor) as session:
        await close_account(session, actor, user_id)
        released = await release_all_within(session, actor, user_id, "deactivated")
        await unassign_all_within(session, actor, user_id, "deactivated")
        after = {"reason": reason, "released": released}
        await record(session, actor, Event.USER_DEACTIVATED, "user", user_id, after=after)
    return released
