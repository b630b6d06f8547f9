"""What lists hold and held: who proposed and who approved that an entry came or went; none is forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from console.access.permissions import Permission, require
from console.access.step_up import require_fresh_code
from console.actor import Actor
from console.audit.entries import Event, record
from console.masking import masked
from console.policy.list_values import ListKind
from console.policy.lists import ListNotFound
from console.policy.values import folded
from db.engine import transaction
from db.models import PolicyList, PolicyListChange, PolicyListEntry, User

PAGE: Final = 50
MAX_SEARCH: Final = 60

_adder, _remover, _added_approver, _removed_approver = (aliased(User) for _ in range(4))
_added_in, _removed_in = aliased(PolicyListChange), aliased(PolicyListChange)


@dataclass(frozen=True)
class EntryRow:
    """An entry: as it was written (masked where that may not be read), and when it came and went: who proposed and who
    approved it."""

    id: UUID
    value: str
    shown: str
    note: str
    added_at: datetime
    added_by: str | None
    added_approved: str | None
    removed_at: datetime | None
    removed_by: str | None
    removed_approved: str | None


@dataclass(frozen=True)
class EntryPage:
    """Some entries; `next`: give it to get the ones after them, None: there are none."""

    rows: tuple[EntryRow, ...]
    next: tuple[Any, ...] | None


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
        select(
            PolicyListEntry,
            _adder.display_name,
            _added_approver.display_name,
            _remover.display_name,
            _removed_approver.display_name,
        )
        .outerjoin(_adder, _adder.id == PolicyListEntry.added_by)
        .outerjoin(_remover, _remover.id == PolicyListEntry.removed_by)
        .outerjoin(_added_in, _added_in.id == PolicyListEntry.added_in)
        .outerjoin(_added_approver, _added_approver.id == _added_in.decided_by)
        .outerjoin(_removed_in, _removed_in.id == PolicyListEntry.removed_in)
        .outerjoin(_removed_approver, _removed_approver.id == _removed_in.decided_by)
    )


def _row(found: Any, kind: ListKind, *, full: bool) -> EntryRow:
    entry, adder, added_approver, remover, removed_approver = found
    shown = entry.shown if full else _said(kind, entry.shown)
    value = entry.value if full else _said(kind, entry.value)
    return EntryRow(
        entry.id, value, shown, entry.note, entry.added_at, adder, added_approver, entry.removed_at, remover,
        removed_approver,
    )  # fmt: skip


async def _kind(session: AsyncSession, list_id: UUID) -> ListKind:
    kind = await session.scalar(select(PolicyList.kind).where(PolicyList.id == list_id))
    if kind is None:
        raise ListNotFound
    return ListKind(kind)


def _said(kind: ListKind, shown: str) -> str:
    """As lists and the trail may show it."""
    return masked(shown) if kind is ListKind.ACCOUNT else shown
