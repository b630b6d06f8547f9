"""Changes of lists wait for a second person: what a list holds is part of what the policy does.

Somebody proposes entries to be put on a list, or to be taken off; somebody else approves, and only then do rules know
of it. The database repeats it: an entry comes and goes by an approved change alone, and nobody approves their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.access.reason import checked_reason
from console.access.step_up import require_fresh_code
from console.actor import Actor
from console.audit.entries import Event, record
from console.hints import hint_policy
from console.masking import masked
from console.policy.errors import PolicyRefused
from console.policy.list_effect import put_on, take_off
from console.policy.list_values import Entry, ListKind, read_entry
from console.policy.lists import MAX_ENTRIES, InvalidList, ListNotFound, locked_list
from console.policy.telling import tell_of_list_answer, tell_of_list_change
from db.engine import transaction
from db.models import PolicyList, PolicyListChange, PolicyListEntry, User

MAX_WAITING: Final = 20
# Values that an entry of the trail and a page name; the others are counted.
NAMED: Final = 50


class ListAct(StrEnum):
    ADD = "add"
    REMOVE = "remove"


class ChangeNotFound(PolicyRefused):
    """No such change of a list waits."""

    def __init__(self) -> None:
        super().__init__("This change does not wait any more: it was decided or withdrawn meanwhile. Look at the list.")


class OwnChange(PolicyRefused):
    """Nobody approves what they proposed themselves."""

    def __init__(self) -> None:
        super().__init__("You proposed this change yourself: somebody else approves it. It goes on waiting.")


@dataclass(frozen=True)
class Proposed:
    """How many entries wait now for a second person, and how many of those given changed nothing."""

    waiting: int
    needless: int


@dataclass(frozen=True)
class WaitingChange:
    """A change that waits: by whom, why, how many entries and the first of them (account numbers masked)."""

    id: UUID
    act: ListAct
    reason: str
    by: str
    own: bool
    at: datetime
    count: int
    shown: tuple[str, ...]


async def propose_entries(actor: Actor, list_id: UUID, entries: Sequence[Entry], reason: str) -> Proposed:
    """Propose to put entries on a list; those that are there already are left out.

    Raises NotAllowed, ListNotFound, InvalidList (too many), BadEntry, InvalidPerson (no reason).
    """
    require(actor, Permission.POLICY_LISTS)
    reason = checked_reason(reason)
    async with transaction(actor) as session:
        row = await locked_list(session, list_id)
        kind = ListKind(row.kind)
        wanted = {one.value: one for one in (read_entry(kind, one.shown, one.note) for one in entries)}
        held = set(await session.scalars(select(PolicyListEntry.value).where(*_holds(list_id))))
        new = [one for value, one in wanted.items() if value not in held]
        if len(held) + len(new) > MAX_ENTRIES:
            raise InvalidList(f"A list holds {MAX_ENTRIES:,} entries at the most. Nothing was proposed.")
        said = [{"value": one.value, "shown": one.shown, "note": one.note} for one in new]
        await _propose(session, actor, row, ListAct.ADD, said, reason)
        return Proposed(len(new), len(wanted) - len(new))


async def propose_removal(actor: Actor, list_id: UUID, entry_ids: Sequence[UUID], reason: str) -> Proposed:
    """Propose to take entries off a list; those that are gone already are left out.

    Raises NotAllowed, ListNotFound, InvalidList (too many wait), InvalidPerson (no reason).
    """
    require(actor, Permission.POLICY_LISTS)
    reason = checked_reason(reason)
    async with transaction(actor) as session:
        row = await locked_list(session, list_id)
        chosen = list(dict.fromkeys(entry_ids))[:MAX_ENTRIES]
        query = select(PolicyListEntry).where(*_holds(list_id), PolicyListEntry.id.in_(chosen))
        found = await session.scalars(query.order_by(PolicyListEntry.value))
        said = [{"value": one.value, "shown": one.shown, "note": one.note} for one in found]
        await _propose(session, actor, row, ListAct.REMOVE, said, reason)
        return Proposed(len(said), len(chosen) - len(said))


async def waiting_changes(actor: Actor, list_id: UUID) -> tuple[WaitingChange, ...]:
    """The changes of a list that wait, the oldest first. Raises NotAllowed, ListNotFound."""
    require(actor, Permission.POLICY_READ)
    query = (
        select(PolicyListChange, User.display_name)
        .join(User, User.id == PolicyListChange.proposed_by)
        .where(PolicyListChange.list_id == list_id, PolicyListChange.status == "waiting")
        .order_by(PolicyListChange.proposed_at, PolicyListChange.id)
    )
    async with transaction(actor) as session:
        kind = await session.scalar(select(PolicyList.kind).where(PolicyList.id == list_id))
        if kind is None:
            raise ListNotFound
        return tuple(_waiting(actor, ListKind(kind), row, name) for row, name in await session.execute(query))


async def read_full_change(actor: Actor, change_id: UUID) -> tuple[str, ...]:
    """Every entry of a change that waits, as it was written, with its note. Account numbers are in full, which is
    audited and asks for a fresh code. Raises NotAllowed, CodeNeeded, ChangeNotFound."""
    require(actor, Permission.POLICY_READ)
    require(actor, Permission.ACCOUNT_NUMBER_READ)
    require_fresh_code(actor)
    async with transaction(actor) as session:
        row = await _locked(session, change_id)
        said = {"change": str(row.id), "entries": len(row.entries)}
        await record(session, actor, Event.POLICY_LIST_READ, "policy_list", row.list_id, after=said)
        return tuple(_line(ListKind.PAYEE, one) for one in row.entries)


async def approve_change(actor: Actor, change_id: UUID) -> int:
    """Let rules know a change that somebody else proposed, from the next check on; how many entries came or went.

    Raises NotAllowed, CodeNeeded, ChangeNotFound, OwnChange, InvalidList (too many by now).
    """
    require(actor, Permission.POLICY_APPROVE)
    require_fresh_code(actor)
    async with transaction(actor) as session:
        row = await _locked(session, change_id)
        if row.proposed_by == actor.user_id:
            raise OwnChange
        listed = await locked_list(session, row.list_id)
        await _decide(session, actor, row, "approved", "")
        act = ListAct(row.act)
        done = await (put_on if act is ListAct.ADD else take_off)(session, row)
        listed.version += 1
        await session.flush()
        word = {"added" if act is ListAct.ADD else "removed": done}
        await _record(session, actor, Event.POLICY_LIST_CHANGED, row, ListKind(listed.kind), word)
        await tell_of_list_answer(session, actor, row, listed.name)
        return done


async def refuse_change(actor: Actor, change_id: UUID, reason: str) -> None:
    """Refuse a change that somebody else proposed. Raises NotAllowed, ChangeNotFound, OwnChange, InvalidPerson."""
    require(actor, Permission.POLICY_APPROVE)
    await _end(actor, change_id, "refused", reason)


async def withdraw_change(actor: Actor, change_id: UUID, reason: str) -> None:
    """Take back what one proposed oneself. Raises NotAllowed, ChangeNotFound, InvalidPerson (no reason)."""
    require(actor, Permission.POLICY_LISTS)
    await _end(actor, change_id, "withdrawn", reason)


async def _end(actor: Actor, change_id: UUID, status: str, reason: str) -> None:
    reason = checked_reason(reason)
    async with transaction(actor) as session:
        row = await _locked(session, change_id)
        own = row.proposed_by == actor.user_id
        if own is not (status == "withdrawn"):
            raise OwnChange if own else ChangeNotFound
        listed = await locked_list(session, row.list_id)
        await _decide(session, actor, row, status, reason)
        event = Event.POLICY_LIST_WITHDRAWN if own else Event.POLICY_LIST_REFUSED
        await _record(session, actor, event, row, ListKind(listed.kind), {"answer": reason})
        if not own:
            await tell_of_list_answer(session, actor, row, listed.name)


async def _propose(
    session: AsyncSession, actor: Actor, listed: PolicyList, act: ListAct, said: list[dict[str, str]], reason: str
) -> None:
    if not said:
        return
    waits = PolicyListChange.list_id == listed.id, PolicyListChange.status == "waiting"
    if (await session.execute(select(func.count()).select_from(PolicyListChange).where(*waits))).scalar_one() >= (
        MAX_WAITING
    ):
        raise InvalidList(f"{MAX_WAITING} changes of this list wait already. Have them decided first.")
    row = PolicyListChange(
        id=uuid4(), institution_id=actor.institution_id, list_id=listed.id, act=act.value, entries=said, reason=reason,
        proposed_by=actor.user_id,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    await _record(session, actor, Event.POLICY_LIST_PROPOSED, row, ListKind(listed.kind), {})
    await tell_of_list_change(session, actor, row, listed.name)


async def _decide(session: AsyncSession, actor: Actor, row: PolicyListChange, status: str, answer: str) -> None:
    row.status, row.answer, row.decided_by, row.decided_at = status, answer, actor.user_id, datetime.now(UTC)
    await session.flush()


async def _record(
    session: AsyncSession, actor: Actor, event: Event, row: PolicyListChange, kind: ListKind, word: dict[str, Any]
) -> None:
    hint_policy(session, actor.institution_id, row.list_id)
    values = [_shown(kind, one) for one in row.entries[:NAMED]]
    said = {"change": str(row.id), "act": row.act, "entries": len(row.entries), "values": values, "reason": row.reason}
    await record(session, actor, event, "policy_list", row.list_id, after={**said, **word})


async def _locked(session: AsyncSession, change_id: UUID) -> PolicyListChange:
    query = select(PolicyListChange).where(PolicyListChange.id == change_id, PolicyListChange.status == "waiting")
    row = (await session.execute(query.with_for_update())).scalar_one_or_none()
    if row is None:
        raise ChangeNotFound
    return row


def _holds(list_id: UUID) -> tuple[Any, ...]:
    return PolicyListEntry.list_id == list_id, PolicyListEntry.removed_at.is_(None)


def _waiting(actor: Actor, kind: ListKind, row: PolicyListChange, name: str) -> WaitingChange:
    lines = tuple(_line(kind, one) for one in row.entries[:NAMED])
    own = row.proposed_by == actor.user_id
    return WaitingChange(row.id, ListAct(row.act), row.reason, name, own, row.proposed_at, len(row.entries), lines)


def _line(kind: ListKind, entry: dict[str, str]) -> str:
    return f"{_shown(kind, entry)}, {entry['note']}" if entry["note"] else _shown(kind, entry)


def _shown(kind: ListKind, entry: dict[str, str]) -> str:
    """As pages and the trail may show it."""
    return masked(entry["shown"]) if kind is ListKind.ACCOUNT else entry["shown"]
