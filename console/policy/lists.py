"""Lists of payees, accounts and routing numbers: made and named by supervisors, and what each holds for the engines."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.access.reason import checked_reason
from console.actor import Actor
from console.audit.entries import Event, record
from console.policy.errors import PolicyRefused
from console.policy.list_values import ListKind
from console.policy.references import lists_named
from db.engine import transaction
from db.models import PolicyList, PolicyListChange, PolicyListEntry, PolicyVersion

MAX_LISTS: Final = 50
MAX_ENTRIES: Final = 20_000
MAX_NAME: Final = 60
MAX_NOTE: Final = 300


class ListNotFound(PolicyRefused):
    """No such list in this institution."""

    def __init__(self) -> None:
        super().__init__("There is no such list.")


class InvalidList(PolicyRefused):
    """A list cannot be so; the message says why."""


class StaleList(PolicyRefused):
    """Somebody else changed the list meanwhile."""

    def __init__(self) -> None:
        super().__init__("Somebody changed this list meanwhile. Nothing was saved: look again, then repeat it.")


@dataclass(frozen=True)
class ListRow:
    """A list, how many entries it holds, how many changes of it wait, and the numbers of the versions that name it and
    are not retired."""

    id: UUID
    key: str
    name: str
    kind: ListKind
    note: str
    version: int
    entries: int
    waiting: int
    used_by: tuple[int, ...]
    active: bool

    @property
    def used_words(self) -> str:
        """Which versions name the list, in words."""
        if not self.used_by:
            return "no version"
        versions = ", ".join(str(number) for number in self.used_by)
        return f"version {versions}{', the active one among them' if self.active else ''}"


async def list_lists(actor: Actor) -> tuple[ListRow, ...]:
    """Every list, by its name. Raises NotAllowed."""
    require(actor, Permission.POLICY_READ)
    async with transaction(actor) as session:
        return await _rows(session)


async def read_list(actor: Actor, list_id: UUID) -> ListRow:
    """One list. Raises NotAllowed, ListNotFound."""
    require(actor, Permission.POLICY_READ)
    async with transaction(actor) as session:
        found = await _rows(session, PolicyList.id == list_id)
    if not found:
        raise ListNotFound
    return found[0]


async def create_list(actor: Actor, name: str, kind: ListKind, note: str, reason: str) -> UUID:
    """Make an empty list; its id. Its key, by which rules name it, is made of its name and never changes.

    Raises NotAllowed, InvalidList, InvalidPerson (no reason).
    """
    require(actor, Permission.POLICY_LISTS)
    reason, name, note = checked_reason(reason), _name(name), _note(note)
    row = PolicyList(
        id=uuid4(), institution_id=actor.institution_id, key=_key(name), name=name, kind=kind.value, note=note,
        created_by=actor.user_id,
    )  # fmt: skip
    try:
        async with transaction(actor) as session:
            if (await session.execute(select(func.count()).select_from(PolicyList))).scalar_one() >= MAX_LISTS:
                raise InvalidList(f"There are {MAX_LISTS} lists already. Use one of them for this.")
            session.add(row)
            await session.flush()
            after = {"key": row.key, "name": name, "kind": kind.value, "note": note, "reason": reason}
            await record(session, actor, Event.POLICY_LIST_CREATED, "policy_list", row.id, after=after)
    except IntegrityError as error:
        if "uq_policy_list_institution_id_key" in str(error.orig):
            raise InvalidList(f"There is a list called {name} already. Choose another name.") from None
        raise
    return row.id


async def rename_list(actor: Actor, list_id: UUID, name: str, note: str, version: int, reason: str) -> None:
    """Call a list otherwise, unless somebody changed it since `version` was read; rules go on to name it by its key.

    Raises NotAllowed, ListNotFound, InvalidList, StaleList, InvalidPerson (no reason).
    """
    require(actor, Permission.POLICY_LISTS)
    reason, name, note = checked_reason(reason), _name(name), _note(note)
    async with transaction(actor) as session:
        row = await locked_list(session, list_id)
        if row.version != version:
            raise StaleList
        before = {"name": row.name, "note": row.note}
        row.name, row.note, row.version = name, note, row.version + 1
        await session.flush()
        after = {"name": name, "note": note, "reason": reason}
        await record(session, actor, Event.POLICY_LIST_CHANGED, "policy_list", row.id, before=before, after=after)


async def lists_held(
    session: AsyncSession, keys: Iterable[str], at: datetime | None = None
) -> dict[str, frozenset[str]]:
    """What these lists hold, by their keys, as the engines compare it: now, or as it was at a moment.

    Entries are never deleted, they end: so the version that judged an item, and when it did, say what a list held for
    that judgement. A key that names no list is not there.
    """
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    known = await session.execute(select(PolicyList.id, PolicyList.key).where(PolicyList.key.in_(wanted)))
    found = {row.id: row.key for row in known}
    query = select(PolicyListEntry.list_id, func.array_agg(PolicyListEntry.value))
    query = query.where(PolicyListEntry.list_id.in_(found), _held(at)).group_by(PolicyListEntry.list_id)
    held = {list_id: frozenset(values) for list_id, values in (await session.execute(query))}
    return {key: held.get(list_id, frozenset()) for list_id, key in found.items()}


async def locked_list(session: AsyncSession, list_id: UUID) -> PolicyList:
    """The list's row, locked until the end of the transaction. Raises ListNotFound."""
    query = select(PolicyList).where(PolicyList.id == list_id).with_for_update()
    row = (await session.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()
    if row is None:
        raise ListNotFound
    return row


def _held(at: datetime | None) -> ColumnElement[bool]:
    if at is None:
        return PolicyListEntry.removed_at.is_(None)
    ended = or_(PolicyListEntry.removed_at.is_(None), PolicyListEntry.removed_at > at)
    return (PolicyListEntry.added_at <= at) & ended


async def _rows(session: AsyncSession, *conditions: Any) -> tuple[ListRow, ...]:
    entries = (
        select(func.count())
        .where(PolicyListEntry.list_id == PolicyList.id, PolicyListEntry.removed_at.is_(None))
        .scalar_subquery()
    )
    waiting = (
        select(func.count())
        .where(PolicyListChange.list_id == PolicyList.id, PolicyListChange.status == "waiting")
        .scalar_subquery()
    )
    rows = await session.execute(
        select(PolicyList, entries, waiting).where(*conditions).order_by(func.lower(PolicyList.name), PolicyList.key)
    )
    living = select(PolicyVersion.number, PolicyVersion.status, PolicyVersion.document)
    versions = (await session.execute(living.where(PolicyVersion.status != "retired").order_by("number"))).all()
    using = [(number, status, lists_named(document)) for number, status, document in versions]
    return tuple(
        ListRow(
            one.id, one.key, one.name, ListKind(one.kind), one.note, one.version, count, waits,
            tuple(number for number, _, named in using if one.key in named),
            any(status == "active" and one.key in named for _, status, named in using),
        )
        for one, count, waits in rows
    )  # fmt: skip


def _name(name: str) -> str:
    name = " ".join(name.replace("\x00", "").split())
    if not 1 <= len(name) <= MAX_NAME or not _key(name):
        raise InvalidList(f"Give the list a name of 1 to {MAX_NAME} characters, with a letter or a digit among them.")
    return name


def _note(note: str) -> str:
    return " ".join(note.replace("\x00", "").split())[:MAX_NOTE]


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:MAX_NAME]
