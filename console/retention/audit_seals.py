"""Seals of the audit trail: where each institution's chain stood, written outside of the database.

The chain proves that nothing within it was changed. Whoever may write past the database's guards, as its superuser may,
could write all of it anew from any entry on; then a seal in the object store, locked there and under another key than
the database's, names an entry that is not there any more. A seal is its own name, sequence and hash, so nothing can be
put in its place, only beside it; and one that was deleted is still listed while the lock keeps its bytes.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import anyio
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from console.actor import system_actor
from console.audit.canonical import canonical
from console.audit.entries import Event, record
from console.audit.verify import Fault, Position, chain_start
from console.images.store import image_store
from db.engine import transaction
from db.models import AuditEntry, AuditHead

_NAME: Final = re.compile(r"([0-9]{12})-([0-9a-f]{64})\.json")
_BATCH: Final = 500
_STATEMENT_TIMEOUT_MS: Final = 60_000


@dataclass(frozen=True, order=True)
class Seal:
    """That the chain had this entry with this hash, `at` the latest."""

    sequence: int
    hash: bytes
    at: datetime


@dataclass(frozen=True)
class Sealed:
    """How many seals there are, how many of them were accepted as lost with a restore, and those that do not hold."""

    seals: int
    accepted: int
    broken: tuple[Seal, ...]

    @property
    def fault(self) -> Fault | None:
        """The first seal that does not hold, in words."""
        if not self.broken:
            return None
        first = self.broken[0]
        problem = f"is not there as it was sealed at {first.at:%Y-%m-%d %H:%M} UTC"
        return Fault("audit_entry", str(first.sequence), problem)


async def seal(institution_id: UUID, since: int) -> int:
    """Seal the chain where it stands, unless that is at entry `since`; the sequence of the entry that is sealed now.

    Raises StoreUnavailable.
    """
    actor = system_actor(institution_id, "audit seals")
    async with transaction(actor) as session:
        head = (await session.execute(select(AuditHead))).scalar_one_or_none()
    if head is None or head.hash is None or head.sequence <= since:
        return since
    now = datetime.now(UTC)
    told = {"institution": institution_id, "sequence": head.sequence, "hash": head.hash, "at": now}
    await anyio.to_thread.run_sync(_put, _prefix(institution_id) + _name(head.sequence, head.hash), canonical(told))
    return head.sequence


async def check_seals(institution_id: UUID) -> Sealed:
    """Hold every seal against the chain; those of months that are archived are beyond it. Raises StoreUnavailable."""
    actor = system_actor(institution_id, "audit seals")
    seals = await anyio.to_thread.run_sync(_seals, institution_id)
    async with transaction(actor, statement_timeout_ms=_STATEMENT_TIMEOUT_MS, snapshot=True) as session:
        start, accepted = await chain_start(session), await _accepted(session)
        broken = await _not_as_sealed(session, [one for one in seals if one.sequence >= start.sequence], start)
    known = [one for one in broken if (one.sequence, one.hash.hex()) in accepted]
    return Sealed(len(seals), len(known), tuple(one for one in broken if one not in known))


async def accept_lost(institution_id: UUID, broken: Iterable[Seal], reason: str) -> None:
    """Put on record that these seals are of entries that a restore of the database lost, and why. For whoever runs the
    machine: nobody who is signed in may."""
    actor = system_actor(institution_id, "restore")
    named = [{"sequence": one.sequence, "hash": one.hash.hex()} for one in broken]
    async with transaction(actor) as session:
        after = {"reason": reason, "seals": named}
        await record(session, actor, Event.AUDIT_SEALS_ACCEPTED, "institution", actor.institution_id, after=after)


async def _not_as_sealed(session: AsyncSession, seals: list[Seal], start: Position) -> list[Seal]:
    """Those whose entry is missing or has another hash."""
    there = {start.sequence: start.hash}
    for at in range(0, len(seals), _BATCH):
        wanted = [one.sequence for one in seals[at : at + _BATCH]]
        rows = await session.execute(
            select(AuditEntry.sequence, AuditEntry.hash).where(AuditEntry.sequence == func.any(wanted))
        )
        there |= {row.sequence: row.hash for row in rows}
    return [one for one in seals if there.get(one.sequence) != one.hash]


async def _accepted(session: AsyncSession) -> set[tuple[int, str]]:
    query = select(AuditEntry.after).where(AuditEntry.action == Event.AUDIT_SEALS_ACCEPTED)
    entries = list(await session.scalars(query))
    return {(int(one["sequence"]), str(one["hash"])) for entry in entries for one in entry["seals"]}


def _seals(institution_id: UUID) -> list[Seal]:
    """All that were ever written, in the chain's order; blocks."""
    prefix = _prefix(institution_id)
    named = ((_NAME.fullmatch(key.removeprefix(prefix)), at) for key, at in image_store().keys(prefix).items())
    return sorted(Seal(int(name[1]), bytes.fromhex(name[2]), at) for name, at in named if name)


def _put(key: str, words: str) -> None:
    with tempfile.TemporaryDirectory(prefix="audit-seal-") as folder:
        path = Path(folder) / "seal.json"
        path.write_text(words)
        image_store().put_file(key, path, hashlib.sha256(words.encode()).digest())


def _prefix(institution_id: UUID) -> str:
    return f"{institution_id}/seals/"


def _name(sequence: int, hash_: bytes) -> str:
    return f"{sequence:012d}-{hash_.hex()}.json"
