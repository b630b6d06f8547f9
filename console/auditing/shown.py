"""Entries as people see them: named, in words, and without what is not theirs to see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, may
from console.actor import Actor
from console.audit.entries import Event
from console.auditing.named import People, Things, id_of, read_people, read_things
from console.auditing.words import event_words
from console.review.blinding import hidden_recommendations
from console.review.timeline_words import sentence
from db.models import AuditEntry

# What says, or lets guess, what somebody recommends whom another is not to follow blindly.
_OF_RECOMMENDING: Final = (Event.ITEM_SUBMITTED, Event.ITEM_RECOMMENDED, Event.OPINION_RECORDED)
WITHHELD: Final = "hidden until you have said what you would do yourself"
NOBODY: Final = "Nobody signed in"
CONSOLE: Final = "The console"


@dataclass(frozen=True)
class Entry:
    """An entry of the trail. `who` is the name of today, `wrote` the one that the entry keeps; `what` stands after it.

    `before` and `after` are empty where `withheld`, and `address` and `session` for who may not see sessions.
    """

    sequence: int
    at: datetime
    actor_id: UUID | None
    who: str
    wrote: str
    action: str
    what: str
    object_type: str
    object_id: str
    object_name: str
    # The page of the object, where there is one for the actor.
    link: str
    address: str | None
    session: str | None
    request_id: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    withheld: bool
    previous_hash: bytes | None
    hash: bytes


async def shown(session: AsyncSession, actor: Actor, rows: Sequence[AuditEntry]) -> tuple[Entry, ...]:
    """These entries, in a bounded number of queries however many they are."""
    hidden = await hidden_recommendations(session, actor, _recommended(rows))
    people = await read_people(session, rows)
    things = await read_things(session, actor, rows)
    places = may(actor, Permission.SESSION_READ)
    return tuple(_entry(row, people, things, hidden, places=places) for row in rows)


def _recommended(rows: Iterable[AuditEntry]) -> set[UUID]:
    return {item for row in rows if row.action in _OF_RECOMMENDING and (item := id_of(row.object_id))}


def _entry(row: AuditEntry, people: People, things: Things, hidden: dict[UUID, UUID], *, places: bool) -> Entry:
    withheld = row.action in _OF_RECOMMENDING and id_of(row.object_id) in hidden
    return Entry(
        row.sequence,
        row.at,
        row.actor_id,
        _who(row, people),
        row.actor_name,
        row.action,
        _what(row, people, withheld=withheld),
        row.object_type,
        row.object_id,
        things.name(row.object_type, row.object_id),
        things.link(row.object_type, row.object_id),
        row.address if places else None,
        row.session if places else None,
        row.request_id,
        None if withheld else row.before,
        None if withheld else row.after,
        withheld,
        row.previous_hash,
        row.hash,
    )


def _who(row: AuditEntry, people: People) -> str:
    if row.actor_id is not None:
        return people.get(str(row.actor_id), row.actor_name)
    # Whoever comes over the network has an address; jobs and commands have none.
    return NOBODY if row.address is not None else CONSOLE


def _what(row: AuditEntry, people: People, *, withheld: bool) -> str:
    if row.object_type != "item" or withheld:
        return event_words(row.action)
    after = dict(row.after or {})
    if whom := people.get(str(after.get("held_by") or after.get("assigned_to") or "")):
        after["whom"] = whom
    return sentence(row.action, after)
