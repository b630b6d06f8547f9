"""Everything that happened to an item, the newest first, a page at a time.

The audit trail is what it is read from: nothing happens to an item without an entry there. What an entry only names
(a decision, a flag) is looked up for the whole page at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, may, require
from console.actor import Actor
from console.audit.entries import Event
from console.review.attachments import destroyed, destroyed_within
from console.review.blinding import hidden_recommendation
from console.review.item_view import ItemNotFound
from console.review.judged_by import JudgedBy, judged_by
from console.review.timeline_words import EXPIRED, GIVEN_BACK, facts_of, sentence
from db.engine import transaction
from db.models import (
    AuditEntry,
    CheckItem,
    Decision,
    Evidence,
    FileReceived,
    Flag,
    ItemClearance,
    PolicyVersion,
    User,
)

PAGE: Final = 30
MAX_PAGE: Final = 100
RECEIVED: Final = "item.received"
# Who looked at what is the audit trail's to tell, to those who may read it.
_FOR_AUDITORS: Final = (
    Event.ACCOUNT_NUMBER_VIEWED.value,
    Event.ATTACHMENT_OPENED.value,
    Event.EVIDENCE_EXPORTED.value,
    Event.LEGAL_HOLD_PLACED.value,
    Event.LEGAL_HOLD_LIFT_ASKED.value,
    Event.LEGAL_HOLD_KEPT.value,
    Event.LEGAL_HOLD_LIFTED.value,
)


@dataclass(frozen=True)
class Happening:
    """Something that happened. `what` stands after `who`; `text` is what a person wrote; `facts` are short lines.

    `attachment` can be saved, but where `gone` says that it was destroyed. `has_notice`: it placed a hold of which the
    customer must be told.
    """

    event: str
    at: datetime
    who: str
    what: str
    text: str = ""
    reasons: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    attachment: UUID | None = None
    gone: str = ""
    has_notice: bool = False
    # Of a decision: the version of the policy under which it was made, and what that said.
    judged_by: JudgedBy | None = None


@dataclass(frozen=True)
class TimelinePage:
    """What happened, the newest first, and the key to go on from; None at the beginning of the item."""

    happenings: tuple[Happening, ...]
    next: int | None


@dataclass(frozen=True)
class _Decided:
    decision: Decision
    judged_by: JudgedBy | None


async def read_timeline(actor: Actor, item_id: UUID, *, before: int | None = None, limit: int = PAGE) -> TimelinePage:
    """One page of an item's timeline, the next one with the `next` of the page before as `before`.

    Raises NotAllowed, ItemNotFound.
    """
    require(actor, Permission.ITEM_READ)
    limit = max(1, min(limit, MAX_PAGE))
    async with transaction(actor) as session:
        item = await session.get(CheckItem, item_id)
        if item is None:
            raise ItemNotFound
        entries = await _entries(session, actor, item, before, limit + 1)
        shown = entries[:limit]
        hidden = await hidden_recommendation(session, actor, item)
        happenings = await _happenings(session, item_id, shown, hidden)
        if len(entries) > limit:
            return TimelinePage(tuple(happenings), shown[-1].sequence)
        return TimelinePage((*happenings, await _received(session, item)), None)


async def _entries(
    session: AsyncSession, actor: Actor, item: CheckItem, before: int | None, limit: int
) -> Sequence[AuditEntry]:
    # Months before the check came are not looked into.
    since = (min(item.received_at, datetime.now(UTC)) - timedelta(days=1)).date().replace(day=1)
    query = select(AuditEntry).where(
        AuditEntry.institution_id == actor.institution_id,
        AuditEntry.object_type == "item",
        AuditEntry.object_id == str(item.id),
        AuditEntry.month >= since,
    )
    if before is not None:
        query = query.where(AuditEntry.sequence < before)
    if not may(actor, Permission.AUDIT_READ):
        query = query.where(AuditEntry.action.not_in(_FOR_AUDITORS))
    return (await session.scalars(query.order_by(AuditEntry.sequence.desc()).limit(limit))).all()


async def _happenings(
    session: AsyncSession, item_id: UUID, entries: Sequence[AuditEntry], hidden: UUID | None
) -> list[Happening]:
    decided = {str(entry.after["decision"]) for entry in entries if entry.after and "decision" in entry.after}
    decided.discard(str(hidden))
    decisions: dict[str, _Decided] = {}
    if decided:
        query = select(Decision, Evidence.snapshot).outerjoin(Evidence, Evidence.decision_id == Decision.id)
        rows = await session.execute(query.where(Decision.id.in_(map(UUID, decided))))
        decisions = {str(one.id): _Decided(one, judged_by(kept) if kept else None) for one, kept in rows}
    titles: dict[str, str] = {}
    if any(entry.action == Event.FLAG_ANSWERED for entry in entries):
        rows = await session.execute(select(Flag.code, Flag.title).where(Flag.item_id == item_id))
        titles = {row.code: row.title for row in rows}
    attached = {UUID(entry.after["attachment"]) for entry in entries if entry.after and "attachment" in entry.after}
    gone = await destroyed_within(session, attached)
    names = await _names(session, entries)
    return [_happening(entry, decisions, titles, gone, hidden, names) for entry in entries]


async def _names(session: AsyncSession, entries: Sequence[AuditEntry]) -> dict[str, str]:
    """How those are called who did something, from whom it was taken and to whom it was given, by their ids."""
    people = {_whom(dict(entry.after or {})) for entry in entries} - {""}
    people |= {str(entry.actor_id) for entry in entries if entry.actor_id is not None}
    if not people:
        return {}
    rows = await session.execute(select(User.id, User.display_name).where(User.id.in_(map(UUID, people))))
    return {str(row.id): row.display_name for row in rows}


def _whom(after: dict[str, Any]) -> str:
    return str(after.get("held_by") or after.get("assigned_to") or "")


def _happening(
    entry: AuditEntry,
    decisions: dict[str, _Decided],
    titles: dict[str, str],
    gone: dict[UUID, datetime],
    hidden: UUID | None,
    names: dict[str, str],
) -> Happening:
    after: dict[str, Any] = dict(entry.after or {})
    if hidden and (entry.action == Event.ITEM_SUBMITTED or after.get("decision") == str(hidden)):
        # A blind second review: that there is a recommendation may be known, and not which.
        after = {}
    known = decisions.get(str(after.get("decision")))
    decision = known.decision if known else None
    if "flag" in after:
        after["title"] = titles.get(after["flag"], after["flag"])
    if whom := names.get(_whom(after)):
        after["whom"] = whom
    attachment = UUID(after["attachment"]) if after.get("attachment") else None
    return Happening(
        entry.action,
        entry.at,
        _who(entry, after, names),
        sentence(entry.action, after),
        decision.note if decision else _written(entry, after),
        tuple(decision.reasons) if decision else (),
        facts_of(decision.details) if decision else (),
        attachment,
        destroyed(gone[attachment]) if attachment in gone else "",
        decision is not None and "notice" in decision.details,
        known.judged_by if known else None,
    )


def _who(entry: AuditEntry, after: dict[str, Any], names: dict[str, str]) -> str:
    """Whose doing it was. Jobs go by the name of what they do, which is no subject of a sentence."""
    if entry.action == Event.ITEM_RELEASED and after.get("why") == EXPIRED and "whom" in after:
        return str(after["whom"])
    if entry.actor_id is not None:
        return names.get(str(entry.actor_id), entry.actor_name)
    return entry.actor_name if entry.session is not None else "The console"


def _written(entry: AuditEntry, after: dict[str, Any]) -> str:
    """What a person wrote with it."""
    if entry.action == Event.ITEM_RELEASED and after.get("why") not in {None, EXPIRED, GIVEN_BACK}:
        return str(after["why"])
    return str(after.get("text") or after.get("note") or after.get("reason") or "")


async def _received(session: AsyncSession, item: CheckItem) -> Happening:
    """How it began: the file with which it came, and the flags that it carried."""
    name = (await session.execute(select(FileReceived.name).where(FileReceived.id == item.file_id))).scalar_one()
    titles = await session.scalars(select(Flag.title).where(Flag.item_id == item.id).order_by(Flag.code))
    flags = tuple(f"flag: {title}" for title in titles) or ("no flag",)
    flags += await _cleared(session, item)
    what = f"Received with {name}, record {item.record:,}"
    return Happening(RECEIVED, item.received_at, "", what, facts=flags)


async def _cleared(session: AsyncSession, item: CheckItem) -> tuple[str, ...]:
    """By which rules the policy let it pass, where it did."""
    cleared = select(ItemClearance.rules, PolicyVersion.number).join(
        PolicyVersion, PolicyVersion.id == ItemClearance.policy_version_id
    )
    row = (await session.execute(cleared.where(ItemClearance.item_id == item.id))).first()
    if row is None:
        return ()
    names = " and ".join(f"“{rule['name']}”" for rule in row.rules)
    return (f"no review needed, by {names} of policy version {row.number}",)
