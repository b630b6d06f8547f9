"""Items that the policy lets pass without review, and a supervisor who has one reviewed all the same.

The policy clears what comes in, and nothing that waits for a person already.
"""

from __future__ import annotations

from uuid import UUID

from console.access.permissions import Permission, require
from console.access.reason import checked_reason
from console.actor import Actor
from console.audit.entries import Event, record
from console.hints import hint_items
from console.policy.judgement import Judgement
from console.review.deciding import locked_item
from console.review.queue_clock import queue_clock
from console.review.reach import check_reach, place_of
from console.review.states import Act, Status, after
from db.engine import transaction
from db.models import Queue


def clearing_rules(word: Judgement) -> list[dict[str, str]]:
    """The rules on which a clearance stands, as it is kept."""
    return [{"id": rule.id, "name": rule.name} for rule in word.fired]


async def pull_in(actor: Actor, item_id: UUID, reason: str) -> None:
    """Have an item reviewed that the policy let pass: it waits in its queue, on the hours of that queue.

    Raises NotAllowed, ItemNotFound, OutOfReach, IllegalTransition, InvalidPerson (no reason).
    """
    require(actor, Permission.QUEUE_MANAGE)
    reason = checked_reason(reason)
    async with transaction(actor) as session:
        item = await locked_item(session, item_id)
        await check_reach(session, actor, Permission.QUEUE_MANAGE, await place_of(session, item))
        before = {"status": item.status, "version": item.version}
        item.status, item.version = after(Status(item.status), Act.PULL_IN).value, item.version + 1
        (await queue_clock(session)).set(item, await session.get_one(Queue, item.queue_id))
        await session.flush()
        known = {"status": item.status, "version": item.version, "reason": reason}
        await record(session, actor, Event.ITEM_PULLED_IN, "item", item.id, before=before, after=known)
        hint_items(session, actor.institution_id, [item.id])
