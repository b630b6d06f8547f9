"""Notes that people write on an item: append-only, with an author and a time; whom they name is told."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.actor import Actor
from console.audit.entries import Event, record
from console.hints import hint_items
from console.notices import NoticeKind, notify
from console.review.choices import bounded
from console.review.errors import IncompleteChoice
from console.review.item_view import ItemNotFound
from console.review.mentions import MAX_MENTIONS, mentioned
from console.review.people_here import named_within
from console.review.reach import check_reach, place_of
from db.engine import transaction
from db.models import CheckItem, ItemNote


async def add_note(actor: Actor, item_id: UUID, text: str) -> UUID:
    """Write a note on an item; the note's id. People whom it names with `@username` are told.

    A note changes what is shown, and so the item's version. Raises NotAllowed, ItemNotFound, OutOfReach,
    IncompleteChoice.
    """
    require(actor, Permission.ITEM_NOTE)
    async with transaction(actor) as session:
        item = await locked_for_note(session, actor, item_id)
        note = await write_within(session, actor, item, text)
        item.version += 1
        await session.flush()
        after = {"note": note.id, "text": note.text, "mentions": note.mentions}
        await record(session, actor, Event.NOTE_WRITTEN, "item", item.id, after=after)
        hint_items(session, actor.institution_id, [item.id])
        return note.id


async def locked_for_note(session: AsyncSession, actor: Actor, item_id: UUID) -> CheckItem:
    """The item, locked. Raises ItemNotFound, and OutOfReach or NotAMember where the actor does not work there."""
    query = select(CheckItem).where(CheckItem.id == item_id).with_for_update()
    item = (await session.execute(query)).scalar_one_or_none()
    if item is None:
        raise ItemNotFound
    await check_reach(session, actor, Permission.ITEM_NOTE, await place_of(session, item))
    return item


async def write_within(
    session: AsyncSession, actor: Actor, item: CheckItem, text: str, *, answers: UUID | None = None
) -> ItemNote:
    """Write a note in the caller's transaction, which audits it; `answers` is the decision that asked.

    Raises IncompleteChoice where there is nothing to write, or too much.
    """
    text = bounded(text)
    if not text:
        raise IncompleteChoice("note", "Write the note first.")
    assert actor.user_id is not None  # no program holds the permission
    named = await named_within(session, item, mentioned(text))
    if len(named) > MAX_MENTIONS:
        raise IncompleteChoice("note", f"A note names {MAX_MENTIONS} people at the most.")
    note = ItemNote(
        id=uuid4(),
        institution_id=actor.institution_id,
        item_id=item.id,
        author_id=actor.user_id,
        text=text,
        mentions=[str(person.id) for person in named],
        answers_id=answers,
        written_at=datetime.now(UTC),
    )
    session.add(note)
    await session.flush()
    values = {"by": actor.name, "text": text}
    await notify(session, actor, NoticeKind.MENTIONED, to=[one.id for one in named], item_id=item.id, values=values)
    return note
