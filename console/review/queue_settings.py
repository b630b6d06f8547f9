"""The queues as supervisors see and set them: hours, what each takes in, who works there, how much one may hold."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.actor import Actor
from console.policy.judgement import QUEUES_NAMED
from console.policy.routing import Criteria, criteria_of
from console.review.errors import InvalidQueue
from console.review.managing import manages
from console.review.reach import APPROVALS
from console.review.states import Status
from console.review.tally import open_items
from db.engine import transaction
from db.models import Account, Queue, QueueMember, User

MAXIMUM_QUEUES: Final = 40
MAXIMUM_NAME: Final = 40
MAXIMUM_MEMBERS: Final = 500
MAXIMUM_HOURS: Final = Decimal(240)


@dataclass(frozen=True)
class Member:
    """Somebody who works in a queue, and at what; with neither they read. `name` is for showing."""

    user_id: UUID
    decides: bool
    signs: bool
    name: str = ""


@dataclass(frozen=True)
class Definition:
    """What supervisors set. `position` counts from 1; `sla_hours`, `warning_minutes` None: the policy's; `max_claims`
    None: any number; no members: everybody whose role reaches the queue."""

    name: str
    position: int = 1
    sla_hours: Decimal | None = None
    warning_minutes: int | None = None
    max_claims: int | None = None
    criteria: Criteria | None = None
    members: tuple[Member, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain values, as they are audited."""
        return {
            "name": self.name,
            "position": self.position,
            "sla_hours": None if self.sla_hours is None else str(self.sla_hours),
            "warning_minutes": self.warning_minutes,
            "max_claims": self.max_claims,
            "criteria": self.criteria.as_json() if self.criteria else None,
            "members": [
                {"user": str(one.user_id), "decides": one.decides, "signs": one.signs}
                for one in sorted(self.members, key=lambda one: one.user_id)
            ],
        }


@dataclass(frozen=True)
class QueueSettings:
    """A queue that is not closed. `open_items` counts what is in it of what the reader sees, for approvals what awaits
    a second person; `theirs`: whether its settings are the reader's to change."""

    id: UUID
    key: str
    definition: Definition
    version: int
    open_items: int
    theirs: bool

    @property
    def is_view(self) -> bool:
        """Whether it lists what stands in other queues."""
        return self.key == APPROVALS

    @property
    def may_close(self) -> bool:
        """Whether it could be closed once it is empty: nothing names it by itself."""
        return self.key not in QUEUES_NAMED and not self.is_view


async def read_queues(actor: Actor) -> tuple[QueueSettings, ...]:
    """Every queue that is not closed, in order. Raises NotAllowed."""
    require(actor, Permission.QUEUE_MANAGE)
    async with transaction(actor) as session:
        return await read_queues_within(session, actor)


async def read_queues_within(session: AsyncSession, actor: Actor) -> tuple[QueueSettings, ...]:
    """`read_queues` in the caller's transaction: three queries, however many queues there are."""
    queues = await session.scalars(select(Queue).where(Queue.closed_at.is_(None)).order_by(Queue.position, Queue.key))
    members = await _members(session)
    counts: Counter[str] = Counter()
    for one in await open_items(session, actor):
        counts[one.queue] += one.items
        if one.status is Status.PENDING_APPROVAL:
            counts[APPROVALS] += one.items
    return tuple(
        QueueSettings(
            queue.id,
            queue.key,
            definition_of(queue, place, members.get(queue.id, ())),
            queue.version,
            counts[queue.key],
            manages(actor, queue.key),
        )
        for place, queue in enumerate(queues, start=1)
    )


def definition_of(queue: Queue, position: int, members: tuple[Member, ...]) -> Definition:
    """What a stored queue is set to."""
    return Definition(
        queue.name,
        position,
        queue.sla_hours,
        queue.warning_minutes,
        queue.max_claims,
        criteria_of(queue.criteria),
        members,
    )


@dataclass(frozen=True)
class Candidate:
    """Somebody who could be a member of a queue."""

    user_id: UUID
    name: str


async def candidates(actor: Actor) -> tuple[Candidate, ...]:
    """Everybody who can sign in, by name. Raises NotAllowed."""
    require(actor, Permission.QUEUE_MANAGE)
    people = select(User.id, User.display_name).where(User.active).order_by(func.lower(User.display_name), User.id)
    async with transaction(actor) as session:
        return tuple(Candidate(row.id, row.display_name) for row in await session.execute(people.limit(5_000)))


async def account_types(actor: Actor) -> tuple[str, ...]:
    """The types of accounts that the institution has. Raises NotAllowed."""
    require(actor, Permission.QUEUE_MANAGE)
    types = select(Account.account_type).distinct().order_by(Account.account_type).limit(20)
    async with transaction(actor) as session:
        return tuple(await session.scalars(types))


def checked(definition: Definition) -> Definition:
    """The definition as it is stored. Raises InvalidQueue."""
    name = " ".join(definition.name.split())
    if not 1 <= len(name) <= MAXIMUM_NAME or not name.isprintable() or not slug(name):
        raise InvalidQueue(f"A queue's name has 1 to {MAXIMUM_NAME} letters and digits.")
    hours = definition.sla_hours
    if hours is not None and not (hours.is_finite() and 0 < hours <= MAXIMUM_HOURS and hours == round(hours, 2)):
        raise InvalidQueue(f"SLA hours are more than 0 and at most {MAXIMUM_HOURS}, with two decimals at the most.")
    warning = definition.warning_minutes
    if warning is not None and not 0 <= warning <= 1440:
        raise InvalidQueue("The warning comes 0 to 1,440 minutes before the check is due.")
    if hours is not None and warning is not None and warning > hours * 60:
        raise InvalidQueue("The warning would come before the check does: make it shorter than the SLA.")
    if definition.max_claims is not None and not 1 <= definition.max_claims <= 1000:
        raise InvalidQueue("One person may hold 1 to 1,000 checks of the queue; leave it empty for any number.")
    if len({one.user_id for one in definition.members}) != len(definition.members):
        raise InvalidQueue("A person is a member once.")
    if len(definition.members) > MAXIMUM_MEMBERS:
        raise InvalidQueue(f"A queue has at most {MAXIMUM_MEMBERS} members.")
    return Definition(
        name,
        max(1, definition.position),
        hours,
        definition.warning_minutes,
        definition.max_claims,
        definition.criteria,
        definition.members,
    )


def slug(name: str) -> str:
    """A key made of a name."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:40]


async def _members(session: AsyncSession) -> dict[UUID, tuple[Member, ...]]:
    rows = await session.execute(
        select(QueueMember, User.display_name)
        .join(User, User.id == QueueMember.user_id)
        .order_by(func.lower(User.display_name), User.id)
    )
    found: dict[UUID, tuple[Member, ...]] = {}
    for row in rows:
        one: QueueMember = row.QueueMember
        member = Member(one.user_id, one.decides, one.signs, row.display_name)
        found[one.queue_id] = (*found.get(one.queue_id, ()), member)
    return found
