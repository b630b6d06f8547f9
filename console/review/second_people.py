"""Who hears of a recommendation: those who may sign it, and its maker when it is sent back, to whom it returns.

Whoever has not read the last such notice is not told of the next one as well: on a busy day that would be one for each
check, and the list of approvals has them all. A notice whose check waits no more is done with for all whom it told.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.people import acting_within
from console.access.permissions import Permission, may
from console.actor import Actor
from console.hints import hint_notices
from console.notices.kinds import NoticeKind
from console.notices.sending import notify
from console.review.assignment import assign_within
from console.review.errors import ReviewRefused
from console.review.reach import check_reach, place_of
from db.models import CheckItem, User

# For so long an unread notice stands for those that follow it; then it may have been forgotten.
STANDS_FOR_OTHERS: Final = timedelta(minutes=15)

# The database's own guard says who may: one question for everybody, whatever roles they hold.
_MAY_SIGN_AND_DO_NOT_KNOW: Final = text(
    """
    select u.id from app_user u join check_item i on i.id = :item
    where u.active and u.id <> :maker and may_sign(u.id, i.id, i.amount)
    and u.id not in (
        select user_id from notice where kind = :kind and created_at > now() - :stands and read_at is null
    )
    """
)
# A row that its reader marks at this moment is left to them.
_NO_LONGER_WAITS: Final = text(
    """
    update notice set read_at = now() where id in (
        select id from notice where item_id = :item and kind = :kind and read_at is null for update skip locked
    )
    returning user_id
    """
)


async def tell_second_people(session: AsyncSession, actor: Actor, item: CheckItem, decision_id: UUID) -> None:
    """Tell those who may give the second signature that one waits, unless they have been told of another and have not
    read it. The recommendation itself is not told: the second review may be blind."""
    kind = NoticeKind.APPROVAL_WAITING.value
    wanted = {"item": item.id, "maker": actor.user_id, "kind": kind, "stands": STANDS_FOR_OTHERS}
    people = list(await session.scalars(_MAY_SIGN_AND_DO_NOT_KNOW, wanted))
    if not people:
        return
    by = (await session.execute(select(User.display_name).where(User.id == actor.user_id))).scalar_one()
    key = f"approval {decision_id}"
    await notify(session, actor, NoticeKind.APPROVAL_WAITING, to=people, item_id=item.id, values={"by": by}, key=key)


async def take_back_what_was_told(session: AsyncSession, item_id: UUID) -> None:
    """The item waits for no second signature any more: mark as read what nobody has read of it."""
    wanted = {"item": item_id, "kind": NoticeKind.APPROVAL_WAITING.value}
    if told := set(await session.scalars(_NO_LONGER_WAITS, wanted)):
        hint_notices(session, told)


async def return_to_maker(session: AsyncSession, actor: Actor, item: CheckItem, maker_id: UUID, why: str) -> None:
    """Assign a locked item to who recommended, where they still work on such checks; else it waits for anybody.

    They are told either way. Called after the item's own change is flushed.
    """
    by = (await session.execute(select(User.display_name).where(User.id == actor.user_id))).scalar_one()
    values = {"by": by, "text": why}
    await notify(session, actor, NoticeKind.SENT_BACK, to=[maker_id], item_id=item.id, values=values)
    maker = await acting_within(session, maker_id)
    if maker is None or not may(maker, Permission.ITEM_DECIDE):
        return
    try:
        await check_reach(session, maker, Permission.ITEM_DECIDE, await place_of(session, item))
    except ReviewRefused:
        return
    await assign_within(session, actor, item, maker_id, "sent back")
