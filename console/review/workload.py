"""Who works on how much: what each person holds, was given and decided today, and how long it took them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause, text

from console.access.permissions import Permission, reaches, require
from console.actor import Actor
from console.review.reach import COVERED, parts_json
from db.engine import transaction

# One statement, however many people there are: a row for each person and queue with something in it. The median is
# over all that a person decided, so it stands in each of their rows.
_WORKLOAD: Final = """
    with place as materialized (
        select queue.id as queue_id, type.item_type
        from queue cross join (values ('on_us'), ('transit')) type(item_type) where {covered}
    ), held as (
        select c.user_id, i.queue_id, count(*) as items from claim c join check_item i on i.id = c.item_id
        where c.institution_id = :institution and c.expires_at > now() and {inside} group by 1, 2
    ), given as (
        select assigned_to as user_id, queue_id, count(*) as items from check_item i
        where institution_id = :institution and assigned_to is not null and {inside}
          and status not in ('approved', 'returned', 'rejected', 'cleared', 'closed') group by 1, 2
    ), decided as (
        select d.actor_id as user_id, i.queue_id, count(*) as items
        from decision d join check_item i on i.id = d.item_id
        where d.institution_id = :institution and d.decided_at >= :since and {inside} group by 1, 2
    ), pace as (
        select d.actor_id as user_id, percentile_cont(0.5) within group (order by d.handled_ms) as median
        from decision d {of_items}
        where d.institution_id = :institution and d.decided_at >= :since and d.handled_ms is not null and {inside}
        group by 1
    ), work as (
        select user_id, queue_id, sum(held) as held, sum(given) as given, sum(decided) as decided from (
            select user_id, queue_id, items as held, 0 as given, 0 as decided from held
            union all select user_id, queue_id, 0, items, 0 from given
            union all select user_id, queue_id, 0, 0, items from decided
        ) each group by 1, 2
    )
    select u.id, u.display_name, q.name as queue, q.position, w.held, w.given, w.decided, p.median
    from work w join app_user u on u.id = w.user_id join queue q on q.id = w.queue_id
    left join pace p on p.user_id = w.user_id
    order by lower(u.display_name), u.id, q.position
    """


@lru_cache
def _statement(*, bounded: bool) -> TextClause:
    """For who sees all of the work, or a part of it."""
    parts = {
        "covered": COVERED.format(parts="own") if bounded else "true",
        "inside": "(i.queue_id, i.item_type) in (select queue_id, item_type from place)" if bounded else "true",
        "of_items": "join check_item i on i.id = d.item_id" if bounded else "",
    }
    return text(_WORKLOAD.format(**parts))


@dataclass(frozen=True)
class Share:
    """What somebody has of one queue."""

    queue: str
    held: int
    assigned: int
    decided: int


@dataclass
class Workload:
    """What somebody holds, was given and has decided since the day began; `median_ms` None: nothing was timed."""

    user_id: UUID
    name: str
    median_ms: int | None
    shares: list[Share] = field(default_factory=list)

    @property
    def held(self) -> int:
        return sum(one.held for one in self.shares)

    @property
    def assigned(self) -> int:
        return sum(one.assigned for one in self.shares)

    @property
    def decided(self) -> int:
        return sum(one.decided for one in self.shares)


async def workload(actor: Actor, day_start: datetime) -> tuple[Workload, ...]:
    """Everybody with something in hand, given to them, or decided since `day_start`, by name: as far as it is of the
    part of the work that the actor manages. Raises NotAllowed."""
    require(actor, Permission.QUEUE_MANAGE)
    parts = reaches(actor, Permission.QUEUE_MANAGE)
    values: dict[str, Any] = {"institution": actor.institution_id, "since": day_start}
    values |= {} if parts is None else {"own": parts_json(parts)}
    async with transaction(actor) as session:
        rows = await session.execute(_statement(bounded=parts is not None), values)
        return _people(rows.all())


def _people(rows: Iterable[Any]) -> tuple[Workload, ...]:
    found: dict[UUID, Workload] = {}
    for row in rows:
        median = None if row.median is None else int(row.median)
        person = found.setdefault(row.id, Workload(row.id, row.display_name, median))
        person.shares.append(Share(row.queue, int(row.held), int(row.given), int(row.decided)))
    return tuple(found.values())


def decided_by_queue(people: Iterable[Workload]) -> dict[str, dict[str, int]]:
    """How much each person decided, by queue and by name: what a chart stacks."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for person in people:
        for share in person.shares:
            if share.decided:
                found[share.queue][person.name] = found[share.queue].get(person.name, 0) + share.decided
    return dict(found)
