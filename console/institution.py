"""The institution of this installation: made from the settings on first use, with its queues."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text

from console.actor import Actor, system_actor
from console.audit.entries import Event, record
from console.settings import Settings
from db.engine import transaction
from db.models import ClosedDay, Institution, Queue

# Key, name, hours to decide (None: the policy's hours).
QUEUES: tuple[tuple[str, str, Decimal | None], ...] = (
    ("standard", "Standard", None),
    ("high_priority", "High priority", Decimal(2)),
    ("escalation", "Escalated", Decimal(4)),
    ("special_review", "Special review", Decimal(8)),
    ("approvals", "Approvals", Decimal(2)),
)


@dataclass(frozen=True)
class InstitutionFacts:
    """What pages show of the institution, the zone in which they show times, and its hours, local time.

    `closed` are the days on which it alone is closed.
    """

    name: str
    routing_number: str
    zone: ZoneInfo
    opens_at: time
    closes_at: time
    cut_off_at: time
    closed: frozenset[date]

    def day_start(self, now: datetime) -> datetime:
        """The institution's last midnight, in UTC."""
        return datetime.combine(now.astimezone(self.zone).date(), time(0), self.zone).astimezone(UTC)


async def institution_of(actor: Actor) -> InstitutionFacts:
    """The actor's own institution."""
    async with transaction(actor) as session:
        days = select(func.array_agg(ClosedDay.day)).scalar_subquery()
        row, closed = (await session.execute(select(Institution, days))).one()
    zone, own = ZoneInfo(row.time_zone), frozenset(closed or ())
    return InstitutionFacts(row.name, row.routing_number, zone, row.opens_at, row.closes_at, row.cut_off_at, own)


async def ensure_institution(settings: Settings) -> UUID:
    """The first institution's id; it is created, with its queues, where there is none.

    Replicas that start together create one between them.
    """
    institution_id = uuid4()
    actor = system_actor(institution_id, "first start")
    async with transaction(actor) as session:
        await session.execute(text("select pg_advisory_xact_lock(hashtext('first institution'))"))
        existing: UUID | None = (await session.execute(text("select id from institution_ids() id limit 1"))).scalar()
        if existing is not None:
            return existing
        institution = Institution(
            id=institution_id,
            name=settings.institution_name,
            routing_number=settings.institution_routing_number,
            time_zone=settings.institution_time_zone,
        )
        session.add(institution)
        await session.flush()
        session.add_all(
            Queue(
                institution_id=institution_id,
                key=key,
                name=name,
                position=position,
                sla_hours=hours,
            )
            for position, (key, name, hours) in enumerate(QUEUES, start=1)
        )
        after = {
            "name": institution.name,
            "routing_number": institution.routing_number,
            "time_zone": institution.time_zone,
            "queues": [key for key, _, _ in QUEUES],
        }
        await record(session, actor, Event.INSTITUTION_CREATED, "institution", institution_id, after=after)
    return institution_id


async def institution_ids() -> list[UUID]:
    """Every institution of this installation, for jobs and for the machine's own commands."""
    async with transaction(None) as session:
        return list(await session.scalars(text("select institution_ids()")))
