"""The reports: each is read by whom its permission lets, in their part of the work, on the replica where there is one.

Every reading is one transaction of a few statements that see one moment. Each raises ReportTooLong where one of them
does not end in time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Generic, TypeVar

from psycopg.errors import QueryCanceled
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.actor import Actor
from console.insight import acts, advised, ageing, agreement, flagged, overview, people, returns
from console.insight.asked import Asked
from console.insight.chosen import Chosen
from console.insight.errors import ReportTooLong
from console.insight.periods import Period
from console.insight.scope import QueueFacts, scope_within
from console.review.office import office_of
from console.review.reach import APPROVALS
from db.replica import read_aside

Found = TypeVar("Found")
# A report that takes longer is asked of too much.
TIMEOUT_MS: Final = 15_000


@dataclass(frozen=True)
class Reading(Generic[Found]):
    """What was found, of which days, as of when (`period.now`)."""

    period: Period
    found: Found


async def read_overview(actor: Actor, chosen: Chosen, now: datetime | None = None) -> Reading[overview.Overview]:
    """The figures at the top, throughput, attainment and breaches. Raises NotAllowed, BadPeriod, QueueNotReported."""
    return await _read(actor, Permission.REPORT_READ, chosen, overview.read_overview, now)


async def read_acts(actor: Actor, chosen: Chosen, now: datetime | None = None) -> Reading[acts.Acts]:
    """Decisions by action and day. Raises NotAllowed, BadPeriod, QueueNotReported."""
    return await _read(actor, Permission.REPORT_READ, chosen, acts.read_acts, now)


async def read_ageing(actor: Actor, chosen: Chosen, now: datetime | None = None) -> Reading[ageing.Ages]:
    """How long what is open has waited; the chosen days do not matter. Raises NotAllowed, BadPeriod,
    QueueNotReported."""
    return await _read(actor, Permission.REPORT_READ, chosen, ageing.read_ageing, now)


async def read_agreement(actor: Actor, chosen: Chosen, now: datetime | None = None) -> Reading[agreement.Agreement]:
    """Whether the second of two people agrees. Raises NotAllowed, BadPeriod, QueueNotReported."""
    return await _read(actor, Permission.REPORT_READ, chosen, agreement.read_agreement, now)


async def read_advice(actor: Actor, chosen: Chosen, now: datetime | None = None) -> Reading[advised.Advice]:
    """Whether people decide as is advised, and why not. Raises NotAllowed, BadPeriod, QueueNotReported."""
    return await _read(actor, Permission.REPORT_READ, chosen, advised.read_advice, now)


async def read_returns(actor: Actor, chosen: Chosen, now: datetime | None = None) -> Reading[returns.Returns]:
    """Why checks are returned. Raises NotAllowed, BadPeriod, QueueNotReported."""
    return await _read(actor, Permission.REPORT_READ, chosen, returns.read_returns, now)


async def read_flags(actor: Actor, chosen: Chosen, now: datetime | None = None) -> Reading[flagged.FlagReport]:
    """What people answer to each flag. Raises NotAllowed, BadPeriod, QueueNotReported."""
    return await _read(actor, Permission.REPORT_READ, chosen, flagged.read_flags, now)


async def read_people(actor: Actor, chosen: Chosen, now: datetime | None = None) -> Reading[people.People]:
    """What each person did. Raises NotAllowed, BadPeriod, QueueNotReported."""
    return await _read(actor, Permission.REPORT_PEOPLE, chosen, people.read_people, now)


async def report_queues(actor: Actor) -> tuple[QueueFacts, ...]:
    """The queues of which the actor may see reports, in their order. Raises NotAllowed, QueueNotReported."""
    require(actor, Permission.REPORT_READ)

    async def read(session: AsyncSession) -> tuple[QueueFacts, ...]:
        queues = (await scope_within(session, actor, Permission.REPORT_READ, Chosen())).queues
        # Recommendations stay in their queue; the one that is named for them has no item.
        return tuple(one for one in queues if one.key != APPROVALS)

    return await read_aside(actor, read)


async def _read(
    actor: Actor,
    permission: Permission,
    chosen: Chosen,
    work: Callable[[AsyncSession, Asked], Awaitable[Found]],
    now: datetime | None,
) -> Reading[Found]:
    require(actor, permission)

    async def read(session: AsyncSession) -> Reading[Found]:
        period = chosen.period(now or datetime.now(UTC), await office_of(session))
        scope = await scope_within(session, actor, permission, chosen)
        return Reading(period, await work(session, Asked(actor.institution_id, scope, period)))

    try:
        return await read_aside(actor, read, statement_timeout_ms=TIMEOUT_MS, snapshot=True)
    except OperationalError as error:
        if isinstance(error.orig, QueryCanceled):
            raise ReportTooLong from error
        raise
