"""Who hears of a recommendation: those who may sign it, and its maker when it is sent back, to whom it returns."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.people import acting_within
from console.access.permissions import Permission, may
from console.actor import Actor
from console.notices.kinds import NoticeKind
from console.notices.sending import notify
from console.review.assignment import assign_within
from console.review.errors import ReviewRefused
from console.review.reach import check_reach, place_of
from db.models import CheckItem, User

# The database's own guard says who may: one question for everybody, whatever roles they hold.
_MAY_SIGN: Final = text(
    """
    select u.id from app_user u join check_item i on i.id = :item
    where u.active and u.id <> :maker and may_sign(u.id, i.id, i.amount)
    """
)


async def tell_second_people(session: AsyncSession, actor: Actor, item: CheckItem, decision_id: UUID) -> None:
    """Tell those who may give the second signature that one waits, each once. The recommendation itself is not told:
    the second review may be blind."""
    people = await session.scalars(_MAY_SIGN, {"item": item.id, "maker": actor.user_id})
    by = (await session.execute(select(User.display_name).where(User.id == actor.user_id))).scalar_one()
    key = f"approval {decision_id}"
    await notify(
        session, actor, NoticeKind.APPROVAL_WAITING, to=list(people), item_id=item.id, values={"by": by}, key=key
    )


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
