"""Walks both chains of every institution and names the first row that is not what was written."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.actor import Actor, system_actor
from console.audit.archive import Archived
from console.audit.canonical import canonical, chained_hash, plain
from console.audit.entries import Event, entry_text
from db.engine import transaction
from db.models import AuditAnchor, AuditEntry, AuditHead, Decision, Evidence

_BATCH = 1_000
_STATEMENT_TIMEOUT_MS = 60_000


@dataclass(frozen=True)
class Fault:
    """A row that does not verify: its table, its key, and what is wrong with it."""

    table: str
    id: str
    problem: str


@dataclass(frozen=True)
class Verification:
    """What the walk found. `entries` and `decisions` were looked at, up to the first fault."""

    ok: bool
    entries: int
    decisions: int
    first_fault: Fault | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Position:
    """An entry of the chain, by its number and hash; the default is before the first."""

    sequence: int = 0
    hash: bytes | None = None


async def chain_start(session: AsyncSession) -> Position:
    """Where the chain of the transaction's institution begins that is at hand: after its last archived month."""
    anchor = await _anchor(session)
    return Position(anchor.sequence, anchor.hash) if anchor else Position()


async def verify_all() -> Verification:
    """Verify the chains of every institution, as the machine's own command does."""
    async with transaction(None) as session:
        institutions = list(await session.scalars(text("select institution_ids()")))
    entries = decisions = 0
    for institution_id in institutions:
        found = await verify(system_actor(institution_id, "verify"))
        entries += found.entries
        decisions += found.decisions
        if found.first_fault:
            return Verification(False, entries, decisions, found.first_fault)
    return Verification(True, entries, decisions, None)


async def is_anchored(found: Archived) -> bool:
    """Whether the chain in this database goes on from an archived month, by the same file."""
    async with transaction(system_actor(found.institution_id, "verify")) as session:
        anchor = await session.get(AuditAnchor, (found.institution_id, found.month))
    kept = (anchor.sequence, anchor.hash, anchor.export_sha256) if anchor else None
    return kept == (found.sequence, found.hash, found.sha256)


async def verify(actor: Actor) -> Verification:
    """Verify the audit chain and the evidence chains of the actor's institution. Raises NotAllowed."""
    require(actor, Permission.AUDIT_VERIFY)
    # One snapshot for the whole walk: what commits meanwhile is neither half there nor missed.
    async with transaction(actor, statement_timeout_ms=_STATEMENT_TIMEOUT_MS, snapshot=True) as session:
        anchor = await _anchor(session)
        entries, fault = await _verify_entries(session, anchor)
        decisions = 0
        if fault is None:
            decisions, fault = await _verify_decisions(session, anchor)
    return Verification(fault is None, entries, decisions, fault)


async def verify_part(actor: Actor, after: Position, share: int, at_least: int) -> tuple[Verification, Position]:
    """Verify the entries that follow one: so many shares cover the chain, and it is `at_least` so many entries.

    With it, where the next part begins: after the last entry, at the beginning again; after a fault, where this one
    began, so that it is found until it is mended. Raises NotAllowed.
    """
    require(actor, Permission.AUDIT_VERIFY)
    async with transaction(actor, statement_timeout_ms=_STATEMENT_TIMEOUT_MS, snapshot=True) as session:
        head = (await session.execute(select(AuditHead))).scalar_one_or_none()
        start = await chain_start(session)
        after = max(after, start, key=lambda one: one.sequence)
        most = max(at_least, -(-((head.sequence if head else 0) - start.sequence) // share))
        reached, fault = await _walk(session, head, after, most)
    found = Verification(fault is None, reached.sequence - after.sequence, 0, fault)
    if fault is not None:
        return found, after
    return found, Position() if head is None or reached.sequence >= head.sequence else reached


async def _anchor(session: AsyncSession) -> AuditAnchor | None:
    query = select(AuditAnchor).order_by(AuditAnchor.sequence.desc()).limit(1)
    return (await session.scalars(query)).one_or_none()


async def _verify_entries(session: AsyncSession, anchor: AuditAnchor | None) -> tuple[int, Fault | None]:
    # The head first: entries that commit after this are beyond it.
    head = (await session.execute(select(AuditHead))).scalar_one_or_none()
    start = Position(anchor.sequence, anchor.hash) if anchor else Position()
    reached, fault = await _walk(session, head, start, None)
    if fault is None and anchor is not None:
        fault = await _unsealed(session, anchor)
    return reached.sequence - start.sequence, fault


async def _unsealed(session: AsyncSession, anchor: AuditAnchor) -> Fault | None:
    """An anchor of which the chain that goes on from it does not tell: nobody archived that month."""
    entry = AuditEntry
    told = select(entry.id).where(
        entry.action == Event.AUDIT_MONTH_ARCHIVED,
        entry.object_type == "audit_month",
        entry.object_id == f"{anchor.month:%Y-%m}",
        entry.after["sequence"].as_string() == str(anchor.sequence),
        entry.after["hash"].as_string() == anchor.hash.hex(),
        entry.after["export_sha256"].as_string() == anchor.export_sha256.hex(),
    )
    if (await session.execute(told)).first() is not None:
        return None
    return Fault("audit_anchor", f"{anchor.month:%Y-%m}", "the audit trail does not tell of it")


async def _walk(
    session: AsyncSession, head: AuditHead | None, after: Position, most: int | None
) -> tuple[Position, Fault | None]:
    """The entries after one, so many at most; how far it came, and the first fault."""
    end = head.sequence if head else 0
    last = end if most is None else min(end, after.sequence + most)
    sequence, previous = after.sequence, after.hash
    async for entry in _entries(session, last, after.sequence):
        if entry.sequence != sequence + 1:
            return Position(sequence), Fault("audit_entry", f"sequence {sequence + 1}", "the entry is missing")
        sequence += 1
        if entry.previous_hash != previous:
            return Position(sequence), Fault("audit_entry", str(entry.id), "it does not follow the entry before it")
        if chained_hash(previous, entry_text(entry)) != entry.hash:
            return Position(sequence), Fault("audit_entry", str(entry.id), "it is not what was written")
        previous = entry.hash
    reached = Position(sequence, previous)
    if sequence < last:
        return reached, Fault("audit_entry", f"sequence {sequence + 1}", "the entry is missing")
    if head is not None and last == end and head.hash != previous:
        return reached, Fault("audit_head", str(head.institution_id), "it is not the hash of the last entry")
    return reached, None


async def _entries(session: AsyncSession, last: int, seen: int) -> AsyncIterator[AuditEntry]:
    while seen < last:
        query = select(AuditEntry).where(AuditEntry.sequence > seen, AuditEntry.sequence <= last)
        rows = list(await session.scalars(query.order_by(AuditEntry.sequence).limit(_BATCH)))
        if not rows:
            return
        for row in rows:
            yield row
        seen = rows[-1].sequence
        session.expunge_all()


async def _verify_decisions(session: AsyncSession, anchor: AuditAnchor | None) -> tuple[int, Fault | None]:
    checked = 0
    item, previous, sequence = None, None, 0
    async for decision, evidence in _decisions(session):
        if decision.item_id != item:
            item, previous, sequence = decision.item_id, None, 0
        checked += 1
        fault = _fault_of(decision, evidence, previous, sequence)
        if fault:
            return checked, fault
        previous, sequence = evidence.hash if evidence else None, decision.sequence
    orphan = await session.execute(
        text("select e.decision_id from evidence e left join decision d on d.id = e.decision_id where d.id is null")
    )
    if (row := orphan.first()) is not None:
        return checked, Fault("decision", str(row[0]), "the decision of this evidence is missing")
    return checked, await _unwitnessed(session, anchor)


def _fault_of(decision: Decision, evidence: Evidence | None, previous: bytes | None, sequence: int) -> Fault | None:
    if decision.sequence != sequence + 1:
        return Fault("decision", str(decision.id), f"the item's decision {sequence + 1} is missing")
    if evidence is None:
        return Fault("evidence", str(decision.id), "the evidence of this decision is missing")
    if evidence.previous_hash != previous:
        return Fault("evidence", str(decision.id), "it does not follow the item's decision before it")
    if chained_hash(previous, evidence.snapshot) != evidence.hash:
        return Fault("evidence", str(decision.id), "it is not what was written")
    kept = json.loads(evidence.snapshot)["decision"]
    now = {key: plain(getattr(decision, key)) for key in kept}
    if canonical(now) != canonical(kept):
        return Fault("decision", str(decision.id), "it is not what its evidence says")
    return None


async def _unwitnessed(session: AsyncSession, anchor: AuditAnchor | None) -> Fault | None:
    """A decision whose evidence is not the one that the audit trail names, and an item out of step with its last.

    What witnesses a decision of an archived month lies in its file.
    """
    since = anchor.month + timedelta(days=31) if anchor else date.min
    at_hand = datetime(since.year, since.month, 1, tzinfo=UTC)
    row = (
        await session.execute(
            text(
                """
                select d.id from decision d join evidence e on e.decision_id = d.id
                where d.decided_at >= :at_hand and not exists (
                    select from audit_entry a
                    where a.object_type = 'item' and a.object_id = d.item_id::text
                      and a.after ->> 'decision' = d.id::text and a.after ->> 'evidence' = encode(e.hash, 'hex'))
                limit 1
                """
            ),
            {"at_hand": at_hand},
        )
    ).first()
    if row is not None:
        return Fault("evidence", str(row[0]), "the audit trail does not name it")
    row = (
        await session.execute(
            text(
                """
                select i.id from check_item i
                where i.status in ('approved', 'returned', 'rejected', 'pending_approval')
                  and i.status is distinct from (
                    select d.to_status from decision d where d.item_id = i.id order by d.sequence desc limit 1)
                limit 1
                """
            )
        )
    ).first()
    return Fault("check_item", str(row[0]), "its status is not that of its last decision") if row else None


async def _decisions(session: AsyncSession) -> AsyncIterator[tuple[Decision, Evidence | None]]:
    after: tuple[UUID, int] | None = None
    while True:
        query = select(Decision, Evidence).outerjoin(Evidence, Evidence.decision_id == Decision.id)
        if after:
            query = query.where(text("(decision.item_id, decision.sequence) > (:item, :sequence)")).params(
                item=after[0], sequence=after[1]
            )
        rows = (await session.execute(query.order_by(Decision.item_id, Decision.sequence).limit(_BATCH))).all()
        if not rows:
            return
        for row in rows:
            yield row.Decision, row.Evidence
        after = (rows[-1].Decision.item_id, rows[-1].Decision.sequence)
        session.expunge_all()
