"""How the institution's chain stands: what its last whole verification found, whether one is asked for, and how much of
it is archived."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.actor import Actor
from console.audit.entries import Event
from console.operations.chain_checks import WHOLE
from db.engine import transaction
from db.models import AuditAnchor, AuditEntry, JobRun, ScheduledJob

# It is done each month.
_LOOKED_BACK: Final = timedelta(days=100)


@dataclass(frozen=True)
class Checked:
    """What the last verification of both chains found; `fault` names the first row that is not right."""

    at: datetime
    entries: int
    decisions: int
    fault: str


@dataclass(frozen=True)
class Archived:
    """What is at hand no more: everything up to the entry `sequence`, in `months` files of which `export` is the last;
    it holds the month `last`."""

    sequence: int
    months: int
    last: date
    export: str


@dataclass(frozen=True)
class Standing:
    """`asked_by` waits for a worker to begin; `running`: one has."""

    checked: Checked | None
    asked_by: str | None
    running: bool
    archived: Archived | None


async def read_standing(actor: Actor) -> Standing:
    """How the chain stands at this moment. Raises NotAllowed."""
    require(actor, Permission.AUDIT_READ)
    async with transaction(actor) as session:
        running = select(JobRun.job).where(JobRun.job == WHOLE, JobRun.outcome == "running").exists()
        asked = select(ScheduledJob.asked_by, running.label("running")).where(ScheduledJob.name == WHOLE)
        job = (await session.execute(asked)).first()
        return Standing(
            await _checked(session, actor),
            job.asked_by if job else None,
            bool(job and job.running),
            await _archived(session, actor),
        )


async def _checked(session: AsyncSession, actor: Actor) -> Checked | None:
    since = (datetime.now(UTC) - _LOOKED_BACK).date().replace(day=1)
    query = _entry(actor, Event.CHAINS_VERIFIED, "institution", str(actor.institution_id))
    row = (await session.scalars(query.where(AuditEntry.month >= since))).first()
    if row is None or row.after is None:
        return None
    fault = row.after["first_fault"]
    words = f"{fault['table']} {fault['id']}: {fault['problem']}" if fault else ""
    return Checked(row.at, row.after["entries"], row.after["decisions"], words)


async def _archived(session: AsyncSession, actor: Actor) -> Archived | None:
    own = AuditAnchor.institution_id == actor.institution_id
    count = select(func.count()).select_from(AuditAnchor).where(own).scalar_subquery()
    cut = select(AuditAnchor.sequence, AuditAnchor.month, count.label("months")).where(own)
    last = (await session.execute(cut.order_by(AuditAnchor.sequence.desc()).limit(1))).first()
    if last is None:
        return None
    told = _entry(actor, Event.AUDIT_MONTH_ARCHIVED, "audit_month", f"{last.month:%Y-%m}")
    entry = (await session.scalars(told)).first()
    export = entry.after["export"] if entry and entry.after else ""
    return Archived(last.sequence, last.months, last.month, export)


def _entry(actor: Actor, event: Event, object_type: str, object_id: str) -> Select[AuditEntry]:
    of_object = AuditEntry.object_type == object_type, AuditEntry.object_id == object_id
    query = select(AuditEntry).where(AuditEntry.institution_id == actor.institution_id, *of_object)
    return query.where(AuditEntry.action == event).order_by(AuditEntry.sequence.desc()).limit(1)
