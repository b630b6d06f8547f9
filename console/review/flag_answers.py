"""A reviewer's answer to each flag."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.actor import Actor
from console.audit.entries import Event, record
from console.hints import hint_items
from console.review.errors import AlreadySubmitted, AnswerStands, IncompleteChoice, NotYours
from console.review.item_view import ItemNotFound
from console.review.pending import pending_of
from console.review.states import Status
from db.engine import transaction
from db.models import CheckItem, Claim, Flag

MAX_REASON = 500


class Answer(StrEnum):
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    CANNOT_TELL = "cannot_tell"


async def answer_flag(actor: Actor, flag_id: UUID, answer: Answer | None, reason: str = "") -> int:
    """Answer a flag of an item that the actor holds, or take the answer back (None); the item's new version.

    A dismissal needs a reason. What the first of two people answered, the second one cannot change. Raises
    NotAllowed, ItemNotFound, NotYours, AlreadySubmitted, AnswerStands, IncompleteChoice.
    """
    require(actor, Permission.ITEM_DECIDE)
    reason = reason.replace("\x00", "").strip()
    if answer is Answer.DISMISSED and not reason:
        raise IncompleteChoice("reason", "Say why this flag does not matter here.")
    if len(reason) > MAX_REASON:
        raise IncompleteChoice("reason", f"The reason has more than {MAX_REASON} characters.")
    async with transaction(actor) as session:
        flag, item = await _held(session, actor, flag_id)
        before = flag.answer
        flag.answer = answer.value if answer else None
        flag.answer_reason = reason or None
        flag.answered_by = actor.user_id if answer else None
        flag.answered_at = datetime.now(UTC) if answer else None
        item.version += 1
        await session.flush()
        await record(
            session,
            actor,
            Event.FLAG_ANSWERED,
            "item",
            item.id,
            before={"flag": flag.code, "answer": before},
            after={"flag": flag.code, "answer": flag.answer, "reason": flag.answer_reason},
        )
        hint_items(session, actor.institution_id, [item.id])
        return item.version


async def _held(session: AsyncSession, actor: Actor, flag_id: UUID) -> tuple[Flag, CheckItem]:
    flag = (await session.execute(select(Flag).where(Flag.id == flag_id))).scalar_one_or_none()
    if flag is None:
        raise ItemNotFound
    item = (await session.execute(select(CheckItem).where(CheckItem.id == flag.item_id).with_for_update())).scalar_one()
    claim = select(Claim.item_id).where(
        Claim.item_id == item.id, Claim.user_id == actor.user_id, Claim.expires_at > func.now()
    )
    if (await session.execute(claim)).first() is None:
        raise NotYours
    if await pending_of(session, item.id) is not None:
        raise AlreadySubmitted
    if item.status == Status.PENDING_APPROVAL and flag.answered_by not in {None, actor.user_id}:
        raise AnswerStands
    return flag, item
