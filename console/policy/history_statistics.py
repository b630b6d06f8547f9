"""What the linter is told of an institution: how often each field is known, between what it lay, queues and lists."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Integer, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.actor import Actor
from console.policy.compile import fact
from console.policy.fields import KEPT
from console.policy.findings import FieldSeen, Statistics
from db.models import KeptFacts, PolicyList, PolicyListEntry, Queue
from db.replica import read_aside

# So many of the last checks are looked at: they say what is usual, and all of a year would take too long to wait for.
LOOKED_AT: Final = 20_000


async def history_statistics(actor: Actor) -> Statistics:
    """Statistics over the last checks, in one statement, with the open queues and how much each list holds.

    Raises NotAllowed.
    """
    require(actor, Permission.POLICY_READ)
    return await read_aside(actor, lambda session: _statistics(session, actor))


async def _statistics(session: AsyncSession, actor: Actor) -> Statistics:
    items, fields = await _fields(session, actor)
    queues = frozenset(await session.scalars(select(Queue.key).where(Queue.closed_at.is_(None))))
    held = (
        select(PolicyList.key, func.count(PolicyListEntry.id))
        .outerjoin(
            PolicyListEntry,
            (PolicyListEntry.list_id == PolicyList.id) & PolicyListEntry.removed_at.is_(None),
        )
        .group_by(PolicyList.key)
    )
    lists = {row[0]: row[1] for row in await session.execute(held)}
    return Statistics(items, fields, lists, queues)


async def _fields(session: AsyncSession, actor: Actor) -> tuple[int, dict[str, FieldSeen]]:
    recent = (
        select(KeptFacts.facts)
        .where(KeptFacts.institution_id == actor.institution_id)
        .order_by(KeptFacts.received_at.desc())
        .limit(LOOKED_AT)
        .subquery("recent")
    )
    typed = select(*(fact(recent.c.facts, field.name).label(field.name) for field in KEPT))
    given = typed.offset(literal_column("'0'", Integer)).subquery("given")
    columns: list[Any] = [func.count().label("items")]
    for field in KEPT:
        column = given.c[field.name]
        columns.append(func.count(column).label(f"known_{field.name}"))
        if field.numeric:
            columns += [func.min(column).label(f"low_{field.name}"), func.max(column).label(f"high_{field.name}")]
    row = (await session.execute(select(*columns))).one()._mapping
    seen = {
        field.name: FieldSeen(
            row[f"known_{field.name}"], row.get(f"low_{field.name}"), row.get(f"high_{field.name}")
        )
        for field in KEPT
    }  # fmt: skip
    return row["items"], seen
