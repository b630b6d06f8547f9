"""Tells people of deadlines that come near or have passed: each item once for each kind and due time.

Whoever holds the item is told, else whom it is assigned to, else those who manage its queue; these once for a queue,
however many of its items it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import GRANTS, Permission
from console.actor import Actor, system_actor
from console.notices.kinds import NoticeKind
from console.notices.sending import Told, notify_each
from console.review.clocks import Hours, add_business_time
from console.review.office import office_of
from console.review.return_deadline import rule_words
from db.engine import transaction

# So much business time before the last minute to return people are told, while they are still there.
RETURN_NEAR: Final = timedelta(hours=2)
CUT_OFF_NEAR: Final = timedelta(minutes=30)
# Told in one pass; the next one goes on.
MOST: Final = 5_000
ALERTS_KEPT: Final = timedelta(days=90)
# A warning is for whoever can still be in time. What was not in time goes up, to who manages the queue, as well.
ESCALATED: Final = frozenset({NoticeKind.SLA_BREACH})

# The statuses stand in the text, so that the partial indexes over what is open serve it.
_FOUND: Final = """
    with found as (
        select i.id, i.institution_id, i.queue_id, i.assigned_to, i.return_rule, i.{due} as due_at from check_item i
        where i.institution_id = :institution
          and i.status not in ('approved', 'returned', 'rejected', 'cleared', 'closed')
          and {near}
          and not exists (select from item_alert a where a.item_id = i.id and a.kind = :kind and a.due_at = i.{due})
        order by i.{due}, i.id limit :most
    ), told as (
        insert into item_alert (item_id, kind, due_at, institution_id)
        select id, :kind, due_at, institution_id from found on conflict do nothing returning item_id
    )
    select f.id, f.queue_id, q.name as queue, f.due_at, f.return_rule, coalesce(c.user_id, f.assigned_to) as person
    from found f join told t on t.item_id = f.id join queue q on q.id = f.queue_id
    left join claim c on c.item_id = f.id and c.expires_at > :now
    order by f.due_at, f.id
"""
_BREACHED: Final = text(_FOUND.format(due="sla_due_at", near="i.sla_due_at <= :now"))
_WARNING: Final = text(
    _FOUND.format(due="sla_due_at", near="i.sla_due_at > :now and i.sla_due_at <= :until and i.sla_warning_at <= :now")
)
_RETURN_NEAR: Final = text(
    _FOUND.format(due="return_by", near="i.return_by is not null and i.return_by > :now and i.return_by < :until")
)
# Of queues, and of every version that may have set the warning of an open item; 30 where a version is older than that.
_LONGEST_WARNING: Final = text(
    """
    select greatest(
        (select max(warning_minutes) from queue),
        (select max(coalesce((document #>> '{thresholds,warning_minutes}')::int, 30)) from policy_version
         where activated_at is not null)
    )
    """
)
# Who manages a queue: by role, cut to the role's and the person's own bounds.
_MANAGERS: Final = text(
    """
    select q.id as queue_id, u.id as user_id from queue q
    join app_user u on u.active and (u.queues is null or jsonb_exists(u.queues, q.key))
    where q.id = any(:queues) and exists (
        select from user_role r left join custom_role c on c.id = r.custom_role_id
        where r.user_id = u.id and (
            r.role = any(:roles)
            or jsonb_exists(c.permissions, :permission) and (c.queues is null or jsonb_exists(c.queues, q.key))
        )
    )
    """
)
_IN_HANDS: Final = text(
    """
    select c.user_id, count(*) as count from claim c join check_item i on i.id = c.item_id
    where c.expires_at > :now and i.return_by > :now and i.return_by <= :until
      and i.status not in ('approved', 'returned', 'rejected', 'cleared', 'closed')
    group by c.user_id
    """
)
_FORGET: Final = text("delete from item_alert where due_at < :before")


@dataclass(frozen=True)
class Found:
    """An item whose deadline people have not been told of. `person`: who holds it, or is to work on it."""

    id: UUID
    queue_id: UUID
    queue: str
    due_at: datetime
    return_rule: str | None
    person: UUID | None


async def check_sla(institution_id: UUID, now: datetime | None = None) -> int:
    """Tell of SLA warnings and breaches; how many items that were."""
    actor, now = _actor(institution_id), now or datetime.now(UTC)
    async with transaction(actor) as session:
        longest = timedelta(minutes=(await session.execute(_LONGEST_WARNING)).scalar_one())
        until = add_business_time(now, longest, await office_of(session))
        told = 0
        for kind, query in ((NoticeKind.SLA_BREACH, _BREACHED), (NoticeKind.SLA_WARNING, _WARNING)):
            found = await _find(session, actor, query, kind, now, until)
            await _tell(session, actor, kind, found, "due_at")
            told += len(found)
        return told


async def check_return_deadlines(institution_id: UUID, now: datetime | None = None) -> int:
    """Tell of items whose last minute to return comes near; how many items that were."""
    actor, now = _actor(institution_id), now or datetime.now(UTC)
    async with transaction(actor) as session:
        until = _return_horizon(now, await office_of(session))
        found = await _find(session, actor, _RETURN_NEAR, NoticeKind.STATUTORY_NEAR, now, until)
        await _tell(session, actor, NoticeKind.STATUTORY_NEAR, found, "return_by")
        return len(found)


async def warn_before_cut_off(institution_id: UUID, now: datetime | None = None) -> int:
    """In the half hour before the cut-off, tell everybody who holds an item that must be returned before the next
    one; how many people that were. Each is told once a day."""
    actor, now = _actor(institution_id), now or datetime.now(UTC)
    async with transaction(actor) as session:
        office = await office_of(session)
        today = now.astimezone(office.zone).date()
        cut_off = office.at(today, office.cut_off_at)
        if not office.is_banking_day(today) or not cut_off - CUT_OFF_NEAR <= now < cut_off:
            return 0
        until = office.at(office.next_banking_day(today), office.cut_off_at)
        rows = (await session.execute(_IN_HANDS, {"now": now, "until": until})).all()
        told = [_before_cut_off(row, today, cut_off) for row in rows]
        return await notify_each(session, actor, NoticeKind.CUT_OFF_NEAR, told)


async def forget_alerts(institution_id: UUID) -> None:
    """Forget of which deadlines of long ago people were told."""
    async with transaction(_actor(institution_id)) as session:
        await session.execute(_FORGET, {"before": datetime.now(UTC) - ALERTS_KEPT})


def _actor(institution_id: UUID) -> Actor:
    return system_actor(institution_id, "deadlines")


def _return_horizon(now: datetime, office: Hours) -> datetime:
    """Deadlines before it leave at most RETURN_NEAR of business time: midnight's are told in the afternoon."""
    used_up = add_business_time(now, RETURN_NEAR, office)
    opens, _ = next(office.openings(used_up + timedelta(microseconds=1)))
    return opens


async def _find(
    session: AsyncSession, actor: Actor, query: Any, kind: NoticeKind, now: datetime, until: datetime
) -> list[Found]:
    wanted = {"institution": actor.institution_id, "kind": kind.value, "now": now, "until": until, "most": MOST}
    needed = {name: wanted[name] for name in query.compile().params}
    return [Found(**row) for row in (await session.execute(query, needed)).mappings()]


async def _tell(session: AsyncSession, actor: Actor, kind: NoticeKind, found: Sequence[Found], moment: str) -> None:
    """Whoever has an item; of what nobody has, and of what escalates, who manages its queue."""
    told = [Told(one.person, one.id, _values(one, moment)) for one in found if one.person]
    managed: dict[UUID, list[Found]] = {}
    for one in found:
        if one.person is None or kind in ESCALATED:
            managed.setdefault(one.queue_id, []).append(one)
    for queue, user in await _managers(session, managed) if managed else ():
        # What they have themselves they were told of already.
        if others := [one for one in managed[queue] if one.person != user]:
            told.append(_of_queue(user, others, moment))
    await notify_each(session, actor, kind, told)


def _of_queue(user_id: UUID, items: Sequence[Found], moment: str) -> Told:
    first = items[0]
    if len(items) == 1:
        return Told(user_id, first.id, _values(first, moment))
    return Told(user_id, None, _values(first, moment) | {"queue": first.queue, "count": len(items)})


def _values(one: Found, moment: str) -> dict[str, Any]:
    return {moment: one.due_at, "rule": rule_words(one.return_rule)} if moment == "return_by" else {moment: one.due_at}


async def _managers(session: AsyncSession, queue_ids: Iterable[UUID]) -> list[tuple[UUID, UUID]]:
    roles = [role.value for role, grant in GRANTS.items() if Permission.QUEUE_MANAGE in grant.permissions]
    wanted = {"queues": list(queue_ids), "roles": roles, "permission": Permission.QUEUE_MANAGE.value}
    return [(row.queue_id, row.user_id) for row in await session.execute(_MANAGERS, wanted)]


def _before_cut_off(row: Any, today: date, cut_off: datetime) -> Told:
    return Told(row.user_id, None, {"cut_off_at": cut_off, "count": row.count}, f"cut-off {today.isoformat()}")
