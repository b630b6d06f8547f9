"""Drafts on the server, one per person and item: what was chosen and typed survives page, process and replica.

A draft has no entry in the audit trail: it changes nothing, is seen by nobody but its author, and an entry per
keystroke would bury what was done under what was thought. What is submitted is audited.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, delete, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.actor import Actor
from console.review.draft import Draft
from console.review.states import FINAL_STATUSES
from db.direct import Direct
from db.engine import transaction
from db.models import CheckItem, ItemDraft

# A draft that comes after the item was decided finds no item to belong to: a slow message must not revive it. The item
# is locked before the draft, as by whoever submits: its foreign key would lock it after, and the two wait in a circle.
SAVE: Final = """
    insert into draft (institution_id, user_id, item_id, content, saved_at)
    select i.institution_id, :user, i.id, :content, now() from check_item i
    where i.id = :item and i.status not in ('approved', 'returned', 'rejected', 'cleared', 'closed')
    for key share of i
    on conflict (user_id, item_id) do update set content = excluded.content, saved_at = excluded.saved_at
    """
_SAVE: Final = Direct(text(SAVE).bindparams(bindparam("content", type_=JSONB)))


async def save_draft(actor: Actor, item_id: UUID, draft: Draft) -> None:
    """Keep the actor's own draft for an item; an empty one is removed. Nothing happens where the item is finished.

    Raises NotAllowed, DraftTooLarge.
    """
    require(actor, Permission.ITEM_NOTE)
    async with transaction(actor, plans_once=True) as session:
        await save_draft_within(session, actor, item_id, draft)


async def save_draft_within(session: AsyncSession, actor: Actor, item_id: UUID, draft: Draft) -> None:
    """`save_draft` inside the caller's transaction. Raises DraftTooLarge."""
    content = draft.content()
    if content:
        await _SAVE.run(session, {"user": actor.user_id, "item": item_id, "content": content})
    else:
        await drop_draft_within(session, actor, item_id)


async def read_draft(actor: Actor, item_id: UUID) -> Draft | None:
    """The actor's own draft for an item. Raises NotAllowed."""
    require(actor, Permission.ITEM_NOTE)
    async with transaction(actor) as session:
        return await read_draft_within(session, actor, item_id)


async def read_draft_within(session: AsyncSession, actor: Actor, item_id: UUID) -> Draft | None:
    """`read_draft` inside the caller's transaction."""
    query = select(ItemDraft.content).where(ItemDraft.user_id == actor.user_id, ItemDraft.item_id == item_id)
    content: dict[str, Any] | None = (await session.execute(query)).scalar_one_or_none()
    return None if content is None else Draft.from_content(content)


async def drop_draft_within(session: AsyncSession, actor: Actor, item_id: UUID) -> None:
    """Remove the actor's own draft, which has become a decision or nothing."""
    await session.execute(delete(ItemDraft).where(ItemDraft.user_id == actor.user_id, ItemDraft.item_id == item_id))


async def forget_finished(actor: Actor, *, limit: int = 1000) -> int:
    """Remove what people left behind on items whose review is over; how many drafts there were. Raises NotAllowed."""
    require(actor, Permission.ITEM_RELEASE_OTHERS)
    finished = (
        select(ItemDraft.user_id, ItemDraft.item_id)
        .join(CheckItem, CheckItem.id == ItemDraft.item_id)
        .where(CheckItem.status.in_([status.value for status in FINAL_STATUSES]))
        .limit(limit)
        .cte("finished")
    )
    gone = (
        delete(ItemDraft)
        .where(ItemDraft.user_id == finished.c.user_id, ItemDraft.item_id == finished.c.item_id)
        .returning(ItemDraft.item_id)
    )
    async with transaction(actor) as session:
        return len((await session.execute(gone)).all())
