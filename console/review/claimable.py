"""Whether somebody may take an item: in its status, where they work, unless another one has it, and only so many."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, covers, may, require
from console.actor import Actor
from console.review.errors import AssignedToOther, HeldByOther, NotClaimable, OutOfReach, TooManyClaims
from console.review.reach import check_reach, place_of
from console.review.states import Status
from db.models import CheckItem, Claim, PendingDecision, Queue, User

# What a person may take, besides what somebody else's expired claim left behind.
CLAIMABLE = frozenset({Status.NEW, Status.ESCALATED, Status.PENDING_APPROVAL, Status.IN_REVIEW})


async def check_claimable(session: AsyncSession, actor: Actor, item: CheckItem) -> None:
    """Raise unless the actor may work on a locked item in its status.

    An item in review is what it was before it was claimed: its holder's time may have run out.
    """
    status = Status(item.status)
    if status not in CLAIMABLE:
        raise NotClaimable(item.status)
    if status is Status.IN_REVIEW:
        earlier = select(Claim.previous_status).where(Claim.item_id == item.id)
        status = Status((await session.execute(earlier)).scalar_one())
    place = await place_of(session, item)
    if item.assigned_to not in {None, actor.user_id} and not may(actor, Permission.ITEM_ASSIGN):
        raise AssignedToOther(await _name_of(session, item.assigned_to))
    if status in {Status.PENDING_APPROVAL, Status.ESCALATED}:
        require(actor, Permission.ITEM_APPROVE)
    needed = {Permission.ITEM_CLAIM} | ({Permission.ITEM_APPROVE} if status is Status.ESCALATED else set())
    if not all(covers(actor, one, place) for one in needed):
        raise OutOfReach(place.queue, place.item_type)
    signing = status is Status.PENDING_APPROVAL
    await check_reach(session, actor, Permission.ITEM_APPROVE if signing else Permission.ITEM_DECIDE, place)


async def over_limit(session: AsyncSession, actor: Actor, queue_id: UUID) -> TooManyClaims | None:
    """Whether the actor holds more of a queue than one person may.

    Asked after `record`: the audit chain's head is locked then, so that whoever claimed before has committed and is
    counted, and whoever comes after waits.
    """
    held = (
        select(func.count())
        .select_from(Claim)
        .join(CheckItem, CheckItem.id == Claim.item_id)
        .outerjoin(PendingDecision, PendingDecision.item_id == Claim.item_id)
        .where(Claim.user_id == actor.user_id, Claim.expires_at > func.now(), CheckItem.queue_id == Queue.id)
        .where(PendingDecision.item_id.is_(None))  # decided: it needs nobody's time any more
        .scalar_subquery()
    )
    over = select(Queue.name, Queue.max_claims).where(Queue.id == queue_id, Queue.max_claims < held)
    row = (await session.execute(over)).first()
    return TooManyClaims(row.name, row.max_claims) if row else None


async def holder_of(session: AsyncSession, item_id: UUID) -> UUID | None:
    """Who has it at present."""
    query = select(Claim.user_id).where(Claim.item_id == item_id, Claim.expires_at > func.now())
    return (await session.execute(query)).scalar_one_or_none()


async def held_by_other(session: AsyncSession, actor: Actor, item_id: UUID) -> HeldByOther | None:
    """What to tell the actor where somebody else has it."""
    row = (
        await session.execute(
            select(Claim.user_id, User.display_name, Claim.expires_at)
            .join(User, User.id == Claim.user_id)
            .where(Claim.item_id == item_id, Claim.expires_at > func.now())
        )
    ).first()
    return HeldByOther(row.display_name, row.expires_at) if row and row.user_id != actor.user_id else None


async def _name_of(session: AsyncSession, user_id: UUID | None) -> str:
    return (await session.execute(select(User.display_name).where(User.id == user_id))).scalar_one()
