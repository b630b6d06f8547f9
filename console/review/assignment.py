"""Who is to work on a check: supervisors and approvers say so, and a recommendation sent back returns to its maker."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.held import PersonNotFound, read_held
from console.access.permissions import Permission, Place, require
from console.access.reason import checked_reason
from console.actor import Actor
from console.audit.entries import Event, record
from console.hints import hint_items
from console.notices import NoticeKind, notify
from console.review.bulk import BulkResult, Holding, check_size, holders_of, lock_items
from console.review.errors import ReviewRefused
from console.review.reach import Ground, ground_of, places_of
from console.review.states import FINAL_STATUSES, Status
from db.engine import transaction
from db.models import CheckItem, User


async def assign(actor: Actor, item_ids: Sequence[UUID], to_user: UUID | None, reason: str) -> BulkResult:
    """Say who is to work on these items, None: whoever takes them first. At most MOST_AT_ONCE, in one transaction.

    What somebody else holds, is being decided, is decided, or is nothing that the person may decide stays as it is,
    and the result says so. Raises NotAllowed, TooManyAtOnce, PersonNotFound, InvalidPerson (no reason).
    """
    require(actor, Permission.ITEM_ASSIGN)
    reason = checked_reason(reason)
    check_size(item_ids)
    result = BulkResult()
    async with transaction(actor) as session:
        person = await _as_actor(session, actor, to_user) if to_user else None
        items = await lock_items(session, item_ids, result)
        holders = await holders_of(session, list(items))
        places = await places_of(session, items.values())
        own = await ground_of(session, actor, Permission.ITEM_ASSIGN)
        theirs = await _grounds(session, person)
        for item_id, item in items.items():
            try:
                own.check(places[item_id])
                _check_free(person, holders.get(item_id))
                _check_worker(theirs, item, places[item_id])
            except ReviewRefused as refused:
                result.refused[item_id] = str(refused)
                continue
            result.done.append(item_id)
        changed = await _write(session, actor, [items[item_id] for item_id in result.done], to_user, reason)
        if to_user and changed:
            await _tell(session, actor, changed, to_user)
    return result


async def assign_within(session: AsyncSession, actor: Actor, item: CheckItem, to_user: UUID, why: str) -> None:
    """Assign a locked item in the caller's transaction, which has checked that this may be.

    For items that return to somebody by themselves, as a recommendation sent back returns to its maker. Call it
    after the item's own change is flushed, and as `record`, last.
    """
    await _write(session, actor, [item], to_user, why)


async def unassign_all_within(session: AsyncSession, actor: Actor, user_id: UUID, why: str) -> int:
    """Take everything from somebody who leaves, in the caller's transaction; how many items there were."""
    own = [CheckItem.assigned_to == user_id, CheckItem.status.not_in([status.value for status in FINAL_STATUSES])]
    query = select(CheckItem).where(*own).order_by(CheckItem.id).with_for_update()
    items = list(await session.scalars(query.execution_options(populate_existing=True)))
    await _write(session, actor, items, None, why)
    return len(items)


def _check_free(person: Actor | None, holder: Holding | None) -> None:
    if holder is not None and (person is None or holder.user_id != person.user_id):
        raise ReviewRefused(f"{holder.name} is working on this check. Release it first.")


async def _grounds(session: AsyncSession, person: Actor | None) -> dict[Permission, Ground]:
    if person is None:
        return {}
    asked = (Permission.ITEM_CLAIM, Permission.ITEM_APPROVE)
    return {permission: await ground_of(session, person, permission) for permission in asked}


def _check_worker(grounds: dict[Permission, Ground], item: CheckItem, place: Place) -> None:
    """Raise unless whoever is to have the item may work on it."""
    needed = [Permission.ITEM_CLAIM]
    if item.status in {Status.PENDING_APPROVAL, Status.ESCALATED}:
        needed.append(Permission.ITEM_APPROVE)
    for ground in (grounds[permission] for permission in needed if grounds):
        try:
            ground.check(place)
        except ReviewRefused as refused:
            words = f"{ground.actor.name} does not work on checks like this one in its queue."
            raise ReviewRefused(words) from refused


async def _as_actor(session: AsyncSession, actor: Actor, user_id: UUID) -> Actor:
    """Somebody else as they would act: what they may work on. Raises PersonNotFound for who signs in no more."""
    user = await session.get(User, user_id)
    if user is None or not user.active:
        raise PersonNotFound
    held = await read_held(session, user)
    return Actor(
        actor.institution_id, user.id, user.display_name, held.built_in, grants=held.grants, bounds=held.access.bounds
    )


async def _write(
    session: AsyncSession, actor: Actor, items: Sequence[CheckItem], to_user: UUID | None, reason: str
) -> list[CheckItem]:
    changed = [(item, item.assigned_to) for item in items if item.assigned_to != to_user]
    for item, _ in changed:
        item.assigned_to = to_user
        item.version += 1
    await session.flush()
    for item, before in changed:
        await _record(session, actor, item, before, reason)
    if changed:
        hint_items(session, actor.institution_id, [item.id for item, _ in changed])
    return [item for item, _ in changed]


async def _tell(session: AsyncSession, actor: Actor, items: Sequence[CheckItem], to_user: UUID) -> None:
    """One notice, however many there are; a single check is linked to."""
    what = "a check" if len(items) == 1 else f"{len(items)} checks"
    item_id = items[0].id if len(items) == 1 else None
    await notify(
        session, actor, NoticeKind.ASSIGNED, to=[to_user], item_id=item_id, values={"by": actor.name, "what": what}
    )


async def _record(session: AsyncSession, actor: Actor, item: CheckItem, before: UUID | None, reason: str) -> None:
    await record(
        session,
        actor,
        Event.ITEM_ASSIGNED,
        "item",
        item.id,
        before={"assigned_to": before},
        after={"assigned_to": item.assigned_to, "reason": reason},
    )
