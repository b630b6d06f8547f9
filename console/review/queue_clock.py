"""The due time of a check that changes its queue: the hours of the new one, counted from when the check came in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from console.policy.versions import active_policy
from console.review.clocks import Hours, sla_due
from db.models import CheckItem, Institution, Queue


@dataclass(frozen=True)
class QueueClock:
    """The institution's business hours, and the policy's hours for queues that have none of their own."""

    office: Hours
    policy_hours: Decimal

    def set(self, item: CheckItem, queue: Queue) -> None:
        """Put an item into a queue and on its hours."""
        item.queue_id = queue.id
        item.sla_due_at = sla_due(item.received_at, queue.sla_hours or self.policy_hours, self.office)
        item.sla_warning_at = item.sla_due_at - timedelta(minutes=queue.warning_minutes)


async def queue_clock(session: AsyncSession) -> QueueClock:
    """The clock of the transaction's institution."""
    bank = (await session.execute(select(Institution))).scalar_one()
    office = Hours(ZoneInfo(bank.time_zone), bank.opens_at, bank.closes_at, bank.cut_off_at)
    return QueueClock(office, (await active_policy(session)).document.thresholds.sla_hours)
