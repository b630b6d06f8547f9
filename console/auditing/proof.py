"""One entry with its place in the chain: whether it is what was written, and follows the entry before it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.actor import Actor
from console.audit.canonical import chained_hash
from console.audit.entries import entry_text
from console.auditing.errors import EntryNotFound
from console.auditing.shown import Entry, shown
from console.auditing.trail import read_in_time, within_reach
from db.models import AuditAnchor, AuditEntry


@dataclass(frozen=True)
class Proved:
    """An entry. `is_written`: its hash, computed anew, is the one it has. `follows`: what it names as the hash before
    it is that of the entry before it, which is at hand, in an archived month (`after_archive`), or none."""

    entry: Entry
    is_written: bool
    follows: bool
    after_archive: bool


async def read_entry(actor: Actor, sequence: int) -> Proved:
    """The entry of this number of the institution's chain. Raises NotAllowed, EntryNotFound, TrailTooLong."""
    require(actor, Permission.AUDIT_READ)

    async def read(session: AsyncSession) -> Proved:
        own = AuditEntry.institution_id == actor.institution_id
        query = select(AuditEntry).where(own, AuditEntry.sequence == sequence, await within_reach(session, actor))
        row = (await session.scalars(query)).one_or_none()
        if row is None:
            raise EntryNotFound
        before = await session.scalar(select(AuditEntry.hash).where(own, AuditEntry.sequence == sequence - 1))
        at_hand = before is not None
        if not at_hand:
            cut = AuditAnchor.sequence == sequence - 1, AuditAnchor.institution_id == actor.institution_id
            before = await session.scalar(select(AuditAnchor.hash).where(*cut))
        return Proved(
            (await shown(session, actor, [row]))[0],
            _is_written(row),
            # Of the first entry of all there is none before.
            row.previous_hash == before and (before is not None or sequence == 1),
            not at_hand and before is not None,
        )

    if not 0 < sequence < 1 << 63:
        raise EntryNotFound
    return await read_in_time(actor, read)


def _is_written(row: AuditEntry) -> bool:
    try:
        return chained_hash(row.previous_hash, entry_text(row)) == row.hash
    except TypeError:
        return False  # it holds what no entry is written with
