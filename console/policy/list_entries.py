"""What lists hold: entries come and go, each change with its reason, and none is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from console.access.permissions import Permission, require
from console.access.reason import checked_reason
from console.access.step_up import require_fresh_code
from console.actor import Actor
from console.audit.entries import Event, record
from console.masking import masked
from console.policy.list_values import Entry, ListKind, read_entry
from console.policy.lists import InvalidList, ListNotFound, locked_list
from console.policy.values import folded
from db.engine import transaction
from db.models import PolicyList, PolicyListEntry, User

PAGE: Final = 50
MAX_ENTRIES: Final = 20_000
MAX_SEARCH: Final = 60
# Values that an entry of the trail names; it counts the others.
_NAMED: Final = 50

_adder, _remover = aliased(User), aliased(User)


@dataclass(frozen=True)
class EntryRow:
    """An entry: as it was written (masked where that may not be read), by whom and when it came and went."""

    id: UUID
    value: str
    shown: str
    note: str
    added_at: datetime
    added_by: str | None
    removed_at: datetime | None
    removed_by: str | None


@dataclass(frozen=True)
class EntryPage:
    """Some entries; `next`: give it to get the ones after them, None: there are none."""

    rows: tuple[EntryRow, ...]
    next: tuple[Any, ...] | None


@dataclass(frozen=True)
class Added:
    """How many came, and how many were there already."""

    added: int
    known: int


async def add_entries(actor: Actor, list_id: UUID, entries: Sequence[Entry], reason: str) -> Added:
    """Put entries on a list; the rules that look in it know them from the next check on.

    Raises NotAllowed, ListNotFound, InvalidList (too many), BadEntry, InvalidPerson (no reason).
    """
    require(actor, Permission.POLICY_LISTS)
    reason = checked_reason(reason)
    async with transaction(actor) as session:
        row = await locked_list(session, list_id)
        kind = ListKind(row.kind)
        wanted = {one.value: one for one in (read_entry(kind, one.shown, one.note) for one in entries)}
        current = PolicyListEntry.list_id == list_id, PolicyListEntry.removed_at.is_(None)
        known = set(await session.scalars(select(PolicyListEntry.value).where(*current)))
        new = [one for value, one in wanted.items() if value not in known]
        if len(known) + len(new) > MAX_ENTRIES:
            raise InvalidList(f"A list holds {MAX_ENTRIES:,} entries at the most. Nothing was added.")
        if new:
            await _insert(session, actor, row, new)
            row.version += 1
            await session.flush()
            said = {"added": len(new), "values": [_said(kind, one.shown) for one in new[:_NAMED]], "reason": reason}
            await record(session, actor, Event.POLICY_LIST_CHANGED, "policy_list", list_id, after=said)
        return Added(len(new), len(wanted) - len(new))


async def remove_entries(actor: Actor, list_id: UUID, entry_ids: Sequence[UUID], reason: str) -> int:
    """End entries of a list; how many there were. They stay in its history.

    Raises NotAllowed, ListNotFound, InvalidPerson (no reason).
    """
    require(actor, Permission.POLICY_LISTS)
    reason = checked_reason(reason)
    async with transaction(actor) as session:
        row = await locked_list(session, list_id)
        ending = update(PolicyListEntry).where(
            PolicyListEntry.list_id == list_id,
            PolicyListEntry.id.in_(list(entry_ids)[:MAX_ENTRIES]),
            PolicyListEntry.removed_at.is_(None),
        )
        ending = ending.values(removed_at=func.now(), removed_by=actor.user_id)
        gone = list(await session.scalars(ending.returning(PolicyListEntry.shown)))
        if gone:
            row.version += 1
            await session.flush()
            kind = ListKind(row.kind)
            said = {"removed": len(gone), "values": [_said(kind, one) for one in gone[:_NAMED]], "reason": reason}
            await record(session, actor, Event.POLICY_LIST_CHANGED, "policy_list", list_id, after=said)
        return len(gone)


async def list_entries(
    actor: Actor, list_id: UUID, search: str = "", after: tuple[Any, ...] | None = None
) -> EntryPage:
    """What a list holds now, in order, a page at a time; account numbers masked. `search`: entries that begin so.

    Raises NotAllowed, ListNotFound.
    """
    require(actor, Permission.POLICY_READ)
    async with transaction(actor) as session:
        return await _page(session, list_id, search, after, full=False)


async def read_full_entries(
    actor: Actor, list_id: UUID, search: str = "", after: tuple[Any, ...] | None = None
) -> EntryPage:
    """The same with account numbers in full, which is audited and asks for a fresh code.

    Raises NotAllowed, CodeNeeded, ListNotFound.
    """
    require(actor, Permission.POLICY_READ)
    require(actor, Permission.ACCOUNT_NUMBER_READ)
    require_fresh_code(actor)
    async with transaction(actor) as session:
        page = await _page(session, list_id, search, after, full=True)
        said = {"entries": len(page.rows), "first": masked(page.rows[0].value) if page.rows else None}
        await record(session, actor, Event.POLICY_LIST_READ, "policy_list", list_id, after=said)
        return page


async def list_history(actor: Actor, list_id: UUID, after: tuple[Any, ...] | None = None) -> EntryPage:
    """Everything that a list ever held, the newest first; account numbers masked. Raises NotAllowed, ListNotFound."""
    require(actor, Permission.POLICY_READ)
    order = (PolicyListEntry.added_at, PolicyListEntry.id)
    async with transaction(actor) as session:
        kind = await _kind(session, list_id)
        query = _query().where(PolicyListEntry.list_id == list_id).order_by(*(one.desc() for one in order))
        if after is not None:
            query = query.where(tuple_(*order) < tuple_(*after))
        found = (await session.execute(query.limit(PAGE + 1))).all()
    rows = tuple(_row(one, kind, full=False) for one in found[:PAGE])
    return EntryPage(rows, (rows[-1].added_at, rows[-1].id) if len(found) > PAGE else None)


async def _page(
    session: AsyncSession, list_id: UUID, search: str, after: tuple[Any, ...] | None, *, full: bool
) -> EntryPage:
    kind = await _kind(session, list_id)
    # By the bytes of the text: the order of paging is then the same on every server.
    value = PolicyListEntry.value.collate("C")
    query = _query().where(PolicyListEntry.list_id == list_id, PolicyListEntry.removed_at.is_(None)).order_by(value)
    if begins := folded(" ".join(search.replace("\x00", "").split()))[:MAX_SEARCH]:
        query = query.where(PolicyListEntry.value.startswith(begins, autoescape=True))
    if after is not None:
        query = query.where(value > after[0])
    found = (await session.execute(query.limit(PAGE + 1))).all()
    rows = tuple(_row(one, kind, full=full) for one in found[:PAGE])
    return EntryPage(rows, (found[PAGE - 1][0].value,) if len(found) > PAGE else None)


def _query() -> Any:
    return (
        select(PolicyListEntry, _adder.display_name, _remover.display_name)
        .outerjoin(_adder, _adder.id == PolicyListEntry.added_by)
        .outerjoin(_remover, _remover.id == PolicyListEntry.removed_by)
    )


def _row(found: Any, kind: ListKind, *, full: bool) -> EntryRow:
    entry, adder, remover = found
    shown = entry.shown if full else _said(kind, entry.shown)
    value = entry.value if full else _said(kind, entry.value)
    return EntryRow(entry.id, value, shown, entry.note, entry.added_at, adder, entry.removed_at, remover)


async def _kind(session: AsyncSession, list_id: UUID) -> ListKind:
    kind = await session.scalar(select(PolicyList.kind).where(PolicyList.id == list_id))
    if kind is None:
        raise ListNotFound
    return ListKind(kind)


async def _insert(session: AsyncSession, actor: Actor, row: PolicyList, new: Sequence[Entry]) -> None:
    now = (await session.execute(select(func.now()))).scalar_one()
    common = {"institution_id": actor.institution_id, "list_id": row.id, "added_by": actor.user_id, "added_at": now}
    values = [{**common, "id": uuid4(), "value": one.value, "shown": one.shown, "note": one.note} for one in new]
    await session.execute(insert(PolicyListEntry), values)


def _said(kind: ListKind, shown: str) -> str:
    """As lists and the trail may show it."""
    return masked(shown) if kind is ListKind.ACCOUNT else shown
