"""What every item of one file has in common, read once: the institution, its policy, queues and hours, and the moment
of receipt."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from console.actor import Actor
from console.audit.canonical import canonical
from console.intake.facts import SeenInFile
from console.policy.judgement import Judge
from console.policy.terms import terms_of
from console.policy.versions import Policy, active_policy
from console.review.clocks import Hours, Sla, sla
from console.review.office import office_of
from console.review.return_deadline import ReturnDeadline, return_deadline
from db.models import Institution, Queue


@dataclass
class Intake:
    """What every item of one file has in common."""

    file_id: UUID
    institution: Institution
    policy: Policy
    queues: dict[str, Queue]
    office: Hours
    received_at: datetime
    judge: Judge
    seen: SeenInFile = field(default_factory=SeenInFile)

    # What the policy let pass without review: how many, and a hash over which and by which rules.
    cleared: int = 0
    _clearances: Any = field(default_factory=hashlib.sha256)

    # One moment of receipt means one deadline for all items, and one SLA for each number of hours and minutes.
    _sla: dict[tuple[Decimal, int], Sla] = field(default_factory=dict)

    @cached_property
    def received_here(self) -> datetime:
        """When the file was received, in the institution's zone."""
        return self.received_at.astimezone(self.office.zone)

    @cached_property
    def return_deadline(self) -> ReturnDeadline:
        return return_deadline(self.received_at, self.office)

    def clear(self, rows: Sequence[dict[str, Any]]) -> None:
        """Count what a batch lets pass."""
        self.cleared += len(rows)
        for row in rows:
            self._clearances.update(canonical([row["item_id"], row["rules"]]).encode())

    def clearances(self) -> dict[str, Any]:
        """What the file's audit entry says of what was let pass; nothing where nothing was."""
        return {"cleared": self.cleared, "clearances": self._clearances.hexdigest()} if self.cleared else {}

    def sla(self, hours: Decimal, warning_minutes: int) -> Sla:
        """When items with so many hours are due, and when to warn of it."""
        if (hours, warning_minutes) not in self._sla:
            self._sla[hours, warning_minutes] = sla(self.received_at, hours, warning_minutes, self.office)
        return self._sla[hours, warning_minutes]


async def begin(session: AsyncSession, actor: Actor, file_id: UUID) -> Intake:
    """Read what the items of a file need of the institution. Raises NoActivePolicy."""
    institution = (await session.execute(select(Institution))).scalar_one()
    office = await office_of(session)
    # No queue is closed before its items are there.
    found = await session.scalars(
        select(Queue).order_by(Queue.position, Queue.key).with_for_update(read=True, key_share=True)
    )
    queues = {queue.key: queue for queue in found if queue.closed_at is None}
    policy, received_at = await active_policy(session), datetime.now(UTC)
    terms = await terms_of(session, policy, received_at.astimezone(office.zone).date(), queues.values())
    return Intake(file_id, institution, policy, queues, office, received_at, Judge(terms))
