"""Who holds which item: one person at a time, over all replicas, decided by the database alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.actor import Actor
from console.audit.entries import Event, NewEntry, record, record_at_end, record_each
from console.hints import hint_items
from console.review import next_item
from console.review.claimable import check_claimable, held_by_other, holder_of, over_limit
from console.review.errors import AlreadySubmitted, NotClaimable
from console.review.giving_back import give_back_within
from console.review.item_locks import locked_item
from console.review.item_view import ItemNotFound
from console.review.pending import pending_of, withdraw_within
from console.review.states import WAITING, Act, Status, after
from console.settings import settings
from db.engine import transaction
from db.models import CheckItem, Claim


@dataclass(frozen=True)
class Held:
    """An item in the actor's hands, at the version that the claim left it."""

    item_id: UUID
    version: int


# The insert wins or meets the holder's row; it takes that over only when it is the actor's own or has expired.
_TAKE = text(
    """
    insert into claim (item_id, institution_id, user_id, claimed_at, expires_at, previous_status)
    values (:item, :institution, :user, now(), now() + :timeout, :status)
    on conflict (item_id) do update
        set user_id = excluded.user_id, expires_at = excluded.expires_at, claimed_at =
            case when claim.user_id = excluded.user_id then claim.claimed_at else excluded.claimed_at end
        where claim.expires_at <= now() or claim.user_id = excluded.user_id
    returning item_id
    """
)


def claim_timeout() -> timedelta:
    """How long a claim stands without activity."""
    return timedelta(minutes=settings().claim_timeout_minutes)


async def claim(actor: Actor, item_id: UUID) -> Held:
    """Take an item; taking one's own again extends the claim.

    Raises NotAllowed, ItemNotFound, HeldByOther, AlreadySubmitted, NotClaimable, OutOfReach, NotAMember,
    AssignedToOther or TooManyClaims.
    """
    require(actor, Permission.ITEM_CLAIM)
    async with transaction(actor) as session:
        # Most refusals are seen without waiting for anybody's lock.
        if refused := await held_by_other(session, actor, item_id):
            raise refused
        item = await locked_item(session, item_id)
        if item is None:
            raise ItemNotFound
        await check_claimable(session, actor, item)
        held_before = await holder_of(session, item_id)
        if held_before == actor.user_id and await pending_of(session, item_id):
            raise AlreadySubmitted
        await withdraw_within(session, actor, [item_id], "it had waited for too long")
        if not await _take(session, actor, item):
            raise await held_by_other(session, actor, item_id) or NotClaimable("being changed")
        if Status(item.status) in WAITING:
            item.status = after(Status(item.status), Act.CLAIM).value
            item.version += 1
            await session.flush()
        if held_before != actor.user_id:
            await record(session, actor, Event.ITEM_CLAIMED, "item", item_id, after={"version": item.version})
            hint_items(session, actor.institution_id, [item_id])
            if full := await over_limit(session, actor, item.queue_id):
                raise full
        return Held(item_id, item.version)


async def claim_next(actor: Actor, queue: str | None = None) -> Held | None:
    """Take the most urgent waiting item that this person may decide; None when nothing waits.

    `queue` is a queue's key, or None for all of them. Raises NotAllowed.
    """
    require(actor, Permission.ITEM_CLAIM)
    async with transaction(actor, plans_once=True) as session:
        return await claim_next_within(session, actor, queue)


async def claim_next_within(
    session: AsyncSession, actor: Actor, queue: str | None, skip: tuple[UUID, ...] = ()
) -> Held | None:
    """`claim_next` inside the caller's transaction, passing over the items in `skip`."""
    while taken := await take_next_within(session, actor, queue, skip):
        if await enter_taken_within(session, actor, taken):
            return taken.held
    return None


@dataclass(frozen=True)
class Taken:
    """An item that was taken and is not in the audit trail yet."""

    held: Held
    queue_id: UUID
    # Nobody may hold more than so many of this queue.
    limited: bool


async def take_next_within(
    session: AsyncSession, actor: Actor, queue: str | None, skip: tuple[UUID, ...] = ()
) -> Taken | None:
    """The first half of `claim_next_within`: take the item. What else the caller has to do comes before the second
    half, which locks the audit chain's head for everybody until the commit."""
    statements, wanted = next_item.wanted(actor, queue, skip)
    row = await statements.take.first(session, {**wanted, "timeout": claim_timeout()})
    return Taken(Held(row.id, row.version), row.queue_id, row.limited) if row else None


async def enter_taken_within(session: AsyncSession, actor: Actor, taken: Taken, *before: NewEntry) -> bool:
    """The second half: enter the claim, after what was done `before` it in this transaction.

    False where the item was put back, because the person took another one of its queue at the same moment; the next
    search passes the queue over.
    """
    held = taken.held
    claimed = NewEntry(Event.ITEM_CLAIMED, "item", held.item_id, after={"version": held.version})
    if not taken.limited:
        record_at_end(session, actor, [*before, claimed])
        hint_items(session, actor.institution_id, [held.item_id], by=actor.request_id or "")
        return True
    await record_each(session, actor, [*before, claimed])
    if await over_limit(session, actor, taken.queue_id) is None:
        hint_items(session, actor.institution_id, [held.item_id], by=actor.request_id or "")
        return True
    item = await locked_item(session, held.item_id)
    assert item is not None  # it was taken in this transaction
    await give_back_within(session, actor, [item], "too many claims")
    return False


async def touch(actor: Actor, item_id: UUID) -> bool:
    """Extend the actor's claim while they work; False where they do not hold the item any more."""
    require(actor, Permission.ITEM_CLAIM)
    async with transaction(actor) as session:
        result = await session.execute(
            update(Claim)
            .where(Claim.item_id == item_id, Claim.user_id == actor.user_id, Claim.expires_at > func.now())
            # What waits for its commit is held for longer.
            .values(expires_at=func.greatest(Claim.expires_at, func.now() + claim_timeout()))
            .returning(Claim.item_id)
        )
        return result.first() is not None


async def renew_within(session: AsyncSession, actor: Actor, item_id: UUID) -> None:
    """Let the actor's claim run anew from now, where there is one."""
    own = update(Claim).where(Claim.item_id == item_id, Claim.user_id == actor.user_id)
    await session.execute(own.values(expires_at=func.now() + claim_timeout()))


async def _take(session: AsyncSession, actor: Actor, item: CheckItem) -> bool:
    values = {
        "item": item.id,
        "institution": actor.institution_id,
        "user": actor.user_id,
        "timeout": claim_timeout(),
        "status": item.status,
    }
    return (await session.execute(_TAKE, values)).first() is not None
