"""The months of the audit trail: made ahead, and archived when AUDIT_RETENTION_YEARS are over.

A month is archived whole, the oldest first: each institution's part becomes a file in the object store, read back and
compared; then the database detaches the month, keeps it in the schema `archive`, and writes an anchor from which the
chain goes on. Nothing is deleted. A month that a legal hold covers stays, and so do those after it.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import anyio
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from console.actor import system_actor
from console.audit.archive import ArchiveWriter, sha256_of
from console.audit.entries import Event, record
from console.audit.verify import chain_start
from console.images.store import image_store
from console.institution import institution_ids
from console.settings import settings
from db.engine import transaction
from db.models import AuditEntry

# Months that are there beside the present one.
AHEAD: Final = 3
_BATCH: Final = 2_000
_STATEMENT_TIMEOUT_MS: Final = 60_000

_MAKE: Final = text(
    """
    select make_audit_month((date_trunc('month', now() at time zone 'UTC') + make_interval(months => n))::date) as made
    from generate_series(0, :ahead) n
    """
)
_MONTHS: Final = text("select month, rows, bytes from audit_months()")
_DETACH: Final = text("select * from detach_audit_month(:month, cast(:exports as jsonb))")
_HELD: Final = text("select count(*) from legal_holds_on_audit_month(:month)")


@dataclass(frozen=True)
class Month:
    """A month at hand: its first day, its entries as far as the database knows without counting, and its size."""

    month: date
    rows: int
    bytes: int


@dataclass(frozen=True)
class Months:
    """The months at hand, the oldest first; and how many entries wait in no month of their own, which is a fault."""

    months: tuple[Month, ...]
    astray: int

    def ahead(self, today: date) -> int:
        """How many months after this one are there."""
        return sum(one.month > today for one in self.months)


@dataclass(frozen=True)
class MonthsArchived:
    """Months that were archived, and the one at which a legal hold stopped it; None: none did."""

    archived: tuple[date, ...]
    held: date | None


async def make_months() -> int:
    """Make what is missing of this month and the next AHEAD ones; how many were made."""
    async with transaction(None, statement_timeout_ms=_STATEMENT_TIMEOUT_MS) as session:
        return sum(row.made for row in await session.execute(_MAKE, {"ahead": AHEAD}))


async def months_at_hand() -> Months:
    """The months of the trail, over all institutions."""
    async with transaction(None) as session:
        rows = (await session.execute(_MONTHS)).all()
    months = sorted((Month(row.month, row.rows, row.bytes) for row in rows if row.month), key=lambda one: one.month)
    return Months(tuple(months), sum(row.rows for row in rows if row.month is None))


def over_since(month: date, years: int) -> date:
    """The first day on which a month's entries have all been kept for so many years."""
    return date(month.year + years + month.month // 12, month.month % 12 + 1, 1)


async def archive_months(today: date | None = None) -> MonthsArchived:
    """Archive every month whose time is over, the oldest first, on record.

    Raises ArchiveFault where the chain is not what was written, StoreUnavailable, OperationalError where somebody reads
    the trail for too long; the months before are archived then.
    """
    today = today or datetime.now(UTC).date()
    archived: list[date] = []
    for one in (await months_at_hand()).months:
        if over_since(one.month, settings().audit_retention_years) > today:
            break
        institutions = await institution_ids()
        if await _is_held(institutions, one.month):
            return MonthsArchived(tuple(archived), one.month)
        exports = {str(institution): await _export(institution, one.month) for institution in institutions}
        await _detach(one.month, {name: sha256.hex() for name, sha256 in exports.items() if sha256})
        archived.append(one.month)
    return MonthsArchived(tuple(archived), None)


def archive_key(institution_id: UUID, month: date) -> str:
    """Where an archived month lies in the object store."""
    return f"{institution_id}/audit/{month:%Y-%m}.jsonl.gz"


async def _is_held(institutions: list[UUID], month: date) -> bool:
    for one in institutions:
        async with transaction(
            system_actor(one, "audit retention"), statement_timeout_ms=_STATEMENT_TIMEOUT_MS
        ) as session:
            if (await session.execute(_HELD, {"month": month})).scalar_one():
                return True
    return False


async def _export(institution_id: UUID, month: date) -> bytes | None:
    """Write a month of one institution into the object store; the file's SHA-256, None where there is no entry."""
    with tempfile.TemporaryDirectory(prefix="audit-month-") as folder:
        path = Path(folder) / "month.jsonl.gz"
        if not await _write(path, institution_id, month):
            return None
        sha256 = await anyio.to_thread.run_sync(sha256_of, path)
        store, key = image_store(), archive_key(institution_id, month)
        await anyio.to_thread.run_sync(store.put_file, key, path, sha256)
        return sha256


async def _write(path: Path, institution_id: UUID, month: date) -> int:
    actor = system_actor(institution_id, "audit retention")
    async with transaction(actor, statement_timeout_ms=_STATEMENT_TIMEOUT_MS, snapshot=True) as session:
        start = await chain_start(session)
        with path.open("wb") as out:
            writer = ArchiveWriter(out, institution_id, month, (start.sequence, start.hash))
            after = start.sequence
            while rows := await _entries(session, month, after):
                await anyio.to_thread.run_sync(writer.add, rows)
                after = rows[-1].sequence
                session.expunge_all()
            return writer.close()


async def _entries(session: AsyncSession, month: date, after: int) -> list[AuditEntry]:
    query = select(AuditEntry).where(AuditEntry.month == month, AuditEntry.sequence > after)
    return list(await session.scalars(query.order_by(AuditEntry.sequence).limit(_BATCH)))


async def _detach(month: date, exports: dict[str, str]) -> None:
    """Detach, anchor and record it in one transaction: the chain of each institution tells of its own cut."""
    async with transaction(None, statement_timeout_ms=_STATEMENT_TIMEOUT_MS) as session:
        rows = (await session.execute(_DETACH, {"month": month, "exports": json.dumps(exports)})).all()
        for row in rows:
            named = {"institution": str(row.institution)}
            await session.execute(text("select set_config('console.institution_id', :institution, true)"), named)
            after = {
                "entries": row.entries, "first_sequence": row.first_sequence, "sequence": row.sequence,
                "hash": row.hash, "export": archive_key(row.institution, month),
                "export_sha256": exports[str(row.institution)],
            }  # fmt: skip
            actor = system_actor(row.institution, "audit retention")
            await record(session, actor, Event.AUDIT_MONTH_ARCHIVED, "audit_month", f"{month:%Y-%m}", after=after)
