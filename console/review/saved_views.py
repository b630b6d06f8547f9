"""Views of the queue under a name: one's own, those shared with everybody, and the one that one's queue opens with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, may, require
from console.actor import Actor
from console.audit.entries import Event, record
from console.review.errors import InvalidView, ViewNotFound
from console.review.managing import manages_all
from console.review.queue_view import View, view_of
from db.engine import transaction
from db.models import DefaultView, SavedView, User

MAXIMUM_NAME: Final = 40
MAXIMUM_VIEWS: Final = 50
_MOST_SHARED: Final = 200


@dataclass(frozen=True)
class Saved:
    """A view that the actor may choose. `owner` is whose it is; `own` whether it is the actor's."""

    id: UUID
    name: str
    view: View
    owner: str
    own: bool
    shared: bool
    default: bool


async def list_views(actor: Actor) -> tuple[Saved, ...]:
    """One's own views, then those that others share, each by name. Raises NotAllowed."""
    require(actor, Permission.QUEUE_READ)
    own = SavedView.owner_id == actor.user_id
    query = (
        select(SavedView, User.display_name, DefaultView.user_id.is_not(None).label("default"))
        .join(User, User.id == SavedView.owner_id)
        .outerjoin(DefaultView, (DefaultView.view_id == SavedView.id) & (DefaultView.user_id == actor.user_id))
        .where(or_(own, SavedView.shared))
        .order_by(own.desc(), func.lower(SavedView.name), SavedView.id)
        .limit(MAXIMUM_VIEWS + _MOST_SHARED)
    )
    async with transaction(actor) as session:
        return tuple(
            Saved(
                row.SavedView.id,
                row.SavedView.name,
                view_of(row.SavedView.definition),
                row.display_name,
                row.SavedView.owner_id == actor.user_id,
                row.SavedView.shared,
                row.default,
            )
            for row in await session.execute(query)
        )


async def save_view(actor: Actor, name: str, view: View, *, shared: bool = False) -> UUID:
    """Keep a view under a name, in place of one's own of that name; its id.

    Sharing is for who manages the queues. Raises NotAllowed, InvalidView.
    """
    require(actor, Permission.QUEUE_READ)
    if shared:
        require(actor, Permission.QUEUE_MANAGE)
    name = _checked(name)
    async with transaction(actor) as session:
        kept = await _own(session, actor, name)
        was_shared = kept is not None and kept.shared
        if kept is None:
            owned = select(func.count()).select_from(SavedView).where(SavedView.owner_id == actor.user_id)
            if (await session.execute(owned)).scalar_one() >= MAXIMUM_VIEWS:
                raise InvalidView(f"You keep {MAXIMUM_VIEWS} views already: delete one first.")
            kept = SavedView(id=uuid4(), institution_id=actor.institution_id, owner_id=actor.user_id)
            session.add(kept)
        kept.name, kept.definition, kept.shared = name, view.as_json(), shared
        await session.flush()
        if shared or was_shared:
            after = {"name": name, "shared": shared, "definition": kept.definition}
            await record(session, actor, Event.QUEUE_VIEW_SHARED, "queue_view", kept.id, after=after)
        return kept.id


async def delete_view(actor: Actor, view_id: UUID) -> None:
    """Delete one's own view; a shared one also who manages all queues. Raises NotAllowed, ViewNotFound."""
    require(actor, Permission.QUEUE_READ)
    async with transaction(actor) as session:
        kept = (await session.execute(select(SavedView).where(SavedView.id == view_id).with_for_update())).scalar()
        manages = kept is not None and kept.shared and may(actor, Permission.QUEUE_MANAGE) and manages_all(actor)
        if kept is None or (kept.owner_id != actor.user_id and not manages):
            raise ViewNotFound
        before = {"name": kept.name, "shared": kept.shared, "definition": kept.definition}
        await session.execute(delete(SavedView).where(SavedView.id == view_id))
        if kept.shared:
            await record(session, actor, Event.QUEUE_VIEW_DELETED, "queue_view", view_id, before=before)


async def set_default(actor: Actor, view_id: UUID | None) -> None:
    """Let one's queue open with this view; None: with the whole queue. Raises NotAllowed, ViewNotFound."""
    require(actor, Permission.QUEUE_READ)
    async with transaction(actor) as session:
        if view_id is None:
            await session.execute(delete(DefaultView).where(DefaultView.user_id == actor.user_id))
            return
        seen = or_(SavedView.owner_id == actor.user_id, SavedView.shared)
        query = select(SavedView.id).where(SavedView.id == view_id, seen).with_for_update(read=True, key_share=True)
        if (await session.execute(query)).first() is None:
            raise ViewNotFound
        values = {"institution_id": actor.institution_id, "user_id": actor.user_id, "view_id": view_id}
        chosen = insert(DefaultView).values(**values)
        await session.execute(chosen.on_conflict_do_update(index_elements=["user_id"], set_={"view_id": view_id}))


async def _own(session: AsyncSession, actor: Actor, name: str) -> SavedView | None:
    query = select(SavedView).where(SavedView.owner_id == actor.user_id, func.lower(SavedView.name) == name.lower())
    return (await session.execute(query.with_for_update())).scalar_one_or_none()


def _checked(name: str) -> str:
    name = " ".join(name.replace("\x00", "").split())
    if not 1 <= len(name) <= MAXIMUM_NAME or not name.isprintable():
        raise InvalidView(f"A view's name has 1 to {MAXIMUM_NAME} letters.")
    return name
