"""Putting back what somebody else holds: for supervisors and approvers, with a reason that is kept."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from console.access.permissions import Permission, require
from console.access.reason import checked_reason
from console.actor import Actor
from console.review.bulk import BulkResult, check_size, holders_of, lock_items
from console.review.errors import ReviewRefused
from console.review.giving_back import put_back_within
from console.review.reach import ground_of, places_of
from db.engine import transaction


async def release_others(actor: Actor, item_ids: Sequence[UUID], reason: str) -> BulkResult:
    """Put these items back where they were before somebody took them. At most MOST_AT_ONCE, in one transaction.

    The holder's page says so at once, and keeps what was typed. Raises NotAllowed, TooManyAtOnce, InvalidPerson
    (no reason).
    """
    require(actor, Permission.ITEM_RELEASE_OTHERS)
    reason = checked_reason(reason)
    check_size(item_ids)
    result = BulkResult()
    async with transaction(actor) as session:
        items = await lock_items(session, item_ids, result)
        holders = await holders_of(session, list(items))
        result.refused |= {item_id: "Nobody holds this check." for item_id in items if item_id not in holders}
        own = await ground_of(session, actor, Permission.ITEM_RELEASE_OTHERS)
        for item_id, place in (await places_of(session, items.values())).items():
            try:
                own.check(place)
            except ReviewRefused as refused:
                result.refused[item_id] = str(refused)
        held = [item for item_id, item in items.items() if item_id not in result.refused]
        await put_back_within(session, actor, held, reason)
        result.done += [item.id for item in held]
    return result
