"""Who holds which item: one person at a time, over all replicas, decided by the database alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, select, text, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, covers, may, require
from console.actor import Actor
from console.audit.entries import Event, NewEntry, record, record_at_end, record_each
from console.hints import hint_items
from console.review import next_item
from console.review.errors import (
    AlreadySubmitted,
    AssignedToOther,
    HeldByOther,
    NotClaimable,
    OutOfReach,
    TooManyClaims,
)
from console.review.item_view import ItemNotFound
from console.review.pending import pending_of, withdraw_within
from console.review.reach import check_reach, place_of
from console.review.states import WAITING, Act, Status, after
from console.settings import settings
from db.engine import transaction
from db.models import CheckItem, Claim, PendingDecision, Queue, User

# What a person may take, besides what somebody else's expired claim left behind.
CLAIMABLE = frozenset({Status.NEW, Status.ESCALATED, Status.PENDING_APPROVAL, Status.IN_REVIEW})


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
        if refused := await _held_by_other(session, actor, item_id):
            raise refused
        item = await _locked_item(session, item_id)
        if item is None:
            raise ItemNotFound
        await _check_claimable(session, actor, item)
        held_before = await _holder(session, item_id)
        if held_before == actor.user_id and await pending_of(session, item_id):
            raise AlreadySubmitted
        await withdraw_within(session, actor, [item_id], "it had waited for too long")
        if not await _take(session, actor, item):
            raise await _held_by_other(session, actor, item_id) or NotClaimable("being changed")
        if Status(item.status) in WAITING:
            item.status = after(Status(item.status), Act.CLAIM).value
            item.version += 1
            await session.flush()
        if held_before != actor.user_id:
            await record(session, actor, Event.ITEM_CLAIMED, "item", item_id, after={"version": item.version})
            hint_items(session, actor.institution_id, [item_id])
            if full := await _full(session, actor, item.queue_id):
                raise full
        return Held(item_id, item.version)


async def claim_next(actor: Actor, queue: str | None = None) -> Held | None:
    """Take the most urgent waiting item that this person may decide; None when nothing waits.

    `queue` is a queue's key, or None for all of them. Raises NotAllowed.
    """
    require(actor, Permission.ITEM_CLAIM)
    async with transaction(actor) as session:
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
    if await _full(session, actor, taken.queue_id) is None:
        hint_items(session, actor.institution_id, [held.item_id], by=actor.request_id or "")
        return True
    item = await _locked_item(session, held.item_id)
    assert item is not None  # it was taken in this transaction
    await _put_back(session, actor, [item], "too many claims", Claim.user_id == actor.user_id)
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


async def release(actor: Actor, item_id: UUID) -> None:
    """Put the actor's item back where it was; nothing happens where they do not hold it, or have decided it."""
    require(actor, Permission.ITEM_CLAIM)
    async with transaction(actor) as session:
        item = await _locked_item(session, item_id)
        if item is not None:
            await give_back_within(session, actor, [item], "released")


async def give_back_within(
    session: AsyncSession, actor: Actor, items: Sequence[CheckItem], why: str, *, of: UUID | None = None
) -> None:
    """Put those of these locked items back that somebody (`of`, else the actor) holds and has not decided."""
    decided = select(PendingDecision.item_id).where(PendingDecision.item_id == Claim.item_id).exists()
    await _put_back(session, actor, items, why, and_(Claim.user_id == (of or actor.user_id), ~decided))


async def renew_within(session: AsyncSession, actor: Actor, item_id: UUID) -> None:
    """Let the actor's claim run anew from now, where there is one."""
    own = update(Claim).where(Claim.item_id == item_id, Claim.user_id == actor.user_id)
    await session.execute(own.values(expires_at=func.now() + claim_timeout()))


async def lock_items(session: AsyncSession, item_ids: Collection[UUID]) -> list[CheckItem]:
    """Lock these items, in the order in which everybody locks several."""
    query = select(CheckItem).where(CheckItem.id.in_(item_ids)).order_by(CheckItem.id).with_for_update()
    return list(await session.scalars(query.execution_options(populate_existing=True)))


async def release_expired(actor: Actor, *, limit: int = 200) -> int:
    """Put back items whose holder has been idle for too long; how many there were.

    Raises NotAllowed for people who may not release others' items.
    """
    require(actor, Permission.ITEM_RELEASE_OTHERS)
    expired = Claim.expires_at <= func.now()
    async with transaction(actor) as session:
        return await _put_back(session, actor, await _lock_claimed(session, expired, limit), "expired", expired)


async def release_all_within(session: AsyncSession, actor: Actor, user_id: UUID, why: str) -> int:
    """Put back everything that somebody holds, in the caller's transaction; how many there were.

    The caller has checked that the actor may. It waits for what the person is just deciding, and takes what that
    claimed next as well.
    """
    released, own = 0, Claim.user_id == user_id
    while items := await _lock_claimed(session, own, 200, skip_locked=False):
        put_back = await _put_back(session, actor, items, why, own)
        if put_back == 0:
            break  # decided meanwhile
        released += put_back
    return released


async def put_back_within(session: AsyncSession, actor: Actor, items: Sequence[CheckItem], why: str) -> int:
    """Put back whoever holds these locked items, in the caller's transaction, which has checked that the actor may."""
    return await _put_back(session, actor, items, why, true())


async def _take(session: AsyncSession, actor: Actor, item: CheckItem) -> bool:
    values = {
        "item": item.id,
        "institution": actor.institution_id,
        "user": actor.user_id,
        "timeout": claim_timeout(),
        "status": item.status,
    }
    return (await session.execute(_TAKE, values)).first() is not None


# One order of locks everywhere, so that nobody waits in a circle: the item, its claim, the audit chain's head.


async def _locked_item(session: AsyncSession, item_id: UUID) -> CheckItem | None:
    query = select(CheckItem).where(CheckItem.id == item_id).with_for_update()
    return (await session.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()


async def _lock_claimed(
    session: AsyncSession, condition: ColumnElement[bool], limit: int, *, skip_locked: bool = True
) -> list[CheckItem]:
    """Lock the items of these claims; with `skip_locked` but for those that somebody is just changing."""
    query = select(CheckItem).join(Claim, Claim.item_id == CheckItem.id).where(condition).order_by(CheckItem.id)
    query = query.limit(limit).with_for_update(of=CheckItem, skip_locked=skip_locked)
    return list(await session.scalars(query.execution_options(populate_existing=True)))


async def _check_claimable(session: AsyncSession, actor: Actor, item: CheckItem) -> None:
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


async def _full(session: AsyncSession, actor: Actor, queue_id: UUID) -> TooManyClaims | None:
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


async def _name_of(session: AsyncSession, user_id: UUID | None) -> str:
    return (await session.execute(select(User.display_name).where(User.id == user_id))).scalar_one()


async def _put_back(
    session: AsyncSession, actor: Actor, items: Sequence[CheckItem], why: str, condition: ColumnElement[bool]
) -> int:
    """Delete the claims of these locked items where the condition still holds, and put the items back.

    What their holders had decided and was not committed yet is dropped, and they are told.
    """
    held = (Claim.item_id.in_([item.id for item in items]), condition)
    await withdraw_within(session, actor, list(await session.scalars(select(Claim.item_id).where(*held))), why)
    rows = await session.execute(delete(Claim).where(*held).returning(Claim.item_id, Claim.previous_status))
    gone = {row.item_id: row.previous_status for row in rows}
    released = [item for item in items if item.id in gone]
    for item in released:
        if item.status == Status.IN_REVIEW:
            item.status = after(Status.IN_REVIEW, Act.RELEASE, Status(gone[item.id])).value
            item.version += 1
    await session.flush()
    for item in released:
        await record(session, actor, Event.ITEM_RELEASED, "item", item.id, after={"status": item.status, "why": why})
    if released:
        hint_items(session, actor.institution_id, [item.id for item in released])
    return len(released)


async def _holder(session: AsyncSession, item_id: UUID) -> UUID | None:
    query = select(Claim.user_id).where(Claim.item_id == item_id, Claim.expires_at > func.now())
    return (await session.execute(query)).scalar_one_or_none()


async def _held_by_other(session: AsyncSession, actor: Actor, item_id: UUID) -> HeldByOther | None:
    row = (
        await session.execute(
            select(Claim.user_id, User.display_name, Claim.expires_at)
            .join(User, User.id == Claim.user_id)
            .where(Claim.item_id == item_id, Claim.expires_at > func.now())
        )
    ).first()
    return HeldByOther(row.display_name, row.expires_at) if row and row.user_id != actor.user_id else None
