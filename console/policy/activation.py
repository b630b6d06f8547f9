"""An approved version becomes the one that judges checks: now, or when its moment comes; and the one before retires.

Both happen at one moment of the database's clock, so that at any moment exactly one is active: an exclusion constraint
over the times holds that whatever the application does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self
from uuid import UUID

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.access.step_up import require_fresh_code
from console.actor import Actor
from console.audit.entries import Event, record
from console.hints import hint_policy
from console.policy.lifecycle import VersionAct, VersionStatus
from console.policy.references import lists_named, queues_named
from console.policy.telling import tell_active, tell_not_activated
from console.policy.version_errors import BadMoment, NotNow, UnusableVersion
from console.policy.versions import locked_version, note_step, one_change_at_a_time, take_step
from db.engine import transaction
from db.models import PolicyList, PolicyVersion, Queue

MAXIMUM_DAYS_AHEAD: Final = 366
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class When:
    """When an approved version becomes active: `now`, `at` a moment, or neither: by hand, later on."""

    now: bool = False
    at: datetime | None = None

    @classmethod
    def immediately(cls) -> Self:
        """In the same moment."""
        return cls(now=True)

    @classmethod
    def on(cls, at: datetime) -> Self:
        """At this moment, which has a zone."""
        return cls(at=at)

    def as_json(self) -> str:
        """As it is audited."""
        return self.at.isoformat() if self.at else "now" if self.now else "by hand"


async def activate(actor: Actor, version_id: UUID, *, reevaluate: bool) -> None:
    """Activate an approved version now, whatever moment was set for it.

    Asks for a fresh code. Raises NotAllowed, CodeNeeded, VersionNotFound, NotNow, UnusableVersion.
    """
    require(actor, Permission.POLICY_ACTIVATE)
    require_fresh_code(actor)
    async with transaction(actor) as session:
        await one_change_at_a_time(session, actor)
        row = await locked_version(session, version_id)
        if row.status != VersionStatus.APPROVED:
            raise NotNow(row.number, row.status, VersionAct.ACTIVATE)
        row.reevaluate = reevaluate
        await activate_within(session, actor, row)


async def schedule(actor: Actor, version_id: UUID, at: datetime | None, *, reevaluate: bool) -> None:
    """Set, move or (None) take away the moment at which an approved version becomes active.

    Asks for a fresh code. Raises NotAllowed, CodeNeeded, VersionNotFound, NotNow, BadMoment.
    """
    require(actor, Permission.POLICY_ACTIVATE)
    require_fresh_code(actor)
    async with transaction(actor) as session:
        await one_change_at_a_time(session, actor)
        row = await locked_version(session, version_id)
        before = {"scheduled_for": row.scheduled_for, "reevaluate": row.reevaluate}
        await schedule_within(session, actor, row, at)
        row.reevaluate = reevaluate
        await session.flush()
        hint_policy(session, actor.institution_id, row.id)
        after = {"number": row.number, "scheduled_for": at, "reevaluate": reevaluate}
        await record(session, actor, Event.POLICY_SCHEDULED, "policy", row.id, before=before, after=after)


async def activate_due(actor: Actor) -> int:
    """Activate what is due in the actor's institution, the earliest first; how many. Raises NotAllowed.

    One that cannot be activated loses its moment and says why in its history, so that somebody sees to it.
    """
    require(actor, Permission.POLICY_ACTIVATE)
    done = 0
    async with transaction(actor) as session:
        due = list(await session.scalars(_due().order_by(PolicyVersion.scheduled_for)))
    for version_id in due:
        done += await _activate_one_due(actor, version_id)
    return done


async def activate_within(session: AsyncSession, actor: Actor, row: PolicyVersion) -> None:
    """Activate a locked, approved version inside the caller's transaction, which holds `one_change_at_a_time`.

    Raises NotNow, UnusableVersion.
    """
    await _check_usable(session, row)
    active = PolicyVersion.status == VersionStatus.ACTIVE.value
    before = (await session.execute(select(PolicyVersion).where(active).with_for_update())).scalar_one_or_none()
    now = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    if before is not None:
        # Another machine's clock may have dated it a little ahead of this database.
        now = max(now, before.activated_at or now)
        before.retired_at = now
        await take_step(session, actor, before, VersionAct.RETIRE, f"version {row.number} became active")
        hint_policy(session, actor.institution_id, before.id)
    row.activated_at = now
    await take_step(session, actor, row, VersionAct.ACTIVATE)
    await tell_active(session, actor, row)
    hint_policy(session, actor.institution_id, row.id)
    known = {"number": row.number, "reevaluate": row.reevaluate}
    old = None if before is None else {"number": before.number, "version": before.id}
    await record(session, actor, Event.POLICY_ACTIVATED, "policy", row.id, before=old, after=known)


async def schedule_within(session: AsyncSession, actor: Actor, row: PolicyVersion, at: datetime | None) -> None:
    """Set the moment of a locked, approved version. Raises NotNow, BadMoment."""
    if row.status != VersionStatus.APPROVED:
        raise NotNow(row.number, row.status, VersionAct.SCHEDULE)
    if at is not None:
        # Before it is turned into UTC, in which the calendar's last hours are none.
        if at <= datetime.now(UTC):
            raise BadMoment.past()
        if at > datetime.now(UTC) + timedelta(days=MAXIMUM_DAYS_AHEAD):
            raise BadMoment.far(MAXIMUM_DAYS_AHEAD)
        at = at.astimezone(UTC)
        taken = PolicyVersion.scheduled_for == at, PolicyVersion.status == "approved", PolicyVersion.id != row.id
        other = (await session.execute(select(PolicyVersion.number).where(*taken))).scalar_one_or_none()
        if other is not None:
            raise BadMoment.taken(other, at)
    row.scheduled_for = at
    note_step(session, actor, row, VersionAct.SCHEDULE, f"{at:%Y-%m-%d %H:%M} UTC" if at else "no date")
    await session.flush()


async def _activate_one_due(actor: Actor, version_id: UUID) -> int:
    try:
        async with transaction(actor) as session:
            await one_change_at_a_time(session, actor)
            if await session.scalar(_due().where(PolicyVersion.id == version_id)) is None:
                return 0  # withdrawn, moved or activated meanwhile
            await activate_within(session, actor, await locked_version(session, version_id))
            return 1
    except UnusableVersion as error:
        _log.warning("version not activated", version=str(version_id), why=str(error))
        await _lose_moment(actor, version_id, str(error))
        return 0


async def _lose_moment(actor: Actor, version_id: UUID, why: str) -> None:
    async with transaction(actor) as session:
        await one_change_at_a_time(session, actor)
        row = await locked_version(session, version_id)
        before = {"scheduled_for": row.scheduled_for}
        row.scheduled_for = None
        note_step(session, actor, row, VersionAct.SCHEDULE, why)
        await session.flush()
        await tell_not_activated(session, actor, row, why)
        hint_policy(session, actor.institution_id, row.id)
        after = {"number": row.number, "scheduled_for": None, "why": why}
        await record(session, actor, Event.POLICY_SCHEDULED, "policy", row.id, before=before, after=after)


def _due() -> Any:
    return select(PolicyVersion.id).where(
        PolicyVersion.status == VersionStatus.APPROVED.value, PolicyVersion.scheduled_for <= func.now()
    )


async def _check_usable(session: AsyncSession, row: PolicyVersion) -> None:
    """Queues and lists that the version names must be there. Raises UnusableVersion."""
    open_queues = set(await session.scalars(select(Queue.key).where(Queue.closed_at.is_(None))))
    if missing := sorted(queues_named(row.document) - open_queues):
        raise UnusableVersion(row.number, f"there is no open queue “{missing[0]}”.")
    lists = set(await session.scalars(select(PolicyList.key)))
    if missing := sorted(lists_named(row.document) - lists):
        raise UnusableVersion(row.number, f"there is no list “{missing[0]}”.")
