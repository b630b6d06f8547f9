"""The SLA clock of a check: the hours that a rule sets, else those of its queue, counted from when it came in, standing
still while it is held or waits for information."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from console.policy.versions import active_policy
from console.review.clocks import PARKED, Hours, business_time, sla
from console.review.office import office_of
from console.review.states import Status
from db.models import CheckItem, Queue

PAUSED: Final = frozenset({Status.HELD, Status.NEEDS_INFO})


@dataclass(frozen=True)
class QueueClock:
    """The institution's business hours, and the policy's hours and warning for queues that have none of their own."""

    office: Hours
    policy_hours: Decimal
    policy_warning: int

    def set(self, item: CheckItem, queue: Queue) -> None:
        """Put an item into a queue and on its hours; a clock that stands still goes on standing."""
        item.queue_id = queue.id
        if item.sla_paused_at is not None:
            item.sla_due_at = item.sla_warning_at = PARKED
            return
        hours = item.rule_hours or queue.sla_hours or self.policy_hours
        warning = self.policy_warning if queue.warning_minutes is None else queue.warning_minutes
        found = sla(item.received_at, hours, warning, self.office, item.sla_paused_for)
        item.sla_due_at, item.sla_warning_at = found.due_at, found.warning_at


async def queue_clock(session: AsyncSession) -> QueueClock:
    """The clock of the transaction's institution."""
    thresholds = (await active_policy(session)).document.thresholds
    return QueueClock(await office_of(session), thresholds.sla_hours, thresholds.warning_minutes)


async def follow_status(session: AsyncSession, item: CheckItem) -> None:
    """Stop the clock of an item that has become held or waits for information; let it go on with the rest of its
    time when it no longer is."""
    waits, now = Status(item.status) in PAUSED, datetime.now(UTC)
    if waits and item.sla_paused_at is None:
        item.sla_paused_at = now
        item.sla_due_at = item.sla_warning_at = PARKED
    elif not waits and item.sla_paused_at is not None:
        clock = await queue_clock(session)
        item.sla_paused_for += business_time(item.sla_paused_at, now, clock.office)
        item.sla_paused_at = None
        clock.set(item, await session.get_one(Queue, item.queue_id))
